/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first moments of a child: what it is handed, and what it ignores. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/doors.h"
#include "proc/role.h"

static void
send_hand(int to, enum hand what, uint32_t index, int fd)
{
	struct hand_letter hand = { .hand = what,
				    .index = index,
				    .generation = 7 };

	post_head(&hand.head, POST_HAND, 0);
	assert_int_equal(post_send(to, &hand, sizeof(hand), fd), ERR_NONE);
}

static void
send_start(int to)
{
	struct plain_letter start = { .seq = 3, .value = ROLE_IPV6 };

	post_head(&start.head, POST_START, 0);
	assert_int_equal(post_send(to, &start, sizeof(start), -1), ERR_NONE);
}

/* What a child that was equipped so says of itself: 0, or which line of the
 * list below does not hold. */
static int
child_of(enum role role, int channel)
{
	static struct role_kit kit;
	char *argv[] = { NULL, NULL };

	if (dup2(channel, ROLE_CHANNEL) == -1)
		return 1;
	if (role_begin(role, 2, argv, &kit) != ERR_NONE)
		return 2;
	/* a terminal's signals do not end it */
	raise(SIGINT);
	raise(SIGTERM);
	raise(SIGHUP);
	if (kit.epoch != 3 || kit.families != ROLE_IPV6 || kit.index != 2)
		return 3;
	if (kit.opt == NULL || kit.opt->grace_s != 77)
		return 4;
	if (kit.udp[1] == -1 || kit.udp[0] != -1 || kit.policy != -1)
		return 5;
	if (kit.worker[5] == -1 || kit.worker_epoch[5] != 7)
		return 6;
	return 0;
}

static void
it_has_what_it_was_handed(void **state)
{
	static struct options opt;
	int end[2], fd, status;
	pid_t pid;

	(void)state;
	opt.grace_s = 77;
	assert_int_equal(post_pair(end), ERR_NONE);
	assert_int_equal(door_sealed_copy("options", &opt, sizeof(opt), &fd),
			 ERR_NONE);
	send_hand(end[0], HAND_OPTIONS, 0, fd);
	send_hand(end[0], HAND_UDP, 1, fd);
	send_hand(end[0], HAND_WORKER, 5, fd);
	/* there is no such bind address: closed, and nothing is written */
	send_hand(end[0], HAND_UDP, ROLE_MAX_BINDS, fd);
	send_hand(end[0], HAND_WORKER, ROLE_MAX_WORKERS, fd);
	send_hand(end[0], HAND_COUNT, 0, fd);
	send_start(end[0]);
	pid = fork();
	if (pid == 0)
		_exit(child_of(ROLE_WARDEN, end[1]));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(fd);
	close(end[0]);
	close(end[1]);
}

static void
without_options_it_does_not_begin(void **state)
{
	int end[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(post_pair(end), ERR_NONE);
	send_start(end[0]);
	pid = fork();
	if (pid == 0)
		_exit(child_of(ROLE_RECORDER, end[1]));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 2);
	close(end[0]);
	close(end[1]);
}

static void
a_person_cannot_start_a_role(void **state)
{
	enum role role;
	uint32_t index;

	(void)state;
	/* no channel of ours is there */
	close(ROLE_CHANNEL);
	assert_false(role_from_name("dns-firewall: worker 1", &role, &index));
	assert_false(role_from_name("dns-firewall", &role, &index));
	assert_false(role_from_name(NULL, &role, &index));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_cannot_start_a_role),
		cmocka_unit_test(it_has_what_it_was_handed),
		cmocka_unit_test(without_options_it_does_not_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
