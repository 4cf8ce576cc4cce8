/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names packed one behind the other, each with its length before it. Most
 * answers lead nowhere and cost nothing here.
 */
#include "query/trail.h"

#include <string.h>

static bool
add(struct query *q, const struct name *name)
{
	if (name->len + 1u > sizeof(q->trail) - q->trail_len)
		return false;
	q->trail[q->trail_len++] = name->len;
	memcpy(q->trail + q->trail_len, name->wire, name->len);
	q->trail_len = (uint16_t)(q->trail_len + name->len);
	q->trail_count++;
	return true;
}

void
trail_keep(struct query *q, const struct aliases *c, const struct services *s)
{
	q->trail_count = q->trail_links = 0;
	q->trail_len = 0;
	for (unsigned i = 1; i < c->count; i++)
		if (!add(q, &c->name[i]))
			return;
	q->trail_links = q->trail_count;
	for (unsigned i = 0; i < s->target_count; i++)
		if (!add(q, &s->target[i]))
			return;
}

bool
trail_next(const struct query *q, struct trail_place *place, struct name *out)
{
	if (place->at >= q->trail_len)
		return false;
	out->len = q->trail[place->at++];
	memcpy(out->wire, q->trail + place->at, out->len);
	place->at += out->len;
	if (place->links <= q->trail_links)
		place->links++;
	return true;
}
