/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One event as an entry of the systemd journal: the line of the access log as
 * its MESSAGE, between these two, and fields to look it up by. */
#ifndef RECORD_JOURNAL_H
#define RECORD_JOURNAL_H

#include "base/text.h"
#include "record/event.h"

enum { JOURNAL_FIELDS_SIZE = 8192 }; /* without the line */

void journal_begin(struct text *out);
/* Behind the line and its '\n'. */
void journal_end(const struct event *e, struct text *out);

#endif
