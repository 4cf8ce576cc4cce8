/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `diff`: what would be another way under another access list.
 *
 * Its image came with the request: it was compiled by whoever asks, with the
 * rights he has, and nothing is done with it but asking it what the policy
 * in force is asked too. Live grants are judged as the warden would judge
 * them after a reload; of the last queries each (client, name) is asked of
 * both policies.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/answer.h"
#include "ctl/commands.h"
#include "ctl/diff_verdict.h"
#include "ctl/grants.h"
#include "firewall/review.h"
#include "lists/member.h"
#include "record/past.h"

enum {
	SEALS = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW,
	QUERY_ROOM = 4096, /* client, name and two verdicts */
	LOOKS = 8	   /* at a grant that changes */
};

struct diff {
	const struct view *view;
	struct judge judge; /* by the other policy */
	int64_t now_ms;
	unsigned grants, grants_seen;
	unsigned queries, queries_seen;
	uint64_t *told; /* hashes of (client, name) that were looked at */
	struct hash_key key;
};

/* ---- grants ------------------------------------------------------------ */

/* When the last reason that the other policy has for it ends; 0: none. False:
 * the warden was at it meanwhile. */
static bool
look_at_reasons(const struct diff *d, const struct ledger_element *from,
		const struct ledger_element *copy, int64_t *end_out)
{
	struct ledger_view whole = { d->view->ledger, d->view->ledger_size };
	struct ledger_told told = { .reason.next = copy->reason };
	struct ledger_key key;

	*end_out = 0;
	ledger_key_of(copy, &key);
	for (unsigned i = 0; i < LEDGER_REASONS && told.reason.next != 0; i++) {
		if (!ledger_read_reason(&whole, from, copy, &told))
			return false;
		if (told.reason.end_ms > *end_out &&
		    review_gives(&d->judge, &key, &told))
			*end_out = told.reason.end_ms;
	}
	return true;
}

static int64_t
end_under(const struct diff *d, const struct grant_copy *g)
{
	struct ledger_element copy = g->element, again;
	int64_t end;

	for (unsigned i = 0; i < LOOKS; i++) {
		if (look_at_reasons(d, g->at, &copy, &end))
			break;
		if (ledger_read(g->at, d->now_ms, &again))
			copy = again;
	}
	return end;
}

/* A second is nothing: kernel and ledger do not agree to the second. */
static bool
would_change(void *arg, const struct grant_copy *g)
{
	struct diff *d = arg;

	return end_under(d, g) + 1000 < g->element.end_ms;
}

static void
print_grants(struct diff *d, const struct grants *g, struct text *out)
{
	for (size_t i = 0; i < g->count; i++) {
		int64_t end = end_under(d, &g->grant[i]);

		if (end <= d->now_ms)
			text_str(out, "revoked ");
		else
			text_printf(out, "cut to %llds ",
				    (long long)((end - d->now_ms) / 1000));
		grant_print(d->view, &g->grant[i], d->now_ms, out);
	}
	d->grants = (unsigned)g->count;
}

/* ---- queries ----------------------------------------------------------- */

/* False: that client and name were looked at already. */
static bool
is_new(struct diff *d, const struct past_entry *e)
{
	struct {
		struct addr client;
		uint8_t name[256];
	} what = { .client = e->client };
	uint64_t hash;

	memcpy(what.name, e->name, e->name_len);
	hash = hash_bytes(&d->key, &what, sizeof(what));
	for (unsigned i = 0; i < d->queries_seen; i++)
		if (d->told[i] == hash)
			return false;
	d->told[d->queries_seen++] = hash;
	return true;
}

static void
look_at_query(struct diff *d, const struct past_entry *e, struct text *out)
{
	const struct policy_client client = { &e->client, e->ifindex };
	char now[DIFF_VERDICT_SIZE], then[DIFF_VERDICT_SIZE];
	char text[ADDR_TEXT_SIZE];
	struct name name;

	past_name(e, &name);
	diff_verdict(&d->view->policy, &client, &name, now);
	diff_verdict(&d->judge.policy, &client, &name, then);
	if (strcmp(now, then) == 0)
		return;
	text_printf(out, "query %s ", addr_print(&e->client, text));
	name_print(&name, out);
	text_printf(out, " %s => %s\n", now, then);
	d->queries++;
}

static void
print_queries(struct diff *d, const struct past_view *past, struct text *out)
{
	struct past_entry e;

	for (uint32_t i = 0; i < past->count; i++)
		if (past_read(past, i, &e) && e.name_len > 0 &&
		    e.kind != PAST_REFUSED && is_new(d, &e))
			look_at_query(d, &e, out);
}

/* ---- both -------------------------------------------------------------- */

static unsigned
live_grants(const struct diff *d)
{
	uint32_t count = 0;
	const struct ledger_element *at = ledger_elements(
	    d->view->ledger, d->view->ledger_size, &count);
	struct ledger_element e;
	unsigned live = 0;

	for (uint32_t i = 0; at != NULL && i < count; i++)
		live += ledger_read(&at[i], d->now_ms, &e);
	return live;
}

static void
print_all(struct diff *d, struct answer *a, const struct grants *g)
{
	struct past_view past = { 0 };

	if (d->view->past != NULL)
		past_look(d->view->past, d->view->past_size, &past);
	d->told = malloc((past.count + 1) * sizeof(*d->told));
	if (d->told == NULL) {
		answer_error(a, "no memory for %u queries", past.count);
		return;
	}
	if (answer_room(a, ANSWER_SMALL + 2 * g->bytes +
			       (size_t)past.count * QUERY_ROOM)) {
		print_grants(d, g, &a->text);
		print_queries(d, &past, &a->text);
		text_printf(&a->text,
			    "# %u of %u grants, %u of the last %u queries\n",
			    d->grants, d->grants_seen, d->queries,
			    d->queries_seen);
		if (d->grants + d->queries > 0)
			answer_no(a);
	}
	free(d->told);
}

static void
compare(struct diff *d, struct answer *a)
{
	struct grants_wanted changed = { would_change, d };
	struct grants g = { 0 };

	if (d->view->ledger != NULL) {
		if (!grants_take(&g, a, d->view, &changed))
			return;
		d->grants_seen = live_grants(d);
	}
	print_all(d, a, &g);
	grants_fini(&g);
}

/* It must not change under our eyes. */
static bool
is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals != -1 && (seals & SEALS) == SEALS;
}

void
diff_answer(struct answer *a, const struct view *v, const struct request *r)
{
	struct diff d = { .view = v, .now_ms = clock_ms() };

	(void)r;
	d.judge.own = v->own;
	d.judge.opt = v->opt;
	if (v->policy.head == NULL || v->own == NULL) {
		answer_error(a, "there is no policy");
		return;
	}
	if (a->image == -1 || !is_sealed(a->image) ||
	    policy_open(a->image, 0, &d.judge.policy) != ERR_NONE) {
		answer_error(a, "there is no policy to compare with, or it is "
				"of another version: ask by the "
				"dns-firewallctl that came with the daemon");
		return;
	}
	policy_find_interfaces(&d.judge.policy, v->own);
	/* Published lists are not part of the question: they stay. */
	if (lists_of(&v->policy, &d.judge.lists) == ERR_NONE) {
		lists_name(&d.judge.lists, &d.judge.policy);
		compare(&d, a);
	} else {
		answer_error(a, "the lists in force cannot be read");
	}
	policy_close(&d.judge.policy);
}
