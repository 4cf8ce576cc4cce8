/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `grants`: what stands open, for whom, until when, and by which line.
 *
 * The ledger is read while the warden writes it: each element is copied
 * whole or skipped, and only the copies are sorted and printed. qsort() of
 * the C library may read /proc on its first call, which no process in this
 * sandbox can; the copies are sorted here.
 */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/answer.h"
#include "ctl/commands.h"
#include "firewall/ledger.h"
#include "policy/print.h"

enum { LINE_ROOM = 160 }; /* two addresses, numbers of up to 20 digits */

struct grant {
	struct addr client; /* family 0: this host */
	struct addr destination;
	int64_t end_ms;
	uint32_t line;
	uint16_t port;
	uint8_t protocol;
};

/* Which clients are asked for. */
struct choice {
	bool all, local;
	struct net net;
};

struct grants {
	struct grant *grant; /* NULL: they are only counted */
	size_t count, room;
};

static enum err
choice_parse(const char *text, struct choice *out)
{
	*out = (struct choice){ .all = text == NULL };
	if (text == NULL)
		return ERR_NONE;
	out->local = strcmp(text, "local") == 0;
	if (out->local)
		return ERR_NONE;
	return net_parse(text, strlen(text), &out->net, NULL);
}

static bool
is_chosen(const struct choice *c, const struct addr *client)
{
	if (c->all)
		return true;
	if (client->family == 0)
		return c->local;
	return !c->local && addr_in_net(client, &c->net);
}

static void
gather_one(struct grants *g, const struct ledger_element *e)
{
	if (g->grant != NULL && g->count == g->room)
		return; /* granted since they were counted */
	if (g->grant != NULL)
		g->grant[g->count] = (struct grant){
			.client = e->client, .destination = e->destination,
			.end_ms = e->end_ms, .line = e->line,
			.port = e->port, .protocol = e->protocol
		};
	g->count++;
}

static void
gather(struct grants *g, const struct view *v, const struct choice *c,
       int64_t now_ms)
{
	uint32_t count = 0;
	const struct ledger_element *at =
	    ledger_elements(v->ledger, v->ledger_size, &count);
	struct ledger_element e;

	g->count = 0;
	if (at == NULL)
		return;
	for (uint32_t i = 0; i < count; i++) {
		if (ledger_read(&at[i], now_ms, &e) &&
		    is_chosen(c, &e.client))
			gather_one(g, &e);
	}
}

/* By client, then by end. */
static bool
is_before(const struct grant *a, const struct grant *b)
{
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
swap(struct grant *a, struct grant *b)
{
	struct grant kept = *a;

	*a = *b;
	*b = kept;
}

/* Lets the grant at `top` sink until both below it come before it. */
static void
sink(struct grant *g, size_t top, size_t count)
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
sort(struct grant *g, size_t count)
{
	for (size_t i = count / 2; i > 0; i--)
		sink(g, i - 1, count);
	for (size_t left = count; left > 1; left--) {
		swap(&g[0], &g[left - 1]);
		sink(g, 0, left - 1);
	}
}

static void
print_grant(const struct grant *g, int64_t now_ms, struct text *out)
{
	char client[ADDR_TEXT_SIZE], destination[ADDR_TEXT_SIZE];

	text_printf(out, "%s %s ",
		    g->client.family == 0 ? "local"
					  : addr_print(&g->client, client),
		    addr_print(&g->destination, destination));
	text_printf(out, "%s:%u %" PRId64 "s acl:", protocol_text(g->protocol),
		    port_number(g->protocol, g->port),
		    (g->end_ms - now_ms + 999) / 1000);
	if (g->line == 0)
		text_str(out, "unknown");
	else
		text_u64(out, g->line);
	text_char(out, '\n');
}

static void
answer_gathered(struct answer *a, struct grants *g, int64_t now_ms)
{
	sort(g->grant, g->count);
	if (!answer_room(a, ANSWER_SMALL + g->count * LINE_ROOM))
		return;
	for (size_t i = 0; i < g->count; i++)
		print_grant(&g->grant[i], now_ms, &a->text);
}

void
grants_answer(struct answer *a, const struct view *v, const struct request *r)
{
	int64_t now_ms = clock_ms();
	struct choice choice;
	struct grants g = { 0 };

	if (choice_parse(r->argument[0], &choice) != ERR_NONE) {
		answer_error(a, "\"%.64s\" is not a client; give an address, "
				"a net, or local", r->argument[0]);
		return;
	}
	if (v->ledger == NULL) {
		answer_error(a, "there is no ledger: the firewall is none");
		return;
	}
	gather(&g, v, &choice, now_ms);
	g.room = g.count + 1; /* never nothing */
	g.grant = malloc(g.room * sizeof(*g.grant));
	if (g.grant == NULL) {
		answer_error(a, "no memory for %zu grants", g.room);
		return;
	}
	gather(&g, v, &choice, now_ms);
	answer_gathered(a, &g, now_ms);
	free(g.grant);
}
