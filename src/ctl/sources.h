/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How it is with lists that are fetched, for people (proc/sources.h). */
#ifndef CTL_SOURCES_H
#define CTL_SOURCES_H

#include <stdbool.h>

#include "base/text.h"
#include "ctl/view.h"

/* A copy of the row of that list; false: it is not fetched. */
bool source_find(const struct view *v, const char *name,
		 struct source_state *out);
/* " state=fresh entries=12 age=3s ..."; with the last error, which is the
 * last word and has blanks. */
void source_print(const struct source_state *s, struct text *out);
/* So many times as long as from one look to the next a copy may go without
 * being confirmed. */
enum { SOURCES_PATIENCE = 3 };

/* Adds what is wrong with any of them, as sentences separated by "; ". */
void sources_check(const struct view *v, struct text *wrong);
/* A line "notice list NAME: ..." for each that could not be fetched and has a
 * copy that is not too old. */
void sources_notice(const struct view *v, struct text *out);

#endif
