/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ring of mapped policies; the newest takes the place of the oldest. */
#include "record/rules.h"

#include <stddef.h>

#include "base/log.h"

void
rules_add(struct rules *r, int fd, uint32_t generation)
{
	struct policy new, *place = &r->kept[r->next];

	if (policy_open(fd, generation, &new) != ERR_NONE) {
		log_error("A policy could not be mapped; the access log does "
			  "not name its rules");
		return;
	}
	if (place->head != NULL)
		policy_close(place);
	*place = new;
	r->next = (r->next + 1) % RULES_KEPT;
}

const struct policy *
rules_of(const struct rules *r, uint32_t generation)
{
	for (unsigned i = 0; i < RULES_KEPT; i++)
		if (r->kept[i].head != NULL &&
		    r->kept[i].generation == generation)
			return &r->kept[i];
	return NULL;
}

void
rules_fini(struct rules *r)
{
	for (unsigned i = 0; i < RULES_KEPT; i++)
		if (r->kept[i].head != NULL)
			policy_close(&r->kept[i]);
	*r = (struct rules){ 0 };
}
