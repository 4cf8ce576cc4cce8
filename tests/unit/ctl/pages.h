/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages as the control process maps them, made up for tests. */
#ifndef TESTS_PAGES_H
#define TESTS_PAGES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/view.h"
#include "firewall/ledger_shape.h"
#include "policy/compile.h"

enum { PAGES_SET_SIZE = 64 };

struct pages {
	struct view view;
	struct options opt;
	struct supervisor_state state;
	struct board board;
	struct worker_stats stats[2];
	struct own_addresses own;
	void *image, *ledger;
};

static inline void
pages_endpoint(struct endpoint *e, const char *address, uint16_t port)
{
	memset(e, 0, sizeof(*e));
	addr_parse(address, strlen(address), &e->addr);
	e->port = port;
}

static inline void
pages_child(struct pages *p, enum role role, uint32_t pid)
{
	uint32_t i = p->state.children++;

	p->state.child[i].pid = pid;
	p->state.child[i].role = role;
	p->state.child[i].ready = 1;
}

/* A daemon in good health, of generation 3, with this policy. */
static inline bool
pages_init(struct pages *p, const char *acl)
{
	struct policy_source source = { .name = "/etc/acl",
					.text = acl,
					.len = strlen(acl) };
	char buf[4096];
	struct text complaints;
	size_t size = 0;

	memset(p, 0, sizeof(*p));
	text_init(&complaints, buf, sizeof(buf));
	if (policy_compile(&source, &p->image, &size, &complaints) !=
	    ERR_NONE)
		return false;
	p->opt.firewall = FIREWALL_IPTABLES;
	strcpy(p->opt.chain, "LAN-OUT");
	strcpy(p->opt.set_prefix, "LAN-OUT");
	p->state.started_ms = clock_ms() - 65000;
	p->state.pid = 812;
	p->state.generation = 3;
	p->state.landlock = 7;
	p->state.bind_count = 1;
	pages_endpoint(&p->state.bind[0], "192.0.2.1", 53);
	pages_child(p, ROLE_WORKER, 815);
	pages_child(p, ROLE_WARDEN, 814);
	pages_child(p, ROLE_RECORDER, 813);
	p->board.firewall_up = p->board.family4 = 1;
	p->board.references[SET_V4] = p->board.references[SET_V4_LOCAL] = 1;
	p->board.rules = RULES_STAND;
	p->view = (struct view){ .opt = &p->opt, .state = &p->state,
				 .board = &p->board, .own = &p->own,
				 .stats = { &p->stats[0], &p->stats[1] },
				 .policy = { .head = p->image,
					     .size = size,
					     .generation = 3 } };
	return true;
}

static inline void
pages_fini(struct pages *p)
{
	free(p->image);
	free(p->ledger);
}

/* A ledger without elements. */
static inline void
pages_ledger(struct pages *p)
{
	struct ledger_shape shape;

	p->view.ledger_size = ledger_bytes(PAGES_SET_SIZE);
	p->ledger = calloc(1, p->view.ledger_size);
	p->view.ledger = p->ledger;
	if (!shape_of(p->ledger, p->view.ledger_size, &shape))
		abort();
	shape_begin(&shape, p->view.ledger_size);
	shape.head->top = shape.capacity;
}

struct pages_grant {
	const char *client; /* NULL: this host */
	const char *destination;
	uint16_t port;
	uint32_t line;
	int64_t left_ms;
};

static inline struct ledger_element *
pages_grant(struct pages *p, uint32_t slot, const struct pages_grant *g)
{
	uint32_t capacity;
	struct ledger_element *e = (void *)(uintptr_t)ledger_elements(
	    p->view.ledger, p->view.ledger_size, &capacity);

	e += slot;
	e->version = 2;
	e->protocol = 6;
	e->port = g->port;
	e->line = g->line;
	e->end_ms = clock_ms() + g->left_ms;
	if (g->client != NULL)
		addr_parse(g->client, strlen(g->client), &e->client);
	addr_parse(g->destination, strlen(g->destination), &e->destination);
	return e;
}

#endif
