/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lists say, gathered: 16 bytes an entry, and what records it holds. The
 * image is made of it in layout.c.
 */
#include "lists/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "lists/nets.h"
#include "lists/table.h"

void
lists_build_init(struct lists_build *b)
{
	struct random random;

	memset(b, 0, sizeof(*b));
	random_init(&random);
	b->key.k0 = random_u64(&random);
	b->key.k1 = random_u64(&random);
}

void
lists_build_fini(struct lists_build *b)
{
	entries_fini(&b->entries);
	store_fini(&b->data);
	free(b->net);
	free(b->texts);
}

/* ---- lists -------------------------------------------------------------- */

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
	return keep_bytes(b, text != NULL ? text : "",
			  text != NULL ? strlen(text) : 0, at_out);
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

static enum err
keep_texts(struct lists_build *b, const struct lists_about *about,
	   struct lists_list *l)
{
	const struct {
		const char *text;
		uint32_t *at_out;
	} all[] = {
		{ about->name, &l->name },
		{ about->file, &l->file },
		{ about->line, &l->line },
		{ about->nickname, &l->nickname },
		{ about->category, &l->category },
		{ about->contact, &l->contact },
	};
	enum err err = ERR_NONE;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (err == ERR_NONE)
			err = keep_text(b, all[i].text, all[i].at_out);
	}
	return err;
}

static enum err
keep_nets(struct lists_build *b, const struct lists_about *about,
	  struct lists_list *l)
{
	enum err err = ERR_NONE;

	l->first_client = (uint32_t)b->nets;
	l->client_count = (uint32_t)about->clients;
	for (size_t i = 0; err == ERR_NONE && i < about->clients; i++)
		err = nets_add(b, &about->client[i]);
	l->first_primary = (uint32_t)b->nets;
	l->primary_count = (uint32_t)about->primaries;
	for (size_t i = 0; err == ERR_NONE && i < about->primaries; i++)
		err = nets_add(b, &about->primary[i]);
	l->first_net = (uint32_t)b->nets;
	return err;
}

static void
end_list(struct lists_build *b)
{
	if (b->lists > 0)
		nets_settle(b, &b->list[b->lists - 1]);
}

enum err
lists_build_list(struct lists_build *b, const struct lists_about *about)
{
	struct lists_list *l = &b->list[b->lists];
	enum err err;

	if (b->lists == LISTS_MAX)
		return ERR_RANGE;
	end_list(b);
	*l = (struct lists_list){ .form = about->form,
				  .action = about->action,
				  .wild = about->wild,
				  .flags = about->flags,
				  .max_ttl_s = about->max_ttl_s,
				  .ns_levels = about->ns_levels,
				  .ede = about->ede,
				  .soa_place = about->soa_place };
	err = keep_texts(b, about, l);
	if (err == ERR_NONE)
		err = keep_nets(b, about, l);
	if (err == ERR_NONE && about->data != NULL)
		err = store_keep(&b->data, about->data, about->data_len,
				 &l->data);
	b->entries_before = b->entries.count;
	b->items_before = b->items;
	b->nodes_before = b->nodes.count;
	nodes_begin(&b->nodes);
	b->lists += err == ERR_NONE;
	return err;
}

void
lists_build_empty(struct lists_build *b)
{
	struct lists_list *l = &b->list[b->lists - 1];

	entries_cut(&b->entries, b->entries_before);
	b->items = b->items_before;
	b->nets = l->first_net;
	b->nodes.count = b->nodes_before;
	nodes_begin(&b->nodes);
	l->names = l->nets = l->triggers = l->zone = l->soa = 0;
}

enum err
lists_build_zone(struct lists_build *b, const struct name *zone)
{
	struct name lower;

	name_lower(zone, &lower);
	return store_keep(&b->data, lower.wire, lower.len,
			  &b->list[b->lists - 1].zone);
}

enum err
lists_build_soa(struct lists_build *b, const uint8_t *record, size_t len)
{
	return store_keep(&b->data, record, len, &b->list[b->lists - 1].soa);
}

/* ---- entries ------------------------------------------------------------ */

static void
note_length(struct lists_build *b, const struct item *item)
{
	const struct net *n = &item->net;
	uint64_t *word =
	    &b->lengths[item->trigger]
		       [lists_length_word(n->addr.family, n->bits)];

	*word |= 1ull << n->bits % 64;
}

static enum entry_rank
rank_of(const struct item *item)
{
	if (item->exception)
		return RANK_EXCEPTION;
	return item->action == ACTION_DATA ? RANK_DATA : RANK_ACTION;
}

static uint32_t
flags_of(const struct item *item, const struct lists_list *l)
{
	return (item->exception ? MARK_EXCEPTION : 0u) |
	       (item->wild ? MARK_WILD : 0u) |
	       (l->form == FORM_RPZ ? MARK_ENDS : 0u);
}

static enum err
add_name(struct lists_build *b, const struct item *item,
	 const struct hash_key *key, struct lists_entry *e)
{
	struct lists_list *l = &b->list[b->lists - 1];

	e->hash = lists_name_hash(key, item->name.wire, item->name.len);
	l->names++;
	if (item->name.wire[0] == 0)
		b->roots |= 1ull << item->trigger;
	if (l->form != FORM_RPZ)
		return ERR_NONE;
	return nodes_add(&b->nodes, &b->entries, b->lists - 1, key,
			 &item->name);
}

static enum err
add_net(struct lists_build *b, const struct item *item,
	const struct hash_key *key, struct lists_entry *e)
{
	struct lists_list *l = &b->list[b->lists - 1];

	e->hash = lists_net_hash(key, &item->net);
	l->nets++;
	note_length(b, item);
	return nets_wanted(l, item) ? nets_add(b, &item->net) : ERR_NONE;
}

enum err
lists_build_add(struct lists_build *b, const struct item *item)
{
	struct lists_list *l = &b->list[b->lists - 1];
	unsigned reach = item->is_net ? REACH_EXACT : item->reach;
	struct lists_entry e = {
		.what = entry_what(b->lists - 1, reach, rank_of(item)) |
			flags_of(item, l) << 8 | item->action
	};
	struct hash_key key;
	enum err err = ERR_NONE;

	if (b->items == LISTS_ENTRIES_MAX)
		return ERR_RANGE;
	b->items++;
	l->triggers |= 1u << item->trigger;
	lists_trigger_key(&b->key, item->trigger, &key);
	if (item->data_len > 0)
		err = store_keep(&b->data, item->data, item->data_len, &e.data);
	if (err == ERR_NONE)
		err = item->is_net ? add_net(b, item, &key, &e)
				   : add_name(b, item, &key, &e);
	return err == ERR_NONE ? entries_add(&b->entries, &e) : err;
}
