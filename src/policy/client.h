/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who a rule is for, as it stands before the arrow or in a group:
 *
 *   ADDRESS | ADDRESS/BITS | any | localhost | localnets | @GROUP
 *
 * each with %INTERFACE behind it, or without.
 */
#ifndef POLICY_CLIENT_H
#define POLICY_CLIENT_H

#include <stdbool.h>

#include "base/addr.h"
#include "policy/complain.h"
#include "policy/token.h"

enum client_kind {
	CLIENT_NET,
	CLIENT_ANY,	  /* both families */
	CLIENT_LOCALHOST, /* loopback, and the router's own addresses */
	CLIENT_LOCALNETS, /* what the router's interfaces are attached to */
	CLIENT_GROUP
};

enum { GROUP_NAME_MAX = 32, INTERFACE_NAME_MAX = 15 };

struct acl_client {
	uint8_t kind;	    /* enum client_kind */
	bool had_host_bits; /* of the net; they are cleared */
	struct net net;
	struct token whole;
	struct token group;	/* without '@' */
	struct token interface; /* without '%'; len 0: none */
};

/* False where it is none of these; then flaw says why. The tokens borrow. */
bool client_read(const struct token *t, struct acl_client *out,
		 struct flaw *flaw);
/* Letters, digits, '-' and '_', at most GROUP_NAME_MAX of them. */
bool group_name_is_good(const struct token *t);

#endif
