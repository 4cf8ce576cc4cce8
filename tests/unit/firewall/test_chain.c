/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real iptables of both flavours, on a kernel of its own. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>

#include "base/log.h"
#include "firewall/backend.h"
#include "firewall/chain.h"
#include "firewall/tool.h"
#include "kit.h"

static struct options opt;
static int log_fd;

/* What was logged since the last call. */
static const char *
logged(void)
{
	static char buf[65536];
	ssize_t n = pread(log_fd, buf, sizeof(buf) - 1, 0);

	buf[n > 0 ? n : 0] = '\0';
	assert_int_equal(ftruncate(log_fd, 0), 0);
	lseek(log_fd, 0, SEEK_SET);
	return buf;
}

static int
setup(void **state)
{
	struct backend_setup b = { .prefix = "TEST",
				   .set_size = 64,
				   .families = ROLE_IPV4 | ROLE_IPV6 };
	struct backend *backend;

	(void)state;
	opt = *kit_options();
	if (backend_ipset.open(&b, &backend) != ERR_NONE)
		return -1;
	for (unsigned set = 0; set < SET_COUNT; set++) {
		if (backend_ipset.prepare(backend, set) != ERR_NONE)
			return -1;
	}
	backend_ipset.close(backend);
	logged();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return system("for t in iptables-nft ip6tables-nft iptables-legacy "
		      "ip6tables-legacy; do $t -F TEST; $t -X TEST; done "
		      "2>/dev/null; ipset destroy");
}

static void
test_no_chain_is_an_error(void **state)
{
	struct chain c;

	(void)state;
	assert_int_equal(chain_find(&opt, &c), ERR_MISSING);
}

static void
test_one_family_may_be_missing(void **state)
{
	struct chain c;
	const char *said;

	(void)state;
	kit_shell("iptables -N TEST");
	assert_int_equal(chain_find(&opt, &c), ERR_NONE);
	assert_string_equal(c.tool4, "iptables");
	assert_null(c.tool6);
	said = logged();
	assert_non_null(strstr(said, "[INFO ] Using iptables backend, chain "
				     "\"TEST\"\n"));
	assert_non_null(
	    strstr(said, "[WARN ] No IPv6 rules will be created.\n"));
	assert_int_equal(chain_place(&c), ERR_NONE);
	assert_true(chain_is_whole(&c));
	kit_shell("iptables -S TEST | grep -q -- '--match-set TEST-ipv4-allow "
	      "src,dst,dst -j ACCEPT'");
	kit_shell("! ip6tables -S TEST 2>/dev/null");
}

/* tool4: "iptables-nft" or "iptables-legacy" */
static void
place_and_disturb(const char *tool4, const char *tool6)
{
	char line[256];
	const char *said;
	struct chain c;

	snprintf(line, sizeof(line),
		 "%s -N TEST; %s -N TEST; %s -A TEST -s 10.9.8.7 -j ACCEPT",
		 tool4, tool6, tool4);
	kit_shell(line);
	assert_int_equal(chain_find(&opt, &c), ERR_NONE);
	assert_non_null(c.tool4);
	assert_non_null(c.tool6);
	assert_false(chain_is_whole(&c));
	logged();
	assert_int_equal(chain_place(&c), ERR_NONE);
	said = logged();
	assert_non_null(strstr(said, "Removed a foreign rule: -A TEST -s "
				     "10.9.8.7/32 -j ACCEPT"));
	assert_null(strstr(said, "[ERROR]"));
	assert_true(chain_is_whole(&c));
	snprintf(line, sizeof(line), "test $(%s -S TEST | wc -l) = 3", tool4);
	kit_shell(line);
	/* Again: nothing to do, and nothing to say. */
	assert_int_equal(chain_place(&c), ERR_NONE);
	assert_string_equal(logged(), "");
	/* A rule of ours that is gone comes back, and is no foreign one. */
	snprintf(line, sizeof(line), "%s -D TEST 1", tool6);
	kit_shell(line);
	assert_false(chain_is_whole(&c));
	assert_int_equal(chain_place(&c), ERR_NONE);
	assert_true(chain_is_whole(&c));
	assert_string_equal(logged(), "");
	/* What stands before ours would decide before ours. */
	snprintf(line, sizeof(line), "%s -I TEST 1 -j RETURN", tool4);
	kit_shell(line);
	assert_false(chain_is_whole(&c));
	/* A set that a rule refers to cannot be destroyed. */
	kit_shell("! ipset destroy TEST-ipv6-allow-local 2>/dev/null");
}

static void
test_nft(void **state)
{
	(void)state;
	place_and_disturb("iptables-nft", "ip6tables-nft");
}

static void
test_legacy(void **state)
{
	struct chain c;

	(void)state;
	place_and_disturb("iptables-legacy", "ip6tables-legacy");
	assert_int_equal(chain_find(&opt, &c), ERR_NONE);
	assert_string_equal(c.tool4, "iptables-legacy");
}

static void
test_a_flavour_can_be_forced(void **state)
{
	struct chain c;

	(void)state;
	kit_shell("iptables-nft -N TEST; iptables-legacy -N TEST");
	opt.iptables = IPTABLES_LEGACY;
	assert_int_equal(chain_find(&opt, &c), ERR_NONE);
	assert_string_equal(c.tool4, "iptables-legacy");
	opt.iptables = IPTABLES_NFT;
	assert_int_equal(chain_find(&opt, &c), ERR_NONE);
	assert_string_equal(c.tool4, "iptables-nft");
	logged();
	opt.iptables = IPTABLES_AUTO;
	assert_int_equal(chain_find(&opt, &c), ERR_NONE);
	assert_string_equal(c.tool4, "iptables");
	assert_non_null(strstr(logged(), "[WARN ] Chain \"TEST\" exists for "
					 "iptables-nft and for "
					 "iptables-legacy"));
}

static void
test_a_chain_that_vanished_is_not_made(void **state)
{
	struct chain c;

	(void)state;
	kit_shell("iptables -N TEST");
	assert_int_equal(chain_find(&opt, &c), ERR_NONE);
	kit_shell("iptables -X TEST");
	logged();
	assert_int_equal(chain_place(&c), ERR_MISSING);
	assert_non_null(strstr(logged(), "make it again with \"iptables -N "
					 "TEST\""));
	/* said once, however often it is looked for */
	assert_int_equal(chain_place(&c), ERR_MISSING);
	assert_string_equal(logged(), "");
	kit_shell("! iptables -S TEST 2>/dev/null");
}

/* A name that other names begin with is another chain. */
static void
test_only_the_whole_name_counts(void **state)
{
	struct chain c;

	(void)state;
	kit_shell("iptables -N TEST2; iptables -N TEST; iptables -A TEST2 -j TEST;"
	      "iptables -A TEST2 -s 10.1.1.1 -j ACCEPT");
	assert_int_equal(chain_find(&opt, &c), ERR_NONE);
	logged();
	assert_int_equal(chain_place(&c), ERR_NONE);
	assert_string_equal(logged(), "");
	kit_shell("test $(iptables -S TEST2 | wc -l) = 3");
	kit_shell("iptables -F TEST2; iptables -X TEST2");
}

static void
test_a_tool_that_hangs_is_killed(void **state)
{
	char path[] = "/bin/sleep", arg[] = "60";
	char *argv[] = { path, arg, NULL };
	struct tool_result r;

	(void)state;
	assert_int_equal(tool_run(argv, "", &r), ERR_TIMEOUT);
	tool_done(&r);
}

static void
test_a_tool_is_heard_whole(void **state)
{
	char path[] = "/bin/sh", opt_c[] = "-c";
	char script[] = "cat; env; ls /proc/self/fd | wc -l; echo bad >&2; "
			"head -c 300000 /dev/zero | tr '\\0' x; exit 3";
	char *argv[] = { path, opt_c, script, NULL };
	struct tool_result r;

	(void)state;
	assert_int_equal(tool_run(argv, "input\n", &r), ERR_NONE);
	assert_int_equal(r.status, 3);
	assert_string_equal(r.complaint, "bad\n");
	assert_memory_equal(r.output, "input\n", 6);
	/* Of the environment there is only what the shell makes itself; of
	 * descriptors the three, and the one of the listing. */
	assert_null(strstr(r.output, "HOME="));
	assert_non_null(strstr(r.output, "\n4\nxxx"));
	assert_int_equal(strspn(strstr(r.output, "xxx"), "x"), 300000);
	tool_done(&r);
}

static void
test_a_missing_tool_is_missing(void **state)
{
	char path[] = "/usr/sbin/no-such-tool";
	char *argv[] = { path, NULL };
	struct tool_result r;

	(void)state;
	assert_int_equal(tool_run(argv, "", &r), ERR_MISSING);
	tool_done(&r);
}

#define ON_A_STAGE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_STAGE(test_no_chain_is_an_error),
		ON_A_STAGE(test_one_family_may_be_missing),
		ON_A_STAGE(test_nft),
		ON_A_STAGE(test_a_chain_that_vanished_is_not_made),
		ON_A_STAGE(test_only_the_whole_name_counts),
		ON_A_STAGE(test_legacy),
		ON_A_STAGE(test_a_flavour_can_be_forced),
		cmocka_unit_test(test_a_tool_that_hangs_is_killed),
		cmocka_unit_test(test_a_tool_is_heard_whole),
		cmocka_unit_test(test_a_missing_tool_is_missing),
	};

	if (!kit_own_network())
		return EXIT_SKIP;
	log_fd = memfd_create("log", MFD_CLOEXEC);
	log_to(log_fd);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
