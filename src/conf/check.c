/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings that are right alone and wrong together. Found out here, before
 * any socket, set or rule is touched.
 */
#include "conf/check.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "conf/foreign.h"
#include "conf/value.h"
#include "conf/word.h"

enum { NOTIFY_PORT = 53 };

static void
fill_ports(struct endpoint *list, uint32_t count, uint16_t port)
{
	for (uint32_t i = 0; i < count; i++)
		if (list[i].port == 0)
			list[i].port = port;
}

static void
check_required(struct gather *g)
{
	const struct options *opt = g->out;

	if (opt->acl_file[0] == '\0' && opt->trusted[0] == '\0')
		gather_refuse(g, "--acl-file",
			      "nothing is given, here or as ACL_FILE; accepted "
			      "is the path of an access list, or, to block "
			      "alone, --trusted");
	if (opt->upstream_count == 0)
		gather_refuse(g, "--upstream",
			      "nothing is given, here or as UPSTREAM; accepted "
			      "is the address of a resolver");
	if (!gather_has(g, offsetof(struct options, firewall)) &&
	    (opt->trusted[0] == '\0' || opt->acl_file[0] != '\0'))
		gather_refuse(g, "--firewall",
			      "nothing is given, here or as FIREWALL; accepted "
			      "is none, iptables or nftables");
}

static void
check_set_names(struct gather *g)
{
	const struct options *opt = g->out;

	if (opt->set_prefix[0] == '\0' &&
	    strlen(opt->chain) > WORD_SET_PREFIX_MAX)
		gather_refuse(g, "--chain",
			      "\"%s\" is too long to begin the names of the "
			      "sets; accepted is a chain of at most %d "
			      "characters, or another beginning of at most %d "
			      "with --set-prefix",
			      opt->chain, WORD_SET_PREFIX_MAX,
			      WORD_SET_PREFIX_MAX);
}

static void
check_chain(struct gather *g)
{
	const struct options *opt = g->out;

	if (opt->firewall == FIREWALL_NONE || opt->enforce)
		return;
	if (opt->chain[0] == '\0')
		gather_refuse(
		    g, "--chain",
		    "nothing is given, here or as CHAIN; accepted with "
		    "--firewall %s is the name of a chain",
		    opt->firewall == FIREWALL_IPTABLES ? "iptables"
						       : "nftables");
	else if (opt->firewall == FIREWALL_IPTABLES)
		check_set_names(g);
}

static void
check_enforce(struct gather *g)
{
	const struct options *opt = g->out;

	if (opt->enforce && opt->firewall != FIREWALL_NFTABLES)
		gather_refuse(g, "--enforce",
			      "needs a table of nftables; accepted is "
			      "--enforce with --firewall nftables");
	if (opt->enforce_output && !opt->enforce)
		gather_refuse(g, "--enforce-output",
			      "is a part of --enforce; accepted is both");
}

/* The sets are called after the chain where nothing else is said. */
static void
fill_set_prefix(struct options *opt)
{
	if (opt->set_prefix[0] == '\0' && !opt->enforce)
		memcpy(opt->set_prefix, opt->chain, sizeof(opt->set_prefix));
}

static void
check_times(struct gather *g)
{
	const struct options *opt = g->out;

	if (opt->min_rule_time_s > opt->max_rule_time_s)
		gather_refuse(g, "--min-rule-time",
			      "\"%" PRIu32 "\" is longer than the %" PRIu32
			      " of --max-rule-time; accepted is a "
			      "--min-rule-time of at most --max-rule-time",
			      opt->min_rule_time_s, opt->max_rule_time_s);
}

/* A query sent to `to` would come in at `at`. */
static bool
is_heard_at(const struct endpoint *to, const struct endpoint *at)
{
	if (to->port != at->port)
		return false;
	if (addr_equal(&to->addr, &at->addr))
		return to->scope == at->scope;
	/* The kernel takes "unspecified" for its own loopback, and a socket
	 * bound to :: may hear IPv4 too. */
	return (addr_is_wildcard(&at->addr) &&
		(addr_is_loopback(&to->addr) || addr_is_wildcard(&to->addr)) &&
		(at->addr.family == 6 || to->addr.family == 4)) ||
	       (addr_is_wildcard(&to->addr) && addr_is_loopback(&at->addr));
}

static void
refuse_endpoint(struct gather *g, const char *name, const struct endpoint *e,
		const char *why)
{
	char buf[ADDR_TEXT_SIZE + 32];
	struct text shown;

	text_init(&shown, buf, sizeof(buf));
	endpoint_show(e, &shown);
	gather_refuse(g, name, "\"%s\" %s", buf, why);
}

static void
check_loop(struct gather *g, const char *name, const struct endpoint *to)
{
	const struct options *opt = g->out;

	for (uint32_t i = 0; i < opt->bind_count; i++)
		if (is_heard_at(to, &opt->bind[i])) {
			refuse_endpoint(
			    g, name, to,
			    "is where --bind listens, so queries would come "
			    "back for ever; accepted is another address or "
			    "port");
			return;
		}
}

static void
check_loops(struct gather *g)
{
	const struct options *opt = g->out;

	for (uint32_t i = 0; i < opt->upstream_count; i++)
		check_loop(g, "--upstream", &opt->upstream[i]);
	for (uint32_t i = 0; i < opt->forward_count; i++)
		check_loop(g, "--forward", &opt->forward[i].at);
}

/* One of the two holds what the other would. */
static bool
binds_overlap(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && a->addr.family == b->addr.family &&
	       (addr_is_wildcard(&a->addr) || addr_is_wildcard(&b->addr));
}

/* What is wrong with both, or NULL. */
static const char *
binds_conflict(const struct endpoint *a, const struct endpoint *b)
{
	if (memcmp(a, b, sizeof(*a)) == 0)
		return "is given twice; accepted is each address and port once";
	if (binds_overlap(a, b))
		return "and the address that stands for all of its family have "
		       "one port; accepted is one of the two";
	return NULL;
}

static void
check_binds(struct gather *g)
{
	const struct options *opt = g->out;

	for (uint32_t i = 1; i < opt->bind_count; i++) {
		const struct endpoint *bind = &opt->bind[i];
		const char *why = NULL;

		for (uint32_t j = 0; j < i && !why; j++)
			why = binds_conflict(bind, &opt->bind[j]);
		if (why)
			refuse_endpoint(g, "--bind", bind, why);
	}
}

static void
check_notify(struct gather *g)
{
	const struct options *opt = g->out;

	if (opt->notify_bind_count > 0 && !options_have_lists(opt))
		gather_refuse(g, "--notify-bind",
			      "is for zones that are transferred; accepted "
			      "with it is --lists or --dns-policy");
	for (uint32_t i = 0; i < opt->notify_bind_count; i++) {
		const struct endpoint *bind = &opt->notify_bind[i];
		const char *why = NULL;

		for (uint32_t j = 0; j < opt->bind_count && !why; j++)
			why = binds_conflict(bind, &opt->bind[j]);
		for (uint32_t j = 0; j < i && !why; j++)
			why = binds_conflict(bind, &opt->notify_bind[j]);
		if (why)
			refuse_endpoint(g, "--notify-bind", bind, why);
	}
}

/* sockaddr_un.sun_path ends in NUL. */
static void
check_control(struct gather *g)
{
	const size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

	if (strlen(g->out->control) > most)
		gather_refuse(g, "--control",
			      "\"%s\" is too long for a socket; accepted is a "
			      "path of at most %zu bytes",
			      g->out->control, most);
}

/* ---- policy zones alone -------------------------------------------------- */

static void
add_forwarders(struct gather *g)
{
	struct options *opt = g->out;
	const uint32_t most = sizeof(opt->upstream) / sizeof(opt->upstream[0]);

	for (uint32_t i = 0; i < opt->forwarder_ips_count; i++) {
		if (opt->upstream_count == most) {
			gather_refuse(g, "--forwarder-ips",
				      "with those of --upstream there are too "
				      "many; accepted are %u upstreams",
				      most);
			return;
		}
		opt->upstream[opt->upstream_count++] = opt->forwarder_ips[i];
	}
}

/* A resolver beside us, as the container brings it; what the container does
 * not look at then, we do not either. */
static void
fill_upstream(struct gather *g)
{
	static const struct endpoint local = {
		.addr = { .family = 4, .byte = { 127, 0, 0, 1 } },
		.port = 5335
	};
	struct options *opt = g->out;

	if (opt->bind_mode != BIND_MODE_RECURSION) {
		add_forwarders(g);
		return;
	}
	if (opt->forwarder_ips_count > 0)
		foreign_add(opt, "FORWARDER_IPS", "--bind-mode 2");
	if (opt->upstream_count > 0)
		gather_refuse(g, "--bind-mode",
			      "\"1\" asks the resolver at 127.0.0.1@5335, and "
			      "upstreams are named too; accepted is \"2\" "
			      "with upstreams");
	else
		opt->upstream[opt->upstream_count++] = local;
}

/* Whoever gives a policy zone and nothing else wants what its publisher's
 * container does: answer the neighbours on port 53, and open nothing. */
static void
fill_policy_zone(struct gather *g)
{
	static const struct endpoint all[] = {
		{ .addr = { .family = 4 }, .port = 53 },
		{ .addr = { .family = 6 }, .port = 53 }
	};
	struct options *opt = g->out;

	if (opt->acl_file[0] != '\0')
		return;
	if (opt->trusted[0] == '\0' && opt->dns_policy[0] != '\0')
		strcpy(opt->trusted, "localhost localnets");
	if (opt->trusted[0] != '\0' &&
	    !gather_has(g, offsetof(struct options, firewall)))
		opt->firewall = FIREWALL_NONE;
	if (opt->dns_policy[0] == '\0' ||
	    gather_has(g, offsetof(struct options, bind)) ||
	    gather_has(g, offsetof(struct options, bind_port)))
		return;
	memcpy(opt->bind, all, sizeof(all));
	opt->bind_count = sizeof(all) / sizeof(all[0]);
}

/* Uploaders of hits look for a file of that name. */
static void
fill_rpz_log(struct options *opt)
{
	if (opt->rpz_log[0] == '\0' && opt->device_id[0] != '\0')
		snprintf(opt->rpz_log, sizeof(opt->rpz_log),
			 "/var/log/dns-firewall/%.*s.log", WORD_DEVICE_MAX,
			 opt->device_id);
}

static void
check_policy_zone(struct gather *g)
{
	const struct options *opt = g->out;
	bool has_key = opt->tsig_key || opt->tsig_key_name[0] != '\0';

	if (opt->dns_policy[0] != '\0' && opt->master_dns_ip_count == 0)
		gather_refuse(g, "--dns-policy",
			      "\"%s\" is transferred from nowhere; accepted "
			      "with it is --master-dns-ip",
			      opt->dns_policy);
	if (opt->dns_policy[0] == '\0' &&
	    (opt->master_dns_ip_count > 0 || has_key))
		gather_refuse(g, "--dns-policy",
			      "nothing is given, here or as DNS_POLICY; "
			      "accepted with a primary or a key is the name "
			      "of the zone");
	if (opt->tsig_key != (opt->tsig_key_name[0] != '\0'))
		gather_refuse(g, "--tsig-key-name",
			      "a key has a name and a secret; accepted is "
			      "TSIG_KEY_NAME with TSIG_KEY or TSIG_KEY_FILE");
}

void
check_together(struct gather *g)
{
	struct options *opt = g->out;

	fill_upstream(g);
	fill_policy_zone(g);
	fill_rpz_log(opt);
	fill_ports(opt->master_dns_ip, opt->master_dns_ip_count,
		   opt->master_dns_port);
	fill_ports(opt->upstream, opt->upstream_count, opt->upstream_port);
	for (uint32_t i = 0; i < opt->forward_count; i++)
		fill_ports(&opt->forward[i].at, 1, opt->upstream_port);
	fill_ports(opt->bind, opt->bind_count, opt->bind_port);
	fill_ports(opt->notify_bind, opt->notify_bind_count, NOTIFY_PORT);
	check_required(g);
	check_policy_zone(g);
	check_chain(g);
	check_enforce(g);
	check_times(g);
	check_loops(g);
	check_binds(g);
	check_notify(g);
	check_control(g);
	fill_set_prefix(opt);
}
