/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one setting that is nobody's business but that of the process it is
 * for: struct options is mapped by every child, so it is not in there.
 */
#ifndef CONF_SECRET_H
#define CONF_SECRET_H

#include <stdbool.h>

/* False: it is too long. */
bool secret_keep(const char *text);
/* What was kept; "" where nothing was. */
const char *secret_text(void);
void secret_forget(void);

#endif
