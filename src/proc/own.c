/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which addresses are the router's own: no answer may open a way to them,
 * and a client that has one of them is this host.
 *
 * The supervisor asks the kernel (RTM_GETADDR), follows its news
 * (RTM_NEWADDR, RTM_DELADDR; linux/rtnetlink.h, linux/if_addr.h) and seals
 * the table into an image; everybody else only reads that.
 */
#include "proc/own.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "proc/doors.h"
#include "proc/home.h"

struct own_watch {
	struct mnl_socket *socket;
	bool routed;
	bool told; /* that there is no room for all nets */
	struct own_addresses table, fresh;
};

enum err
own_watch_open(bool routed, struct own_watch **out)
{
	unsigned groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK;
	struct own_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return ERR_FULL;
	w->routed = routed;
	if (routed)
		groups |= RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
	w->socket = mnl_socket_open2(NETLINK_ROUTE,
				     SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!w->socket)
		goto undo;
	if (mnl_socket_bind(w->socket, groups, MNL_SOCKET_AUTOPID) == -1)
		goto undo;
	*out = w;
	return ERR_NONE;
undo:;
	int cause = errno;
	if (w->socket)
		mnl_socket_close(w->socket);
	free(w);
	errno = cause;
	return ERR_SYSTEM;
}

void
own_watch_close(struct own_watch *w)
{
	mnl_socket_close(w->socket);
	free(w);
}

int
own_watch_fd(const struct own_watch *w)
{
	return mnl_socket_get_fd(w->socket);
}

bool
own_watch_changed(struct own_watch *w)
{
	char buf[8192];
	bool changed = false;

	/* What the news say does not matter: the table is asked for anew. A
	 * lost message (ENOBUFS) is news too. */
	for (;;) {
		ssize_t got = mnl_socket_recvfrom(w->socket, buf, sizeof(buf));

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1 && errno != ENOBUFS)
			return changed;
		changed = true;
	}
}

static void
add(struct own_addresses *t, int family, const void *bytes, bool broadcast)
{
	struct addr *a = &t->addr[t->count];

	if (t->count == OWN_MAX)
		return;
	if (family == AF_INET)
		addr_from_v4(bytes, a);
	else
		addr_from_v6(bytes, a);
	t->broadcast[t->count++] = broadcast;
}

/* The attributes of one address that matter here, of the right length. */
struct found {
	size_t size;
	const void *address, *local, *broadcast;
};

static int
on_attribute(const struct nlattr *attr, void *arg)
{
	struct found *f = arg;

	if (mnl_attr_get_payload_len(attr) != f->size)
		return MNL_CB_OK;
	if (mnl_attr_get_type(attr) == IFA_ADDRESS)
		f->address = mnl_attr_get_payload(attr);
	if (mnl_attr_get_type(attr) == IFA_LOCAL)
		f->local = mnl_attr_get_payload(attr);
	if (mnl_attr_get_type(attr) == IFA_BROADCAST)
		f->broadcast = mnl_attr_get_payload(attr);
	return MNL_CB_OK;
}

/* The kernel takes the last address of an IPv4 net for a broadcast, whether or
 * not one is set (fib_add_ifaddr(), net/ipv4/fib_frontend.c). */
static void
add_last_of_net(struct own_addresses *t, const void *address, uint8_t prefix)
{
	uint32_t host;

	memcpy(&host, address, sizeof(host));
	host |= htonl(UINT32_MAX >> prefix);
	add(t, AF_INET, &host, true);
}

static void
add_net(struct own_addresses *t, const struct ifaddrmsg *ifa,
	const void *address)
{
	struct net net = { .bits = ifa->ifa_prefixlen };

	if (ifa->ifa_family == AF_INET)
		addr_from_v4(address, &net.addr);
	else
		addr_from_v6(address, &net.addr);
	addr_mask(&net.addr, net.bits);
	home_add(t, &net, ifa->ifa_index);
	if (addr_is_loopback(&net.addr) || t->net_count == OWN_MAX)
		return;
	for (uint32_t i = 0; i < t->net_count; i++)
		if (memcmp(&t->net[i], &net, sizeof(net)) == 0)
			return;
	t->net[t->net_count++] = net;
}

static int
on_address(const struct nlmsghdr *head, void *arg)
{
	struct own_addresses *t = arg;
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(head);
	struct found f = { .size = ifa->ifa_family == AF_INET ? 4 : 16 };

	if (head->nlmsg_type != RTM_NEWADDR ||
	    (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6))
		return MNL_CB_OK;
	mnl_attr_parse(head, sizeof(*ifa), on_attribute, &f);
	if (f.address && ifa->ifa_family == AF_INET && ifa->ifa_prefixlen < 31)
		add_last_of_net(t, f.address, ifa->ifa_prefixlen);
	if (f.address)
		add_net(t, ifa, f.address);
	/* On a point-to-point link IFA_ADDRESS is the other end. */
	if (f.local)
		f.address = f.local;
	if (f.address)
		add(t, ifa->ifa_family, f.address, false);
	if (f.broadcast)
		add(t, ifa->ifa_family, f.broadcast, true);
	return MNL_CB_OK;
}

/* Keeps the flags beside their addresses while both are sorted: insertion,
 * for the table is short and rarely changes. */
static void
sort(struct own_addresses *t)
{
	for (uint32_t i = 1; i < t->count; i++) {
		struct addr a = t->addr[i];
		uint8_t flag = t->broadcast[i];
		uint32_t at = i;

		for (; at > 0 && memcmp(&t->addr[at - 1], &a, sizeof(a)) > 0;
		     at--) {
			t->addr[at] = t->addr[at - 1];
			t->broadcast[at] = t->broadcast[at - 1];
		}
		t->addr[at] = a;
		t->broadcast[at] = flag;
	}
}

static enum err
dump(struct mnl_socket *nl, struct own_addresses *t)
{
	char buf[16384];
	struct nlmsghdr *head = mnl_nlmsg_put_header(buf);
	struct rtgenmsg *gen;
	ssize_t got;
	int more = MNL_CB_OK;

	head->nlmsg_type = RTM_GETADDR;
	head->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	head->nlmsg_seq = 1;
	gen = mnl_nlmsg_put_extra_header(head, sizeof(*gen));
	gen->rtgen_family = AF_UNSPEC;
	if (mnl_socket_sendto(nl, head, head->nlmsg_len) == -1)
		return ERR_SYSTEM;
	while (more > MNL_CB_STOP) {
		got = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (got == -1)
			return ERR_SYSTEM;
		more = mnl_cb_run(buf, (size_t)got, 1,
				  mnl_socket_get_portid(nl), on_address, t);
	}
	return more == MNL_CB_ERROR ? ERR_SYSTEM : ERR_NONE;
}

static enum err
list_interfaces(struct own_addresses *t)
{
	struct if_nameindex *all = if_nameindex();

	if (!all)
		return ERR_SYSTEM;
	for (const struct if_nameindex *i = all; i->if_index != 0; i++) {
		struct own_interface *to = &t->interface[t->interface_count];

		if (t->interface_count == OWN_MAX_INTERFACES)
			break;
		to->index = i->if_index;
		memcpy(to->name, i->if_name,
		       strnlen(i->if_name, OWN_NAME_SIZE - 1));
		t->interface_count++;
	}
	if_freenameindex(all);
	return ERR_NONE;
}

static enum err
ask_all(struct own_watch *w, struct own_addresses *t)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	enum err err = ERR_SYSTEM;

	if (!nl)
		return ERR_SYSTEM;
	memset(t, 0, sizeof(*t));
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0)
		err = dump(nl, t);
	if (err == ERR_NONE && w->routed)
		err = home_add_routes(t, nl);
	mnl_socket_close(nl);
	return err;
}

static void
say_what_is_missing(struct own_watch *w)
{
	if (w->fresh.home_count < OWN_MAX || w->told)
		return;
	w->told = true;
	log_warn("More than %d nets are routed: those behind are not looked "
		 "at by --source-check", OWN_MAX);
}

enum err
own_watch_image(struct own_watch *w, int *fd_out)
{
	struct own_addresses *t = &w->fresh;
	enum err err = ask_all(w, t);

	if (err == ERR_NONE)
		err = list_interfaces(t);
	if (err != ERR_NONE)
		return err;
	sort(t);
	home_arrange(t);
	say_what_is_missing(w);
	if (memcmp(&w->table, t, sizeof(*t)) == 0)
		return ERR_AGAIN;
	w->table = *t;
	return door_sealed_copy("own-addresses", &w->table, sizeof(w->table),
				fd_out);
}
