/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The doctor's round: the daemon, the ruleset around it, and what the kernel
 * does beside them. It knows the ways by which clients have been seen to
 * escape; that it finds none is no proof.
 */
#include "ctl/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/findings.h"

/* The value, where the line is that setting. */
static const char *
value_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	return strncmp(line, name, len) == 0 && line[len] == '='
		   ? line + len + 1
		   : NULL;
}

static void
keep_text(const char *line, const char *name, char *out, size_t size)
{
	const char *value = value_of(line, name);

	if (value != NULL)
		snprintf(out, size, "%.*s", (int)strcspn(value, "\n"), value);
}

static bool
is_set(const char *line, const char *name, const char *to)
{
	const char *value = value_of(line, name);
	size_t len = strlen(to);

	return value != NULL && strncmp(value, to, len) == 0 &&
	       value[len] == '\n';
}

static void
on_setting(struct doctor *d, const char *line)
{
	keep_text(line, "CHAIN", d->chain, sizeof(d->chain));
	keep_text(line, "DNSFW_NFT_TABLE", d->table, sizeof(d->table));
	keep_text(line, "BIND", d->bind, sizeof(d->bind));
	keep_text(line, "DNSFW_NOTIFY_BIND", d->notify, sizeof(d->notify));
	keep_text(line, "DNSFW_SET_PREFIX", d->sets, sizeof(d->sets));
	if (is_set(line, "FIREWALL", "iptables"))
		d->kind = KIND_IPTABLES;
	if (is_set(line, "FIREWALL", "nftables"))
		d->kind = KIND_NFTABLES;
	if (is_set(line, "DNSFW_ENFORCE", "yes"))
		d->kind = KIND_ENFORCE;
	d->guards_itself |= is_set(line, "DNSFW_ENFORCE_OUTPUT", "yes");
	d->only_watches |= is_set(line, "DNSFW_MODE", "audit");
}

static void
on_status_line(void *arg, const char *line)
{
	struct doctor *d = arg;

	d->answers = true;
	if (strncmp(line, "state ok", 8) == 0)
		d->healthy = true;
	if (strncmp(line, "state degraded", 14) == 0)
		say(d, FAIL, "the daemon is not in order: %.*s",
		    (int)strcspn(line, "\n"), line);
	if (strncmp(line, "notice ", 7) == 0)
		say(d, WARN, "%.*s", (int)strcspn(line + 7, "\n"), line + 7);
	on_setting(d, line);
	see_list_set(d, line);
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
	if (d->kind == KIND_NONE)
		say(d, WARN,
		    "the daemon runs without a firewall: names are "
		    "filtered, addresses are not");
	if (d->only_watches)
		say(d, WARN,
		    "the daemon only watches (--mode audit): every name is "
		    "answered, and a table of our own refuses nothing");
}

static void
see_firewall(struct doctor *d)
{
	switch (d->kind) {
	case KIND_IPTABLES:
		see_iptables(d);
		break;
	case KIND_NFTABLES:
		see_nftables(d);
		break;
	case KIND_ENFORCE:
		see_enforced(d);
		break;
	case KIND_NONE:
		break;
	}
}

enum client_end
doctor_print(const char *control)
{
	struct doctor d = { .rules = malloc(sizeof(*d.rules)) };

	if (d.rules == NULL)
		return CLIENT_FAILED;
	see_daemon(&d, control);
	see_binds(&d);
	see_firewall(&d);
	see_kernel(&d);
	see_journal(&d);
	free(d.rules);
	return d.failed ? CLIENT_FAILED : CLIENT_DONE;
}
