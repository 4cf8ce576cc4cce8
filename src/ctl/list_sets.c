/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As the warden has written them on the board. That a set is there stops
 * nothing: a rule must refer to it, which outside of our own table is its
 * owner's.
 */
#include "ctl/list_sets.h"

#include "firewall/fixed.h"

static void
print_set(const struct view *v, unsigned set, struct text *out)
{
	const struct board *b = v->board;
	uint32_t references = b->fixed_references[set];

	text_printf(out, LIST_SET_LINE "%s %s entries=%u", fixed_name(set),
		    b->fixed_state[set] == FIXED_STANDS ? "stands" : "filling",
		    b->fixed_entries[set]);
	if (v->opt->firewall == FIREWALL_IPTABLES)
		text_printf(out, " references=%u%s", references,
			    references == 0 ? ": no rule refers to it" : "");
	text_char(out, '\n');
}

void
list_sets_print(const struct view *v, struct text *out)
{
	for (unsigned set = 0; v->board != NULL && set < FIXED_COUNT; set++)
		if (v->board->fixed_state[set] != FIXED_ABSENT)
			print_set(v, set, out);
}
