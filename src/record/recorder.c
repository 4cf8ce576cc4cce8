/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The recorder: the only process that writes the access log.
 *
 * It reads letters of fixed size from the workers and prints one line for
 * each item. Its reader may be a terminal, a pipe, a socket or a file, and
 * may stall: then lines wait in a queue of fixed size, and what finds no
 * room is dropped whole, counted, and said on the application log when the
 * reader is back. It never makes a worker wait.
 */
#include "record/recorder.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/role.h"
#include "record/queue.h"
#include "record/scribe.h"

enum {
	DRAIN_MS = 1000, /* after POST_STOP */
	PUMP_AT_ONCE = 64,
	ASK_MS = 1000
};

struct recorder;

/* One worker as the recorder knows it. */
struct author {
	struct recorder *recorder;
	struct post post;
	int newcomer; /* channel of its successor, not yet taken; -1: none */
	bool broke;   /* sent what no worker of ours sends */
	struct scribe_chain chain;
};

struct recorder {
	struct role_kit *kit;
	struct post supervisor;
	struct author worker[ROLE_MAX_WORKERS];
	struct post witness; /* channel -1: none */
	int witness_newcomer; /* as author.newcomer */
	struct line_queue queue;
	struct scribe scribe;
	struct past past; /* of queries, for those who look back */
	int out; /* who reads it: standard output, or the journal */
	bool reader_busy;
	bool journal_is_gone;
	int64_t ask_ms; /* for another one, when next */
	bool stopping;
	int64_t stop_ms; /* when draining ends */
	struct log_limit say_dropped, say_failed;
	int64_t say_left_out_ms; /* when next */
};

static void
begin_to_stop(struct recorder *r)
{
	if (r->stopping)
		return;
	r->stopping = true;
	r->stop_ms = clock_ms() + DRAIN_MS;
}

static void
read_supervisor(struct recorder *r)
{
	if (r->supervisor.channel == -1 ||
	    post_pump(&r->supervisor, PUMP_AT_ONCE) == ERR_NONE)
		return;
	r->supervisor.channel = -1;
	begin_to_stop(r);
}

static void
say_dropped(struct recorder *r)
{
	uint64_t missed, n = r->queue.dropped;

	if (n == 0 || r->reader_busy)
		return;
	if (!r->stopping && !log_may(&r->say_dropped, clock_ms(), &missed))
		return;
	log_warn("%llu access log lines dropped", (unsigned long long)n);
	r->queue.dropped = 0;
}

/* How often what was left out is said depends on how long a line stands for
 * those like it. */
static void
say_left_out(struct recorder *r)
{
	struct repeat *repeat = &r->scribe.repeat;
	int64_t now_ms = clock_ms();

	if (repeat->left_out == 0 ||
	    (!r->stopping && now_ms < r->say_left_out_ms))
		return;
	if (r->say_left_out_ms != 0 || r->stopping) {
		log_info("%llu repeated access log lines left out",
			 (unsigned long long)repeat->left_out);
		repeat->left_out = 0;
	}
	r->say_left_out_ms = now_ms + repeat->time_ms;
}

/* Only the supervisor can connect to it anew. */
static void
ask_for_journal(struct recorder *r)
{
	struct plain_letter gone = { 0 };

	if (!r->journal_is_gone)
		log_warn("The journal is gone; lines wait for it as far as "
			 "there is room");
	r->journal_is_gone = true;
	if (clock_ms() < r->ask_ms)
		return;
	r->ask_ms = clock_ms() + ASK_MS;
	post_head(&gone.head, POST_JOURNAL_GONE, 0);
	post_send(r->supervisor.channel, &gone, sizeof(gone), -1);
}

static void
write_lines(struct recorder *r)
{
	enum err err = queue_write(&r->queue, r->out);
	uint64_t missed;

	r->reader_busy = err == ERR_AGAIN;
	rpz_log_write(&r->scribe.rpz);
	if (err == ERR_CLOSED)
		ask_for_journal(r);
	if (err == ERR_SYSTEM && log_may(&r->say_failed, clock_ms(), &missed))
		log_error("access log cannot be written: %s", err_text(err));
	say_dropped(r);
	say_left_out(r);
}

static void
on_record(void *self, const void *letter, size_t size, int fd)
{
	struct author *author = self;
	struct recorder *r = author->recorder;
	const struct {
		struct record_letter head;
		struct record_item item[];
	} *l = letter;

	(void)size;
	if (fd != -1)
		close(fd);
	if (author->broke)
		return;
	/* A turn may read more than there is room for. */
	if (r->queue.len > r->queue.room / 2 && !r->reader_busy)
		write_lines(r);
	r->queue.dropped += l->head.lost;
	/* The supervisor told us of a policy before it told the worker. */
	if (!scribe_knows(&r->scribe, l->head.generation))
		read_supervisor(r);
	author->broke = scribe_write(&r->scribe, &l->head, l->item,
				     &author->chain) != ERR_NONE;
}

static void
part_from(struct recorder *r, unsigned index)
{
	struct post *p = &r->worker[index].post;

	if (p->channel != -1)
		close(p->channel);
	p->channel = -1;
}

/* ERR_NONE where there may be more to come. */
static enum err
read_worker(struct recorder *r, unsigned index, unsigned most)
{
	struct author *author = &r->worker[index];
	enum err err = post_pump(&author->post, most);

	if (author->broke)
		err = ERR_BROKEN;
	if (err == ERR_NONE)
		return ERR_NONE;
	if (err != ERR_CLOSED)
		log_error("worker %u broke its channel to the recorder: %s",
			  index, err_text(err));
	part_from(r, index);
	return err;
}

/* What the last worker of this number said comes before its successor. */
static void
take_worker(struct recorder *r, unsigned index, int fd)
{
	struct author *author = &r->worker[index];
	struct pollfd at = { .fd = author->post.channel, .events = POLLIN };

	while (author->post.channel != -1 && poll(&at, 1, 0) == 1 &&
	       read_worker(r, index, 1) == ERR_NONE)
		;
	part_from(r, index);
	*author = (struct author){
		.recorder = r,
		.newcomer = -1,
		.post = { .channel = fd,
			  .self = ROLE_RECORDER,
			  .peer = ROLE_WORKER,
			  .arg = author,
			  .handler = { [POST_RECORD] = on_record } }
	};
}

static void
on_refused(void *self, const void *letter, size_t size, int fd)
{
	struct recorder *r = self;
	const struct refused_letter *refused = letter;

	(void)size;
	(void)fd;
	if (!scribe_knows(&r->scribe, refused->generation))
		read_supervisor(r);
	if (scribe_refused(&r->scribe, refused) != ERR_NONE)
		log_error("The witness sent what is no refusal");
}

static void
part_from_witness(struct recorder *r)
{
	if (r->witness.channel != -1)
		close(r->witness.channel);
	r->witness.channel = -1;
}

static void
read_witness(struct recorder *r)
{
	if (r->witness.channel != -1 &&
	    post_pump(&r->witness, PUMP_AT_ONCE) != ERR_NONE)
		part_from_witness(r);
}

static void
take_witness(struct recorder *r, int fd)
{
	read_witness(r);
	part_from_witness(r);
	r->witness =
	    (struct post){ .channel = fd,
			   .self = ROLE_RECORDER,
			   .peer = ROLE_WITNESS,
			   .arg = r,
			   .handler = { [POST_REFUSED] = on_refused } };
}

/* Not at once when they are handed: a worker may just be being read. */
static void
take_newcomers(struct recorder *r)
{
	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++)
		if (r->worker[i].newcomer != -1)
			take_worker(r, i, r->worker[i].newcomer);
	if (r->witness_newcomer != -1)
		take_witness(r, r->witness_newcomer);
	r->witness_newcomer = -1;
}

static void
take_journal(struct recorder *r, int fd)
{
	close(r->out);
	r->out = fd;
	r->reader_busy = false;
	if (r->journal_is_gone)
		log_info("The journal is back");
	r->journal_is_gone = false;
}

static void
on_hand(void *self, const void *letter, size_t size, int fd)
{
	const struct hand_letter *hand = letter;
	struct recorder *r = self;

	(void)size;
	if (fd == -1)
		return;
	if (hand->hand == HAND_WORKER && hand->index < ROLE_MAX_WORKERS) {
		if (r->worker[hand->index].newcomer != -1)
			close(r->worker[hand->index].newcomer);
		r->worker[hand->index].newcomer = fd;
		return;
	}
	if (hand->hand == HAND_WITNESS) {
		if (r->witness_newcomer != -1)
			close(r->witness_newcomer);
		r->witness_newcomer = fd;
		return;
	}
	if (hand->hand == HAND_RPZ_LOG) {
		rpz_log_take(&r->scribe.rpz, fd);
		return;
	}
	if (hand->hand == HAND_JOURNAL) {
		take_journal(r, fd);
		return;
	}
	if (hand->hand == HAND_POLICY)
		scribe_take_policy(&r->scribe, fd, hand->generation);
	close(fd);
}

static void
on_stop(void *self, const void *letter, size_t size, int fd)
{
	(void)letter;
	(void)size;
	if (fd != -1)
		close(fd);
	begin_to_stop(self);
}

/* True where anything may still come out within the time left. */
static bool
has_work(struct recorder *r)
{
	if (!r->stopping)
		return true;
	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++)
		if (r->worker[i].post.channel != -1)
			read_worker(r, i, PUMP_AT_ONCE);
	read_witness(r);
	write_lines(r);
	return r->queue.len > 0 && clock_ms() < r->stop_ms;
}

static int
wait_ms(const struct recorder *r)
{
	if (r->stopping)
		return 50;
	if (r->journal_is_gone || r->queue.dropped > 0 ||
	    r->scribe.repeat.left_out > 0)
		return 1000;
	return -1;
}

/* Workers up to the last that has a channel: poll(2) takes no more entries
 * than there may be descriptors. */
static unsigned
workers_in_use(const struct recorder *r)
{
	unsigned n = ROLE_MAX_WORKERS;

	while (n > 0 && r->worker[n - 1].post.channel == -1)
		n--;
	return n;
}

enum { AT_SUPERVISOR, AT_OUTPUT, AT_WITNESS, AT_WORKERS };

static void
turn(struct recorder *r)
{
	struct pollfd at[AT_WORKERS + ROLE_MAX_WORKERS];
	unsigned workers = workers_in_use(r);

	at[AT_SUPERVISOR] =
	    (struct pollfd){ .fd = r->supervisor.channel, .events = POLLIN };
	at[AT_OUTPUT] =
	    (struct pollfd){ .fd = r->reader_busy ? r->out : -1,
			     .events = POLLOUT };
	at[AT_WITNESS] =
	    (struct pollfd){ .fd = r->witness.channel, .events = POLLIN };
	for (unsigned i = 0; i < workers; i++)
		at[AT_WORKERS + i] = (struct pollfd){
			.fd = r->worker[i].post.channel, .events = POLLIN
		};
	if (poll(at, AT_WORKERS + workers, wait_ms(r)) == -1)
		return;
	for (unsigned i = 0; i < workers; i++)
		if (at[AT_WORKERS + i].revents != 0)
			read_worker(r, i, PUMP_AT_ONCE);
	if (at[AT_WITNESS].revents != 0)
		read_witness(r);
	if (at[AT_SUPERVISOR].revents != 0)
		read_supervisor(r);
	take_newcomers(r);
	write_lines(r);
}

/* Without it the log is as good as ever. */
static void
open_past(struct recorder *r, int fd)
{
	size_t size = past_bytes(PAST_QUERIES);
	void *map = fd == -1 ? NULL : role_map(fd, size, true);

	if (map && past_open(map, size, &r->past) == ERR_NONE)
		r->scribe.past = &r->past;
	if (fd != -1)
		close(fd);
}

static enum err
recorder_init(struct recorder *r, struct role_kit *kit)
{
	*r = (struct recorder){ .kit = kit,
				.witness.channel = -1,
				.witness_newcomer = kit->witness,
				.out = kit->opt->log_journal ? kit->journal
							     : kit->output };
	r->supervisor = (struct post){
		.channel = kit->supervisor,
		.self = ROLE_RECORDER,
		.peer = ROLE_SUPERVISOR,
		.arg = r,
		.handler = { [POST_HAND] = on_hand, [POST_STOP] = on_stop }
	};
	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++) {
		r->worker[i].post.channel = -1;
		r->worker[i].newcomer = kit->worker[i];
	}
	take_newcomers(r);
	if (queue_init(&r->queue, kit->opt->log_journal) != ERR_NONE ||
	    scribe_init(&r->scribe, kit->opt, &r->queue) != ERR_NONE ||
	    rpz_log_init(&r->scribe.rpz, kit->rpz_log) != ERR_NONE)
		return ERR_SYSTEM;
	open_past(r, kit->past);
	kit->past = -1;
	if (kit->policy == -1)
		return ERR_NONE;
	scribe_take_policy(&r->scribe, kit->policy, kit->generation);
	close(kit->policy);
	kit->policy = -1;
	return ERR_NONE;
}

static void
recorder_fini(struct recorder *r)
{
	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++)
		part_from(r, i);
	part_from_witness(r);
	scribe_fini(&r->scribe);
	queue_fini(&r->queue);
	free(r);
}

int
recorder_main(struct role_kit *kit)
{
	struct recorder *r = malloc(sizeof(*r));
	enum err err;

	/* A reader that is gone is a write that fails. */
	signal(SIGPIPE, SIG_IGN);
	if (r == NULL)
		return 1;
	err = recorder_init(r, kit);
	if (err == ERR_NONE)
		err = role_enter_sandbox(kit);
	if (err == ERR_NONE)
		err = role_ready(kit);
	while (err == ERR_NONE && has_work(r))
		turn(r);
	recorder_fini(r);
	return err == ERR_NONE ? 0 : 1;
}
