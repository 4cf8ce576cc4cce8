/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses that an answer gives for the name that was asked. */
#ifndef SUPPLY_ADDRESSES_H
#define SUPPLY_ADDRESSES_H

#include "supply/ask.h"

enum { ADDRESSES_CHAIN = 16 }; /* aliases that are followed */

typedef enum err address_fn(void *owner, const struct addr *a, uint32_t ttl);

struct addresses_sink {
	address_fn *each; /* an error of it ends the reading */
	void *owner;
};

/* Of an answer with ASK_ANSWERED: the addresses of q's name and type, and of
 * what it is an alias of, where the aliases stand in their order. ERR_NONE:
 * all there are, maybe none. ERR_MISSING: the name does not exist.
 * ERR_DENIED: the server refuses, or fails. ERR_TORN: malformed, truncated
 * although by TCP, or too many aliases. */
enum err addresses_read(const struct ask_answer *answer,
			const struct question *q,
			const struct addresses_sink *to);

#endif
