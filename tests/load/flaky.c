/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An upstream as one would not wish it: it loses five datagrams of a
 * hundred, is late with twenty, and cuts five short.
 *
 *   flaky ADDRESS [calm]     UDP and TCP, port 53
 *
 * A calm one does nothing of this.
 *
 * What a name leads to follows from its first label: n... to one address,
 * b... to 32, c... to an alias of n..., x... to NXDOMAIN. Every address
 * is of 45.0.0.0/8, and the same for the same name.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "net/frame.h"
#include "wire/reply.h"

enum {
	LOST = 5, /* of a hundred datagrams */
	LATE = 20,
	CUT = 5,
	LATEST_MS = 256, /* a power of two */
	PENDING = 65536,
	MANY = 32,
	TTL = 300
};

/* A datagram that goes out later. */
struct parcel {
	struct parcel *next;
	struct sockaddr_in to;
	size_t len;
	uint8_t bytes[EDNS_UDP_SIZE];
};

struct flaky {
	int udp;
	bool calm;
	struct random random;
	int64_t swept_ms;
	struct parcel *due[LATEST_MS]; /* by the millisecond */
	struct parcel *unused;
	struct parcel parcel[PENDING];
};

static uint32_t
hash_name(const struct name *n)
{
	uint32_t h = 2166136261u;

	for (unsigned i = 0; i < n->len; i++)
		h = (h ^ name_fold(n->wire[i])) * 16777619u;
	return h;
}

static void
put_addresses(struct reply *r, const struct name *owner, unsigned count)
{
	uint32_t h = hash_name(owner);

	for (unsigned i = 0; i < count; i++) {
		uint32_t low = h + i * 7919u;
		uint8_t byte[4] = { 45, (uint8_t)(low >> 16),
				    (uint8_t)(low >> 8), (uint8_t)low };
		struct addr a;

		addr_from_v4(byte, &a);
		reply_address(r, SECTION_ANSWER, owner, &a, TTL);
	}
}

static void
put_answer(struct reply *r, const struct question *q)
{
	struct name target = q->name;

	if (q->type == TYPE_TXT)
		reply_record(r, SECTION_ANSWER, &q->name, TYPE_TXT, TTL,
			     (const uint8_t *)"\004text", 5);
	if (q->type != TYPE_A)
		return;
	if (name_fold(q->name.wire[1]) == 'c') {
		target.wire[1] = 'n';
		reply_record(r, SECTION_ANSWER, &q->name, TYPE_CNAME, TTL,
			     target.wire, target.len);
	}
	put_addresses(r, &target, name_fold(q->name.wire[1]) == 'b' ? MANY : 1);
}

/* The true answer; 0 where the query deserves none. */
static size_t
answer_to(const uint8_t *in, size_t len, size_t limit, uint8_t *out)
{
	static const struct ede none = { .code = -1 };
	struct query_message q;
	struct reply r;
	bool missing;

	if (message_read_query(in, len, &q) != ERR_NONE)
		return 0;
	if (limit == 0)
		limit = reply_udp_limit(&q.edns);

	struct reply_spec spec = { .limit = limit,
				   .client = &q.header,
				   .q = &q.question,
				   .opt = q.edns.present };

	missing = name_fold(q.question.name.wire[1]) == 'x';
	reply_begin(&r, out, &spec);
	if (!missing)
		put_answer(&r, &q.question);
	return reply_end(&r, missing ? RCODE_NXDOMAIN : RCODE_NOERROR, &none);
}

/* ---- UDP, with its weaknesses ------------------------------------------ */

static void
send_parcel(struct flaky *f, struct parcel *p)
{
	sendto(f->udp, p->bytes, p->len, 0, (struct sockaddr *)&p->to,
	       sizeof(p->to));
	p->next = f->unused;
	f->unused = p;
}

static void
send_due(struct flaky *f, int64_t now)
{
	for (; f->swept_ms <= now; f->swept_ms++) {
		struct parcel **due = &f->due[f->swept_ms % LATEST_MS];

		while (*due) {
			struct parcel *p = *due;

			*due = p->next;
			send_parcel(f, p);
		}
	}
}

static void
send_some_time(struct flaky *f, struct parcel *p)
{
	uint32_t fate = f->calm ? LATE : random_below(&f->random, 100);
	int64_t when = f->swept_ms + random_below(&f->random, LATEST_MS - 1);

	if (fate >= LATE || p->len == 0) {
		send_parcel(f, p);
		return;
	}
	p->next = f->due[when % LATEST_MS];
	f->due[when % LATEST_MS] = p;
}

static void
cut_short(uint8_t *bytes, size_t *len)
{
	/* header and question are all that stays */
	bytes[2] |= FLAG_TC >> 8;
	memset(bytes + 6, 0, 6);
	for (*len = HEADER_SIZE; bytes[*len] != 0; *len += bytes[*len] + 1u)
		continue;
	*len += 5;
}

static void
take_datagram(struct flaky *f)
{
	uint8_t in[512];
	struct parcel *p = f->unused;
	socklen_t size = sizeof(p->to);
	ssize_t got =
	    recvfrom(f->udp, in, sizeof(in), 0,
		     p ? (struct sockaddr *)&p->to : NULL, p ? &size : NULL);

	if (got <= 0 || !p ||
	    (!f->calm && random_below(&f->random, 100) < LOST))
		return;
	p->len = answer_to(in, (size_t)got, 0, p->bytes);
	if (p->len == 0)
		return;
	f->unused = p->next;
	if (!f->calm && random_below(&f->random, 100) < CUT)
		cut_short(p->bytes, &p->len);
	send_some_time(f, p);
}

/* ---- TCP, which works --------------------------------------------------- */

static bool
read_whole(int fd, uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, bytes, len);

		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static void *
serve_connection(void *arg)
{
	int fd = (int)(intptr_t)arg;
	uint8_t in[512], out[FRAME_HEAD + 4096];

	for (;;) {
		uint8_t head[FRAME_HEAD];
		size_t len;

		if (!read_whole(fd, head, sizeof(head)))
			break;
		len = (size_t)head[0] << 8 | head[1];
		if (len > sizeof(in) || !read_whole(fd, in, len))
			break;
		len = answer_to(in, len, 4096, out + FRAME_HEAD);
		frame_head(out, len);
		if (len == 0 || write(fd, out, FRAME_HEAD + len) == -1)
			break;
	}
	close(fd);
	return NULL;
}

static void *
serve_streams(void *arg)
{
	int fd, listener = (int)(intptr_t)arg;
	pthread_t thread;

	while ((fd = accept(listener, NULL, NULL)) != -1) {
		if (pthread_create(&thread, NULL, serve_connection,
				   (void *)(intptr_t)fd))
			close(fd);
		else
			pthread_detach(thread);
	}
	return NULL;
}

static int
bound(const char *address, int kind)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(53) };
	int one = 1, room = 8 << 20;
	int fd = socket(AF_INET, kind, 0);

	if (inet_pton(AF_INET, address, &at.sin_addr) != 1)
		errx(2, "%s is no IPv4 address", address);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) == -1)
		err(1, "%s", address);
	return fd;
}

int
main(int argc, char **argv)
{
	static struct flaky f;
	struct pollfd ready = { .events = POLLIN };
	pthread_t streams;
	int tcp;

	f.calm = argc == 3 && strcmp(argv[2], "calm") == 0;
	if (argc != 2 && !f.calm)
		errx(2, "usage: flaky ADDRESS [calm]");
	random_init(&f.random);
	f.udp = ready.fd = bound(argv[1], SOCK_DGRAM | SOCK_NONBLOCK);
	tcp = bound(argv[1], SOCK_STREAM);
	for (unsigned i = 0; i < PENDING; i++) {
		f.parcel[i].next = f.unused;
		f.unused = &f.parcel[i];
	}
	if (listen(tcp, 1024) == -1 ||
	    pthread_create(&streams, NULL, serve_streams,
			   (void *)(intptr_t)tcp))
		err(1, "TCP");
	f.swept_ms = clock_ms();
	for (;;) {
		poll(&ready, 1, 1);
		for (unsigned i = 0; i < 64; i++)
			take_datagram(&f);
		send_due(&f, clock_ms());
	}
}
