/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the policy says of (client, name), in the time it takes to hash the
 * name's suffixes: the number of rules does not matter.
 *
 * The walk: every net that contains the client, longest prefix first; in a
 * net the exact name first, then the lists that have the name (those that are
 * blocked before those that are allowed), then wildcards, the longest domain
 * first, at one length `*.x` before `.x`. Allows add up until the first block;
 * a block met before any allow decides; nothing met is a denial.
 *
 * A `-|` of a list blocks its addresses too, wherever it would have blocked
 * the name if the list had it.
 */
#ifndef POLICY_MATCH_H
#define POLICY_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "policy/image.h"
#include "wire/name.h"

enum { VERDICT_MAX_PORTS = 256 };

enum verdict_kind {
	VERDICT_STRANGER, /* no net contains the client */
	VERDICT_DENIED,	  /* no rule matched */
	VERDICT_ALLOWED,  /* grants and dns_only say what */
	VERDICT_BLOCKED	  /* rule says by which line, and what to answer */
};

/* Who asks. ifindex: the interface the query came in by; 0 where it is not
 * known (no net that is bound to one contains him then), or: */
enum { INTERFACE_ANY = 0xffffffff /* whichever it was */ };
struct policy_client {
	const struct addr *addr;
	uint32_t ifindex;
};

struct verdict_port {
	uint32_t rule;	/* index: the rule that gives it */
	uint16_t port;
	uint8_t protocol;
	bool exact;	/* a rule that spells the name out gives it */
};

struct verdict {
	enum verdict_kind kind;
	bool exact;	   /* some allow spells the name out */
	bool dns_only;	   /* some ~> matched: any type is forwarded */
	bool ports_cut;	   /* more than VERDICT_MAX_PORTS: the rest is shut */
	uint32_t rule;	   /* deciding rule: first allow, or the block */
	/* A bit a list, as in struct policy_lists: to whose addresses nothing
	 * may lead, and by which of them the name is allowed. */
	uint64_t shut, opened;
	unsigned port_count; /* distinct (protocol, port); > 0 iff some -> */
	struct verdict_port port[VERDICT_MAX_PORTS];
};

/* name: any case. No allocation, no system call. */
void policy_match(const struct policy *p, const struct policy_client *client,
		  const struct name *name, struct verdict *out);
/* The nets that contain the client, as the walk meets them, or IMAGE_NONE. */
uint32_t policy_first_net(const struct policy *p,
			  const struct policy_client *client);
uint32_t policy_next_net(const struct policy *p, uint32_t net,
			 uint32_t ifindex);
/* True where some net contains the client. */
bool policy_knows(const struct policy *p, const struct policy_client *client);

uint32_t policy_rule_count(const struct policy *p);
/* NULL where there is no such rule. */
const struct image_rule *policy_rule(const struct policy *p, uint32_t rule);
/* For the warden. ERR_NONE where rule exists, is a `->`, its net contains the
 * client and it gives this protocol and port; else ERR_MISSING (no such
 * rule), ERR_DENIED (another client), ERR_RANGE (not this protocol, port). */
enum err policy_rule_gives(const struct policy *p, uint32_t rule,
			   const struct policy_client *client,
			   uint8_t protocol, uint16_t port);
/* What is looked for. fits: NULL, or says which rules count. */
typedef bool policy_fits_fn(void *arg, uint32_t rule);
struct policy_opening {
	uint8_t protocol;
	uint16_t port;
	policy_fits_fn *fits;
	void *arg;
};
/* Whether some name opens that protocol and port to this client, by a `->`
 * that fits and that no `-|` stands before; for entries whose name is not
 * known. Where none does, all rules of his nets may have to be looked at. */
bool policy_gives_any(const struct policy *p,
		      const struct policy_client *client,
		      const struct policy_opening *wanted);
/* The `-|` that blocks one of these lists (bits of verdict.shut) for the
 * client, or IMAGE_NONE. */
uint32_t policy_rule_of_list(const struct policy *p,
			     const struct policy_client *client,
			     uint64_t lists);
/* The rule of this identity (see struct image_rule), or IMAGE_NONE. */
uint32_t policy_find_identity(const struct policy *p, uint64_t identity);
void policy_rule_name(const struct policy *p, const struct image_rule *rule,
		      struct name *out);
const char *policy_rule_file(const struct policy *p,
			     const struct image_rule *rule);

/* Every rule the walk of policy_match() meets, in its order, also those
 * behind the one that decides; for `explain`. `shadowed`: it has no effect,
 * because it stands behind a block, is a block behind an allow, or allows
 * only what was allowed before. */
typedef void policy_met_fn(void *arg, uint32_t rule, bool shadowed);
void policy_explain(const struct policy *p,
		    const struct policy_client *client,
		    const struct name *name, policy_met_fn *met, void *arg);

#endif
