/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does the journal keep every line of the access log? */
#include <stddef.h>
#include <unistd.h>

#include "ctl/findings.h"
#include "ctl/journal_limit.h"
#include "ctl/program.h"

typedef void read_fn(struct journal_limit *l, FILE *from);

static void
ask(struct journal_limit *l, const char *const argv[], read_fn *read)
{
	struct program p;

	if (program_open(&p, argv))
		read(l, p.out);
	program_close(&p);
}

void
see_journal(struct doctor *d)
{
	static const char *const unit[] = { "systemctl",
					    "show",
					    "-p",
					    "LogRateLimitIntervalUSec",
					    "-p",
					    "LogRateLimitBurst",
					    "dns-firewall.service",
					    NULL };
	static const char *const system[] = { "systemd-analyze", "cat-config",
					      "systemd/journald.conf", NULL };
	struct journal_limit limit = { 0 };

	if (access("/run/systemd/system", F_OK) == -1)
		return;
	ask(&limit, unit, journal_limit_read_unit);
	ask(&limit, system, journal_limit_read_system);
	if (!journal_limit_loses(&limit))
		say(d, PASS, "the journal keeps every line of the log");
	else
		say(d, WARN,
		    "the journal may drop lines of the log: put "
		    "LogRateLimitIntervalSec=1s and "
		    "LogRateLimitBurst=100000000 into [Service] of the unit "
		    "(systemctl edit dns-firewall)");
}
