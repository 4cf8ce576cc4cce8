/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --mode audit: everybody is answered, as though a `~>` for every name stood
 * beneath all rules and no rule blocked; what would have been refused is
 * noted, marked. What is granted is what would have been, and nothing else.
 */
#ifndef QUERY_AUDIT_H
#define QUERY_AUDIT_H

#include "query/query.h"

/* A client that no net of the policy has, but this host or one of the nets
 * that it is attached to: it is answered too. Others never are. */
bool audit_knows(const struct query_house *h, const struct addr *client);
/* Behind the policy's verdict: widens it. */
void audit_widen(struct query *q);
/* A rule blocks a name on the way: nothing is granted then. True: it is
 * passed on. */
bool audit_passes_chain(struct query *q, uint32_t rule);
/* The same of what a list has; answer: the upstream was asked before. */
bool audit_passes_list(struct query *q, uint32_t list, bool answer);
/* An answer of which nothing would have been left; shut: the guard's doing. */
void audit_note_empty(struct query *q, bool shut);

#endif
