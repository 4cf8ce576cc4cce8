/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a line of the lists file says, as an image keeps it. */
#ifndef LISTS_ABOUT_H
#define LISTS_ABOUT_H

#include "lists/build.h"
#include "lists/config.h"

enum {
	/* type, TTL, length, and an address */
	ABOUT_RECORD_MAX = 2 + 4 + 2 + 16,
	/* TTL and target, or addresses */
	ABOUT_DATA_MAX = 4 + NAME_MAX_WIRE
};

/* Bytes that a struct lists_about of it points to. */
struct about {
	struct lists_about lists;
	uint8_t data[ABOUT_DATA_MAX];
	char source[CONFIG_NAMES_MAX * NAME_TEXT_SIZE];
	struct net primary[CONFIG_SERVERS_MAX];
};

/* out->lists points into both; its line is the caller's to set. */
void about_list(const struct list_config *config, struct about *out);

#endif
