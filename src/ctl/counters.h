/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that is counted, summed over the workers. */
#ifndef CTL_COUNTERS_H
#define CTL_COUNTERS_H

#include <stdbool.h>

#include "base/text.h"
#include "ctl/view.h"

/* A line "NAME VALUE" each; with its meaning behind it where explained. */
void counters_print(const struct view *v, bool explained, struct text *out);

#endif
