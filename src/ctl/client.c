/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the daemon one thing and hears it to the end.
 *
 * Where there is no daemon it names the socket it tried and what to do: that
 * is the first thing anybody meets who has just installed us.
 */
#include "ctl/client.h"

#include <errno.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A reload may take 30 s; the daemon itself answers late ones. */
enum { WAIT_S = 40 };

static void
say_no_daemon(const char *path, int cause)
{
	const char *advice =
	    cause == EACCES || cause == EPERM
		? "ask as root or as a member of the socket's group"
		: "start dns-firewall, or name its socket with --control PATH "
		  "or DNSFW_CONTROL";

	fprintf(stderr, "dns-firewallctl: no daemon answers at %s: %s; %s\n",
		path, strerror(cause), advice);
}

/* The connected socket, or -1 with errno. */
static int
reach(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct timeval wait = { .tv_sec = WAIT_S };
	int fd, cause;

	if (strlen(path) >= sizeof(at.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ==
		-1 ||
	    connect(fd, (const struct sockaddr *)&at, sizeof(at)) == -1)
		goto undo;
	return fd;
undo:
	cause = errno; /* close() may spoil it */
	close(fd);
	errno = cause;
	return -1;
}

/* A request is at most 4 KiB: the socket takes it whole, or the daemon is
 * gone. What it still said can be read all the same. */
static void
send_line(int fd, const struct client_request *r)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec part[2] = { { .iov_base = (void *)(uintptr_t)r->line,
				   .iov_len = strlen(r->line) },
				 { .iov_base = (char[]){ '\n' },
				   .iov_len = 1 } };
	struct msghdr message = { .msg_iov = part, .msg_iovlen = 2 };

	if (r->image != NULL) {
		struct cmsghdr *h = (void *)control;

		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(h), r->image, sizeof(int));
	}
	sendmsg(fd, &message, MSG_NOSIGNAL);
}

/* Hands the lines of the answer on, or shows the error with what follows. */
static enum client_end
hear(FILE *answer, const struct client_request *r)
{
	static const char error[] = "error: ";
	const size_t skip = sizeof(error) - 1;
	char *line = NULL;
	size_t room = 0;
	enum client_end end = CLIENT_FAILED;
	bool done = false;

	if (getline(&line, &room, answer) <= 0)
		fprintf(stderr, "dns-firewallctl: the daemon at %s gave no "
				"answer\n", r->path);
	else if (strcmp(line, "ok\n") == 0 || strcmp(line, "no\n") == 0)
		done = true;
	else
		fprintf(stderr, "dns-firewallctl: %s",
			strncmp(line, error, skip) == 0 ? line + skip : line);
	if (done && line[0] == 'o')
		end = CLIENT_DONE;
	while (getline(&line, &room, answer) > 0) {
		if (done)
			r->each(r->arg, line);
		else
			fputs(line, stderr);
	}
	if (done && ferror(answer)) {
		fprintf(stderr, "dns-firewallctl: the answer broke off\n");
		end = CLIENT_FAILED;
	}
	free(line);
	return end;
}

enum client_end
client_ask(const struct client_request *r)
{
	int fd = reach(r->path);
	FILE *answer;
	enum client_end end;

	if (fd == -1) {
		say_no_daemon(r->path, errno);
		return CLIENT_NO_DAEMON;
	}
	answer = fdopen(fd, "r");
	if (answer == NULL) {
		fprintf(stderr, "dns-firewallctl: %s\n", strerror(errno));
		close(fd);
		return CLIENT_FAILED;
	}
	send_line(fd, r);
	end = hear(answer, r);
	fclose(answer);
	return end;
}
