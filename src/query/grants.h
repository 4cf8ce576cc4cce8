/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one answer needs of the firewall: each kept address with each port. */
#ifndef QUERY_GRANTS_H
#define QUERY_GRANTS_H

#include "query/query.h"

/* At most GRANT_BATCH_MAX; returns how many. */
unsigned grants_list(const struct query *q, struct grant_item *out);

#endif
