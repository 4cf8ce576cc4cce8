/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was learned: for each client and name what was asked or tried and not
 * allowed, sorted, one lesson a line of the access list.
 */
#ifndef CTL_LESSON_H
#define CTL_LESSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ctl/view.h"
#include "witness/finding.h"

enum lesson_kind {
	LESSON_PACKET,	/* a packet was refused that no rule allows */
	LESSON_QUERY,	/* a query was refused, and no packet was seen */
	LESSON_BLOCKED, /* by a rule: on purpose */
	LESSON_NAMELESS /* a packet to where no name leads, or none to write */
};

struct lesson {
	struct addr client; /* one of this host's where local */
	bool local;
	enum lesson_kind kind;
	struct name name;   /* lower case; len 0 of NAMELESS */
	struct addr address; /* NAMELESS */
	uint8_t protocol;   /* PACKET, NAMELESS; 0: not known */
	uint16_t port;
	bool has_port;
	bool guessed;	    /* QUERY: for an address, so its port is a guess */
	uint32_t rule;	    /* BLOCKED */
	uint64_t count;
	int64_t last_ms;
};

struct lessons {
	struct lesson *lesson;
	size_t count, room;
	size_t cut; /* found no room */
};

/* Of what happened since then (clock_ms()). lesson[] of room is the caller's;
 * sorted by client, name, kind, protocol and port, each once. */
void lessons_learn(struct lessons *l, const struct view *v,
		   const struct evidence *evidence, int64_t since_ms);

#endif
