/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The settings of a policy zone's publisher, written as the owner would have
 * written them into the lists file: nothing behind this knows of them.
 */
#include "lists/policy_zone.h"

#include <string.h>

#include "base/addr.h"
#include "lists/config.h"

/* "Basic" of "Basic.rpz.example", cut to what a list may be called. */
static void
put_list_name(const char *zone, struct text *out)
{
	size_t len = strcspn(zone, ".");

	text_bytes(out, zone, len < CONFIG_NAME_MAX ? len : CONFIG_NAME_MAX);
}

static void
put_primaries(const struct options *opt, struct text *out)
{
	char buf[ADDR_TEXT_SIZE];

	for (uint32_t i = 0; i < opt->master_dns_ip_count; i++) {
		const struct endpoint *at = &opt->master_dns_ip[i];

		text_printf(out, "%s%s@%u", i > 0 ? "," : "",
			    addr_print(&at->addr, buf), at->port);
	}
}

static void
put_test(const struct options *opt, struct text *out)
{
	struct name name = { .len = opt->test_blocked[0].len };

	memcpy(name.wire, opt->test_blocked[0].wire, name.len);
	text_str(out, "list " POLICY_ZONE_TEST " domains =");
	name_print(&name, out);
	text_char(out, '\n');
}

void
policy_zone_lines(const struct options *opt, struct text *out)
{
	if (opt->test_blocked_count > 0)
		put_test(opt, out);
	if (opt->dns_policy[0] == '\0')
		return;
	if (opt->tsig_key)
		text_printf(out, "key %s %s %s\n", opt->tsig_key_name,
			    tsig_word(opt->tsig_algorithm), POLICY_ZONE_SECRET);
	text_str(out, "list ");
	put_list_name(opt->dns_policy, out);
	text_printf(out, " rpz %s primary ", opt->dns_policy);
	put_primaries(opt, out);
	if (opt->tsig_key)
		text_printf(out, " key %s", opt->tsig_key_name);
	/* The container looks at the servers of all zones above. */
	text_str(out, " ns-levels all\n");
}
