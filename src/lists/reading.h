/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The content of one list, from a descriptor into the image that is being
 * built. Text is read piece by piece: no more than a line of it is held, but
 * for a policy zone, which is sorted first.
 */
#ifndef LISTS_READING_H
#define LISTS_READING_H

#include "base/text.h"
#include "lists/build.h"
#include "lists/config.h"
#include "lists/guard.h"

enum {
	READING_TOLD = 3, /* lines that are told one by one */
	/* Of a policy zone, as text and as records. */
	READING_ZONE_MAX = 1 << 30
};

struct reading {
	struct lists_build *build;
	const struct list_config *config;
	const struct guard *guard; /* who may not be listed by others */
	bool is_own; /* the owner's: he may, and is told what it means */
	const char *file;	   /* as warnings call it */
	struct text *out;	   /* warnings */
	uint32_t lines, bad;	   /* bad: of those that say something */
	uint32_t told, left_out, faults;
	uint64_t items;
};

/* How many entries so many lines of a list may have: a few bytes of a range
 * can be hundreds of nets. */
uint64_t reading_most(uint64_t lines);

/* What the line of the lists file itself lists (SOURCE_INLINE); else as
 * below. */
enum err reading_take_inline(struct reading *r);
/* Reads all of it into the list that was begun last. ERR_SYNTAX: it is not of
 * the form of the list. ERR_RANGE: too many entries. ERR_FULL, ERR_SYSTEM. */
enum err reading_take(struct reading *r, int fd);

#endif
