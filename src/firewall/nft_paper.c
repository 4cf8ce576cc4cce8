/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Batches for nftables.
 *
 * It promises that nothing is sent that is not whole. Source:
 * linux/netfilter/nfnetlink.h.
 */
#include "firewall/nft_paper.h"

#include <arpa/inet.h>
#include <assert.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>

static uint8_t *
page_of(struct nft_paper *p)
{
	return p->large != NULL ? p->large : p->bytes;
}

static struct nlmsghdr *
put(struct nft_paper *p, uint16_t type, uint16_t flags)
{
	size_t size = p->large != NULL ? p->large_size : sizeof(p->bytes);
	struct nlmsghdr *m;

	/* What finds no room is written over, and never sent. */
	if (p->len > size - NFT_MESSAGE_MAX) {
		p->full = true;
		p->len = 0;
	}
	m = mnl_nlmsg_put_header(page_of(p) + p->len);
	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_REQUEST | flags;
	return m;
}

static void
put_generic(struct nlmsghdr *m, uint16_t family, uint16_t resource)
{
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(m, sizeof(*g));

	g->nfgen_family = (uint8_t)family;
	g->version = NFNETLINK_V0;
	g->res_id = htons(resource);
}

static void
put_edge(struct nft_paper *p, uint16_t type)
{
	struct nlmsghdr *m = put(p, type, 0);

	put_generic(m, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	nft_done(p, m);
}

void
nft_begin(struct nft_paper *p)
{
	p->len = 0;
	p->full = false;
	put_edge(p, NFNL_MSG_BATCH_BEGIN);
}

bool
nft_is_blank(const struct nft_paper *p)
{
	const struct nlmsghdr *first = (const void *)p->bytes;

	return p->len <= NLMSG_ALIGN(first->nlmsg_len);
}

struct nlmsghdr *
nft_message(struct nft_paper *p, uint16_t type, const struct nft_place *at,
	    uint16_t flags)
{
	struct nlmsghdr *m =
	    put(p, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags);

	put_generic(m, at->family, 0);
	return m;
}

void
nft_done(struct nft_paper *p, const struct nlmsghdr *m)
{
	assert(m->nlmsg_len <= NFT_MESSAGE_MAX);
	p->len += NLMSG_ALIGN(m->nlmsg_len);
}

enum err
nft_send(struct nft_paper *p, struct netlink *n,
	 struct netlink_refusal *refusal)
{
	struct netlink_batch b = { .bytes = page_of(p) };

	put_edge(p, NFNL_MSG_BATCH_END);
	if (p->full)
		return ERR_RANGE;
	b.len = p->len;
	return netlink_ask_batch(n, &b, refusal);
}

struct nlmsghdr *
nft_question(struct nft_paper *p, uint16_t type, const struct nft_place *at,
	     uint16_t flags)
{
	p->len = 0;
	return nft_message(p, type, at, flags);
}
