/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker: everything a query meets on its way, put on one loop.
 *
 * It owns no decision. It builds the rooms from what it was handed, closes
 * the sandbox behind it, and from then on passes on news: a new policy, new
 * addresses of our own, new processes to talk to, the end. A policy is
 * swapped between two queries, so none sees half of one; without a warden
 * every grant fails and nothing is opened. It never opens a file or a
 * netlink socket.
 */
#include "listen/worker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "listen/chore.h"
#include "listen/listener.h"
#include "lists/member.h"
#include "proc/role.h"
#include "query/note.h"
#include "query/relay.h"

enum {
	TICK_MS = 100,
	DRAIN_MS = 3000,
	LETTERS_A_WAKE = 64,
	GRANTS_REMEMBERED = 65536,
	OTHER_DESCRIPTORS = 256
};

struct worker {
	struct role_kit *kit;
	/* counters of the other workers, and a NULL */
	const struct worker_stats *others[ROLE_MAX_WORKERS + 1];
	struct loop *loop;
	struct random random;
	struct query_house house;
	struct recording recording;
	struct relay relay;
	struct udp *udp;
	struct tcp *tcp;
	struct post post;
	struct ready supervisor, warden;
	struct due tick, drained;
	struct before_wait before_wait;
	bool draining;
	int status;
};

static void
stop(struct worker *w, int status)
{
	w->status = status;
	loop_stop(w->loop);
}

/* ---- what the supervisor sends ---------------------------------------- */

static void
take_policy(struct worker *w, const struct hand_letter *hand, int fd)
{
	struct policy new, old = w->house.policy;
	struct lists lists;
	enum err err = policy_open(fd, hand->generation, &new);

	if (err == ERR_NONE)
		err = lists_take(&new, &lists);
	if (err != ERR_NONE) {
		log_error("A new policy could not be mapped; "
			  "the old one stays");
		return;
	}
	policy_find_interfaces(&new, w->house.own);
	w->house.policy = new;
	query_take_lists(&w->house, &lists);
	granter_set_generation(w->house.granter, new.generation);
	recording_set_generation(&w->recording, new.generation);
	policy_close(&old);
	role_taken(w->kit, new.generation);
}

static void
take_own(struct worker *w, int fd)
{
	const struct own_addresses *new;

	if (own_open(fd, &new) != ERR_NONE) {
		log_error("New own addresses could not be mapped; the old "
			  "ones stay");
		return;
	}
	own_close(w->house.own);
	w->house.own = new;
	policy_find_interfaces(&w->house.policy, new);
}

/* Grants fail until another warden is handed. */
static void
part_from_warden(struct worker *w)
{
	int channel = w->kit->warden;

	if (channel == -1)
		return;
	ready_want(w->loop, &w->warden, false, false);
	w->kit->warden = -1;
	granter_set_channel(w->house.granter, -1);
	close(channel);
}

static void
on_acknowledged(void *owner, bool readable, bool writable)
{
	struct worker *w = owner;
	enum err err = granter_pump(w->house.granter);

	(void)readable, (void)writable;
	if (err == ERR_NONE || err == ERR_AGAIN)
		return;
	log_warn("The warden is gone (%s)", err_text(err));
	part_from_warden(w);
}

static void
watch_warden(struct worker *w)
{
	if (w->kit->warden == -1)
		return;
	ready_init(&w->warden, w->kit->warden, on_acknowledged, w);
	ready_want(w->loop, &w->warden, true, false);
}

static void
set_warden(struct worker *w, int channel)
{
	part_from_warden(w);
	w->kit->warden = channel;
	granter_set_channel(w->house.granter, channel);
	watch_warden(w);
}

static void
set_recorder(struct worker *w, int channel)
{
	if (w->kit->recorder != -1)
		close(w->kit->recorder);
	w->kit->recorder = channel;
	w->recording.channel = channel;
}

static void
on_hand(void *self, const void *letter, size_t size, int fd)
{
	struct worker *w = self;
	struct hand_letter hand;

	(void)size;
	memcpy(&hand, letter, sizeof(hand));
	if (fd == -1)
		return;
	switch ((enum hand)hand.hand) {
	case HAND_WARDEN:
		set_warden(w, fd);
		return;
	case HAND_RECORDER:
		set_recorder(w, fd);
		return;
	case HAND_LISTS:
		relay_take(&w->relay, fd);
		return;
	case HAND_POLICY:
		take_policy(w, &hand, fd);
		break;
	case HAND_OWN:
		take_own(w, fd);
		break;
	default:
		break;
	}
	close(fd);
}

static void
on_cache_do(void *self, const void *letter, size_t size, int fd)
{
	struct worker *w = self;
	struct cached_letter done;
	struct cache_letter wish;

	(void)size;
	memcpy(&wish, letter, sizeof(wish));
	chore_do(w->house.cache, loop_now_ms(w->loop), &wish, fd, &done);
	if (fd != -1)
		close(fd);
	post_send(w->kit->supervisor, &done, sizeof(done), -1);
}

static void
on_drain_over(void *owner)
{
	stop(owner, 0);
}

static void
on_stop(void *self, const void *letter, size_t size, int fd)
{
	struct worker *w = self;

	(void)letter, (void)size;
	if (fd != -1)
		close(fd);
	if (w->draining)
		return;
	w->draining = true;
	udp_stop_reading(w->udp);
	tcp_stop_reading(w->tcp);
	due_in(w->loop, &w->drained, DRAIN_MS);
}

static void
on_letter(void *owner, bool readable, bool writable)
{
	struct worker *w = owner;
	enum err err = post_pump(&w->post, LETTERS_A_WAKE);

	(void)readable, (void)writable;
	if (err == ERR_NONE || err == ERR_AGAIN)
		return;
	if (err != ERR_CLOSED)
		log_error("Supervisor's channel: %s", err_text(err));
	stop(w, 1);
}

/* ---- the loop's own moments ------------------------------------------- */

static void
on_tick(void *owner)
{
	struct worker *w = owner;

	granter_tick(w->house.granter, loop_now_ms(w->loop));
	due_in(w->loop, &w->tick, TICK_MS);
}

/* Answers leave after everything that came was looked at, so that they leave
 * together. */
static void
on_before_wait(void *owner)
{
	struct worker *w = owner;

	udp_flush(w->udp);
	recording_flush(&w->recording);
	if (w->draining && list_is_empty(&w->house.live))
		due_in(w->loop, &w->drained, 0);
}

/* ---- start ------------------------------------------------------------ */

/* Every question may have a socket for each of its tries. */
static void
raise_descriptors(const struct options *opt)
{
	rlim_t wanted = QUERY_POOL * UPSTREAM_TRIES + opt->max_connections +
			OTHER_DESCRIPTORS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static unsigned
worker_count(const struct options *opt)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (opt->workers > 0)
		return opt->workers;
	if (cpus < 1)
		return 1;
	return cpus < ROLE_MAX_WORKERS ? (unsigned)cpus : ROLE_MAX_WORKERS;
}

static enum err
open_images(struct worker *w)
{
	struct role_kit *kit = w->kit;
	enum err err =
	    policy_open(kit->policy, kit->generation, &w->house.policy);

	if (err == ERR_NONE)
		err = lists_take(&w->house.policy, &w->house.lists);
	if (err == ERR_NONE)
		err = own_open(kit->own, &w->house.own);
	if (err == ERR_NONE)
		policy_find_interfaces(&w->house.policy, w->house.own);
	close(kit->policy);
	close(kit->own);
	kit->policy = kit->own = -1;
	return err;
}

static enum err
make_granter(struct worker *w)
{
	const struct options *opt = w->kit->opt;
	struct granter_setup setup = {
		.channel = w->kit->warden,
		.epoch = w->kit->epoch,
		.memory = GRANTS_REMEMBERED,
		.grace_s = opt->grace_s,
		.board = w->kit->board,
		.stats = w->kit->stats,
	};
	enum err err = granter_new(&setup, &w->house.granter);

	if (err != ERR_NONE)
		return err;
	granter_set_generation(w->house.granter, w->kit->generation);
	/* No channel where there should be one: nothing may be granted. */
	if (opt->firewall != FIREWALL_NONE && w->kit->warden == -1)
		granter_set_channel(w->house.granter, -1);
	watch_warden(w);
	return ERR_NONE;
}

static enum err
make_upstreams(struct worker *w)
{
	struct upstream_setup setup = {
		.loop = w->loop,
		.opt = w->kit->opt,
		.random = &w->random,
		.stats = w->kit->stats,
		.most = QUERY_POOL,
	};

	return upstreams_new(&setup, &w->house.upstreams);
}

static void
find_others(struct worker *w)
{
	unsigned found = 0;

	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++)
		if (w->kit->all_stats[i] != NULL)
			w->others[found++] = w->kit->all_stats[i];
}

static enum err
make_listeners(struct worker *w)
{
	struct listen_setup setup = {
		.loop = w->loop,
		.house = &w->house,
		.opt = w->kit->opt,
		.stats = w->kit->stats,
		.count = ROLE_MAX_BINDS,
		.others = w->others,
	};
	enum err err;

	find_others(w);
	setup.fd = w->kit->udp;
	err = udp_new(&setup, &w->udp);
	if (err != ERR_NONE)
		return err;
	setup.fd = w->kit->tcp;
	return tcp_new(&setup, &w->tcp);
}

static enum err
make_house(struct worker *w)
{
	struct query_house *h = &w->house;
	enum err err;

	h->loop = w->loop;
	h->opt = w->kit->opt;
	h->board = w->kit->board;
	h->stats = w->kit->stats;
	h->random = &w->random;
	h->recording = &w->recording;
	h->relay = &w->relay;
	h->index = w->kit->index;
	h->workers = worker_count(w->kit->opt);
	recording_init(&w->recording, w->kit->recorder, w->kit->stats);
	recording_set_generation(&w->recording, w->kit->generation);
	w->recording.timed = note_is_detailed(h->opt);
	relay_init(&w->relay, w->loop);
	relay_take(&w->relay, w->kit->lists);
	if ((err = open_images(w)) != ERR_NONE ||
	    (err = make_granter(w)) != ERR_NONE ||
	    (err = make_upstreams(w)) != ERR_NONE)
		return err;
	return query_house_init(h);
}

static void
watch_supervisor(struct worker *w)
{
	w->post = (struct post){
		.channel = w->kit->supervisor,
		.self = ROLE_WORKER,
		.peer = ROLE_SUPERVISOR,
		.arg = w,
		.handler = { [POST_HAND] = on_hand,
			     [POST_STOP] = on_stop,
			     [POST_CACHE_DO] = on_cache_do },
	};
	ready_init(&w->supervisor, w->kit->supervisor, on_letter, w);
	ready_want(w->loop, &w->supervisor, true, false);
	due_init(&w->tick, on_tick, w);
	due_in(w->loop, &w->tick, TICK_MS);
	due_init(&w->drained, on_drain_over, w);
	before_wait_init(w->loop, &w->before_wait, on_before_wait, w);
}

static enum err
worker_start(struct worker *w)
{
	enum err err;

	raise_descriptors(w->kit->opt);
	w->loop = loop_new();
	if (w->loop == NULL)
		return ERR_SYSTEM;
	random_init(&w->random);
	if ((err = make_house(w)) != ERR_NONE ||
	    (err = make_listeners(w)) != ERR_NONE)
		return err;
	watch_supervisor(w);
	if ((err = role_enter_sandbox(w->kit)) != ERR_NONE)
		return err;
	return role_ready(w->kit);
}

static void
worker_end(struct worker *w)
{
	tcp_free(w->tcp);
	query_house_fini(&w->house);
	udp_flush(w->udp);
	udp_free(w->udp);
	recording_flush(&w->recording);
	relay_take(&w->relay, -1);
	upstreams_free(w->house.upstreams);
	granter_free(w->house.granter);
	policy_close(&w->house.policy);
	own_close(w->house.own);
	loop_free(w->loop);
	free(w);
}

int
worker_main(struct role_kit *kit)
{
	struct worker *w = calloc(1, sizeof(*w));
	enum err err;
	int status;

	if (w == NULL)
		return 1;
	w->kit = kit;
	err = worker_start(w);
	if (err != ERR_NONE) {
		/* The process ends; what was made ends with it. */
		log_error("Worker %u cannot start: %s", kit->index,
			  err_text(err));
		return 1;
	}
	loop_run(w->loop);
	status = w->status;
	worker_end(w);
	return status;
}
