/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * It does what src/proc/supervisor.c and start.c do, and no more: recorder,
 * warden, rules, then workers and control; who dies is replaced.
 */
#include "boss.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients.h"
#include "explain.h"
#include "firewall/ledger.h"
#include "policy/compile.h"
#include "proc/crew.h"
#include "proc/doors.h"
#include "process.h"
#include "rules.h"
#include "sets.h"
#include "universe.h"
#include "wires.h"
#include "world.h"

enum { ACL_ROOM = 16384, LETTERS_A_TURN = 64, OWN_ADDRESSES = 6 };

static struct {
	struct options opt;
	struct crew crew;
	bool placing, stopping;
	const struct board *board;
	const void *ledger;
	size_t ledger_size;
	const struct worker_stats *stats[2];
	uint32_t own_drawn; /* bit i: number i is ours */
} boss;

const struct board *
boss_board(void)
{
	return boss.board;
}

const void *
boss_ledger(size_t *size_out)
{
	*size_out = boss.ledger_size;
	return boss.ledger;
}

const struct worker_stats *
boss_stats(uint32_t worker)
{
	return boss.stats[worker];
}

uint32_t
boss_generation(void)
{
	return boss.crew.generation;
}

/* ---- what children are handed ------------------------------------------- */

static int
compare_addresses(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct addr));
}

static int
own_image(void)
{
	static const char *const addresses[OWN_ADDRESSES] = {
		"127.0.0.1", "10.0.1.1",   "fd00:1::1",
		"::1",	     "93.184.0.9", "2a00:5::9"
	};
	static struct own_addresses own;
	int fd = -1;

	memset(&own, 0, sizeof(own));
	explain_own_begin();
	for (unsigned i = 0; i < OWN_ADDRESSES; i++) {
		if (!(boss.own_drawn >> i & 1))
			continue;
		own.addr[own.count] = universe_addr(addresses[i]);
		explain_own(&own.addr[own.count++]);
	}
	qsort(own.addr, own.count, sizeof(own.addr[0]), compare_addresses);
	own.interface_count = 1;
	own.interface[0].index = 2;
	strcpy(own.interface[0].name, "lan0");
	if (door_sealed_copy("own", &own, sizeof(own), &fd) != ERR_NONE)
		broken("no memory for own addresses");
	return fd;
}

static int
policy_image(uint32_t generation)
{
	static char text[ACL_ROOM], said[ACL_ROOM];
	struct policy_source source = { .name = "acl", .text = text };
	struct text complaints;
	void *image;
	size_t size;
	int fd = -1;

	text_init(&complaints, said, sizeof(said));
	source.len = rules_print(generation, text, sizeof(text));
	explain_forget(generation);
	if (is_verbose())
		say("policy %u:\n%s", generation, text);
	if (policy_compile(&source, &image, &size, &complaints) != ERR_NONE)
		broken("a policy was refused: %s", said);
	if (door_sealed_copy("policy", image, size, &fd) != ERR_NONE)
		broken("no memory for a policy");
	free(image);
	return fd;
}

static void
make_sockets(uint32_t worker)
{
	struct thing *door = thing_new(THING_DOOR);
	struct thing *listener = thing_new(THING_LISTENER);

	door->worker = listener->worker = worker;
	/* An IPv6 socket for both, or the net is IPv4 alone. */
	door->six = true;
	thing_keep(door);
	thing_keep(listener);
	boss.crew.udp[0][worker] = wires_open(door, NULL);
	boss.crew.tcp[0][worker] = wires_open(listener, NULL);
	clients_meet(worker, door, listener);
}

static void
map_pages(void)
{
	struct crew *c = &boss.crew;

	boss.board = role_map(c->board_ro, sizeof(*boss.board), false);
	boss.ledger = role_map(c->ledger_ro, boss.ledger_size, false);
	for (uint32_t i = 0; i < c->workers; i++)
		boss.stats[i] =
		    role_map(c->stats_ro[i], sizeof(**boss.stats), false);
}

/* ---- children ----------------------------------------------------------- */

static void
start(struct child *child)
{
	process_next(child->role, child->index);
	if (crew_start(&boss.crew, child) != ERR_NONE)
		broken("a child cannot be started");
}

static void
start_role(enum role role)
{
	for (unsigned i = 0; i < boss.crew.count; i++) {
		if (boss.crew.child[i].role == role &&
		    boss.crew.child[i].starts == 0)
			start(&boss.crew.child[i]);
	}
}

static void
place_rules(void *arg, uint64_t number)
{
	struct child *warden = crew_find(&boss.crew, ROLE_WARDEN);
	bool placed = sets_place_rules();

	(void)arg, (void)number;
	boss.placing = false;
	if (warden->channel != -1)
		child_tell(warden, POST_RULES_PLACED, 0,
			   placed ? RULES_STAND : RULES_REFUSED);
	start_role(ROLE_WORKER);
	start_role(ROLE_CONTROL);
}

static void
want_rules(void)
{
	if (boss.placing)
		return;
	boss.placing = true;
	at_us(now_us() + between(MS, 100 * MS), place_rules, NULL, 0);
}

static void
on_ready(void *self, const void *letter, size_t size, int fd)
{
	struct child *child = self;

	(void)letter, (void)size, (void)fd;
	child->ready = true;
	say("%s %u is ready", role_name(child->role), child->index);
	if (child->role == ROLE_WARDEN)
		want_rules();
}

static void
on_taken(void *self, const void *letter, size_t size, int fd)
{
	struct child *child = self;
	struct plain_letter taken;

	(void)size, (void)fd;
	memcpy(&taken, letter, sizeof(taken));
	child->taken = taken.value;
}

static void
on_rules_gone(void *self, const void *letter, size_t size, int fd)
{
	(void)self, (void)letter, (void)size, (void)fd;
	want_rules();
}

static void
on_bad_worker(void *self, const void *letter, size_t size, int fd)
{
	(void)self, (void)letter, (void)size, (void)fd;
	broken("the warden accuses a worker that has done nothing");
}

static void
on_revoked(void *self, const void *letter, size_t size, int fd)
{
	(void)self, (void)letter, (void)size, (void)fd;
}

static void
hear(struct child *child)
{
	enum err err;

	child->post.arg = child;
	child->post.handler[POST_READY] = on_ready;
	child->post.handler[POST_TAKEN] = on_taken;
	child->post.handler[POST_RULES_GONE] = on_rules_gone;
	child->post.handler[POST_BAD_WORKER] = on_bad_worker;
	child->post.handler[POST_REVOKE_DONE] = on_revoked;
	err = post_pump(&child->post, LETTERS_A_TURN);
	if (err == ERR_BROKEN)
		broken("the %s breaks the table of letters",
		       role_name(child->role));
	if (err == ERR_NONE)
		return;
	child_kill(child);
	close(child->channel);
	child->channel = -1;
}

static void
reap(struct child *child)
{
	struct process *p = process_find(child->pid);

	if (p == NULL || !p->ended)
		return;
	/* A warden that the kernel does not answer tries again. */
	if (!boss.stopping && p->status != 9 &&
	    !(p->role == ROLE_WARDEN && explain_kernel_was_hindered()))
		broken("%s %u ended by itself, status %d", role_name(p->role),
		       p->index, p->status);
	if (boss.stopping && p->status != 0)
		broken("%s %u was told to stop and ended with status %d",
		       role_name(p->role), p->index, p->status);
	if (p->role == ROLE_WORKER)
		clients_lose(p->index);
	process_reap(p);
	child_ended(child, now_us() / MS);
	if (boss.stopping)
		child->restart_ms = 0;
	else if (child->restart_ms > now_us() / MS)
		look_at_us(child->restart_ms * MS);
}

void
boss_turn(void)
{
	for (unsigned i = 0; i < boss.crew.count; i++) {
		struct child *child = &boss.crew.child[i];

		if (child->channel != -1 &&
		    thing_ready(wires_thing(child->channel)) & 1)
			hear(child);
		if (child->pid != 0)
			reap(child);
		if (child->restart_ms == 0 || child->restart_ms > now_us() / MS)
			continue;
		child->restart_ms = 0;
		start(child);
	}
}

bool
boss_is_ready(void)
{
	for (unsigned i = 0; i < boss.crew.count; i++) {
		if (!boss.crew.child[i].ready)
			return false;
	}
	return boss.board->firewall_up != 0;
}

/* ---- news --------------------------------------------------------------- */

bool
boss_reload(void)
{
	if (crew_has_not_taken(&boss.crew) != NULL)
		return false;
	crew_new_policy(&boss.crew, policy_image(boss.crew.generation + 1));
	return true;
}

void
boss_new_own(void)
{
	boss.own_drawn ^= 1u << (4 + below(2));
	say("our addresses change");
	crew_new_own(&boss.crew, own_image());
}

void
boss_revoke(int client)
{
	struct child *warden = crew_find(&boss.crew, ROLE_WARDEN);
	struct revoke_letter wish = { .scope = REVOKE_ALL };
	const struct inhabitant *who =
	    &universe.client[client < 0 ? 0 : client];

	if (warden->channel == -1)
		return;
	if (client >= 0) {
		wish.scope = who->local ? REVOKE_LOCAL : REVOKE_NET;
		wish.net = (struct net){ .addr = who->addr };
		wish.net.bits = who->addr.family == 4 ? 32 : 128;
	}
	if (wish.scope != REVOKE_NET)
		wish.net = (struct net){ 0 };
	post_head(&wish.head, POST_REVOKE_DO, 0);
	if (post_send(warden->channel, &wish, sizeof(wish), -1) != ERR_NONE)
		return;
	say("grants of client %d are revoked", client);
	for (int i = 0; i < CLIENTS; i++) {
		if (client < 0 || i == client ||
		    (who->local && universe.client[i].local))
			explain_revoke(i);
	}
}

void
boss_stop(void)
{
	boss.stopping = true;
	for (unsigned i = 0; i < boss.crew.count; i++) {
		struct child *child = &boss.crew.child[i];

		child->stopping = true;
		child->restart_ms = 0;
		if (child->pid != 0)
			child_tell(child, POST_STOP, 0, 0);
	}
}

bool
boss_has_ended(void)
{
	for (unsigned i = 0; i < boss.crew.count; i++) {
		if (boss.crew.child[i].pid != 0)
			return false;
	}
	return true;
}

void
boss_begin(const struct options *opt)
{
	struct crew_memory memory = { 0 };
	struct crew *c = &boss.crew;

	boss.opt = *opt;
	boss.own_drawn = 0xf;
	boss.ledger_size = ledger_bytes(opt->set_size);
	memory.ledger = boss.ledger_size;
	if (crew_init(c, &boss.opt, &memory) != ERR_NONE ||
	    door_sealed_copy("options", opt, sizeof(*opt), &c->options))
		broken("no memory to begin with");
	c->families = ROLE_IPV4 | ROLE_IPV6;
	c->own = own_image();
	c->policy = policy_image(1);
	c->generation = 1;
	for (uint32_t i = 0; i < c->workers; i++)
		make_sockets(i);
	map_pages();
	start_role(ROLE_RECORDER);
	start_role(ROLE_WARDEN);
}
