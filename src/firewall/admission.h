/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One letter of grants: judged, accounted for, written to the kernel, and
 * entered in the ledger, all of it or nothing.
 */
#ifndef FIREWALL_ADMISSION_H
#define FIREWALL_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "firewall/backend.h"
#include "firewall/complaints.h"
#include "firewall/judge.h"
#include "firewall/ledger.h"
#include "firewall/quota.h"
#include "proc/board.h"
#include "proc/letter.h"

struct admission {
	struct judge judge;
	const struct backend_kind *kind;
	struct backend *backend;
	struct ledger *ledger;
	struct quota *quota;
	struct board *board;
	struct flows *flows;	   /* NULL: they are left alone */
	struct fixed_keeper *fixed; /* of the sets of lists; NULL: none */
	uint32_t fixed_placed;	    /* those that rules were made for */
	uint32_t limit[SET_COUNT]; /* elements, 75 % of the set */
	int64_t own_ms;		   /* when our own addresses were others */
	/* Set here, cleared by firewall/health.c: */
	bool down;    /* sets or rules are gone */
	bool suspect; /* the kernel may have what the ledger has not */
	struct complaints complaints; /* of the backend */
	struct log_limit full_log, evict_log;
};

/* letter: checked against its row; epoch: of the worker whose channel it came
 * by. Fills out whole. */
void admit(struct admission *a, const struct grant_letter *letter,
	   uint32_t epoch, struct granted_letter *out);

/* The accounts of what a ledger of another process holds. */
void admission_take_over(struct admission *a);
/* Makes or takes over a set and learns how much it holds. */
enum err admission_prepare(struct admission *a, enum set_index set);
/* What a comparison of ledger and kernel found. */
struct comparison {
	uint32_t adopted;  /* entries that are new in the ledger */
	uint32_t left_out; /* entries the ledger has no room for */
	uint32_t lacking;  /* elements the kernel has not, or not so long */
	uint32_t lasting;  /* elements the kernel has for longer, or ever */
};

/* Lists the sets and takes what the ledger does not know into it. Nothing is
 * written: what is lacking or lasting waits for admission_complete(). */
enum err admission_compare(struct admission *a, struct comparison *out);
/* Writes what the comparison just before it found lacking or lasting, with
 * the end the ledger has for it. */
enum err admission_complete(struct admission *a);
/* Places the rules, where the backend does that; ERR_NONE elsewhere. */
enum err admission_place(struct admission *a);
/* The descriptor by which the backend hears of others, or -1. */
int admission_watch(const struct admission *a);
/* Writes all live elements of a set to the kernel, with the time that is
 * left to them. Where the set has become too small for them, what does not
 * fit is forgotten. */
enum err admission_restore(struct admission *a, enum set_index set);
/* Forgets elements that have ended; looks at `most` slots from *at on. */
void admission_sweep(struct admission *a, uint32_t *at, uint32_t most);
/* Writes on the board how many elements there are, and may be. */
void admission_show_live(struct admission *a);

/* The entry that shows whether a set was emptied. */
void canary_of(enum set_index set, struct backend_entry *out);
bool is_canary(const struct ledger_key *key);

#endif
