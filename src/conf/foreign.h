/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of other programs that may stand beside ours (foreign.def). */
#ifndef CONF_FOREIGN_H
#define CONF_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/options.h"

/* Notes in opt->ignored that it was given, with what is here instead; also
 * with _FILE behind it. False: it is not known either. */
bool foreign_note(struct options *opt, const char *name, size_t len);

/* The same of a name that means something here, but not now. */
void foreign_add(struct options *opt, const char *name, const char *here);

#endif
