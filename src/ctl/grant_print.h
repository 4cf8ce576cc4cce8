/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One grant of the ledger as a person reads it, and as a program does. */
#ifndef CTL_GRANT_PRINT_H
#define CTL_GRANT_PRINT_H

#include "base/text.h"
#include "ctl/view.h"
#include "firewall/ledger.h"

struct grant_copy {
	const struct ledger_element *at; /* where it was copied from */
	struct ledger_element element;
};

/* Bytes that either form of it needs at most. */
size_t grant_room(const struct view *v, const struct grant_copy *g);
/* A line; one more for each reason behind that which ends last. */
void grant_print(const struct view *v, const struct grant_copy *g,
		 int64_t now_ms, struct text *out);
/* One object, in one line. */
void grant_print_json(const struct view *v, const struct grant_copy *g,
		      int64_t now_ms, struct text *out);

#endif
