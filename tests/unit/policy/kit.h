/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every test of this room needs: a policy from text, and its parts. */
#ifndef TESTS_POLICY_KIT_H
#define TESTS_POLICY_KIT_H

#include <stdlib.h>
#include <string.h>

#include "asker.h"
#include "policy/compile.h"
#include "policy/match.h"
#include "policy/print.h"

struct kit {
	void *image;
	size_t size;
	struct policy policy;
	char said[ACL_COMPLAINTS_SIZE]; /* warnings and errors */
};

static inline enum err
kit_compile_bytes(struct kit *k, const char *text, size_t len)
{
	struct policy_source source = { .name = "acl",
					.text = text,
					.len = len };
	struct text said;

	text_init(&said, k->said, sizeof(k->said));
	k->image = NULL;
	return policy_compile(&source, &k->image, &k->size, &said);
}

static inline enum err
kit_compile(struct kit *k, const char *text)
{
	return kit_compile_bytes(k, text, strlen(text));
}

/* The text must compile without any complaint. */
static inline void
kit_open(struct kit *k, const char *text)
{
	assert_int_equal(kit_compile(k, text), ERR_NONE);
	assert_string_equal(k->said, "");
	assert_int_equal(policy_view(k->image, k->size, 7, &k->policy),
			 ERR_NONE);
}

static inline void
kit_close(struct kit *k)
{
	free(k->image);
	k->image = NULL;
}

static inline struct addr
kit_addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, strlen(text), &a), ERR_NONE);
	return a;
}

static inline struct name
kit_name(const char *text)
{
	struct name n;

	assert_int_equal(name_parse(text, strlen(text), &n, NULL), ERR_NONE);
	return n;
}

static inline void
kit_match(const struct kit *k, const char *client, const char *name,
	  struct verdict *out)
{
	struct addr a = kit_addr(client);
	struct name n = kit_name(name);

	policy_match(&k->policy, asker(&a), &n, out);
}

/* All rules in canonical form, one a line; free() it. */
static inline char *
kit_print(const struct policy *p)
{
	size_t size = policy_rule_count(p) * (size_t)RULE_TEXT_SIZE + 1;
	char *buf = malloc(size);
	struct text out;

	if (!buf)
		abort();
	text_init(&out, buf, size);
	for (uint32_t i = 0; i < policy_rule_count(p); i++) {
		rule_print(p, policy_rule(p, i), &out);
		text_char(&out, '\n');
	}
	return buf;
}

#endif
