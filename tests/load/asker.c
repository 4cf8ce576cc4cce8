/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many clients that ask at full speed, and look behind every answer.
 *
 *   asker SERVER FIRST CLIENTS QUERIES WINDOW NAMESPACE SET [TABLE]
 *
 * FIRST is the address of the first client, the others follow it. Each keeps
 * WINDOW questions open. NAMESPACE is where the firewall is, SET the one for
 * IPv4, of ipset or, where TABLE is given, of that table of nftables' family
 * inet: at the moment an answer arrives, each address in it must be an
 * element for that client.
 *
 * A datagram may be lost where a buffer is full: what has no answer is asked
 * again, as a client does. What is said at the end is one line; `lost` are
 * the datagrams that had no answer, of which what was asked again because it
 * was slow has more than one. The exit status is 1 where a question had none,
 * however often it was asked, or an element was absent.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "firewall/ipset_message.h"
#include "firewall/netlink.h"
#include "firewall/nft_element.h"
#include "wire/reply.h"

enum {
	AGAIN_MS = 4000, /* the longest that any question takes */
	TIMES_MOST = 3, /* that a question is asked */
	LOOK_MS = 100,
	CLIENTS_MOST = 64,
	WINDOW_MOST = 64,
	RCODES = 16,
	CAUSES = 16,
	CAUSE_SIZE = 64
};

/* What was said of failures (RFC 8914), and how often. */
struct cause {
	char text[CAUSE_SIZE];
	unsigned long count;
};

struct open_question {
	uint32_t dice, n; /* what it is */
	bool edns;
	uint16_t id;
	unsigned times;	 /* it was asked */
	int32_t sent_ms; /* the last time, since the start */
};

struct client {
	int fd;
	struct addr addr;
	uint16_t next_id;
	unsigned count; /* questions that are open */
	struct open_question open[WINDOW_MOST];
};

struct asker {
	struct netlink netlink;
	struct ipset_paper paper;
	struct nft_paper nft_paper;
	struct nft_place table; /* its name is empty with ipset */
	const char *set;
	struct random random;
	int64_t start_ms;
	unsigned long left, answered, unanswered, again, surplus;
	unsigned long checked, absent, cut;
	unsigned long rcode[RCODES];
	struct cause cause[CAUSES];
	int32_t slowest_ms, held_up_ms; /* the longest time without a turn */
	unsigned window, count;
	struct message message;
	struct client client[CLIENTS_MOST];
};

static int32_t
elapsed_ms(const struct asker *a)
{
	return (int32_t)(clock_ms() - a->start_ms) + 1;
}

/* ---- asking -------------------------------------------------------------- */

/* What a house asks for: mostly the same, sometimes something new. */
static void
write_question(const struct open_question *o, struct question *q)
{
	uint32_t dice = o->dice, n = o->n;
	char text[64];

	q->type = dice < 90 ? TYPE_A : dice < 95 ? TYPE_AAAA : TYPE_TXT;
	q->class = CLASS_IN;
	if (dice < 50 || dice >= 90)
		snprintf(text, sizeof(text), "n%u.hot.test", n % 100);
	else if (dice < 65)
		snprintf(text, sizeof(text), "n%u.wild.test", n % 500);
	else if (dice < 70)
		snprintf(text, sizeof(text), "c%u.wild.test", n % 200);
	else if (dice < 73)
		snprintf(text, sizeof(text), "b%u.wild.test", n % 5);
	else if (dice < 76)
		snprintf(text, sizeof(text), "x%u.wild.test", n % 1000);
	else if (dice < 80)
		snprintf(text, sizeof(text), "n%u.only.test", n % 5000);
	else
		snprintf(text, sizeof(text), "n%u.denied.test", n % 1000);
	name_parse(text, strlen(text), &q->name, NULL);
}

static void
send_question(struct asker *a, const struct client *c, struct open_question *o)
{
	uint8_t bytes[300];
	struct question q;
	size_t len;

	write_question(o, &q);
	len = query_write(bytes, sizeof(bytes), o->id, &q, o->edns, false,
			  false);
	if (send(c->fd, bytes, len, 0) == -1)
		err(1, "a question cannot be sent");
	o->times++;
	o->sent_ms = elapsed_ms(a);
}

static void
ask(struct asker *a, struct client *c)
{
	struct open_question *o = &c->open[c->count++];

	*o = (struct open_question){ .dice = random_below(&a->random, 100),
				     .n = random_u32(&a->random),
				     .edns = random_below(&a->random, 2) == 0,
				     .id = c->next_id++ };
	send_question(a, c, o);
	a->left--;
}

static void
close_question(struct client *c, struct open_question *o)
{
	*o = c->open[--c->count];
}

/* ---- what comes back ----------------------------------------------------- */

static void
check_element(struct asker *a, const struct client *c, const struct addr *to)
{
	struct backend_entry entry = { .key = { .set = SET_V4,
						.protocol = IPPROTO_TCP,
						.port = 443,
						.client = c->addr,
						.destination = *to } };
	struct ipset_change change = { .name = a->set,
				       .entry = &entry,
				       .count = 1 };
	struct netlink_question q = { 0 };
	struct netlink_refusal refusal;
	char client[ADDR_TEXT_SIZE], text[ADDR_TEXT_SIZE];
	enum err answer;

	if (a->table.table[0] != '\0')
		q.message = nft_ask_element(&a->nft_paper, &a->table, a->set,
					    &entry);
	else
		q.message = ipset_test(&a->paper, &change);
	a->checked++;
	answer = netlink_ask(&a->netlink, &q, &refusal);
	if (answer != ERR_NONE && answer != ERR_DENIED)
		err(1, "the kernel does not answer");
	if (answer == ERR_NONE)
		return;
	if (refusal.code != ENOENT && refusal.code != IPSET_ERR_EXIST)
		errx(1, "the kernel does not look: %u", refusal.code);
	a->absent++;
	addr_print(&c->addr, client);
	warnx("absent: %s to %s", client, addr_print(to, text));
}

static bool
is_granted(const struct question *q)
{
	static const char *const zones[] = { "hot.test", "wild.test" };
	struct name zone;

	for (unsigned i = 0; i < 2; i++) {
		name_parse(zones[i], strlen(zones[i]), &zone, NULL);
		if (name_is_under(&q->name, &zone))
			return true;
	}
	return false;
}

/* The last place is for all that do not find one. */
static void
note_cause(struct asker *a, const struct edns *e)
{
	char text[CAUSE_SIZE];
	unsigned i = 0;

	snprintf(text, sizeof(text), "%.*s",
		 e->ede_present ? (int)e->ede_text_len : 0, e->ede_text);
	while (i < CAUSES - 1 && a->cause[i].count > 0 &&
	       strcmp(a->cause[i].text, text) != 0)
		i++;
	if (a->cause[i].count++ == 0)
		memcpy(a->cause[i].text, text, sizeof(text));
}

static void
look_behind(struct asker *a, const struct client *c)
{
	const struct message *m = &a->message;
	struct addr to;

	a->cut += (m->header.flags & FLAG_TC) != 0;
	a->rcode[m->header.flags & (RCODES - 1)]++;
	if ((m->header.flags & (RCODES - 1)) == RCODE_SERVFAIL)
		note_cause(a, &m->edns);
	if (!is_granted(&m->question))
		return;
	for (unsigned i = 0; i < m->rr_count; i++)
		if (rr_address(m, &m->rr[i], &to) && to.family == 4)
			check_element(a, c, &to);
}

static struct open_question *
find_question(struct client *c, uint16_t id)
{
	for (unsigned i = 0; i < c->count; i++)
		if (c->open[i].id == id)
			return &c->open[i];
	return NULL;
}

static void
hear(struct asker *a, struct client *c)
{
	uint8_t bytes[EDNS_UDP_SIZE];
	ssize_t got;

	while ((got = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		struct open_question *o;
		int32_t took;

		if (message_read(bytes, (size_t)got, &a->message) != ERR_NONE)
			errx(1, "an answer that cannot be read");
		o = find_question(c, a->message.header.id);
		if (o == NULL) {
			a->surplus++;
			continue;
		}
		took = elapsed_ms(a) - o->sent_ms;
		if (took > a->slowest_ms)
			a->slowest_ms = took;
		close_question(c, o);
		a->answered++;
		look_behind(a, c);
	}
}

static void
ask_again(struct asker *a, struct client *c)
{
	int32_t now = elapsed_ms(a);

	for (unsigned i = 0; i < c->count;) {
		struct open_question *o = &c->open[i];

		if (now - o->sent_ms <= AGAIN_MS) {
			i++;
		} else if (o->times < TIMES_MOST) {
			send_question(a, c, o);
			a->again++;
		} else {
			close_question(c, o);
			a->unanswered++;
		}
	}
}

static void
open_client(struct asker *a, unsigned i, const char *first, const char *server)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(53) };
	struct client *c = &a->client[i];
	int room = 4 << 20;

	if (inet_pton(AF_INET, first, &from.sin_addr) != 1 ||
	    inet_pton(AF_INET, server, &to.sin_addr) != 1)
		errx(2, "addresses are IPv4");
	from.sin_addr.s_addr = htonl(ntohl(from.sin_addr.s_addr) + i);
	addr_from_v4((const uint8_t *)&from.sin_addr, &c->addr);
	c->fd = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (bind(c->fd, (struct sockaddr *)&from, sizeof(from)) == -1 ||
	    connect(c->fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		err(1, "client %u", i);
}

/* A netlink socket stays in the namespace it was made in. */
static void
open_firewall(struct asker *a, const char *path)
{
	int home = open("/proc/self/ns/net", O_RDONLY);
	int there = open(path, O_RDONLY);

	a->paper.protocol = IPSET_PROTOCOL;
	a->table.family = NFPROTO_INET;
	if (setns(there, 0) == -1 || netlink_open(&a->netlink) != ERR_NONE ||
	    setns(home, 0) == -1)
		err(1, "%s", path);
}

/* Those without an answer, and those asked again without a second one. */
static unsigned long
missing(const struct asker *a)
{
	unsigned long open = a->unanswered + a->again - a->surplus;

	for (unsigned i = 0; i < a->count; i++)
		open += a->client[i].count;
	return open;
}

static void
turn(struct asker *a)
{
	struct pollfd ready[CLIENTS_MOST];

	for (unsigned i = 0; i < a->count; i++) {
		struct client *c = &a->client[i];

		while (a->left > 0 && c->count < a->window)
			ask(a, c);
		ready[i] = (struct pollfd){ c->fd, POLLIN, 0 };
	}
	poll(ready, a->count, 20);
	for (unsigned i = 0; i < a->count; i++)
		if (ready[i].revents)
			hear(a, &a->client[i]);
}

static bool
any_open(const struct asker *a)
{
	for (unsigned i = 0; i < a->count; i++)
		if (a->client[i].count > 0)
			return true;
	return a->left > 0;
}

static void
run(struct asker *a)
{
	int32_t looked_ms = 0, end_ms;

	while (any_open(a)) {
		int32_t began_ms = elapsed_ms(a);

		turn(a);
		if (elapsed_ms(a) - began_ms > a->held_up_ms)
			a->held_up_ms = elapsed_ms(a) - began_ms;
		if (elapsed_ms(a) - looked_ms < LOOK_MS)
			continue;
		looked_ms = elapsed_ms(a);
		for (unsigned i = 0; i < a->count; i++)
			ask_again(a, &a->client[i]);
	}
	/* what was only slow may still have its second answer */
	end_ms = elapsed_ms(a) + AGAIN_MS;
	while (missing(a) > 0 && elapsed_ms(a) < end_ms)
		turn(a);
}

static void
report(const struct asker *a, double took_s)
{
	printf("answered=%lu unanswered=%lu again=%lu lost=%lu servfail=%lu "
	       "refused=%lu nxdomain=%lu cut=%lu checked=%lu absent=%lu "
	       "slowest_ms=%d held_up_ms=%d rate=%.0f\n",
	       a->answered, a->unanswered, a->again, missing(a),
	       a->rcode[RCODE_SERVFAIL], a->rcode[RCODE_REFUSED],
	       a->rcode[RCODE_NXDOMAIN], a->cut, a->checked, a->absent,
	       a->slowest_ms, a->held_up_ms, (double)a->answered / took_s);
	for (unsigned i = 0; i < CAUSES && a->cause[i].count > 0; i++)
		fprintf(stderr, "SERVFAIL %lu %s\n", a->cause[i].count,
			a->cause[i].text);
}

int
main(int argc, char **argv)
{
	static struct asker a;

	if (argc != 8 && argc != 9)
		errx(2, "usage: asker SERVER FIRST CLIENTS QUERIES WINDOW "
			"NAMESPACE SET [TABLE]");
	a.count = (unsigned)atoi(argv[3]);
	a.left = strtoul(argv[4], NULL, 10);
	a.window = (unsigned)atoi(argv[5]);
	a.set = argv[7];
	snprintf(a.table.table, sizeof(a.table.table), "%s",
		 argc == 9 ? argv[8] : "");
	if (a.count < 1 || a.count > CLIENTS_MOST || a.window < 1 ||
	    a.window > WINDOW_MOST)
		errx(2, "1 to %d clients, a window of 1 to %d", CLIENTS_MOST,
		     WINDOW_MOST);
	random_init(&a.random);
	open_firewall(&a, argv[6]);
	for (unsigned i = 0; i < a.count; i++)
		open_client(&a, i, argv[2], argv[1]);
	a.start_ms = clock_ms();
	run(&a);
	report(&a, (double)(clock_ms() - a.start_ms) / 1000);
	return a.unanswered > 0 || a.absent > 0;
}
