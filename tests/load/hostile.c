/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon itself, but its worker 0 is in the hands of an attacker.
 *
 * It is started, equipped and shut in like any other; then it does what it is
 * told by datagrams on its listening socket, and says what came of it. A
 * letter to the warden is named by what is forged in it ("good": nothing);
 * the answer is the warden's "STATUS DETAIL APPLIED", or "silence". "flood N"
 * sends N good letters without reading, "attempt NAME" tries what the sandbox
 * must not let it do. All other workers are honest.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "listen/worker.h"
#include "policy/match.h"
#include "proc/role.h"

enum { ITEMS = 70, PATIENCE_MS = 1500 };

struct forged {
	struct grant_letter letter;
	struct grant_item item[ITEMS];
};

struct hostile {
	struct role_kit *kit;
	struct policy policy;
	uint32_t seq;
	struct forged f;
	size_t size; /* that is sent of it */
};

/* ---- letters ------------------------------------------------------------ */

static uint32_t
rule_of(const struct hostile *h, enum domain_kind kind)
{
	for (uint32_t i = 0; i < h->policy.head->rules.count; i++) {
		const struct image_rule *r = policy_rule(&h->policy, i);

		if (r->kind == kind && r->port != 0)
			return i;
	}
	return 0;
}

static struct addr
v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct addr){ .family = 4, .byte = { a, b, c, d } };
}

static void
make_good(struct hostile *h)
{
	h->f = (struct forged){ .letter = { .seq = ++h->seq,
					    .generation = h->kit->generation,
					    .epoch = h->kit->epoch } };
	for (unsigned i = 0; i < ITEMS; i++)
		h->f.item[i] = (struct grant_item){
			.rule = rule_of(h, DOMAIN_EXACT),
			.ttl_s = 100,
			.port = 443,
			.protocol = IPPROTO_TCP,
			.client = v4(10, 1, 0, 2),
			.destination = v4(203, 0, 113, 5),
		};
	post_head(&h->f.letter.head, POST_GRANT, 1);
	h->size = post_size(POST_GRANT, 1);
}

/* FORGERY(name, what is done to a good letter) */
#define FORGERIES                                                             \
	FORGERY(good, (void)0)                                                \
	FORGERY(pad, h->f.letter.pad = 1)                                     \
	FORGERY(epoch, h->f.letter.epoch++)                                   \
	FORGERY(flags, item->flags = 0x82)                                    \
	FORGERY(address, item->destination.family = 9)                        \
	FORGERY(address_pad, item->destination.byte[9] = 1)                   \
	FORGERY(client_none, item->client.family = 0)                         \
	FORGERY(protocol, item->protocol = 99)                                \
	FORGERY(port_zero, item->port = 0)                                    \
	FORGERY(port, item->port = 22)                                        \
	FORGERY(ttl_zero, item->ttl_s = 0)                                    \
	FORGERY(ttl_2_31, item->ttl_s = 1u << 31)                             \
	FORGERY(ttl_long, item->ttl_s = 86400 + 61)                           \
	FORGERY(rule, item->rule = 1000000)                                   \
	FORGERY(rule_none, item->rule = UINT32_MAX)                           \
	FORGERY(client, item->client.byte[2] = 9)                             \
	FORGERY(family, (item->destination = (struct addr){                   \
				 .family = 6, .byte = { 0x20, 1, 0xd, 0xb8,   \
							[15] = 1 } }))        \
	FORGERY(not_local, item->flags = GRANT_LOCAL)                         \
	FORGERY(loopback, item->destination = v4(127, 0, 0, 1))               \
	FORGERY(multicast, item->destination = v4(224, 0, 0, 1))              \
	FORGERY(any, item->destination = v4(0, 0, 0, 0))                      \
	FORGERY(private, (item->destination = v4(192, 168, 0, 1),             \
			  item->rule = rule_of(h, DOMAIN_BELOW)))             \
	FORGERY(own, item->destination = v4(10, 1, 0, 1))                     \
	FORGERY(broadcast, item->destination = v4(10, 1, 0, 255))             \
	FORGERY(second, h->f.item[1].port = 22;                               \
		post_head(&h->f.letter.head, POST_GRANT, 2);                  \
		h->size = post_size(POST_GRANT, 2))                           \
	FORGERY(stale, h->f.letter.generation--)                              \
	FORGERY(future, h->f.letter.generation++)                             \
	FORGERY(magic, h->f.letter.head.magic ^= 1)                           \
	FORGERY(version, h->f.letter.head.version++)                          \
	FORGERY(head_pad, h->f.letter.head.pad = 1)                           \
	FORGERY(kind, h->f.letter.head.kind = POST_STOP)                      \
	FORGERY(kind_unknown, h->f.letter.head.kind = 200)                    \
	FORGERY(count_0, h->f.letter.head.count = 0;                          \
		h->size = sizeof(h->f.letter))                                \
	FORGERY(count_65, h->f.letter.head.count = 65;                        \
		h->size = sizeof(h->f.letter) + 65 * sizeof(*item))           \
	FORGERY(count_more, h->f.letter.head.count = 2)                       \
	FORGERY(short, h->size--)                                             \
	FORGERY(long, h->size++)                                              \
	FORGERY(one_byte, h->size = 1)

typedef void forge_fn(struct hostile *h, struct grant_item *item);

#define FORGERY(name, deed)                                                   \
	static void forge_##name(struct hostile *h, struct grant_item *item)  \
	{                                                                     \
		(void)h, (void)item;                                          \
		deed;                                                         \
	}
FORGERIES
#undef FORGERY

static const struct {
	const char *name;
	forge_fn *fn;
} forgeries[] = {
#define FORGERY(name, deed) { #name, forge_##name },
	FORGERIES
#undef FORGERY
};

static void
hear_warden(const struct hostile *h, char *out, size_t size)
{
	struct pollfd ready = { h->kit->warden, POLLIN, 0 };
	struct granted_letter got;

	do {
		if (poll(&ready, 1, PATIENCE_MS) != 1 ||
		    recv(h->kit->warden, &got, sizeof(got), MSG_DONTWAIT) !=
			sizeof(got)) {
			snprintf(out, size, "silence");
			return;
		}
	} while (got.seq != h->f.letter.seq);
	snprintf(out, size, "%u %u %u", got.status, got.detail, got.applied);
}

static bool
forge(struct hostile *h, const char *name, char *out, size_t size)
{
	for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
		if (strcmp(forgeries[i].name, name) != 0)
			continue;
		make_good(h);
		forgeries[i].fn(h, &h->f.item[0]);
		send(h->kit->warden, &h->f, h->size, MSG_NOSIGNAL);
		hear_warden(h, out, size);
		return true;
	}
	return false;
}

static void
flood(struct hostile *h, unsigned long count, char *out, size_t size)
{
	unsigned long sent = 0;

	make_good(h);
	while (sent < count) {
		ssize_t done = send(h->kit->warden, &h->f, h->size,
				    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (done == -1 && errno != EAGAIN)
			break;
		sent += done != -1;
	}
	snprintf(out, size, "%lu", sent);
}

/* ---- power -------------------------------------------------------------- */

static int
connect_elsewhere(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(22),
				  .sin_addr.s_addr = htonl(0xac1e0002) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	return connect(fd, (struct sockaddr *)&at, sizeof(at)) == -1 &&
		       errno == EACCES
		   ? -1
		   : fd;
}

static long
attempt(const char *name)
{
	if (strcmp(name, "netlink") == 0)
		return socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	if (strcmp(name, "raw") == 0)
		return socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
	if (strcmp(name, "unix") == 0)
		return socket(AF_UNIX, SOCK_STREAM, 0);
	if (strcmp(name, "packet") == 0)
		return socket(AF_PACKET, SOCK_RAW, 0);
	if (strcmp(name, "open") == 0)
		return open("/etc/passwd", O_RDONLY);
	if (strcmp(name, "exec") == 0)
		return execl("/bin/true", "true", (char *)NULL);
	if (strcmp(name, "fork") == 0)
		return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (strcmp(name, "unshare") == 0)
		return unshare(CLONE_NEWUSER);
	if (strcmp(name, "ptrace") == 0)
		return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
	if (strcmp(name, "kill") == 0)
		return kill(getppid(), 0);
	if (strcmp(name, "memory") == 0)
		return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
			   ? -1
			   : 0;
	return connect_elsewhere();
}

/* ---- life --------------------------------------------------------------- */

static void
obey(struct hostile *h, const char *order, char *out, size_t size)
{
	if (strncmp(order, "flood ", 6) == 0)
		flood(h, strtoul(order + 6, NULL, 10), out, size);
	else if (strncmp(order, "attempt ", 8) == 0)
		snprintf(out, size, "%s",
			 attempt(order + 8) < 0 ? "denied" : "done");
	else if (!forge(h, order, out, size))
		snprintf(out, size, "what?");
}

/* News of the supervisor are of no interest, but the last one is. */
static bool
is_to_stop(const struct hostile *h)
{
	union {
		struct letter_head head;
		char bytes[POST_MAX_SIZE];
	} letter;

	return recv(h->kit->supervisor, &letter, sizeof(letter), 0) <= 0 ||
	       letter.head.kind == POST_STOP;
}

static void
serve(struct hostile *h)
{
	struct pollfd ready[] = { { h->kit->supervisor, POLLIN, 0 },
				  { h->kit->udp[0], POLLIN, 0 } };
	char order[64], out[64];
	struct sockaddr_in from;
	socklen_t len;
	ssize_t got;

	while (poll(ready, 2, -1) > 0) {
		if (ready[0].revents != 0 && is_to_stop(h))
			return;
		if (ready[1].revents == 0)
			continue;
		len = sizeof(from);
		got = recvfrom(h->kit->udp[0], order, sizeof(order) - 1, 0,
			       (struct sockaddr *)&from, &len);
		if (got <= 0)
			continue;
		order[got] = '\0';
		obey(h, order, out, sizeof(out));
		sendto(h->kit->udp[0], out, strlen(out), 0,
		       (struct sockaddr *)&from, len);
	}
}

static int
hostile_main(struct role_kit *kit)
{
	static struct hostile h;

	if (kit->index != 0)
		return worker_main(kit);
	h.kit = kit;
	if (policy_open(kit->policy, kit->generation, &h.policy) != ERR_NONE ||
	    role_enter_sandbox(kit) != ERR_NONE ||
	    role_ready(kit) != ERR_NONE)
		return 1;
	serve(&h);
	return 0;
}

#define worker_main hostile_main
#include "main/dns-firewall.c"
