/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ipset backend from inside: what ipset.c and ipset_make.c share. */
#ifndef FIREWALL_IPSET_BACKEND_H
#define FIREWALL_IPSET_BACKEND_H

#include "firewall/backend.h"
#include "firewall/ipset_message.h"
#include "firewall/netlink.h"

struct backend {
	struct netlink netlink;
	struct ipset_paper paper;
	uint32_t set_size;
	uint32_t families;
	struct complaints *complaints;
	uint8_t revision[SET_COUNT];
	char name[SET_COUNT][IPSET_MAXNAMELEN];
	char copy[SET_COUNT][IPSET_MAXNAMELEN]; /* successor, being filled */
	/* Sets of lists; the successor is of one of them at a time. */
	char fixed[FIXED_COUNT][IPSET_MAXNAMELEN];
	char fixed_copy[IPSET_MAXNAMELEN];
	bool fixed_hosts; /* their entries have single clients */
	bool fixed_lacks_pairs;
};

struct ipset_listing {
	enum set_index set;
	backend_entry_fn *each;
	void *arg;
	unsigned strange;
};

/* One message, one answer. */
enum err ipset_ask(struct backend *b, struct nlmsghdr *m,
		   struct netlink_refusal *refusal);
/* As ipset_ask(), for what may be asked twice. */
enum err ipset_apply(struct backend *b, enum ipset_cmd cmd,
		     const struct ipset_change *c,
		     struct netlink_refusal *refusal);
/* ERR_MISSING: no such set. */
enum err ipset_look_at(struct backend *b, const char *name,
		       struct ipset_header *out);
enum err ipset_list_named(struct backend *b, const char *name,
			  struct ipset_listing *l);
/* "Could not WHAT set NAME: CAUSE". */
void ipset_complain(const struct backend *b, const char *what,
		    const char *name, const char *cause);
const char *ipset_cause(enum err err, const struct netlink_refusal *r);

enum err ipset_find_revision(struct backend *b, const char *type,
			     uint8_t family, uint8_t *out);

/* ---- ipset_fixed.c: sets of lists ---------------------------------------- */

bool ipset_fixed_hosts(const struct backend *b);
bool ipset_fixed_lacks_pairs(const struct backend *b);
void ipset_fixed_probe(struct backend *b);
enum err ipset_fixed_names(struct backend *b, const char *prefix);
enum err ipset_fixed_prepare(struct backend *b,
			     const struct fixed_shape *shape, bool *found_out);
enum err ipset_fixed_change(struct backend *b,
			    const struct fixed_change *change);
enum err ipset_fixed_list(struct backend *b, enum fixed_index set,
			  fixed_entry_fn *each, void *arg, bool *odd_out);
enum err ipset_fixed_look(struct backend *b, enum fixed_index set,
			  struct backend_look *out);
enum err ipset_fixed_clear(struct backend *b, enum fixed_index set);

/* backend_kind.prepare: the set is there and of the right shape. */
enum err ipset_prepare(struct backend *b, enum set_index set);
/* backend_kind.dispose: those that rules of others refer to stay, and are
 * complained of. */
enum err ipset_dispose(struct backend *b);

#endif
