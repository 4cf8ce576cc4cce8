/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nftables backend from inside: what its files share. */
#ifndef FIREWALL_NFT_BACKEND_H
#define FIREWALL_NFT_BACKEND_H

#include "firewall/backend.h"
#include "firewall/netlink.h"
#include "firewall/nft_paper.h"

enum {
	/* Ours are at most some 800: four for each set of clients, two for
	 * each upstream, and those around them. */
	NFT_RULES_MAX = 1024,
	/* Of one family: of clients that any interface brings, and of those
	 * bound to one. */
	NFT_FENCE_SETS = IMAGE_MAX_INTERFACES + 1
};

/* Of edges of intervals, in whatever order. */
struct nft_tally {
	uint64_t sum;
	uint32_t edges;
};

struct backend {
	struct netlink netlink;
	int events; /* socket that hears what others change; -1: none */
	struct nft_place at;
	struct nft_place output; /* --enforce-output: the second chain */
	const struct options *opt;
	struct complaints *complaints;
	uint32_t set_size, families;
	char name[SET_COUNT][NFT_NAME_SIZE];
	/* Adding an element that is there renews its time: Linux 6.12 and
	 * later; others have it deleted and added in one batch. */
	bool renews, renews_known;
	/* Our rules, by the handles that the kernel gave them: a rule never
	 * changes under its handle. */
	uint64_t handle[NFT_RULES_MAX];
	unsigned rules;
	unsigned fence_turn; /* which of two names the fence's sets have */
	/* Which of them are there: turn, family, interface. */
	bool fence[2][2][NFT_FENCE_SETS];
	bool fence_stands;   /* our rules refer to those of that turn */
	struct nft_tally fence_tally; /* of what was written into them */
	bool fence_doubt;	      /* others have changed something */
	int64_t fence_due_ms;	      /* and then in any case */
	struct nft_paper paper;
};

static inline bool
nft_enforces(const struct backend *b)
{
	return b->opt->enforce;
}

/* "Could not WHAT NAME: CAUSE". */
void nft_complain(const struct backend *b, const char *what, const char *name,
		  const char *cause);
const char *nft_cause(enum err err, const struct netlink_refusal *r);

/* ---- nft_set.c: sets, and the tables and chains around them -------------- */

struct nft_set_shape {
	bool present;
	bool has_timeout, is_map, is_plain; /* plain: nor intervals */
	bool is_interval;   /* and nothing else than that */
	uint32_t key_len, key_type, size;
};

enum err nft_has_table(struct netlink *n, struct nft_paper *p,
		       const struct nft_place *at, bool *has_out);
enum err nft_has_chain(struct netlink *n, struct nft_paper *p,
		       const struct nft_place *at, bool *has_out);
enum err nft_look_at(struct backend *b, const char *name,
		     struct nft_set_shape *out);
bool nft_is_usable(const struct nft_set_shape *s, enum set_index set);
/* A message of a batch that makes it, for so many entries at least. */
enum err nft_put_set(struct backend *b, enum set_index set, uint32_t entries);
/* backend_kind.dispose */
enum err nft_dispose(struct backend *b);
/* backend_kind.prepare */
enum err nft_prepare(struct backend *b, enum set_index set);

/* ---- nft_keep.c: entries of what is made anew ---------------------------- */

struct nft_kept {
	struct backend_entry *entry;
	uint32_t count, room;
	uint32_t lost; /* of another shape, or without room */
	enum set_index set;
};

/* What is in the set, if it has our key; nft_let_go() it in any case. */
enum err nft_keep(struct backend *b, enum set_index set, struct nft_kept *out);
/* Writes it behind what is on the paper; what finds no room there is sent
 * before. */
enum err nft_put_kept(struct backend *b, const struct nft_kept *kept,
		      struct netlink_refusal *refusal);
void nft_let_go(struct nft_kept *kept);

/* ---- nft_chain.c: the rules ---------------------------------------------- */

/* backend_kind.place; ERR_AGAIN: the table was made anew for it. */
enum err nft_place_rules(struct backend *b, const struct backend_fence *f);
/* Says so; ERR_MISSING. ERR_AGAIN where we make it ourselves. */
enum err nft_complain_missing(struct backend *b);
/* Ours stand in their chains as they were placed, and nothing else. */
enum err nft_rules_stand(struct backend *b, bool *stand_out);

/* ---- nft_table.c: our own table (--enforce) ------------------------------ */

/* The table, with chains that let pass what was open before, and nothing new
 * of anybody. */
enum err nft_make_table(struct backend *b);
/* The same without anything that others have put into it but entries of our
 * sets; those are there again, the rules are to be placed. */
enum err nft_make_table_anew(struct backend *b);
/* Its chains are there, and packets meet them. */
enum err nft_table_stands(struct backend *b, bool *stands_out);

/* ---- nft_fence.c: who is shut in (--enforce) ----------------------------- */

/* A set of clients. */
struct nft_fence_id {
	uint8_t family; /* 4 or 6 */
	unsigned turn;	/* 0 or 1 */
	unsigned interface; /* 0: any; else its number in the policy, plus 1 */
};
struct nft_fence_name {
	char text[NFT_NAME_SIZE];
};
struct nft_fence_name nft_fence_name(const struct nft_fence_id *id);

/* Sets of the clients that are shut in, filled; written before the rules
 * that refer to them. ERR_AGAIN: the table was made anew for it. */
enum err nft_raise_fence(struct backend *b, const struct backend_fence *f);
/* Of the sets just filled: there is one of clients bound so. */
bool nft_fence_has(const struct backend *b, uint8_t family,
		   unsigned interface);
/* They hold what was written; looked at where that may have changed. */
enum err nft_fence_stands(struct backend *b, bool *stands_out);
/* The sets of the fence that was in force before go, in the same batch. */
void nft_put_old_fence_gone(struct backend *b);
/* Some `->` names the net. */
static inline bool
nft_is_named(const struct image_net *net)
{
	return net->port_count > 0;
}

/* ---- nft_tally.c: what those sets hold ----------------------------------- */

enum { NFT_ADDRESS_MAX = 16 };
struct nft_edge {
	const struct nft_fence_id *id;
	const uint8_t *address;
	uint32_t len; /* 4 or 16 */
	bool is_end;
};
void nft_tally_edge(struct nft_tally *t, const struct nft_edge *e);
/* Adds what is there; one that is gone adds nothing. */
enum err nft_tally_set(struct backend *b, const struct nft_fence_id *id,
		       struct nft_tally *tally);

/* ---- nft_fixed.c: sets of lists ------------------------------------------ */

/* In the batch that is being written. */
void nft_put_fixed_gone(struct backend *b, enum fixed_index set);
/* backend_kind.fixed_... */
enum err nft_fixed_prepare(struct backend *b, const struct fixed_shape *shape,
			   bool *found_out);
enum err nft_fixed_change(struct backend *b,
			  const struct fixed_change *change);
enum err nft_fixed_list(struct backend *b, enum fixed_index set,
			fixed_entry_fn *each, void *arg, bool *odd_out);
enum err nft_fixed_look(struct backend *b, enum fixed_index set,
			struct backend_look *out);
enum err nft_fixed_clear(struct backend *b, enum fixed_index set);

/* ---- nft_refuse.c: the rules around those for grants (--enforce) --------- */

/* What lists say before all else: let through, or dropped. */
enum err nft_put_lists(struct backend *b, const struct nft_place *at,
		       uint32_t fixed);
enum err nft_put_before(struct backend *b, const struct nft_place *at);
/* The same, and nothing else passes: for the moment between a table that was
 * taken from us and its rules. */
enum err nft_put_shut(struct backend *b, const struct nft_place *at);
/* Our own user may ask that server, by UDP and TCP. */
enum err nft_put_asked(struct backend *b, const struct nft_place *at,
		       const struct endpoint *to);
/* And those whom the lists of the policy come from. */
enum err nft_put_publishers(struct backend *b, const struct nft_place *at,
			    const struct policy *policy);
enum err nft_put_behind(struct backend *b, const struct nft_place *at,
			const struct backend_fence *f);

/* ---- nft_watch.c ----------------------------------------------------------
 */

/* Hears what others than `port` do to nftables; -1: cannot. */
int nft_watch_open(uint32_t port);
/* Reads all news; true where they may be about that table. */
bool nft_watch_heard(int fd, const struct nft_place *at);

#endif
