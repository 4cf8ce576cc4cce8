/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The doctor's round: the daemon, the ruleset of each family, and what the
 * kernel does beside them. It knows the ways by which clients have been seen
 * to escape; that it finds none is no proof.
 */
#include "ctl/doctor.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ruleset.h"

enum verdict { PASS, WARN, FAIL };
enum { NAME_SIZE = 64 };

struct doctor {
	bool failed;
	bool answers; /* the daemon does */
	bool healthy, has_firewall;
	char chain[NAME_SIZE];
	struct ruleset *rules;
};

static void __attribute__((format(printf, 3, 4)))
say(struct doctor *d, enum verdict verdict, const char *format, ...)
{
	static const char *const word[] = { "PASS", "WARN", "FAIL" };
	va_list args;

	d->failed |= verdict == FAIL;
	printf("%s  ", word[verdict]);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* -1: it cannot be read. */
static long
number_in(const char *path)
{
	FILE *file = fopen(path, "re");
	long number = -1;

	if (file == NULL)
		return -1;
	if (fscanf(file, "%ld", &number) != 1)
		number = -1;
	fclose(file);
	return number;
}

/* ---- the daemon ---------------------------------------------------------- */

static void
on_status_line(void *arg, const char *line)
{
	struct doctor *d = arg;
	const char *chain = strstr(line, " chain=");

	d->answers = true;
	if (strncmp(line, "state ok", 8) == 0)
		d->healthy = true;
	if (strncmp(line, "state degraded", 14) == 0)
		say(d, FAIL, "the daemon is not in order: %.*s",
		    (int)strcspn(line, "\n"), line);
	if (strncmp(line, "firewall iptables", 17) != 0 || chain == NULL)
		return;
	d->has_firewall = true;
	snprintf(d->chain, sizeof(d->chain), "%.*s",
		 (int)strcspn(chain + 7, " \n"), chain + 7);
}

static void
see_daemon(struct doctor *d, const char *control)
{
	struct client_request status = { .path = control,
					 .line = "status",
					 .each = on_status_line,
					 .arg = d };

	if (client_ask(&status) != CLIENT_DONE) {
		say(d, FAIL,
		    "no daemon answers us at %s: run this as root, or "
		    "systemctl start dns-firewall",
		    control);
		return;
	}
	if (d->healthy)
		say(d, PASS, "the daemon runs and is in order");
	if (!d->has_firewall)
		say(d, WARN,
		    "the daemon runs without a firewall: names are "
		    "filtered, addresses are not");
}

/* ---- one family's ruleset ------------------------------------------------ */

struct family {
	const char *name, *tool;
	const char *save[2]; /* by nft, legacy */
	const char *forwarding;
};

static const struct family families[] = {
	{ "IPv4",
	  "iptables",
	  { "iptables-nft-save", "iptables-legacy-save" },
	  "/proc/sys/net/ipv4/ip_forward" },
	{ "IPv6",
	  "ip6tables",
	  { "ip6tables-nft-save", "ip6tables-legacy-save" },
	  "/proc/sys/net/ipv6/conf/all/forwarding" },
};

/* The interface that a rule is bound to by that option, with its length. */
static size_t
interface_of(const char *rule, const char *option, const char **out)
{
	const char *at = strstr(rule, option);

	*out = at ? at + strlen(option) : "";
	return strcspn(*out, " ");
}

/* It meets all packets that `jump` sends to us. */
static bool
covers(const char *rule, const char *jump)
{
	static const char *const options[] = { " -i ", " -o " };

	if (!rule_is_broad(rule))
		return false;
	for (size_t i = 0; i < 2; i++) {
		const char *one, *other;
		size_t len = interface_of(rule, options[i], &one);
		size_t jump_len = interface_of(jump, options[i], &other);

		if (len > 0 &&
		    (len != jump_len || strncmp(one, other, len) != 0 ||
		     strstr(rule, " !") != NULL))
			return false;
	}
	return true;
}

enum fate { FATE_OPEN, FATE_SHUT, FATE_GOES_ON };

/* What becomes of packets behind rule number `from` of the chain. */
static enum fate
fate_behind(const struct ruleset *r, unsigned from, const char *chain,
	    const char *jump)
{
	for (unsigned i = from + 1; i < r->count; i++) {
		const char *rule = r->rule[i];

		if (!rule_is_of(rule, chain))
			continue;
		if (covers(rule, jump) && (rule_leads_to(rule, "DROP") ||
					   rule_leads_to(rule, "REJECT")))
			return FATE_SHUT;
		/* One that concerns only some of them lets those through. */
		if (rule_is_broad(rule) && rule_leads_to(rule, "ACCEPT") &&
		    strstr(rule, " -o lo ") == NULL)
			return FATE_OPEN;
	}
	return FATE_GOES_ON;
}

/* What our chain did not accept is refused: in the chain that leads to ours,
 * or behind it in the hook, or by the hook's policy. */
static bool
is_shut(const struct ruleset *r, unsigned jump, const char *hook,
	const char *chain)
{
	enum fate fate = FATE_GOES_ON;
	const char *by = r->rule[jump];

	for (unsigned i = 0; i < r->count; i++) {
		char between[NAME_SIZE];

		if (i == jump || !rule_leads_to(r->rule[i], chain) ||
		    rule_leads_to(by, chain))
			continue;
		snprintf(between, sizeof(between), "%.*s",
			 (int)strcspn(r->rule[i] + 3, " "), r->rule[i] + 3);
		if (rule_leads_to(by, between))
			fate = fate_behind(r, i, between, r->rule[i]);
	}
	if (fate == FATE_GOES_ON)
		fate = fate_behind(r, jump, hook, by);
	if (fate == FATE_GOES_ON)
		return ruleset_policy_is(r, hook, "DROP");
	return fate == FATE_SHUT;
}

static void
see_before(struct doctor *d, const struct family *f, unsigned jump,
	   const char *hook)
{
	const struct ruleset *r = d->rules;
	bool established = false;

	for (unsigned i = 0; i < r->count; i++) {
		const char *rule = r->rule[i];

		established |= strstr(rule, "ESTABLISHED") != NULL &&
			       (rule_leads_to(rule, "ACCEPT") ||
				rule_leads_to(rule, "RETURN"));
		if (i >= jump || !rule_is_of(rule, hook) ||
		    !rule_accepts_all(rule))
			continue;
		say(d, FAIL,
		    "%s: a rule before our chain accepts everything: "
		    "%s; delete it: %s -D%s",
		    f->name, rule, f->tool, rule + 2);
	}
	if (established)
		say(d, PASS, "%s: answers of open connections pass", f->name);
	else
		say(d, WARN,
		    "%s: no rule accepts ESTABLISHED packets, so "
		    "that connections end with their entries: %s -I "
		    "%s -m conntrack --ctstate ESTABLISHED,RELATED "
		    "-j ACCEPT",
		    f->name, f->tool, hook);
}

static void
see_escapes(struct doctor *d, const struct family *f, const char *hook)
{
	const struct ruleset *r = d->rules;
	bool found = false;

	for (unsigned i = 0; i < r->count; i++) {
		const char *rule = r->rule[i];

		if (!rule_is_of(rule, hook) || !rule_opens_resolver(rule))
			continue;
		say(d, WARN,
		    "%s: clients can ask other resolvers: %s; delete it: %s "
		    "-D%s",
		    f->name, rule, f->tool, rule + 2);
		found = true;
	}
	if (!found)
		say(d, PASS, "%s: no rule was seen that opens another resolver",
		    f->name);
}

static void
see_hook(struct doctor *d, const struct family *f, const char *hook)
{
	const struct ruleset *r = d->rules;
	unsigned jump = ruleset_jump(r, hook, d->chain);

	say(d, PASS, "%s: %s leads to %s", f->name, hook, d->chain);
	if (r->cut)
		say(d, WARN,
		    "%s: the ruleset is long; only its first %d "
		    "lines were looked at",
		    f->name, RULESET_RULES);
	if (is_shut(r, jump, hook, d->chain))
		say(d, PASS, "%s: what %s does not accept is refused", f->name,
		    d->chain);
	else
		say(d, FAIL,
		    "%s: what %s does not accept is let through: "
		    "%s -A %s -j REJECT",
		    f->name, d->chain, f->tool, hook);
	see_before(d, f, jump, hook);
	see_escapes(d, f, hook);
}

/* Reads the table that has our chain, else the first that can be read. */
static bool
find_table(struct doctor *d, const struct family *f)
{
	for (unsigned i = 0; i < 2; i++)
		if (ruleset_read(d->rules, f->save[i]) &&
		    ruleset_has_chain(d->rules, d->chain))
			return true;
	return false;
}

static void
see_missing(struct doctor *d, const struct family *f)
{
	bool readable = ruleset_read(d->rules, f->save[0]);

	if (!readable)
		say(d, number_in(f->forwarding) == 1 ? FAIL : WARN,
		    "%s: the ruleset cannot be read; run this as root",
		    f->name);
	else if (number_in(f->forwarding) != 1)
		say(d, PASS, "%s: is not forwarded, and has no chain", f->name);
	else if (ruleset_policy_is(d->rules, "FORWARD", "DROP"))
		say(d, PASS, "%s: has no chain, and FORWARD refuses all",
		    f->name);
	else
		say(d, FAIL,
		    "%s: is forwarded past the access list: %s -N "
		    "%s, %s -A FORWARD -j %s, %s -P FORWARD DROP, "
		    "then dns-firewallctl reload",
		    f->name, f->tool, d->chain, f->tool, d->chain, f->tool);
}

static void
see_family(struct doctor *d, const struct family *f)
{
	static const char *const hooks[] = { "FORWARD", "OUTPUT" };
	bool led = false;

	if (!find_table(d, f)) {
		see_missing(d, f);
		return;
	}
	/* OUTPUT where this host guards itself; on a router it is an extra
	 * that may cover as little as its owner likes. */
	for (unsigned i = 0; !led && i < 2; i++) {
		led = ruleset_jump(d->rules, hooks[i], d->chain) <
		      d->rules->count;
		if (led)
			see_hook(d, f, hooks[i]);
	}
	if (!led)
		say(d, FAIL, "%s: nothing leads to %s: %s -I FORWARD -j %s",
		    f->name, d->chain, f->tool, d->chain);
}

/* ---- the kernel beside it ------------------------------------------------ */

static bool
has_bridge(void)
{
	DIR *nets = opendir("/sys/class/net");
	const struct dirent *e;
	bool found = false;
	char path[320];

	while (nets && !found && (e = readdir(nets)) != NULL) {
		snprintf(path, sizeof(path), "/sys/class/net/%s/bridge",
			 e->d_name);
		found = e->d_name[0] != '.' && access(path, F_OK) == 0;
	}
	if (nets)
		closedir(nets);
	return found;
}

/* The kernel takes the larger of `all` and the interface's own; 2 is loose. */
static bool
sources_are_checked(void)
{
	long all = number_in("/proc/sys/net/ipv4/conf/all/rp_filter");
	DIR *conf = opendir("/proc/sys/net/ipv4/conf");
	const struct dirent *e;
	bool checked = conf != NULL;
	char path[320];

	while (conf && (e = readdir(conf)) != NULL) {
		long own;

		if (e->d_name[0] == '.' || strcmp(e->d_name, "lo") == 0 ||
		    strcmp(e->d_name, "all") == 0 ||
		    strcmp(e->d_name, "default") == 0)
			continue;
		snprintf(path, sizeof(path),
			 "/proc/sys/net/ipv4/conf/%s/rp_filter", e->d_name);
		own = number_in(path);
		checked &= (own > all ? own : all) == 1;
	}
	if (conf)
		closedir(conf);
	return checked;
}

static void
see_kernel(struct doctor *d)
{
	if (number_in("/proc/sys/net/ipv4/ip_forward") == 1)
		say(d, PASS, "IPv4 is forwarded");
	else
		say(d, WARN,
		    "IPv4 is not forwarded; on a router: sysctl "
		    "net.ipv4.ip_forward=1");
	if (sources_are_checked())
		say(d, PASS, "packets with a wrong source are dropped");
	else
		say(d, WARN,
		    "packets from outside may carry an address of "
		    "the inside: sysctl "
		    "net.ipv4.conf.all.rp_filter=1");
	if (!has_bridge())
		return;
	if (number_in("/proc/sys/net/bridge/bridge-nf-call-iptables") == 1)
		say(d, PASS, "bridged packets go through FORWARD");
	else
		say(d, WARN,
		    "guests on one bridge reach each other past "
		    "FORWARD: modprobe br_netfilter; sysctl "
		    "net.bridge.bridge-nf-call-iptables=1");
}

static void
see_journal(struct doctor *d)
{
	FILE *from;
	char line[128] = "";

	if (access("/run/systemd/system", F_OK) == -1)
		return;
	from = popen("/usr/bin/systemctl show -p LogRateLimitIntervalUSec "
		     "dns-firewall.service 2>/dev/null",
		     "re");
	if (from == NULL)
		return;
	if (fgets(line, sizeof(line), from) &&
	    strncmp(line, "LogRateLimitIntervalUSec=0", 26) == 0)
		say(d, PASS, "the journal keeps every line of the log");
	else
		say(d, WARN,
		    "the journal may drop lines of the log: put "
		    "LogRateLimitIntervalSec=0 into [Service] of the "
		    "unit (systemctl edit dns-firewall)");
	pclose(from);
}

enum client_end
doctor_print(const char *control)
{
	struct doctor d = { .rules = malloc(sizeof(*d.rules)) };

	if (d.rules == NULL)
		return CLIENT_FAILED;
	see_daemon(&d, control);
	for (size_t i = 0;
	     d.has_firewall && i < sizeof(families) / sizeof(families[0]); i++)
		see_family(&d, &families[i]);
	see_kernel(&d);
	see_journal(&d);
	free(d.rules);
	return d.failed ? CLIENT_FAILED : CLIENT_DONE;
}
