/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each sandbox tries what it must not do. A child enters the sandbox of a
 * role for real, then makes the attempts; it may not succeed at any.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/doors.h"
#include "proc/role.h"

enum { NFLOG_GROUP = 20707 };

/* Of the lists process; -1: it has none. */
static int lists_dir = -1;

static int
try_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
}

static int
try_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int
try_raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
}

static int
try_internet_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int
try_open(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static int
try_create(void)
{
	return open("/tmp/dns-firewall-must-not-be", O_CREAT | O_WRONLY, 0600);
}

static int
try_exec(void)
{
	char *argv[] = { (char *)(uintptr_t) "true", NULL };

	return execve("/bin/true", argv, NULL);
}

static int
try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid;
}

static int
try_unshare(void)
{
	return unshare(CLONE_NEWUSER);
}

static int
try_ptrace(void)
{
	return (int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static int
try_kill(void)
{
	return kill(getppid(), 0);
}

static int
try_pidfd(void)
{
	return (int)syscall(SYS_pidfd_open, getppid(), 0);
}

static int
try_read_parent(void)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { &byte, 1 };

	return (int)process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}

static int
try_executable_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

static int
try_bpf(void)
{
	return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static int
try_io_uring(void)
{
	return (int)syscall(SYS_io_uring_setup, 1, NULL);
}

static int
try_become_root(void)
{
	return setuid(0);
}

static int
try_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static int
try_connect_elsewhere(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(22),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	/* refused by nobody listening is not refused by the sandbox */
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == -1 &&
	    errno != EACCES)
		return 0;
	return -1;
}

typedef int attempt_fn(void);

struct attempt {
	const char *name;
	attempt_fn *fn;
};

/* In nobody's power. */
static const struct attempt never[] = {
	{ "netlink socket", try_netlink },
	{ "unix socket", try_unix_socket },
	{ "raw socket", try_raw_socket },
	{ "open a file", try_open },
	{ "create a file", try_create },
	{ "execute", try_exec },
	{ "fork", try_fork },
	{ "unshare", try_unshare },
	{ "ptrace", try_ptrace },
	{ "kill", try_kill },
	{ "pidfd_open", try_pidfd },
	{ "read another's memory", try_read_parent },
	{ "executable memory", try_executable_memory },
	{ "bpf", try_bpf },
	{ "io_uring", try_io_uring },
	{ "setuid(0)", try_become_root },
	{ "become dumpable", try_dumpable },
};

static int
make_attempts(const struct attempt *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].fn() >= 0)
			return (int)i + 1;
	return 0;
}

struct trial {
	enum role role;
	const struct attempt *list;
	size_t count;
};

static void
in_child(const struct trial *t, int parent)
{
	static struct options opt;
	static struct role_kit kit;
	int failed;

	opt.run_uid = opt.run_gid = 65534;
	opt.upstream_count = 1;
	opt.upstream[0].port = 53;
	if (geteuid() != 0) {
		opt.run_uid = geteuid();
		opt.run_gid = getegid();
	}
	kit.role = t->role;
	kit.opt = &opt;
	kit.parent = parent;
	kit.supervisor = -1;
	kit.lists_dir = lists_dir;
	if (role_enter_sandbox(&kit) != ERR_NONE)
		_exit(200);
	failed = make_attempts(t->list, t->count);
	_exit(failed);
}

static void
must_all_fail(const struct trial *t)
{
	int parent = getpid(), status;
	pid_t pid = fork();

	if (pid == 0)
		in_child(t, parent);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* a sandbox that kills for an attempt is as good */
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGSYS);
		return;
	}
	if (WEXITSTATUS(status) == 200)
		fail_msg("the sandbox of the %s could not be entered",
			 role_name(t->role));
	if (WEXITSTATUS(status) != 0)
		fail_msg("the %s could: %s", role_name(t->role),
			 t->list[WEXITSTATUS(status) - 1].name);
}

static void
nobody_can(enum role role)
{
	struct trial t = { role, never, sizeof(never) / sizeof(never[0]) };

	must_all_fail(&t);
}

static void
worker_is_shut_in(void **state)
{
	(void)state;
	nobody_can(ROLE_WORKER);
}

static void
warden_is_shut_in(void **state)
{
	(void)state;
	nobody_can(ROLE_WARDEN);
}

static void
recorder_is_shut_in(void **state)
{
	(void)state;
	nobody_can(ROLE_RECORDER);
}

static void
control_is_shut_in(void **state)
{
	(void)state;
	nobody_can(ROLE_CONTROL);
}

static void
compiler_is_shut_in(void **state)
{
	(void)state;
	nobody_can(ROLE_COMPILER);
}

static void
witness_is_shut_in(void **state)
{
	(void)state;
	nobody_can(ROLE_WITNESS);
}

/* ---- the lists process: one directory, and the way out ------------------- */

static int
try_listen(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	bind(fd, (struct sockaddr *)&at, sizeof(at));
	return listen(fd, 1);
}

static int
try_leave_directory(void)
{
	return openat(lists_dir, "../dns-firewall-must-not-be",
		      O_CREAT | O_WRONLY, 0600);
}

static int
try_link(void)
{
	return symlinkat("/etc/passwd", lists_dir, "link");
}

static int
try_directory(void)
{
	return mkdirat(lists_dir, "directory", 0700);
}

static int
try_mode(void)
{
	return fchmodat(lists_dir, ".", 0777, 0);
}

static int
try_rename_away(void)
{
	close(openat(lists_dir, "a.new", O_CREAT | O_WRONLY, 0600));
	return renameat(lists_dir, "a.new", AT_FDCWD, "/tmp/a.new");
}

/* What it is for works: -1. */
static int
cannot_keep(void)
{
	int fd = openat(lists_dir, "b.new", O_CREAT | O_RDWR, 0600);
	bool kept = fd != -1 && pwrite(fd, "x", 1, 0) == 1 &&
		    fdatasync(fd) == 0 &&
		    renameat(lists_dir, "b.new", lists_dir, "b.kept") == 0 &&
		    unlinkat(lists_dir, "b.kept", 0) == 0;

	return kept ? -1 : 0;
}

static int
cannot_reach_out(void)
{
	return try_internet_socket() >= 0 ? -1 : 0;
}

static void
lists_are_shut_in(void **state)
{
	static const struct attempt more[] = {
		{ "listen", try_listen },
		{ "leave its directory", try_leave_directory },
		{ "make a link", try_link },
		{ "make a directory", try_directory },
		{ "change a mode", try_mode },
		{ "rename out of its directory", try_rename_away },
		{ "not keep a copy", cannot_keep },
		{ "not make a socket", cannot_reach_out },
	};
	struct trial t = { ROLE_LISTS, more, sizeof(more) / sizeof(more[0]) };
	char path[] = "/tmp/copies-XXXXXX";

	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1)
		skip(); /* without it files are kept shut by nothing */
	assert_non_null(mkdtemp(path));
	if (geteuid() == 0)
		assert_int_equal(chown(path, 65534, 65534), 0);
	lists_dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	nobody_can(ROLE_LISTS);
	must_all_fail(&t);
	unlinkat(lists_dir, "a.new", 0);
	close(lists_dir);
	lists_dir = -1;
	assert_int_equal(rmdir(path), 0);
}

/* The one descriptor that it has and nobody else: what the supervisor set up
 * with power, it can read and not change. */
static int nflog = -1;

static int
try_unbind(void)
{
	struct {
		struct nlmsghdr head;
		struct nfgenmsg gen;
		struct nlattr attr;
		struct nfulnl_msg_config_cmd unbind;
		uint8_t pad[3];
	} ask = { .head = { .nlmsg_len = sizeof(ask),
			    .nlmsg_type =
				NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
			    .nlmsg_seq = 77 },
		  .gen = { .res_id = htons(NFLOG_GROUP) },
		  .attr = { .nla_len = sizeof(struct nlattr) + 1,
			    .nla_type = NFULA_CFG_CMD },
		  .unbind = { .command = NFULNL_CFG_CMD_UNBIND } };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
		uint8_t more[256];
	} answer;

	if (sendto(nflog, &ask, sizeof(ask), 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) == -1)
		return -1;
	if (recv(nflog, &answer, sizeof(answer), MSG_DONTWAIT) == -1 ||
	    answer.head.nlmsg_seq != 77)
		return 0;
	return answer.err.error == -EPERM ? -1 : 0;
}

static void
the_witness_cannot_change_what_it_hears(void **state)
{
	static const struct attempt list[] = {
		{ "unbind the firewall's log", try_unbind }
	};
	struct trial t = { ROLE_WITNESS, list, 1 };
	char why[256];
	struct text text;

	(void)state;
	if (geteuid() != 0)
		skip();
	text_init(&text, why, sizeof(why));
	if (door_nflog(NFLOG_GROUP, &nflog, &text) != ERR_NONE)
		fail_msg("%s", why);
	must_all_fail(&t);
	/* and with power it can */
	assert_int_equal(try_unbind(), 0);
	close(nflog);
}

static void
only_workers_and_lists_have_internet_sockets(void **state)
{
	static const struct attempt list[] = {
		{ "internet socket", try_internet_socket }
	};
	static const enum role without[] = { ROLE_WARDEN, ROLE_RECORDER,
					     ROLE_CONTROL, ROLE_COMPILER,
					     ROLE_WITNESS };

	(void)state;
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		struct trial t = { without[i], list, 1 };

		must_all_fail(&t);
	}
}

static void
a_worker_connects_to_upstream_ports_only(void **state)
{
	static const struct attempt list[] = {
		{ "connect to port 22", try_connect_elsewhere }
	};
	struct trial t = { ROLE_WORKER, list, 1 };
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	(void)state;
	if (abi < 4)
		skip(); /* the kernel has no TCP rules */
	must_all_fail(&t);
}

/* The counter-proof: what the attempts do works outside a sandbox, so a
 * failure inside is the sandbox's doing. */
static void
outside_the_attempts_work(void **state)
{
	(void)state;
	assert_true(try_open() >= 0);
	assert_true(try_unix_socket() >= 0);
	assert_true(try_internet_socket() >= 0);
	assert_true(try_netlink() >= 0);
	assert_true(try_fork() > 0);
	assert_true(try_executable_memory() == 0);
	assert_true(try_kill() == 0);
	assert_true(try_pidfd() >= 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outside_the_attempts_work),
		cmocka_unit_test(worker_is_shut_in),
		cmocka_unit_test(warden_is_shut_in),
		cmocka_unit_test(recorder_is_shut_in),
		cmocka_unit_test(control_is_shut_in),
		cmocka_unit_test(compiler_is_shut_in),
		cmocka_unit_test(witness_is_shut_in),
		cmocka_unit_test(lists_are_shut_in),
		cmocka_unit_test(the_witness_cannot_change_what_it_hears),
		cmocka_unit_test(only_workers_and_lists_have_internet_sockets),
		cmocka_unit_test(a_worker_connects_to_upstream_ports_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
