/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole worker in a process of its own, without its sandbox: the test is
 * supervisor, warden, upstream and client to it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "firewall/grant.h"
#include "listen/worker.h"
#include "policy/compile.h"
#include "proc/doors.h"
#include "proc/post.h"
#include "proc/role.h"
#include "wire/reply.h"

static const char policy_text[] = "127.0.0.0/8 -> a.example:TCP:443\n"
				  "127.0.0.0/8 ~> plain.example\n";
static const char stricter_text[] = "127.0.0.0/8 -| a.example\n";

enum { WAIT_MS = 3000, SOON_MS = 60 };

struct story {
	struct options opt;
	struct board *board;
	pid_t pid;
	int supervisor, warden, upstream, client; /* our ends */
	struct endpoint listener;
	struct message seen; /* by the upstream */
	uint8_t seen_bytes[600];
	union sockaddr_any seen_from;
	struct grant_letter grant;
	struct grant_item item;
};

/* Stands where the sandbox is. */
enum err
role_enter_sandbox(const struct role_kit *kit)
{
	(void)kit;
	return ERR_NONE;
}

static bool
readable_within(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

static int
udp_socket(struct endpoint *at_out)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	union sockaddr_any at = { .in = { .sin_family = AF_INET } };
	socklen_t len = sizeof(at);
	int on = 1;

	at.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	assert_int_equal(bind(fd, &at.sa, sizeof(at.in)), 0);
	assert_int_equal(getsockname(fd, &at.sa, &len), 0);
	endpoint_from_sockaddr(&at, at_out);
	return fd;
}

static int
policy_image(const char *text)
{
	char room[512];
	struct text complaints;
	struct policy_source source = { .name = "acl",
					.text = text,
					.len = strlen(text) };
	void *image;
	size_t size;
	int fd;

	text_init(&complaints, room, sizeof(room));
	assert_int_equal(policy_compile(&source, &image, &size, &complaints),
			 ERR_NONE);
	assert_int_equal(door_sealed_copy("policy", image, size, &fd),
			 ERR_NONE);
	free(image);
	return fd;
}

static int
own_image(void)
{
	static struct own_addresses own;
	int fd;

	assert_int_equal(door_sealed_copy("own", &own, sizeof(own), &fd),
			 ERR_NONE);
	return fd;
}

static void *
shared(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void
expect_letter(int channel, enum letter_kind kind)
{
	uint8_t bytes[POST_MAX_SIZE];
	struct letter_head head;

	assert_true(readable_within(channel, WAIT_MS));
	assert_true(recv(channel, bytes, sizeof(bytes), 0) >=
		    (ssize_t)sizeof(head));
	memcpy(&head, bytes, sizeof(head));
	assert_int_equal(head.kind, kind);
}

static void
fill_kit(struct role_kit *kit, struct story *s)
{
	memset(kit, 0, sizeof(*kit));
	kit->role = ROLE_WORKER;
	kit->opt = &s->opt;
	kit->board = s->board;
	kit->stats = shared(sizeof(*kit->stats));
	kit->policy = policy_image(policy_text);
	kit->generation = 1;
	kit->own = own_image();
	kit->recorder = -1;
	for (unsigned i = 0; i < ROLE_MAX_BINDS; i++)
		kit->udp[i] = kit->tcp[i] = -1;
	kit->udp[0] = udp_socket(&s->listener);
}

static void
connect_client(struct story *s)
{
	union sockaddr_any at;
	socklen_t len = endpoint_to_sockaddr(&s->listener, &at);

	s->client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(s->client, &at.sa, len), 0);
}

static void
start(struct story *s)
{
	struct role_kit kit;
	int supervisor[2], warden[2];

	assert_int_equal(post_pair(supervisor), ERR_NONE);
	assert_int_equal(post_pair(warden), ERR_NONE);
	s->supervisor = supervisor[0];
	s->warden = warden[0];
	s->board = shared(sizeof(*s->board));
	s->board->firewall_up = s->board->family4 = s->board->family6 = 1;
	s->upstream = udp_socket(&s->opt.upstream[0]);
	fill_kit(&kit, s);
	kit.supervisor = supervisor[1];
	kit.warden = warden[1];
	s->pid = fork();
	if (s->pid == 0) {
		close(s->supervisor);
		close(s->warden);
		_exit(worker_main(&kit));
	}
	close(supervisor[1]);
	close(warden[1]);
	close(kit.policy);
	close(kit.own);
	close(kit.udp[0]);
	munmap(kit.stats, sizeof(*kit.stats));
	connect_client(s);
	expect_letter(s->supervisor, POST_READY);
}

static int
set_up(void **state)
{
	struct story *s = calloc(1, sizeof(*s));

	s->opt.upstream_count = 1;
	s->opt.firewall = FIREWALL_IPTABLES;
	s->opt.workers = 1;
	s->opt.max_connections = 10;
	s->opt.timeout_s = 10;
	s->opt.min_rule_time_s = 5;
	s->opt.max_rule_time_s = 86400;
	s->opt.grace_s = 60;
	s->opt.max_addresses = 32;
	start(s);
	*state = s;
	return 0;
}

static int
exit_status(struct story *s)
{
	int status = -1;

	for (int64_t end = clock_ms() + 5000; clock_ms() < end;) {
		if (waitpid(s->pid, &status, WNOHANG) == s->pid) {
			s->pid = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		}
		usleep(2000);
	}
	return -1;
}

static int
tear_down(void **state)
{
	struct story *s = *state;

	close(s->supervisor);
	if (s->pid > 0 && exit_status(s) == -1) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	close(s->warden);
	close(s->upstream);
	close(s->client);
	munmap(s->board, sizeof(*s->board));
	free(s);
	return 0;
}

/* ---- what the test says ------------------------------------------------ */

static void
client_asks(struct story *s, const char *name)
{
	struct question q = { .type = TYPE_A, .class = CLASS_IN };
	uint8_t bytes[300];
	size_t len;

	assert_int_equal(name_parse(name, strlen(name), &q.name, NULL),
			 ERR_NONE);
	len = query_write(bytes, sizeof(bytes), 77, &q, false, false, false);
	assert_int_equal(send(s->client, bytes, len, 0), len);
}

static void
upstream_is_asked(struct story *s)
{
	socklen_t len = sizeof(s->seen_from);
	ssize_t got;

	assert_true(readable_within(s->upstream, WAIT_MS));
	got = recvfrom(s->upstream, s->seen_bytes, sizeof(s->seen_bytes), 0,
		       &s->seen_from.sa, &len);
	assert_true(got > 0);
	assert_int_equal(message_read(s->seen_bytes, (size_t)got, &s->seen),
			 ERR_NONE);
}

static void
upstream_answers(struct story *s)
{
	struct reply_spec spec = { .limit = 512,
				   .client = &s->seen.header,
				   .q = &s->seen.question,
				   .opt = true };
	const struct ede none = { .code = -1 };
	uint8_t bytes[512];
	struct reply r;
	struct addr a;
	size_t len;

	addr_parse("203.0.113.5", 11, &a);
	reply_begin(&r, bytes, &spec);
	reply_address(&r, SECTION_ANSWER, &s->seen.question.name, &a, 60);
	len = reply_end(&r, RCODE_NOERROR, &none);
	sendto(s->upstream, bytes, len, 0, &s->seen_from.sa,
	       sizeof(s->seen_from.in));
}

static void
warden_is_asked(struct story *s)
{
	uint8_t bytes[POST_MAX_SIZE];
	ssize_t got;

	assert_true(readable_within(s->warden, WAIT_MS));
	got = recv(s->warden, bytes, sizeof(bytes), 0);
	assert_int_equal(
	    post_check(ROLE_WORKER, ROLE_WARDEN, bytes, (size_t)got), ERR_NONE);
	memcpy(&s->grant, bytes, sizeof(s->grant));
	assert_int_equal(s->grant.head.kind, POST_GRANT);
	memcpy(&s->item, bytes + sizeof(s->grant), sizeof(s->item));
}

static void
warden_says(struct story *s, enum grant_status status)
{
	struct granted_letter letter = { .seq = s->grant.seq,
					 .status = status,
					 .applied = s->grant.head.count,
					 .lowest_ttl_s = s->item.ttl_s };

	post_head(&letter.head, POST_GRANTED, 0);
	assert_int_equal(post_send(s->warden, &letter, sizeof(letter), -1),
			 ERR_NONE);
}

static void
hand(struct story *s, enum hand what, uint32_t generation, int fd)
{
	struct hand_letter letter = { .hand = what, .generation = generation };

	post_head(&letter.head, POST_HAND, 0);
	assert_int_equal(post_send(s->supervisor, &letter, sizeof(letter), fd),
			 ERR_NONE);
	close(fd);
}

static void
say_stop(struct story *s)
{
	struct plain_letter letter = { 0 };

	post_head(&letter.head, POST_STOP, 0);
	assert_int_equal(post_send(s->supervisor, &letter, sizeof(letter), -1),
			 ERR_NONE);
}

static void
expect_rcode(struct story *s, unsigned rcode)
{
	uint8_t bytes[600];
	struct message m;
	ssize_t got;

	assert_true(readable_within(s->client, WAIT_MS));
	got = recv(s->client, bytes, sizeof(bytes), 0);
	assert_true(got > 0);
	assert_int_equal(message_read(bytes, (size_t)got, &m), ERR_NONE);
	assert_int_equal(m.header.id, 77);
	assert_int_equal(message_rcode(&m), rcode);
}

static void
expect_nothing(struct story *s)
{
	assert_false(readable_within(s->client, SOON_MS));
}

/* ---- stories ----------------------------------------------------------- */

static void
an_answer_waits_for_the_warden(void **state)
{
	struct story *s = *state;

	client_asks(s, "a.example");
	upstream_is_asked(s);
	expect_nothing(s);
	upstream_answers(s);
	warden_is_asked(s);
	assert_int_equal(s->grant.generation, 1);
	assert_int_equal(s->item.port, 443);
	assert_int_equal(s->item.ttl_s, 60 + 60);
	expect_nothing(s);
	warden_says(s, GRANT_OK);
	expect_rcode(s, RCODE_NOERROR);
	client_asks(s, "denied.example");
	expect_rcode(s, RCODE_REFUSED);
}

static void
without_a_warden_nothing_is_opened(void **state)
{
	struct story *s = *state;
	int pair[2];

	close(s->warden);
	client_asks(s, "a.example");
	upstream_is_asked(s);
	upstream_answers(s);
	assert_true(readable_within(s->client, GRANT_DEADLINE_MS / 2));
	expect_rcode(s, RCODE_SERVFAIL);
	client_asks(s, "plain.example"); /* needs none */
	upstream_is_asked(s);
	upstream_answers(s);
	expect_rcode(s, RCODE_NOERROR);
	assert_int_equal(post_pair(pair), ERR_NONE);
	s->warden = pair[0];
	hand(s, HAND_WARDEN, 0, pair[1]);
	usleep(20000);
	client_asks(s, "a.example");
	upstream_is_asked(s);
	upstream_answers(s);
	warden_is_asked(s);
	warden_says(s, GRANT_OK);
	expect_rcode(s, RCODE_NOERROR);
}

static void
an_answer_that_waits_fails_with_its_warden(void **state)
{
	struct story *s = *state;

	client_asks(s, "a.example");
	upstream_is_asked(s);
	upstream_answers(s);
	warden_is_asked(s);
	close(s->warden);
	s->warden = -1;
	assert_true(readable_within(s->client, GRANT_DEADLINE_MS / 2));
	expect_rcode(s, RCODE_SERVFAIL);
}

static void
a_new_policy_is_in_force_at_once(void **state)
{
	struct story *s = *state;

	client_asks(s, "a.example");
	upstream_is_asked(s); /* and while it waits: */
	hand(s, HAND_POLICY, 2, policy_image(stricter_text));
	usleep(20000);
	upstream_answers(s);
	expect_rcode(s, RCODE_REFUSED);
	client_asks(s, "a.example");
	expect_rcode(s, RCODE_REFUSED);
	assert_false(readable_within(s->warden, 0));
}

static void
a_damaged_policy_is_not_taken(void **state)
{
	static const char damage[4096] = "this is no image";
	struct story *s = *state;
	int fd;

	assert_int_equal(
	    door_sealed_copy("policy", damage, sizeof(damage), &fd), ERR_NONE);
	hand(s, HAND_POLICY, 2, fd);
	usleep(20000);
	client_asks(s, "a.example");
	upstream_is_asked(s);
	upstream_answers(s);
	warden_is_asked(s);
	assert_int_equal(s->grant.generation, 1);
	warden_says(s, GRANT_OK);
	expect_rcode(s, RCODE_NOERROR);
}

static void
at_the_end_what_has_begun_is_finished(void **state)
{
	struct story *s = *state;

	client_asks(s, "plain.example");
	upstream_is_asked(s);
	say_stop(s);
	usleep(20000);
	client_asks(s, "denied.example"); /* too late */
	expect_nothing(s);
	upstream_answers(s);
	expect_rcode(s, RCODE_NOERROR);
	assert_int_equal(exit_status(s), 0);
}

static void
the_end_waits_three_seconds_at_most(void **state)
{
	struct story *s = *state;
	int64_t begin_ms = clock_ms();

	client_asks(s, "plain.example");
	upstream_is_asked(s); /* and never answers */
	say_stop(s);
	assert_int_equal(exit_status(s), 0);
	assert_in_range(clock_ms() - begin_ms, 2800, 3600);
}

static void
without_work_the_end_is_at_once(void **state)
{
	struct story *s = *state;
	int64_t begin_ms = clock_ms();

	say_stop(s);
	assert_int_equal(exit_status(s), 0);
	assert_true(clock_ms() - begin_ms < 1000);
}

static void
it_ends_with_the_supervisor(void **state)
{
	struct story *s = *state;

	client_asks(s, "denied.example");
	expect_rcode(s, RCODE_REFUSED);
	close(s->supervisor);
	s->supervisor = -1;
	assert_int_equal(exit_status(s), 1);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(an_answer_waits_for_the_warden),
		STORY(without_a_warden_nothing_is_opened),
		STORY(an_answer_that_waits_fails_with_its_warden),
		STORY(a_new_policy_is_in_force_at_once),
		STORY(a_damaged_policy_is_not_taken),
		STORY(at_the_end_what_has_begun_is_finished),
		STORY(the_end_waits_three_seconds_at_most),
		STORY(without_work_the_end_is_at_once),
		STORY(it_ends_with_the_supervisor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
