/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Are the addresses there that the daemon is to answer on? */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "conf/value.h"
#include "ctl/findings.h"

/* Any port will do. */
static bool
is_here(struct endpoint at)
{
	union sockaddr_any sa;
	socklen_t len;
	bool here;
	int fd;

	at.port = 0;
	len = endpoint_to_sockaddr(&at, &sa);
	fd = socket(sa.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return true;
	here = bind(fd, &sa.sa, len) == 0 || errno != EADDRNOTAVAIL;
	close(fd);
	return here;
}

/* True: all are there. */
static bool
see_each(struct doctor *d, const char *at, const char *option)
{
	bool here = true;

	while (*at != '\0') {
		size_t len = strcspn(at, ",");
		struct endpoint bind;

		if (endpoint_parse(at, len, &bind) && !is_here(bind)) {
			here = false;
			say(d, WARN,
			    "nobody is answered on %.*s, an address that is "
			    "not on this host yet: ip addr add it, or change "
			    "%s",
			    (int)len, at, option);
		}
		at += len + (at[len] == ',');
	}
	return here;
}

void
see_binds(struct doctor *d)
{
	bool clients = see_each(d, d->bind, "--bind");
	bool primaries = see_each(d, d->notify, "--notify-bind");

	if (clients && primaries && d->bind[0] != '\0')
		say(d, PASS, "each address to answer on is there");
}
