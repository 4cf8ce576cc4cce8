/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line of a list as somebody publishes it: names or addresses in one of
 * the usual forms (item.def).
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

/* How far a listed name reaches. */
enum item_reach { REACH_EXACT, REACH_BELOW, REACH_TREE };

struct item {
	bool exception; /* what is meant is not listed, whatever is above it */
	bool is_net;
	enum item_reach reach;
	struct name name; /* lower-cased */
	struct net net;	  /* host bits zero */
};

/* Who is given what stands in a line; an error of his ends it. */
struct item_sink {
	enum err (*each)(void *arg, const struct item *item);
	void *arg;
};

/* A word of item.def, or FORM_COUNT. */
enum list_form form_from_word(const char *text, size_t len);
const char *form_word(enum list_form form);

/* Reads one line, without its end. ERR_SYNTAX: nothing in it is understood;
 * comments and blank lines are. */
enum err item_read(enum list_form form, const char *text, size_t len,
		   const struct item_sink *to);

#endif
