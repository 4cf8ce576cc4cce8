/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The past: what was lately granted, resolved and refused, in a table of
 * fixed size that outlives the grants themselves.
 *
 * There are two of them, each a memfd that the supervisor keeps, with one
 * writer each: the recorder writes what became of queries, the witness what
 * became of packets. What is looked for most often stands in place; of what
 * finds no room the oldest is forgotten. A reader copies an entry between two
 * equal even reads of `version`, and skips it where they differ.
 */
#ifndef RECORD_PAST_H
#define RECORD_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"
#include "wire/name.h"

enum {
	PAST_MAGIC = 0x64667074,
	PAST_VERSION = 1,
	PAST_QUERIES = 8192, /* entries of the recorder's */
	PAST_PACKETS = 4096  /* entries of the witness's */
};

enum past_kind {
	PAST_NONE,
	PAST_GRANTED,  /* client was let to address for name, until end_ms */
	PAST_RESOLVED, /* client was told address for name; nothing opened */
	PAST_DENIED,   /* client asked for name and was refused */
	PAST_REFUSED,  /* client's packet to address was refused */
	PAST_KINDS
};

struct past_entry {
	_Atomic uint32_t version; /* odd while it is being written */
	uint8_t kind;	  /* enum past_kind; PAST_NONE: free */
	uint8_t protocol; /* REFUSED */
	uint16_t port;	  /* REFUSED; 0 where has_port is not set */
	struct addr client;
	struct addr address; /* family 0 of DENIED */
	int64_t first_ms, last_ms; /* clock_ms() */
	int64_t end_ms;	   /* GRANTED: of the kernel's entry */
	int64_t said_ms;   /* REFUSED: when the log last had it */
	uint64_t count;	   /* how often */
	uint64_t unsaid;   /* REFUSED: of them since said_ms */
	uint32_t ifindex;  /* ingress interface, 0: not known */
	uint16_t type;	   /* DENIED: asked */
	uint8_t has_port;  /* REFUSED: port is meant */
	uint8_t on_purpose; /* DENIED: a rule says so, not the want of one */
	uint8_t audit;	   /* DENIED: would have been, and was answered */
	uint8_t name_len;  /* 0: no name */
	uint8_t name[256]; /* wire, lower case */
	uint8_t borrowed; /* GRANTED: under a rule of a name that led to it */
	uint8_t pad;
};

struct past_head {
	uint32_t magic, version;
	uint32_t capacity;
	uint32_t pad;
	struct hash_key key; /* of the table, drawn once */
	/* of the witness, counters that only grow */
	_Atomic uint64_t seen;	    /* refused packets read */
	_Atomic uint64_t malformed; /* of them: no IP, or cut too early */
	_Atomic uint64_t foreign;   /* of them: of no client of ours */
	_Atomic uint64_t said;	    /* lines of the log */
	_Atomic uint64_t unsaid;    /* said before, or over the rate */
	_Atomic uint64_t lost;	    /* not read: there were too many */
};

/* What makes an entry this one and no other. */
struct past_key {
	uint8_t kind;
	uint8_t protocol;
	uint16_t port;
	struct addr client, address;
	uint8_t name_len;
	uint8_t name[256]; /* lower case, zero behind */
	uint8_t pad[3];
};

struct past {
	struct past_head *head;
	struct past_entry *entry;
	uint32_t rows;
};

/* A past as another process sees it. */
struct past_view {
	const struct past_head *head; /* NULL: none */
	const struct past_entry *entry;
	uint32_t count;
};

size_t past_bytes(uint32_t entries);
/* map: past_bytes() of shared memory, all zero or what another process left,
 * which is kept. ERR_IMAGE where the size is wrong. */
enum err past_open(void *map, size_t size, struct past *out);
void past_key_set(struct past_key *key, enum past_kind kind,
		  const struct name *name);
/* The entry of this key, begun to be written: past_write_end() makes it whole
 * again. *fresh_out: it was not there; key and first_ms are filled in and the
 * rest is zero. */
struct past_entry *past_write_begin(struct past *p, const struct past_key *key,
				    int64_t now_ms, bool *fresh_out);
void past_write_end(struct past_entry *e);

/* ERR_IMAGE where it is not one, or no process has begun it. */
enum err past_look(const void *map, size_t size, struct past_view *out);
/* A consistent copy; false: free, or in change. */
bool past_read(const struct past_view *v, uint32_t at, struct past_entry *out);
void past_name(const struct past_entry *e, struct name *out);

struct record_item;
/* What the recorder makes of a record; grace_s is added to the times of
 * grants, as in the kernel. */
void past_note(struct past *p, const struct record_item *item,
	       uint32_t grace_s, int64_t now_ms);

#endif
