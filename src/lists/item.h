/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a list says, entry by entry; and a line of a plain list as somebody
 * publishes it: names or addresses in one of the usual forms (item.def).
 */
#ifndef LISTS_ITEM_H
#define LISTS_ITEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/err.h"
#include "wire/name.h"

enum list_form {
#define FORM(name, word, line) FORM_##name,
#include "lists/item.def"
#undef FORM
	FORM_COUNT
};

/* What is done to whoever asks (action.def). */
enum list_action {
#define ACTION(name, word, told) ACTION_##name,
#include "lists/action.def"
#undef ACTION
	ACTION_COUNT
};

const char *action_word(enum list_action action);

/* What of a question or its answer is held against an entry. */
enum trigger {
	TRIGGER_CLIENT_IP, /* who asks */
	TRIGGER_QNAME,	   /* what is asked, and what it is an alias of */
	TRIGGER_IP,	   /* the addresses that are answered */
	TRIGGER_NSDNAME,   /* the servers of the zone, by name */
	TRIGGER_NSIP,	   /* and by address */
	TRIGGER_COUNT
};

/* How far a listed name reaches. */
enum item_reach { REACH_EXACT, REACH_BELOW, REACH_TREE };

struct item {
	enum trigger trigger;
	bool exception; /* what is meant is not listed, whatever is above it */
	bool is_net;
	enum item_reach reach;
	struct name name; /* lower-cased */
	struct net net;	  /* host bits zero */
	uint8_t action;	  /* enum list_action; GIVEN: that of the list */
	bool wild;	  /* of CNAME: the target stands below an asterisk */
	/* The caller's. Of DATA records, one behind the other: type (16 bits),
	 * TTL (32), length of the data (16), all in network order, and the
	 * data, whose names are whole. Of CNAME the TTL (32) and the target,
	 * without its asterisk. Of one owner several items with DATA are one
	 * with all records. */
	const uint8_t *data;
	size_t data_len;
};

/* Who is given what stands in a line; an error of his ends it. */
struct item_sink {
	enum err (*each)(void *arg, const struct item *item);
	void *arg;
};

/* A word of item.def, or FORM_COUNT. */
enum list_form form_from_word(const char *text, size_t len);
const char *form_word(enum list_form form);
/* What its lines look like. */
const char *form_line(enum list_form form);

/* Reads one line, without its end. ERR_SYNTAX: nothing in it is understood;
 * comments and blank lines are. ERR_MISSING: it is of that form, and has
 * nothing that could be listed, as most rules of a browser. */
enum err item_read(enum list_form form, const char *text, size_t len,
		   const struct item_sink *to);

#endif
