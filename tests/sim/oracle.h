/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold whatever happens:
 *  - no answer with an address that needs a grant leaves before every grant
 *    for it stands, for as long as the answer says;
 *  - no entry without a reason, none for longer than its reason, none for
 *    ever, none shortened while a reason for the longer time holds;
 *  - at rest, ledger and kernel say the same, and what was promised stands.
 */
#ifndef TESTS_SIM_ORACLE_H
#define TESTS_SIM_ORACLE_H

#include <stddef.h>
#include <stdint.h>

#include "conf/options.h"
#include "proc/board.h"
#include "sets.h"

void oracle_begin(const struct options *opt, const struct board *board);
/* After each turn of a process. */
void oracle_on_step(void);
/* The warden is about to write it, has removed it. */
void oracle_on_add(struct entry *e, uint32_t timeout_s);
void oracle_on_remove(struct entry *e);
/* A worker goes on with this policy. */
void oracle_on_policy(uint32_t worker, uint32_t generation);
/* An answer leaves to a client of the universe. asked_us: when it asked. */
void oracle_on_answer(int client, int64_t asked_us, const uint8_t *bytes,
		      size_t len);
/* Nothing was wrong for a while. ledger: its memory. */
void oracle_at_rest(const void *ledger, size_t size);
const struct options *oracle_options(void);
uint32_t oracle_warden_generation(void);
/* Clients are made to have few: their own pairs are revoked to make room. */
bool oracle_is_tight(void);
/* A promise that a later policy has taken back. */
bool oracle_is_taken_back(const struct promise *p,
			  const struct ledger_key *key);

/* Answers with addresses that were looked at. */
uint64_t oracle_answers(void);

#endif
