/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From entries to an image.
 *
 * Sorted, all that is said of one key stands together; keys of which the same
 * is said share one meaning, so that a table of millions has few. The table is
 * written where it stays: sorted hashes come in the order of its slots.
 */
#include <stdlib.h>
#include <string.h>

#include "lists/build.h"
#include "lists/nets.h"
#include "lists/saved.h"

enum { SHARE_SLOTS = 4096, ROOM_FIRST = 64 };

struct layout {
	struct lists_build *b;
	struct lists_entry *entry; /* sorted */
	size_t count;
	struct lists_meaning *meaning;
	struct lists_mark *mark;
	size_t meanings, marks, meanings_room, marks_room;
	struct store data;	     /* what the image keeps */
	uint32_t share[SHARE_SLOTS]; /* hash of a run of marks -> meaning + 1 */
	char *image;
	struct lists_head head;
};

static enum err
grow(void *array, size_t *room, size_t wanted, size_t each)
{
	size_t more = *room != 0 ? *room : ROOM_FIRST;
	void **bytes = array, *grown;

	if (wanted <= *room)
		return ERR_NONE;
	while (more < wanted)
		more *= 2;
	grown = realloc(*bytes, more * each);
	if (grown == NULL)
		return ERR_FULL;
	*bytes = grown;
	*room = more;
	return ERR_NONE;
}

/* ---- what is said of one key ---------------------------------------------
 */

static size_t
run_at(const struct layout *l, size_t i)
{
	size_t end = i + 1;

	while (end < l->count && l->entry[end].hash == l->entry[i].hash)
		end++;
	return end - i;
}

static bool
is_twin(const struct lists_entry *a, const struct lists_entry *b)
{
	return a->what >> 20 == b->what >> 20;
}

/* All records of one name are one set, whatever their order was. */
static enum err
join(struct layout *l, const struct lists_entry *e, size_t count,
     uint32_t *number_out)
{
	uint8_t all[LISTS_RECORDS_MAX];
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		size_t more;
		const uint8_t *bytes = store_at(&l->b->data, e[i].data, &more);

		if (more > sizeof(all) - len)
			break;
		if (more > 0)
			memcpy(all + len, bytes, more);
		len += more;
	}
	return len > 0 ? store_keep(&l->data, all, len, number_out) : ERR_NONE;
}

/* One list says one thing of one reach: the first, and an exception or an
 * action before records. *used_out: how many entries that were. */
static enum err
put_mark(struct layout *l, const struct lists_entry *e, size_t count,
	 size_t *used_out)
{
	struct lists_mark *mark;
	size_t used = 1, joined = 1;

	while (used < count && is_twin(e, &e[used])) {
		if (entry_rank(e) == RANK_DATA)
			joined++;
		used++;
	}
	*used_out = used;
	if (grow(&l->mark, &l->marks_room, l->marks + 1, sizeof(*l->mark)) !=
	    ERR_NONE)
		return ERR_FULL;
	mark = &l->mark[l->marks++];
	*mark = (struct lists_mark){ .list = entry_list(e),
				     .reach = entry_reach(e),
				     .flags = entry_flags(e),
				     .action = entry_action(e) };
	if (mark->reach == LISTS_NODE)
		return ERR_NONE;
	return join(l, e, joined, &mark->data);
}

static enum err
put_marks(struct layout *l, size_t i, size_t run)
{
	size_t used = 0;
	enum err err = ERR_NONE;

	for (size_t k = 0; err == ERR_NONE && k < run; k += used)
		err = put_mark(l, &l->entry[i + k], run - k, &used);
	return err;
}

static bool
is_meant(const struct layout *l, uint32_t meaning, size_t first)
{
	const struct lists_meaning *m = &l->meaning[meaning];

	return m->count == l->marks - first &&
	       memcmp(&l->mark[m->first], &l->mark[first],
		      m->count * sizeof(*l->mark)) == 0;
}

/* Where two runs want one place the later one has it: correct, and so rare
 * that it costs nothing. */
static enum err
meaning_of(struct layout *l, size_t i, size_t run, uint32_t *meaning_out)
{
	static const struct hash_key key = { 0x9e3779b97f4a7c15u, 2 };
	size_t first = l->marks;
	uint32_t *share;
	enum err err = put_marks(l, i, run);

	if (err != ERR_NONE)
		return err;
	share = &l->share[hash_bytes(&key, &l->mark[first],
				     (l->marks - first) * sizeof(*l->mark)) >>
			  52];
	if (*share != 0 && is_meant(l, *share - 1, first)) {
		l->marks = first;
		*meaning_out = *share;
		return ERR_NONE;
	}
	if (grow(&l->meaning, &l->meanings_room, l->meanings + 1,
		 sizeof(*l->meaning)) != ERR_NONE)
		return ERR_FULL;
	l->meaning[l->meanings++] =
	    (struct lists_meaning){ .first = (uint32_t)first,
				    .count = (uint32_t)(l->marks - first) };
	*meaning_out = *share = (uint32_t)l->meanings;
	return ERR_NONE;
}

/* ---- the table ----------------------------------------------------------- */

static uint64_t
put_section(struct lists_section *s, uint64_t at, uint64_t count, size_t each)
{
	*s = (struct lists_section){ .at = at, .count = count };
	return (at + count * each + 7) & ~7ull;
}

/* Head, lists and table. Three of four slots are taken at most. */
static enum err
begin(struct layout *l)
{
	struct lists_head *h = &l->head;
	size_t keys = 0;
	uint64_t at = sizeof(*h);

	for (size_t i = 0; i < l->count; i += run_at(l, i))
		keys++;
	at = put_section(&h->lists, at, l->b->lists, sizeof(l->b->list[0]));
	h->size = put_section(&h->keys, at, keys + keys / 3 + 8,
			      sizeof(struct lists_key));
	l->image = calloc(1, h->size);
	return l->image != NULL ? ERR_NONE : ERR_FULL;
}

static void
put_key(struct layout *l, uint64_t hash, uint32_t meaning)
{
	struct lists_key *table = (void *)(l->image + l->head.keys.at);
	uint64_t slots = l->head.keys.count, at = lists_slot(hash, slots);

	while (table[at].meaning != 0)
		at = at + 1 < slots ? at + 1 : 0;
	table[at] = (struct lists_key){ .hash_low = (uint32_t)hash,
					.hash_high = (uint32_t)(hash >> 32),
					.meaning = meaning };
}

static enum err
put_keys(struct layout *l)
{
	enum err err = ERR_NONE;
	uint32_t meaning = 0;
	size_t run;

	for (size_t i = 0; err == ERR_NONE && i < l->count; i += run) {
		run = run_at(l, i);
		err = meaning_of(l, i, run, &meaning);
		if (err == ERR_NONE)
			put_key(l, l->entry[i].hash, meaning);
	}
	return err;
}

/* ---- the rest ------------------------------------------------------------ */

/* Data of a list, as of its entries, is numbered anew. */
static enum err
move_data(struct layout *l, uint32_t *number)
{
	size_t len;
	const uint8_t *bytes = store_at(&l->b->data, *number, &len);

	return bytes != NULL ? store_keep(&l->data, bytes, len, number)
			     : ERR_NONE;
}

static enum err
move_lists(struct layout *l)
{
	enum err err = ERR_NONE;

	for (uint32_t i = 0; err == ERR_NONE && i < l->b->lists; i++) {
		struct lists_list *list = &l->b->list[i];

		err = move_data(l, &list->data);
		if (err == ERR_NONE)
			err = move_data(l, &list->zone);
		if (err == ERR_NONE)
			err = move_data(l, &list->soa);
		for (unsigned t = 0; t < TRIGGER_COUNT; t++)
			l->head.with[t] |= (uint64_t)(list->triggers >> t & 1)
					   << i;
		if (list->client_count == 0)
			l->head.for_all |= 1ull << i;
	}
	return err;
}

static void
fill_head(struct layout *l)
{
	struct lists_head *h = &l->head;
	uint64_t at = h->size;

	h->magic = LISTS_MAGIC;
	h->version = LISTS_VERSION;
	h->key = l->b->key;
	h->roots = l->b->roots;
	h->source = l->b->source;
	h->source_len = l->b->source_len;
	h->source_name = l->b->source_name;
	h->identity = l->b->identity;
	memcpy(h->lengths, l->b->lengths, sizeof(h->lengths));
	at = put_section(&h->meanings, at, l->meanings, sizeof(*l->meaning));
	at = put_section(&h->marks, at, l->marks, sizeof(*l->mark));
	at = put_section(&h->data, at, l->data.len, 1);
	at = put_section(&h->nets, at, l->b->nets, sizeof(*l->b->net));
	h->size = put_section(&h->texts, at, l->b->texts_len, 1);
}

static void
put(const struct layout *l, const struct lists_section *s, const void *bytes,
    size_t len)
{
	if (len > 0)
		memcpy(l->image + s->at, bytes, len);
}

/* The table stays where it is, and what is small comes behind it. */
static enum err
finish(struct layout *l)
{
	const struct lists_head *h = &l->head;
	uint64_t begun = h->size;
	char *whole;

	fill_head(l);
	whole = realloc(l->image, h->size);
	if (whole == NULL)
		return ERR_FULL;
	l->image = whole;
	memset(whole + begun, 0, h->size - begun);
	memcpy(whole, h, sizeof(*h));
	put(l, &h->lists, l->b->list, l->b->lists * sizeof(l->b->list[0]));
	put(l, &h->meanings, l->meaning, l->meanings * sizeof(*l->meaning));
	put(l, &h->marks, l->mark, l->marks * sizeof(*l->mark));
	put(l, &h->data, l->data.bytes, l->data.len);
	put(l, &h->nets, l->b->net, l->b->nets * sizeof(*l->b->net));
	put(l, &h->texts, l->b->texts, l->b->texts_len);
	if (h->identity != 0)
		((struct lists_head *)(void *)whole)->sum =
		    saved_sum(whole, h->size);
	return ERR_NONE;
}

static enum err
lay_out(struct layout *l)
{
	enum err err = nodes_prune(l->entry, &l->count);

	if (err == ERR_NONE)
		err = begin(l);
	if (err == ERR_NONE)
		err = put_keys(l);
	if (err == ERR_NONE)
		err = move_lists(l);
	return err == ERR_NONE ? finish(l) : err;
}

enum err
lists_build_image(struct lists_build *b, void **image_out, size_t *size_out)
{
	struct layout *l = calloc(1, sizeof(*l));
	enum err err = ERR_FULL;

	if (l == NULL)
		return ERR_FULL;
	l->b = b;
	if (b->lists > 0)
		nets_settle(b, &b->list[b->lists - 1]);
	l->count = b->entries.count;
	if (entries_sort(&b->entries, &l->entry) == ERR_NONE)
		err = lay_out(l);
	if (err == ERR_NONE) {
		*image_out = l->image;
		*size_out = l->head.size;
		l->image = NULL;
	}
	free(l->entry);
	free(l->meaning);
	free(l->mark);
	store_fini(&l->data);
	free(l->image);
	free(l);
	return err;
}
