/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter table as iptables-save prints it. */
#ifndef CTL_IPTABLES_TEXT_H
#define CTL_IPTABLES_TEXT_H

#include <stdio.h>

#include "ctl/ruleset.h"

/* Reads all of it into a ruleset that was cleared. */
void iptables_text_read(FILE *from, struct ruleset *out);

#endif
