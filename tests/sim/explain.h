/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be said for an entry: by rules, by offers, by promises. */
#ifndef TESTS_SIM_EXPLAIN_H
#define TESTS_SIM_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/options.h"
#include "rules.h"
#include "sets.h"

/* rules_say(), remembered. */
const struct said *explain_say(uint32_t generation, int client, int name);
/* That number means another policy now. */
void explain_forget(uint32_t generation);

/* The element that opens the port of the address to the client. */
void explain_key(int client, const struct addr *to,
		 const struct said_port *port, struct ledger_key *out);
/* The latest end that what upstreams offered and the policy gives explain;
 * 0: nothing does. */
int64_t explain_latest_end_us(const struct options *opt, uint32_t generation,
			      const struct ledger_key *key);
/* Some rule gives it, whatever the name. */
bool explain_gives_any(uint32_t generation, const struct ledger_key *key);

/* All lines that gave it are there still, and it is given. */
bool explain_is_kept(const struct promise *p, uint32_t generation,
		     uint8_t protocol, uint16_t port);
void explain_promise(struct entry *e, const struct promise *p);

/* Some upstream said that the name has the address. */
bool explain_was_offered(int name, const struct addr *a);
/* What the client was promised is taken back, now or in a moment. */
void explain_revoke(int client);
bool explain_is_revoked(int client);

/* The router's addresses are other ones from now on; these. */
void explain_own_begin(void);
void explain_own(const struct addr *a);
/* One is, or was a moment ago. */
bool explain_is_own(const struct addr *a);
bool explain_was_own(const struct addr *a); /* ever */
/* Calls to the kernel's sets are slow, or fail. */
bool explain_kernel_is_hindered(void);
/* The same, or it was so a moment ago. To be noted before it changes. */
bool explain_kernel_was_hindered(void);
void explain_note_trouble(void);
/* So they are, or it is dead or stopped. */
bool explain_warden_is_hindered(void);

#endif
