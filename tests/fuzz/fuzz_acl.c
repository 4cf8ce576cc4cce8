/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as an ACL. What compiles must print to text that compiles to the
 * same rules and prints the same; what every rule says of its own net and
 * name must be what the plain matcher says; and no block may be lost.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/policy/naive.h"
#include "policy/compile.h"
#include "policy/print.h"

enum { ASK_MAX_RULES = 64 };

struct compiled {
	void *image;
	size_t size;
	struct policy policy;
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static bool
compile(const char *text, size_t len, struct compiled *out)
{
	static char said[ACL_COMPLAINTS_SIZE];
	struct policy_source source = { .name = "acl",
					.text = text,
					.len = len };
	struct text complaints;
	enum err err;

	text_init(&complaints, said, sizeof(said));
	err = policy_compile(&source, &out->image, &out->size, &complaints);
	must(!complaints.cut);
	must((err == ERR_SYNTAX) == (strstr(said, ": error: ") != NULL));
	if (err != ERR_NONE)
		return false;
	must(policy_view(out->image, out->size, 0, &out->policy) == ERR_NONE);
	return true;
}

static char *
print(const struct policy *p, size_t *len_out)
{
	size_t size = policy_rule_count(p) * (size_t)RULE_TEXT_SIZE + 1;
	char *buf = malloc(size);
	struct text out;

	must(buf != NULL);
	text_init(&out, buf, size);
	for (uint32_t i = 0; i < policy_rule_count(p); i++) {
		rule_print(p, policy_rule(p, i), &out);
		text_char(&out, '\n');
	}
	*len_out = out.len;
	return buf;
}

/* Echo requests have another number in IPv6. */
static void
fit_echo(struct acl_rule *r)
{
	if (r->protocol != IPPROTO_ICMP || r->client.addr.family != 6)
		return;
	r->protocol = IPPROTO_ICMPV6;
	r->port = PORT_ECHO6;
}

/* The rules of a policy as the plain matcher takes them: from its text. */
static bool
read_rules(const char *text, struct naive *n)
{
	n->count = 0;
	while (*text) {
		const char *end = strchr(text, '\n');
		struct flaw flaw;

		if (n->count == ASK_MAX_RULES)
			return false;
		must(acl_parse_line(text, (size_t)(end - text),
				    &n->rule[n->count], &flaw) == LINE_RULE);
		fit_echo(&n->rule[n->count++]);
		text = end + 1;
	}
	return true;
}

/* The name itself, or one below it where there is room for a label. */
static struct name
name_under(const struct name *name, bool below)
{
	struct name out = *name;

	if (below && name->len <= NAME_MAX_WIRE - 2) {
		memcpy(out.wire, "\1B", 2);
		memcpy(out.wire + 2, name->wire, name->len);
		out.len = (uint8_t)(name->len + 2);
	}
	return out;
}

static void
count_rule(void *arg, uint32_t rule, bool shadowed)
{
	unsigned *count = arg;

	(void)rule;
	(void)shadowed;
	++*count;
}

static void
ask(const struct policy *p, const struct naive *n, const struct addr *client,
    const struct name *name)
{
	static struct verdict v, plain;
	unsigned met = 0;

	policy_match(p, asker(client), name, &v);
	naive_match(n, client, name, &plain);
	must(naive_agrees(&plain, &v));
	policy_explain(p, asker(client), name, count_rule, &met);
	must((met > 0) ==
	     (v.kind == VERDICT_ALLOWED || v.kind == VERDICT_BLOCKED));
	for (unsigned i = 0; i < v.port_count; i++)
		must(policy_rule_gives(p, v.port[i].rule, asker(client),
				       v.port[i].protocol,
				       v.port[i].port) == ERR_NONE &&
		     gives_any(p, asker(client), v.port[i].protocol,
			       v.port[i].port));
}

static bool
has_block(const struct naive *n, const struct acl_rule *block)
{
	for (unsigned i = 0; i < n->count; i++) {
		const struct acl_rule *r = &n->rule[i];

		if (r->arrow == ARROW_BLOCK && r->kind == block->kind &&
		    name_equal(&r->domain, &block->domain) &&
		    memcmp(&r->client, &block->client, sizeof(r->client)) == 0 &&
		    r->who.interface.len == block->who.interface.len)
			return true;
	}
	return false;
}

/* Every block that the ACL was given is among the rules. */
static void
expect_all_blocks(const char *acl, size_t len, const struct naive *n)
{
	const char *end = acl + len;

	if (len >= 3 && memcmp(acl, "\xef\xbb\xbf", 3) == 0)
		acl += 3;
	while (acl < end) {
		const char *stop = memchr(acl, '\n', (size_t)(end - acl));
		struct acl_rule r;
		struct flaw flaw;

		if (!stop)
			stop = end;
		if (acl_parse_line(acl, (size_t)(stop - acl), &r, &flaw) ==
			LINE_RULE &&
		    r.arrow == ARROW_BLOCK && r.who.kind == CLIENT_NET)
			must(has_block(n, &r));
		acl = stop + 1;
	}
}

static void
check_matches(const struct policy *p, const struct naive *n)
{
	must(n->count == policy_rule_count(p));
	for (unsigned i = 0; i < n->count; i++)
		for (unsigned j = 0; j < n->count; j++) {
			const struct name *domain = &n->rule[j].domain;
			struct name at = name_under(domain, false);
			struct name under = name_under(domain, true);

			ask(p, n, &n->rule[i].client.addr, &at);
			ask(p, n, &n->rule[i].client.addr, &under);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct naive n;
	struct compiled first, again;
	size_t once_len, twice_len;
	char *once, *twice;

	if (!compile((const char *)data, size, &first))
		return 0;
	once = print(&first.policy, &once_len);
	must(compile(once, once_len, &again));
	twice = print(&again.policy, &twice_len);
	must(once_len == twice_len && memcmp(once, twice, once_len) == 0);
	if (read_rules(once, &n)) {
		check_matches(&first.policy, &n);
		expect_all_blocks((const char *)data, size, &n);
	}
	free(once);
	free(twice);
	free(first.image);
	free(again.image);
	return 0;
}
