/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a program of the system and hears what it says: with no environment,
 * no descriptors but its three, and no more time and output than it needs.
 */
#ifndef FIREWALL_TOOL_H
#define FIREWALL_TOOL_H

#include <stddef.h>

#include "base/err.h"

enum {
	TOOL_TIME_MS = 10000,
	TOOL_OUTPUT_MAX = 16 << 20,
	TOOL_COMPLAINT_MAX = 4096 /* more of it is not kept */
};

struct tool_result {
	int status;   /* of exit(), or -1 where a signal ended it */
	char *output; /* malloc()ed, ends in NUL */
	size_t len;
	char complaint[TOOL_COMPLAINT_MAX + 1]; /* standard error */
};

/* argv[0]: absolute path. ERR_MISSING: cannot be executed. ERR_TIMEOUT: took
 * too long and was killed. ERR_RANGE: said too much and was killed.
 * ERR_SYSTEM. tool_done() in any case. */
enum err tool_run(char *const argv[], const char *input,
		  struct tool_result *out);
void tool_done(struct tool_result *r);

#endif
