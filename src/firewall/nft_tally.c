/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was written into the sets of clients (--enforce), and what is there.
 *
 * One that lacks a client lets him out, and no rule tells: so what is there
 * is summed up like what was written, whenever others have changed something
 * in our table, and now and then in any case.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "base/hash.h"
#include "firewall/nft_backend.h"

void
nft_tally_edge(struct nft_tally *t, const struct nft_edge *e)
{
	static const struct hash_key key = { 0 };
	uint8_t bytes[NFT_ADDRESS_MAX + 4] = { 0 };

	memcpy(bytes, e->address, e->len);
	bytes[NFT_ADDRESS_MAX] = e->id->family;
	bytes[NFT_ADDRESS_MAX + 1] = (uint8_t)e->id->interface;
	bytes[NFT_ADDRESS_MAX + 2] = e->is_end;
	t->sum += hash_bytes(&key, bytes, sizeof(bytes));
	t->edges++;
}

struct reading {
	const struct nft_fence_id *id;
	struct nft_tally *tally;
};

/* The attributes of an element, and of its key within. */
struct element {
	const struct nlattr *value;
	bool is_end;
};

static int
on_key(const struct nlattr *attr, void *arg)
{
	struct element *e = arg;

	if (mnl_attr_get_type(attr) == NFTA_DATA_VALUE)
		e->value = attr;
	return MNL_CB_OK;
}

static int
on_attr(const struct nlattr *attr, void *arg)
{
	struct element *e = arg;

	if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_KEY)
		mnl_attr_parse_nested(attr, on_key, arg);
	if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_FLAGS)
		e->is_end = (ntohl(mnl_attr_get_u32(attr)) &
			     NFT_SET_ELEM_INTERVAL_END) != 0;
	return MNL_CB_OK;
}

/* What cannot be read is summed up as nothing, and so is missed. */
static int
on_element(const struct nlattr *attr, void *arg)
{
	const struct reading *r = arg;
	struct element e = { 0 };
	struct nft_edge edge = { .id = r->id };

	mnl_attr_parse_nested(attr, on_attr, &e);
	if (e.value == NULL ||
	    mnl_attr_get_payload_len(e.value) > NFT_ADDRESS_MAX)
		return MNL_CB_OK;
	edge.address = mnl_attr_get_payload(e.value);
	edge.len = mnl_attr_get_payload_len(e.value);
	edge.is_end = e.is_end;
	nft_tally_edge(r->tally, &edge);
	return MNL_CB_OK;
}

static int
on_top(const struct nlattr *attr, void *arg)
{
	if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_LIST_ELEMENTS)
		mnl_attr_parse_nested(attr, on_element, arg);
	return MNL_CB_OK;
}

static void
on_part(void *arg, const struct nlmsghdr *part)
{
	if (mnl_nlmsg_get_payload_len(part) >= sizeof(struct nfgenmsg))
		mnl_attr_parse(part, sizeof(struct nfgenmsg), on_top, arg);
}

enum err
nft_tally_set(struct backend *b, const struct nft_fence_id *id,
	      struct nft_tally *tally)
{
	struct nft_fence_name name = nft_fence_name(id);
	struct nlmsghdr *m =
	    nft_question(&b->paper, NFT_MSG_GETSETELEM, &b->at, NLM_F_DUMP);
	struct reading r = { .id = id, .tally = tally };
	struct netlink_question q = { .message = m,
				      .part = on_part,
				      .arg = &r };
	struct netlink_refusal refusal;
	enum err err;

	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_TABLE, b->at.table);
	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_SET, name.text);
	err = netlink_ask(&b->netlink, &q, &refusal);
	return err == ERR_DENIED && refusal.code == ENOENT ? ERR_NONE : err;
}
