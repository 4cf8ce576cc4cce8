/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of the access log that a query leaves behind. */
#ifndef QUERY_NOTE_H
#define QUERY_NOTE_H

#include "query/query.h"

/* The form of the log that was asked for says how long a query took. */
bool note_is_detailed(const struct options *opt);
/* RECORD_ALLOWED or RECORD_DNS_ONLY: it goes to an upstream now. Said once,
 * also where it is asked again. */
void note_asked(struct query *q, enum record_kind kind);
/* It would have ended so, and goes on (--mode audit). */
void note_audited(struct query *q, enum record_kind kind,
		  enum record_reason reason);
/* An address that it is told and that is not granted; said where somebody
 * looks back (--nflog, --mode audit). */
void note_resolved(struct query *q, const struct addr *address);
/* What a list has, and then what it lets pass or only logs. */
void note_listed(struct query *q, const struct lists_hit *hit,
		 const struct name *subject);
/* The same for the events to come: its number. */
uint32_t note_hit(struct query *q, const struct lists_hit *hit,
		  const struct name *subject);
/* How it ended. */
void note_ended(struct query *q);
/* The same; the client hears nothing of it. */
void note_dropped(struct query *q);

#endif
