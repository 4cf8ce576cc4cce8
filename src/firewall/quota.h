/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much one client may have: live (client, destination) pairs, and new
 * ones a second, whatever the number of ports.
 *
 * Slots are those of the ledger. This host is one client, whatever address
 * it asks from: its elements have no client in their key.
 */
#ifndef FIREWALL_QUOTA_H
#define FIREWALL_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "firewall/ledger.h"

enum { QUOTA_LEAST_BURST = 4096 };

struct quota_setup {
	uint32_t capacity;  /* slots */
	uint32_t max_pairs; /* of one client, live */
	uint32_t max_new;   /* pairs of one client a second */
	struct hash_key hash;
};

struct quota;

/* The only call that allocates. ERR_FULL. */
enum err quota_new(const struct quota_setup *setup, struct quota **out);
void quota_free(struct quota *q);

/* Begins a letter: pairs that are touched until the next one is begun are no
 * victims of this one. */
void quota_begin(struct quota *q);
/* A slot joins its pair. A new pair costs a token; false: there is none. */
bool quota_enter(struct quota *q, uint32_t slot, const struct ledger_key *key,
		 int64_t now_ms);
/* The same for what is already in the kernel: costs nothing. */
void quota_take_over(struct quota *q, uint32_t slot,
		     const struct ledger_key *key, int64_t now_ms);
/* The slot's pair lives until end_ms at least. */
void quota_renew(struct quota *q, uint32_t slot, int64_t end_ms);
void quota_leave(struct quota *q, uint32_t slot, int64_t now_ms);
/* quota_leave() for what was entered in vain: the token comes back. */
void quota_undo(struct quota *q, uint32_t slot, int64_t now_ms);

/* Where the client of this slot has more pairs than it may: a slot of its
 * pair that ends first, else LEDGER_NONE. Walks the client's pairs. */
uint32_t quota_victim(const struct quota *q, uint32_t slot);
bool quota_is_over(const struct quota *q, uint32_t slot);
/* The next slot of the same pair, in a ring. */
uint32_t quota_next(const struct quota *q, uint32_t slot);

/* Live pairs of a client. */
uint32_t quota_pairs(const struct quota *q, const struct addr *client);

#endif
