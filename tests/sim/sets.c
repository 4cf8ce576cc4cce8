/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As ipset does it: the last writer wins, an error leaves what stood before
 * it in the message, a list has whole seconds, and no answer says nothing.
 */
#include "sets.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "firewall/ipset_message.h"
#include "oracle.h"
#include "process.h"
#include "trouble.h"
#include "wires.h"
#include "world.h"

enum { BUCKETS = 1024, SILENCE_US = 500 * MS };

struct backend {
	int news; /* -1: nobody tells */
};

static struct {
	struct entry *bucket[BUCKETS];
	bool made[SET_COUNT], ruled[SET_COUNT];
	uint32_t capacity;
	/* The kernel's number of entries is exact; where it is not, it tells
	 * of every change. */
	bool counted;
	struct thing *news;
} sets;

void
sets_begin(uint32_t capacity)
{
	sets.capacity = capacity;
	sets.counted = per_mille(500);
}

static struct entry **
bucket_of(const struct ledger_key *key)
{
	static const struct hash_key hash = { 1, 2 };

	return &sets.bucket[hash_bytes(&hash, key, sizeof(*key)) % BUCKETS];
}

struct entry *
sets_find(const struct ledger_key *key)
{
	struct entry *e = *bucket_of(key);

	while (e != NULL && memcmp(&e->key, key, sizeof(*key)) != 0)
		e = e->next;
	return e;
}

static struct entry *
entry_of(const struct ledger_key *key)
{
	struct entry *e = sets_find(key);

	if (e != NULL)
		return e;
	e = world_take(sizeof(*e));
	e->key = *key;
	e->next = *bucket_of(key);
	*bucket_of(key) = e;
	return e;
}

const char *
entry_text(const struct ledger_key *key)
{
	static char text[160];
	char client[ADDR_TEXT_SIZE], to[ADDR_TEXT_SIZE];

	snprintf(text, sizeof(text), "(set %u: %s -> %s %u:%u)", key->set,
		 key->client.family ? addr_print(&key->client, client) : "here",
		 addr_print(&key->destination, to), key->protocol, key->port);
	return text;
}

bool
entry_stands(const struct entry *e)
{
	return e != NULL && e->end_us > now_us();
}

void
sets_each(void (*fn)(struct entry *e, void *arg), void *arg)
{
	for (unsigned i = 0; i < BUCKETS; i++) {
		for (struct entry *e = sets.bucket[i]; e; e = e->next)
			fn(e, arg);
	}
}

/* ---- owners ------------------------------------------------------------- */

static void
lose(struct entry *e, void *arg)
{
	const enum set_index *set = arg;

	if (e->key.set != *set || !entry_stands(e))
		return;
	e->end_us = 0;
	e->lost_us = now_us();
}

static void
tell(void)
{
	if (sets.news != NULL)
		thing_put(sets.news, "", 0, now_us() + below(MS));
}

void
sets_flush(enum set_index set)
{
	sets_each(lose, &set);
	tell();
	say("set %d is flushed", set);
}

void
sets_destroy(enum set_index set)
{
	sets_flush(set);
	sets.made[set] = sets.ruled[set] = false;
	say("set %d is destroyed", set);
}

void
sets_drop_rules(void)
{
	memset(sets.ruled, 0, sizeof(sets.ruled));
	tell();
	say("the rules are flushed");
}

static void
choose(struct entry *e, void *arg)
{
	struct entry **some = arg;

	if (entry_stands(e) && e->end_us != FOR_EVER && per_mille(100))
		*some = e;
}

void
sets_meddle(void)
{
	static const char *const deed[] = { "deleted", "shortened",
					    "prolonged" };
	struct entry *e = NULL;
	uint32_t what = below(3);

	sets_each(choose, &e);
	if (e == NULL)
		return;
	if (what == 2) {
		e->end_us += between(SECOND, 1000 * (int64_t)SECOND);
		e->explained_us = e->end_us;
		e->touched = true;
	} else {
		e->end_us =
		    what == 0 ? 0 : now_us() + (e->end_us - now_us()) / 4;
		e->lost_us = now_us();
		e->touched = what == 1;
	}
	tell();
	say("%s is %s", entry_text(&e->key), deed[what]);
}

void
sets_put(const struct ledger_key *key, int64_t end_us)
{
	struct entry *e = entry_of(key);

	sets.made[key->set] = true;
	e->end_us = e->explained_us = end_us;
}

bool
sets_place_rules(void)
{
	for (unsigned i = 0; i < SET_COUNT; i++) {
		if (!sets.made[i])
			return false;
	}
	memset(sets.ruled, true, sizeof(sets.ruled));
	say("the rules are placed");
	return true;
}

/* ---- the backend -------------------------------------------------------- */

static void
nobody_listens(struct thing *t)
{
	(void)t;
	sets.news = NULL;
}

static enum err
sets_open(const struct backend_setup *s, struct backend **out)
{
	struct backend *b = calloc(1, sizeof(*b));

	(void)s;
	if (b == NULL)
		return ERR_FULL;
	b->news = -1;
	if (!sets.counted) {
		sets.news = thing_new(THING_DOOR);
		sets.news->left = nobody_listens;
		b->news = wires_open(sets.news, process_current());
	}
	*out = b;
	return ERR_NONE;
}

static void
sets_close(struct backend *b)
{
	free(b);
}

/* The kernel may be busy; ERR_TIMEOUT: no answer comes. */
static enum err
ask_kernel(void)
{
	process_point();
	if (per_mille(trouble.set_slow))
		process_wait(now_us() + between(MS, 1800 * MS), NULL, NULL);
	if (!per_mille(trouble.set_blind))
		return ERR_NONE;
	process_wait(now_us() + SILENCE_US, NULL, NULL);
	return ERR_TIMEOUT;
}

static enum err
sets_prepare(struct backend *b, enum set_index set)
{
	(void)b;
	if (ask_kernel() != ERR_NONE)
		return ERR_TIMEOUT;
	sets.made[set] = true;
	process_point();
	return ERR_NONE;
}

static unsigned
count_of(enum set_index set)
{
	unsigned n = 0;

	for (unsigned i = 0; i < BUCKETS; i++) {
		for (const struct entry *e = sets.bucket[i]; e; e = e->next)
			n += e->key.set == set && entry_stands(e);
	}
	return n;
}

static enum err
refuse(struct backend_fault *out, unsigned at, uint32_t code)
{
	say("the kernel refuses number %u with %u", at, code);
	*out = (struct backend_fault){ .first_bad = at,
				       .code = code,
				       .known = true };
	if (code == IPSET_CODE_FULL)
		out->cause = FAULT_FULL;
	if (code == ENOENT)
		out->cause = FAULT_GONE;
	return ERR_DENIED;
}

/* 0: it stands. */
static uint32_t
put_one(const struct backend_entry *entry)
{
	struct entry *e = entry_of(&entry->key);

	if (!sets.made[entry->key.set])
		return ENOENT;
	if (!entry_stands(e) && count_of(entry->key.set) >= sets.capacity)
		return IPSET_CODE_FULL;
	if (per_mille(trouble.set_refuses))
		return ENOBUFS;
	oracle_on_add(e, entry->timeout_s);
	e->end_us = now_us() + (int64_t)entry->timeout_s * SECOND;
	e->lost_us = 0;
	e->touched = false;
	return 0;
}

static enum err
sets_add(struct backend *b, const struct backend_entry *entry, unsigned count,
	 struct backend_fault *out)
{
	unsigned silent_at = count;

	(void)b;
	if (count == 0 || count > BACKEND_BATCH)
		broken("a batch of %u entries", count);
	process_point();
	if (per_mille(trouble.set_slow))
		process_wait(now_us() + between(MS, 1800 * MS), NULL, NULL);
	if (per_mille(trouble.set_silent))
		silent_at = below(count + 1);
	for (unsigned i = 0; i < count && i < silent_at; i++) {
		uint32_t code = put_one(&entry[i]);

		if (entry[i].key.set != entry[0].key.set)
			broken("a batch of more than one set");
		if (code != 0)
			return refuse(out, i, code);
	}
	process_point();
	if (silent_at == count)
		return ERR_NONE;
	say("the kernel says nothing of these %u", count);
	process_wait(now_us() + SILENCE_US, NULL, NULL);
	*out = (struct backend_fault){ .known = false };
	return ERR_TIMEOUT;
}

static enum err
sets_remove(struct backend *b, const struct backend_entry *entry,
	    unsigned count)
{
	bool silent = per_mille(trouble.set_silent);

	(void)b;
	process_point();
	for (unsigned i = 0; i < count; i++) {
		struct entry *e = sets_find(&entry[i].key);

		if (e != NULL)
			oracle_on_remove(e);
	}
	for (unsigned i = 0; i < count; i++) {
		struct entry *e = sets_find(&entry[i].key);

		if (silent && per_mille(300))
			break;
		if (e == NULL)
			continue;
		e->end_us = e->lost_us = 0;
	}
	process_point();
	if (!sets.made[entry[0].key.set])
		return ERR_MISSING;
	if (!silent)
		return ERR_NONE;
	say("the kernel does not say whether it removed these %u", count);
	process_wait(now_us() + SILENCE_US, NULL, NULL);
	return ERR_TIMEOUT;
}

static enum err
sets_has(struct backend *b, const struct backend_entry *entry, bool *has_out)
{
	(void)b;
	if (ask_kernel() != ERR_NONE)
		return ERR_TIMEOUT;
	if (!sets.made[entry->key.set])
		return ERR_MISSING;
	*has_out = entry_stands(sets_find(&entry->key));
	return ERR_NONE;
}

struct listing {
	enum set_index set;
	backend_entry_fn *each;
	void *arg;
};

static void
list_one(struct entry *e, void *arg)
{
	const struct listing *l = arg;
	struct backend_entry entry = { .key = e->key };
	int64_t left_s = (e->end_us - now_us()) / SECOND;

	if (e->key.set != l->set || !entry_stands(e))
		return;
	if (e->end_us != FOR_EVER)
		entry.timeout_s = left_s > 0 ? (uint32_t)left_s : 1;
	l->each(l->arg, &entry);
}

static enum err
sets_list(struct backend *b, enum set_index set, backend_entry_fn *each,
	  void *arg)
{
	struct listing l = { set, each, arg };

	(void)b;
	if (ask_kernel() != ERR_NONE)
		return ERR_TIMEOUT;
	if (!sets.made[set])
		return ERR_MISSING;
	sets_each(list_one, &l);
	process_point();
	return ERR_NONE;
}

static enum err
sets_look(struct backend *b, enum set_index set, struct backend_look *out)
{
	(void)b;
	if (ask_kernel() != ERR_NONE)
		return ERR_TIMEOUT;
	*out = (struct backend_look){ .present = sets.made[set],
				      .counted = sets.counted,
				      .references = sets.ruled[set],
				      .entries = count_of(set),
				      .capacity = sets.capacity };
	return ERR_NONE;
}

static int
sets_watch(const struct backend *b)
{
	return b->news;
}

static bool
sets_heard(struct backend *b)
{
	struct thing *news = wires_thing(b->news);
	bool any = thing_first(news) != NULL;

	while (thing_first(news) != NULL)
		thing_drop_first(news);
	return any;
}

const struct backend_kind backend_ipset = {
	.name = "memory",
	.open = sets_open,
	.close = sets_close,
	.prepare = sets_prepare,
	.add = sets_add,
	.remove = sets_remove,
	.has = sets_has,
	.list = sets_list,
	.look = sets_look,
	.watch = sets_watch,
	.heard = sets_heard,
};
