/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A feed that lists "com" by mistake must not take everything from everybody.
 */
#include "lists/guard.h"

bool
guard_never(struct guard *g, const struct name *name)
{
	if (g->nevers == GUARD_NAMES_MAX)
		return false;
	name_lower(name, &g->never[g->nevers++]);
	return true;
}

/* The entry would have that name blocked. */
static bool
hits(const struct item *item, const struct name *never)
{
	bool same = name_equal(&item->name, never);

	if (item->reach == REACH_EXACT)
		return same;
	return (item->reach == REACH_TREE && same) ||
	       (!same && name_is_under(never, &item->name));
}

static bool
lets_through(const struct item *item)
{
	return item->exception || item->action == ACTION_PASSTHRU;
}

const char *
guard_fault(const struct guard *g, const struct item *item)
{
	if (item->is_net || item->trigger != TRIGGER_QNAME ||
	    lets_through(item))
		return NULL;
	if (name_labels(&item->name) < 2)
		return "would list everything below a name right below the "
		       "root";
	for (unsigned i = 0; i < g->nevers; i++) {
		if (hits(item, &g->never[i]))
			return "would list a name that is never to be blocked";
	}
	return NULL;
}
