/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One record as one line of the access log, with its '\n': printable ASCII
 * whatever the name held. A record of no known kind prints nothing. */
#ifndef RECORD_ACCESS_H
#define RECORD_ACCESS_H

#include "base/text.h"
#include "proc/letter.h"

enum { ACCESS_LINE_SIZE = 2048 }; /* no line needs more */

void access_print(const struct record_item *item, struct text *out);

#endif
