/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `query` against a made-up server on loopback. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/resolve.h"

/* QR, TC, and a response code in the third and fourth byte. */
enum { TRUNCATED = 0x8600, REFUSED = 0x8105, ANSWERED = 0x8100 };

struct server {
	int udp, tcp;
	struct resolve resolve;
	char printed[4096];
};

/* One A record that points at the question's name: 192.0.2.1, TTL 20. */
static const uint8_t record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 20,
				  0,	4,  192, 0, 2, 1 };
/* OPT with EDE 18 and the text "no\x1b". */
static const uint8_t ede[] = { 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 9,
			       0, 15, 0, 5, 0, 18, 'n', 'o', 0x1b };

/* One port of loopback by UDP and by TCP; 0 where the port that the kernel
 * chose for one is taken for the other. */
static uint16_t
try_open(struct server *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->tcp = socket(AF_INET, SOCK_STREAM, 0);
	s->udp = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(s->tcp, (struct sockaddr *)&at, len) == 0 &&
	    getsockname(s->tcp, (struct sockaddr *)&at, &len) == 0 &&
	    bind(s->udp, (struct sockaddr *)&at, len) == 0 &&
	    listen(s->tcp, 1) == 0)
		return ntohs(at.sin_port);
	close(s->tcp);
	close(s->udp);
	return 0;
}

static int
set_up(void **state)
{
	struct server *s = calloc(1, sizeof(*s));
	uint16_t port = 0;

	*state = s;
	for (int i = 0; s != NULL && port == 0 && i < 100; i++)
		port = try_open(s);
	if (port == 0)
		return -1;
	s->resolve.name = "a.example";
	s->resolve.type = "A";
	s->resolve.server.addr = (struct addr){ .family = 4,
						.byte = { 127, 0, 0, 1 } };
	s->resolve.server.port = port;
	return 0;
}

static int
tear_down(void **state)
{
	struct server *s = *state;

	close(s->udp);
	close(s->tcp);
	free(s);
	return 0;
}

/* Makes the query in bytes an answer; its length. The question is 15 bytes
 * behind the header: 1a7example0, type, class. */
static size_t
make_answer(uint8_t *bytes, uint16_t flags)
{
	size_t len = 12 + 15;

	bytes[2] = (uint8_t)(flags >> 8);
	bytes[3] = (uint8_t)flags;
	bytes[11] = flags == REFUSED;
	if (flags == REFUSED) {
		memcpy(bytes + len, ede, sizeof(ede));
		return len + sizeof(ede);
	}
	bytes[7] = flags == ANSWERED;
	memcpy(bytes + len, record, sizeof(record));
	return flags == ANSWERED ? len + sizeof(record) : len;
}

/* Answers one query by UDP in a process of its own, after a forged one with
 * another id; and, where it was truncated, by TCP, in two pieces. */
static void
serve(struct server *s, uint16_t flags)
{
	uint8_t b[2 + 512];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	size_t len;
	int fd;

	if (fork() != 0)
		return;
	recvfrom(s->udp, b, 512, 0, (struct sockaddr *)&from, &from_len);
	len = make_answer(b, flags);
	b[0] ^= 1;
	sendto(s->udp, b, len, 0, (struct sockaddr *)&from, from_len);
	b[0] ^= 1;
	sendto(s->udp, b, len, 0, (struct sockaddr *)&from, from_len);
	if (flags != TRUNCATED)
		_exit(0);
	fd = accept(s->tcp, NULL, NULL);
	if (recv(fd, b, 2, MSG_WAITALL) != 2 ||
	    recv(fd, b + 2, b[1], MSG_WAITALL) != b[1])
		_exit(1);
	len = make_answer(b + 2, ANSWERED);
	b[1] = (uint8_t)len;
	send(fd, b, 9, 0);
	usleep(1000);
	send(fd, b + 9, len - 7, 0);
	_exit(0);
}

/* What resolve_print() printed is in s->printed afterwards. */
static bool
resolve(struct server *s)
{
	int kept = dup(1), fd = memfd_create("printed", MFD_CLOEXEC);
	ssize_t n;
	bool answered;

	fflush(stdout);
	dup2(fd, 1);
	answered = resolve_print(&s->resolve);
	fflush(stdout);
	dup2(kept, 1);
	close(kept);
	n = pread(fd, s->printed, sizeof(s->printed) - 1, 0);
	assert_true(n >= 0);
	s->printed[n] = '\0';
	close(fd);
	while (wait(NULL) > 0)
		continue;
	return answered;
}

static void
assert_printed(const struct server *s, const char *transport,
	       const char *rest)
{
	char want[512];

	snprintf(want, sizeof(want),
		 "question a.example. IN A\nserver 127.0.0.1:%u %s\n%s",
		 s->resolve.server.port, transport, rest);
	assert_string_equal(s->printed, want);
}

static void
answer_by_udp(void **state)
{
	struct server *s = *state;

	serve(s, ANSWERED);
	assert_true(resolve(s));
	assert_printed(s, "UDP", "status NOERROR\n"
				 "answer a.example. 20 IN A 192.0.2.1\n");
}

static void
truncated_answer_is_asked_for_by_tcp(void **state)
{
	struct server *s = *state;

	serve(s, TRUNCATED);
	assert_true(resolve(s));
	assert_printed(s, "TCP", "status NOERROR\n"
				 "answer a.example. 20 IN A 192.0.2.1\n");
}

static void
error_text_is_escaped(void **state)
{
	struct server *s = *state;

	serve(s, REFUSED);
	assert_true(resolve(s));
	assert_printed(s, "UDP", "status REFUSED\n"
				 "ede 18 PROHIBITED: no\\027\n");
}

static void
nobody_there(void **state)
{
	struct server *s = *state;

	close(s->udp);
	s->udp = -1;
	assert_false(resolve(s));
	assert_string_equal(s->printed, "");
}

static void
what_cannot_be_asked(void **state)
{
	struct server *s = *state;

	s->resolve.name = "a..b";
	assert_false(resolve(s));
	s->resolve.name = "a.example";
	s->resolve.type = "AAAAA";
	assert_false(resolve(s));
}

#define SERVER_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SERVER_TEST(answer_by_udp),
		SERVER_TEST(truncated_answer_is_asked_for_by_tcp),
		SERVER_TEST(error_text_is_escaped),
		SERVER_TEST(nobody_there),
		SERVER_TEST(what_cannot_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
