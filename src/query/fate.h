/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of one address of an answer, wherever it stands: in an address
 * record, or in a hint.
 */
#ifndef QUERY_FATE_H
#define QUERY_FATE_H

#include "query/query.h"

enum fate {
	FATE_GRANT,   /* kept: the firewall is to admit it */
	FATE_KEPT,    /* it was kept before */
	FATE_FOREIGN, /* of a family that the client cannot be given */
	FATE_GUARDED, /* the guard forbids it */
	FATE_OVER     /* there are enough */
};

/* Whether answers to this query may open the firewall. */
bool fate_may_grant(const struct query *q);
/* Adds the address to q->kept where it is to be granted; only where
 * fate_may_grant(). */
enum fate fate_of(struct query *q, const struct addr *a);
bool fate_is_kept(const struct query *q, const struct addr *a);
/* Whether it passes under `~>`: everything does but with --guard-dns-only. */
bool fate_passes_dns_only(const struct query *q, const struct addr *a);

#endif
