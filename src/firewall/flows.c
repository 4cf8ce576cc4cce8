/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The search for flows of revoked grants.
 *
 * The list of all flows may be long, so it is read by the piece between the
 * warden's other business: DNS never waits for a table of a million
 * connections. Whoever is condemned while a list is on its way may have been
 * passed over already; then the list is asked for once more. A list also is
 * asked for twice because a packet that the old entry let through may become
 * a flow a moment after its grant is gone.
 *
 * A condemned grant is kept as a keyed hash of 64 bits: a flow of somebody
 * else is not cut by accident.
 */
#include "firewall/flows.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "firewall/flow_message.h"
#include "firewall/netlink.h"
#include "proc/role.h"

enum {
	CONDEMNED_MAX = 65536,
	PLACES = 2 * CONDEMNED_MAX, /* a power of two */
	PASSES = 2,
	PIECES_AT_ONCE = 4,
	TRIES_MAX = 5 /* lists that break off, one after the other */
};

struct flows {
	struct flows_setup setup;
	struct netlink list, knife; /* sockets: to list by, to delete by */
	struct hash_key hash;
	uint32_t condemned;
	unsigned passes, tries; /* still to do; failed in a row */
	bool listing;
	int64_t deadline_ms;
	struct flow_paper paper;
	struct log_limit fault_log;
	uint64_t place[PLACES]; /* 0: free */
};

static void
complain(struct flows *f, const char *what, enum err err, uint32_t code)
{
	const char *cause = err == ERR_DENIED ? strerror((int)code)
					      : err_text(err);
	uint64_t missed;

	if (log_may(&f->fault_log, clock_ms(), &missed))
		log_error("Flows of revoked grants: %s: %s missed=%llu", what,
			  cause, (unsigned long long)missed);
}

/* ---- the condemned ----------------------------------------------------- */

/* Where it stands, or the free place where it would. */
static uint64_t *
place_of(struct flows *f, const struct ledger_key *key, uint64_t *hash_out)
{
	uint64_t hash = hash_bytes(&f->hash, key, sizeof(*key)) | 1;
	uint32_t at = (uint32_t)(hash >> 32) % PLACES;

	while (f->place[at] != 0 && f->place[at] != hash)
		at = (at + 1) % PLACES;
	*hash_out = hash;
	return &f->place[at];
}

static bool
is_condemned(struct flows *f, const struct ledger_key *key)
{
	uint64_t hash;

	return *place_of(f, key, &hash) != 0;
}

static void
pardon_all(struct flows *f)
{
	memset(f->place, 0, sizeof(f->place));
	f->condemned = 0;
}

/* ---- one flow ---------------------------------------------------------- */

static struct ledger_key
key_of(const struct flow_way *way, const struct addr *client)
{
	struct ledger_key key = { .protocol = way->protocol,
				  .port = way->to_port,
				  .destination = way->to };

	if (way->to.family == 4)
		key.set = client == NULL ? SET_V4_LOCAL : SET_V4;
	else
		key.set = client == NULL ? SET_V6_LOCAL : SET_V6;
	if (client != NULL)
		key.client = *client;
	return key;
}

static bool
is_ours(const struct flows *f, const struct addr *a)
{
	return addr_is_loopback(a) || own_is_local(f->setup.judge->own, a);
}

static bool
way_is_condemned(struct flows *f, const struct flow_way *way,
		 const struct addr *client)
{
	struct ledger_key key = key_of(way, client);

	if (is_condemned(f, &key))
		return true;
	if (!is_ours(f, client))
		return false;
	key = key_of(way, NULL);
	return is_condemned(f, &key);
}

/* The chain sees a destination as it is after translation: there it is who
 * answers. */
static bool
flow_is_condemned(struct flows *f, const struct flow *flow)
{
	struct flow_way translated = flow->out;
	const struct flow_way turned = { .protocol = flow->out.protocol,
					 .from = flow->out.to,
					 .to = flow->out.from,
					 .from_port = flow->out.to_port,
					 .to_port = flow->out.from_port };

	if (way_is_condemned(f, &flow->out, &flow->out.from))
		return true;
	/* An answer that was on its way began it anew. */
	if (way_is_condemned(f, &turned, &turned.from))
		return true;
	if (flow->back.from_port == 0 ||
	    (flow->back.from_port == flow->out.to_port &&
	     addr_equal(&flow->back.from, &flow->out.to)))
		return false;
	translated.to = flow->back.from;
	translated.to_port = flow->back.from_port;
	return way_is_condemned(f, &translated, &flow->out.from);
}

static void
delete(struct flows *f, const struct nlmsghdr *part)
{
	struct netlink_question q = { .message =
					  flow_delete(&f->paper, part) };
	struct netlink_refusal refusal;
	enum err err;

	if (q.message == NULL)
		return;
	err = netlink_ask(&f->knife, &q, &refusal);
	if (err == ERR_NONE)
		atomic_fetch_add_explicit(f->setup.cut, 1,
					  memory_order_relaxed);
	else if (err != ERR_DENIED || refusal.code != ENOENT)
		complain(f, "one could not be deleted", err, refusal.code);
}

static void
on_part(void *arg, const struct nlmsghdr *part)
{
	struct flows *f = arg;
	struct flow flow;

	if (flow_read(part, &flow) && flow_is_condemned(f, &flow))
		delete(f, part);
}

/* ---- the list ---------------------------------------------------------- */

static void
begin_list(struct flows *f)
{
	struct netlink_question q = { .message = flow_ask_all(&f->paper) };
	enum err err = netlink_send(&f->list, &q);

	/* Also where it failed: it is tried again when that time is over. */
	f->listing = true;
	f->deadline_ms = clock_ms() + f->list.wait_ms;
	if (err != ERR_NONE)
		complain(f, "they could not be listed", err, 0);
}

static void
end_list(struct flows *f)
{
	f->listing = false;
	f->tries = 0;
	if (--f->passes > 0)
		begin_list(f);
	else
		pardon_all(f);
}

static void
break_off(struct flows *f, enum err err, uint32_t code)
{
	f->listing = false;
	if (++f->tries < TRIES_MAX) {
		begin_list(f);
		return;
	}
	complain(f, "they could not be listed and may go on", err, code);
	f->tries = f->passes = 0;
	pardon_all(f);
}

void
flows_pump(struct flows *f)
{
	struct netlink_question q = { .part = on_part, .arg = f };

	for (unsigned i = 0; i < PIECES_AT_ONCE && f->listing; i++) {
		struct netlink_refusal refusal = { 0 };
		bool came = false;
		enum err err = netlink_take(&f->list, &q, &refusal, &came);

		if (came)
			f->deadline_ms = clock_ms() + f->list.wait_ms;
		if (err == ERR_NONE)
			end_list(f);
		else if (err != ERR_AGAIN)
			break_off(f, err, refusal.code);
		else if (!came && clock_ms() > f->deadline_ms)
			break_off(f, ERR_TIMEOUT, 0);
		else if (!came)
			return;
	}
}

int
flows_fd(const struct flows *f)
{
	return f->listing ? f->list.fd : -1;
}

void
flows_cut(struct flows *f)
{
	if (f->condemned == 0)
		return;
	f->passes = PASSES;
	if (f->listing)
		f->passes++; /* the one on its way does not count */
	else
		begin_list(f);
}

/* No room for one more: the list is gone through now, to its end. */
static void
make_room(struct flows *f)
{
	flows_cut(f);
	while (f->listing) {
		netlink_wait(&f->list, f->deadline_ms);
		flows_pump(f);
	}
}

void
flows_condemn(struct flows *f, const struct ledger_key *key)
{
	uint64_t hash, *place;

	if (f->condemned == CONDEMNED_MAX)
		make_room(f);
	place = place_of(f, key, &hash);
	if (*place != 0)
		return;
	*place = hash;
	f->condemned++;
}

/* ---- the beginning ----------------------------------------------------- */

static enum err
ask_stats(struct flows *f)
{
	struct netlink_question q = { .message = flow_ask_stats(&f->paper) };
	struct netlink_refusal refusal;
	enum err err = netlink_ask(&f->knife, &q, &refusal);

	if (err != ERR_NONE)
		log_error("--cut-flows: the kernel does not tell of flows: %s; "
			  "it needs nf_conntrack_netlink (modprobe it)",
			  err == ERR_DENIED ? strerror((int)refusal.code)
					    : err_text(err));
	return err;
}

enum err
flows_open(const struct flows_setup *setup, struct flows **out)
{
	struct flows *f = calloc(1, sizeof(*f));
	struct random random;
	enum err err;

	if (f == NULL)
		return ERR_FULL;
	f->setup = *setup;
	f->list.fd = f->knife.fd = -1;
	random_init(&random);
	f->hash.k0 = random_u64(&random);
	f->hash.k1 = random_u64(&random);
	err = netlink_open(&f->list);
	if (err == ERR_NONE)
		err = netlink_open(&f->knife);
	if (err == ERR_NONE)
		err = ask_stats(f);
	if (err == ERR_NONE)
		*out = f;
	else
		flows_close(f);
	return err;
}

void
flows_close(struct flows *f)
{
	if (f->list.fd != -1)
		netlink_close(&f->list);
	if (f->knife.fd != -1)
		netlink_close(&f->knife);
	free(f);
}
