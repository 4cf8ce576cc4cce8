/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of settings: `name = value` or `NAME=value`, one a line.
 *
 * The name is the option's (min-rule-time) or that of the environment
 * (MIN_RULE_TIME, DNSFW_GRACE, also with _FILE behind it). A value may stand
 * in double quotes, in which \" and \\ are " and \. A '#' at the start of a
 * line or after a blank begins a comment.
 */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include <stdbool.h>

#include "conf/content.h"
#include "conf/gather.h"

/* path: a file, or a directory whose *.conf files are read in the order of
 * their bytes, each beating those before. must_exist: a path that leads to
 * nothing is refused, else it says nothing. */
void file_gather(struct gather *g, const char *path, bool must_exist);
/* The text of one file called name; spoils text. */
void file_parse(struct gather *g, const char *name, struct content *text);

#endif
