/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef POLICY_WARN_H
#define POLICY_WARN_H

#include "policy/build.h"
#include "policy/parse.h"

/* Each writes one warning, of that line. */
void warn_of_host_bits(struct complaints *c, uint32_t line,
		       const struct acl_client *client);
void warn_of_address(struct complaints *c, uint32_t line,
		     const struct acl_rule *rule);
void warn_of_utf8(struct complaints *c, uint32_t line,
		  const struct acl_rule *rule);
/* A verdict holds so many ports and no more: warns before it matters, of
 * settled rules. */
void warn_of_ports(struct complaints *c, const struct build *b);

#endif
