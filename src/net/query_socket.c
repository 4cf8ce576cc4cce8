/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port that chance chose, tried a few times where others have it. */
#include "net/query_socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT_LOWEST = 1024, PORT_COUNT = 65536 - PORT_LOWEST, PORT_TRIES = 8 };

static enum err
bind_somewhere(int fd, sa_family_t family, struct random *random)
{
	for (unsigned i = 0; i < PORT_TRIES; i++) {
		uint16_t port =
		    (uint16_t)(PORT_LOWEST + random_below(random, PORT_COUNT));
		union sockaddr_any at = { .sa.sa_family = family };
		socklen_t len = sizeof(at.in);

		if (family == AF_INET6) {
			at.in6.sin6_port = htons(port);
			len = sizeof(at.in6);
		} else {
			at.in.sin_port = htons(port);
		}
		if (bind(fd, &at.sa, len) == 0)
			return ERR_NONE;
		if (errno != EADDRINUSE)
			return ERR_SYSTEM;
	}
	return ERR_SYSTEM;
}

enum err
query_socket_open(const struct endpoint *to, struct random *random, int *fd_out)
{
	union sockaddr_any at;
	socklen_t len = endpoint_to_sockaddr(to, &at);
	int fd = socket(at.sa.sa_family,
			SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return ERR_SYSTEM;
	if (bind_somewhere(fd, at.sa.sa_family, random) != ERR_NONE ||
	    connect(fd, &at.sa, len) == -1)
		goto undo;
	*fd_out = fd;
	return ERR_NONE;
undo:;
	int cause = errno;

	close(fd);
	errno = cause;
	return ERR_SYSTEM;
}
