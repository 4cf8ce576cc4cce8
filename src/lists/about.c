/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whoever maps an image finds in it all that he must know of a list, in the
 * shape in which he needs it.
 */
#include "lists/about.h"

#include <string.h>

#include "wire/types.h"

_Static_assert(CONFIG_ADDRESSES_MAX *ABOUT_RECORD_MAX <= ABOUT_DATA_MAX,
	       "all addresses of an action have room");

static uint8_t *
put_number(uint8_t *at, uint32_t number, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(number >> 8 * (bytes - 1 - i));
	return at + bytes;
}

static uint8_t *
put_address(uint8_t *at, const struct addr *a, uint32_t ttl)
{
	unsigned len = a->family == 4 ? 4 : 16;

	at = put_number(at, a->family == 4 ? TYPE_A : TYPE_AAAA, 2);
	at = put_number(at, ttl, 4);
	at = put_number(at, len, 2);
	memcpy(at, a->byte, len);
	return at + len;
}

static void
put_data(const struct list_config *c, struct about *out)
{
	uint8_t *at = out->data;

	if (c->action == ACTION_CNAME) {
		at = put_number(at, c->max_ttl_s, 4);
		memcpy(at, c->target.wire, c->target.len);
		at += c->target.len;
	}
	for (unsigned i = 0; c->action == ACTION_ADDRESS && i < c->addresses;
	     i++)
		at = put_address(at, &c->address[i], c->max_ttl_s);
	out->lists.data_len = (size_t)(at - out->data);
	out->lists.data = out->lists.data_len > 0 ? out->data : NULL;
}

static const char *
put_source(const struct list_config *c, struct about *out)
{
	struct text t;

	if (c->where[0] != '\0')
		return c->where;
	text_init(&t, out->source, sizeof(out->source));
	if (c->source == SOURCE_PRIMARY)
		name_print(&c->zone, &t);
	for (unsigned i = 0; i < c->rrsets; i++) {
		if (i > 0)
			text_char(&t, ',');
		name_print(&c->rrset[i], &t);
	}
	return out->source;
}

static void
put_primaries(const struct list_config *c, struct about *out)
{
	if (c->source != SOURCE_PRIMARY)
		return;
	for (unsigned i = 0; i < c->servers; i++) {
		const struct addr *a = &c->server[i].addr;

		out->primary[i] = (struct net){
			.addr = *a, .bits = a->family == 4 ? 32 : 128
		};
	}
	out->lists.primary = out->primary;
	out->lists.primaries = c->servers;
}

static uint32_t
ede_of(const struct list_config *c)
{
	if (c->ede == CONFIG_EDE_USUAL)
		return LISTS_EDE_USUAL;
	return c->ede >= 0 ? (uint32_t)c->ede : LISTS_NO_EDE;
}

static uint32_t
flags_of(const struct list_config *c)
{
	return (c->block_set ? LISTS_BLOCK_SET : 0u) |
	       (c->allow_set ? LISTS_ALLOW_SET : 0u) |
	       (c->missing_blocks ? LISTS_NS_BLOCK : 0u) |
	       (c->expire_removes ? LISTS_EXPIRES : 0u);
}

void
about_list(const struct list_config *config, struct about *out)
{
	out->lists = (struct lists_about){ .name = config->name,
					   .nickname = config->nickname,
					   .category = config->category,
					   .contact = config->contact,
					   .form = config->form,
					   .action = config->action,
					   .wild = config->wild,
					   .client = config->client,
					   .clients = config->clients,
					   .flags = flags_of(config),
					   .max_ttl_s = config->max_ttl_s,
					   .ns_levels = config->ns_levels,
					   .ede = ede_of(config),
					   .soa_place = config->soa };
	out->lists.file = put_source(config, out);
	put_data(config, out);
	put_primaries(config, out);
}
