/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PROC_IDENTITY_H
#define PROC_IDENTITY_H

#include "base/err.h"
#include "conf/options.h"

/* Who the children become: fills in opt->run_uid and run_gid. As root: --user,
 * else dns-firewall where it exists, else 65534; as anybody else: ourselves.
 * Never 0; where it would be, it says so and returns ERR_DENIED. */
enum err identity_find(struct options *opt);

#endif
