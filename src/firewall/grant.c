/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the warden, and waiting for it.
 *
 * The step `grant` of a query calls grant_ask() with what its answer needs;
 * the answer leaves when every letter is acknowledged. This half promises
 * that nothing counts as granted but what the warden acknowledged for this
 * very letter, and that an acknowledgement that comes after its query is
 * gone wakes nobody.
 *
 * Letters are kept until they are acknowledged, at most LETTERS of them;
 * those the socket does not take at once are sent as acknowledgements come
 * in.
 */
#include "firewall/grant.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "firewall/memory.h"
#include "proc/post.h"

enum { LETTERS = 256, ITEMS = 64, PUMP_AT_ONCE = 64, LOST_MS = 10000 };

enum letter_state { FREE, QUEUED, SENT };

/* A letter on its way, in the place that its seq gives it. */
struct flight {
	enum letter_state state;
	struct grant_wait *wait; /* NULL: nobody waits any more */
	int64_t sent_ms;
	struct {
		struct grant_letter head;
		struct grant_item item[ITEMS];
	} letter;
};

struct granter {
	struct granter_setup setup;
	bool none; /* no firewall: everything is granted */
	struct post post;
	uint32_t generation, set_epoch;
	uint32_t first, next; /* seq of the oldest letter, of the next one */
	uint32_t to_send;     /* seq of the first that may be QUEUED */
	struct list waits;
	struct memory memory;
	struct flight flight[LETTERS];
};

static struct flight *
flight_of(struct granter *g, uint32_t seq)
{
	return &g->flight[seq % LETTERS];
}

static void
count_up(_Atomic uint64_t *counter, uint64_t by)
{
	/* One writer: no need to lock the bus. */
	atomic_store_explicit(
	    counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
	    memory_order_relaxed);
}

static void
forget(struct granter *g)
{
	memory_forget_all(&g->memory);
	g->set_epoch = atomic_load_explicit(&g->setup.board->set_epoch,
					    memory_order_acquire);
}

/* ---- waits -------------------------------------------------------------- */

/* Its letters go on without it; those not yet sent stay at home. */
static void
detach(struct granter *g, struct grant_wait *wait)
{
	list_remove(&wait->link);
	if (wait->letters_open == 0)
		return;
	for (uint32_t seq = wait->first_seq; seq != wait->last_seq + 1; seq++) {
		struct flight *f = flight_of(g, seq);

		if (f->wait != wait)
			continue;
		f->wait = NULL;
		if (f->state == QUEUED)
			f->state = FREE;
	}
	wait->letters_open = 0;
}

static void
end_wait(struct granter *g, struct grant_wait *wait, enum grant_status status,
	 uint32_t detail)
{
	wait->status = status;
	wait->detail = detail;
	detach(g, wait);
	wait->done(wait);
}

static void
end_all(struct granter *g, enum grant_status status, uint32_t detail)
{
	struct list ending;

	/* done() may ask anew: that is not for this round. */
	list_init(&ending);
	while (!list_is_empty(&g->waits)) {
		struct list *link = g->waits.next;

		list_remove(link);
		list_append(&ending, link);
	}
	while (!list_is_empty(&ending))
		end_wait(g, LIST_OWNER(ending.next, struct grant_wait, link),
			 status, detail);
}

/* ---- letters out -------------------------------------------------------- */

static void
send_queued(struct granter *g)
{
	for (; g->to_send != g->next; g->to_send++) {
		struct flight *f = flight_of(g, g->to_send);
		size_t size;

		if (f->state != QUEUED)
			continue;
		size = post_size(POST_GRANT, f->letter.head.head.count);
		f->sent_ms = clock_ms();
		if (post_send(g->post.channel, &f->letter, size, -1) !=
		    ERR_NONE)
			return;
		f->state = SENT;
		count_up(&g->setup.stats->grant_letters, 1);
	}
}

static const struct grant_names no_names;

static const struct grant_names *
names_of(const struct grant_wait *wait)
{
	return wait->names != NULL ? wait->names : &no_names;
}

static void
make_letter(struct granter *g, struct grant_wait *wait,
	    const struct grant_item *items, unsigned count)
{
	struct flight *f = flight_of(g, g->next);

	assert(f->state == FREE && count <= ITEMS);
	f->state = QUEUED;
	f->wait = wait;
	f->letter.head = (struct grant_letter){
		.seq = g->next,
		.generation = g->generation,
		.epoch = g->setup.epoch,
		.names = *names_of(wait),
	};
	post_head(&f->letter.head.head, POST_GRANT, count);
	memcpy(f->letter.item, items, count * sizeof(*items));
	if (wait->letters_open++ == 0)
		wait->first_seq = g->next;
	wait->last_seq = g->next++;
}

/* Half of the grace may be used up, never the rule time itself: so a name
 * that is asked for every second costs a letter every half grace only. */
static bool
is_known(const struct granter *g, const struct grant_item *item, uint64_t mark,
	 int64_t now_ms)
{
	int64_t grace_ms = (int64_t)g->setup.grace_s * 1000;
	int64_t needed = (int64_t)item->ttl_s * 1000 - grace_ms / 2;

	return memory_end(&g->memory, item, mark) >= now_ms + needed;
}

/* An acknowledgement that is ten times too late will not come. */
static bool
is_lost(const struct flight *f, int64_t now_ms)
{
	return f->state == SENT && f->wait == NULL &&
	       now_ms - f->sent_ms > LOST_MS;
}

/* Letters that have ended make room, from the oldest on. */
static void
pass_over_free(struct granter *g)
{
	while (g->first != g->next && flight_of(g, g->first)->state == FREE)
		g->first++;
	if ((int32_t)(g->to_send - g->first) < 0)
		g->to_send = g->first;
}

static void
write_letters(struct granter *g, struct grant_wait *wait,
	      const struct grant_item *items, unsigned count)
{
	struct grant_item batch[ITEMS];
	uint64_t mark = memory_mark(&g->memory, names_of(wait));
	int64_t now = clock_ms();
	/* A warden that is silent would not notice that they are gone. */
	bool trusted = !board_is_old(g->setup.board, now);
	unsigned filled = 0, known = 0;

	for (unsigned i = 0; i < count; i++) {
		if (trusted && is_known(g, &items[i], mark, now)) {
			known++;
			continue;
		}
		batch[filled++] = items[i];
		if (filled == ITEMS) {
			make_letter(g, wait, batch, filled);
			filled = 0;
		}
	}
	if (filled > 0)
		make_letter(g, wait, batch, filled);
	count_up(&g->setup.stats->grants_asked, count);
	count_up(&g->setup.stats->grants_known, known);
}

static enum grant_ask
fail(struct grant_wait *wait, enum grant_status status)
{
	wait->status = status;
	return GRANT_ASK_FAILED;
}

enum grant_ask
grant_ask(struct granter *g, struct grant_wait *wait,
	  const struct grant_item *items, unsigned count)
{
	list_init(&wait->link);
	wait->letters_open = 0;
	wait->status = GRANT_OK;
	wait->detail = 0;
	if (g->none || count == 0)
		return GRANT_ASK_KNOWN;
	if (g->post.channel == -1)
		return fail(wait, GRANT_DOWN);
	if (g->set_epoch != atomic_load_explicit(&g->setup.board->set_epoch,
						 memory_order_acquire))
		forget(g);
	pass_over_free(g);
	if (count > GRANT_BATCH_MAX)
		return fail(wait, GRANT_DOWN);
	if (LETTERS - (g->next - g->first) < (count + ITEMS - 1) / ITEMS)
		return fail(wait, board_is_old(g->setup.board, clock_ms())
				      ? GRANT_DOWN
				      : GRANT_BUSY);
	write_letters(g, wait, items, count);
	if (wait->letters_open == 0)
		return GRANT_ASK_KNOWN;
	wait->deadline_ms = clock_ms() + GRANT_DEADLINE_MS;
	list_append(&g->waits, &wait->link);
	send_queued(g);
	return GRANT_ASK_WAITING;
}

void
grant_cancel(struct granter *g, struct grant_wait *wait)
{
	detach(g, wait);
}

/* ---- letters in --------------------------------------------------------- */

static void
remember(struct granter *g, const struct flight *f)
{
	uint64_t mark = memory_mark(&g->memory, &f->letter.head.names);

	for (unsigned i = 0; i < f->letter.head.head.count; i++) {
		const struct grant_item *item = &f->letter.item[i];
		struct memory_grant grant = {
			.item = item,
			.mark = mark,
			.end_ms = f->sent_ms + (int64_t)item->ttl_s * 1000,
		};

		memory_keep(&g->memory, &grant);
	}
}

/* What was acknowledged before the warden noticed a loss is lost with the
 * rest. */
static enum grant_status
status_now(const struct granter *g, const struct granted_letter *granted)
{
	if (granted->status == GRANT_OK &&
	    atomic_load_explicit(&g->setup.board->firewall_up,
				 memory_order_acquire) == 0)
		return GRANT_DOWN;
	return granted->status;
}

static void
on_granted(void *self, const void *letter, size_t size, int fd)
{
	const struct granted_letter *granted = letter;
	struct granter *g = self;
	struct flight *f = flight_of(g, granted->seq);
	struct grant_wait *wait = f->wait;
	enum grant_status status = status_now(g, granted);

	(void)size;
	(void)fd;
	if (f->state != SENT || f->letter.head.seq != granted->seq)
		return;
	f->state = FREE;
	f->wait = NULL;
	/* Given before sets were lost, or under another policy: not kept. */
	if (status == GRANT_OK && granted->set_epoch == g->set_epoch &&
	    f->letter.head.generation == g->generation)
		remember(g, f);
	pass_over_free(g);
	send_queued(g);
	if (wait == NULL)
		return;
	wait->letters_open--;
	if (status != GRANT_OK)
		end_wait(g, wait, status, granted->detail);
	else if (wait->letters_open == 0)
		end_wait(g, wait, GRANT_OK, 0);
}

enum err
granter_pump(struct granter *g)
{
	if (g->post.channel == -1)
		return ERR_CLOSED;
	return post_pump(&g->post, PUMP_AT_ONCE);
}

/* All have the same deadline: the ring is in its order. NULL: none is late. */
static struct grant_wait *
first_late(const struct granter *g, int64_t now_ms)
{
	struct grant_wait *first =
	    LIST_OWNER(g->waits.next, struct grant_wait, link);

	return !list_is_empty(&g->waits) && first->deadline_ms <= now_ms
		   ? first
		   : NULL;
}

/* What has come while there was no CPU to read it has come in time. */
static void
read_all(struct granter *g)
{
	for (unsigned i = 0; i < LETTERS / PUMP_AT_ONCE; i++)
		granter_pump(g);
}

void
granter_tick(struct granter *g, int64_t now_ms)
{
	struct grant_wait *late = first_late(g, now_ms);

	if (late != NULL)
		read_all(g);
	while ((late = first_late(g, now_ms)) != NULL)
		end_wait(g, late, GRANT_KERNEL, ETIMEDOUT);
	if (g->post.channel == -1)
		return;
	for (uint32_t seq = g->first; seq != g->next; seq++) {
		if (is_lost(flight_of(g, seq), now_ms))
			flight_of(g, seq)->state = FREE;
	}
	pass_over_free(g);
	send_queued(g);
}

/* ---- life --------------------------------------------------------------- */

enum err
granter_new(const struct granter_setup *setup, struct granter **out)
{
	struct granter *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return ERR_FULL;
	g->setup = *setup;
	g->none = setup->channel == -1;
	g->post = (struct post){ .channel = setup->channel,
				 .self = ROLE_WORKER,
				 .peer = ROLE_WARDEN,
				 .arg = g,
				 .handler = { [POST_GRANTED] = on_granted } };
	list_init(&g->waits);
	if (memory_init(&g->memory, setup->memory) != ERR_NONE) {
		free(g);
		return ERR_FULL;
	}
	if (!g->none)
		forget(g);
	*out = g;
	return ERR_NONE;
}

void
granter_free(struct granter *g)
{
	memory_fini(&g->memory);
	free(g);
}

void
granter_set_channel(struct granter *g, int channel)
{
	g->none = false;
	g->post.channel = channel;
	for (unsigned i = 0; i < LETTERS; i++) {
		g->flight[i].state = FREE;
		g->flight[i].wait = NULL;
	}
	g->first = g->to_send = g->next;
	forget(g);
	end_all(g, GRANT_DOWN, 0);
}

void
granter_set_generation(struct granter *g, uint32_t generation)
{
	g->generation = generation;
	memory_forget_all(&g->memory);
}
