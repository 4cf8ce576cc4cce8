/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The owner's table and chain, looked for at the start; or our own.
 *
 * A table and a chain that are missing are never made in the owner's name:
 * without the rules that lead to it a chain decides nothing.
 */
#include "firewall/nft_find.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "firewall/nft_backend.h"

#define OUR_TABLE   "dns_firewall"
#define OUR_FORWARD "forward"
#define OUR_OUTPUT  "output"

static void
copy(char to[NFT_NAME_SIZE], const char *from)
{
	struct text t;

	text_init(&t, to, NFT_NAME_SIZE);
	text_str(&t, from);
}

/* "inet filter", as conf/word.c has accepted it. */
static void
read_table(const char *text, struct nft_place *out)
{
	const char *blank = strchr(text, ' ');

	out->family = NFPROTO_INET;
	if (strncmp(text, "ip ", 3) == 0)
		out->family = NFPROTO_IPV4;
	if (strncmp(text, "ip6 ", 4) == 0)
		out->family = NFPROTO_IPV6;
	if (blank != NULL)
		copy(out->table, blank + 1);
}

void
nft_find_places(const struct options *opt, struct nft_place *at,
		struct nft_place *output)
{
	*at = (struct nft_place){ .family = NFPROTO_INET };
	if (opt->enforce) {
		copy(at->table, OUR_TABLE);
		copy(at->chain, OUR_FORWARD);
	} else {
		read_table(opt->nft_table, at);
		copy(at->chain, opt->chain);
	}
	*output = *at;
	copy(output->chain, opt->enforce_output ? OUR_OUTPUT : "");
}

static uint32_t
families_of(const struct nft_place *at)
{
	if (at->family == NFPROTO_IPV4)
		return ROLE_IPV4;
	return at->family == NFPROTO_IPV6 ? ROLE_IPV6 : ROLE_IPV4 | ROLE_IPV6;
}

static enum err
look_for(const struct options *opt, const struct nft_place *at,
	 struct netlink *n)
{
	struct nft_paper *paper = calloc(1, sizeof(*paper));
	bool table = false, chain = false;
	enum err err = paper != NULL ? ERR_NONE : ERR_FULL;

	if (err == ERR_NONE)
		err = nft_has_table(n, paper, at, &table);
	if (err == ERR_NONE && table)
		err = nft_has_chain(n, paper, at, &chain);
	free(paper);
	if (err != ERR_NONE) {
		log_error("nftables cannot be asked: %s", err_text(err));
		return err;
	}
	if (chain)
		return ERR_NONE;
	if (!table)
		log_error("There is no table \"%s\" in nftables; make it with "
			  "\"nft add table %s\", name another with "
			  "--nft-table, or say --enforce for one of our own",
			  opt->nft_table, opt->nft_table);
	else
		log_error("There is no chain \"%s\" in table \"%s\"; make it "
			  "with \"nft add chain %s %s\"",
			  opt->chain, opt->nft_table, opt->nft_table,
			  opt->chain);
	return ERR_MISSING;
}

static void
say_found(const struct options *opt, uint32_t families)
{
	if (opt->enforce) {
		if (opt->chain[0] != '\0')
			log_warn("--enforce keeps chains of its own: --chain "
				 "\"%s\" is ignored",
				 opt->chain);
		if (strcmp(opt->nft_table, "inet filter") != 0)
			log_warn("--enforce keeps a table of its own: "
				 "--nft-table \"%s\" is ignored",
				 opt->nft_table);
		log_info("Using nftables backend, table \"inet " OUR_TABLE
			 "\" of our own");
		return;
	}
	log_info("Using nftables backend, table \"%s\", chain \"%s\"",
		 opt->nft_table, opt->chain);
	if ((families & ROLE_IPV4) == 0)
		log_warn("No IPv4 rules will be created.");
	if ((families & ROLE_IPV6) == 0)
		log_warn("No IPv6 rules will be created.");
}

uint32_t
nft_families(const struct options *opt)
{
	struct nft_place at, output;

	nft_find_places(opt, &at, &output);
	return families_of(&at);
}

enum err
nft_find(const struct options *opt, uint32_t *families_out)
{
	struct netlink *n = calloc(1, sizeof(*n));
	struct nft_place at, output;
	enum err err = n != NULL ? netlink_open(n) : ERR_FULL;

	nft_find_places(opt, &at, &output);
	*families_out = families_of(&at);
	if (err != ERR_NONE) {
		log_error("nftables cannot be asked: %s", err_text(err));
	} else {
		if (!opt->enforce)
			err = look_for(opt, &at, n);
		netlink_close(n);
	}
	free(n);
	if (err == ERR_NONE)
		say_found(opt, *families_out);
	return err;
}
