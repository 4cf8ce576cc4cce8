/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own table and its chains (--enforce): made, and seen to be in force.
 *
 * A table that sleeps, or a chain without its hook, refuses nothing whatever
 * rules stand in it. Such a table is not mended but made anew, in one batch
 * that leaves no moment in between; what its sets held is put back.
 */
/* Before those of the kernel, which define its shapes again. */
#include <netinet/in.h>

#include <errno.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "base/log.h"
#include "firewall/nft_backend.h"

enum { PRIORITY_FILTER = 0 };

/* ---- as it is ----------------------------------------------------------- */

struct finding {
	uint32_t hook;
	bool present, sound;
};

static void
on_table(void *arg, const struct nlmsghdr *part)
{
	struct finding *f = arg;
	struct nftnl_table *t = nftnl_table_alloc();

	f->present = true;
	if (t == NULL)
		return;
	f->sound = nftnl_table_nlmsg_parse(part, t) >= 0 &&
		   (nftnl_table_get_u32(t, NFTNL_TABLE_FLAGS) &
		    NFT_TABLE_F_DORMANT) == 0;
	nftnl_table_free(t);
}

static bool
chain_is_sound(const struct nftnl_chain *c, uint32_t hook)
{
	const char *type = nftnl_chain_get_str(c, NFTNL_CHAIN_TYPE);

	return nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM) && type != NULL &&
	       strcmp(type, "filter") == 0 &&
	       nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM) == hook &&
	       nftnl_chain_get_s32(c, NFTNL_CHAIN_PRIO) == PRIORITY_FILTER &&
	       nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY) == NF_ACCEPT;
}

static void
on_chain(void *arg, const struct nlmsghdr *part)
{
	struct finding *f = arg;
	struct nftnl_chain *c = nftnl_chain_alloc();

	f->present = true;
	if (c == NULL)
		return;
	f->sound =
	    nftnl_chain_nlmsg_parse(part, c) >= 0 && chain_is_sound(c, f->hook);
	nftnl_chain_free(c);
}

static enum err
look(struct backend *b, struct netlink_question *q, struct finding *out)
{
	struct netlink_refusal refusal;
	enum err err;

	q->arg = out;
	err = netlink_ask(&b->netlink, q, &refusal);
	return err == ERR_DENIED && refusal.code == ENOENT ? ERR_NONE : err;
}

static enum err
look_at_table(struct backend *b, struct finding *out)
{
	struct nlmsghdr *m =
	    nft_question(&b->paper, NFT_MSG_GETTABLE, &b->at, NLM_F_ACK);
	struct netlink_question q = { .message = m, .part = on_table };

	*out = (struct finding){ 0 };
	mnl_attr_put_strz(m, NFTA_TABLE_NAME, b->at.table);
	return look(b, &q, out);
}

static enum err
look_at_chain(struct backend *b, const struct nft_place *at, uint32_t hook,
	      struct finding *out)
{
	struct nlmsghdr *m =
	    nft_question(&b->paper, NFT_MSG_GETCHAIN, at, NLM_F_ACK);
	struct netlink_question q = { .message = m, .part = on_chain };

	*out = (struct finding){ .hook = hook };
	mnl_attr_put_strz(m, NFTA_CHAIN_TABLE, at->table);
	mnl_attr_put_strz(m, NFTA_CHAIN_NAME, at->chain);
	return look(b, &q, out);
}

static bool
has_output(const struct backend *b)
{
	return b->output.chain[0] != '\0';
}

/* Of what is there, and whether something is not. */
struct state {
	bool lacks, spoilt;
};

static void
add_up(struct state *s, const struct finding *f)
{
	s->lacks |= !f->present;
	s->spoilt |= f->present && !f->sound;
}

static enum err
look_at_all(struct backend *b, struct state *out)
{
	struct finding f;
	enum err err = look_at_table(b, &f);

	*out = (struct state){ 0 };
	add_up(out, &f);
	if (err == ERR_NONE)
		err = look_at_chain(b, &b->at, NF_INET_FORWARD, &f);
	add_up(out, &f);
	if (err != ERR_NONE || !has_output(b))
		return err;
	err = look_at_chain(b, &b->output, NF_INET_LOCAL_OUT, &f);
	add_up(out, &f);
	return err;
}

enum err
nft_table_stands(struct backend *b, bool *stands_out)
{
	struct state s;
	enum err err = look_at_all(b, &s);

	*stands_out = err == ERR_NONE && !s.lacks && !s.spoilt;
	return err;
}

/* ---- made --------------------------------------------------------------- */

static void
put_table(struct backend *b, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *m = nft_message(&b->paper, type, &b->at, flags);

	mnl_attr_put_strz(m, NFTA_TABLE_NAME, b->at.table);
	nft_done(&b->paper, m);
}

static enum err
put_base_chain(struct backend *b, const struct nft_place *at, uint32_t hook)
{
	struct nftnl_chain *c = nftnl_chain_alloc();
	struct nlmsghdr *m;

	if (c == NULL)
		return ERR_FULL;
	if (nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, at->table) != 0 ||
	    nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, at->chain) != 0 ||
	    nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter") != 0) {
		nftnl_chain_free(c);
		return ERR_FULL;
	}
	nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hook);
	nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, PRIORITY_FILTER);
	nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	m = nft_message(&b->paper, NFT_MSG_NEWCHAIN, at, NLM_F_CREATE);
	nftnl_chain_nlmsg_build_payload(m, c);
	nft_done(&b->paper, m);
	nftnl_chain_free(c);
	return ERR_NONE;
}

static enum err
put_all(struct backend *b)
{
	enum err err;

	put_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	err = put_base_chain(b, &b->at, NF_INET_FORWARD);
	if (err == ERR_NONE)
		err = nft_put_shut(b, &b->at);
	if (err == ERR_NONE && has_output(b))
		err = put_base_chain(b, &b->output, NF_INET_LOCAL_OUT);
	if (err == ERR_NONE && has_output(b))
		err = nft_put_shut(b, &b->output);
	return err;
}

static enum err
make(struct backend *b)
{
	struct netlink_refusal refusal = { 0 };
	enum err err;

	nft_begin(&b->paper);
	err = put_all(b);
	if (err == ERR_NONE)
		err = nft_send(&b->paper, &b->netlink, &refusal);
	if (err != ERR_NONE)
		nft_complain(b, "make table", b->at.table,
			     nft_cause(err, &refusal));
	return err;
}

static enum err
put_anew(struct backend *b, const struct nft_kept kept[SET_COUNT])
{
	enum err err;

	nft_begin(&b->paper);
	/* Where it is gone already, that is no error so. */
	put_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	put_table(b, NFT_MSG_DELTABLE, 0);
	err = put_all(b);
	for (unsigned set = 0; set < SET_COUNT && err == ERR_NONE; set++) {
		if (set_in_families(set, b->families))
			err = nft_put_set(b, set, kept[set].count);
	}
	return err;
}

static enum err
make_anew(struct backend *b, const struct nft_kept kept[SET_COUNT])
{
	struct netlink_refusal refusal = { 0 };
	enum err err = put_anew(b, kept);

	for (unsigned set = 0; set < SET_COUNT && err == ERR_NONE; set++)
		err = nft_put_kept(b, &kept[set], &refusal);
	if (err == ERR_NONE)
		err = nft_send(&b->paper, &b->netlink, &refusal);
	if (err != ERR_NONE)
		nft_complain(b, "make table", b->at.table,
			     nft_cause(err, &refusal));
	return err;
}

enum err
nft_make_table_anew(struct backend *b)
{
	struct nft_kept kept[SET_COUNT] = { 0 };
	enum err err = ERR_NONE;

	log_warn("Table inet %s was changed by others and is made anew",
		 b->at.table);
	b->rules = 0;
	for (unsigned set = 0; set < SET_COUNT && err == ERR_NONE; set++)
		err = nft_keep(b, set, &kept[set]);
	if (err == ERR_NONE)
		err = make_anew(b, kept);
	for (unsigned set = 0; set < SET_COUNT; set++)
		nft_let_go(&kept[set]);
	return err;
}

enum err
nft_make_table(struct backend *b)
{
	struct state s;
	enum err err = look_at_all(b, &s);

	if (err == ERR_NONE && s.spoilt)
		return nft_make_table_anew(b);
	return err == ERR_NONE && s.lacks ? make(b) : err;
}
