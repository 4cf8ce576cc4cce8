/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What others do to nftables, heard as it happens.
 *
 * The kernel tells of every change. Our own changes are left out by a filter
 * in the kernel, so that a grant costs nothing here; all the rest is only
 * taken as a reason to look. Source: linux/netfilter/nfnetlink.h,
 * NFNLGRP_NFTABLES.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "firewall/nft_backend.h"

enum { ROOM = 1 << 20, NEWS_MAX = 64, IN_SIZE = 32768 };

/* One transaction is one sender's, and so is every datagram. */
static bool
leave_out(int fd, uint32_t port)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct nlmsghdr, nlmsg_pid)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]),
				      .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program)) == 0;
}

int
nft_watch_open(uint32_t port)
{
	struct sockaddr_nl at = { .nl_family = AF_NETLINK,
				  .nl_groups = 1u << (NFNLGRP_NFTABLES - 1) };
	int room = ROOM;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_NETFILTER);

	if (fd == -1)
		return -1;
	/* News that are lost are news too: only a wish. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (leave_out(fd, port) &&
	    bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	close(fd);
	return -1;
}

struct names {
	const char *table;
	bool ours;
};

/* The table's name is the first attribute of every kind of news. */
static int
on_attr(const struct nlattr *attr, void *arg)
{
	struct names *n = arg;

	if (mnl_attr_get_type(attr) == NFTA_RULE_TABLE &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
		n->ours = strcmp(mnl_attr_get_str(attr), n->table) == 0;
	return MNL_CB_OK;
}

static bool
is_about(const struct nlmsghdr *h, const struct nft_place *at)
{
	struct names n = { .table = at->table };
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(h);

	if (NFNL_SUBSYS_ID(h->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(*g) ||
	    g->nfgen_family != at->family)
		return false;
	mnl_attr_parse(h, sizeof(*g), on_attr, &n);
	return n.ours;
}

bool
nft_watch_heard(int fd, const struct nft_place *at)
{
	_Alignas(8) uint8_t in[IN_SIZE];
	bool ours = false;

	for (unsigned i = 0; i < NEWS_MAX; i++) {
		ssize_t got = recvfrom(fd, in, sizeof(in), 0, NULL, NULL);
		const struct nlmsghdr *h = (const void *)in;
		int left = (int)got;

		if (got == -1 && errno == ENOBUFS)
			return true;
		if (got <= 0)
			return ours;
		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
			ours |= is_about(h, at);
	}
	return true;
}
