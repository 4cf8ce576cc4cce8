/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy zone that is transferred from its primaries: when, from whom, and
 * what becomes of it.
 */
#ifndef SUPPLY_PRIMARY_H
#define SUPPLY_PRIMARY_H

#include "supply/notify.h"
#include "supply/source.h"

extern const struct source_kind primary_kind;

/* As the judge of NOTIFY wants it; the key is read anew. */
void primary_as_zone(struct source *s, struct notify_zone *out);
/* One of its primaries says that there is news. */
void primary_notified(struct source *s, unsigned server);

#endif
