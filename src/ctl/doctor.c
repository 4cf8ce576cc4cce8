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

static bool
file_says(const char *path, char *out, size_t size)
{
	FILE *file = fopen(path, "re");
	bool got = false;

	if (file == NULL)
		return false;
	got = fgets(out, (int)size, file) != NULL;
	out[got ? strcspn(out, "\n") : 0] = '\0';
	fclose(file);
	return got;
}

static long
number_in(const char *path)
{
	char text[64];

	return file_says(path, text, sizeof(text)) ? strtol(text, NULL, 10)
						   : -1;
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
		    "no daemon answers at %s: systemctl start "
		    "dns-firewall",
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

static bool
is_final(const struct ruleset *r, unsigned i, const char *hook)
{
	return rule_is_of(r->rule[i], hook) && rule_is_broad(r->rule[i]) &&
	       (rule_leads_to(r->rule[i], "DROP") ||
		rule_leads_to(r->rule[i], "REJECT"));
}

/* What our chain did not accept is refused, by a rule of the same chain the
 * jump stands in or behind it, or by the policy. */
static bool
is_shut(const struct ruleset *r, unsigned jump, const char *hook)
{
	char between[NAME_SIZE] = "";
	const char *to = strstr(r->rule[jump], " -j ");

	if (to != NULL)
		snprintf(between, sizeof(between), "%.*s",
			 (int)strcspn(to + 4, " "), to + 4);
	for (unsigned i = 0; i < r->count; i++)
		if ((i > jump && is_final(r, i, hook)) ||
		    is_final(r, i, between))
			return true;
	return ruleset_policy_is(r, hook, "DROP");
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
		    strstr(rule, " -o lo ") != NULL ||
		    !rule_leads_to(rule, "ACCEPT") || !rule_is_broad(rule))
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

/* Resolvers that browsers know by heart. */
static const char *const resolvers[] = {
	"1.1.1.1/32",
	"1.0.0.1/32",
	"8.8.8.8/32",
	"8.8.4.4/32",
	"9.9.9.9/32",
	"149.112.112.112/32",
	"94.140.14.14/32",
	"208.67.222.222/32",
	"2606:4700:4700::1111/128",
	"2001:4860:4860::8888/128",
	"2620:fe::fe/128",
};

static void
see_escapes(struct doctor *d, const struct family *f, const char *hook)
{
	const struct ruleset *r = d->rules;
	bool found = false;

	for (unsigned i = 0; i < r->count; i++) {
		const char *rule = r->rule[i];
		bool open = false;

		if (!rule_is_of(rule, hook) || !rule_leads_to(rule, "ACCEPT") ||
		    strstr(rule, "--uid-owner") != NULL)
			continue;
		open = strstr(rule, "--dport 53 ") != NULL ||
		       strstr(rule, "--dport 853 ") != NULL;
		for (size_t k = 0; k < sizeof(resolvers) / sizeof(resolvers[0]);
		     k++)
			open |= strstr(rule, resolvers[k]) != NULL;
		if (open)
			say(d, WARN,
			    "%s: clients can ask other resolvers: "
			    "%s; delete it: %s -D%s",
			    f->name, rule, f->tool, rule + 2);
		found |= open;
	}
	if (!found)
		say(d, PASS, "%s: no rule opens another resolver", f->name);
}

static void
see_hook(struct doctor *d, const struct family *f, const char *hook)
{
	const struct ruleset *r = d->rules;
	unsigned jump = ruleset_jump(r, hook, d->chain);

	say(d, PASS, "%s: %s leads to %s", f->name, hook, d->chain);
	if (is_shut(r, jump, hook))
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

	if (number_in(f->forwarding) != 1)
		say(d, PASS, "%s: is not forwarded, and has no chain", f->name);
	else if (!readable)
		say(d, WARN,
		    "%s: the ruleset cannot be read; run this as "
		    "root",
		    f->name);
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

static void
see_kernel(struct doctor *d)
{
	if (number_in("/proc/sys/net/ipv4/ip_forward") == 1)
		say(d, PASS, "IPv4 is forwarded");
	else
		say(d, WARN,
		    "IPv4 is not forwarded; on a router: sysctl "
		    "net.ipv4.ip_forward=1");
	if (number_in("/proc/sys/net/ipv4/conf/all/rp_filter") == 1)
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
	from = popen("systemctl show -p LogRateLimitIntervalUSec "
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
