/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compiled lists: one block of bytes without pointers, built once by a child
 * without power, sealed, and mapped read-only by everybody else.
 *
 * Layout: struct lists_head, then the sections it names. All numbers are in
 * host order (the image never leaves the machine or outlives the binary).
 *
 *   lists    in the order of the lists file: an earlier one decides
 *   keys     hash table of names and nets, open addressing: 64 bits of a
 *            keyed hash, and what it means. The names themselves are not
 *            kept: with ten million keys one question in 10^11 would meet
 *            one that is not there, and nobody can choose which
 *   meanings first and count of a run of marks
 *   marks    what one list says of a key
 *   texts    names of lists and files, each with its NUL
 */
#ifndef LISTS_IMAGE_H
#define LISTS_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"
#include "lists/item.h"

enum { LISTS_VERSION = 1, LISTS_MAX = 64, LISTS_NONE = 0xffffffff };
#define LISTS_MAGIC 0x64666c73u /* "dfls" */

enum list_action {
#define ACTION(name, word, told) ACTION_##name,
#include "lists/action.def"
#undef ACTION
	ACTION_COUNT
};

const char *action_word(enum list_action action);

struct lists_list {
	uint32_t name, file;  /* offsets into texts */
	uint32_t form;	      /* enum list_form */
	uint32_t action;      /* enum list_action */
	uint32_t names, nets; /* entries */
	uint32_t bad;	      /* lines that were not understood */
	uint32_t pad;
};

/* 12 bytes, so that a million names are 16 MB. meaning 0: free. */
struct lists_key {
	uint32_t hash_low, hash_high;
	uint32_t meaning; /* its number plus 1 */
};

struct lists_meaning {
	uint32_t first, count; /* of marks */
};

struct lists_mark {
	uint8_t list;
	uint8_t reach;	   /* enum item_reach; 0 of nets */
	uint8_t exception; /* 1: not listed */
	uint8_t pad;
};

struct lists_section {
	uint64_t at;	/* bytes from the start of the image, 8-aligned */
	uint64_t count; /* of its elements */
};

struct lists_head {
	uint32_t magic, version;
	uint64_t size; /* of the whole image in bytes */
	struct hash_key key;
	struct lists_section lists, keys, meanings, marks, texts;
	/* which prefix lengths occur, so that a look-up tries no others */
	uint64_t lengths4, lengths6[3];
};

/* Lists in use; head NULL: there are none. */
struct lists {
	const struct lists_head *head; /* the mapping */
	size_t size;
};

struct policy;

/* Looks at an image in memory, 8-aligned, that stays the caller's: magic,
 * version, and that every offset and index lies inside. ERR_IMAGE. */
enum err lists_view(const void *image, size_t size, struct lists *out);
/* Those that follow a policy, and live as long; none where none do. */
enum err lists_of(const struct policy *p, struct lists *out);

uint32_t lists_count(const struct lists *l);
const struct lists_list *lists_at(const struct lists *l, uint32_t list);
const char *lists_text(const struct lists *l, uint32_t text);

/* For builder and look-up: the hash of a lower-cased wire name or of a net,
 * and where in the table its search begins. */
uint64_t lists_name_hash(const struct hash_key *key, const uint8_t *wire,
			 size_t len);
uint64_t lists_net_hash(const struct hash_key *key, const struct net *net);
static inline uint64_t
lists_slot(uint64_t hash, uint64_t count)
{
	return (uint64_t)(((unsigned __int128)hash * count) >> 64);
}

#endif
