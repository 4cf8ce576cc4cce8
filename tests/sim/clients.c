/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A query has a port and an id of its own, so that each answer is known to
 * be the only one; a few are sent again, and a few are no queries at all.
 */
#include "clients.h"

#include <string.h>

#include "callers.h"
#include "oracle.h"
#include "process.h"
#include "proc/role.h"
#include "questions.h"
#include "universe.h"
#include "world.h"

enum {
	WAITING_MOST = 1 << 15,
	PORTS = 64000,
	FIRST_PORT = 1024,
	LATEST_US = 4 * SECOND + 100 * MS,
	DOOR_MOST = 300 /* datagrams that wait to be read */
};

struct waiting {
	bool used;
	bool lost;     /* its worker was killed */
	bool given_up; /* another may take its place */
	int client;
	uint16_t port, id;
	int64_t asked_us, stopped_us;
	unsigned sent, answered;
	unsigned counted; /* as unanswered */
	uint32_t number;
	size_t len;
	uint8_t bytes[QUESTION_MOST];
};

static struct {
	struct thing *door[2];
	struct waiting waiting[WAITING_MOST];
	uint32_t number;
	uint64_t asked, unanswered;
} clients;

void
clients_begin(void)
{
	memset(&clients, 0, sizeof(clients));
}

void
clients_meet(uint32_t worker, struct thing *door, struct thing *listener)
{
	clients.door[worker] = door;
	callers_meet(worker, listener);
}

uint64_t
clients_asked(void)
{
	return clients.asked;
}

static int64_t
stopped_us(uint32_t worker)
{
	const struct process *p = process_of(ROLE_WORKER, worker);

	if (p == NULL)
		return 0;
	return p->stopped_all_us -
	       (p->stopped_us > now_us() ? p->stopped_us - now_us() : 0);
}

/* ---- asking ------------------------------------------------------------- */

static void
send_it(struct waiting *w)
{
	const struct inhabitant *c = &universe.client[w->client];
	struct thing *door = clients.door[c->worker];
	struct parcel *p;

	if (door->parcels >= DOOR_MOST) {
		door->overflow++;
		clients.unanswered++;
		return;
	}
	if (w->sent++ == 0)
		w->asked_us = now_us();
	say("client %d asks from port %u", w->client, w->port);
	p = thing_put(door, w->bytes, w->len, now_us() + below(2 * MS));
	p->from = (struct endpoint){ .addr = c->addr, .port = w->port };
	p->local =
	    universe_addr(c->addr.family == 4 ? "10.0.1.1" : "fd00:1::1");
	p->ifindex = c->ifindex;
}

/* Who is impatient asks again; who has waited long enough goes. */
static void
look_after(void *arg, uint64_t number)
{
	struct waiting *w = arg;

	if (w->number != number || w->given_up)
		return;
	if (now_us() - w->asked_us < LATEST_US) {
		if (w->answered == 0)
			send_it(w);
		at_us(w->asked_us + 6 * SECOND, look_after, w, number);
		return;
	}
	w->counted = w->lost ? 0 : w->sent - w->answered;
	clients.unanswered += w->counted;
	w->given_up = true;
}

/* Its port says where it waits. */
static struct waiting *
place(uint32_t port)
{
	return &clients.waiting[port % WAITING_MOST];
}

static void
ask_by_datagram(void)
{
	uint32_t number = ++clients.number;
	uint32_t port = FIRST_PORT + number % PORTS;
	struct waiting *w = place(port);

	if (w->used && !w->given_up)
		return;
	*w = (struct waiting){
		.used = true,
		.client = (int)below(CLIENTS),
		.number = number,
		.port = (uint16_t)port,
		.id = (uint16_t)draw(),
		.asked_us = now_us(),
	};
	w->stopped_us = stopped_us(universe.client[w->client].worker);
	w->len = question_draw(w->id, w->bytes);
	send_it(w);
	at_us(now_us() +
		  (per_mille(100) ? between(MS, 3 * SECOND) : 6 * SECOND),
	      look_after, w, number);
}

void
clients_ask(void)
{
	clients.asked++;
	if (per_mille(80))
		callers_ask();
	else
		ask_by_datagram();
}

void
clients_lose(uint32_t worker)
{
	for (unsigned i = 0; i < WAITING_MOST; i++) {
		struct waiting *w = &clients.waiting[i];

		if (w->used && universe.client[w->client].worker == worker)
			w->lost = true;
	}
	callers_lose(worker);
}

void
clients_hang_up(void)
{
	callers_hang_up();
}

/* ---- hearing ------------------------------------------------------------ */

static struct waiting *
find(const struct endpoint *to)
{
	struct waiting *w = place(to->port);

	return w->used && w->port == to->port &&
		       addr_equal(&universe.client[w->client].addr, &to->addr)
		   ? w
		   : NULL;
}

void
clients_hear(uint32_t worker, const struct endpoint *to, const uint8_t *bytes,
	     size_t len)
{
	struct waiting *w = find(to);
	int64_t took;

	if (w == NULL || universe.client[w->client].worker != worker)
		broken("an answer to nobody");
	if (len < 12 ||
	    (bytes[0] << 8 | bytes[1]) != (w->bytes[0] << 8 | w->bytes[1]))
		broken("an answer with another id");
	if (++w->answered > w->sent)
		broken("client %d is answered twice", w->client);
	if (w->counted > 0) {
		w->counted--;
		clients.unanswered--;
	}
	took = now_us() - w->asked_us - (stopped_us(worker) - w->stopped_us);
	if (took > LATEST_US && w->sent == 1 && !w->lost)
		broken("client %d waited %lld ms for its answer at port %u",
		       w->client, (long long)took / MS, w->port);
	say("client %d hears at port %u", w->client, w->port);
	oracle_on_answer(w->client, w->asked_us, bytes, len);
}

/* ---- at rest ------------------------------------------------------------ */

static uint64_t
dropped(const struct worker_stats *s)
{
	return s->dropped_short + s->dropped_long + s->dropped_response +
	       s->dropped_kernel + s->dropped_source + s->dropped_full +
	       s->dropped_blocked + s->dropped_rate + s->dropped_client_rate +
	       s->dropped_client_share + s->dropped_send + s->duplicates;
}

void
clients_at_rest(const struct worker_stats *const stats[], unsigned count)
{
	uint64_t reasons = 0, unanswered;

	callers_at_rest();
	unanswered = clients.unanswered + callers_unanswered();

	for (unsigned i = 0; i < count; i++)
		reasons += dropped(stats[i]);
	for (unsigned i = 0; i < 2; i++)
		reasons += clients.door[i] ? clients.door[i]->overflow : 0;
	if (unanswered > reasons)
		broken("%llu queries were never answered, and %llu dropped",
		       (unsigned long long)unanswered,
		       (unsigned long long)reasons);
}
