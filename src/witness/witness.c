/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One loop over the firewall's log and the supervisor.
 *
 * What it reads was sent by strangers, as often as they like: so a packet
 * costs a look into a table of fixed size, no more than a number of them is
 * read in a time (the kernel drops the rest, which is counted), the same
 * refusal is said once in a while, and only so many in a second. It holds no
 * capability: the socket was bound and configured before it was handed here.
 */
#include "witness/witness.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "lists/member.h"
#include "proc/role.h"
#include "wire/packet.h"
#include "witness/finding.h"
#include "witness/nflog.h"

enum {
	MESSAGE_BYTES = 128 << 10,
	SLOT_MS = 100,
	PACKETS_A_SLOT = 2000,
	SAY_AGAIN_MS = 60000, /* the same refusal */
	SAY_EVERY_MS = 100,   /* one line in that time ... */
	SAY_BURST = 40,	      /* ... and so many at once */
	LETTERS_AT_ONCE = 16
};

struct witness {
	struct role_kit *kit;
	struct post supervisor;
	struct policy policy;
	const struct own_addresses *own;
	struct evidence evidence;
	struct lists lists; /* those behind the policy */
	const void *queries; /* mapping */
	size_t queries_size;
	struct past packets;
	int64_t now_ms;
	int64_t slot_ms;     /* when it began */
	unsigned read;	     /* packets of this slot */
	int64_t said_ms;     /* what has been said counts up to then */
	uint32_t seq;	     /* of the last packet */
	bool has_seq;
	bool stopping;
	unsigned char *message;
};

static void
count_up(_Atomic uint64_t *counter, uint64_t more)
{
	atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

/* ---- said --------------------------------------------------------------- */

/* A line every SAY_EVERY_MS, saved up to SAY_BURST of them. */
static bool
may_say(struct witness *w)
{
	int64_t earliest = w->now_ms - SAY_BURST * SAY_EVERY_MS;

	if (w->said_ms < earliest)
		w->said_ms = earliest;
	if (w->said_ms + SAY_EVERY_MS > w->now_ms)
		return false;
	w->said_ms += SAY_EVERY_MS;
	return true;
}

/* Nothing is refused, or need be. */
static bool
audits(const struct witness *w)
{
	return w->kit->opt->mode == MODE_AUDIT;
}

/* Fills in what a log says with fields, and all of it as a sentence. */
static void
tell(const struct witness *w, const struct attempt *a, const struct finding *f,
     struct refused_letter *r)
{
	char buf[ADDR_TEXT_SIZE];
	struct text reason, line, all;

	text_init(&reason, r->reason, sizeof(r->reason));
	finding_print(f, &w->policy, w->now_ms, &reason);
	text_init(&line, r->line, sizeof(r->line));
	if (f->cause > CAUSE_UNASKED && !f->given)
		finding_print_line(f, a, &line);
	text_init(&all, r->text, sizeof(r->text));
	text_printf(&all, "%s %s -> ",
		    audits(w) ? "Would be refused:" : "Refused",
		    addr_print(&a->client, buf));
	attempt_print(a, &all);
	text_printf(&all, ": %s", r->reason);
	if (f->name.len > 0) {
		text_str(&all, " name=");
		name_print(&f->name, &all);
	}
	if (f->rule != IMAGE_NONE && f->cause != CAUSE_BLOCKED) {
		text_str(&all, " rule=");
		finding_print_place(&w->policy, f->rule, &all);
	}
	if (line.len > 0)
		text_printf(&all, " line=\"%s\"", r->line);
	if (r->times > 1)
		text_printf(&all, " times=%u", r->times);
}

static void
fill_item(const struct attempt *a, const struct finding *f,
	  struct record_item *item)
{
	item->kind = RECORD_REFUSED;
	item->client = a->client;
	item->address = a->address;
	item->ifindex = a->ifindex;
	item->protocol = a->protocol;
	item->port = a->port;
	item->rule = f->rule;
	item->name_len = f->name.len;
	memcpy(item->name, f->name.wire, f->name.len);
}

/* Where the access log has fields it is an event of it. */
static bool
is_event(const struct options *opt)
{
	return opt->log_journal || opt->log_format != LOG_FORMAT_TEXT;
}

static void
say(struct witness *w, const struct attempt *a, uint64_t times)
{
	struct refused_letter r = {
		.generation = w->policy.generation,
		.times = times > UINT32_MAX ? UINT32_MAX : (uint32_t)times
	};
	struct finding f;

	finding_of(&w->evidence, a, w->now_ms, &f);
	tell(w, a, &f, &r);
	if (is_event(w->kit->opt)) {
		post_head(&r.head, POST_REFUSED, 0);
		r.time_ms = clock_date_ms();
		fill_item(a, &f, &r.item);
		r.item.audit = audits(w);
		snprintf(r.cause, sizeof(r.cause), "%s", cause_text(f.cause));
		/* A recorder that is busy loses it, as lines of queries. */
		post_send(w->kit->recorder, &r, sizeof(r), -1);
	} else {
		log_info("%s", r.text);
	}
	count_up(&w->packets.head->said, 1);
}

/* ---- seen --------------------------------------------------------------- */

/* Of a client that the access list or our own nets know, to somewhere else:
 * what the Internet tries at our doors is not ours to explain. */
static bool
is_ours(const struct witness *w, const struct attempt *a)
{
	const struct policy_client client = { &a->client, a->ifindex };
	const struct own_addresses *own = w->own;

	if (own_has(own, &a->address) ||
	    addr_class_of(&a->address) == ADDR_NEVER)
		return false;
	if (policy_knows(&w->policy, &client) ||
	    own_is_local(own, &a->client))
		return true;
	for (uint32_t i = 0; i < own->net_count; i++)
		if (addr_in_net(&a->client, &own->net[i]))
			return true;
	return false;
}

/* How often it came since it was last said, where it is to be said now; else
 * 0. The entry is whole again before that takes its time. */
static uint64_t
remember(struct witness *w, const struct attempt *a)
{
	struct past_key key;
	struct past_entry *e;
	uint64_t times = 0;
	bool fresh;

	past_key_set(&key, PAST_REFUSED, NULL);
	key.client = a->client;
	key.address = a->address;
	key.protocol = a->protocol;
	key.port = a->port;
	e = past_write_begin(&w->packets, &key, w->now_ms, &fresh);
	e->has_port = a->has_port;
	e->ifindex = a->ifindex;
	e->unsaid++;
	if ((e->said_ms == 0 || w->now_ms - e->said_ms >= SAY_AGAIN_MS) &&
	    may_say(w)) {
		times = e->unsaid;
		e->said_ms = w->now_ms;
		e->unsaid = 0;
	}
	past_write_end(e);
	return times;
}

static void
take(struct witness *w, const struct attempt *a)
{
	uint64_t times = remember(w, a);

	if (times > 0)
		say(w, a, times);
	else
		count_up(&w->packets.head->unsaid, 1);
}

static void
count_lost(struct witness *w, uint32_t seq)
{
	uint32_t gap = seq - w->seq - 1;

	/* Where the numbers go back, the group was bound anew. */
	if (w->has_seq && gap < 1u << 31)
		count_up(&w->packets.head->lost, gap);
	w->has_seq = true;
	w->seq = seq;
}

static void
on_packet(void *arg, const struct nflog_packet *from)
{
	struct witness *w = arg;
	struct packet p;
	struct attempt a;

	w->read++;
	count_up(&w->packets.head->seen, 1);
	count_lost(w, from->seq);
	if (packet_parse(from->bytes, from->len, &p) != ERR_NONE) {
		count_up(&w->packets.head->malformed, 1);
		return;
	}
	a = (struct attempt){ .client = p.source,
			      .address = p.destination,
			      .ifindex = from->ifindex,
			      .protocol = p.protocol,
			      .has_port = p.has_port,
			      .port = p.port };
	if (is_ours(w, &a))
		take(w, &a);
	else
		count_up(&w->packets.head->foreign, 1);
}

static void
read_log(struct witness *w)
{
	/* The recorder may have begun it only now. */
	if (!w->evidence.queries.head && w->queries)
		past_look(w->queries, w->queries_size, &w->evidence.queries);
	while (w->read < PACKETS_A_SLOT) {
		ssize_t got = recv(w->kit->nflog, w->message, MESSAGE_BYTES,
				   MSG_DONTWAIT);

		if (got == -1 && (errno == EINTR || errno == ENOBUFS))
			continue;
		if (got <= 0)
			return;
		nflog_read(w->message, (size_t)got, on_packet, w);
	}
}

/* ---- the supervisor ----------------------------------------------------- */

static void
take_policy(struct witness *w, int fd, uint32_t generation)
{
	struct policy fresh;

	if (policy_open(fd, generation, &fresh) != ERR_NONE) {
		log_error("The witness cannot use the new policy");
		return;
	}
	if (lists_take(&fresh, &w->lists) != ERR_NONE)
		log_error("The witness cannot use the new lists");
	if (w->policy.head)
		policy_close(&w->policy);
	w->policy = fresh;
	if (w->own)
		policy_find_interfaces(&w->policy, w->own);
}

static void
take_own(struct witness *w, int fd)
{
	const struct own_addresses *fresh;

	if (own_open(fd, &fresh) != ERR_NONE) {
		log_error("The witness cannot use the new own addresses");
		return;
	}
	own_close(w->own);
	w->own = w->evidence.own = fresh;
	if (w->policy.head)
		policy_find_interfaces(&w->policy, fresh);
}

static void
on_hand(void *self, const void *letter, size_t size, int fd)
{
	const struct hand_letter *hand = letter;
	struct witness *w = self;

	(void)size;
	if (hand->hand == HAND_RECORDER) {
		close(w->kit->recorder);
		w->kit->recorder = fd;
		return;
	}
	if (hand->hand == HAND_OWN)
		take_own(w, fd);
	if (hand->hand == HAND_POLICY) {
		take_policy(w, fd, hand->generation);
		role_taken(w->kit, w->policy.generation);
	}
	close(fd);
}

static void
on_stop(void *self, const void *letter, size_t size, int fd)
{
	struct witness *w = self;

	(void)letter;
	(void)size;
	(void)fd;
	w->stopping = true;
}

/* ---- the loop ----------------------------------------------------------- */

static enum err
turn(struct witness *w)
{
	bool enough = w->read >= PACKETS_A_SLOT;
	int64_t rest = w->slot_ms + SLOT_MS - w->now_ms;
	struct pollfd at[] = {
		{ .fd = w->supervisor.channel, .events = POLLIN },
		{ .fd = enough ? -1 : w->kit->nflog, .events = POLLIN }
	};

	if (poll(at, 2, enough ? (rest > 0 ? (int)rest : 0) : -1) == -1 &&
	    errno != EINTR)
		return ERR_SYSTEM;
	w->now_ms = clock_ms();
	if (w->now_ms - w->slot_ms >= SLOT_MS) {
		w->slot_ms = w->now_ms;
		w->read = 0;
	}
	if (at[1].revents != 0)
		read_log(w);
	return at[0].revents == 0 ? ERR_NONE
				  : post_pump(&w->supervisor, LETTERS_AT_ONCE);
}

static const void *
take_whole(int fd, size_t *size_out)
{
	const void *map = role_map_whole(fd, 1, size_out);

	if (fd != -1)
		close(fd);
	return map;
}

static enum err
open_books(struct witness *w)
{
	struct role_kit *kit = w->kit;
	size_t size = past_bytes(PAST_PACKETS);
	void *map = role_map(kit->refusals, size, true);

	if (!map || past_open(map, size, &w->packets) != ERR_NONE)
		return ERR_IMAGE;
	w->queries = take_whole(kit->past, &w->queries_size);
	w->evidence.ledger = take_whole(kit->ledger, &w->evidence.ledger_size);
	w->evidence.policy = &w->policy;
	w->evidence.lists = &w->lists;
	w->evidence.opt = kit->opt;
	w->evidence.board = kit->board;
	take_policy(w, kit->policy, kit->generation);
	take_own(w, kit->own);
	close(kit->policy);
	close(kit->own);
	close(kit->refusals);
	return w->policy.head && w->own && kit->nflog != -1 ? ERR_NONE
							    : ERR_MISSING;
}

int
witness_main(struct role_kit *kit)
{
	static struct witness w;
	enum err err;

	w.kit = kit;
	w.supervisor = (struct post){
		.channel = kit->supervisor,
		.self = ROLE_WITNESS,
		.peer = ROLE_SUPERVISOR,
		.arg = &w,
		.handler = { [POST_HAND] = on_hand, [POST_STOP] = on_stop }
	};
	w.message = malloc(MESSAGE_BYTES);
	err = w.message ? open_books(&w) : ERR_FULL;
	if (err == ERR_NONE)
		err = role_enter_sandbox(kit);
	if (err == ERR_NONE)
		err = role_ready(kit);
	while (err == ERR_NONE && !w.stopping)
		err = turn(&w);
	if (err == ERR_NONE || err == ERR_CLOSED)
		return 0;
	log_error("The witness ends: %s", err_text(err));
	return 1;
}
