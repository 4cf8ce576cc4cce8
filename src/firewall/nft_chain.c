/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our rules in a chain of nftables.
 *
 * They take the place of all that was in the chain, in one batch, so that no
 * packet ever meets half of them; what others had put there is logged. That
 * they stand is seen by their handles: the kernel gives each rule one of its
 * own, and a rule that is changed gets another.
 */
/* Before those of the kernel, which define its shapes again. */
#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "firewall/nft_backend.h"
#include "firewall/nft_rule.h"

enum { FOREIGN_LOGGED = 20, RULE_TEXT_SIZE = 512 };

/* ---- what stands there -------------------------------------------------- */

struct survey {
	const struct backend *b;
	unsigned count;	  /* rules seen */
	unsigned foreign; /* without our comment */
	bool same;	  /* as they were placed, so far */
	uint64_t handle[NFT_RULES_MAX];
	void (*on_foreign)(unsigned number, const struct nftnl_rule *r);
};

static bool
is_signed(const struct nftnl_rule *r)
{
	uint32_t len;
	const char *data = nftnl_rule_get_data(r, NFTNL_RULE_USERDATA, &len);
	const uint32_t wanted = 2 + (uint32_t)sizeof(NFT_RULE_COMMENT);

	return data != NULL && len == wanted &&
	       memcmp(data + 2, NFT_RULE_COMMENT, sizeof(NFT_RULE_COMMENT)) ==
		   0;
}

static void
on_rule(void *arg, const struct nlmsghdr *part)
{
	struct survey *s = arg;
	struct nftnl_rule *r = nftnl_rule_alloc();
	uint64_t handle = 0;

	if (r == NULL || nftnl_rule_nlmsg_parse(part, r) < 0) {
		s->same = false;
		if (r != NULL)
			nftnl_rule_free(r);
		return;
	}
	handle = nftnl_rule_get_u64(r, NFTNL_RULE_HANDLE);
	if (s->count >= s->b->rules || s->b->handle[s->count] != handle)
		s->same = false;
	if (s->count < NFT_RULES_MAX)
		s->handle[s->count] = handle;
	s->count++;
	if (!is_signed(r)) {
		s->foreign++;
		if (s->on_foreign != NULL)
			s->on_foreign(s->foreign, r);
	}
	nftnl_rule_free(r);
}

static enum err
survey_chain(struct backend *b, const struct nft_place *at, struct survey *s)
{
	struct nlmsghdr *m =
	    nft_question(&b->paper, NFT_MSG_GETRULE, at, NLM_F_DUMP);
	struct netlink_question q = { .message = m, .part = on_rule, .arg = s };
	struct netlink_refusal refusal;
	enum err err;

	mnl_attr_put_strz(m, NFTA_RULE_TABLE, at->table);
	mnl_attr_put_strz(m, NFTA_RULE_CHAIN, at->chain);
	err = netlink_ask(&b->netlink, &q, &refusal);
	return err == ERR_DENIED && refusal.code == ENOENT ? ERR_NONE : err;
}

static enum err
survey_all(struct backend *b, struct survey *s)
{
	enum err err;

	s->b = b;
	s->same = true;
	err = survey_chain(b, &b->at, s);
	if (err == ERR_NONE && b->output.chain[0] != '\0')
		err = survey_chain(b, &b->output, s);
	return err;
}

enum err
nft_rules_stand(struct backend *b, bool *stand_out)
{
	struct survey s = { 0 };
	enum err err = survey_all(b, &s);

	*stand_out = s.same && s.count == b->rules && b->rules > 0;
	if (err == ERR_NONE && *stand_out && nft_enforces(b))
		err = nft_table_stands(b, stand_out);
	if (err == ERR_NONE && *stand_out && nft_enforces(b))
		err = nft_fence_stands(b, stand_out);
	return err;
}

static void
log_foreign(unsigned number, const struct nftnl_rule *r)
{
	char text[RULE_TEXT_SIZE];

	if (number > FOREIGN_LOGGED)
		return;
	nftnl_rule_snprintf(text, sizeof(text), r, NFTNL_OUTPUT_DEFAULT, 0);
	for (char *c = text; *c != '\0'; c++) {
		if (*c == '\n')
			*c = ' ';
	}
	log_warn("Removed a foreign rule: %s", text);
}

/* ---- placed ------------------------------------------------------------- */

static enum err
put_grants_of(struct backend *b, const struct nft_place *at, enum set_index set)
{
	uint8_t nfproto = set_family(set) == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	enum err err = ERR_NONE;

	/* A checksum must not be taken for a port: ICMP has its own rule. */
	for (int icmp = 0; icmp < 2 && err == ERR_NONE; icmp++) {
		struct nft_rule r = nft_rule_new(at);

		nft_match_family(&r, nfproto);
		if (set_is_local(set))
			nft_match_from_here(&r);
		nft_match_icmp(&r, nfproto, icmp == 1);
		nft_match_grant(&r, set, b->name[set], icmp == 1);
		nft_accept(&r);
		err = nft_rule_put(&b->paper, at, &r);
	}
	return err;
}

/* Of the sets those that the chain's packets can be in: our own two chains
 * share them, the owner's one has all. */
static bool
belongs(const struct backend *b, const struct nft_place *at, enum set_index set)
{
	return !nft_enforces(b) || set_is_local(set) == (at == &b->output);
}

static enum err
put_static(struct backend *b, const struct nft_place *at,
	   enum fixed_index fixed)
{
	uint8_t family = fixed_family(fixed);
	uint8_t nfproto = family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	enum err err = ERR_NONE;

	for (int icmp = 0; icmp < 2 && err == ERR_NONE; icmp++) {
		struct nft_rule r = nft_rule_new(at);

		nft_match_family(&r, nfproto);
		nft_match_icmp(&r, nfproto, icmp == 1);
		nft_match_static(&r, family, fixed_name(fixed), icmp == 1);
		nft_accept(&r);
		err = nft_rule_put(&b->paper, at, &r);
	}
	return err;
}

static enum err
put_statics(struct backend *b, const struct nft_place *at, uint32_t fixed)
{
	enum err err = ERR_NONE;

	for (unsigned set = FIXED_STATIC4; set <= FIXED_STATIC6; set++)
		if ((fixed >> set & 1) != 0 && err == ERR_NONE)
			err = put_static(b, at, set);
	return err;
}

static enum err
put_grants(struct backend *b, const struct nft_place *at)
{
	enum err err = ERR_NONE;

	for (unsigned set = 0; set < SET_COUNT && err == ERR_NONE; set++) {
		if (set_in_families(set, b->families) && belongs(b, at, set))
			err = put_grants_of(b, at, set);
	}
	return err;
}

static enum err
put_chain(struct backend *b, const struct nft_place *at,
	  const struct backend_fence *f)
{
	enum err err = nft_rules_clear(&b->paper, at);

	if (err == ERR_NONE && nft_enforces(b))
		err = nft_put_lists(b, at, f->fixed);
	if (err == ERR_NONE && nft_enforces(b))
		err = nft_put_before(b, at);
	if (err == ERR_NONE)
		err = put_grants(b, at);
	if (err == ERR_NONE)
		err = put_statics(b, at, f->fixed);
	if (err == ERR_NONE && nft_enforces(b))
		err = nft_put_behind(b, at, f);
	return err;
}

enum err
nft_complain_missing(struct backend *b)
{
	char line[COMPLAINT_SIZE];
	struct text text;

	/* Nobody else makes those of our own table. */
	if (nft_enforces(b))
		return ERR_AGAIN;
	text_init(&text, line, sizeof(line));
	text_printf(&text,
		    "The chain is gone: make it again with \"nft add chain %s "
		    "%s\", its table too, and the rules that lead to it",
		    b->opt->nft_table, b->at.chain);
	complaints_say(b->complaints, line, clock_ms());
	return ERR_MISSING;
}

static enum err
replace_rules(struct backend *b, const struct backend_fence *f)
{
	struct netlink_refusal refusal = { 0 };
	enum err err;

	nft_begin(&b->paper);
	err = put_chain(b, &b->at, f);
	if (err == ERR_NONE && b->output.chain[0] != '\0')
		err = put_chain(b, &b->output, f);
	if (err == ERR_NONE && nft_enforces(b))
		nft_put_old_fence_gone(b);
	if (err == ERR_NONE)
		err = nft_send(&b->paper, &b->netlink, &refusal);
	/* The old sets of clients, which rules of others refer to: in our own
	 * table nobody else has a say. All its sets come first then. */
	if (err == ERR_DENIED && refusal.code == EBUSY && nft_enforces(b)) {
		err = nft_make_table_anew(b);
		return err == ERR_NONE ? ERR_AGAIN : err;
	}
	if (err != ERR_NONE)
		nft_complain(b, "place rules in chain", b->at.chain,
			     nft_cause(err, &refusal));
	b->fence_stands = err == ERR_NONE && nft_enforces(b);
	return err;
}

/* Their handles are known only now. */
static enum err
remember(struct backend *b)
{
	struct survey s = { 0 };
	enum err err = survey_all(b, &s);

	if (err != ERR_NONE)
		return err;
	if (s.foreign > 0 || s.count == 0 || s.count > NFT_RULES_MAX)
		return ERR_AGAIN;
	memcpy(b->handle, s.handle, sizeof(b->handle));
	b->rules = s.count;
	return ERR_NONE;
}

enum err
nft_place_rules(struct backend *b, const struct backend_fence *f)
{
	struct survey before = { .on_foreign = log_foreign };
	bool there = false;
	enum err err = nft_has_chain(&b->netlink, &b->paper, &b->at, &there);

	if (err == ERR_NONE && !there)
		return nft_complain_missing(b);
	if (err == ERR_NONE && nft_enforces(b))
		err = nft_raise_fence(b, f);
	if (err == ERR_NONE)
		err = survey_all(b, &before);
	if (err == ERR_NONE)
		err = replace_rules(b, f);
	if (err != ERR_NONE)
		return err;
	if (before.foreign > FOREIGN_LOGGED)
		log_warn("Removed %u foreign rules more",
			 before.foreign - FOREIGN_LOGGED);
	return remember(b);
}
