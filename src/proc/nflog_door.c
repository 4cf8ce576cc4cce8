/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firewall's own log (linux/netfilter/nfnetlink_log.h): a socket bound to
 * a group hears of every packet that meets a rule with NFLOG or `log group`.
 *
 * Configuring it takes CAP_NET_ADMIN with every message, reading takes
 * nothing: so all messages are sent here, before anybody without power gets
 * the socket, and whoever has it then can neither change nor end it.
 */
#include "proc/doors.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	RECEIVE_BUFFER = 2 << 20,
	MESSAGE_BYTES = 32 << 10, /* packets gathered in one message */
	GATHER_MOST = 100,	  /* packets */
	GATHER_10MS = 10,
	READ_TRIES = 100
};

static struct nlmsghdr *
config_begin(char *buf, uint16_t group, uint32_t seq)
{
	struct nlmsghdr *head = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *gen;

	head->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
	head->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	head->nlmsg_seq = seq;
	gen = mnl_nlmsg_put_extra_header(head, sizeof(*gen));
	gen->nfgen_family = AF_UNSPEC;
	gen->version = NFNETLINK_V0;
	gen->res_id = htons(group);
	return head;
}

/* The errno that the kernel answered the message with, 0 for none. */
static int
read_ack(int fd, uint32_t seq)
{
	_Alignas(struct nlmsghdr) char buf[1024];

	for (int i = 0; i < READ_TRIES; i++) {
		ssize_t got = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		const struct nlmsghdr *head = (const void *)buf;
		const struct nlmsgerr *err;

		if (got == -1 && errno != ENOBUFS && errno != EINTR)
			return errno;
		/* Packets of the log may come before it. */
		if (got < (ssize_t)NLMSG_LENGTH(sizeof(*err)) ||
		    head->nlmsg_type != NLMSG_ERROR || head->nlmsg_seq != seq)
			continue;
		err = mnl_nlmsg_get_payload(head);
		return -err->error;
	}
	return ETIMEDOUT;
}

static bool
tell(int fd, const struct nlmsghdr *head)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int code;

	if (sendto(fd, head, head->nlmsg_len, 0,
		   (const struct sockaddr *)&kernel, sizeof(kernel)) == -1)
		return false;
	code = read_ack(fd, head->nlmsg_seq);
	errno = code;
	return code == 0;
}

static bool
take_group(int fd, uint16_t group)
{
	_Alignas(struct nlmsghdr) char buf[256];
	struct nlmsghdr *head = config_begin(buf, group, 1);
	struct nfulnl_msg_config_cmd bind = { .command = NFULNL_CFG_CMD_BIND };

	mnl_attr_put(head, NFULA_CFG_CMD, sizeof(bind), &bind);
	return tell(fd, head);
}

/* Each packet numbered, so that lost ones can be counted. */
static bool
configure(int fd, uint16_t group)
{
	_Alignas(struct nlmsghdr) char buf[256];
	struct nlmsghdr *head = config_begin(buf, group, 2);
	struct nfulnl_msg_config_mode mode = {
		.copy_range = htonl(DOOR_NFLOG_BYTES),
		.copy_mode = NFULNL_COPY_PACKET
	};

	mnl_attr_put(head, NFULA_CFG_MODE, sizeof(mode), &mode);
	mnl_attr_put_u32(head, NFULA_CFG_NLBUFSIZ, htonl(MESSAGE_BYTES));
	mnl_attr_put_u32(head, NFULA_CFG_TIMEOUT, htonl(GATHER_10MS));
	mnl_attr_put_u32(head, NFULA_CFG_QTHRESH, htonl(GATHER_MOST));
	mnl_attr_put_u16(head, NFULA_CFG_FLAGS, htons(NFULNL_CFG_F_SEQ));
	return tell(fd, head);
}

/* What does not fit there is lost, and counted by its number. */
static void
make_room(int fd)
{
	int size = RECEIVE_BUFFER, on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof(on));
}

enum err
door_nflog(uint16_t group, int *fd_out, struct text *complaint)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_NETFILTER);

	if (fd == -1 ||
	    bind(fd, (const struct sockaddr *)&any, sizeof(any)) == -1)
		goto undo;
	make_room(fd);
	if (!take_group(fd, group) || !configure(fd, group))
		goto undo;
	*fd_out = fd;
	return ERR_NONE;
undo:;
	int cause = errno;
	text_printf(complaint, "group %u cannot be listened to: %s", group,
		    strerror(cause));
	/* The kernel has one word for both. */
	if (cause == EPERM || cause == EBUSY)
		text_str(complaint, "; another program has that group (name "
				    "one that none has), or CAP_NET_ADMIN is "
				    "missing");
	if (fd != -1)
		close(fd);
	errno = cause;
	return ERR_SYSTEM;
}
