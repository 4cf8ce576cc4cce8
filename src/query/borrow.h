/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A question for an alias that the client learnt of has the ports of the name
 * that led to it. */
#ifndef QUERY_BORROW_H
#define QUERY_BORROW_H

#include "query/query.h"

/* Adds to q->verdict, fresh from the policy, what the policy now in force
 * gives the names that led to the one asked. A block stays a block, and a
 * stranger a stranger. */
void borrow_ports(struct query *q);

#endif
