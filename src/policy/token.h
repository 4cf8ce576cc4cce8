/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line of an ACL, taken apart from left to right.
 *
 * A token borrows the line. Every function that takes something first skips
 * the blanks before it.
 */
#ifndef POLICY_TOKEN_H
#define POLICY_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/image.h"

struct line {
	const char *text;
	size_t len;
	size_t at; /* what is read next */
};

struct token {
	const char *text;
	size_t len; /* 0: nothing stood there */
	uint32_t column;
};

/* True where only blanks or a comment are left. */
bool line_at_end(struct line *l);
/* Up to a blank, '#', or one of stops. A backslash takes the next byte with
 * it, so that "\:" is part of a word. */
struct token line_word(struct line *l, const char *stops);
/* Up to a blank, '#', or an arrow. */
struct token line_client(struct line *l);
/* All that is left before a comment; takes nothing. */
struct token line_rest(struct line *l);
/* Up to a closing quote, which is taken too; text NULL: there is none. */
struct token line_quoted(struct line *l);
/* Each takes what it is named after where that comes next. */
bool line_take(struct line *l, char c);
bool line_take_arrow(struct line *l, uint8_t *arrow_out);

bool token_is(const struct token *t, const char *word); /* any case */
/* Digits only, at most five of them. */
bool read_number(const char *text, size_t len, unsigned *out);

/* Both fill all of the flaw but its line, and are false: t is wrong, or
 * something should have stood where it begins. */
struct flaw;
bool wrong(struct flaw *flaw, const struct token *t, const char *what,
	   const char *right);
bool missing(struct flaw *flaw, struct token t, const char *what,
	     const char *right);

#endif
