/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image of the lists, looked at before it is used.
 *
 * Whoever maps it believes no number in it that was not checked: those of
 * the lists here, once, so that a new image costs no time; all others where
 * they are met (match.c).
 */
#include "lists/image.h"

#include <string.h>

#include "lists/store.h"
#include "lists/table.h"
#include "policy/image.h"

static bool
is_inside(const struct lists_head *h, const struct lists_section *s,
	  size_t each)
{
	return s->at % 8 == 0 && s->at >= sizeof(*h) && s->at <= h->size &&
	       s->count <= (h->size - s->at) / each;
}

static bool
texts_are_inside(const struct lists_head *h, const struct lists_list *l)
{
	const uint32_t text[] = { l->name,     l->file,	    l->line,
				  l->nickname, l->category, l->contact };

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		if (text[i] >= h->texts.count)
			return false;
	}
	return true;
}

static bool
is_sound(const struct lists_head *h, const struct lists_list *l)
{
	return texts_are_inside(h, l) && l->form < FORM_COUNT &&
	       l->action < ACTION_COUNT && l->soa_place <= LISTS_SOA_NONE &&
	       l->first_net <= h->nets.count &&
	       l->net_count <= h->nets.count - l->first_net &&
	       l->first_client <= h->nets.count &&
	       l->client_count <= h->nets.count - l->first_client &&
	       l->first_primary <= h->nets.count &&
	       l->primary_count <= h->nets.count - l->first_primary;
}

static bool
lists_are_sound(const struct lists_head *h)
{
	const struct lists_list *l = lists_lists(h);
	const char *texts = lists_texts(h);

	if (h->source > h->texts.count || h->source_name >= h->texts.count ||
	    h->source_len >= h->texts.count - h->source)
		return false;
	if (h->lists.count > LISTS_MAX || h->texts.count == 0 ||
	    texts[h->texts.count - 1] != '\0')
		return false;
	for (uint64_t i = 0; i < h->lists.count; i++) {
		if (!is_sound(h, &l[i]))
			return false;
	}
	return true;
}

enum err
lists_view(const void *image, size_t size, struct lists *out)
{
	const struct lists_head *h = image;

	*out = (struct lists){ 0 };
	if (size < sizeof(*h) || h->magic != LISTS_MAGIC ||
	    h->version != LISTS_VERSION || h->size != size)
		return ERR_IMAGE;
	if (!is_inside(h, &h->lists, sizeof(struct lists_list)) ||
	    !is_inside(h, &h->keys, sizeof(struct lists_key)) ||
	    !is_inside(h, &h->meanings, sizeof(struct lists_meaning)) ||
	    !is_inside(h, &h->marks, sizeof(struct lists_mark)) ||
	    !is_inside(h, &h->data, 1) ||
	    !is_inside(h, &h->nets, sizeof(struct net)) ||
	    !is_inside(h, &h->texts, 1) || !lists_are_sound(h))
		return ERR_IMAGE;
	*out = (struct lists){ .head = h, .size = size };
	return ERR_NONE;
}

enum err
lists_of(const struct policy *p, struct lists *out)
{
	*out = (struct lists){ 0 };
	if (p->behind_size == 0)
		return ERR_NONE;
	return lists_view(p->behind, p->behind_size, out);
}

uint32_t
lists_count(const struct lists *l)
{
	return l->head != NULL ? (uint32_t)l->head->lists.count : 0;
}

const struct lists_list *
lists_at(const struct lists *l, uint32_t list)
{
	return list < lists_count(l) ? &lists_lists(l->head)[list] : NULL;
}

const char *
lists_text(const struct lists *l, uint32_t text)
{
	return lists_texts(l->head) + text;
}

const uint8_t *
lists_data(const struct lists *l, uint32_t data, size_t *len_out)
{
	return store_block(lists_section(l->head, &l->head->data),
			l->head->data.count, data, len_out);
}

static bool
nets_are_sound(const struct net *net, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if ((net[i].addr.family != 4 && net[i].addr.family != 6) ||
		    net[i].bits > (net[i].addr.family == 4 ? 32 : 128))
			return false;
	}
	return true;
}

const struct net *
lists_nets(const struct lists *l, uint32_t list, size_t *count_out)
{
	const struct lists_list *about = lists_at(l, list);
	const struct net *net;

	*count_out = 0;
	if (about == NULL)
		return NULL;
	net = lists_net_section(l->head) + about->first_net;
	if (nets_are_sound(net, about->net_count))
		*count_out = about->net_count;
	return net;
}

const struct net *
lists_clients(const struct lists *l, uint32_t list, size_t *count_out)
{
	const struct lists_list *about = lists_at(l, list);
	const struct net *net;

	*count_out = 0;
	if (about == NULL)
		return NULL;
	net = lists_net_section(l->head) + about->first_client;
	if (nets_are_sound(net, about->client_count))
		*count_out = about->client_count;
	return net;
}

void
lists_trigger_key(const struct hash_key *key, enum trigger trigger,
		  struct hash_key *out)
{
	out->k0 = key->k0 + (uint64_t)trigger;
	out->k1 = key->k1;
}

const char *
lists_source_text(const struct lists *l, size_t *len_out)
{
	*len_out = l->head != NULL ? l->head->source_len : 0;
	return l->head != NULL ? lists_text(l, l->head->source) : "";
}

uint64_t
lists_name_hash(const struct hash_key *key, const uint8_t *wire, size_t len)
{
	return hash_bytes(key, wire, len);
}

/* A name is never that long and never begins so. */
uint64_t
lists_net_hash(const struct hash_key *key, const struct net *net)
{
	return hash_bytes(key, net, sizeof(*net));
}
