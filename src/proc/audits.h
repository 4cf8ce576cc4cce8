/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wishes for an audit on their way from the control process to the warden
 * and back.
 */
#ifndef PROC_AUDITS_H
#define PROC_AUDITS_H

#include "proc/crew.h"
#include "proc/letter.h"

enum { AUDITS_MOST = 4, AUDITS_MS = 3000, AUDITS_MORE_S = 20 };

struct audits_wish {
	uint32_t seq; /* the warden's; 0: free */
	uint32_t asked_seq;
	int64_t end_ms;
	int list; /* what is written to */
};

/* All zero: none. */
struct audits {
	uint32_t seq;
	struct audits_wish wish[AUDITS_MOST];
};

/* Asks the warden; where there is none, that is the answer. It has AUDITS_MS,
 * and as many seconds more as asked->value, up to AUDITS_MORE_S. */
void audits_ask(struct audits *a, struct crew *crew,
		const struct plain_letter *asked, int64_t now_ms);
void audits_hear(struct audits *a, struct crew *crew,
		 const struct audited_letter *letter);
/* Answers for a warden that is late. */
void audits_tick(struct audits *a, struct crew *crew, int64_t now_ms);

#endif
