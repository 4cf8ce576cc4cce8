/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of lists as nftables keeps them: ipv4-block and -always of intervals,
 * ipv4-block-for, -always-for
 * and -static of concatenations, and the same of IPv6, beside the sets for
 * grants.
 *
 * What goes and what comes is one batch, of which the kernel takes all or
 * nothing: so an address that stays listed is listed all the time.
 */
/* Before those of the kernel, which define its shapes again. */
#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "base/log.h"
#include "base/region.h"
#include "firewall/nft_backend.h"
#include "firewall/nft_fixed_element.h"

/* Of one entry with all its attributes, at most. */
enum { LARGE_WAIT_MS = 30000, ENTRY_BYTES = 128 };

/* ---- what is there ----------------------------------------------------- */

static bool
is_usable(const struct nft_set_shape *s, enum fixed_index set)
{
	return s->present && s->is_interval && !s->has_timeout &&
	       s->key_len == nft_fixed_key_len(set) &&
	       s->key_type == nft_fixed_key_type(set);
}

enum err
nft_fixed_look(struct backend *b, enum fixed_index set,
	       struct backend_look *out)
{
	struct nft_set_shape shape;
	enum err err = nft_look_at(b, fixed_name(set), &shape);

	*out = (struct backend_look){ .present = err == ERR_NONE &&
						 is_usable(&shape, set) };
	out->other = err == ERR_NONE && shape.present && !out->present;
	return err;
}

static void
on_part(void *arg, const struct nlmsghdr *part)
{
	nft_read_fixed(part, arg);
}

enum err
nft_fixed_list(struct backend *b, enum fixed_index set, fixed_entry_fn *each,
	       void *arg, bool *odd_out)
{
	struct nft_bounds edges = { .set = set, .each = each, .arg = arg };
	struct nlmsghdr *m = nft_question(&b->paper, NFT_MSG_GETSETELEM,
					  &b->at, NLM_F_DUMP);
	struct netlink_question q = { .message = m,
				      .part = on_part,
				      .arg = &edges };
	struct netlink_refusal refusal;
	enum err err;

	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_TABLE, b->at.table);
	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_SET, fixed_name(set));
	b->netlink.wait_ms = LARGE_WAIT_MS;
	err = netlink_ask(&b->netlink, &q, &refusal);
	b->netlink.wait_ms = NETLINK_WAIT_MS;
	nft_join_bounds(&edges);
	*odd_out = edges.odd;
	return err == ERR_NONE && edges.full ? ERR_FULL : err;
}

/* ---- made -------------------------------------------------------------- */

static void
describe(struct nftnl_set *s, enum fixed_index set)
{
	const uint8_t address = fixed_family(set) == 4 ? 4 : 16;
	const uint8_t fields[] = { address, address, 1, 2 };
	uint32_t flags = NFT_SET_INTERVAL;

	if (fixed_has_clients(set)) {
		flags |= NFT_SET_CONCAT;
		nftnl_set_set_data(s, NFTNL_SET_DESC_CONCAT, fields,
				   fixed_has_service(set) ? 4 : 2);
	}
	nftnl_set_set_u32(s, NFTNL_SET_ID, 200u + set);
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, flags);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, nft_fixed_key_len(set));
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, nft_fixed_key_type(set));
}

static enum err
put_new(struct backend *b, enum fixed_index set)
{
	struct nftnl_set *s = nftnl_set_alloc();
	struct nlmsghdr *m;

	if (s == NULL)
		return ERR_FULL;
	if (nftnl_set_set_str(s, NFTNL_SET_TABLE, b->at.table) != 0 ||
	    nftnl_set_set_str(s, NFTNL_SET_NAME, fixed_name(set)) != 0) {
		nftnl_set_free(s);
		return ERR_FULL;
	}
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, b->at.family);
	describe(s, set);
	m = nft_message(&b->paper, NFT_MSG_NEWSET, &b->at, NLM_F_CREATE);
	nftnl_set_nlmsg_build_payload(m, s);
	nft_done(&b->paper, m);
	nftnl_set_free(s);
	return ERR_NONE;
}

void
nft_put_fixed_gone(struct backend *b, enum fixed_index set)
{
	struct nlmsghdr *m = nft_message(&b->paper, NFT_MSG_DELSET, &b->at, 0);

	mnl_attr_put_strz(m, NFTA_SET_TABLE, b->at.table);
	mnl_attr_put_strz(m, NFTA_SET_NAME, fixed_name(set));
	nft_done(&b->paper, m);
}

/* One of another shape goes first, if nothing holds it. */
static enum err
make(struct backend *b, enum fixed_index set, bool other)
{
	struct netlink_refusal refusal = { 0 };
	enum err err;

	nft_begin(&b->paper);
	if (other)
		nft_put_fixed_gone(b, set);
	err = put_new(b, set);
	if (err == ERR_NONE)
		err = nft_send(&b->paper, &b->netlink, &refusal);
	if (err == ERR_DENIED && refusal.code == ENOENT)
		return nft_complain_missing(b);
	if (err == ERR_DENIED && refusal.code == EBUSY)
		return ERR_BUSY;
	if (err != ERR_NONE)
		nft_complain(b, "create set", fixed_name(set),
			     nft_cause(err, &refusal));
	else if (other)
		log_warn("Set %s had another type and was replaced",
			 fixed_name(set));
	return err;
}

enum err
nft_fixed_prepare(struct backend *b, const struct fixed_shape *shape,
		  bool *found_out)
{
	struct backend_look look;
	enum err err = ERR_NONE;

	if (nft_enforces(b))
		err = nft_make_table(b);
	if (err == ERR_NONE)
		err = nft_fixed_look(b, shape->set, &look);
	*found_out = err == ERR_NONE && look.present;
	if (err != ERR_NONE || look.present)
		return err;
	return make(b, shape->set, look.other);
}

/* ---- changed ----------------------------------------------------------- */

static enum err
send_large(struct backend *b, enum fixed_index set)
{
	struct netlink_refusal refusal = { 0 };
	enum err err;

	b->netlink.wait_ms = LARGE_WAIT_MS;
	err = nft_send(&b->paper, &b->netlink, &refusal);
	b->netlink.wait_ms = NETLINK_WAIT_MS;
	/* Others have changed it: it is looked at again. */
	if (err == ERR_DENIED &&
	    (refusal.code == ENOENT || refusal.code == EEXIST))
		return ERR_MISSING;
	if (err != ERR_NONE)
		nft_complain(b, "change set", fixed_name(set),
			     nft_cause(err, &refusal));
	return err;
}

static enum err
change_at_once(struct backend *b, const struct fixed_change *change)
{
	const char *name = fixed_name(change->set);

	nft_begin(&b->paper);
	nft_put_fixed(&b->paper, &b->at, name, change->set, change->remove,
		      false);
	nft_put_fixed(&b->paper, &b->at, name, change->set, change->add, true);
	return send_large(b, change->set);
}

/* What takes the place of one net can be many. */
enum err
nft_fixed_change(struct backend *b, const struct fixed_change *change)
{
	struct nft_paper *p = &b->paper;
	size_t size = (change->add->count + change->remove->count) *
			  ENTRY_BYTES + 4 * NFT_MESSAGE_MAX;
	enum err err;

	if (size <= sizeof(p->bytes))
		return change_at_once(b, change);
	p->large_size = size;
	p->large = region_new(size);
	if (p->large == NULL)
		return ERR_FULL;
	err = change_at_once(b, change);
	region_free(p->large, size);
	p->large = NULL;
	return err;
}

enum err
nft_fixed_clear(struct backend *b, enum fixed_index set)
{
	struct nlmsghdr *m;

	nft_begin(&b->paper);
	m = nft_message(&b->paper, NFT_MSG_DELSETELEM, &b->at, 0);
	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_TABLE, b->at.table);
	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_SET, fixed_name(set));
	nft_done(&b->paper, m);
	return send_large(b, set);
}
