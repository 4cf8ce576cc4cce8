/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The warden as it is, sandbox and all, on a kernel of its own: letters go
 * in, entries stand.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "firewall/admission.h"
#include "firewall/warden.h"
#include "kit.h"

static const char acl[] = "10.0.0.0/8 -> a.example:TCP:443\n"
			  "10.0.0.0/8 -> *.b.example:UDP:53\n"
			  "2001:db8::/32 -> a.example:TCP:443\n";

struct scene {
	pid_t pid;
	int supervisor, worker; /* our ends */
	struct board *board;
	int ledger;
	struct backend *backend; /* our own look at the sets */
};

static void
wait_for(int fd)
{
	struct pollfd at = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&at, 1, 5000), 1);
}

static void
expect_letter(int fd, enum letter_kind kind)
{
	struct plain_letter l;

	wait_for(fd);
	assert_true(recv(fd, &l, sizeof(l), 0) >= (ssize_t)sizeof(l.head));
	assert_int_equal(l.head.kind, kind);
}

static void
expect_wish(int fd, enum rules_wish wish)
{
	struct plain_letter l;

	wait_for(fd);
	assert_int_equal(recv(fd, &l, sizeof(l), 0), sizeof(l));
	assert_int_equal(l.head.kind, POST_RULES_GONE);
	assert_int_equal(l.value, wish);
}

static void
tell(int fd, enum letter_kind kind, uint32_t value)
{
	struct plain_letter l = { .value = value };

	post_head(&l.head, kind, 0);
	assert_int_equal(post_send(fd, &l, sizeof(l), -1), ERR_NONE);
}

static void
hand(struct scene *s, enum hand what, uint32_t generation, int fd)
{
	struct hand_letter l = { .hand = what, .generation = generation };

	post_head(&l.head, POST_HAND, 0);
	assert_int_equal(post_send(s->supervisor, &l, sizeof(l), fd), ERR_NONE);
	close(fd);
}

static void
run_warden(struct scene *s, int supervisor, int worker)
{
	static struct role_kit kit;

	kit = (struct role_kit){
		.role = ROLE_WARDEN,
		.supervisor = supervisor,
		.parent = getppid(),
		.opt = kit_options(),
		.policy = kit_policy_fd(acl),
		.generation = 1,
		.own = kit_memory(kit_own(), sizeof(struct own_addresses)),
		.board = s->board,
		.families = ROLE_IPV4 | ROLE_IPV6,
		.ledger = s->ledger,
	};
	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++)
		kit.worker[i] = -1;
	kit.worker[0] = worker;
	kit.worker_epoch[0] = 1;
	_exit(warden_main(&kit));
}

static void
start(struct scene *s)
{
	int up[2], side[2];

	assert_int_equal(post_pair(up), ERR_NONE);
	assert_int_equal(post_pair(side), ERR_NONE);
	s->pid = fork();
	if (s->pid == 0) {
		close(up[0]);
		close(side[0]);
		run_warden(s, up[1], side[1]);
	}
	close(up[1]);
	close(side[1]);
	s->supervisor = up[0];
	s->worker = side[0];
	expect_letter(s->supervisor, POST_READY);
}

static void
stop(struct scene *s)
{
	int status;

	close(s->worker);
	close(s->supervisor);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* A rule of any kind makes References 1: here one of iptables. */
static void
place_rules(const char *how)
{
	char line[512];

	snprintf(line, sizeof(line),
		 "for s in ipv4-allow ipv4-allow-local; do "
		 "iptables -w -%s OUTPUT -m set --match-set TEST-$s dst,dst "
		 "-j ACCEPT || exit 1; done; "
		 "for s in ipv6-allow ipv6-allow-local; do "
		 "ip6tables -w -%s OUTPUT -m set --match-set TEST-$s dst,dst "
		 "-j ACCEPT || exit 1; done",
		 how, how);
	assert_int_equal(system(line), 0);
}

static struct granted_letter
ask(struct scene *s, struct kit_letter *l)
{
	size_t size = post_size(POST_GRANT, l->letter.head.count);
	struct granted_letter answer;

	assert_int_equal(post_send(s->worker, l, size, -1), ERR_NONE);
	wait_for(s->worker);
	assert_int_equal(recv(s->worker, &answer, sizeof(answer), 0),
			 sizeof(answer));
	assert_int_equal(answer.head.kind, POST_GRANTED);
	assert_int_equal(answer.seq, l->letter.seq);
	return answer;
}

static bool
stands(struct scene *s, const struct grant_item *item)
{
	struct backend_entry entry = { 0 };
	bool has = false;

	judge_key(item, &entry.key);
	assert_int_equal(backend_ipset.has(s->backend, &entry, &has), ERR_NONE);
	return has;
}

static void
wait_until_up(struct scene *s, uint32_t up)
{
	int64_t end = clock_ms() + 3000;

	while (s->board->firewall_up != up && clock_ms() < end)
		poll(NULL, 0, 10);
	assert_int_equal(s->board->firewall_up, up);
}

/* Two channels: the letter may be read before the policy. */
static void
wait_until_stale(struct scene *s, struct kit_letter *l)
{
	int64_t end = clock_ms() + 1000;

	while (ask(s, l).status == GRANT_OK && clock_ms() < end)
		poll(NULL, 0, 10);
	assert_int_equal(ask(s, l).status, GRANT_STALE);
}

static int
setup(void **state)
{
	static struct scene s;
	struct backend_setup b = { .prefix = "TEST",
				   .set_size = 64,
				   .families = ROLE_IPV4 | ROLE_IPV6 };

	s = (struct scene){ 0 };
	s.board = mmap(NULL, sizeof(*s.board), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	s.ledger = kit_memory(NULL, ledger_bytes(64));
	if (backend_ipset.open(&b, &s.backend) != ERR_NONE)
		return -1;
	start(&s);
	place_rules("I");
	tell(s.supervisor, POST_RULES_PLACED, RULES_STAND);
	wait_until_up(&s, 1);
	*state = &s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	/* It would make again what is destroyed under it. */
	stop(s);
	if (system("iptables -F OUTPUT; ip6tables -F OUTPUT; ipset destroy"))
		return -1;
	backend_ipset.close(s->backend);
	munmap(s->board, sizeof(*s->board));
	close(s->ledger);
	return 0;
}

static void
test_a_grant_stands_when_it_is_answered(void **state)
{
	struct scene *s = *state;
	struct kit_letter l;
	struct granted_letter a;

	kit_letter(&l, 2);
	l.letter.seq = 7;
	l.item[0] = kit_item("10.0.0.2", "203.0.113.5");
	l.item[1] = kit_item("2001:db8::2", "2606:4700::5");
	l.item[1].rule = 2;
	a = ask(s, &l);
	assert_int_equal(a.status, GRANT_OK);
	assert_int_equal(a.applied, 2);
	assert_int_equal(a.lowest_ttl_s, 100);
	assert_true(stands(s, &l.item[0]));
	assert_true(stands(s, &l.item[1]));
	assert_int_equal(s->board->granted, 2);
	assert_int_equal(s->board->live, 2);
}

static void
test_a_bad_item_opens_nothing(void **state)
{
	struct scene *s = *state;
	struct kit_letter l;
	struct granted_letter a;

	kit_letter(&l, 2);
	l.item[0] = kit_item("10.0.0.2", "203.0.113.5");
	l.item[1] = kit_item("10.0.0.2", "127.0.0.1");
	a = ask(s, &l);
	assert_int_equal(a.status, GRANT_REFUSED);
	assert_int_equal(a.detail, DETAIL_GUARDED);
	assert_int_equal(a.first_bad, 1);
	assert_false(stands(s, &l.item[0]));
	assert_int_equal(s->board->refused, 1);
}

/* The channel is shut, and the supervisor told whom to end. */
static void
expect_accused(struct scene *s)
{
	struct plain_letter l;
	char byte;

	wait_for(s->worker);
	assert_int_equal(recv(s->worker, &byte, 1, 0), 0);
	wait_for(s->supervisor);
	assert_int_equal(recv(s->supervisor, &l, sizeof(l), 0), sizeof(l));
	assert_int_equal(l.head.kind, POST_BAD_WORKER);
	assert_int_equal(l.value, 0); /* its index */
	assert_int_equal(l.seq, 1);   /* its epoch */
}

static void
test_ten_bad_letters_end_the_worker(void **state)
{
	struct scene *s = *state;
	struct kit_letter l;

	kit_letter(&l, 1);
	l.item[0] = kit_item("10.0.0.2", "127.0.0.1");
	for (int i = 0; i < 10; i++)
		assert_int_equal(ask(s, &l).status, GRANT_REFUSED);
	expect_accused(s);
}

static void
test_a_torn_letter_ends_the_worker(void **state)
{
	struct scene *s = *state;
	struct kit_letter l;

	kit_letter(&l, 1);
	l.item[0] = kit_item("10.0.0.2", "203.0.113.5");
	assert_int_equal(
	    post_send(s->worker, &l, post_size(POST_GRANT, 1) - 1, -1),
	    ERR_NONE);
	expect_accused(s);
	assert_false(stands(s, &l.item[0]));
}

static void
test_an_old_generation_is_stale(void **state)
{
	struct scene *s = *state;
	struct kit_letter l;

	kit_letter(&l, 1);
	l.item[0] = kit_item("10.0.0.2", "203.0.113.5");
	l.letter.generation = 0;
	assert_int_equal(ask(s, &l).status, GRANT_STALE);
	assert_false(stands(s, &l.item[0]));
}

static void
test_a_reload_revokes_what_no_rule_gives(void **state)
{
	struct scene *s = *state;
	uint32_t epoch = s->board->set_epoch;
	struct kit_letter l;

	kit_letter(&l, 2);
	l.item[0] = kit_item("10.0.0.2", "203.0.113.5");
	l.item[1] = kit_item("10.0.0.2", "203.0.113.6");
	l.item[1].rule = 1;
	l.item[1].protocol = IPPROTO_UDP;
	l.item[1].port = 53;
	assert_int_equal(ask(s, &l).status, GRANT_OK);
	hand(s, HAND_POLICY, 2,
	     kit_policy_fd("10.0.0.0/8 -> *.b.example:UDP:53\n"));
	wait_until_stale(s, &l);
	assert_false(stands(s, &l.item[0]));
	assert_true(stands(s, &l.item[1]));
	assert_true(s->board->set_epoch > epoch);
}

/* Workers forget it too: it may cease to be ours before its time is over. */
static void
test_what_becomes_ours_is_revoked(void **state)
{
	struct scene *s = *state;
	struct own_addresses own = *kit_own();
	uint32_t epoch = s->board->set_epoch;
	int64_t end = clock_ms() + 5000;
	struct kit_letter l;

	kit_letter(&l, 1);
	l.item[0] = kit_item("10.0.0.2", "203.0.113.5");
	assert_int_equal(ask(s, &l).status, GRANT_OK);
	own.addr[2] = l.item[0].destination;
	hand(s, HAND_OWN, 1, kit_memory(&own, sizeof(own)));
	while (s->board->set_epoch == epoch && clock_ms() < end)
		usleep(1000);
	assert_true(s->board->set_epoch > epoch);
	assert_false(stands(s, &l.item[0]));
}

static void
test_a_flushed_set_is_filled_again(void **state)
{
	struct scene *s = *state;
	uint64_t repairs = s->board->repairs;
	struct kit_letter l;
	int64_t end;

	kit_letter(&l, 1);
	l.item[0] = kit_item("10.0.0.2", "203.0.113.5");
	assert_int_equal(ask(s, &l).status, GRANT_OK);
	assert_int_equal(system("ipset flush TEST-ipv4-allow"), 0);
	assert_false(stands(s, &l.item[0]));
	end = clock_ms() + 2000;
	while (s->board->repairs == repairs && clock_ms() < end)
		poll(NULL, 0, 10);
	assert_true(stands(s, &l.item[0]));
	wait_until_up(s, 1);
}

/* The wish for rules may have come before the set was gone. */
static void
wait_for_set(const char *name)
{
	int64_t end = clock_ms() + 2000;
	char line[128];

	snprintf(line, sizeof(line), "ipset list -t %s >/dev/null 2>&1", name);
	while (system(line) != 0 && clock_ms() < end)
		poll(NULL, 0, 10);
}

static void
test_without_rules_nothing_is_granted(void **state)
{
	struct scene *s = *state;
	struct kit_letter l;

	kit_letter(&l, 1);
	l.item[0] = kit_item("10.0.0.2", "203.0.113.5");
	assert_int_equal(ask(s, &l).status, GRANT_OK);
	assert_int_equal(system("iptables -F OUTPUT; ipset destroy "
				"TEST-ipv4-allow"),
			 0);
	expect_wish(s->supervisor, WISH_PLACE);
	assert_int_equal(s->board->firewall_up, 0);
	assert_int_equal(ask(s, &l).status, GRANT_DOWN);
	assert_int_equal(system("ip6tables -F OUTPUT"), 0);
	wait_for_set("TEST-ipv4-allow");
	place_rules("I");
	tell(s->supervisor, POST_RULES_PLACED, RULES_STAND);
	wait_until_up(s, 1);
	assert_true(stands(s, &l.item[0]));
	assert_int_equal(ask(s, &l).status, GRANT_OK);
}

/* The sets stand, but nothing looks into one of them. */
static void
test_a_set_that_no_rule_refers_to(void **state)
{
	struct scene *s = *state;
	struct kit_letter l;

	kit_letter(&l, 1);
	l.item[0] = kit_item("10.0.0.2", "203.0.113.5");
	assert_int_equal(system("iptables -F OUTPUT"), 0);
	expect_wish(s->supervisor, WISH_PLACE);
	assert_int_equal(ask(s, &l).status, GRANT_DOWN);
	assert_int_equal(s->board->references[SET_V4], 0);
	/* To say that they are placed is not enough: they are looked at. */
	tell(s->supervisor, POST_RULES_PLACED, RULES_STAND);
	expect_wish(s->supervisor, WISH_PLACE);
	assert_int_equal(ask(s, &l).status, GRANT_DOWN);
	assert_int_equal(s->board->firewall_up, 0);
	assert_int_equal(system("ip6tables -F OUTPUT"), 0);
	place_rules("I");
	tell(s->supervisor, POST_RULES_PLACED, RULES_STAND);
	wait_until_up(s, 1);
	assert_int_equal(ask(s, &l).status, GRANT_OK);
}

/* A rule of somebody else holds a set of another kind in the place of ours:
 * one of our own beside it would match what nobody granted. */
static void
test_rules_wait_for_their_sets(void **state)
{
	struct scene *s = *state;
	struct pollfd at = { .fd = s->supervisor, .events = POLLIN };

	assert_int_equal(kill(s->pid, SIGSTOP), 0);
	assert_int_equal(
	    system("iptables -F OUTPUT && ip6tables -F OUTPUT && "
		   "ipset destroy TEST-ipv4-allow && "
		   "ipset create TEST-ipv4-allow hash:ip && "
		   "iptables -A INPUT -m set --match-set TEST-ipv4-allow src"),
	    0);
	assert_int_equal(kill(s->pid, SIGCONT), 0);
	wait_until_up(s, 0);
	/* What was asked before the sets were looked at. */
	while (poll(&at, 1, 300) == 1)
		expect_letter(s->supervisor, POST_RULES_GONE);
	/* Ours could be what holds it; it is not. */
	tell(s->supervisor, POST_RULES_PLACED, RULES_CLEARED);
	assert_int_equal(poll(&at, 1, 1500), 0);
	assert_int_equal(s->board->finding[SET_V4], SET_HELD);
	assert_int_equal(system("iptables -F INPUT"), 0);
	expect_wish(s->supervisor, WISH_PLACE);
	place_rules("I");
	tell(s->supervisor, POST_RULES_PLACED, RULES_STAND);
	wait_until_up(s, 1);
}

static void
test_a_restarted_warden_knows_its_grants(void **state)
{
	struct scene *s = *state;
	struct kit_letter l;

	kit_letter(&l, 1);
	l.item[0] = kit_item("10.0.0.2", "203.0.113.5");
	assert_int_equal(ask(s, &l).status, GRANT_OK);
	assert_int_equal(kill(s->pid, SIGKILL), 0);
	waitpid(s->pid, NULL, 0);
	close(s->worker);
	close(s->supervisor);
	/* Some other program's: no rule gives the second. */
	assert_int_equal(system("ipset add TEST-ipv4-allow 10.0.0.3,tcp:443,"
				"203.0.113.9 timeout 0; ipset add "
				"TEST-ipv4-allow 10.0.0.3,tcp:80,203.0.113.9"),
			 0);
	start(s);
	tell(s->supervisor, POST_RULES_PLACED, RULES_STAND);
	wait_until_up(s, 1);
	assert_true(stands(s, &l.item[0]));
	l.item[1] = kit_item("10.0.0.3", "203.0.113.9");
	assert_true(stands(s, &l.item[1]));
	l.item[1].port = 80;
	assert_false(stands(s, &l.item[1]));
	assert_int_equal(system("ipset save | grep 'timeout 0$'") == 0, 0);
	l.item[0].ttl_s = 50;
	assert_int_equal(ask(s, &l).lowest_ttl_s > 90, 1);
}

#define ON_A_STAGE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_STAGE(test_a_grant_stands_when_it_is_answered),
		ON_A_STAGE(test_a_bad_item_opens_nothing),
		ON_A_STAGE(test_ten_bad_letters_end_the_worker),
		ON_A_STAGE(test_a_torn_letter_ends_the_worker),
		ON_A_STAGE(test_an_old_generation_is_stale),
		ON_A_STAGE(test_a_reload_revokes_what_no_rule_gives),
		ON_A_STAGE(test_what_becomes_ours_is_revoked),
		ON_A_STAGE(test_a_flushed_set_is_filled_again),
		ON_A_STAGE(test_without_rules_nothing_is_granted),
		ON_A_STAGE(test_a_set_that_no_rule_refers_to),
		ON_A_STAGE(test_rules_wait_for_their_sets),
		ON_A_STAGE(test_a_restarted_warden_knows_its_grants),
	};

	if (!kit_own_network())
		return EXIT_SKIP;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
