/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a list leads to another name. */
#ifndef QUERY_THREAT_INSTEAD_H
#define QUERY_THREAT_INSTEAD_H

#include "query/threat_reply.h"

/* STEP_ASK: q->threat.instead is to be asked. STEP_GO_ON: it leads to where
 * one is, and lets it pass. Else it is answered. */
enum step_result threat_redirect(struct query *q, const struct threat_place *p);
/* The answer for that other name; the end of the query either way. */
enum step_result threat_reply_instead(struct query *q, const struct message *m);

#endif
