/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal drops what a service writes too fast. A unit's own limit stands
 * before that of journald.conf; but where either of its numbers is 0 it has
 * none, and so a 0 there does not lift the limit, as it does in journald.conf.
 */
#include "ctl/journal_limit.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 256, HIGH_BURST = 1000000 };

static const char *
value_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	return strncmp(line, name, len) == 0 ? line + len : NULL;
}

void
journal_limit_read_unit(struct journal_limit *l, FILE *from)
{
	unsigned long burst = 0;
	bool interval = false;
	char line[LINE_SIZE];

	while (fgets(line, sizeof(line), from)) {
		const char *time = value_of(line, "LogRateLimitIntervalUSec=");
		const char *count = value_of(line, "LogRateLimitBurst=");

		if (time != NULL)
			interval = strcmp(time, "0\n") != 0;
		if (count != NULL)
			burst = strtoul(count, NULL, 10);
	}
	l->unit = interval && burst > 0;
	l->unit_is_high = l->unit && burst >= HIGH_BURST;
}

void
journal_limit_read_system(struct journal_limit *l, FILE *from)
{
	bool no_interval = false, no_burst = false;
	char line[LINE_SIZE];

	while (fgets(line, sizeof(line), from)) {
		const char *time = value_of(line, "RateLimitIntervalSec=");
		const char *count = value_of(line, "RateLimitBurst=");

		if (time != NULL)
			no_interval = strtoul(time, NULL, 10) == 0;
		if (count != NULL)
			no_burst = strtoul(count, NULL, 10) == 0;
	}
	l->system_is_off = no_interval || no_burst;
}

bool
journal_limit_loses(const struct journal_limit *l)
{
	return l->unit ? !l->unit_is_high : !l->system_is_off;
}
