/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name of a zone, as typed and as wire labels. */
#ifndef CONF_ZONE_H
#define CONF_ZONE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "conf/options.h"

/* Letters, digits, '-' and '_' in labels of 1 to 63, 255 bytes in all (RFC
 * 1035 2.3.4); the last dot may be missing; "." is every name. */
bool zone_parse(const char *text, size_t len, struct option_zone *out);
/* With its last dot. */
void zone_print(const struct option_zone *zone, struct text *out);

#endif
