/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table and two rows over one heap of blocks.
 *
 * A new entry stands in the first row; one that is asked for again moves to
 * the second, which holds three quarters of the blocks at most and gives its
 * oldest back to the first. What is evicted is the oldest of the first row:
 * a flood of names that nobody asks for twice takes only the room of its
 * like. The table is keyed by a hash that nobody outside can foresee.
 */
#include "cache/shelf.h"

#include <string.h>

struct entry *
entry_at(const struct cache *c, uint32_t at)
{
	return block_at(&c->blocks, at);
}

void
entry_name(const struct cache *c, uint32_t at, struct name *out)
{
	const struct spread s = { at, sizeof(struct entry), 0 };

	out->len = entry_at(c, at)->name_len;
	blocks_read(&c->blocks, &s, out->wire, out->len);
}

void
probe_init(const struct cache *c, const struct cache_key *key, struct probe *p)
{
	uint8_t said[NAME_MAX_WIRE + 3];
	uint64_t h;

	name_lower(&key->q->name, &p->name);
	p->type = key->q->type;
	p->class = key->q->class;
	p->flags = (uint8_t)((key->dnssec_ok ? KEY_DO : 0) |
			     (key->checking_disabled ? KEY_CD : 0));
	/* Without the type: an NXDOMAIN stands beside what was asked. */
	memcpy(said, p->name.wire, p->name.len);
	said[p->name.len] = p->flags;
	said[p->name.len + 1] = (uint8_t)(p->class >> 8);
	said[p->name.len + 2] = (uint8_t)p->class;
	h = hash_bytes(&c->key, said, p->name.len + 3u);
	p->slot = (uint32_t)h & (c->slots - 1);
	p->tag = (uint32_t)(h >> 32);
}

static bool
entry_is(const struct cache *c, uint32_t at, const struct probe *p,
	 uint16_t type)
{
	const struct entry *e = entry_at(c, at);
	struct name name;

	if (e->tag != p->tag || e->type != type || e->class != p->class ||
	    e->flags != p->flags || e->name_len != p->name.len)
		return false;
	entry_name(c, at, &name);
	return memcmp(name.wire, p->name.wire, name.len) == 0;
}

uint32_t
shelf_find(const struct cache *c, const struct probe *p, uint16_t type)
{
	uint32_t at = c->slot[p->slot];

	while (at != BLOCK_NONE && !entry_is(c, at, p, type))
		at = entry_at(c, at)->chain;
	return at;
}

static void
unlink_from_slot(struct cache *c, uint32_t at)
{
	uint32_t *link = &c->slot[entry_at(c, at)->slot];

	while (*link != at)
		link = &entry_at(c, *link)->chain;
	*link = entry_at(c, at)->chain;
}

static void
row_enter(struct cache *c, enum row_name which, uint32_t at)
{
	struct row *row = &c->row[which];
	struct entry *e = entry_at(c, at);

	e->row = (uint8_t)which;
	e->newer = BLOCK_NONE;
	e->older = row->newest;
	if (row->newest == BLOCK_NONE)
		row->oldest = at;
	else
		entry_at(c, row->newest)->newer = at;
	row->newest = at;
	row->blocks += e->blocks;
}

static void
row_leave(struct cache *c, uint32_t at)
{
	struct entry *e = entry_at(c, at);
	struct row *row = &c->row[e->row];

	if (e->newer == BLOCK_NONE)
		row->newest = e->older;
	else
		entry_at(c, e->newer)->older = e->older;
	if (e->older == BLOCK_NONE)
		row->oldest = e->newer;
	else
		entry_at(c, e->older)->newer = e->newer;
	row->blocks -= e->blocks;
}

void
shelf_forget(struct cache *c, uint32_t at)
{
	unlink_from_slot(c, at);
	row_leave(c, at);
	blocks_give(&c->blocks, at);
	c->entries--;
}

void
shelf_promote(struct cache *c, uint32_t at)
{
	struct row *second = &c->row[ROW_ASKED_AGAIN];

	row_leave(c, at);
	row_enter(c, ROW_ASKED_AGAIN, at);
	while (second->blocks > c->blocks.count / 4 * 3 &&
	       second->oldest != at) {
		uint32_t old = second->oldest;

		row_leave(c, old);
		row_enter(c, ROW_NEW, old);
	}
}

static void
make_room(struct cache *c, uint32_t blocks)
{
	while (c->blocks.free < blocks) {
		uint32_t old = c->row[ROW_NEW].oldest;

		if (old == BLOCK_NONE)
			old = c->row[ROW_ASKED_AGAIN].oldest;
		shelf_forget(c, old);
		c->evicted++;
	}
}

struct entry *
shelf_enter(struct cache *c, const struct probe *p, const struct message *m)
{
	size_t len = m ? m->len : 0;
	uint32_t blocks = blocks_for(sizeof(struct entry), p->name.len + len);
	struct spread s = { .head = sizeof(struct entry) };
	struct entry *e;

	if (blocks > c->blocks.count / 4)
		return NULL;
	make_room(c, blocks);
	s.first = blocks_take(&c->blocks, blocks);
	e = entry_at(c, s.first);
	*e = (struct entry){ .link = e->link,
			     .chain = c->slot[p->slot],
			     .slot = p->slot,
			     .tag = p->tag,
			     .blocks = blocks,
			     .message_len = (uint32_t)len,
			     .type = p->type,
			     .class = p->class,
			     .flags = p->flags,
			     .name_len = p->name.len };
	blocks_write(&c->blocks, &s, p->name.wire, p->name.len);
	s.at = p->name.len;
	if (len > 0)
		blocks_write(&c->blocks, &s, m->bytes, len);
	c->slot[p->slot] = s.first;
	row_enter(c, ROW_NEW, s.first);
	c->entries++;
	return e;
}
