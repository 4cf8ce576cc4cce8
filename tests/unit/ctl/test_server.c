/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole control process, in its real sandbox, between a supervisor and
 * the tool's client. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/server.h"
#include "pages.h"
#include "proc/post.h"

struct lab {
	struct pages pages;
	char dir[32], path[64];
	int listener, supervisor; /* our end */
	pid_t child;
	char heard[65536];
};

static int
memory_of(const void *bytes, size_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	return write(fd, bytes, size) == (ssize_t)size ? fd : -1;
}

static int
listen_at(struct lab *l)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	strcpy(l->dir, "/tmp/dnsfw-test-XXXXXX");
	if (mkdtemp(l->dir) == NULL)
		return -1;
	snprintf(l->path, sizeof(l->path), "%s/control", l->dir);
	strcpy(at.sun_path, l->path);
	l->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (bind(l->listener, (struct sockaddr *)&at, sizeof(at)) == -1)
		return -1;
	return listen(l->listener, 8);
}

static int
be_control(struct lab *l, int channel)
{
	struct role_kit kit = { .role = ROLE_CONTROL,
				.supervisor = channel,
				.parent = getppid(),
				.opt = &l->pages.opt,
				.board = &l->pages.board,
				.state = &l->pages.state,
				.all_stats = { &l->pages.stats[0] },
				.own = -1,
				.ledger = -1, .past = -1,
				.refusals = -1,
				.generation = 3,
				.control = l->listener };

	kit.policy = memory_of(l->pages.image, l->pages.view.policy.size);
	return control_main(&kit);
}

/* Waits for the child's READY. */
static void
hear_ready(struct lab *l)
{
	struct pollfd wait = { .fd = l->supervisor, .events = POLLIN };
	struct plain_letter letter;

	assert_int_equal(poll(&wait, 1, 10000), 1);
	assert_int_equal(recv(l->supervisor, &letter, sizeof(letter), 0),
			 sizeof(letter));
	assert_int_equal(letter.head.kind, POST_READY);
}

static int
set_up(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));
	int ends[2];

	*state = l;
	if (l == NULL || !pages_init(&l->pages, "10.0.0.0/8 ~> a.example\n") ||
	    listen_at(l) == -1 || post_pair(ends) != ERR_NONE)
		return -1;
	l->pages.opt.run_uid = getuid() == 0 ? 65534 : getuid();
	l->pages.opt.run_gid = getuid() == 0 ? 65534 : getgid();
	l->child = fork();
	if (l->child == 0) {
		close(ends[0]);
		_exit(be_control(l, ends[1]));
	}
	close(ends[1]);
	l->supervisor = ends[0];
	hear_ready(l);
	return 0;
}

static int
tear_down(void **state)
{
	struct lab *l = *state;

	unlink(l->path);
	rmdir(l->dir);
	close(l->listener);
	pages_fini(&l->pages);
	free(l);
	return 0;
}

/* The supervisor ends, or says stop, and so does the child. */
static void
assert_ends(struct lab *l)
{
	int status = -1;

	if (l->supervisor != -1)
		close(l->supervisor);
	assert_int_equal(waitpid(l->child, &status, 0), l->child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
on_line(void *arg, const char *line)
{
	struct lab *l = arg;

	assert_true(strlen(l->heard) + strlen(line) < sizeof(l->heard));
	strcat(l->heard, line);
}

static enum client_end
ask(struct lab *l, const char *line)
{
	struct client_request r = { l->path, line, on_line, l, NULL };

	l->heard[0] = '\0';
	return client_ask(&r);
}

static void
hand(struct lab *l, enum hand what, uint32_t generation, int fd)
{
	struct hand_letter letter = { .hand = what, .generation = generation };

	post_head(&letter.head, POST_HAND, 0);
	assert_int_equal(post_send(l->supervisor, &letter, sizeof(letter),
				   fd), ERR_NONE);
	close(fd);
}

static void
answers_in_its_sandbox(void **state)
{
	struct lab *l = *state;

	assert_int_equal(ask(l, "status"), CLIENT_DONE);
	assert_non_null(strstr(l->heard, "\nstate ok\n"));
	assert_int_equal(ask(l, "explain 10.0.0.2 a.example MX"),
			 CLIENT_DONE);
	assert_non_null(strstr(l->heard, "answer MX forwarded\n"));
	assert_int_equal(ask(l, "panic"), CLIENT_FAILED);
	assert_ends(l);
}

static void
takes_later_hands(void **state)
{
	struct lab *l = *state;
	struct pages newer;
	const struct pages_grant g = { "10.0.0.2", "203.0.113.5", 443, 7,
				       60000 };

	assert_true(pages_init(&newer, "10.0.0.0/8 -| a.example\n"));
	hand(l, HAND_POLICY, 4,
	     memory_of(newer.image, newer.view.policy.size));
	assert_int_equal(ask(l, "explain 10.0.0.2 a.example MX"),
			 CLIENT_DONE);
	assert_non_null(strstr(l->heard, "verdict blocked\n"));

	/* What is no policy leaves the last one in force. */
	hand(l, HAND_POLICY, 5, memory_of("nothing", 7));
	assert_int_equal(ask(l, "explain 10.0.0.2 a.example MX"),
			 CLIENT_DONE);
	assert_non_null(strstr(l->heard, "verdict blocked\n"));

	assert_int_equal(ask(l, "grants"), CLIENT_FAILED);
	pages_ledger(&newer);
	pages_grant(&newer, 0, &g);
	hand(l, HAND_LEDGER, 0,
	     memory_of(newer.ledger, newer.view.ledger_size));
	assert_int_equal(ask(l, "grants"), CLIENT_DONE);
	assert_non_null(strstr(l->heard, "10.0.0.2 203.0.113.5 TCP:443 "));

	newer.stats[0].answers = 99;
	hand(l, HAND_STATS, 0,
	     memory_of(&newer.stats[0], sizeof(newer.stats[0])));
	assert_int_equal(ask(l, "status"), CLIENT_DONE);
	assert_non_null(strstr(l->heard, "\nanswers 99\n"));
	pages_fini(&newer);
	assert_ends(l);
}

/* Plays the supervisor in a process of its own: says that to one reload. */
static pid_t
supervisor_says(struct lab *l, struct reloaded_letter *word)
{
	struct pollfd wait = { .fd = l->supervisor, .events = POLLIN };
	struct plain_letter asked;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (poll(&wait, 1, 10000) != 1 ||
	    recv(l->supervisor, &asked, sizeof(asked), 0) !=
		(ssize_t)sizeof(asked))
		_exit(1);
	post_head(&word->head, POST_RELOADED, 0);
	word->seq = asked.seq;
	_exit(post_send(l->supervisor, word, sizeof(*word), -1) != ERR_NONE);
}

static void
reloads(void **state)
{
	struct reloaded_letter word = { .ok = RELOAD_DONE,
					.generation = 4 };
	struct lab *l = *state;
	int status;
	pid_t pid = supervisor_says(l, &word);

	assert_int_equal(ask(l, "reload"), CLIENT_DONE);
	assert_string_equal(l->heard, "policy generation 4 is in force\n");
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	word.ok = RELOAD_REFUSED;
	pid = supervisor_says(l, &word);
	assert_int_equal(ask(l, "reload"), CLIENT_FAILED);
	waitpid(pid, &status, 0);
	assert_ends(l);
}

static void
stops_when_told(void **state)
{
	struct lab *l = *state;
	struct plain_letter stop = { 0 };
	int status, channel = l->supervisor;

	post_head(&stop.head, POST_STOP, 0);
	assert_int_equal(post_send(channel, &stop, sizeof(stop), -1), 0);
	assert_int_equal(waitpid(l->child, &status, 0), l->child);
	assert_int_equal(status, 0);
	close(channel);
	/* The tool says so, and how it ends says so too. */
	close(l->listener);
	assert_int_equal(ask(l, "status"), CLIENT_NO_DAEMON);
	l->listener = -1;
}

static void
parts_from_a_supervisor_that_breaks_the_table(void **state)
{
	struct lab *l = *state;
	struct plain_letter bad = { 0 };
	int status;

	post_head(&bad.head, POST_READY, 0); /* only children say that */
	assert_int_equal(post_send(l->supervisor, &bad, sizeof(bad), -1), 0);
	assert_int_equal(waitpid(l->child, &status, 0), l->child);
	assert_int_equal(WEXITSTATUS(status), 1);
	close(l->supervisor);
}

#define LAB_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(answers_in_its_sandbox),
		LAB_TEST(takes_later_hands),
		LAB_TEST(reloads),
		LAB_TEST(stops_when_told),
		LAB_TEST(parts_from_a_supervisor_that_breaks_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
