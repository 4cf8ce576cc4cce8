/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings and errands from the command line. */
#ifndef CONF_ARGV_H
#define CONF_ARGV_H

#include "conf/gather.h"
#include "conf/options.h"

/* What is to be done; the settings are only counted. --config is said. */
struct option_request argv_errand(struct gather *g, int argc, char **argv);
/* Says all settings but --config. Call it where argv_errand() refused
 * nothing. */
void argv_read(struct gather *g, int argc, char **argv);

#endif
