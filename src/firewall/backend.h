/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a firewall must be able to do for the warden, and no more.
 *
 * A backend keeps up to four sets (enum set_index) whose entries end by
 * themselves. It decides nothing: policy, quotas and ends are the warden's.
 */
#ifndef FIREWALL_BACKEND_H
#define FIREWALL_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "firewall/complaints.h"
#include "firewall/fixed.h"
#include "firewall/ledger.h"
#include "policy/image.h"
#include "proc/role.h"

enum {
	BACKEND_BATCH = 64,	       /* entries of one add() or remove() */
	BACKEND_MAX_TIMEOUT = 2147483, /* seconds: ipset's limit */
	FIXED_MOST = 1 << 19, /* entries with clients, in one set of lists */
	/* Of an entry that says none, and of one that had no end. */
	BACKEND_DEFAULT_TIMEOUT = 60
};

struct backend_entry {
	struct ledger_key key;
	uint32_t timeout_s; /* add: 1..BACKEND_MAX_TIMEOUT; listed: what is
			       left, 0 where it would stay for ever */
};

struct backend_look {
	bool present; /* and of the right type, with a timeout */
	bool other;   /* not present: something else has its name */
	bool counted; /* entries are those that have not ended, exactly */
	uint32_t references, entries, capacity;
};

/* Why add() was refused. */
struct backend_fault {
	unsigned first_bad; /* entries before it stand, it and the rest not */
	uint32_t code;	    /* errno or the kernel's own */
	enum backend_cause { FAULT_OTHER, FAULT_FULL, FAULT_GONE } cause;
	/* false: no answer came, so nothing is known of any entry */
	bool known;
};

struct backend_setup {
	const char *prefix;
	uint32_t set_size;
	uint32_t families; /* ROLE_IPV4 | ROLE_IPV6 */
	const struct options *opt; /* stays where it is; nftables */
	/* Where what goes wrong is said; it stays, too. NULL: at once. */
	struct complaints *complaints;
};

/* Whom our own chain shuts in (--enforce). */
struct backend_fence {
	const struct policy *policy;
	const struct own_addresses *own;
	uint32_t fixed; /* sets of lists that are there, a bit each */
};

/* A set of lists as it is to be. */
struct fixed_shape {
	enum fixed_index set;
	size_t count; /* entries that it must have room for */
	/* What is in it, for one that must be made larger. */
	const struct fixed_entries *have;
};

/* Entries that go and entries that come; where they overlap, all at once. */
struct fixed_change {
	enum fixed_index set;
	const struct fixed_entries *remove, *add;
};

struct backend; /* each kind has its own */
typedef void fixed_entry_fn(void *arg, const struct fixed_entry *entry);

typedef void backend_entry_fn(void *arg, const struct backend_entry *entry);

struct backend_kind {
	const char *name;
	/* Needs power; the rest works with CAP_NET_ADMIN alone. */
	enum err (*open)(const struct backend_setup *s, struct backend **out);
	void (*close)(struct backend *b);
	/* Makes the set, or takes it over as it is. Entries that are there
	 * stay there. ERR_BUSY: there is one of another type, and a rule or
	 * another set holds it. */
	enum err (*prepare)(struct backend *b, enum set_index set);
	/* All entries are of one set; at most BACKEND_BATCH. An entry that is
	 * there gets the new timeout. ERR_NONE: the kernel has acknowledged
	 * every one of them. */
	enum err (*add)(struct backend *b, const struct backend_entry *entry,
			unsigned count, struct backend_fault *fault_out);
	/* One that is not there is no error. */
	enum err (*remove)(struct backend *b, const struct backend_entry *entry,
			   unsigned count);
	enum err (*has)(struct backend *b, const struct backend_entry *entry,
			bool *has_out);
	/* The callback must not call the backend. */
	enum err (*list)(struct backend *b, enum set_index set,
			 backend_entry_fn *each, void *arg);
	enum err (*look)(struct backend *b, enum set_index set,
			 struct backend_look *out);
	/* Takes away all sets, and where the backend places the rules itself
	 * those too. */
	enum err (*dispose)(struct backend *b);
	/* Puts our rules in place of all that is in their chain; the sets are
	 * there. NULL: the supervisor does so. */
	enum err (*place)(struct backend *b, const struct backend_fence *f);
	/* A descriptor that is readable when others may have changed what is
	 * ours, and what then tells whether they have. NULL: nobody tells. */
	int (*watch)(const struct backend *b);
	bool (*heard)(struct backend *b);
	/* Sets of lists (firewall/fixed.h); NULL where there are none. So
	 * many entries are a change that keeps nobody waiting. */
	size_t fixed_piece;
	/* The same of entries with clients, and as many as a set may have. */
	size_t fixed_static_piece, fixed_static_most;
	/* Entries have single clients, and no nets of them. NULL: no. */
	bool (*fixed_hosts)(const struct backend *b);
	/* There are no sets of client and address alone. NULL: there are. */
	bool (*fixed_lacks_pairs)(const struct backend *b);
	/* Made,
	 * or taken as it is and with what is in it; *found_out says which.
	 * ERR_BUSY as of prepare(). */
	enum err (*fixed_prepare)(struct backend *b,
				  const struct fixed_shape *shape,
				  bool *found_out);
	/* What stays covered is covered all the time. ERR_NONE: the kernel
	 * has acknowledged all of it; else any part of it may be done. */
	enum err (*fixed_change)(struct backend *b,
				 const struct fixed_change *change);
	/* *odd_out: there is more in it than was told, in another shape. */
	enum err (*fixed_list)(struct backend *b, enum fixed_index set,
			       fixed_entry_fn *each, void *arg, bool *odd_out);
	enum err (*fixed_look)(struct backend *b, enum fixed_index set,
			       struct backend_look *out);
	enum err (*fixed_clear)(struct backend *b, enum fixed_index set);
};

extern const struct backend_kind backend_ipset, backend_nftables, backend_none;

static inline bool
set_is_local(enum set_index set)
{
	return set == SET_V4_LOCAL || set == SET_V6_LOCAL;
}

static inline uint8_t
set_family(enum set_index set)
{
	return set == SET_V4 || set == SET_V4_LOCAL ? 4 : 6;
}

/* The set is there when its family is one of those. */
static inline bool
set_in_families(enum set_index set, uint32_t families)
{
	return (families & (set_family(set) == 4 ? ROLE_IPV4 : ROLE_IPV6)) != 0;
}

#endif
