/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What settings must be together, each being right alone. */
#ifndef CONF_CHECK_H
#define CONF_CHECK_H

#include "conf/gather.h"

/* Refuses what does not go together; requires acl-file, upstream and
 * firewall. Gives upstreams and binds without a port theirs, and set-prefix
 * the chain's name where it is empty. */
void check_together(struct gather *g);

#endif
