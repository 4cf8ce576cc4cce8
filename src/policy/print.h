/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef POLICY_PRINT_H
#define POLICY_PRINT_H

#include "base/text.h"
#include "policy/image.h"

enum {
	RULE_TEXT_SIZE = 1280, /* holds every rule, and a NUL */
	RULES_TEXT_SIZE = 3072 /* what rules_print() writes, and a NUL */
};

/* One rule in canonical form, e.g. "10.0.0.0/8 -> *.example.com:TCP:443",
 * without line end. A block that answers both families prints as
 * "= 192.0.2.1,2001:db8::1". */
void rule_print(const struct policy *p, const struct image_rule *rule,
		struct text *out);
/* As one rule of many ports what differs only in them, from the first on;
 * returns how many rules that were. */
uint32_t rules_print(const struct policy *p, uint32_t first, struct text *out);
/* "TCP", "ICMP" for that of both families; "?" for what no rule gives. */
const char *protocol_text(uint8_t protocol);
/* The port as people write it; of ICMP the type. */
unsigned port_number(uint8_t protocol, uint16_t port);

#endif
