/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a list has, in words. */
#ifndef RECORD_HIT_H
#define RECORD_HIT_H

#include "base/text.h"
#include "proc/letter.h"

/* "QNAME", "CLIENT-IP"; hit: sound, and a HIT. */
const char *hit_trigger(const struct record_item *hit);
/* "*.bad.example." or "192.0.2.0/24" */
void hit_print_entry(const struct record_item *hit, struct text *out);
/* The same as the owner in a policy zone, without the zone: "*.bad.example.",
 * "24.0.2.0.192.rpz-ip.", "ns.example.rpz-nsdname." */
void hit_print_owner(const struct record_item *hit, struct text *out);

#endif
