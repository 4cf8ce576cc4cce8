/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The round of `health`. Where nothing is configured that could be looked at,
 * nothing is said of it but how to have it looked at.
 */
#include "ctl/health.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/value.h"
#include "ctl/findings.h"
#include "ctl/resolve.h"
#include "wire/types.h"

struct health {
	struct doctor d;
	const char *control;
	char upstream[SETTING_SIZE], blocked[SETTING_SIZE],
	    allowed[SETTING_SIZE], hits[SETTING_SIZE];
	bool has_lists, has_firewall, records;
	unsigned long lost; /* records of the access log */
};

static bool
begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

/* What stands behind the word, up to the end of the line. */
static bool
keep(const char *line, const char *word, char out[SETTING_SIZE])
{
	if (!begins(line, word))
		return false;
	line += strlen(word);
	snprintf(out, SETTING_SIZE, "%.*s", (int)strcspn(line, "\n"), line);
	return true;
}

static bool
has_value(const char *line, const char *word)
{
	return begins(line, word) && line[strlen(word)] != '\n';
}

static enum client_end
ask(struct health *h, const char *what, client_line_fn *each)
{
	const struct client_request request = {
		.path = h->control, .line = what, .each = each, .arg = h
	};

	return client_ask(&request);
}

/* ---- the daemon ---------------------------------------------------------- */

static void
on_status(void *arg, const char *line)
{
	struct health *h = arg;
	int len = (int)strcspn(line, "\n");

	h->has_lists |= has_value(line, "DNSFW_LISTS=") ||
			has_value(line, "DNS_POLICY=") ||
			has_value(line, "DNSFW_TEST_BLOCKED=");
	keep(line, "UPSTREAM=", h->upstream);
	keep(line, "BIND=", h->d.bind);
	keep(line, "DNSFW_TEST_BLOCKED=", h->blocked);
	keep(line, "DNSFW_TEST_ALLOWED=", h->allowed);
	keep(line, "DNSFW_RPZ_LOG=", h->hits);
	if (begins(line, "records_lost "))
		h->lost = strtoul(line + strlen("records_lost "), NULL, 10);
	h->records |= begins(line, "child recorder ") &&
		      strstr(line, " ready") != NULL;
	h->has_firewall |= begins(line, "firewall ") &&
			   !begins(line, "firewall none");
	if (begins(line, "state ok"))
		h->d.healthy = true;
	else if (begins(line, "state "))
		say(&h->d, FAIL, "the daemon is not in order: %.*s", len, line);
	if (begins(line, "policy generation="))
		say(&h->d, PASS, "%.*s is in force", len, line);
}

/* False: there is none, so that nothing else can be said. */
static bool
see_daemon(struct health *h)
{
	if (ask(h, "status", on_status) != CLIENT_DONE) {
		say(&h->d, FAIL,
		    "no daemon answers us at %s: run this as root, or "
		    "systemctl start dns-firewall",
		    h->control);
		return false;
	}
	if (h->d.healthy)
		say(&h->d, PASS, "the daemon runs and is in order");
	return true;
}

/* ---- upstreams ----------------------------------------------------------- */

static void
see_upstream(struct health *h, const struct endpoint *at)
{
	const struct resolve question = { .server = *at,
					  .name = ".",
					  .type = "NS" };
	char buf[ENDPOINT_TEXT_SIZE];
	struct resolved answer;

	resolve_probe(&question, &answer);
	endpoint_print(at, buf);
	if (!answer.heard)
		say(&h->d, FAIL, "upstream %s is silent: %s", buf,
		    strerror(errno));
	else if (answer.rcode == RCODE_REFUSED)
		say(&h->d, WARN,
		    "upstream %s refuses to say who serves the root; it may "
		    "refuse us altogether",
		    buf);
	else
		say(&h->d, PASS, "upstream %s answers, in %u ms", buf,
		    answer.ms);
}

static void
see_upstreams(struct health *h)
{
	const char *at = h->upstream;

	while (*at != '\0') {
		size_t len = strcspn(at, ",");
		struct endpoint upstream;

		if (endpoint_parse(at, len, &upstream))
			see_upstream(h, &upstream);
		at += len + (at[len] == ',');
	}
}

/* ---- lists --------------------------------------------------------------- */

/* The value of a word of the line, or "". */
static const char *
value_in(const char *line, const char *word, int *len_out)
{
	const char *at = strstr(line, word);

	*len_out = 0;
	if (at == NULL)
		return "";
	at += strlen(word);
	*len_out = (int)strcspn(at, " \n");
	return at;
}

static void
on_list(void *arg, const char *line)
{
	struct health *h = arg;
	int name = (int)strcspn(line, " "), len, age;
	const char *error = strstr(line, " error=");
	const char *state = value_in(line, " state=", &len);
	const char *checked = value_in(line, " checked=", &age);

	if (error != NULL)
		say(&h->d, WARN, "list %.*s: %.*s", name, line,
		    (int)strcspn(error + 7, "\n"), error + 7);
	else if (len > 0 && begins(checked, "-"))
		say(&h->d, FAIL, "list %.*s was never fetched", name, line);
	else if (len > 0)
		say(&h->d, PASS, "list %.*s is %.*s, confirmed %.*s ago", name,
		    line, len, state, age, checked);
	else
		say(&h->d, PASS, "list %.*s is in force", name, line);
}

/* ---- test names ---------------------------------------------------------- */

/* The first address we listen on, where this host can ask it. */
static bool
find_server(const struct health *h, struct endpoint *out)
{
	static const uint8_t loopback[2][16] = { { 127, 0, 0, 1 },
						 { [15] = 1 } };

	if (!endpoint_parse(h->d.bind, strcspn(h->d.bind, ","), out))
		return false;
	if (addr_is_wildcard(&out->addr))
		memcpy(out->addr.byte, loopback[out->addr.family == 6],
		       sizeof(out->addr.byte));
	return true;
}

static bool
probe(struct health *h, const char *name, const char *type,
      struct resolved *answer)
{
	struct resolve question = { .name = name, .type = type };

	if (!find_server(h, &question.server)) {
		say(&h->d, FAIL, "there is no address of ours to ask for %s",
		    name);
		return false;
	}
	resolve_probe(&question, answer);
	if (answer->heard)
		return true;
	say(&h->d, FAIL, "we do not answer ourselves for %s: %s", name,
	    strerror(errno));
	return false;
}

/* True: that has been said. */
static bool
is_stranger(struct health *h, const char *name, const struct resolved *answer)
{
	if (answer->rcode != RCODE_REFUSED)
		return false;
	say(&h->d, FAIL,
	    "we refuse this host %s: add \"localhost ~> %s\" to the access "
	    "list",
	    name, name);
	return true;
}

static void
see_blocked(struct health *h)
{
	struct resolved answer;

	if (h->blocked[0] == '\0') {
		say(&h->d, WARN, "whether lists block was not looked at: give "
				 "the daemon --test-blocked NAME");
		return;
	}
	if (!probe(h, h->blocked, "A", &answer))
		return;
	if (answer.rcode == RCODE_NXDOMAIN)
		say(&h->d, PASS, "%s is blocked by its list", h->blocked);
	else if (answer.not_ready || !is_stranger(h, h->blocked, &answer))
		say(&h->d, FAIL,
		    "%s is not blocked: lists are not in force, or one above "
		    "lets it pass (dns-firewallctl lookup %s)",
		    h->blocked, h->blocked);
}

static void
see_allowed(struct health *h)
{
	char name[SETTING_SIZE];
	struct resolved answer;
	struct addr addr;
	char *equals;

	if (h->allowed[0] == '\0') {
		say(&h->d, WARN, "whether it is us who answer was not looked "
				 "at: give the daemon --test-allowed "
				 "NAME=ADDRESS");
		return;
	}
	memcpy(name, h->allowed, sizeof(name));
	equals = strchr(name, '=');
	if (equals == NULL ||
	    addr_parse(equals + 1, strlen(equals + 1), &addr) != ERR_NONE)
		return;
	*equals = '\0';
	if (!probe(h, name, addr.family == 4 ? "A" : "AAAA", &answer) ||
	    is_stranger(h, name, &answer))
		return;
	if (answer.addresses == 1 && addr_equal(&answer.address[0], &addr))
		say(&h->d, PASS, "%s resolves, through us alone", name);
	else
		say(&h->d, FAIL, "%s does not have the address that we give it",
		    name);
}

/* ---- log and kernel ------------------------------------------------------ */

static void
see_log(struct health *h)
{
	if (!h->records)
		say(&h->d, FAIL, "nothing writes the access log");
	else if (h->lost > 0)
		say(&h->d, WARN,
		    "the access log is written; %lu lines were lost since the "
		    "start",
		    h->lost);
	else
		say(&h->d, PASS, "the access log is written, no line lost");
}

/* logrotate(8) and we may not agree on where it is, or it was never there. */
static void
see_log_of_hits(struct health *h)
{
	if (h->hits[0] != '/')
		return;
	if (access(h->hits, F_OK) == 0)
		say(&h->d, PASS, "hits of lists are logged in %s", h->hits);
	else
		say(&h->d, FAIL,
		    "hits of lists are not in %s: %s; make its directory, for "
		    "the user of the daemon, and restart it",
		    h->hits, strerror(errno));
}

static void
ignore(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

static void
see_kernel_sets(struct health *h)
{
	if (!h->has_firewall)
		say(&h->d, PASS, "no firewall is opened (--firewall none)");
	else if (ask(h, "audit", ignore) == CLIENT_DONE)
		say(&h->d, PASS, "the kernel has what was granted, and no "
				 "more");
	else
		say(&h->d, FAIL, "the kernel does not have what was granted: "
				 "dns-firewallctl audit tells more");
}

enum client_end
health_print(const char *control)
{
	struct health *h = calloc(1, sizeof(*h));
	bool failed;

	if (h == NULL)
		return CLIENT_FAILED;
	h->control = control;
	if (see_daemon(h)) {
		see_upstreams(h);
		if (h->has_lists) {
			ask(h, "lists", on_list);
			see_blocked(h);
		}
		see_allowed(h);
		see_log(h);
		see_log_of_hits(h);
		see_kernel_sets(h);
	}
	failed = h->d.failed;
	free(h);
	return failed ? CLIENT_FAILED : CLIENT_DONE;
}
