/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `grants`: what stands open, for whom, until when, by which line, and for
 * which names; and what rules open to lists for as long as they are in force.
 *
 * The ledger is read while the warden writes it: each element is copied
 * whole or skipped, and only the copies are sorted and printed. qsort() of
 * the C library may read /proc on its first call, which no process in this
 * sandbox can; the copies are sorted here.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/answer.h"
#include "ctl/choice.h"
#include "ctl/commands.h"
#include "ctl/grants.h"
#include "ctl/statics.h"

static void
gather_one(struct grants *g, const struct view *v,
	   const struct grant_copy *one)
{
	if (g->grant != NULL && g->count == g->room)
		return; /* granted since they were counted */
	if (g->grant != NULL)
		g->grant[g->count] = *one;
	else
		g->bytes += grant_room(v, one);
	g->count++;
}

/* Counts them where there is no room for any yet. */
static void
gather(struct grants *g, const struct view *v,
       const struct grants_wanted *wanted)
{
	uint32_t count = 0;
	const struct ledger_element *at =
	    ledger_elements(v->ledger, v->ledger_size, &count);
	int64_t now_ms = clock_ms();

	g->count = 0;
	if (at == NULL)
		return;
	for (uint32_t i = 0; i < count; i++) {
		struct grant_copy one = { .at = &at[i] };

		if (ledger_read(&at[i], now_ms, &one.element) &&
		    wanted->want(wanted->arg, &one))
			gather_one(g, v, &one);
	}
}

/* By client, then by end. */
static bool
is_before(const struct grant_copy *one, const struct grant_copy *other)
{
	const struct ledger_element *a = &one->element, *b = &other->element;
	int order = memcmp(&a->client, &b->client, sizeof(a->client));

	if (order != 0)
		return order < 0;
	if (a->end_ms != b->end_ms)
		return a->end_ms < b->end_ms;
	order = memcmp(&a->destination, &b->destination,
		       sizeof(a->destination));
	return order < 0 || (order == 0 && a->port < b->port);
}

static void
swap(struct grant_copy *a, struct grant_copy *b)
{
	struct grant_copy kept = *a;

	*a = *b;
	*b = kept;
}

/* Lets the grant at `top` sink until both below it come before it. */
static void
sink(struct grant_copy *g, size_t top, size_t count)
{
	for (;;) {
		size_t below = 2 * top + 1;

		if (below >= count)
			return;
		if (below + 1 < count && is_before(&g[below], &g[below + 1]))
			below++;
		if (!is_before(&g[top], &g[below]))
			return;
		swap(&g[top], &g[below]);
		top = below;
	}
}

static void
sort(struct grant_copy *g, size_t count)
{
	for (size_t i = count / 2; i > 0; i--)
		sink(g, i - 1, count);
	for (size_t left = count; left > 1; left--) {
		swap(&g[0], &g[left - 1]);
		sink(g, 0, left - 1);
	}
}

bool
grants_take(struct grants *g, struct answer *a, const struct view *v,
	    const struct grants_wanted *wanted)
{
	*g = (struct grants){ 0 };
	if (v->ledger == NULL) {
		answer_error(a, "there is no ledger: the firewall is none");
		return false;
	}
	gather(g, v, wanted);
	g->room = g->count + 1; /* never nothing */
	g->grant = malloc(g->room * sizeof(*g->grant));
	if (g->grant == NULL) {
		answer_error(a, "no memory for %zu grants", g->room);
		return false;
	}
	gather(g, v, wanted);
	sort(g->grant, g->count);
	return true;
}

void
grants_fini(struct grants *g)
{
	free(g->grant);
}

/* ---- the command ------------------------------------------------------- */

struct wish {
	struct choice choice;
	bool json;
};

/* The two may stand in any order. */
static bool
wish_read(struct answer *a, const struct request *r, struct wish *out)
{
	const char *client = NULL;

	*out = (struct wish){ 0 };
	for (unsigned i = 0; i < r->count; i++) {
		if (strcmp(r->argument[i], "--json") == 0 && !out->json)
			out->json = true;
		else if (client == NULL)
			client = r->argument[i];
		else
			client = "";
	}
	return choice_read(a, client, &out->choice);
}

static bool
is_wished(void *arg, const struct grant_copy *one)
{
	const struct wish *wish = arg;

	return choice_has(&wish->choice, &one->element.client);
}

void
grants_answer(struct answer *a, const struct view *v, const struct request *r)
{
	int64_t now_ms = clock_ms();
	struct grants g;
	struct wish wish;
	struct grants_wanted wanted = { is_wished, &wish };

	struct statics s;

	if (!wish_read(a, r, &wish) || !grants_take(&g, a, v, &wanted))
		return;
	if (statics_take(v, &wish.choice, &s) != ERR_NONE) {
		answer_error(a, "no memory for what is open to lists");
	} else if (answer_room(a, ANSWER_SMALL + g.bytes + s.bytes)) {
		for (size_t i = 0; i < g.count; i++)
			(wish.json ? grant_print_json : grant_print)(
			    v, &g.grant[i], now_ms, &a->text);
		(wish.json ? statics_print_json : statics_print)(v, &s,
								 &a->text);
	}
	statics_fini(&s);
	grants_fini(&g);
}
