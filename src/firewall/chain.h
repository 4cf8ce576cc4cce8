/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules that match our sets, in the chain the owner made.
 *
 * Runs in the supervisor. Executes iptables-save and iptables-restore (and
 * the ip6 ones) by fixed absolute path, with fixed arguments and an empty
 * environment: the only programs but ourselves that we execute. The chain is
 * ours: its rules are replaced in one restore, foreign rules found there are
 * removed and logged one by one. A chain that is missing is never made.
 */
#ifndef FIREWALL_CHAIN_H
#define FIREWALL_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "conf/options.h"

struct chain {
	const char *name;   /* of the chain */
	const char *prefix; /* of the sets */
	/* NULL: the family has no chain. "iptables", "iptables-nft",
	 * "iptables-legacy", "ip6tables" ... */
	const char *tool4, *tool6;
	bool lists;	 /* with a rule for addresses of lists */
	int64_t said_ms; /* when it was last complained of what fails */
};

/* Looks where the chain is, per family. Logs what it chose; a family without
 * chain is a warning ("No IPv6 rules will be created."), neither is
 * ERR_MISSING, of which the caller speaks. */
enum err chain_find(const struct options *opt, struct chain *out);
/* Replaces the chain's rules by ours in one restore per family, where they
 * are not exactly ours; the sets must exist. Both families are tried. A chain
 * that its owner has removed is ERR_MISSING, said once a minute. */
enum err chain_place(struct chain *c);
/* Takes all rules out of the chain, ours too. */
enum err chain_clear(struct chain *c);
/* All our rules stand in the chain, and nothing else. */
bool chain_is_whole(const struct chain *c);

#endif
