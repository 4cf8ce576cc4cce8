/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clients of --trusted as an access list. */
#ifndef POLICY_TRUSTED_H
#define POLICY_TRUSTED_H

#include "base/text.h"

/* "CLIENT ~> *", a line each. */
void trusted_rules(const char *trusted, struct text *out);

#endif
