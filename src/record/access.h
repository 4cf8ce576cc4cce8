/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One record as one line of the access log, with its '\n': printable ASCII
 * whatever the name held. The parts of it are what other forms are made of.
 * Every item here is sound (record_is_sound) and an event
 * (record_is_event). */
#ifndef RECORD_ACCESS_H
#define RECORD_ACCESS_H

#include "base/text.h"
#include "proc/letter.h"

enum { ACCESS_LINE_SIZE = 2048 }; /* no line needs more */

void access_print(const struct record_item *item, struct text *out);

/* The name with its dot, the reason's sentence, TCP or UDP; nothing where the
 * item has none. */
void access_print_name(const struct record_item *item, struct text *out);
void access_print_reason(const struct record_item *item, struct text *out);
void access_print_protocol(uint8_t protocol, struct text *out);

#endif
