/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams of clients: by the batch, with the interface they came by. */
#include "calls.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "clients.h"
#include "process.h"
#include "trouble.h"
#include "wires.h"
#include "world.h"

static int
fail(int error)
{
	errno = error;
	return -1;
}

int
__wrap_sendmmsg(int fd, struct mmsghdr *m, unsigned count, int flags)
{
	struct thing *t = wires_thing(fd);
	unsigned sent = 0;

	(void)flags;
	process_point();
	if (per_mille(trouble.send))
		return fail(ENOBUFS);
	for (; sent < count; sent++) {
		struct msghdr *h = &m[sent].msg_hdr;
		union sockaddr_any at = { 0 };
		struct endpoint to;

		memcpy(&at, h->msg_name, h->msg_namelen);
		endpoint_from_sockaddr(&at, &to);
		m[sent].msg_len = (unsigned)h->msg_iov[0].iov_len;
		clients_hear(t->worker, &to, h->msg_iov[0].iov_base,
			     h->msg_iov[0].iov_len);
	}
	return (int)sent;
}

static struct cmsghdr *
add_control(struct msghdr *m, struct cmsghdr *before, int level, int type)
{
	struct cmsghdr *c =
	    before == NULL ? CMSG_FIRSTHDR(m) : CMSG_NXTHDR(m, before);

	c->cmsg_level = level;
	c->cmsg_type = type;
	return c;
}

static void
tell_ingress(struct msghdr *m, const struct thing *t, const struct parcel *p)
{
	struct in_pktinfo four = { .ipi_ifindex = (int)p->ifindex };
	struct in6_pktinfo six = { .ipi6_ifindex = p->ifindex };
	struct cmsghdr *c;
	size_t len;

	memset(m->msg_control, 0, m->msg_controllen);
	if (t->six) {
		c = add_control(m, NULL, IPPROTO_IPV6, IPV6_PKTINFO);
		memcpy(&six.ipi6_addr, p->local.byte, 16);
		c->cmsg_len = CMSG_LEN(sizeof(six));
		memcpy(CMSG_DATA(c), &six, sizeof(six));
		len = CMSG_SPACE(sizeof(six));
	} else {
		c = add_control(m, NULL, IPPROTO_IP, IP_PKTINFO);
		memcpy(&four.ipi_spec_dst, p->local.byte, 4);
		c->cmsg_len = CMSG_LEN(sizeof(four));
		memcpy(CMSG_DATA(c), &four, sizeof(four));
		len = CMSG_SPACE(sizeof(four));
	}
	c = add_control(m, c, SOL_SOCKET, SO_RXQ_OVFL);
	c->cmsg_len = CMSG_LEN(sizeof(t->overflow));
	memcpy(CMSG_DATA(c), &t->overflow, sizeof(t->overflow));
	m->msg_controllen = len + CMSG_SPACE(sizeof(t->overflow));
}

static void
read_datagram(struct thing *t, struct mmsghdr *m)
{
	struct parcel *p = t->first;
	struct msghdr *h = &m->msg_hdr;
	union sockaddr_any at = { 0 };
	size_t len = p->len;

	if (len > h->msg_iov[0].iov_len) {
		len = h->msg_iov[0].iov_len;
		h->msg_flags |= MSG_TRUNC;
	}
	memcpy(h->msg_iov[0].iov_base, p->bytes, len);
	m->msg_len = (unsigned)len;
	if (t->six && p->from.addr.family == 4) {
		at.in6.sin6_family = AF_INET6;
		at.in6.sin6_port = htons(p->from.port);
		at.in6.sin6_addr.s6_addr[10] = 0xff;
		at.in6.sin6_addr.s6_addr[11] = 0xff;
		memcpy(at.in6.sin6_addr.s6_addr + 12, p->from.addr.byte, 4);
		h->msg_namelen = sizeof(at.in6);
	} else {
		h->msg_namelen = endpoint_to_sockaddr(&p->from, &at);
	}
	memcpy(h->msg_name, &at, h->msg_namelen);
	tell_ingress(h, t, p);
	thing_drop_first(t);
}

int
__wrap_recvmmsg(int fd, struct mmsghdr *m, unsigned count, int flags,
		struct timespec *timeout)
{
	struct thing *t = wires_thing(fd);
	unsigned got = 0;

	(void)flags, (void)timeout;
	process_point();
	while (got < count && thing_first(t) != NULL)
		read_datagram(t, &m[got++]);
	return got > 0 ? (int)got : fail(EAGAIN);
}
