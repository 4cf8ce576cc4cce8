/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens now: the counters' growth, a picture a second. */
#ifndef CTL_TOP_H
#define CTL_TOP_H

#include "ctl/client.h"

/* pictures: how many; 0: until it is interrupted. */
enum client_end top_run(const char *control, unsigned pictures);

#endif
