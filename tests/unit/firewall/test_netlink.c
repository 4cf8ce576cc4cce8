/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Acknowledgements, with a kernel that says what the test tells it to. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "firewall/netlink.h"
#include "kit.h"

enum { PORT = 4711, SHORT_MS = 50, PART = 0x0607 };

static struct netlink n;
static int kernel;
static struct nlmsghdr question;
static struct netlink_question q;
static struct netlink_refusal refusal;
static unsigned parts;

static void
on_part(void *arg, const struct nlmsghdr *part)
{
	(void)arg;
	assert_int_equal(part->nlmsg_type, PART);
	parts++;
}

static int
setup(void **state)
{
	int end[2];

	(void)state;
	/* SEQPACKET takes no notice of the address that is sent to. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, end) != 0)
		return -1;
	n = (struct netlink){ .fd = end[0], .port = PORT, .wait_ms = SHORT_MS };
	kernel = end[1];
	question = (struct nlmsghdr){ .nlmsg_len = sizeof(question),
				      .nlmsg_flags = NLM_F_ACK };
	q = (struct netlink_question){ .message = &question, .part = on_part };
	parts = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	netlink_close(&n);
	close(kernel);
	return 0;
}

struct ack {
	struct nlmsghdr head;
	struct nlmsgerr error;
};

static struct ack
ack_of(uint32_t seq, int error)
{
	return (struct ack){
		.head = { .nlmsg_len = sizeof(struct ack),
			  .nlmsg_type = NLMSG_ERROR,
			  .nlmsg_seq = seq,
			  .nlmsg_pid = PORT },
		.error = { .error = error,
			   .msg = { .nlmsg_len = sizeof(struct nlmsghdr) } },
	};
}

static void
say(const void *bytes, size_t len)
{
	assert_int_equal(send(kernel, bytes, len, 0), (ssize_t)len);
}

static void
test_an_acknowledgement(void **state)
{
	struct ack a = ack_of(1, 0);

	(void)state;
	say(&a, sizeof(a));
	assert_int_equal(netlink_ask(&n, &q, &refusal), ERR_NONE);
}

static void
test_a_refusal_has_its_code(void **state)
{
	struct ack a = ack_of(1, -4352);

	(void)state;
	say(&a, sizeof(a));
	assert_int_equal(netlink_ask(&n, &q, &refusal), ERR_DENIED);
	assert_int_equal(refusal.code, 4352);
	assert_non_null(refusal.copy);
}

static void
test_silence_has_an_end(void **state)
{
	int64_t before = clock_ms();

	(void)state;
	assert_int_equal(netlink_ask(&n, &q, &refusal), ERR_TIMEOUT);
	assert_in_range(clock_ms() - before, SHORT_MS, 20 * SHORT_MS);
}

/* The acknowledgement of what timed out comes with the next question. */
static void
test_a_late_one_is_not_taken_for_another(void **state)
{
	struct ack late = ack_of(1, 0), refused = ack_of(2, -EPERM);

	(void)state;
	assert_int_equal(netlink_ask(&n, &q, &refusal), ERR_TIMEOUT);
	say(&late, sizeof(late));
	assert_int_equal(netlink_ask(&n, &q, &refusal), ERR_TIMEOUT);
	say(&late, sizeof(late));
	say(&refused, sizeof(refused));
	refused = ack_of(3, -EBUSY);
	say(&refused, sizeof(refused));
	assert_int_equal(netlink_ask(&n, &q, &refusal), ERR_DENIED);
	assert_int_equal(refusal.code, EBUSY);
}

static void
test_another_port_is_not_ours(void **state)
{
	struct ack a = ack_of(1, 0);

	(void)state;
	a.head.nlmsg_pid = PORT + 1;
	say(&a, sizeof(a));
	assert_int_equal(netlink_ask(&n, &q, &refusal), ERR_TIMEOUT);
}

static void
test_torn_answers_are_none(void **state)
{
	struct ack a = ack_of(1, 0);

	(void)state;
	for (size_t len = 1; len < sizeof(a.head); len++)
		say(&a, len);
	a.head.nlmsg_len = 4096;
	say(&a, sizeof(a));
	assert_int_equal(netlink_ask(&n, &q, &refusal), ERR_TIMEOUT);
	/* An error without a code is no acknowledgement. */
	a = ack_of(2, 0);
	a.head.nlmsg_len = sizeof(a.head) + 2;
	say(&a, sizeof(a.head) + 4);
	assert_int_equal(netlink_ask(&n, &q, &refusal), ERR_DENIED);
	assert_int_equal(refusal.code, EPROTO);
	assert_null(refusal.copy);
}

static void
test_a_dump_ends_with_done(void **state)
{
	struct {
		struct nlmsghdr head;
		int code;
	} done = { .head = { .nlmsg_len = sizeof(done),
			     .nlmsg_type = NLMSG_DONE,
			     .nlmsg_seq = 1,
			     .nlmsg_pid = PORT } };
	struct nlmsghdr part[2];

	(void)state;
	question.nlmsg_flags = NLM_F_DUMP;
	for (int i = 0; i < 2; i++)
		part[i] = (struct nlmsghdr){ .nlmsg_len = sizeof(part[i]),
					     .nlmsg_type = PART,
					     .nlmsg_seq = 1,
					     .nlmsg_pid = PORT };
	say(part, sizeof(part));
	say(part, sizeof(part));
	say(&done, sizeof(done));
	assert_int_equal(netlink_ask(&n, &q, &refusal), ERR_NONE);
	assert_int_equal(parts, 4);
	done.head.nlmsg_seq = 2;
	done.code = -EMSGSIZE;
	say(&done, sizeof(done));
	assert_int_equal(netlink_ask(&n, &q, &refusal), ERR_DENIED);
	assert_int_equal(refusal.code, EMSGSIZE);
}

/* More than there is room for was cut: what it said is not known. */
static void
test_what_is_cut_is_asked_again(void **state)
{
	static uint8_t big[NETLINK_IN_SIZE + 1];

	(void)state;
	say(big, sizeof(big));
	assert_int_equal(netlink_ask(&n, &q, &refusal), ERR_AGAIN);
}

#define ON_A_STAGE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_STAGE(test_an_acknowledgement),
		ON_A_STAGE(test_a_refusal_has_its_code),
		ON_A_STAGE(test_silence_has_an_end),
		ON_A_STAGE(test_a_late_one_is_not_taken_for_another),
		ON_A_STAGE(test_another_port_is_not_ours),
		ON_A_STAGE(test_torn_answers_are_none),
		ON_A_STAGE(test_a_dump_ends_with_done),
		ON_A_STAGE(test_what_is_cut_is_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
