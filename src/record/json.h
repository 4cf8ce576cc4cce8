/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One event as one JSON object and '\n', in printable ASCII; the fields are
 * in dns-firewall(8), ACCESS LOG. */
#ifndef RECORD_JSON_H
#define RECORD_JSON_H

#include "base/text.h"
#include "record/event.h"

enum { JSON_LINE_SIZE = 32768 }; /* no object needs more */

void json_print(const struct event *e, struct text *out);

#endif
