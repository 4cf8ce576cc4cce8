/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run: a few acts, each of disorder and then of peace. In disorder things
 * go wrong at rates of their own; in peace all must become right again, and
 * is looked at when nothing moves any more.
 */
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boss.h"
#include "calls.h"
#include "clients.h"
#include "explain.h"
#include "oracle.h"
#include "process.h"
#include "resolvers.h"
#include "rules.h"
#include "sets.h"
#include "trouble.h"
#include "universe.h"
#include "wires.h"
#include "world.h"

enum { PEACE_US = 9 * SECOND, SILENCE_US = 9 * SECOND, GENERATIONS = 60 };

static struct {
	int64_t pace_us; /* between two questions */
	bool asking, disorder;
	uint32_t unrest; /* how often of a thousand moments something is done */
} run;

/* ---- time goes on ------------------------------------------------------- */

static void
step(void)
{
	int64_t next;

	while (run_event())
		boss_turn();
	if (process_turn()) {
		oracle_on_step();
		boss_turn();
		return;
	}
	next = next_event_us();
	if (process_next_us() < next)
		next = process_next_us();
	boss_turn();
	if (next == INT64_MAX && !boss_has_ended())
		broken("nothing will ever happen again");
	if (next == INT64_MAX)
		return;
	if (next > now_us())
		time_passes(next - now_us());
}

static void
go_on_until(int64_t us)
{
	look_at_us(us);
	while (now_us() < us)
		step();
}

/* ---- what is done ------------------------------------------------------- */

static void
somebody_asks(void *arg, uint64_t number)
{
	(void)arg, (void)number;
	if (!run.asking)
		return;
	clients_ask();
	at_us(now_us() + between(1, 2 * run.pace_us), somebody_asks, NULL, 0);
}

static struct process *
somebody(void)
{
	struct process *p = process_at(below(PROCESS_MOST));

	if (p == NULL || p->ended || p->role == ROLE_CONTROL ||
	    p->role == ROLE_RECORDER)
		return NULL;
	return p;
}

static void
do_kill(void)
{
	struct process *p = somebody();

	if (p == NULL)
		return;
	if (per_mille(300))
		process_kill(p);
	else
		p->dies_in = 1 + below(300);
}

static void
do_stop(void)
{
	struct process *p = somebody();
	int64_t us = between(MS, per_mille(800) ? 300 * MS : 2500 * MS);

	if (p == NULL || p->stopped_us > now_us())
		return;
	p->stopped_us = now_us() + us;
	p->stopped_all_us += us;
	say("%s %u is stopped for %lld ms", role_name(p->role), p->index,
	    (long long)us / MS);
}

static void
do_reload(void)
{
	uint32_t next = boss_generation() + 1;

	if (next >= GENERATIONS)
		return;
	if (per_mille(800))
		rules_change(next);
	else
		rules_draw(next);
	boss_reload();
}

static void
do_owner(void)
{
	enum set_index set = below(SET_COUNT);

	switch (below(7)) {
	case 0:
		sets_drop_rules();
		break;
	case 2:
	case 3:
	case 4:
		sets_meddle();
		break;
	case 1:
		sets_drop_rules();
		sets_destroy(set);
		break;
	default:
		sets_flush(set);
		break;
	}
}

static void
do_revoke(void)
{
	boss_revoke(per_mille(200) ? -1 : (int)below(CLIENTS - 1));
}

static void
do_silence(void)
{
	unsigned upstream = below(UPSTREAMS);

	resolvers_silence(upstream, now_us() + between(MS, 6 * SECOND));
}

static uint32_t
rate(uint32_t most)
{
	return per_mille(500) ? 0 : below(most + 1);
}

static void
do_trouble(void)
{
	explain_note_trouble();
	trouble = (struct trouble){
		.socket = rate(20),
		.bind = rate(200),
		.send = rate(20),
		.loss = rate(200),
		.twice = rate(200),
		.late = rate(100),
		.forged = rate(100),
		.torn = rate(30),
		.cut = rate(100),
		.fails = rate(200),
		.reset = rate(100),
		.set_refuses = rate(50),
		.set_silent = rate(30),
		.set_slow = rate(5),
		.set_blind = rate(5),
	};
	process_unrest(rate(100));
}

static void
do_date(void)
{
	date_jumps(between(-(int64_t)86400 * 3650, (int64_t)86400 * 3650) *
		   SECOND);
}

static void
do_wait(void)
{
	run.pace_us = between(500, 40 * MS);
}

static void
something_happens(void *arg, uint64_t number)
{
	static void (*const deeds[])(void) = {
		do_kill,  do_stop,    do_stop,	  do_reload,  do_reload,
		do_owner, do_silence, do_trouble, do_trouble, boss_new_own,
		do_date,  do_wait,    do_revoke,
	};

	(void)arg, (void)number;
	if (!run.disorder)
		return;
	if (per_mille(run.unrest))
		deeds[below(sizeof(deeds) / sizeof(deeds[0]))]();
	at_us(now_us() + between(MS, 200 * MS), something_happens, NULL, 0);
}

/* ---- acts --------------------------------------------------------------- */

static void
begin_to_ask(void)
{
	run.asking = true;
	somebody_asks(NULL, 0);
}

static void
disorder(void)
{
	run.disorder = true;
	run.unrest = 100 + below(900);
	run.pace_us = between(500, 20 * MS);
	do_trouble();
	begin_to_ask();
	something_happens(NULL, 0);
	go_on_until(now_us() + between(3 * SECOND, 15 * SECOND));
	run.disorder = run.asking = false;
}

static void
no_trouble(void)
{
	explain_note_trouble();
	trouble = (struct trouble){ 0 };
	process_unrest(0);
	resolvers_speak();
	for (unsigned i = 0; i < PROCESS_MOST; i++) {
		struct process *p = process_at(i);

		if (p != NULL)
			p->dies_in = 0;
	}
}

/* Nobody asks, nobody is connected: all pools are full again. */
static void
look_for_slots(void)
{
	for (uint32_t i = 0; i < universe.workers; i++) {
		const struct process *p = process_of(ROLE_WORKER, i);

		if (p->slots != 0)
			broken("at rest: worker %u holds %d slots", i,
			       p->slots);
	}
}

static void
look_around(void)
{
	const struct worker_stats *stats[2];
	size_t size;
	const void *ledger = boss_ledger(&size);

	if (!boss_is_ready())
		broken("at rest: the firewall is not up, or somebody is "
		       "not ready");
	for (uint32_t i = 0; i < universe.workers; i++)
		stats[i] = boss_stats(i);
	clients_at_rest(stats, universe.workers);
	look_for_slots();
	oracle_at_rest(ledger, size);
}

static void
peace(void)
{
	say("---- peace");
	no_trouble();
	go_on_until(now_us() + between(SECOND, PEACE_US));
	run.pace_us = between(5 * MS, 40 * MS);
	begin_to_ask();
	go_on_until(now_us() + between(SECOND, PEACE_US));
	run.asking = false;
	clients_hang_up();
	go_on_until(now_us() + SILENCE_US);
	look_around();
}

static void
end(void)
{
	boss_stop();
	/* Nobody has a question left to wait for. */
	for (int64_t late = now_us() + SECOND; !boss_has_ended();) {
		if (now_us() > late)
			broken("somebody was told to stop and did not");
		step();
	}
}

/* ---- the beginning ------------------------------------------------------ */

static const char *
one_of(const char *a, const char *b, const char *c)
{
	uint32_t dice = below(3);

	return dice == 0 ? a : dice == 1 ? b : c;
}

/* The directory of settings is one that never has any. */
static void
draw_options(struct options *opt)
{
	char text[4096];
	char *none[] = { NULL };
	char *argv[] = { "dns-firewall",
			 "--config",
			 "/proc/self/task",
			 "--acl-file",
			 "acl",
			 "--firewall",
			 "iptables",
			 "--chain",
			 "SIM",
			 "--upstream",
			 "9.9.9.1,9.9.9.2,2a00:53::1",
			 "--bind",
			 "::",
			 "--bind-port",
			 "53",
			 "--max-connections",
			 "20",
			 "--workers",
			 (char *)one_of("1", "2", "2"),
			 "--set-size",
			 (char *)one_of("64", "1024", "1024"),
			 "--grace",
			 (char *)one_of("0", "5", "60"),
			 "--min-rule-time",
			 (char *)one_of("0", "5", "5"),
			 "--max-rule-time",
			 (char *)one_of("20", "300", "86400"),
			 "--serve-stale",
			 (char *)one_of("0", "0", "3600"),
			 "--cache-size",
			 (char *)one_of("0", "1", "1"),
			 "--max-client-grants",
			 (char *)one_of("6", "4096", "4096"),
			 "--max-addresses",
			 (char *)one_of("4", "32", "32"),
			 "--upstream-order",
			 (char *)one_of("strict", "fastest", "fastest"),
			 NULL };
	struct text complaint;

	text_init(&complaint, text, sizeof(text));
	if (options_gather((int)(sizeof(argv) / sizeof(argv[0])) - 1, argv,
			   none, opt, &complaint)
		.errand != ERRAND_RUN)
		broken("options: %s", text);
}

/* Entries that were there before us. */
static void
leave_entries(void)
{
	for (unsigned n = below(12); n > 0; n--) {
		int client = (int)below(CLIENTS - 1);
		struct said_port port = { .protocol = 6, .port = 443 };
		struct ledger_key key;

		explain_key(client, &universe.address[4 + below(40)], &port,
			    &key);
		if (set_family(key.set) !=
			universe.client[client].addr.family &&
		    !set_is_local(key.set))
			continue;
		sets_put(&key, per_mille(200)
				   ? FOR_EVER
				   : now_us() + between(SECOND,
							300 * (int64_t)SECOND));
	}
}

void
play(uint64_t seed, bool verbose)
{
	static struct options opt;

	world_begin(seed, verbose);
	calls_begin();
	draw_options(&opt);
	universe_begin(opt.workers);
	resolvers_begin();
	clients_begin();
	sets_begin(opt.set_size);
	rules_draw(1);
	leave_entries();
	boss_begin(&opt);
	oracle_begin(&opt, boss_board());
	go_on_until(now_us() + SECOND);
	for (unsigned acts = 1 + below(3); acts > 0; acts--) {
		disorder();
		peace();
	}
	end();
}
