/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways to another resolver: its port, over TLS too, or an address where
 * one answers over HTTPS. A rule with a condition that is not understood is
 * judged by what is, and never by what is not said.
 */
#include "ctl/reach.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"

enum { PORT_DNS = 53, PORT_HTTPS = 443, PORT_DOT = 853, PORT_LAST = 65535 };

static const char *const resolvers[] = {
	"1.1.1.1",
	"1.0.0.1",
	"8.8.8.8",
	"8.8.4.4",
	"9.9.9.9",
	"149.112.112.112",
	"94.140.14.14",
	"208.67.222.222",
	"2606:4700:4700::1111",
	"2001:4860:4860::8888",
	"2620:fe::fe",
};

void
reach_ports(struct reach *r, const char *text)
{
	char *end = NULL;
	unsigned long low = strtoul(text, &end, 10), high = low;

	r->has_ports = true;
	if (end == text)
		return;
	if (*end == ':' || *end == '-') {
		high = strtoul(end + 1, &end, 10);
		if (high == 0)
			high = PORT_LAST;
	}
	r->has_dns_port |= (low <= PORT_DNS && PORT_DNS <= high) ||
			   (low <= PORT_DOT && PORT_DOT <= high);
	r->has_https_port |= low <= PORT_HTTPS && PORT_HTTPS <= high;
}

static bool
is_between(const struct addr *low, const struct addr *at,
	   const struct addr *high)
{
	return low->family == at->family && high->family == at->family &&
	       memcmp(low->byte, at->byte, sizeof(at->byte)) <= 0 &&
	       memcmp(at->byte, high->byte, sizeof(at->byte)) <= 0;
}

static bool
includes(const char *text, const struct addr *resolver)
{
	const char *dash = strchr(text, '-');
	struct addr low, high;
	struct net net;

	if (dash == NULL)
		return net_parse(text, strlen(text), &net, NULL) == ERR_NONE &&
		       addr_in_net(resolver, &net);
	return addr_parse(text, (size_t)(dash - text), &low) == ERR_NONE &&
	       addr_parse(dash + 1, strlen(dash + 1), &high) == ERR_NONE &&
	       is_between(&low, resolver, &high);
}

void
reach_destination(struct reach *r, const char *text)
{
	r->has_destinations = true;
	for (size_t i = 0; i < sizeof(resolvers) / sizeof(*resolvers); i++) {
		struct addr at;

		addr_parse(resolvers[i], strlen(resolvers[i]), &at);
		r->has_resolver |= includes(text, &at);
	}
}

void
reach_protocol(struct reach *r, const char *text)
{
	r->has_protocols = true;
	r->has_streams |= strcmp(text, "tcp") == 0 || strcmp(text, "udp") == 0;
}

bool
reach_has_resolver(const struct reach *r)
{
	if (r->has_protocols && !r->has_streams)
		return false;
	if (r->has_dns_port)
		return true;
	if (r->has_resolver)
		return !r->has_ports || r->has_https_port;
	return !r->has_ports && !r->has_destinations && !r->is_strange;
}
