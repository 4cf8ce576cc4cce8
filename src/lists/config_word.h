/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of a list's line that have a value (config.c). */
#ifndef LISTS_CONFIG_WORD_H
#define LISTS_CONFIG_WORD_H

#include "lists/config.h"
#include "policy/token.h"

enum { CONFIG_WORDS_MAX = 24 };

struct words_read {
	struct line *line;
	bool had[CONFIG_WORDS_MAX]; /* this word was there already */
};

/* Takes a word and its value, and puts it where it belongs. */
bool config_read_word(struct words_read *w, struct list_config *out,
		      struct flaw *flaw);

/* A word, or what stands between double quotes; text NULL: the closing one is
 * not there. */
struct token word_or_quoted(struct line *l);
/* The next of a list with commas; false: there is none. */
bool word_item(struct token *rest, struct token *one);
/* A name in lower case, written as ASCII. */
bool word_domain(const struct token *t, struct name *out);
void word_domain_text(const struct name *name, char out[NAME_TEXT_SIZE]);

#endif
