/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has it, list by list: the earliest that has it is asked for, then the
 * earliest of the others, so that a name in none of them costs one look-up.
 */
#include "lists/member.h"

#include <string.h>
#include <strings.h>

#include "lists/match.h"
#include "policy/table.h"

/* Looks for the earliest hit, or the earliest that is logged only. */
typedef bool match_fn(const struct lists *l, const struct lists_ask *ask,
		      const void *what, struct lists_hit *hit,
		      struct lists_hit *log);

static bool
match_name(const struct lists *l, const struct lists_ask *ask,
	   const void *what, struct lists_hit *hit, struct lists_hit *log)
{
	return lists_match_name(l, ask, what, hit, log);
}

static bool
match_addr(const struct lists *l, const struct lists_ask *ask,
	   const void *what, struct lists_hit *hit, struct lists_hit *log)
{
	return lists_match_addr(l, ask, what, hit, log);
}

static bool
lets_pass(const struct lists *l, const struct lists_hit *hit)
{
	return hit->given == ACTION_PASSTHRU &&
	       lists_at(l, hit->list)->action == ACTION_GIVEN;
}

static uint64_t
find_all(const struct lists *l, struct lists_ask ask, match_fn *match,
	 const void *what)
{
	uint64_t found = 0;

	while (l->head != NULL && ask.among != 0) {
		struct lists_hit hit, log;
		const struct lists_hit *one = &hit;

		if (!match(l, &ask, what, &hit, &log))
			one = &log;
		if (one->list == LISTS_NONE)
			break;
		ask.among &= ~(1ull << one->list);
		if (!lets_pass(l, one))
			found |= 1ull << one->list;
	}
	return found;
}

uint64_t
lists_with_name(const struct lists *l, const struct name *name, uint64_t among)
{
	return find_all(l, (struct lists_ask){ TRIGGER_QNAME, among },
			match_name, name);
}

uint64_t
lists_with_addr(const struct lists *l, const struct addr *addr, uint64_t among)
{
	return find_all(l, (struct lists_ask){ TRIGGER_IP, among }, match_addr,
			addr);
}

uint32_t
lists_find(const struct lists *l, const char *name, size_t len)
{
	for (uint32_t i = 0; i < lists_count(l); i++) {
		const char *have = lists_text(l, lists_at(l, i)->name);

		if (strlen(have) == len && strncasecmp(have, name, len) == 0)
			return i;
	}
	return LISTS_NONE;
}

static uint64_t
names_having(const void *head, const struct name *name, uint64_t among)
{
	const struct lists l = { .head = head };

	return lists_with_name(&l, name, among);
}

void
lists_name(const struct lists *l, struct policy *p)
{
	p->named = (struct policy_lists){ .with_name = names_having,
					  .lists = l->head };
	if (l->head == NULL)
		p->named.with_name = NULL;
	for (uint32_t i = 0; i < p->head->lists.count; i++) {
		const uint8_t *name =
		    image_name(p->head, image_lists(p->head)[i].name);
		uint32_t list =
		    lists_find(l, (const char *)name + 2, name[1]);

		if (list != LISTS_NONE)
			p->named.bit[i] = 1ull << list;
	}
}

enum err
lists_take(struct policy *p, struct lists *out)
{
	enum err err = lists_of(p, out);

	if (err == ERR_NONE)
		lists_name(out, p);
	return err;
}
