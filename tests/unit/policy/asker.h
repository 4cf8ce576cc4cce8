/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_POLICY_ASKER_H
#define TESTS_POLICY_ASKER_H

#include "policy/match.h"

/* Somebody with that address, by no interface in particular. */
#define asker(a) (&(const struct policy_client){ .addr = (a) })

/* Whatever the rule. */
static inline bool
gives_any(const struct policy *p, const struct policy_client *client,
	  uint8_t protocol, uint16_t port)
{
	const struct policy_opening o = { .protocol = protocol, .port = port };

	return policy_gives_any(p, client, &o);
}

#endif
