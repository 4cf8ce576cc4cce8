/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From entries to an image.
 *
 * An entry is 16 bytes: the hash of what is listed, and what its list says of
 * it. Sorted, all that is said of one key stands together; keys of which the
 * same is said share one meaning, so that a table of millions has few.
 */
#include "lists/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"

struct lists_entry {
	uint64_t hash;
	uint32_t mark; /* struct lists_mark, as a number that sorts by list */
};

enum { ROOM_FIRST = 4096, SHARE_SLOTS = 4096 };
/* Blocked (RFC 8914). */
enum { LISTS_TTL_S = 300 };

void
lists_build_init(struct lists_build *b)
{
	struct random random;

	*b = (struct lists_build){ 0 };
	random_init(&random);
	b->key.k0 = random_u64(&random);
	b->key.k1 = random_u64(&random);
}

void
lists_build_fini(struct lists_build *b)
{
	free(b->entry);
	free(b->texts);
}

/* ---- gathering ---------------------------------------------------------- */

static enum err
keep_bytes(struct lists_build *b, const char *text, size_t len,
	   uint32_t *at_out)
{
	char *more = realloc(b->texts, b->texts_len + len + 1);

	if (more == NULL)
		return ERR_FULL;
	memcpy(more + b->texts_len, text, len);
	more[b->texts_len + len] = '\0';
	*at_out = (uint32_t)b->texts_len;
	b->texts = more;
	b->texts_len += len + 1;
	return ERR_NONE;
}

static enum err
keep_text(struct lists_build *b, const char *text, uint32_t *at_out)
{
	return keep_bytes(b, text, strlen(text), at_out);
}

enum err
lists_build_source(struct lists_build *b, const char *name, const char *text,
		   size_t len)
{
	enum err err = keep_text(b, name, &b->source_name);

	if (err == ERR_NONE)
		err = keep_bytes(b, text, len, &b->source);
	b->source_len = (uint32_t)len;
	return err;
}

enum err
lists_build_list(struct lists_build *b, const char *name, const char *file,
		 enum list_form form, enum list_action action)
{
	struct lists_list *l = &b->list[b->lists];
	enum err err;

	if (b->lists == LISTS_MAX)
		return ERR_RANGE;
	*l = (struct lists_list){ .form = form,
				  .action = action,
				  .max_ttl_s = LISTS_TTL_S,
				  .ede = LISTS_EDE_USUAL };
	err = keep_text(b, name, &l->name);
	if (err == ERR_NONE)
		err = keep_text(b, file, &l->file);
	if (err == ERR_NONE)
		err = keep_text(b, "", &l->line);
	l->nickname = l->category = l->contact = l->line;
	b->lists += err == ERR_NONE;
	return err;
}

static void
note_length(struct lists_build *b, const struct net *n)
{
	if (n->addr.family == 4)
		b->lengths4 |= 1ull << n->bits;
	else
		b->lengths6[n->bits / 64] |= 1ull << n->bits % 64;
}

/* An exception comes before what it is one from. */
static uint32_t
number_of(const struct lists_mark *m)
{
	return (uint32_t)m->list << 16 | (uint32_t)m->reach << 8 |
	       !m->exception;
}

static struct lists_mark
mark_of(uint32_t number)
{
	return (struct lists_mark){ .list = (uint8_t)(number >> 16),
				    .reach = (uint8_t)(number >> 8),
				    .exception = (number & 1) == 0 };
}

static enum err
make_room(struct lists_build *b)
{
	size_t room = b->room != 0 ? b->room * 2 : ROOM_FIRST;
	void *more;

	if (b->count < b->room)
		return ERR_NONE;
	more = realloc(b->entry, room * sizeof(*b->entry));
	if (more == NULL)
		return ERR_FULL;
	b->entry = more;
	b->room = room;
	return ERR_NONE;
}

enum err
lists_build_add(struct lists_build *b, const struct item *item)
{
	struct lists_mark mark = { .list = (uint8_t)(b->lists - 1),
				   .exception = item->exception };
	struct lists_list *l = &b->list[mark.list];
	struct hash_key key;
	uint64_t hash;
	enum err err = b->count < LISTS_ENTRIES_MAX ? make_room(b) : ERR_RANGE;

	if (err != ERR_NONE)
		return err;
	lists_trigger_key(&b->key, item->trigger, &key);
	l->triggers |= 1u << item->trigger;
	if (item->is_net) {
		hash = lists_net_hash(&key, &item->net);
		note_length(b, &item->net);
		l->nets++;
	} else {
		hash = lists_name_hash(&key, item->name.wire, item->name.len);
		mark.reach = (uint8_t)item->reach;
		l->names++;
	}
	b->entry[b->count++] =
	    (struct lists_entry){ .hash = hash, .mark = number_of(&mark) };
	return ERR_NONE;
}

/* ---- making it ----------------------------------------------------------- */

static int
by_hash(const void *a, const void *b)
{
	const struct lists_entry *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->mark != y->mark)
		return x->mark < y->mark ? -1 : 1;
	return 0;
}

/* The same said twice is said once. */
static void
drop_twins(struct lists_build *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->count; i++) {
		if (kept == 0 || by_hash(&b->entry[kept - 1], &b->entry[i]))
			b->entry[kept++] = b->entry[i];
	}
	b->count = kept;
}

struct layout {
	struct lists_build *b;
	size_t keys; /* distinct */
	struct lists_meaning *meaning;
	struct lists_mark *mark;
	size_t meanings, marks;
	uint32_t *share; /* hash of a run of marks -> meaning plus 1 */
	struct lists_key *table;
	uint64_t slots;
};

static size_t
run_at(const struct lists_build *b, size_t i)
{
	size_t end = i + 1;

	while (end < b->count && b->entry[end].hash == b->entry[i].hash)
		end++;
	return end - i;
}

static bool
means(const struct layout *l, uint32_t meaning, size_t i, size_t run)
{
	const struct lists_meaning *m = &l->meaning[meaning];

	if (m->count != run)
		return false;
	for (size_t k = 0; k < run; k++) {
		if (number_of(&l->mark[m->first + k]) !=
		    l->b->entry[i + k].mark)
			return false;
	}
	return true;
}

/* Where two runs want one place the later one is not shared: correct, and so
 * rare that it costs nothing. */
static uint32_t
meaning_of(struct layout *l, size_t i, size_t run)
{
	uint32_t *share;
	uint64_t hash = 0;

	for (size_t k = 0; k < run; k++)
		hash =
		    (hash + l->b->entry[i + k].mark + 1) * 0x9e3779b97f4a7c15u;
	share = &l->share[hash >> 52];
	if (*share != 0 && means(l, *share - 1, i, run))
		return *share;
	l->meaning[l->meanings] =
	    (struct lists_meaning){ .first = (uint32_t)l->marks,
				    .count = (uint32_t)run };
	for (size_t k = 0; k < run; k++)
		l->mark[l->marks++] = mark_of(l->b->entry[i + k].mark);
	*share = (uint32_t)++l->meanings;
	return *share;
}

static void
put_key(struct layout *l, uint64_t hash, uint32_t meaning)
{
	uint64_t at = lists_slot(hash, l->slots);

	while (l->table[at].meaning != 0)
		at = at + 1 < l->slots ? at + 1 : 0;
	l->table[at] = (struct lists_key){ .hash_low = (uint32_t)hash,
					   .hash_high = (uint32_t)(hash >> 32),
					   .meaning = meaning };
}

static void
lay_out(struct layout *l)
{
	size_t run;

	for (size_t i = 0; i < l->b->count; i += run) {
		run = run_at(l->b, i);
		put_key(l, l->b->entry[i].hash, meaning_of(l, i, run));
	}
}

static uint64_t
put_section(struct lists_section *s, uint64_t at, uint64_t count, size_t each)
{
	*s = (struct lists_section){ .at = at, .count = count };
	return (at + count * each + 7) & ~7ull;
}

static enum err
write_image(const struct layout *l, void **image_out, size_t *size_out)
{
	const struct lists_build *b = l->b;
	struct lists_head h = { .magic = LISTS_MAGIC,
				.version = LISTS_VERSION,
				.key = b->key,
				.lengths4 = b->lengths4,
				.source = b->source,
				.source_len = b->source_len,
				.source_name = b->source_name };
	uint64_t at = sizeof(h);
	char *image;

	memcpy(h.lengths6, b->lengths6, sizeof(h.lengths6));
	at = put_section(&h.lists, at, b->lists, sizeof(b->list[0]));
	at = put_section(&h.keys, at, l->slots, sizeof(*l->table));
	at = put_section(&h.meanings, at, l->meanings, sizeof(*l->meaning));
	at = put_section(&h.marks, at, l->marks, sizeof(*l->mark));
	at = put_section(&h.texts, at, b->texts_len, 1);
	h.size = at;
	image = calloc(1, at);
	if (image == NULL)
		return ERR_FULL;
	memcpy(image, &h, sizeof(h));
	memcpy(image + h.lists.at, b->list, b->lists * sizeof(b->list[0]));
	memcpy(image + h.keys.at, l->table, l->slots * sizeof(*l->table));
	memcpy(image + h.meanings.at, l->meaning,
	       l->meanings * sizeof(*l->meaning));
	memcpy(image + h.marks.at, l->mark, l->marks * sizeof(*l->mark));
	memcpy(image + h.texts.at, b->texts, b->texts_len);
	*image_out = image;
	*size_out = at;
	return ERR_NONE;
}

enum err
lists_build_image(struct lists_build *b, void **image_out, size_t *size_out)
{
	struct layout l = { .b = b };
	enum err err = ERR_FULL;

	if (b->texts_len == 0 && keep_text(b, "", &(uint32_t){ 0 }) != ERR_NONE)
		return ERR_FULL;
	if (b->count > 0)
		qsort(b->entry, b->count, sizeof(*b->entry), by_hash);
	drop_twins(b);
	/* Three of four slots are taken at most. */
	l.slots = b->count + b->count / 3 + 8;
	l.meaning = calloc(b->count + 1, sizeof(*l.meaning));
	l.mark = calloc(b->count + 1, sizeof(*l.mark));
	l.share = calloc(SHARE_SLOTS, sizeof(*l.share));
	l.table = calloc(l.slots, sizeof(*l.table));
	if (l.meaning != NULL && l.mark != NULL && l.share != NULL &&
	    l.table != NULL) {
		lay_out(&l);
		err = write_image(&l, image_out, size_out);
	}
	free(l.meaning);
	free(l.mark);
	free(l.share);
	free(l.table);
	return err;
}
