/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of a zone, taken apart into what stands for one record each. */
#ifndef LISTS_ZONE_LINE_H
#define LISTS_ZONE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where somebody is in a text. */
struct zone_lines {
	const char *at, *end;
	uint32_t line;	   /* the one that begins at `at`, from 1 */
	uint32_t unclosed; /* parentheses that nobody closed */
	char *buf;	   /* of ZONE_LINE_MAX bytes */
};

/* One record or directive: a line, or several that parentheses hold
 * together; comments and those parentheses are blanks. It ends in NUL. */
struct zone_line {
	uint32_t line; /* where it begins */
	const char *text;
	size_t len;
	bool is_torn; /* parenthesis or quote not closed, or too long */
};

struct zone_word {
	const char *text;
	size_t len;
};

enum { ZONE_UNCLOSED_MAX = 100 };

/* False: there is no more, or as many are unclosed as may be. Blank lines are
 * passed over. */
bool zone_lines_next(struct zone_lines *l, struct zone_line *out);
/* The next word, moved behind; false at the end. */
bool zone_word_next(const char **at, struct zone_word *out);
/* In any case of letters. */
bool zone_word_is(const struct zone_word *w, const char *text);
/* "300", "1h30m"; false: it is no time of up to 2147483647 seconds. */
bool zone_word_ttl(const struct zone_word *w, uint32_t *out);

#endif
