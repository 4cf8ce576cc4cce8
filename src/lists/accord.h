/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an access list says of lists, held against the lists file. */
#ifndef LISTS_ACCORD_H
#define LISTS_ACCORD_H

#include "base/text.h"
#include "lists/image.h"
#include "policy/image.h"

/* ERR_SYNTAX where a rule names a list that is not there: complaints (as of
 * policy_compile()) say so. file: the lists file, "" where there is none. */
enum err lists_accord(const struct policy *p, const struct lists *l,
		      const char *file, struct text *complaints);

#endif
