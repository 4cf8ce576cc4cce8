/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names with a port in front (RFC 9460 9.1): to visit https://x:8443 a browser
 * asks for HTTPS of _8443._https.x, while the access list speaks of x.
 */
#ifndef POLICY_PREFIXED_H
#define POLICY_PREFIXED_H

#include "policy/match.h"

/* As policy_match(), but _N._https.x is allowed, besides what rules of its
 * own allow, what x is, and blocked where x is. */
void policy_match_prefixed(const struct policy *p,
			   const struct policy_client *client,
			   const struct name *name, struct verdict *out);
/* Adds ports that are not there; of two rules that give the same one the one
 * that spells its name out is kept. */
void verdict_add_ports(struct verdict *v, const struct verdict *from);

#endif
