/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is kept, for how long, and what is found.
 *
 * A name that does not exist has one entry for all types; everything else
 * has one for each question. A failure never takes the place of an answer
 * that may still be used. No call allocates.
 */
#include "cache/cache.h"

#include <stdlib.h>
#include <string.h>

#include "cache/shelf.h"

enum { BLOCKS_A_SLOT = 2, SLOTS_LEAST = 16 };

/* ---- finding ------------------------------------------------------------- */

static void
read_message(struct cache *c, uint32_t at, struct cache_hit *out)
{
	const struct entry *e = entry_at(c, at);
	const struct spread s = { at, sizeof(*e), e->name_len };

	out->len = e->message_len;
	out->bytes = out->len > 0 ? c->bytes : NULL;
	blocks_read(&c->blocks, &s, c->bytes, out->len);
}

static enum cache_news
news_of(const struct entry *e, int64_t now_ms)
{
	if (now_ms < e->end_ms)
		return e->failure ? CACHE_FAILURE : CACHE_FRESH;
	return now_ms < e->stale_end_ms ? CACHE_STALE : CACHE_MISS;
}

static bool
is_of_use(const struct cache *c, uint32_t at, int64_t now_ms)
{
	return at != BLOCK_NONE &&
	       news_of(entry_at(c, at), now_ms) != CACHE_MISS;
}

/* That the name is missing counts for every type, also past its time where
 * nothing better is known of the one asked for. BLOCK_NONE: nothing is known.
 */
static uint32_t
best_of(const struct cache *c, const struct probe *p, int64_t now_ms)
{
	uint32_t missing = shelf_find(c, p, 0);
	uint32_t other;

	if (missing != BLOCK_NONE && now_ms < entry_at(c, missing)->end_ms)
		return missing;
	other = shelf_find(c, p, p->type);
	if (other == BLOCK_NONE ||
	    (is_of_use(c, missing, now_ms) && !is_of_use(c, other, now_ms)))
		return missing;
	return other;
}

static uint32_t
seconds(int64_t ms)
{
	return ms > 0 ? (uint32_t)(ms / 1000) : 0;
}

static void
take_hit(struct cache *c, uint32_t at, int64_t now_ms, struct cache_hit *out)
{
	struct entry *e = entry_at(c, at);

	out->age_s = seconds(now_ms - e->stored_ms);
	out->left_s = seconds(e->end_ms - now_ms);
	out->lived_s = seconds(e->end_ms - e->stored_ms);
	out->hits = e->hits++;
	out->failure = e->failure;
	out->recheck_later = now_ms < e->recheck_ms;
	read_message(c, at, out);
	if (out->news == CACHE_FRESH)
		shelf_promote(c, at);
}

void
cache_find(struct cache *c, const struct cache_key *key, int64_t now_ms,
	   struct cache_hit *out)
{
	struct probe p;
	uint32_t at;

	*out = (struct cache_hit){ .news = CACHE_MISS };
	if (c->blocks.count == 0)
		return;
	probe_init(c, key, &p);
	at = best_of(c, &p, now_ms);
	if (at == BLOCK_NONE)
		return;
	out->news = news_of(entry_at(c, at), now_ms);
	if (out->news != CACHE_MISS)
		take_hit(c, at, now_ms, out);
}

/* ---- keeping ------------------------------------------------------------- */

static void
forget_same(struct cache *c, const struct probe *p)
{
	const uint16_t types[2] = { 0, p->type };

	for (unsigned i = 0; i < 2; i++) {
		uint32_t at = shelf_find(c, p, types[i]);

		if (at != BLOCK_NONE)
			shelf_forget(c, at);
	}
}

/* There is no such name, whatever one asks of it: unless an alias leads
 * away from it, to the name that is missing (RFC 6604 3). */
static bool
is_missing_name(const struct message *m)
{
	if (message_rcode(m) != RCODE_NXDOMAIN)
		return false;
	return m->rr_count == 0 || m->rr[0].section != SECTION_ANSWER;
}

void
cache_keep(struct cache *c, const struct cache_key *key,
	   const struct message *m, int64_t now_ms)
{
	uint32_t time = cache_time_of(m, key->q->type);
	struct entry *e;
	struct probe p;

	if (time > c->max_ttl_s)
		time = c->max_ttl_s;
	if (c->blocks.count == 0 || time == 0 || m->len > CACHE_MESSAGE_MAX ||
	    (m->header.flags & FLAG_TC))
		return;
	probe_init(c, key, &p);
	forget_same(c, &p);
	if (is_missing_name(m))
		p.type = 0;
	e = shelf_enter(c, &p, m);
	if (!e)
		return;
	e->stored_ms = now_ms;
	e->end_ms = now_ms + (int64_t)time * 1000;
	e->stale_end_ms = e->end_ms + (int64_t)c->stale_s * 1000;
	e->rcode = (uint8_t)message_rcode(m);
}

/* How long the next failure in a row is remembered. */
static int64_t
failure_ms(unsigned failures)
{
	int64_t s = (int64_t)CACHE_FAILURE_S << (failures < 8 ? failures : 8);

	return (s < CACHE_FAILURE_MAX_S ? s : CACHE_FAILURE_MAX_S) * 1000;
}

void
cache_fail(struct cache *c, const struct cache_key *key,
	   const struct message *m, unsigned failure, int64_t now_ms)
{
	unsigned failures = 0;
	struct entry *e;
	struct probe p;
	uint32_t at;

	if (c->blocks.count == 0 || (m && m->len > CACHE_MESSAGE_MAX))
		return;
	probe_init(c, key, &p);
	at = best_of(c, &p, now_ms);
	if (at != BLOCK_NONE) {
		e = entry_at(c, at);
		if (!e->failure && now_ms < e->stale_end_ms) {
			e->recheck_ms = now_ms + CACHE_RECHECK_S * 1000;
			return;
		}
		/* In a row: the last one was not forgotten long ago. */
		if (e->failure &&
		    now_ms < e->end_ms + CACHE_FAILURE_MAX_S * 2000)
			failures = e->failures;
		shelf_forget(c, at);
	}
	e = shelf_enter(c, &p, m);
	if (!e)
		return;
	e->failure = (uint8_t)failure;
	e->failures = (uint8_t)(failures < 8 ? failures + 1 : 8);
	e->stored_ms = now_ms;
	e->end_ms = e->stale_end_ms = now_ms + failure_ms(failures);
	e->rcode = m ? (uint8_t)message_rcode(m) : (uint8_t)RCODE_SERVFAIL;
}

/* ---- for the control tool ------------------------------------------------ */

static bool
is_meant(const struct cache *c, uint32_t at, const struct name *name,
	 bool below)
{
	struct name entry;

	if (!name)
		return true;
	entry_name(c, at, &entry);
	return below ? name_is_under(&entry, name) : name_equal(&entry, name);
}

unsigned
cache_flush(struct cache *c, const struct name *name, bool below)
{
	unsigned count = 0;

	for (unsigned row = 0; row < ROWS; row++) {
		uint32_t at = c->row[row].newest;

		while (at != BLOCK_NONE) {
			uint32_t older = entry_at(c, at)->older;

			if (is_meant(c, at, name, below)) {
				shelf_forget(c, at);
				count++;
			}
			at = older;
		}
	}
	return count;
}

static void
print_entry(const struct cache *c, uint32_t at, int64_t now_ms,
	    struct text *out)
{
	const struct entry *e = entry_at(c, at);
	char type[16], rcode[16];
	struct name name;

	entry_name(c, at, &name);
	name_print(&name, out);
	text_printf(out, " %s %u %s %u %u\n",
		    e->type ? type_text(e->type, type) : "*",
		    seconds(e->end_ms - now_ms), rcode_text(e->rcode, rcode),
		    e->hits, e->blocks * BLOCK_SIZE);
}

void
cache_dump(struct cache *c, const struct name *below, int64_t now_ms,
	   cache_line_fn *each, void *arg)
{
	char buf[NAME_TEXT_SIZE + 128];
	struct text line;

	for (unsigned row = ROWS; row-- > 0;) {
		uint32_t at = c->row[row].newest;

		for (; at != BLOCK_NONE; at = entry_at(c, at)->older) {
			if (now_ms >= entry_at(c, at)->end_ms ||
			    !is_meant(c, at, below, true))
				continue;
			text_init(&line, buf, sizeof(buf));
			print_entry(c, at, now_ms, &line);
			if (!each(arg, &line))
				return;
		}
	}
}

void
cache_count(const struct cache *c, struct cache_totals *out)
{
	out->entries = c->entries;
	out->evicted = c->evicted;
	out->bytes = (uint64_t)(c->blocks.count - c->blocks.free) * BLOCK_SIZE;
}

/* ---- life ---------------------------------------------------------------- */

static uint32_t
slots_for(uint32_t blocks)
{
	uint32_t slots = SLOTS_LEAST;

	while (slots < blocks / BLOCKS_A_SLOT)
		slots *= 2;
	return slots;
}

enum err
cache_new(const struct cache_setup *setup, struct cache **out)
{
	struct cache *c = calloc(1, sizeof(*c));

	if (!c)
		return ERR_SYSTEM;
	if (blocks_init(&c->blocks, setup->bytes) != ERR_NONE)
		goto undo;
	c->slots = slots_for(c->blocks.count);
	c->slot = malloc(c->slots * sizeof(*c->slot));
	if (!c->slot)
		goto undo;
	memset(c->slot, 0xff, c->slots * sizeof(*c->slot));
	for (unsigned i = 0; i < ROWS; i++)
		c->row[i] = (struct row){ BLOCK_NONE, BLOCK_NONE, 0 };
	c->key.k0 = random_u64(setup->random);
	c->key.k1 = random_u64(setup->random);
	c->max_ttl_s = setup->max_ttl_s;
	c->stale_s = setup->stale_s;
	*out = c;
	return ERR_NONE;
undo:
	cache_free(c);
	return ERR_SYSTEM;
}

void
cache_free(struct cache *c)
{
	if (!c)
		return;
	blocks_fini(&c->blocks);
	free(c->slot);
	free(c);
}
