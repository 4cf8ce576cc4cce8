/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of a response policy zone, as entries of a list.
 *
 * draft-vixie-dnsop-dns-rpz-00 says what they mean: the owner is the trigger,
 * what stands there the action. All records of one owner are one entry.
 */
#ifndef LISTS_RPZ_H
#define LISTS_RPZ_H

#include "lists/content.h"
#include "lists/item.h"

enum rpz_note {
#define NOTE(name, is_bad, text) RPZ_##name,
#include "lists/rpz.def"
#undef NOTE
	RPZ_NOTE_COUNT
};

/* What clients may be answered from one entry; the rest is room for the
 * question, and for owners. */
enum { RPZ_DATA_MAX = 49152 };

/* Who is given entries, and what is to be said of owners. */
struct rpz_sink {
	enum err (*item)(void *arg, const struct item *item);
	void (*note)(void *arg, enum rpz_note note, const struct name *owner);
	void *arg;
};

struct rpz {
	const struct rpz_sink *to;
	struct name owner; /* without the zone's name; len 0: none yet */
	bool has_cname, has_data;
	bool cnames, too_much; /* said of it already */
	uint32_t ttl;
	struct name target; /* of its CNAME */
	size_t len;
	uint8_t data[RPZ_DATA_MAX];
};

/* The owner, lower-cased and without the zone's name, to trigger, name and
 * net of an item. ERR_SYNTAX: it is no trigger. *masked_out: the net had host
 * bits, which are cleared. */
enum err rpz_read_owner(const struct name *owner, struct item *out,
			bool *masked_out);
/* What a CNAME with this target means for an entry whose trigger is read: its
 * action, and for CNAME what is left of the target in *target. ERR_SYNTAX:
 * policy zones have no such action. */
enum err rpz_read_target(const struct name *owner, struct item *out,
			 struct name *target);

void rpz_init(struct rpz *z, const struct rpz_sink *to);
/* All records of one owner must come one behind the other. Those that say
 * nothing here, and the zone's own, are passed over. An error of the sink
 * ends it. */
enum err rpz_add(struct rpz *z, const struct zone_record *r);
/* The last owner is complete. */
enum err rpz_end(struct rpz *z);

bool rpz_note_is_bad(enum rpz_note note);
const char *rpz_note_text(enum rpz_note note);

#endif
