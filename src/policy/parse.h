/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of an ACL becomes one rule. */
#ifndef POLICY_PARSE_H
#define POLICY_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "policy/complain.h"
#include "policy/token.h"
#include "wire/name.h"

struct acl_rule {
	struct net client;
	struct name domain;  /* lower case, without "*." or "." before it */
	struct addr answer4; /* family 0: none */
	struct addr answer6;
	uint8_t arrow;	  /* enum rule_arrow */
	uint8_t kind;	  /* enum domain_kind */
	uint8_t protocol; /* IPPROTO_*; 0 where not ARROW_GRANT */
	uint16_t port;	  /* 0 where not ARROW_GRANT */
	struct token client_text, domain_text;
	bool had_host_bits;  /* of the client; they are cleared */
	bool domain_is_addr; /* the domain looks like an IPv4 address */
};

enum acl_line { LINE_EMPTY, LINE_RULE, LINE_WRONG };

/* text: without line end. LINE_WRONG fills all of the flaw but its line. The
 * tokens and the flaw borrow text. */
enum acl_line acl_parse_line(const char *text, size_t len, struct acl_rule *out,
			     struct flaw *flaw);

#endif
