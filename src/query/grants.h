/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one answer needs of the firewall: each kept address with each port,
 * and the names that are the reason for it. */
#ifndef QUERY_GRANTS_H
#define QUERY_GRANTS_H

#include "query/query.h"

/* At most GRANT_BATCH_MAX; returns how many. */
unsigned grants_list(const struct query *q, struct grant_item *out);
/* In lower case: however a name is written, it is the same reason. */
void grants_names(const struct query *q, struct grant_names *out);

#endif
