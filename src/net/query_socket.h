/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The UDP socket of one try of one question.
 *
 * It is bound to a random port of 1024 to 65535 (the kernel's own choice is
 * from a range half as wide) and connected, so that the kernel drops what
 * comes from anywhere else and tells us of ICMP errors (RFC 5452 9.2).
 */
#ifndef NET_QUERY_SOCKET_H
#define NET_QUERY_SOCKET_H

#include "base/addr.h"
#include "base/err.h"
#include "base/random.h"

/* ERR_SYSTEM: errno says why, and nothing is open. */
enum err query_socket_open(const struct endpoint *to, struct random *random,
			   int *fd_out);

#endif
