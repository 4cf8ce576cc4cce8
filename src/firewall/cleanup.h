/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --cleanup: what a daemon leaves behind when it ends, taken away. Nothing
 * else ever removes a set, an entry before its end, or a table of ours.
 */
#ifndef FIREWALL_CLEANUP_H
#define FIREWALL_CLEANUP_H

#include "conf/options.h"

/* Our rules go out of their chain, then the sets go; with --enforce our table
 * whole. The owner's chain stays. Refused while a daemon runs. The exit
 * status. */
int cleanup_run(const struct options *opt);

#endif
