/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order in which rules give ports depends on their lines, so that ports
 * are put in order here. Where they are too many for the room that there is,
 * a number stands for those that are left, made of all of them.
 */
#include "ctl/diff_verdict.h"

#include "base/hash.h"
#include "base/text.h"
#include "policy/prefixed.h"
#include "policy/print.h"

enum { PORTS_SHOWN = 32 };

static uint32_t
rank(const struct verdict_port *p)
{
	return (uint32_t)p->protocol << 16 | p->port;
}

static void
sort_ports(struct verdict *v)
{
	for (unsigned i = 1; i < v->port_count; i++) {
		struct verdict_port kept = v->port[i];
		unsigned k = i;

		for (; k > 0 && rank(&v->port[k - 1]) > rank(&kept); k--)
			v->port[k] = v->port[k - 1];
		v->port[k] = kept;
	}
}

static void
print_ports(struct verdict *v, struct text *out)
{
	static const struct hash_key key;
	uint64_t rest = 0;

	sort_ports(v);
	for (unsigned i = 0; i < v->port_count; i++) {
		const struct verdict_port *p = &v->port[i];
		uint32_t number = rank(p);

		if (i < PORTS_SHOWN)
			text_printf(out, " %s:%u", protocol_text(p->protocol),
				    port_number(p->protocol, p->port));
		else
			rest ^= hash_bytes(&key, &number, sizeof(number));
	}
	if (v->port_count > PORTS_SHOWN)
		text_printf(out, " and %u more (%08x)",
			    v->port_count - PORTS_SHOWN, (unsigned)rest);
}

static void
print_block(const struct image_rule *r, struct text *out)
{
	static const char *const words[] = { [BLOCK_REFUSED] = "refused",
					     [BLOCK_NXDOMAIN] = "nxdomain",
					     [BLOCK_NODATA] = "nodata",
					     [BLOCK_DROP] = "drop" };
	char text[ADDR_TEXT_SIZE];
	struct addr a;

	text_str(out, "blocked");
	if (r->has_answer4) {
		addr_from_v4(r->answer4, &a);
		text_printf(out, " = %s", addr_print(&a, text));
	}
	if (r->has_answer6) {
		addr_from_v6(r->answer6, &a);
		text_printf(out, " = %s", addr_print(&a, text));
	}
	if (!r->has_answer4 && !r->has_answer6)
		text_printf(out, " %s",
			    r->block <= BLOCK_DROP ? words[r->block] : "?");
}

void
diff_verdict(const struct policy *p, const struct policy_client *client,
	     const struct name *name, char out[DIFF_VERDICT_SIZE])
{
	struct verdict v;
	struct text text;

	text_init(&text, out, DIFF_VERDICT_SIZE);
	policy_match_prefixed(p, client, name, &v);
	switch (v.kind) {
	case VERDICT_STRANGER:
		text_str(&text, "stranger");
		break;
	case VERDICT_DENIED:
		text_str(&text, "denied");
		break;
	case VERDICT_BLOCKED:
		print_block(policy_rule(p, v.rule), &text);
		break;
	case VERDICT_ALLOWED:
		text_str(&text, v.port_count > 0 ? "allowed" : "dns-only");
		print_ports(&v, &text);
		if (v.port_count > 0 && v.dns_only)
			text_str(&text, " and dns-only");
		break;
	}
}
