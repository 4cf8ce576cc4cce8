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
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/role.h"
#include "record/access.h"
#include "record/queue.h"

enum {
	DRAIN_MS = 1000, /* after POST_STOP */
	PUMP_AT_ONCE = 64
};

struct recorder {
	struct role_kit *kit;
	struct post supervisor;
	struct post worker[ROLE_MAX_WORKERS];
	struct line_queue queue;
	bool reader_busy;
	bool stopping;
	int64_t stop_ms; /* when draining ends */
	struct log_limit say_dropped, say_failed;
};

static void
on_record(void *self, const void *letter, size_t size, int fd)
{
	struct recorder *r = self;
	const struct {
		struct record_letter head;
		struct record_item item[];
	} *l = letter;
	char buf[ACCESS_LINE_SIZE];
	struct text line;

	(void)size;
	if (fd != -1)
		close(fd);
	r->queue.dropped += l->head.lost;
	for (unsigned i = 0; i < l->head.head.count; i++) {
		text_init(&line, buf, sizeof(buf));
		access_print(&l->item[i], &line);
		queue_add(&r->queue, line.buf, line.len);
	}
}

static void
part_from(struct recorder *r, unsigned index)
{
	struct post *p = &r->worker[index];

	if (p->channel != -1)
		close(p->channel);
	p->channel = -1;
}

static void
read_worker(struct recorder *r, unsigned index)
{
	enum err err = post_pump(&r->worker[index], PUMP_AT_ONCE);

	if (err == ERR_NONE)
		return;
	if (err != ERR_CLOSED)
		log_error("worker %u broke its channel to the recorder: %s",
			  index, err_text(err));
	part_from(r, index);
}

/* What the last worker of this number said comes before its successor. */
static void
take_worker(struct recorder *r, unsigned index, int fd)
{
	struct post *p = &r->worker[index];

	while (p->channel != -1 && post_pump(p, 1) == ERR_NONE &&
	       poll(&(struct pollfd){ .fd = p->channel, .events = POLLIN }, 1,
		    0) == 1)
		;
	part_from(r, index);
	*p = (struct post){ .channel = fd,
			    .self = ROLE_RECORDER,
			    .peer = ROLE_WORKER,
			    .arg = r,
			    .handler = { [POST_RECORD] = on_record } };
}

static void
on_hand(void *self, const void *letter, size_t size, int fd)
{
	const struct hand_letter *hand = letter;

	(void)size;
	if (fd == -1)
		return;
	if (hand->hand == HAND_WORKER && hand->index < ROLE_MAX_WORKERS)
		take_worker(self, hand->index, fd);
	else
		close(fd);
}

static void
begin_to_stop(struct recorder *r)
{
	if (r->stopping)
		return;
	r->stopping = true;
	r->stop_ms = clock_ms() + DRAIN_MS;
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

static void
read_supervisor(struct recorder *r)
{
	if (post_pump(&r->supervisor, PUMP_AT_ONCE) == ERR_NONE)
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

static void
write_lines(struct recorder *r)
{
	enum err err = queue_write(&r->queue, r->kit->output);
	uint64_t missed;

	r->reader_busy = err == ERR_AGAIN;
	if (err == ERR_SYSTEM && log_may(&r->say_failed, clock_ms(), &missed))
		log_error("access log cannot be written: %s", err_text(err));
	say_dropped(r);
}

/* True where anything may still come out within the time left. */
static bool
has_work(struct recorder *r)
{
	if (!r->stopping)
		return true;
	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++)
		if (r->worker[i].channel != -1)
			read_worker(r, i);
	write_lines(r);
	return r->queue.len > 0 && clock_ms() < r->stop_ms;
}

static int
wait_ms(const struct recorder *r)
{
	if (r->stopping)
		return 50;
	return r->queue.dropped > 0 ? 1000 : -1;
}

/* Workers up to the last that has a channel: poll(2) takes no more entries
 * than there may be descriptors. */
static unsigned
workers_in_use(const struct recorder *r)
{
	unsigned n = ROLE_MAX_WORKERS;

	while (n > 0 && r->worker[n - 1].channel == -1)
		n--;
	return n;
}

enum { AT_SUPERVISOR, AT_OUTPUT, AT_WORKERS };

static void
turn(struct recorder *r)
{
	struct pollfd at[AT_WORKERS + ROLE_MAX_WORKERS];
	unsigned workers = workers_in_use(r);

	at[AT_SUPERVISOR] =
	    (struct pollfd){ .fd = r->supervisor.channel, .events = POLLIN };
	at[AT_OUTPUT] =
	    (struct pollfd){ .fd = r->reader_busy ? r->kit->output : -1,
			     .events = POLLOUT };
	for (unsigned i = 0; i < workers; i++)
		at[AT_WORKERS + i] = (struct pollfd){
			.fd = r->worker[i].channel, .events = POLLIN
		};
	if (poll(at, AT_WORKERS + workers, wait_ms(r)) == -1)
		return;
	for (unsigned i = 0; i < workers; i++)
		if (at[AT_WORKERS + i].revents != 0)
			read_worker(r, i);
	if (at[AT_SUPERVISOR].revents != 0)
		read_supervisor(r);
	write_lines(r);
}

static void
recorder_init(struct recorder *r, struct role_kit *kit)
{
	*r = (struct recorder){ .kit = kit };
	r->supervisor = (struct post){
		.channel = kit->supervisor,
		.self = ROLE_RECORDER,
		.peer = ROLE_SUPERVISOR,
		.arg = r,
		.handler = { [POST_HAND] = on_hand, [POST_STOP] = on_stop }
	};
	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++) {
		r->worker[i].channel = -1;
		if (kit->worker[i] != -1)
			take_worker(r, i, kit->worker[i]);
	}
}

int
recorder_main(struct role_kit *kit)
{
	struct recorder r;

	recorder_init(&r, kit);
	/* A reader that is gone is a write that fails. */
	signal(SIGPIPE, SIG_IGN);
	if (queue_init(&r.queue) != ERR_NONE)
		return 1;
	if (role_enter_sandbox(kit) != ERR_NONE ||
	    role_ready(kit) != ERR_NONE) {
		queue_fini(&r.queue);
		return 1;
	}
	while (has_work(&r))
		turn(&r);
	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++)
		part_from(&r, i);
	queue_fini(&r.queue);
	return 0;
}
