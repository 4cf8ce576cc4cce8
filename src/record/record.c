/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker's half of the access log.
 *
 * A query fills items of fixed size; the loop sends them before it waits.
 * Nothing here formats text, allocates or blocks: a recorder that does not
 * keep up costs records, which are counted and told with the next letter
 * that goes through.
 */
#include "record/record.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "lists/item.h"
#include "policy/image.h"
#include "proc/post.h"

void
recording_init(struct recording *r, int channel, struct worker_stats *stats)
{
	*r = (struct recording){ .channel = channel, .stats = stats };
}

void
recording_set_generation(struct recording *r, uint32_t generation)
{
	if (r->letter.head.generation == generation)
		return;
	recording_flush(r);
	r->letter.head.generation = generation;
}

bool
record_is_hit(enum record_kind kind)
{
	switch (kind) {
	case RECORD_BLOCKED:
	case RECORD_LOCAL:
	case RECORD_LISTED:
	case RECORD_BAD_QUERY:
	case RECORD_BAD_ANSWER:
	case RECORD_GRANT_FAILED:
	case RECORD_REFUSED:
		return true;
	default:
		return false;
	}
}

bool
record_is_event(enum record_kind kind)
{
	return kind != RECORD_ALIAS && kind != RECORD_RESOLVED &&
	       kind != RECORD_HIT;
}

static bool
name_is_whole(const struct record_item *item)
{
	unsigned at = 0;

	if (item->name_len == 0)
		return item->name[0] == 0;
	while (at < item->name_len && item->name[at] != 0) {
		if (item->name[at] > LABEL_MAX)
			return false;
		at += item->name[at] + 1u;
	}
	return at + 1 == item->name_len;
}

static bool
is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* None, or one in its one shape. */
static bool
addr_is_sound(const struct addr *a)
{
	if (!is_zero(a->pad, sizeof(a->pad)))
		return false;
	if (a->family == 0)
		return is_zero(a->byte, sizeof(a->byte));
	return a->family == 6 ||
	       (a->family == 4 && is_zero(a->byte + 4, sizeof(a->byte) - 4));
}

static bool
hit_is_known(const struct record_item *item)
{
	return item->trigger < TRIGGER_COUNT && item->action < ACTION_COUNT &&
	       item->would < ACTION_COUNT && item->wild <= 1 &&
	       item->bits <= (item->address.family == 4 ? 32 : 128) &&
	       item->labels < NAME_MAX_WIRE;
}

static bool
numbers_are_known(const struct record_item *item)
{
	return item->kind < RECORD_KINDS && item->has_id <= 1 &&
	       item->ended <= 1 && item->audit <= 1 &&
	       item->borrowed <= 1 && hit_is_known(item) &&
	       item->reason < REASON_COUNT && item->source < SOURCE_COUNT &&
	       item->chain_count <= RECORD_ALIASES_MAX &&
	       (item->chain == 0) == (item->chain_count == 0);
}

static bool
is_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	return len < size && is_zero((const uint8_t *)text + len, size - len);
}

bool
record_is_sound(const struct record_item *item)
{
	return numbers_are_known(item) && name_is_whole(item) &&
	       is_zero(item->name + item->name_len,
		       sizeof(item->name) - item->name_len) &&
	       item->upstream.pad == 0 && addr_is_sound(&item->client) &&
	       addr_is_sound(&item->address) &&
	       addr_is_sound(&item->upstream.addr);
}

bool
refused_is_sound(const struct refused_letter *r)
{
	return record_is_sound(&r->item) && r->item.kind == RECORD_REFUSED &&
	       is_text(r->cause, sizeof(r->cause)) &&
	       is_text(r->reason, sizeof(r->reason)) &&
	       is_text(r->line, sizeof(r->line)) &&
	       is_text(r->text, sizeof(r->text));
}

struct record_item *
record_next(struct recording *r)
{
	struct record_item *item;

	if (r->count == RECORD_BATCH)
		recording_flush(r);
	item = &r->letter.item[r->count++];
	memset(item, 0, sizeof(*item));
	item->rule = IMAGE_NONE;
	return item;
}

/* Never 0. */
static uint32_t
next_number(uint32_t *number)
{
	*number = *number == UINT32_MAX ? 1 : *number + 1;
	return *number;
}

uint32_t
record_new_chain(struct recording *r)
{
	return next_number(&r->chains);
}

uint32_t
record_new_hit(struct recording *r)
{
	return next_number(&r->hits);
}

void
record_name(struct record_item *item, const struct name *name)
{
	item->name_len = name->len;
	memcpy(item->name, name->wire, name->len);
}

static void
lose(struct recording *r)
{
	r->lost += r->count;
	if (r->stats)
		atomic_fetch_add_explicit(&r->stats->records_lost, r->count,
					  memory_order_relaxed);
}

void
recording_flush(struct recording *r)
{
	size_t size = post_size(POST_RECORD, r->count);
	struct record_letter *head = &r->letter.head;

	if (r->count == 0)
		return;
	assert(size <= sizeof(r->letter));
	post_head(&head->head, POST_RECORD, r->count);
	head->lost = r->lost;
	head->time_ms = r->timed ? clock_date_ms() : 0;
	if (r->channel != -1 &&
	    post_send(r->channel, &r->letter, size, -1) == ERR_NONE)
		r->lost = 0;
	else
		lose(r);
	r->count = 0;
}
