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
	if (r->channel != -1 &&
	    post_send(r->channel, &r->letter, size, -1) == ERR_NONE)
		r->lost = 0;
	else
		lose(r);
	r->count = 0;
}
