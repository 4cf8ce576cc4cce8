/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lists process: it fetches what others publish, looks whether it may be
 * believed, and keeps it. What is made of the copies is not its business; it
 * says that one is new, and the compiler builds an image of them.
 *
 * It alone holds the keys of transfers. It sees no client and opens nothing
 * but files in its directory.
 */
#ifndef SUPPLY_SUPPLY_H
#define SUPPLY_SUPPLY_H

#include "base/log.h"
#include "lists/config.h"
#include "lists/image.h"
#include "net/loop.h"
#include "policy/image.h"
#include "proc/post.h"
#include "proc/role.h"
#include "supply/https.h"
#include "supply/inflow.h"
#include "supply/notify_socket.h"
#include "supply/relay.h"
#include "supply/source.h"

/* What the image in force has of a list. */
struct in_force {
	char name[SOURCE_NAME_SIZE];
	uint64_t entries;
};

struct supply {
	struct role_kit *kit;
	struct loop *loop;
	struct post post; /* the supervisor */
	struct ready letters;
	struct key_config key[ROLE_MAX_KEYS]; /* their files are kit->key */
	unsigned keys;
	struct source *source[SOURCES_MAX]; /* by their row of kit->sources */
	const struct own_addresses *own;
	struct random random;
	struct https *https;
	struct notify_sockets *notify;
	struct relays *relays;
	struct log_limit notify_told;
	struct inflow_pool inflows;
	struct in_force of[LISTS_MAX]; /* the lists of the policy */
	uint32_t lists;
	int status;
};

/* Main of the process; see proc/role.h. */
int supply_main(struct role_kit *kit);

/* news.c: begins to hear what primaries say. ERR_FULL. */
enum err news_begin(struct supply *s);
/* A copy of a list is new: have an image made of it. */
void supply_changed(struct supply *s);
/* How many entries a list may have, beside the others. */
uint64_t supply_room(const struct supply *s, const char *name);
/* The key that a line of the lists file names: its description, and its file
 * (to be read by pread(2)); NULL: there is none. */
const struct key_config *supply_key(const struct supply *s, const char *name,
				    int *file_out);

#endif
