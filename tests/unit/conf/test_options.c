/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which source beats which, errands, and what settings must be together. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/options.h"

/* The least that starts, as arguments and as the environment. */
#define LEAST "--acl-file=/a", "--upstream=192.0.2.53", "--firewall=none"
#define ARGS(...)                                                          \
	((const char *[]){ "dns-firewall", "--config", empty, __VA_ARGS__, \
			   NULL })
#define BARE_ARGS(...) ((const char *[]){ "dns-firewall", __VA_ARGS__, NULL })
#define ENV(...)       ((const char *[]){ __VA_ARGS__, NULL })
#define NO_ENV	       ((const char *[]){ NULL })

static struct options opt;
static struct option_request request;
static char complaint[8192];
static char directory[64], empty[96], config[96], value_file[96];

static enum option_errand
gather(const char *const *argv, const char *const *envp)
{
	struct text t;
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	text_init(&t, complaint, sizeof(complaint));
	request = options_gather(argc, (char **)(uintptr_t)argv,
				 (char **)(uintptr_t)envp, &opt, &t);
	assert_int_equal(request.errand == ERRAND_REFUSED, t.len > 0);
	return request.errand;
}

static void
assert_runs(const char *const *argv, const char *const *envp)
{
	if (gather(argv, envp) != ERRAND_RUN)
		fail_msg("errand %d: %s", request.errand, complaint);
}

static void
assert_refused(const char *const *argv, const char *const *envp,
	       const char *sentence)
{
	if (gather(argv, envp) != ERRAND_REFUSED ||
	    strstr(complaint, sentence) == NULL)
		fail_msg("errand %d, no \"%s\" in: %s", request.errand,
			 sentence, complaint);
}

static const char *
write_file(char *path, const char *name, const char *text)
{
	int fd;

	snprintf(path, 96, "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return path;
}

static int
make_directory(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/dns-firewall-conf-XXXXXX");
	if (mkdtemp(directory) == NULL)
		return 1;
	write_file(empty, "empty", "");
	return 0;
}

static int
remove_directory(void **state)
{
	char command[128];
	(void)state;

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static void
test_defaults(void **state)
{
	(void)state;

	assert_runs(ARGS(LEAST), NO_ENV);
	assert_string_equal(opt.acl_file, "/a");
	assert_int_equal(opt.upstream_port, 53);
	assert_int_equal(opt.upstream_count, 1);
	assert_int_equal(opt.upstream[0].port, 53);
	assert_int_equal(opt.bind_count, 1);
	assert_int_equal(opt.bind[0].port, 537);
	assert_memory_equal(opt.bind[0].addr.byte, "\177\0\0\065", 4);
	assert_int_equal(opt.max_connections, 100);
	assert_int_equal(opt.timeout_s, 10);
	assert_int_equal(opt.min_rule_time_s, 5);
	assert_int_equal(opt.max_rule_time_s, 86400);
	assert_int_equal(opt.grace_s, 60);
	assert_int_equal(opt.workers, 0);
	assert_string_equal(opt.user, "");
	assert_int_equal(opt.max_addresses, 32);
	assert_int_equal(opt.max_client_grants, 4096);
	assert_int_equal(opt.max_new_grants, 256);
	assert_int_equal(opt.set_size, 65536);
	assert_int_equal(opt.query_case, QUERY_CASE_RANDOM);
	assert_string_equal(opt.control, "/run/dns-firewall/control");
	assert_false(opt.control_given);
}

/* Each source beats the one before: default, config, environment, argument. */
static void
test_precedence(void **state)
{
	(void)state;

	write_file(config, "c", "timeout=20\nmin-rule-time=20\ngrace=20\n");
	assert_runs(BARE_ARGS(LEAST, "--config", config, "--grace", "40"),
		    ENV("MIN_RULE_TIME=30", "DNSFW_GRACE=30"));
	assert_int_equal(opt.max_connections, 100);
	assert_int_equal(opt.timeout_s, 20);
	assert_int_equal(opt.min_rule_time_s, 30);
	assert_int_equal(opt.grace_s, 40);
}

static void
test_list_replaces_weaker(void **state)
{
	(void)state;

	write_file(config, "c", "bind=1.1.1.1,1.1.1.2\n");
	assert_runs(BARE_ARGS(LEAST, "--config", config), NO_ENV);
	assert_int_equal(opt.bind_count, 2);
	assert_runs(BARE_ARGS(LEAST, "--config", config), ENV("BIND=1.1.1.3"));
	assert_int_equal(opt.bind_count, 1);
	assert_runs(BARE_ARGS(LEAST, "--config", config, "--bind", "1.1.1.4",
			      "--bind=1.1.1.5,1.1.1.6"),
		    ENV("BIND=1.1.1.3"));
	assert_int_equal(opt.bind_count, 3);
	assert_int_equal(opt.bind[0].addr.byte[3], 4);
}

static void
test_config_places(void **state)
{
	char variable[128];
	(void)state;

	write_file(config, "c", "grace=20\n");
	snprintf(variable, sizeof(variable), "DNSFW_CONFIG=%s", config);
	assert_runs(BARE_ARGS(LEAST), ENV(variable));
	assert_int_equal(opt.grace_s, 20);
	assert_runs(ARGS(LEAST), ENV(variable));
	assert_int_equal(opt.grace_s, 60);
	assert_refused(BARE_ARGS(LEAST), ENV("DNSFW_CONFIG=/no/where"),
		       "--config: \"/no/where\": No such file");
	assert_refused(BARE_ARGS(LEAST, "--config=/no/where"), NO_ENV,
		       "--config: \"/no/where\"");
}

static void
test_environment_case(void **state)
{
	(void)state;

	assert_runs(ARGS(LEAST), ENV("timeout=11", "dnsfw_grace=12"));
	assert_int_equal(opt.timeout_s, 11);
	assert_int_equal(opt.grace_s, 12);
	assert_runs(ARGS(LEAST), ENV("timeout=11", "TIMEOUT=13"));
	assert_int_equal(opt.timeout_s, 13);
	assert_runs(ARGS(LEAST), ENV("timeout=11", "TIMEOUT="));
	assert_int_equal(opt.timeout_s, 11);
	assert_runs(ARGS(LEAST), ENV("TIMEOUT=", "PATH=/bin", "GRACE=x"));
	assert_int_equal(opt.timeout_s, 10);
	assert_refused(ARGS(LEAST), ENV("bind_port=x"),
		       "bind_port: \"x\" is not accepted");
}

static void
test_environment_unknown(void **state)
{
	(void)state;

	assert_refused(ARGS(LEAST), ENV("DNSFW_GRCE=5"),
		       "DNSFW_GRCE: there is no such setting; near it is "
		       "DNSFW_GRACE");
	assert_refused(ARGS(LEAST), ENV("DNSFW_UPSTREAM=192.0.2.1"),
		       "near it is UPSTREAM");
	assert_refused(ARGS(LEAST), ENV("dnsfw_zzzzzzzzzzzzzz=1"),
		       "--help lists them all");
	assert_runs(ARGS(LEAST), ENV("DNSFWX=1", "UPSTREEM=1"));
}

static void
test_value_files(void **state)
{
	char variable[128], other[128];
	(void)state;

	write_file(value_file, "v", "192.0.2.9\n");
	snprintf(variable, sizeof(variable), "UPSTREAM_FILE=%s", value_file);
	assert_runs(ARGS("--acl-file=/a", "--firewall=none"), ENV(variable));
	assert_int_equal(opt.upstream[0].addr.byte[3], 9);
	assert_refused(ARGS("--acl-file=/a", "--firewall=none"),
		       ENV(variable, "UPSTREAM=192.0.2.1"),
		       "UPSTREAM: given beside UPSTREAM_FILE");
	assert_refused(ARGS("--acl-file=/a", "--firewall=none"),
		       ENV(variable, "upstream=192.0.2.1"),
		       "upstream: given beside UPSTREAM_FILE");
	assert_runs(ARGS("--acl-file=/a", "--firewall=none"),
		    ENV(variable, "UPSTREAM="));
	snprintf(other, sizeof(other), "acl_file_file=%s", value_file);
	assert_runs(ARGS("--firewall=none"), ENV(variable, other));
	assert_string_equal(opt.acl_file, "192.0.2.9");
	write_file(value_file, "v", "none such\n");
	assert_refused(ARGS(LEAST), ENV(variable),
		       "UPSTREAM_FILE: \"none such\" is not accepted");
	assert_refused(ARGS(LEAST), ENV("UPSTREAM_FILE=/dev/null"),
		       "it is not a regular file");
	assert_refused(ARGS(LEAST), ENV("UPSTREAM_FILE=/no/where"),
		       "No such file");
}

static void
test_command_line(void **state)
{
	(void)state;

	assert_runs(ARGS(LEAST, "--strict-types", "--guard-dns-only=no"),
		    NO_ENV);
	assert_true(opt.strict_types);
	assert_false(opt.guard_dns_only);
	assert_refused(ARGS(LEAST, "--grace", "1", "--grace=1"), NO_ENV,
		       "--grace: \"1\" is not accepted; accepted is one value");
	assert_refused(ARGS(LEAST, "--grce", "1"), NO_ENV,
		       "--grce: there is no such setting; near it is --grace");
	assert_refused(ARGS(LEAST, "--grace"), NO_ENV,
		       "--grace: the value is missing; accepted is --grace "
		       "SECONDS");
	assert_refused(ARGS("--grace", LEAST), NO_ENV,
		       "--grace: the value is missing");
	assert_refused(ARGS(LEAST, "more"), NO_ENV, "more: not an option");
	assert_refused(ARGS(LEAST, "-x"), NO_ENV, "-x: not an option");
	assert_refused(ARGS(LEAST, "--"), NO_ENV, "--: there is no such");
	assert_refused(ARGS(LEAST, "--config", empty), NO_ENV, "--config: ");
}

/* One run shows everything that is wrong. */
static void
test_all_complaints(void **state)
{
	(void)state;

	assert_refused(ARGS(LEAST, "--grace=x", "--workers=99"),
		       ENV("TIMEOUT=0"), "TIMEOUT: \"0\"");
	assert_non_null(strstr(complaint, "\n--grace: \"x\""));
	assert_non_null(strstr(complaint, "\n--workers: \"99\""));
}

static void
test_errands(void **state)
{
	char path[513];
	(void)state;

	assert_int_equal(gather(ARGS("-h"), NO_ENV), ERRAND_HELP);
	assert_int_equal(gather(ARGS(LEAST, "--help"), NO_ENV), ERRAND_HELP);
	assert_int_equal(gather(ARGS("-V"), NO_ENV), ERRAND_VERSION);
	assert_int_equal(gather(ARGS("--version"), NO_ENV), ERRAND_VERSION);
	assert_int_equal(gather(ARGS(LEAST, "--check"), NO_ENV), ERRAND_CHECK);
	assert_int_equal(gather(ARGS("--check", LEAST), NO_ENV), ERRAND_CHECK);
	assert_int_equal(gather(ARGS("--check"), NO_ENV), ERRAND_REFUSED);
	assert_int_equal(
	    gather(BARE_ARGS("--check", "acl"), ENV("DNSFW_BAD=1")),
	    ERRAND_CHECK_FILE);
	assert_string_equal(request.check_file, "acl");
	assert_int_equal(gather(BARE_ARGS("--check=-"), NO_ENV),
			 ERRAND_CHECK_FILE);
	assert_string_equal(request.check_file, "-");
	memset(path, 'x', 511);
	path[511] = '\0';
	assert_int_equal(gather(BARE_ARGS("--check", path), NO_ENV),
			 ERRAND_CHECK_FILE);
	assert_string_equal(request.check_file, path);
	strcat(path, "x");
	assert_refused(BARE_ARGS("--check", path), NO_ENV,
		       "--check: the value is too long");
}

static void
test_required(void **state)
{
	(void)state;

	assert_refused(ARGS("--upstream=192.0.2.1", "--firewall=none"), NO_ENV,
		       "--acl-file: nothing is given");
	assert_refused(ARGS("--acl-file=/a", "--firewall=none"), NO_ENV,
		       "--upstream: nothing is given");
	assert_refused(ARGS("--acl-file=/a", "--upstream=192.0.2.1"), NO_ENV,
		       "--firewall: nothing is given");
	assert_refused(ARGS("--acl-file=/a", "--upstream=192.0.2.1",
			    "--firewall=iptables"),
		       ENV("CHAIN="), "--chain: nothing is given");
}

/* The config.env of the Rust program's package, its CHAIN filled. */
static void
test_rust_package(void **state)
{
	(void)state;

	assert_runs(ARGS("--grace=60"),
		    ENV("ACL_FILE=/etc/dns-firewall/acl", "FIREWALL=iptables",
			"CHAIN=DNSALLOWLIST", "UPSTREAM=127.0.0.53",
			"BIND=127.0.0.53"));
	assert_int_equal(opt.upstream[0].port, 53);
	assert_int_equal(opt.bind[0].port, 537);
	assert_string_equal(opt.set_prefix, "DNSALLOWLIST");
}

static void
test_chain_and_sets(void **state)
{
	(void)state;

	assert_refused(ARGS("--acl-file=/a", "--upstream=192.0.2.1",
			    "--firewall=iptables", "--chain=DNSALLOWLIST123"),
		       NO_ENV, "with --set-prefix");
	assert_runs(ARGS("--acl-file=/a", "--upstream=192.0.2.1",
			 "--firewall=iptables", "--chain=DNSALLOWLIST123",
			 "--set-prefix=dns"),
		    NO_ENV);
	assert_string_equal(opt.set_prefix, "dns");
	assert_runs(ARGS("--acl-file=/a", "--upstream=192.0.2.1",
			 "--firewall=iptables", "--chain=DNSALLOWLIST12"),
		    NO_ENV);
}

static void
test_rule_times(void **state)
{
	(void)state;

	assert_refused(ARGS(LEAST, "--max-rule-time=4"), NO_ENV,
		       "--min-rule-time: \"5\" is longer than the 4 of "
		       "--max-rule-time");
	assert_refused(ARGS(LEAST, "--min-rule-time=86401"), NO_ENV,
		       "\"86401\" is longer than the 86400");
	assert_runs(
	    ARGS(LEAST, "--min-rule-time=0", "--grace=0", "--max-rule-time=1"),
	    NO_ENV);
}

static void
test_loops(void **state)
{
	static const struct {
		const char *upstream, *bind;
		bool loops;
	} row[] = {
		{ "127.0.0.53@537", "127.0.0.53", true },
		{ "127.0.0.53@53", "127.0.0.53", false },
		{ "127.0.0.53@537", "127.0.0.54", false },
		{ "127.0.0.1@53", "0.0.0.0@53", true },
		{ "127.0.0.1@54", "0.0.0.0@53", false },
		{ "192.0.2.1@53", "0.0.0.0@53", false },
		{ "[::1]@53", "::@53", true },
		{ "127.0.0.1@53", "::@53", true },
		{ "::1@53", "0.0.0.0@53", false },
		{ "0.0.0.0@53", "127.0.0.1@53", true },
		{ "0.0.0.0@53", "0.0.0.0@53", true },
		{ "2001:db8::1@53", "192.0.2.1@53,2001:db8::1@53", true },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char upstream[64], bind[64];

		snprintf(upstream, sizeof(upstream), "--upstream=%s",
			 row[i].upstream);
		snprintf(bind, sizeof(bind), "--bind=%s", row[i].bind);
		if (row[i].loops)
			assert_refused(ARGS("--acl-file=/a", "--firewall=none",
					    upstream, bind),
				       NO_ENV, "is where --bind listens");
		else
			assert_runs(ARGS("--acl-file=/a", "--firewall=none",
					 upstream, bind),
				    NO_ENV);
	}
}

static void
test_notify_bind(void **state)
{
	(void)state;

	assert_runs(ARGS(LEAST, "--lists=/l", "--notify-bind=192.0.2.1",
			 "--notify-bind=192.0.2.1@5353"),
		    NO_ENV);
	assert_int_equal(opt.notify_bind[0].port, 53);
	assert_int_equal(opt.notify_bind[1].port, 5353);
	assert_runs(ARGS(LEAST, "--dns-policy=rpz.test",
			 "--master-dns-ip=192.0.2.2",
			 "--notify-bind=192.0.2.1"),
		    NO_ENV);
	assert_refused(ARGS(LEAST, "--notify-bind=192.0.2.1"), NO_ENV,
		       "--notify-bind: is for zones that are transferred");
	assert_refused(ARGS(LEAST, "--lists=/l", "--bind=192.0.2.1@53",
			    "--notify-bind=192.0.2.1"),
		       NO_ENV,
		       "--notify-bind: \"192.0.2.1@53\" is given twice");
	assert_refused(ARGS(LEAST, "--lists=/l", "--bind=0.0.0.0@53",
			    "--notify-bind=192.0.2.1"),
		       NO_ENV, "stands for all of its family");
	assert_refused(ARGS(LEAST, "--lists=/l",
			    "--notify-bind=192.0.2.1,192.0.2.1@53"),
		       NO_ENV, "is given twice");
}

static void
test_duplicate_bind(void **state)
{
	(void)state;

	assert_refused(ARGS(LEAST, "--bind=192.0.2.1,192.0.2.1@537"), NO_ENV,
		       "--bind: \"192.0.2.1@537\" is given twice");
	assert_runs(ARGS(LEAST, "--bind=192.0.2.1,192.0.2.1@538"), NO_ENV);
	assert_refused(ARGS(LEAST, "--bind=0.0.0.0,192.0.2.1"), NO_ENV,
		       "--bind: \"192.0.2.1@537\" and the address that stands");
	assert_runs(ARGS(LEAST, "--bind=0.0.0.0,::,192.0.2.1@538"), NO_ENV);
}

static void
test_control(void **state)
{
	char path[160] = "--control=/";
	(void)state;

	assert_runs(ARGS(LEAST, "--control=/tmp/c"), NO_ENV);
	assert_true(opt.control_given);
	assert_runs(ARGS(LEAST), ENV("DNSFW_CONTROL=/tmp/c"));
	assert_true(opt.control_given);
	memset(path + strlen(path), 'x', 106);
	assert_runs(ARGS(LEAST, path), NO_ENV);
	strcat(path, "x");
	assert_refused(ARGS(LEAST, path), NO_ENV,
		       "accepted is a path of at most 107 bytes");
}

/* What is printed is understood again, as a config file. */
static void
test_print(void **state)
{
	char buf[4096];
	struct text t;
	struct options first;
	(void)state;

	assert_runs(ARGS(LEAST, "--private-ok=10.0.0.0/8",
			 "--local-zone=lan,home.example", "--strict-types",
			 "--bind=192.0.2.1,2001:db8::1@55"),
		    NO_ENV);
	text_init(&t, buf, sizeof(buf));
	options_print(&opt, &t);
	assert_non_null(strstr(buf, "BIND=192.0.2.1@537,2001:db8::1@55\n"));
	assert_non_null(strstr(buf, "DNSFW_LOCAL_ZONE=lan.,home.example.\n"));
	*strstr(buf, "DNSFW_CONFIG=") = '#';
	first = opt;
	write_file(config, "c", buf);
	assert_runs(BARE_ARGS("--config", config), NO_ENV);
	strcpy(opt.config, first.config);
	opt.control_given = first.control_given;
	assert_memory_equal(&opt, &first, offsetof(struct options, config));
}

/* Each row of the table is in --help, with its environment name. */
static void
test_help(void **state)
{
	char path[96], text[16384];
	int saved, fd;
	ssize_t len;
	(void)state;

	fflush(stdout);
	saved = dup(1);
	write_file(path, "help", "");
	fd = open(path, O_RDWR);
	dup2(fd, 1);
	options_print_help();
	fflush(stdout);
	dup2(saved, 1);
	len = pread(fd, text, sizeof(text) - 1, 0);
	close(fd);
	close(saved);
	assert_true(len > 0);
	text[len] = '\0';
#define OPT(kind, field, name, env, low, high, fallback, meta, help) \
	assert_non_null(strstr(text, "\n      --" name));
#include "conf/options.def"
#undef OPT
	assert_non_null(strstr(text, "Usage: dns-firewall [OPTIONS] "));
	assert_non_null(strstr(text, "[env: BIND=] [default: 127.0.0.53]"));
	assert_non_null(strstr(text, "      --strict-types\n"));
	strtok(text, "\n");
	for (char *line; (line = strtok(NULL, "\n")) != NULL;) {
		assert_true(strlen(line) <= 79);
		assert_int_not_equal(line[strlen(line) - 1], ' ');
	}
}

#define IN_DIRECTORY(test) \
	cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

/* ---- the settings of a policy zone's publisher --------------------------- */

#define ZONE_ENV                                                            \
	"DNS_POLICY=Basic.rpz.example", "MASTER_DNS_IP=192.0.2.1",          \
	    "TSIG_KEY=c2VjcmV0", "TSIG_KEY_NAME=key.example"

static void
test_a_policy_zone_alone(void **state)
{
	(void)state;
	assert_runs(ARGS(NULL), ENV(ZONE_ENV, "BIND_MODE=2",
				    "FORWARDER_IPS=9.9.9.9; 1.1.1.1;"));
	assert_int_equal(opt.upstream_count, 2);
	assert_int_equal(opt.upstream[1].port, 53);
	assert_string_equal(opt.trusted, "localhost localnets");
	assert_int_equal(opt.firewall, FIREWALL_NONE);
	assert_int_equal(opt.bind_count, 2);
	assert_int_equal(opt.bind[0].port, 53);
	assert_int_equal(opt.master_dns_ip[0].port, 53);
	assert_true(opt.tsig_key);
	assert_true(options_have_lists(&opt));
	assert_string_equal(opt.rpz_log, "");
	assert_runs(ARGS(NULL), ENV(ZONE_ENV, "DEVICE_ID=tdid_1",
				    "FORWARDER_IPS=9.9.9.9"));
	assert_string_equal(opt.rpz_log, "/var/log/dns-firewall/tdid_1.log");
	assert_false(opt.rpz_log_given);
	assert_runs(ARGS("--bind=192.0.2.9", "--bind-port=5300"),
		    ENV(ZONE_ENV, "BIND_MODE=1", "MASTER_DNS_PORT=5353",
			"TRUSTED_ACL=10.0.0.0/8; localhost;"));
	assert_int_equal(opt.upstream[0].port, 5335);
	assert_string_equal(opt.ignored, "");
	assert_int_equal(opt.bind_count, 1);
	assert_int_equal(opt.master_dns_ip[0].port, 5353);
	assert_string_equal(opt.trusted, "10.0.0.0/8; localhost;");
	assert_runs(ARGS(NULL),
		    ENV(ZONE_ENV, "BIND_MODE=1", "FORWARDER_IPS=9.9.9.9;"));
	assert_int_equal(opt.upstream_count, 1);
	assert_int_equal(opt.upstream[0].port, 5335);
	assert_string_equal(opt.ignored,
			    "FORWARDER_IPS (here: --bind-mode 2)");
}

static void
test_a_policy_zone_refused(void **state)
{
	(void)state;
	assert_refused(ARGS(LEAST), ENV("DNS_POLICY=x.example"),
		       "transferred from nowhere");
	assert_refused(ARGS(LEAST), ENV("MASTER_DNS_IP=192.0.2.1"),
		       "the name of the zone");
	assert_refused(ARGS(LEAST),
		       ENV("DNS_POLICY=x.example", "MASTER_DNS_IP=192.0.2.1",
			   "TSIG_KEY=c2VjcmV0"),
		       "a name and a secret");
	assert_refused(ARGS(LEAST, "--tsig-key=c2VjcmV0"),
		       ENV("TSIG_KEY_NAME=k"), "can read a command line");
	assert_refused(ARGS(LEAST), ENV("TSIG_KEY=not base64"), "not base64");
	assert_refused(ARGS(LEAST), ENV("BIND_MODE=1"),
		       "upstreams are named too");
	assert_refused(ARGS(LEAST), ENV("TRUSTED_ACL=10.0.0.0/8; ten"),
		       "localhost, localnets and all");
	assert_refused(ARGS(LEAST), ENV("TRUSTED_ACL=!10.0.0.1"),
		       "localhost, localnets and all");
}

static void
test_settings_of_others(void **state)
{
	(void)state;
	assert_runs(ARGS(LEAST), ENV("NAMED_LOGS=3"));
	assert_string_equal(opt.ignored, "");
	assert_runs(ARGS(LEAST), ENV(ZONE_ENV, "NAMED_LOGS=3",
				     "NAMED_RPZ_FILE=/x", "OTHER=1"));
	assert_non_null(strstr(opt.ignored, "NAMED_LOGS (here: logrotate)"));
	assert_non_null(strstr(opt.ignored, "NAMED_RPZ (here: --lists)"));
	assert_null(strstr(opt.ignored, "OTHER"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_policy_zone_alone),
		cmocka_unit_test(test_a_policy_zone_refused),
		cmocka_unit_test(test_settings_of_others),
		IN_DIRECTORY(test_defaults),
		IN_DIRECTORY(test_precedence),
		IN_DIRECTORY(test_list_replaces_weaker),
		IN_DIRECTORY(test_config_places),
		IN_DIRECTORY(test_environment_case),
		IN_DIRECTORY(test_environment_unknown),
		IN_DIRECTORY(test_value_files),
		IN_DIRECTORY(test_command_line),
		IN_DIRECTORY(test_all_complaints),
		IN_DIRECTORY(test_errands),
		IN_DIRECTORY(test_required),
		IN_DIRECTORY(test_rust_package),
		IN_DIRECTORY(test_chain_and_sets),
		IN_DIRECTORY(test_rule_times),
		IN_DIRECTORY(test_loops),
		IN_DIRECTORY(test_duplicate_bind),
		IN_DIRECTORY(test_notify_bind),
		IN_DIRECTORY(test_control),
		IN_DIRECTORY(test_print),
		IN_DIRECTORY(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
