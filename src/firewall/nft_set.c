/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of nftables: found, made, or made anew where they are of no use.
 *
 * A set with the right key and a timeout is used as it is. One of ours in
 * another shape (made by hand without a timeout, say) is replaced, and what
 * it held is put into the new one with an end; one that others' rules refer
 * to cannot be, and is complained of. This file promises never to flush a
 * set.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter/nf_tables.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "firewall/nft_backend.h"
#include "firewall/nft_element.h"
#include "firewall/nft_rule.h"

const char *
nft_cause(enum err err, const struct netlink_refusal *r)
{
	if (err != ERR_DENIED)
		return err_text(err);
	if (r->code == EBUSY)
		return "a rule of others refers to it";
	return strerror((int)r->code);
}

void
nft_complain(const struct backend *b, const char *what, const char *name,
	     const char *cause)
{
	char line[COMPLAINT_SIZE];
	struct text text;

	text_init(&text, line, sizeof(line));
	text_printf(&text, "Could not %s %s: %s", what, name, cause);
	complaints_say(b->complaints, line, clock_ms());
}

/* ---- is it there? ------------------------------------------------------- */

static enum err
ask_for(struct netlink *n, struct nlmsghdr *m, bool *has_out)
{
	struct netlink_question q = { .message = m };
	struct netlink_refusal refusal;
	enum err err = netlink_ask(n, &q, &refusal);

	*has_out = err == ERR_NONE;
	return err == ERR_DENIED && refusal.code == ENOENT ? ERR_NONE : err;
}

enum err
nft_has_table(struct netlink *n, struct nft_paper *p,
	      const struct nft_place *at, bool *has_out)
{
	struct nlmsghdr *m = nft_question(p, NFT_MSG_GETTABLE, at, NLM_F_ACK);

	mnl_attr_put_strz(m, NFTA_TABLE_NAME, at->table);
	return ask_for(n, m, has_out);
}

enum err
nft_has_chain(struct netlink *n, struct nft_paper *p,
	      const struct nft_place *at, bool *has_out)
{
	struct nlmsghdr *m = nft_question(p, NFT_MSG_GETCHAIN, at, NLM_F_ACK);

	mnl_attr_put_strz(m, NFTA_CHAIN_TABLE, at->table);
	mnl_attr_put_strz(m, NFTA_CHAIN_NAME, at->chain);
	return ask_for(n, m, has_out);
}

static void
on_set(void *arg, const struct nlmsghdr *part)
{
	enum {
		OTHER = NFT_SET_INTERVAL | NFT_SET_MAP | NFT_SET_OBJECT |
			NFT_SET_CONSTANT
	};
	struct nft_set_shape *out = arg;
	struct nftnl_set *s = nftnl_set_alloc();
	uint32_t flags;

	if (s == NULL)
		return;
	if (nftnl_set_nlmsg_parse(part, s) >= 0) {
		flags = nftnl_set_get_u32(s, NFTNL_SET_FLAGS);
		*out = (struct nft_set_shape){
			.present = true,
			.has_timeout = (flags & NFT_SET_TIMEOUT) != 0,
			.is_map = (flags & NFT_SET_MAP) != 0,
			.is_plain = (flags & OTHER) == 0,
			.is_interval = (flags & OTHER) == NFT_SET_INTERVAL,
			.key_len = nftnl_set_get_u32(s, NFTNL_SET_KEY_LEN),
			.key_type = nftnl_set_get_u32(s, NFTNL_SET_KEY_TYPE),
			.size = nftnl_set_get_u32(s, NFTNL_SET_DESC_SIZE),
		};
	}
	nftnl_set_free(s);
}

enum err
nft_look_at(struct backend *b, const char *name, struct nft_set_shape *out)
{
	struct nlmsghdr *m =
	    nft_question(&b->paper, NFT_MSG_GETSET, &b->at, NLM_F_ACK);
	struct netlink_question q = { .message = m,
				      .part = on_set,
				      .arg = out };
	struct netlink_refusal refusal;
	enum err err;

	*out = (struct nft_set_shape){ 0 };
	mnl_attr_put_strz(m, NFTA_SET_TABLE, b->at.table);
	mnl_attr_put_strz(m, NFTA_SET_NAME, name);
	err = netlink_ask(&b->netlink, &q, &refusal);
	return err == ERR_DENIED && refusal.code == ENOENT ? ERR_NONE : err;
}

bool
nft_is_usable(const struct nft_set_shape *s, enum set_index set)
{
	return s->present && s->has_timeout && s->is_plain &&
	       s->key_len == nft_key_len(set) &&
	       s->key_type == nft_key_type(set);
}

/* ---- made --------------------------------------------------------------- */

/* libnftnl writes it; the set belongs to the batch then. */
enum err
nft_put_set(struct backend *b, enum set_index set, uint32_t entries)
{
	/* With room for an entry of our own. */
	uint32_t size = entries < b->set_size ? b->set_size : entries + 1;
	struct nftnl_set *s = nftnl_set_alloc();
	struct nlmsghdr *m;

	if (s == NULL)
		return ERR_FULL;
	if (nftnl_set_set_str(s, NFTNL_SET_TABLE, b->at.table) != 0 ||
	    nftnl_set_set_str(s, NFTNL_SET_NAME, b->name[set]) != 0) {
		nftnl_set_free(s);
		return ERR_FULL;
	}
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, b->at.family);
	nftnl_set_set_u32(s, NFTNL_SET_ID, 1u + set);
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, NFT_SET_TIMEOUT);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, nft_key_len(set));
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, nft_key_type(set));
	nftnl_set_set_u32(s, NFTNL_SET_DESC_SIZE, size);
	m = nft_message(&b->paper, NFT_MSG_NEWSET, &b->at, NLM_F_CREATE);
	nftnl_set_nlmsg_build_payload(m, s);
	nft_done(&b->paper, m);
	nftnl_set_free(s);
	return ERR_NONE;
}

static void
put_gone(struct backend *b, const char *name)
{
	struct nlmsghdr *m = nft_message(&b->paper, NFT_MSG_DELSET, &b->at, 0);

	mnl_attr_put_strz(m, NFTA_SET_TABLE, b->at.table);
	mnl_attr_put_strz(m, NFTA_SET_NAME, name);
	nft_done(&b->paper, m);
}

static enum err
create(struct backend *b, enum set_index set)
{
	struct netlink_refusal refusal;
	enum err err;

	nft_begin(&b->paper);
	err = nft_put_set(b, set, 0);
	if (err == ERR_NONE)
		err = nft_send(&b->paper, &b->netlink, &refusal);
	if (err == ERR_DENIED && refusal.code == ENOENT)
		return nft_complain_missing(b);
	if (err != ERR_NONE)
		nft_complain(b, "create set", b->name[set],
			     nft_cause(err, &refusal));
	return err;
}

/* ---- made anew ---------------------------------------------------------- */

/* Where nobody else does our own chains stay shut. */
static enum err
clear(struct backend *b, const struct nft_place *at)
{
	enum err err = nft_rules_clear(&b->paper, at);

	return err == ERR_NONE && nft_enforces(b) ? nft_put_shut(b, at) : err;
}

/* Our rules go first, for they may refer to it; they are placed anew when all
 * sets are there. */
static enum err
exchange(struct backend *b, enum set_index set, const struct nft_kept *kept)
{
	struct netlink_refusal refusal;
	enum err err;

	nft_begin(&b->paper);
	err = clear(b, &b->at);
	if (err == ERR_NONE && b->output.chain[0] != '\0')
		err = clear(b, &b->output);
	put_gone(b, b->name[set]);
	if (err == ERR_NONE)
		err = nft_put_set(b, set, kept->count);
	if (err == ERR_NONE)
		err = nft_put_kept(b, kept, &refusal);
	if (err == ERR_NONE)
		err = nft_send(&b->paper, &b->netlink, &refusal);
	/* Nobody else has a say in our own table. */
	if (err == ERR_DENIED && refusal.code == EBUSY && nft_enforces(b))
		return nft_make_table_anew(b);
	if (err != ERR_NONE) {
		nft_complain(b, "replace set", b->name[set],
			     nft_cause(err, &refusal));
		return err == ERR_DENIED && refusal.code == EBUSY ? ERR_BUSY
								  : err;
	}
	b->rules = 0;
	log_warn("Set %s had another type or no timeout and was replaced",
		 b->name[set]);
	return ERR_NONE;
}

static enum err
replace(struct backend *b, enum set_index set)
{
	struct nft_kept kept;
	enum err err = nft_keep(b, set, &kept);

	if (err == ERR_NONE)
		err = exchange(b, set, &kept);
	nft_let_go(&kept);
	return err;
}

enum err
nft_prepare(struct backend *b, enum set_index set)
{
	struct nft_set_shape shape;
	enum err err = ERR_NONE;

	if (nft_enforces(b))
		err = nft_make_table(b);
	if (err == ERR_NONE)
		err = nft_look_at(b, b->name[set], &shape);
	if (err != ERR_NONE || nft_is_usable(&shape, set))
		return err;
	return shape.present ? replace(b, set) : create(b, set);
}

/* ---- taken away --------------------------------------------------------- */

static void
put_table_gone(struct backend *b)
{
	struct nlmsghdr *m =
	    nft_message(&b->paper, NFT_MSG_DELTABLE, &b->at, 0);

	mnl_attr_put_strz(m, NFTA_TABLE_NAME, b->at.table);
	nft_done(&b->paper, m);
}

/* What is there of all that is ours in the owner's table. */
struct ours {
	bool chain, set[SET_COUNT], fixed[FIXED_COUNT];
};

static enum err
put_ours_gone(struct backend *b, const struct ours *ours)
{
	enum err err =
	    ours->chain ? nft_rules_clear(&b->paper, &b->at) : ERR_NONE;

	for (unsigned set = 0; set < FIXED_COUNT && err == ERR_NONE; set++) {
		if (ours->fixed[set])
			nft_put_fixed_gone(b, set);
	}
	for (unsigned set = 0; set < SET_COUNT && err == ERR_NONE; set++) {
		if (ours->set[set])
			put_gone(b, b->name[set]);
	}
	return err;
}

static enum err
look_for_ours(struct backend *b, struct ours *out)
{
	enum err err =
	    nft_has_chain(&b->netlink, &b->paper, &b->at, &out->chain);

	for (unsigned set = 0; set < SET_COUNT && err == ERR_NONE; set++) {
		struct nft_set_shape shape;

		err = nft_look_at(b, b->name[set], &shape);
		out->set[set] = shape.present;
	}
	for (unsigned set = 0; set < FIXED_COUNT && err == ERR_NONE; set++) {
		struct backend_look look;

		err = nft_fixed_look(b, set, &look);
		out->fixed[set] = look.present;
	}
	return err;
}

static enum err
remove_table(struct backend *b)
{
	struct netlink_refusal refusal = { 0 };
	enum err err;

	nft_begin(&b->paper);
	put_table_gone(b);
	err = nft_send(&b->paper, &b->netlink, &refusal);
	if (err == ERR_DENIED && refusal.code == ENOENT)
		return ERR_NONE;
	if (err != ERR_NONE)
		nft_complain(b, "clean up table", b->at.table,
			     nft_cause(err, &refusal));
	return err;
}

static enum err
remove_piece(struct backend *b, const struct ours *piece, const char *name)
{
	struct netlink_refusal refusal = { 0 };
	enum err err;

	nft_begin(&b->paper);
	err = put_ours_gone(b, piece);
	if (err == ERR_NONE && !nft_is_blank(&b->paper))
		err = nft_send(&b->paper, &b->netlink, &refusal);
	if (err != ERR_NONE)
		nft_complain(b, "remove", name, nft_cause(err, &refusal));
	return err;
}

/* What a rule of others refers to stays, and nothing else: so each thing is a
 * transaction of its own, the rules before the sets that they refer to. */
static enum err
remove_pieces(struct backend *b, const struct ours *ours)
{
	struct ours piece = { .chain = ours->chain };
	enum err err, first = remove_piece(b, &piece, b->at.chain);

	for (unsigned set = 0; set < FIXED_COUNT; set++) {
		piece = (struct ours){ .chain = false };
		piece.fixed[set] = ours->fixed[set];
		err = remove_piece(b, &piece, fixed_name(set));
		first = first == ERR_NONE ? err : first;
	}
	for (unsigned set = 0; set < SET_COUNT; set++) {
		piece = (struct ours){ .chain = false };
		piece.set[set] = ours->set[set];
		err = remove_piece(b, &piece, b->name[set]);
		first = first == ERR_NONE ? err : first;
	}
	return first;
}

enum err
nft_dispose(struct backend *b)
{
	struct ours ours;
	enum err err = look_for_ours(b, &ours);

	if (err != ERR_NONE)
		return err;
	return nft_enforces(b) ? remove_table(b) : remove_pieces(b, &ours);
}
