/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line of the lists file (dns-firewall.lists(5)): a list, where it comes
 * from and what is to be done with it, or the key of a transfer.
 */
#ifndef LISTS_CONFIG_H
#define LISTS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "lists/image.h"
#include "lists/item.h"
#include "policy/compile.h"
#include "wire/name.h"

enum {
	CONFIG_NAME_MAX = 31,	  /* characters of a list's or key's name */
	CONFIG_SERVERS_MAX = 8,	  /* of one list */
	CONFIG_CLIENTS_MAX = 16,  /* nets */
	CONFIG_NAMES_MAX = 8,	  /* RRsets of a list of them */
	CONFIG_ADDRESSES_MAX = 8, /* to be answered */
	CONFIG_TEXT_SIZE = 64,	  /* nickname, category, contact; with NUL */
	CONFIG_LINE_MAX = 4096
};

/* Where a list comes from. */
enum list_source {
	SOURCE_FILE,	/* a file of this machine */
	SOURCE_INLINE,	/* the line itself, behind an equals sign */
	SOURCE_HTTPS,	/* a feed */
	SOURCE_PRIMARY, /* a policy zone, by transfer */
	SOURCE_RRSET	/* addresses of names */
};

/* RFC 8945 6 */
enum tsig_algorithm {
	TSIG_HMAC_MD5,
	TSIG_HMAC_SHA1,
	TSIG_HMAC_SHA224,
	TSIG_HMAC_SHA256,
	TSIG_HMAC_SHA384,
	TSIG_HMAC_SHA512,
	TSIG_ALGORITHMS
};

struct list_config {
	char name[CONFIG_NAME_MAX + 1];
	enum list_form form;
	enum list_source source;
	char where[ACL_PATH_SIZE]; /* path, URL, or lines with commas between
				    * them; else empty */
	struct name zone;	   /* of a policy zone; len 0: not given */
	struct name rrset[CONFIG_NAMES_MAX];
	unsigned rrsets;
	/* ACTION_GIVEN: what the entry says */
	enum list_action action;
	struct name target; /* of ACTION_CNAME */
	bool wild;	    /* the target stood behind an asterisk */
	struct addr address[CONFIG_ADDRESSES_MAX]; /* of ACTION_ADDRESS */
	unsigned addresses;
	struct net client[CONFIG_CLIENTS_MAX]; /* 0 of them: everybody's */
	unsigned clients;
	/* primaries, or whom to ask for the RRsets; in their order */
	struct endpoint server[CONFIG_SERVERS_MAX];
	unsigned servers;
	char key[NAME_TEXT_SIZE]; /* as a key line names it; empty: none */
	uint32_t interval_s;	  /* between two looks at a feed */
	uint32_t max_ttl_s;	  /* of records of the list */
	uint32_t column;	  /* of addresses, from 1; 0: not by column */
	int ede;		  /* EDE_*, -1: none, CONFIG_EDE_USUAL */
	enum lists_soa soa;
	char nickname[CONFIG_TEXT_SIZE];
	char category[CONFIG_TEXT_SIZE];
	char contact[CONFIG_TEXT_SIZE];
	bool block_set, allow_set; /* its addresses go into the kernel */
	bool expire_removes;	   /* else an expired zone stays in force */
	bool missing_blocks;	   /* name servers that are not found in time */
	uint32_t ns_levels;	   /* zones whose servers are looked at */
};

enum {
	CONFIG_EDE_USUAL = -2,
	CONFIG_LEVELS_MAX = 127, /* no name is in more zones than that */
};

struct key_config {
	char name[NAME_TEXT_SIZE]; /* canonical: lower case, with its dot */
	struct name wire;
	enum tsig_algorithm algorithm;
	char file[ACL_PATH_SIZE];
};

enum config_line { CONFIG_NOTHING, CONFIG_LIST, CONFIG_KEY, CONFIG_WRONG };

/* Reads a line, without its end (a CR may stand there still); fills one of the
 * two. CONFIG_NOTHING: a blank or a comment. CONFIG_WRONG: *flaw says why; its
 * line is the caller's to set, and its texts live as long as `text`. */
struct flaw;
enum config_line config_read_line(const char *text, size_t len,
				  struct list_config *list,
				  struct key_config *key, struct flaw *flaw);

/* What a lists file that was found good before has, line by line; an error
 * ends it. key may be NULL. */
struct config_sink {
	enum err (*list)(void *arg, const struct list_config *list);
	enum err (*key)(void *arg, const struct key_config *key);
	void *arg;
};
enum err config_each(const char *text, size_t len,
		     const struct config_sink *to);

/* "hmac-sha256" */
const char *tsig_word(enum tsig_algorithm algorithm);

#endif
