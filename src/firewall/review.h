/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a policy would give again what a policy gave before: the same
 * client, the same names, the same protocol, port and destination.
 */
#ifndef FIREWALL_REVIEW_H
#define FIREWALL_REVIEW_H

#include "firewall/judge.h"
#include "firewall/ledger.h"

/* True: it would. Identity and line become those of the rule that gives it
 * now. What is known of the reason is what is held against the policy: the
 * names, where there are any; else the rule, which must be there still; else
 * that some rule gives this client that protocol and port. */
bool review_gives(const struct judge *j, const struct ledger_key *key,
		  struct ledger_told *told);

#endif
