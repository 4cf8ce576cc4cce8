/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns-firewallctl: shows what the daemon does and why, and has it reload.
 *
 * Everything but `query` is answered by the daemon's control process; this
 * program carries one line there and prints what comes back. `query` asks the
 * daemon's first listener by DNS, as a client would.
 */
#include "config.h"

#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/setting.h"
#include "conf/value.h"
#include "ctl/client.h"
#include "ctl/commands.h"
#include "ctl/doctor.h"
#include "ctl/health.h"
#include "ctl/resolve.h"
#include "ctl/top.h"

enum { COMPLAINT_SIZE = 512, HELP_SIZE = 4096 };

struct job {
	const char *control;
	char line[REQUEST_MAX + 1];
	struct request request;
};

static enum client_end
usage_error(const char *what)
{
	fprintf(stderr, "dns-firewallctl: %s\nTry dns-firewallctl --help.\n",
		what);
	return CLIENT_USAGE;
}

static const char *
control_default(void)
{
	static const char control[] = "control";
	const char *said = getenv("DNSFW_CONTROL");

	if (said != NULL && said[0] != '\0')
		return said;
	return setting_by_name(control, sizeof(control) - 1)->fallback;
}

static enum client_end
print_help(void)
{
	char buf[HELP_SIZE];
	struct text help;

	text_init(&help, buf, sizeof(buf));
	commands_print(&help);
	printf("Usage: dns-firewallctl [--control PATH] COMMAND "
	       "[ARGUMENT...]\n\nCommands:\n%s\nOptions:\n"
	       "      --control PATH\n"
	       "          Control socket of the daemon [env: DNSFW_CONTROL=] "
	       "[default: %s]\n"
	       "  -h, --help\n          Print help\n"
	       "  -V, --version\n          Print version\n\n"
	       "Exit status: 0 done, 1 failed or refused, 2 wrong usage, 3 no "
	       "daemon.\n",
	       buf, control_default());
	return CLIENT_DONE;
}

static void
print_line(void *arg, const char *line)
{
	(void)arg;
	fputs(line, stdout);
}

/* The arguments as one request line; false: one of them is no word. */
static bool
line_join(char **words, struct text *line)
{
	for (size_t i = 0; words[i] != NULL; i++) {
		if (words[i][0] == '\0' || strpbrk(words[i], " \t\n"))
			return false;
		if (i > 0)
			text_char(line, ' ');
		text_str(line, words[i]);
	}
	return true;
}

/* A listener on every address is asked on loopback. */
static void
make_reachable(struct endpoint *e)
{
	static const struct addr none;

	if (memcmp(e->addr.byte, none.byte, sizeof(none.byte)) != 0)
		return;
	if (e->addr.family == 4)
		e->addr.byte[0] = 127;
	e->addr.byte[e->addr.family == 4 ? 3 : 15] = 1;
}

static void
on_status_line(void *arg, const char *line)
{
	static const char key[] = "listen ";
	const size_t skip = sizeof(key) - 1;
	struct endpoint *server = arg;

	if (server->port != 0 || strncmp(line, key, skip) != 0)
		return;
	if (!endpoint_parse(line + skip, strcspn(line + skip, "\n"), server))
		server->port = 0;
}

static enum client_end
find_listener(const char *control, struct endpoint *out)
{
	struct client_request status = { .path = control, .line = "status",
					 .each = on_status_line,
					 .arg = out };
	enum client_end end;

	*out = (struct endpoint){ 0 };
	end = client_ask(&status);
	if (end != CLIENT_DONE)
		return end;
	if (out->port == 0) {
		fprintf(stderr, "dns-firewallctl: the daemon at %s has no "
				"listener\n", control);
		return CLIENT_FAILED;
	}
	make_reachable(out);
	return CLIENT_DONE;
}

static enum client_end
query(const struct job *job)
{
	const struct request *r = &job->request;
	const char *last = r->argument[r->count - 1];
	bool named = r->count > 1 && last[0] == '@';
	struct resolve resolve = { .name = r->argument[0], .type = "A" };
	enum client_end end;

	if (r->argument[0][0] == '@' || r->count - named > 2)
		return usage_error("query: a name comes first, and the server "
				   "last as @ADDRESS or @ADDRESS:PORT");
	if (r->count - named == 2)
		resolve.type = r->argument[1];
	if (named && !server_parse(last, &resolve.server))
		return usage_error("query: a server is @ADDRESS or "
				   "@ADDRESS:PORT, an IPv6 address with a "
				   "port in brackets");
	if (!named) {
		end = find_listener(job->control, &resolve.server);
		if (end != CLIENT_DONE)
			return end;
	}
	return resolve_print(&resolve) ? CLIENT_DONE : CLIENT_FAILED;
}

/* The daemon stands beside us, or where it is installed; returns where it is
 * not to be found. */
static void
become_daemon(const char *option, const char *file)
{
	static const char *const homes[] = { "/usr/local/sbin", "/usr/sbin",
					     "/usr/bin" };
	char path[PATH_MAX], *slash;
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 32);

	path[len > 0 ? len : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL) {
		strcpy(slash, "/dns-firewall");
		execl(path, "dns-firewall", option, file, (char *)NULL);
	}
	for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++) {
		snprintf(path, sizeof(path), "%s/dns-firewall", homes[i]);
		execl(path, "dns-firewall", option, file, (char *)NULL);
	}
	fprintf(stderr, "dns-firewallctl: dns-firewall is not to be found\n");
}

static enum client_end
check(const struct job *job)
{
	become_daemon("--check", job->request.argument[0]);
	return CLIENT_FAILED;
}

/* The daemon compiles it as --check does, and says itself what is wrong. */
static bool
compile(const char *file, int image)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		dup2(image, STDOUT_FILENO);
		become_daemon("--compile", file);
		_exit(CLIENT_FAILED);
	}
	return child != -1 && waitpid(child, &status, 0) == child &&
	       status == 0 &&
	       fcntl(image, F_ADD_SEALS,
		     F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0;
}

static enum client_end
diff(const struct job *job)
{
	int image = memfd_create("image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct client_request ask = { .path = job->control,
				      .line = "diff -",
				      .each = print_line,
				      .image = &image };
	enum client_end end = CLIENT_FAILED;

	if (image == -1)
		perror("dns-firewallctl");
	else if (compile(job->request.argument[0], image))
		end = client_ask(&ask);
	if (image != -1)
		close(image);
	return end;
}

static enum client_end
top(const struct job *job)
{
	const char *count = job->request.argument[0];
	char *end = NULL;
	long pictures = count ? strtol(count, &end, 10) : 0;

	if (count && (*end != '\0' || pictures < 1 || pictures > 1000000))
		return usage_error("top: a count is a number from 1 on");
	return top_run(job->control, (unsigned)pictures);
}

static enum client_end
do_here(const struct job *job)
{
	switch (job->request.command) {
	case COMMAND_check:
		return check(job);
	case COMMAND_top:
		return top(job);
	case COMMAND_health:
		return health_print(job->control);
	case COMMAND_doctor:
		return doctor_print(job->control);
	default:
		return query(job);
	}
}

static enum client_end
run(struct job *job, char **words)
{
	char why[COMPLAINT_SIZE];
	struct text line, complaint;
	struct client_request ask = { .path = job->control,
				      .line = job->line,
				      .each = print_line };

	text_init(&line, job->line, sizeof(job->line));
	text_init(&complaint, why, sizeof(why));
	if (words[0] == NULL)
		return usage_error("a command is missing");
	if (!line_join(words, &line))
		return usage_error("an argument is empty or has blanks in it");
	if (line.cut || request_parse(job->line, line.len, &job->request,
				      &complaint) != ERR_NONE)
		return usage_error(line.cut ? "the request is too long" : why);
	if (job->request.command == COMMAND_diff)
		return diff(job);
	if (command_row(job->request.command)->doer == DOER_TOOL)
		return do_here(job);
	return client_ask(&ask);
}

/* What was printed must have arrived: a full disk is a failure. */
static int
finish(enum client_end end)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return (int)end;
	perror("dns-firewallctl: standard output");
	return end == CLIENT_DONE ? CLIENT_FAILED : (int)end;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "control", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	struct job job = { .control = control_default() };
	int option;

	while ((option = getopt_long(argc, argv, "+hV", options, NULL)) !=
	       -1) {
		switch (option) {
		case 'c':
			job.control = optarg;
			break;
		case 'h':
			return finish(print_help());
		case 'V':
			puts("dns-firewallctl " PACKAGE_VERSION);
			return finish(CLIENT_DONE);
		default:
			return CLIENT_USAGE;
		}
	}
	return finish(run(&job, argv + optind));
}
