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
 *            one that is not there, and nobody can choose which. What
 *            triggers it is part of what is hashed
 *   meanings first and count of a run of marks
 *   marks    what one list says of a key, those of one list together
 *   data     blocks: length in 32 bits, bytes, filled up to 4
 *   nets     those of a list that go elsewhere, its clients, and its primaries
 *   texts    names of lists and files, each with its NUL
 *
 * In a policy zone the closest encloser decides, as in any zone (RFC 4592
 * 3.3.1): a key that is found of it ends the search in it. A name that only
 * stands above others of it is a key as well, but only where a wildcard
 * stands right above that name: elsewhere it decides nothing.
 */
#ifndef LISTS_IMAGE_H
#define LISTS_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"
#include "lists/item.h"

enum { LISTS_VERSION = 5, LISTS_MAX = 64, LISTS_NONE = 0xffffffff };
#define LISTS_MAGIC 0x64666c73u /* "dfls" */

enum lists_flag {
	LISTS_BLOCK_SET = 1, /* its addresses go to a set of the kernel */
	LISTS_ALLOW_SET = 2, /* to one that is asked before those */
	LISTS_NS_BLOCK = 4,  /* name servers that are not found block */
	LISTS_EXPIRES = 8,   /* one that is too old is not kept */
};

/* Where the SOA of a policy zone stands in what it answers. */
enum lists_soa { LISTS_SOA_ADDITIONAL, LISTS_SOA_AUTHORITY, LISTS_SOA_NONE };

/* USUAL: that which fits what is done. */
enum { LISTS_NO_EDE = 0xffff, LISTS_EDE_USUAL = 0xfffe };

struct lists_list {
	uint32_t name, file; /* offsets into texts; file: whatever it is of */
	uint32_t line;	     /* its line of the lists file, as it stands */
	uint32_t nickname, category, contact; /* texts; "" where none */
	uint32_t form;			      /* enum list_form */
	uint32_t action; /* enum list_action; GIVEN: what an entry says */
	uint32_t names, nets; /* entries */
	uint32_t bad;	      /* lines that were not understood */
	uint32_t left_out;    /* entries that nobody may list for others */
	uint32_t flags;	      /* enum lists_flag */
	uint32_t triggers;    /* a bit for each enum trigger that it has */
	uint32_t max_ttl_s;   /* of what it has clients told */
	uint32_t ede;	      /* INFO-CODE (RFC 8914), or one of those */
	uint32_t soa_place;   /* enum lists_soa */
	/* Numbers for lists_data(); 0: there is none. */
	uint32_t zone; /* of rpz: the name on the wire, lower-cased */
	uint32_t soa;  /* of rpz: its SOA, a record as of DATA */
	uint32_t data; /* of its action, as of an entry (lists/item.h); of
			* ADDRESS records as of DATA */
	uint32_t wild; /* of its action CNAME; 1: below an asterisk */
	uint32_t first_net, net_count;	     /* lists_nets() */
	uint32_t first_client, client_count; /* whom it is for; 0: all */
	/* Of how many zones, from that of a name upwards, the servers are
	 * held against it. */
	uint32_t ns_levels;
	uint32_t first_primary, primary_count;
};

/* 12 bytes, so that a million names are 16 MB. meaning 0: free. */
struct lists_key {
	uint32_t hash_low, hash_high;
	uint32_t meaning; /* its number plus 1 */
};

struct lists_meaning {
	uint32_t first, count; /* of marks */
};

enum lists_mark_flag {
	MARK_EXCEPTION = 1, /* not listed */
	MARK_WILD = 2,	    /* of CNAME: the target is below an asterisk */
	MARK_ENDS = 4,	    /* whatever is asked, the list says no more */
};

/* Behind enum item_reach: it only stands above others. */
enum { LISTS_NODE = REACH_TREE + 1 };

struct lists_mark {
	uint8_t list;
	uint8_t reach; /* enum item_reach; of nets EXACT; LISTS_NODE */
	uint8_t flags; /* enum lists_mark_flag */
	uint8_t action; /* enum list_action */
	uint32_t data;	/* of lists_data() */
};

struct lists_section {
	uint64_t at;	/* bytes from the start of the image, 8-aligned */
	uint64_t count; /* of its elements */
};

struct lists_head {
	uint32_t magic, version;
	uint64_t size; /* of the whole image in bytes */
	struct hash_key key;
	struct lists_section lists, keys, meanings, marks, data, nets, texts;
	uint64_t for_all;	      /* lists that all clients share */
	uint64_t with[TRIGGER_COUNT]; /* lists that have such entries */
	uint64_t roots; /* a bit a trigger: some list has all names */
	/* Which prefix lengths occur, so that a look-up tries no others: of
	 * IPv4, and of IPv6. */
	uint64_t lengths[TRIGGER_COUNT][4];
	/* The lists file as it was read; bytes in texts, and a NUL. */
	uint32_t source, source_len;
	uint32_t source_name; /* its name, a text */
	uint32_t pad;
	/* Of all that it was made of (lists/identity.h); 0: that is unsure. */
	uint64_t identity;
	uint64_t sum; /* of all bytes but these; 0 where identity is */
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
/* The lists file that it was made of; "" where there is none. */
const char *lists_source_text(const struct lists *l, size_t *len_out);
/* Bytes by their number, of a hit or a list; NULL: none have it. */
const uint8_t *lists_data(const struct lists *l, uint32_t data,
			  size_t *len_out);
/* What a list has in the kernel or stands for in a rule: sorted, none inside
 * another. */
const struct net *lists_nets(const struct lists *l, uint32_t list,
			     size_t *count_out);
/* The nets of those that it is for; none: it is for all. */
const struct net *lists_clients(const struct lists *l, uint32_t list,
				size_t *count_out);

/* For builder and look-up: the hash of a lower-cased wire name or of a net
 * under the key of its trigger, and where in the table its search begins. */
void lists_trigger_key(const struct hash_key *key, enum trigger trigger,
		       struct hash_key *out);
uint64_t lists_name_hash(const struct hash_key *key, const uint8_t *wire,
			 size_t len);
uint64_t lists_net_hash(const struct hash_key *key, const struct net *net);
static inline uint64_t
lists_slot(uint64_t hash, uint64_t count)
{
	return (uint64_t)(((unsigned __int128)hash * count) >> 64);
}

#endif
