/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tool's end of the control socket: one request, one answer. */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

/* Also the exit status of dns-firewallctl. */
enum client_end {
	CLIENT_DONE,
	CLIENT_FAILED, /* the command failed, or the daemon said error */
	CLIENT_USAGE,
	CLIENT_NO_DAEMON
};

/* One line of the answer behind "ok", with its '\n'. */
typedef void client_line_fn(void *arg, const char *line);

struct client_request {
	const char *path; /* of the control socket */
	const char *line; /* without '\n' */
	client_line_fn *each;
	void *arg;
	const int *image; /* a descriptor that goes along, or NULL */
};

/* Sends the request and hands each line of the answer on. What failed has
 * been said on standard error. */
enum client_end client_ask(const struct client_request *r);

#endif
