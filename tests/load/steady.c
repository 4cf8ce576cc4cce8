/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients that ask at one rate whatever happens, look behind every answer,
 * and tell of every interval without a good one.
 *
 *   steady SERVER FIRST CLIENTS RATE NAMES NAMESPACE BACKEND CHAIN
 *
 * FIRST is the address of the first client, RATE the questions of all of
 * them together in a second, NAMES how many names each asks for again and
 * again; one question of a hundred is for a new one. BACKEND is ipset,
 * nftables or enforce; its set of IPv4 is looked into, from NAMESPACE. It
 * ends at SIGTERM.
 *
 * Lines, times being those of the daemon's clock in milliseconds:
 *   absent CAME LOOKED CLIENT DESTINATION
 *                         a good answer, and no element for it
 *   gap FROM TO LATE ASKED FAILED CLIENT
 *                         from when a client asked in vain, or was answered
 *                         last, to its next good answer; for LATE of it the
 *                         client itself asked nothing; ASKED questions, and
 *                         FAILED answers that were not good
 *   end KEY=NUMBER ...
 *
 * An answer comes when the kernel takes it in, not when this program has a
 * CPU to read it.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "conf/options.h"
#include "firewall/backend.h"
#include "wire/reply.h"

enum {
	CLIENTS_MOST = 64,
	GAP_MS = 30,
	LATE_MS = 20, /* so much of what was missed is made up for */
	RCODES = 16
};

struct client {
	int fd;
	struct addr addr;
	int64_t good_ms;  /* when a good answer came last */
	int64_t since_ms; /* when it asked first behind that; 0: not yet */
	int64_t asked_ms; /* when it asked last */
	unsigned asked, failed; /* since the last good answer */
	char text[INET_ADDRSTRLEN];
};

struct steady {
	const struct backend_kind *kind;
	struct backend *backend;
	struct random random;
	unsigned count, rate, names;
	unsigned long sent, answered, checked, absent, unsent;
	unsigned long rcode[RCODES];
	int64_t worst_ms, slowest_ms;
	int64_t sent_ms[65536];	  /* by id */
	int64_t before_ms[65536]; /* when its client had asked before that */
	uint16_t id;
	struct message message;
	struct client client[CLIENTS_MOST];
};

static volatile sig_atomic_t ending;

static void
on_end(int number)
{
	(void)number;
	ending = 1;
}

static void
ask(struct steady *s, struct client *c)
{
	bool fresh = random_below(&s->random, 100) == 0;
	struct question q = { .type = TYPE_A, .class = CLASS_IN };
	uint8_t bytes[300];
	char text[64];
	size_t len;

	snprintf(text, sizeof(text), "n%u.%s.test",
		 random_below(&s->random, fresh ? 1u << 31 : s->names),
		 fresh ? "wild" : "hot");
	name_parse(text, strlen(text), &q.name, NULL);
	s->sent_ms[++s->id] = clock_ms();
	s->before_ms[s->id] = c->asked_ms;
	c->asked_ms = s->sent_ms[s->id];
	if (c->asked++ == 0)
		c->since_ms = c->asked_ms;
	len = query_write(bytes, sizeof(bytes), s->id, &q, true, false, false);
	if (send(c->fd, bytes, len, MSG_DONTWAIT) == -1)
		s->unsent++;
	else
		s->sent++;
}

static void
check_element(struct steady *s, const struct client *c, const struct addr *to,
	      int64_t came_ms)
{
	struct backend_entry entry = { .key = { .set = SET_V4,
						.protocol = IPPROTO_TCP,
						.port = 443,
						.client = c->addr,
						.destination = *to } };
	char text[ADDR_TEXT_SIZE];
	bool has = false;

	s->checked++;
	if (s->kind->has(s->backend, &entry, &has) == ERR_NONE && has)
		return;
	s->absent++;
	printf("absent %lld %lld %s %s\n", (long long)came_ms,
	       (long long)clock_ms(), c->text, addr_print(to, text));
}

/* How long it let pass without a question, beyond its rate. */
static int64_t
pause_before(const struct steady *s, uint16_t id)
{
	int64_t pause = s->sent_ms[id] - s->before_ms[id];
	int64_t usual = 1000 * (int64_t)s->count / (int64_t)s->rate + 1;

	return s->before_ms[id] != 0 && pause > usual ? pause - usual : 0;
}

static void
note_good(struct steady *s, struct client *c, int64_t came_ms, int64_t late_ms)
{
	int64_t from_ms = c->good_ms;
	bool first = c->good_ms == 0;

	if (c->asked > 0 && c->since_ms > from_ms)
		from_ms = c->since_ms;
	if (!first && came_ms - from_ms > GAP_MS) {
		if (late_ms > came_ms - from_ms)
			late_ms = came_ms - from_ms;
		printf("gap %lld %lld %lld %u %u %s\n", (long long)from_ms,
		       (long long)came_ms, (long long)late_ms, c->asked,
		       c->failed, c->text);
		if (came_ms - from_ms - late_ms > s->worst_ms)
			s->worst_ms = came_ms - from_ms - late_ms;
	}
	c->good_ms = came_ms;
	c->asked = c->failed = 0;
}

static void
note_time(struct steady *s, uint16_t id, int64_t came_ms)
{
	int64_t took = came_ms - s->sent_ms[id];

	if (took > s->slowest_ms)
		s->slowest_ms = took;
}

/* The kernel's stamp has the date: what it is old by counts. */
static int64_t
came_at(struct msghdr *m)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(m);
	struct timespec came, date;
	int64_t now_ms = clock_ms(), age_ns;

	if (c == NULL || c->cmsg_type != SO_TIMESTAMPNS)
		errx(1, "an answer without its time");
	memcpy(&came, CMSG_DATA(c), sizeof(came));
	clock_gettime(CLOCK_REALTIME, &date);
	age_ns = (int64_t)(date.tv_sec - came.tv_sec) * 1000000000 +
		 date.tv_nsec - came.tv_nsec;
	return now_ms - age_ns / 1000000;
}

static ssize_t
take_answer(struct client *c, void *bytes, size_t size, int64_t *came_ms_out)
{
	char control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec at = { .iov_base = bytes, .iov_len = size };
	struct msghdr m = { .msg_iov = &at,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(c->fd, &m, MSG_DONTWAIT);

	if (got > 0)
		*came_ms_out = came_at(&m);
	return got;
}

static void
hear(struct steady *s, struct client *c)
{
	const struct message *m = &s->message;
	uint8_t bytes[EDNS_UDP_SIZE];
	int64_t came_ms;
	struct addr to;
	ssize_t got;

	while ((got = take_answer(c, bytes, sizeof(bytes), &came_ms)) > 0) {
		if (message_read(bytes, (size_t)got, &s->message) != ERR_NONE)
			errx(1, "an answer that cannot be read");
		s->answered++;
		note_time(s, m->header.id, came_ms);
		s->rcode[m->header.flags & (RCODES - 1)]++;
		if ((m->header.flags & (RCODES - 1)) != RCODE_NOERROR) {
			c->failed++;
			continue;
		}
		for (unsigned i = 0; i < m->rr_count; i++)
			if (rr_address(m, &m->rr[i], &to))
				check_element(s, c, &to, came_ms);
		note_good(s, c, came_ms, pause_before(s, m->header.id));
	}
}

static void
open_client(struct steady *s, unsigned i, const char *first, const char *server)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(53) };
	struct client *c = &s->client[i];
	int room = 4 << 20, one = 1;

	if (inet_pton(AF_INET, first, &from.sin_addr) != 1 ||
	    inet_pton(AF_INET, server, &to.sin_addr) != 1)
		errx(2, "addresses are IPv4");
	from.sin_addr.s_addr = htonl(ntohl(from.sin_addr.s_addr) + i);
	addr_from_v4((const uint8_t *)&from.sin_addr, &c->addr);
	inet_ntop(AF_INET, &from.sin_addr, c->text, sizeof(c->text));
	c->fd = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(c->fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
	if (bind(c->fd, (struct sockaddr *)&from, sizeof(from)) == -1 ||
	    connect(c->fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		err(1, "client %u", i);
}

/* A netlink socket stays in the namespace it was made in. */
static void
open_firewall(struct steady *s, char **argv)
{
	static struct options opt = { .nft_table = "inet filter" };
	struct backend_setup setup = { .prefix = argv[8],
				       .set_size = 65536,
				       .families = ROLE_IPV4,
				       .opt = &opt };
	int home = open("/proc/self/ns/net", O_RDONLY);
	int there = open(argv[6], O_RDONLY);

	snprintf(opt.chain, sizeof(opt.chain), "%s", argv[8]);
	opt.enforce = strcmp(argv[7], "enforce") == 0;
	if (opt.enforce)
		setup.prefix = "";
	s->kind = strcmp(argv[7], "ipset") == 0 ? &backend_ipset
						: &backend_nftables;
	if (setns(there, 0) == -1 ||
	    s->kind->open(&setup, &s->backend) != ERR_NONE ||
	    setns(home, 0) == -1)
		err(1, "%s", argv[6]);
}

/* What is due by now, a question of each client in turn. */
static void
ask_due(struct steady *s, int64_t start_us, unsigned long *asked)
{
	int64_t due = (clock_us() - start_us) * (int64_t)s->rate / 1000000;
	int64_t most = (int64_t)s->rate * LATE_MS / 1000;

	if (due - (int64_t)*asked > most)
		*asked = (unsigned long)(due - most);
	for (; (int64_t)*asked < due; ++*asked)
		ask(s, &s->client[*asked % s->count]);
}

static void
run(struct steady *s)
{
	struct pollfd ready[CLIENTS_MOST];
	int64_t start_us = clock_us();
	unsigned long asked = 0;

	for (unsigned i = 0; i < s->count; i++)
		ready[i] = (struct pollfd){ s->client[i].fd, POLLIN, 0 };
	while (!ending) {
		ask_due(s, start_us, &asked);
		poll(ready, s->count, 1);
		for (unsigned i = 0; i < s->count; i++)
			if (ready[i].revents)
				hear(s, &s->client[i]);
	}
	/* Who waits still has waited until now. */
	for (unsigned i = 0; i < s->count; i++) {
		hear(s, &s->client[i]);
		if (s->client[i].asked > 0)
			note_good(s, &s->client[i], clock_ms(), 0);
	}
}

int
main(int argc, char **argv)
{
	static struct steady s;

	if (argc != 9)
		errx(2, "usage: steady SERVER FIRST CLIENTS RATE NAMES "
			"NAMESPACE BACKEND CHAIN");
	s.count = (unsigned)atoi(argv[3]);
	s.rate = (unsigned)atoi(argv[4]);
	s.names = (unsigned)atoi(argv[5]);
	if (s.count < 1 || s.count > CLIENTS_MOST || s.rate == 0 ||
	    s.names == 0)
		errx(2, "1 to %d clients, some rate, some names", CLIENTS_MOST);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGTERM, on_end);
	random_init(&s.random);
	open_firewall(&s, argv);
	for (unsigned i = 0; i < s.count; i++)
		open_client(&s, i, argv[2], argv[1]);
	run(&s);
	printf("end sent=%lu unsent=%lu answered=%lu good=%lu servfail=%lu "
	       "refused=%lu checked=%lu absent=%lu worst_ms=%lld "
	       "slowest_ms=%lld\n",
	       s.sent, s.unsent, s.answered, s.rcode[RCODE_NOERROR],
	       s.rcode[RCODE_SERVFAIL], s.rcode[RCODE_REFUSED], s.checked,
	       s.absent, (long long)s.worst_ms, (long long)s.slowest_ms);
	return 0;
}
