/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own table (--enforce): what the access list does not open stays shut
 * without any rule of the owner's.
 *
 * A chain of it sees what is forwarded: established connections pass, then
 * grants, and everything else of the clients that the access list names with
 * `->` is refused; who is not named there is not touched. With
 * --enforce-output another chain does the same for this host itself.
 *
 * The clients are in sets of intervals, whose names alternate: the new ones
 * are filled before the rules turn to them in one batch. So nobody slips out
 * while an access list is replaced.
 */
/* Before those of the kernel, which define its shapes again. */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "firewall/nft_backend.h"
#include "policy/table.h"

enum { RANGES_AT_ONCE = 256, ADDRESS_MAX = 16 };

/* ---- who is shut in ------------------------------------------------------ */

struct range {
	uint8_t low[ADDRESS_MAX], high[ADDRESS_MAX];
};

struct ranges {
	struct range *at;
	uint32_t count;
	uint32_t len; /* of an address: 4 or 16 */
};

static void
range_of(const struct net *net, struct range *out)
{
	uint8_t len = net->addr.family == 4 ? 4 : 16;

	memcpy(out->low, net->addr.byte, ADDRESS_MAX);
	memcpy(out->high, net->addr.byte, ADDRESS_MAX);
	for (unsigned bit = net->bits; bit < len * 8u; bit++)
		out->high[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
}

static int
by_low(const void *a, const void *b)
{
	return memcmp(((const struct range *)a)->low,
		      ((const struct range *)b)->low, ADDRESS_MAX);
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

/* Ranges that meet or overlap become one. */
static void
join(struct ranges *r)
{
	uint32_t kept = 0;

	qsort(r->at, r->count, sizeof(*r->at), by_low);
	for (uint32_t i = 1; i < r->count; i++) {
		struct range *last = &r->at[kept];
		uint8_t next[ADDRESS_MAX];

		memcpy(next, last->high, ADDRESS_MAX);
		if (!step(next, r->len))
			break;
		if (memcmp(r->at[i].low, next, ADDRESS_MAX) > 0)
			r->at[++kept] = r->at[i];
		else if (memcmp(r->at[i].high, last->high, ADDRESS_MAX) > 0)
			memcpy(last->high, r->at[i].high, ADDRESS_MAX);
	}
	if (r->count > 0)
		r->count = kept + 1;
}

/* Of clients that any interface may bring. */
static enum err
find_ranges(const struct policy *p, uint8_t family, struct ranges *out)
{
	const struct image_net *net = image_nets(p->head);

	*out = (struct ranges){ .len = family == 4 ? 4 : 16 };
	out->at = calloc(p->head->nets.count + 1, sizeof(*out->at));
	if (out->at == NULL)
		return ERR_FULL;
	for (uint32_t i = 0; i < p->head->nets.count; i++) {
		if (nft_is_named(&net[i]) && net[i].interface == 0 &&
		    net[i].net.addr.family == family)
			range_of(&net[i].net, &out->at[out->count++]);
	}
	join(out);
	return ERR_NONE;
}

/* ---- sets of intervals --------------------------------------------------- */

const char *
nft_fence_name(uint8_t family, unsigned turn)
{
	static const char *const names[2][2] = {
		{ "clients-ipv4-a", "clients-ipv4-b" },
		{ "clients-ipv6-a", "clients-ipv6-b" },
	};

	return names[family == 4 ? 0 : 1][turn];
}

static void
put_set_gone(struct backend *b, const char *name)
{
	struct nlmsghdr *m = nft_message(&b->paper, NFT_MSG_DELSET, &b->at, 0);

	mnl_attr_put_strz(m, NFTA_SET_TABLE, b->at.table);
	mnl_attr_put_strz(m, NFTA_SET_NAME, name);
	nft_done(&b->paper, m);
}

static enum err
put_set(struct backend *b, uint8_t family, const char *name)
{
	enum { TYPE_IPV4 = 7, TYPE_IPV6 = 8 };
	struct nftnl_set *s = nftnl_set_alloc();
	struct nlmsghdr *m;

	if (s == NULL)
		return ERR_FULL;
	if (nftnl_set_set_str(s, NFTNL_SET_TABLE, b->at.table) != 0 ||
	    nftnl_set_set_str(s, NFTNL_SET_NAME, name) != 0) {
		nftnl_set_free(s);
		return ERR_FULL;
	}
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, b->at.family);
	nftnl_set_set_u32(s, NFTNL_SET_ID, 100u + family);
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, NFT_SET_INTERVAL);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, family == 4 ? 4 : 16);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE,
			  family == 4 ? TYPE_IPV4 : TYPE_IPV6);
	m = nft_message(&b->paper, NFT_MSG_NEWSET, &b->at, NLM_F_CREATE);
	nftnl_set_nlmsg_build_payload(m, s);
	nft_done(&b->paper, m);
	nftnl_set_free(s);
	return ERR_NONE;
}

static void
put_edge(struct nlmsghdr *m, const uint8_t *address, uint32_t len, bool is_end)
{
	struct nlattr *nest = mnl_attr_nest_start(m, NFTA_LIST_ELEM);
	struct nlattr *key = mnl_attr_nest_start(m, NFTA_SET_ELEM_KEY);

	mnl_attr_put(m, NFTA_DATA_VALUE, len, address);
	mnl_attr_nest_end(m, key);
	if (is_end)
		mnl_attr_put_u32(m, NFTA_SET_ELEM_FLAGS,
				 htonl(NFT_SET_ELEM_INTERVAL_END));
	mnl_attr_nest_end(m, nest);
}

static void
put_ranges(struct backend *b, const char *name, const struct ranges *r,
	   uint32_t from)
{
	struct nlmsghdr *m =
	    nft_message(&b->paper, NFT_MSG_NEWSETELEM, &b->at, NLM_F_CREATE);
	struct nlattr *nest;

	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_TABLE, b->at.table);
	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_SET, name);
	nest = mnl_attr_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (uint32_t i = from; i < r->count && i < from + RANGES_AT_ONCE;
	     i++) {
		uint8_t behind[ADDRESS_MAX];

		put_edge(m, r->at[i].low, r->len, false);
		memcpy(behind, r->at[i].high, ADDRESS_MAX);
		if (step(behind, r->len))
			put_edge(m, behind, r->len, true);
	}
	mnl_attr_nest_end(m, nest);
	nft_done(&b->paper, m);
}

static enum err
fill_set(struct backend *b, uint8_t family, const struct ranges *r)
{
	const char *name = nft_fence_name(family, b->fence_turn);
	struct netlink_refusal refusal = { 0 };
	enum err err;

	nft_begin(&b->paper);
	err = put_set(b, family, name);
	if (err == ERR_NONE)
		err = nft_send(&b->paper, &b->netlink, &refusal);
	for (uint32_t i = 0; i < r->count && err == ERR_NONE;
	     i += RANGES_AT_ONCE) {
		nft_begin(&b->paper);
		put_ranges(b, name, r, i);
		err = nft_send(&b->paper, &b->netlink, &refusal);
	}
	if (err != ERR_NONE)
		nft_complain("fill set", name, err, &refusal);
	return err;
}

/* One that rules refer to stays. */
static void
remove_idle(struct backend *b, uint8_t family, unsigned turn)
{
	struct netlink_refusal refusal;

	nft_begin(&b->paper);
	put_set_gone(b, nft_fence_name(family, turn));
	nft_send(&b->paper, &b->netlink, &refusal);
}

/* What rules refer to is known from the last time they were placed; only
 * otherwise is it tried out, for a deletion that the kernel refuses keeps all
 * else waiting while it is taken back. */
static enum err
look_for_set(struct backend *b, uint8_t family, unsigned turn)
{
	const char *name = nft_fence_name(family, turn);
	struct nft_set_shape shape;
	enum err err = nft_look_at(b, name, &shape);

	if (err == ERR_NONE && shape.present &&
	    !(b->fence_stands && turn == b->fence_turn)) {
		remove_idle(b, family, turn);
		err = nft_look_at(b, name, &shape);
	}
	b->fence[turn][family == 6] = err == ERR_NONE && shape.present;
	return err;
}

/* Whether a set of that turn is there, and so in use. */
static enum err
is_taken(struct backend *b, unsigned turn, bool *taken_out)
{
	enum err err = look_for_set(b, 4, turn);

	if (err == ERR_NONE)
		err = look_for_set(b, 6, turn);
	*taken_out = b->fence[turn][0] || b->fence[turn][1];
	return err;
}

static enum err
find_turn(struct backend *b)
{
	bool taken[2];
	enum err err = is_taken(b, 0, &taken[0]);

	if (err == ERR_NONE)
		err = is_taken(b, 1, &taken[1]);
	if (err != ERR_NONE)
		return err;
	b->fence_stands = false;
	b->fence_turn = taken[0] ? 1 : 0;
	if (!taken[b->fence_turn])
		return ERR_NONE;
	err = nft_make_table_anew(b);
	return err == ERR_NONE ? ERR_AGAIN : err;
}

enum err
nft_raise_fence(struct backend *b, const struct backend_fence *f)
{
	enum err err = find_turn(b);

	for (uint8_t family = 4; family <= 6 && err == ERR_NONE; family += 2) {
		struct ranges r;

		err = find_ranges(f->policy, family, &r);
		if (err == ERR_NONE)
			err = fill_set(b, family, &r);
		free(r.at);
	}
	return err;
}

void
nft_put_old_fence_gone(struct backend *b)
{
	unsigned old = 1 - b->fence_turn;

	for (uint8_t family = 4; family <= 6; family += 2) {
		if (b->fence[old][family == 6])
			put_set_gone(b, nft_fence_name(family, old));
	}
}
