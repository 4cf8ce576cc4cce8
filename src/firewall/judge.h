/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a grant that a worker asks for may be given: the second opinion.
 *
 * The worker has come to the same answer if it is what it should be. What
 * is judged here is what must hold even if a stranger has taken it over.
 */
#ifndef FIREWALL_JUDGE_H
#define FIREWALL_JUDGE_H

#include <stdint.h>

#include "conf/options.h"
#include "firewall/ledger.h"
#include "lists/image.h"
#include "policy/match.h"
#include "proc/board.h"
#include "proc/letter.h"

struct judge {
	struct policy policy;
	struct lists lists; /* those behind it */
	const struct own_addresses *own;
	const struct options *opt;
	uint32_t families; /* ROLE_IPV4 | ROLE_IPV6 (proc/role.h) */
	struct judge_memo *memo; /* while many are judged; else NULL */
};

/* What judge_gives_any() found, for as long as nothing else changes. */
enum { JUDGE_MEMO_SIZE = 256 };
struct judge_answer {
	uint32_t net; /* of the policy, plus 1; 0: none */
	uint16_t port;
	uint8_t protocol;
	bool private, gives;
};
struct judge_memo {
	struct judge_answer answer[JUDGE_MEMO_SIZE];
};

/* Longest kernel timeout that may be asked for. */
uint32_t judge_longest_s(const struct judge *j);
/* GRANT_OK, GRANT_REFUSED or GRANT_NO_FAMILY; *detail_out says why. */
enum grant_status judge_item(const struct judge *j,
			     const struct grant_item *item,
			     enum grant_detail *detail_out);
/* Some rule, whatever its name, gives this entry: that protocol and port, and
 * to such an address. */
bool judge_gives_any(const struct judge *j, const struct ledger_key *key);
/* What that rule gives may lead there: it is not guarded, or not from it. */
bool judge_leads_to(const struct judge *j, uint32_t rule,
		    const struct addr *destination);
/* Calls yes() with the client of an entry, until it says yes. Which of this
 * host's addresses asked is not in an entry of it: each is tried. */
typedef bool judge_client_fn(void *arg, const struct addr *client);
bool judge_any_client(const struct judge *j, const struct ledger_key *key,
		      judge_client_fn *yes, void *arg);
void judge_key(const struct grant_item *item, struct ledger_key *out);

/* What was wrong with an item (enum grant_detail). */
const char *judge_detail_text(uint32_t detail);

#endif
