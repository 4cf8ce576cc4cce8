/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One client floods, and another asks a hundred questions a second.
 *
 *   flood SERVER FLOODER VICTIM RATE SECONDS KIND
 *
 * Both addresses are IPv4 and ours. RATE is of the flooder, in datagrams a
 * second. KIND says what it sends: denied, permitted and granting are queries
 * for names of denied.test, only.test and wild.test, each a new name; fixed
 * is one name of only.test; garbage is no query at all. The victim asks for
 * n1.hot.test: a second without the flood, then while it lasts. One line says
 * how long it waited in both, and what the kernel itself dropped on the way
 * (any process of this machine may have a part in that).
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "wire/reply.h"

enum {
	PACE_US = 10000, /* between two questions of the victim */
	LATE_US = 1000000,
	QUIET_S = 1,
	LONGEST_S = 600,
	SAMPLES = 100 * LONGEST_S,
	BATCH = 32,
	BYTES = 128
};

struct flooder {
	int fd;
	unsigned long rate;
	const char *kind;
	struct random random;
	uint32_t number;
	_Atomic bool over;
	unsigned long sent, refused;
	uint8_t bytes[BATCH][BYTES];
};

struct victim {
	int fd;
	unsigned asked, answered;
	int64_t sent_us[SAMPLES];
	int32_t took_us[SAMPLES]; /* of those answered */
};

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int
open_from(const char *address, const char *server)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(53) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (inet_pton(AF_INET, address, &from.sin_addr) != 1 ||
	    inet_pton(AF_INET, server, &to.sin_addr) != 1)
		errx(2, "addresses are IPv4");
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) == -1 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		err(1, "%s", address);
	return fd;
}

static size_t
write_query(uint8_t *bytes, uint16_t id, const char *text)
{
	struct question q = { .type = TYPE_A, .class = CLASS_IN };

	name_parse(text, strlen(text), &q.name, NULL);
	return query_write(bytes, BYTES, id, &q, false, false, false);
}

/* ---- the flood ----------------------------------------------------------- */

static size_t
write_one(struct flooder *f, uint8_t *bytes)
{
	uint32_t n = f->number++;
	char text[64];

	if (strcmp(f->kind, "garbage") == 0) {
		for (size_t i = 0; i < BYTES; i += sizeof(n)) {
			n = random_u32(&f->random);
			memcpy(bytes + i, &n, sizeof(n));
		}
		return 1 + random_below(&f->random, BYTES - 1);
	}
	if (strcmp(f->kind, "denied") == 0)
		snprintf(text, sizeof(text), "n%u.denied.test", n);
	else if (strcmp(f->kind, "permitted") == 0)
		snprintf(text, sizeof(text), "n%u.only.test", n);
	else if (strcmp(f->kind, "granting") == 0)
		snprintf(text, sizeof(text), "n%u.wild.test", n);
	else
		snprintf(text, sizeof(text), "n0.only.test");
	return write_query(bytes, (uint16_t)n, text);
}

static void
send_batch(struct flooder *f)
{
	struct mmsghdr head[BATCH] = { 0 };
	struct iovec part[BATCH];
	int sent;

	for (unsigned i = 0; i < BATCH; i++) {
		part[i] = (struct iovec){ f->bytes[i],
					  write_one(f, f->bytes[i]) };
		head[i].msg_hdr.msg_iov = &part[i];
		head[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(f->fd, head, BATCH, MSG_DONTWAIT);
	if (sent > 0)
		f->sent += (unsigned long)sent;
	else
		f->refused++;
}

static void *
flood(void *arg)
{
	struct flooder *f = arg;
	int64_t began = now_us();

	while (!f->over) {
		int64_t due = (now_us() - began) * (int64_t)f->rate / 1000000;

		if ((int64_t)f->sent + (int64_t)f->refused * BATCH >= due)
			usleep(50);
		else
			send_batch(f);
	}
	return NULL;
}

/* ---- the victim ---------------------------------------------------------- */

static void
hear(struct victim *v)
{
	uint8_t bytes[EDNS_UDP_SIZE];
	ssize_t got;

	while ((got = recv(v->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		unsigned id = (unsigned)bytes[0] << 8 | bytes[1];
		int64_t took;

		if (got < HEADER_SIZE || id >= v->asked || !v->sent_us[id])
			continue;
		took = now_us() - v->sent_us[id];
		v->sent_us[id] = 0;
		if (took < LATE_US && (bytes[3] & 15) == RCODE_NOERROR)
			v->took_us[v->answered++] = (int32_t)took;
	}
}

static void
wait_until(struct victim *v, int64_t until_us)
{
	int64_t left;

	while ((left = until_us - now_us()) > 0) {
		struct pollfd ready = { v->fd, POLLIN, 0 };
		const struct timespec most = { .tv_sec = left / 1000000,
					       .tv_nsec =
						   left % 1000000 * 1000 };

		if (ppoll(&ready, 1, &most, NULL) > 0)
			hear(v);
	}
}

static void
ask_for(struct victim *v, unsigned seconds)
{
	uint8_t bytes[BYTES];
	int64_t next = now_us(), end = next + (int64_t)seconds * 1000000;

	v->asked = v->answered = 0;
	for (; next < end; next += PACE_US) {
		size_t len =
		    write_query(bytes, (uint16_t)v->asked, "n1.hot.test");

		wait_until(v, next);
		v->sent_us[v->asked++] = now_us();
		send(v->fd, bytes, len, 0);
	}
	wait_until(v, end + LATE_US);
}

static int
compare(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return x < y ? -1 : x > y;
}

static int32_t
at_percent(struct victim *v, unsigned percent)
{
	if (v->answered == 0)
		return -1;
	qsort(v->took_us, v->answered, sizeof(v->took_us[0]), compare);
	return v->took_us[(v->answered - 1) * (uint64_t)percent / 100];
}

/* Column 2 of each line: no room in a CPU's queue. */
static unsigned long
dropped_by_kernel(void)
{
	FILE *file = fopen("/proc/net/softnet_stat", "re");
	unsigned long sum = 0, all, dropped;
	char line[512];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%lx %lx", &all, &dropped) == 2)
			sum += dropped;
	if (file)
		fclose(file);
	return sum;
}

int
main(int argc, char **argv)
{
	static struct flooder f;
	static struct victim v;
	unsigned long dropped;
	int32_t quiet[2];
	unsigned seconds;
	pthread_t thread;

	if (argc != 7)
		errx(2, "usage: flood SERVER FLOODER VICTIM RATE SECONDS KIND");
	seconds = (unsigned)atoi(argv[5]);
	if (seconds < 1 || seconds > LONGEST_S)
		errx(2, "1 to %d seconds", LONGEST_S);
	f.rate = strtoul(argv[4], NULL, 10);
	f.kind = argv[6];
	random_init(&f.random);
	f.fd = open_from(argv[2], argv[1]);
	v.fd = open_from(argv[3], argv[1]);
	ask_for(&v, QUIET_S);
	quiet[0] = at_percent(&v, 50);
	quiet[1] = at_percent(&v, 99);
	dropped = dropped_by_kernel();
	if (pthread_create(&thread, NULL, flood, &f))
		err(1, "thread");
	ask_for(&v, seconds);
	f.over = true;
	pthread_join(thread, NULL);
	printf("sent=%lu rate=%lu asked=%u answered=%u quiet_p50_us=%d "
	       "quiet_p99_us=%d p50_us=%d p99_us=%d dropped=%lu\n",
	       f.sent, f.sent / (seconds + 1), v.asked, v.answered, quiet[0],
	       quiet[1], at_percent(&v, 50), at_percent(&v, 99),
	       dropped_by_kernel() - dropped);
	return 0;
}
