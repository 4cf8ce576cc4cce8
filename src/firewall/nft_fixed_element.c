/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A net is an interval: it begins with an element, and ends with another
 * that is marked and stands behind it. Where an element has more fields than
 * one, it has a lowest key and a highest.
 *
 * The address of the list is the first field of those. The kernel goes
 * through all elements whose first field fits before it looks at the second,
 * for each element that comes and for each packet: with the client in front,
 * whom all of them share, 65,000 took it a hundred times as long.
 */
#include "firewall/nft_fixed_element.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/region.h"
#include "firewall/nft_element.h"

enum { WORD = 4, AT_ONCE = 128 };

static uint32_t
address_len(enum fixed_index set)
{
	return fixed_family(set) == 4 ? 4 : 16;
}

uint32_t
nft_fixed_key_len(enum fixed_index set)
{
	uint32_t addresses = fixed_has_clients(set) ? 2 : 1;
	uint32_t service = fixed_has_service(set) ? 2 * WORD : 0;

	return addresses * address_len(set) + service;
}

uint32_t
nft_fixed_key_type(enum fixed_index set)
{
	uint32_t address =
	    fixed_family(set) == 4 ? NFT_TYPE_IPV4 : NFT_TYPE_IPV6;

	if (!fixed_has_clients(set))
		return address;
	address = address << NFT_TYPE_BITS | address;
	if (!fixed_has_service(set))
		return address;
	address = address << NFT_TYPE_BITS | NFT_TYPE_PROTOCOL;
	return address << NFT_TYPE_BITS | NFT_TYPE_SERVICE;
}

/* ---- keys -------------------------------------------------------------- */

static void
highest(const struct net *net, uint8_t out[16])
{
	unsigned bits = net->addr.family == 4 ? 32 : 128;

	memcpy(out, net->addr.byte, 16);
	for (unsigned bit = net->bits; bit < bits; bit++)
		out[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
}

/* The address behind it; false: there is none. */
static bool
step(uint8_t *address, uint32_t len)
{
	while (len > 0) {
		if (++address[--len] != 0)
			return true;
	}
	return false;
}

static void
write_key(enum fixed_index set, const struct fixed_entry *e, bool high,
	  uint8_t out[NFT_FIXED_KEY_MAX])
{
	uint32_t len = address_len(set);
	uint8_t client[16], to[16];

	memset(out, 0, NFT_FIXED_KEY_MAX);
	memcpy(client, e->client.addr.byte, 16);
	memcpy(to, e->to.addr.byte, 16);
	if (high) {
		highest(&e->client, client);
		highest(&e->to, to);
	}
	memcpy(out, to, len);
	memcpy(out + len, client, len);
	out += 2 * len;
	out[0] = e->protocol;
	out[WORD] = (uint8_t)(e->port >> 8);
	out[WORD + 1] = (uint8_t)e->port;
}

/* ---- written ----------------------------------------------------------- */

static void
put_key(struct nlmsghdr *m, uint16_t attr, const uint8_t *key, uint32_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(m, attr);

	mnl_attr_put(m, NFTA_DATA_VALUE, len, key);
	mnl_attr_nest_end(m, nest);
}

static void
put_edge(struct nlmsghdr *m, const uint8_t *address, uint32_t len, bool is_end)
{
	struct nlattr *nest = mnl_attr_nest_start(m, NFTA_LIST_ELEM);

	put_key(m, NFTA_SET_ELEM_KEY, address, len);
	if (is_end)
		mnl_attr_put_u32(m, NFTA_SET_ELEM_FLAGS,
				 htonl(NFT_SET_ELEM_INTERVAL_END));
	mnl_attr_nest_end(m, nest);
}

static void
put_interval(struct nlmsghdr *m, enum fixed_index set, const struct net *net)
{
	uint32_t len = address_len(set);
	uint8_t behind[16];

	put_edge(m, net->addr.byte, len, false);
	highest(net, behind);
	if (step(behind, len))
		put_edge(m, behind, len, true);
}

static void
put_fields(struct nlmsghdr *m, enum fixed_index set,
	   const struct fixed_entry *e)
{
	struct nlattr *nest = mnl_attr_nest_start(m, NFTA_LIST_ELEM);
	uint8_t key[NFT_FIXED_KEY_MAX];

	write_key(set, e, false, key);
	put_key(m, NFTA_SET_ELEM_KEY, key, nft_fixed_key_len(set));
	write_key(set, e, true, key);
	put_key(m, NFTA_SET_ELEM_KEY_END, key, nft_fixed_key_len(set));
	mnl_attr_nest_end(m, nest);
}

static void
put_some(struct nlmsghdr *m, enum fixed_index set, const struct fixed_entry *e,
	 size_t count)
{
	struct nlattr *nest =
	    mnl_attr_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS);

	for (size_t i = 0; i < count; i++) {
		if (fixed_has_clients(set))
			put_fields(m, set, &e[i]);
		else
			put_interval(m, set, &e[i].to);
	}
	mnl_attr_nest_end(m, nest);
}

void
nft_put_fixed(struct nft_paper *p, const struct nft_place *at,
	      const char *name, enum fixed_index set,
	      const struct fixed_entries *entries, bool adds)
{
	for (size_t i = 0; i < entries->count; i += AT_ONCE) {
		size_t left = entries->count - i;
		struct nlmsghdr *m = nft_message(
		    p, adds ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, at,
		    adds ? NLM_F_CREATE : 0);

		mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_TABLE, at->table);
		mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_SET, name);
		put_some(m, set, entries->at + i,
			 left < AT_ONCE ? left : AT_ONCE);
		nft_done(p, m);
	}
}

/* ---- read -------------------------------------------------------------- */

static bool
read_key(const struct nlattr *nest, enum fixed_index set,
	 uint8_t out[NFT_FIXED_KEY_MAX])
{
	uint32_t len = nft_fixed_key_len(set);
	struct nft_attrs in = { 0 };

	memset(out, 0, NFT_FIXED_KEY_MAX);
	if (nest == NULL)
		return false;
	mnl_attr_parse_nested(nest, nft_attr_keep, &in);
	if (in.at[NFTA_DATA_VALUE] == NULL ||
	    mnl_attr_get_payload_len(in.at[NFTA_DATA_VALUE]) != len)
		return false;
	memcpy(out, mnl_attr_get_payload(in.at[NFTA_DATA_VALUE]), len);
	return true;
}

/* The net that has these for its lowest and highest address. */
static bool
net_between(uint8_t family, const uint8_t *low, const uint8_t *high,
	    struct net *out)
{
	uint32_t len = family == 4 ? 4 : 16;
	uint8_t end[16];

	*out = (struct net){ .addr.family = family };
	memcpy(out->addr.byte, low, len);
	while (out->bits < len * 8 &&
	       ((low[out->bits / 8] ^ high[out->bits / 8]) >>
		    (7 - out->bits % 8) &
		1) == 0)
		out->bits++;
	highest(out, end);
	addr_mask(&out->addr, out->bits);
	return memcmp(end, high, len) == 0 &&
	       memcmp(out->addr.byte, low, len) == 0;
}

static bool
read_fields(const struct nft_attrs *in, enum fixed_index set,
	    struct fixed_entry *out)
{
	uint8_t low[NFT_FIXED_KEY_MAX], high[NFT_FIXED_KEY_MAX];
	uint8_t family = fixed_family(set);
	uint32_t len = address_len(set);

	*out = (struct fixed_entry){ 0 };
	if (!read_key(in->at[NFTA_SET_ELEM_KEY], set, low) ||
	    !read_key(in->at[NFTA_SET_ELEM_KEY_END], set, high) ||
	    (fixed_has_service(set) &&
	     memcmp(low + 2 * len, high + 2 * len, 2 * WORD) != 0))
		return false;
	if (!fixed_has_service(set))
		return net_between(family, low, high, &out->to) &&
		       net_between(family, low + len, high + len,
				   &out->client);
	out->protocol = low[2 * len];
	out->port = (uint16_t)(low[2 * len + WORD] << 8 |
			       low[2 * len + WORD + 1]);
	return net_between(family, low, high, &out->to) &&
	       net_between(family, low + len, high + len, &out->client);
}

static struct nft_bound *
new_bound(struct nft_bounds *e)
{
	if (e->count == e->room) {
		size_t room = e->room != 0 ? e->room * 2 : 1024;
		void *more = region_grow(e->at, e->room * sizeof(*e->at),
					 room * sizeof(*e->at));

		if (more == NULL)
			return NULL;
		e->at = more;
		e->room = room;
	}
	return &e->at[e->count++];
}

static void
take_bound(struct nft_bounds *e, const struct nft_attrs *in)
{
	const struct nlattr *flags = in->at[NFTA_SET_ELEM_FLAGS];
	struct nft_bound *edge = new_bound(e);
	uint32_t value = 0;

	if (edge == NULL) {
		e->full = true;
		return;
	}
	if (flags != NULL && mnl_attr_get_payload_len(flags) == sizeof(value))
		memcpy(&value, mnl_attr_get_payload(flags), sizeof(value));
	edge->is_end = (ntohl(value) & NFT_SET_ELEM_INTERVAL_END) != 0;
	if (!read_key(in->at[NFTA_SET_ELEM_KEY], e->set, edge->key) ||
	    in->at[NFTA_SET_ELEM_KEY_END] != NULL)
		e->odd = true;
}

static int
on_element(const struct nlattr *attr, void *arg)
{
	struct nft_bounds *e = arg;
	struct nft_attrs in = { 0 };
	struct fixed_entry entry;

	mnl_attr_parse_nested(attr, nft_attr_keep, &in);
	if (!fixed_has_clients(e->set))
		take_bound(e, &in);
	else if (read_fields(&in, e->set, &entry))
		e->each(e->arg, &entry);
	else
		e->odd = true;
	return MNL_CB_OK;
}

void
nft_read_fixed(const struct nlmsghdr *part, struct nft_bounds *e)
{
	struct nft_attrs top = { 0 };

	if (mnl_nlmsg_get_payload_len(part) < sizeof(struct nfgenmsg))
		return;
	mnl_attr_parse(part, sizeof(struct nfgenmsg), nft_attr_keep, &top);
	if (top.at[NFTA_SET_ELEM_LIST_ELEMENTS] != NULL)
		mnl_attr_parse_nested(top.at[NFTA_SET_ELEM_LIST_ELEMENTS],
				      on_element, e);
}

/* ---- put together ------------------------------------------------------ */

/* An end before the beginning of what follows it at once. */
static int
by_key(const void *a, const void *b)
{
	const struct nft_bound *x = a, *y = b;
	int order = memcmp(x->key, y->key, sizeof(x->key));

	return order != 0 ? order : (int)y->is_end - (int)x->is_end;
}

/* The address before it. */
static void
step_back(uint8_t *address, uint32_t len)
{
	while (len > 0 && address[--len]-- == 0)
		continue;
}

static void
join_pair(struct nft_bounds *e, const struct nft_bound *low,
	  const struct nft_bound *behind)
{
	struct fixed_entry entry = { 0 };
	uint8_t high[16];

	memcpy(high, behind->key, sizeof(high));
	step_back(high, address_len(e->set));
	if (low->is_end || !behind->is_end ||
	    !net_between(fixed_family(e->set), low->key, high, &entry.to))
		e->odd = true;
	else
		e->each(e->arg, &entry);
}

void
nft_join_bounds(struct nft_bounds *e)
{
	size_t from = 0;

	if (e->count > 0)
		qsort(e->at, e->count, sizeof(*e->at), by_key);
	/* Some kernels keep an end at the very first address. */
	if (e->count > 0 && e->at[0].is_end)
		from = 1;
	e->odd |= (e->count - from) % 2 != 0;
	for (size_t i = from; i + 1 < e->count; i += 2)
		join_pair(e, &e->at[i], &e->at[i + 1]);
	region_free(e->at, e->room * sizeof(*e->at));
	e->at = NULL;
	e->count = e->room = 0;
}
