/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One netlink socket to the kernel's netfilter, one question at a time.
 *
 * Every answer is matched by its sequence number: the late acknowledgement
 * of a message that timed out is never taken for that of another. Nothing is
 * allocated; the socket is opened once, while the power to do so is there.
 */
#ifndef FIREWALL_NETLINK_H
#define FIREWALL_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	NETLINK_WAIT_MS = 1000,
	/* What the kernel puts into one part of a dump at most. */
	NETLINK_IN_SIZE = 32768
};

struct netlink {
	int fd;
	uint32_t seq;  /* of the question that was asked last */
	uint32_t port; /* ours, as the kernel chose it */
	int wait_ms;
	_Alignas(8) uint8_t in[NETLINK_IN_SIZE];
};

/* A part of the answer, valid during the call only. It must not ask. */
typedef void netlink_part_fn(void *arg, const struct nlmsghdr *part);

struct netlink_question {
	struct nlmsghdr *message; /* seq is filled in */
	netlink_part_fn *part;	  /* NULL: only the acknowledgement counts */
	void *arg;
};

struct netlink_refusal {
	uint32_t code; /* errno, or a code of the subsystem */
	/* The kernel's copy of the message, where it sent one: yours until
	 * the next question; of len bytes, checked. */
	const struct nlmsghdr *copy;
};

/* Messages of which the kernel takes all or none: the first begins, the last
 * ends a batch (NFNL_MSG_BATCH_BEGIN, _END in linux/netfilter/nfnetlink.h). */
struct netlink_batch {
	void *bytes; /* seq is filled in, and who is asked to acknowledge */
	size_t len;
};

/* ERR_SYSTEM. */
enum err netlink_open(struct netlink *out);
void netlink_close(struct netlink *n);

/* ERR_NONE: the kernel has acknowledged. ERR_DENIED: it has refused, see
 * *refusal_out. ERR_TIMEOUT: no answer in wait_ms. ERR_AGAIN: an answer was
 * lost (ENOBUFS); whether the change was made is not known. ERR_SYSTEM. */
enum err netlink_ask(struct netlink *n, const struct netlink_question *q,
		     struct netlink_refusal *refusal_out);
/* The same for a batch. An acknowledgement of one message is none of the
 * batch: ERR_NONE only where the last one was acknowledged and none refused.
 * ERR_DENIED: the kernel has taken nothing of it. */
enum err netlink_ask_batch(struct netlink *n, const struct netlink_batch *b,
			   struct netlink_refusal *refusal_out);

/* ---- an answer in parts, taken as they come ----------------------------- */

/* Asks only. The same errors. */
enum err netlink_send(struct netlink *n, const struct netlink_question *q);
/* Takes one datagram, if there is one; *came_out says so. ERR_NONE: that was
 * the end of the answer. ERR_AGAIN: it was not. ERR_DENIED as above;
 * ERR_TORN: a part was lost. ERR_SYSTEM. */
enum err netlink_take(struct netlink *n, const struct netlink_question *q,
		      struct netlink_refusal *refusal_out, bool *came_out);
/* Waits until there is one, or until then. */
void netlink_wait(const struct netlink *n, int64_t deadline_ms);

#endif
