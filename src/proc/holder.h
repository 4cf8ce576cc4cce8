/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has a port that we wanted, and how its owner gets it back. */
#ifndef PROC_HOLDER_H
#define PROC_HOLDER_H

#include <sys/socket.h>

#include "base/addr.h"
#include "base/text.h"

/* Appends "; it is held by NAME (pid N, UNIT): REMEDY", as far as all that can
 * be found out. type: SOCK_DGRAM or SOCK_STREAM. */
void holder_tell(const struct endpoint *at, int type, struct text *out);

#endif
