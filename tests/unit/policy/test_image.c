/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image that is damaged is refused, or at least harms no reader. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kit.h"

static const char acl[] = "10.0.0.0/8 -> a.x:TCP:443\n"
			  "10.0.0.0/8 -> *.x:UDP:53\n"
			  "10.0.0.0/8 -| .y = 192.0.2.1\n"
			  "10.1.0.0/16 ~> *\n"
			  "::/0 -| z = 2001:db8::1\n";

static struct image_head *
head_of(struct kit *k)
{
	return k->image;
}

static void *
part(struct kit *k, const struct image_section *s)
{
	return (char *)k->image + s->at;
}

static void
ignore(void *arg, uint32_t rule, bool shadowed)
{
	unsigned *sum = arg;

	*sum += rule + shadowed;
}

static void
ask_everything(const struct policy *p, const char *client, const char *asked)
{
	static struct verdict v;
	struct addr a = kit_addr(client);
	struct name n = kit_name(asked);
	unsigned sum = 0;

	policy_match(p, asker(&a), &n, &v);
	policy_explain(p, asker(&a), &n, ignore, &sum);
	policy_knows(p, asker(&a));
	gives_any(p, asker(&a), IPPROTO_TCP, 443);
	for (uint32_t i = 0; i < policy_rule_count(p); i++)
		policy_rule_gives(p, i, asker(&a), IPPROTO_TCP, 443);
}

/* Every reader of the room goes over the policy. */
static void
read_everything(const struct policy *p)
{
	static const char *const names[] = { "a.x", "b.x", "x",	 "c.y",
					     "y",   "z",   "q.", "." };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		ask_everything(p, "10.1.0.1", names[i]);
		ask_everything(p, "10.2.0.1", names[i]);
		ask_everything(p, "::1", names[i]);
	}
	for (uint32_t i = 0; i < policy_rule_count(p); i++) {
		const struct image_rule *r = policy_rule(p, i);
		char buf[RULE_TEXT_SIZE];
		struct text out;
		struct name name;

		text_init(&out, buf, sizeof(buf));
		rule_print(p, r, &out);
		assert_false(out.cut);
		policy_rule_name(p, r, &name);
		assert_true(strlen(policy_rule_file(p, r)) < p->size);
		policy_find_identity(p, r->identity);
	}
}

static enum err
view(struct kit *k)
{
	return policy_view(k->image, k->size, 0, &k->policy);
}

static void
test_every_byte_damaged(void **state)
{
	static const uint8_t damage[] = { 0x01, 0x80, 0xff };
	unsigned refused = 0;
	struct kit k;

	(void)state;
	kit_open(&k, acl);
	read_everything(&k.policy);
	for (size_t at = 0; at < k.size; at++)
		for (size_t i = 0; i < sizeof(damage); i++) {
			uint8_t *byte = (uint8_t *)k.image + at;

			*byte ^= damage[i];
			if (view(&k) == ERR_NONE)
				read_everything(&k.policy);
			else
				refused++;
			*byte ^= damage[i];
		}
	assert_true(refused > k.size / 4);
	assert_int_equal(view(&k), ERR_NONE);
	kit_close(&k);
}

static void
test_every_length(void **state)
{
	struct kit k;

	(void)state;
	kit_open(&k, acl);
	for (size_t size = 0; size < k.size; size++) {
		void *copy = malloc(size + 1);

		assert_non_null(copy);
		memcpy(copy, k.image, size);
		assert_int_equal(policy_view(copy, size, 0, &k.policy),
				 ERR_IMAGE);
		if (size >= sizeof(struct image_head)) {
			((struct image_head *)copy)->size = size;
			if (policy_view(copy, size, 0, &k.policy) == ERR_NONE)
				read_everything(&k.policy);
		}
		free(copy);
	}
	kit_close(&k);
}

#define REFUSES(lvalue, bad)                           \
	do {                                           \
		__typeof__(lvalue) good_ = (lvalue);   \
		(lvalue) = (bad);                      \
		assert_int_equal(view(&k), ERR_IMAGE); \
		(lvalue) = good_;                      \
		assert_int_equal(view(&k), ERR_NONE);  \
	} while (0)

static void
test_what_a_head_may_not_say(void **state)
{
	struct image_head *h;
	struct kit k;

	(void)state;
	kit_open(&k, acl);
	h = head_of(&k);
	REFUSES(h->magic, h->magic + 1);
	REFUSES(h->version, h->version + 1);
	REFUSES(h->size, h->size + 8);
	REFUSES(h->rules.at, h->rules.at + 4);
	REFUSES(h->rules.at, 0);
	REFUSES(h->rules.at, 0xfffffff8);
	REFUSES(h->rules.count, 0xffffffff);
	REFUSES(h->names.count, 0);
	REFUSES(h->ports.count, 0);
	REFUSES(h->net_slots.count, 0);
	REFUSES(h->entry_slots.count, 3);
	REFUSES(h->identities.count, 1);
	REFUSES(h->files.count, 0);
	REFUSES(h->files.count, 1);
	kit_close(&k);
}

static void
test_what_nets_and_entries_may_not_say(void **state)
{
	struct image_entry *entry;
	struct image_slot *slot;
	struct image_net *net;
	struct kit k;

	(void)state;
	kit_open(&k, acl);
	net = part(&k, &head_of(&k)->nets);
	assert_int_equal(net[0].parent, 1);
	REFUSES(net[0].parent, 0);
	REFUSES(net[0].parent, 3);
	REFUSES(net[0].parent, 2);
	REFUSES(net[1].parent, 0);
	REFUSES(net[0].net.bits, 33);
	REFUSES(net[0].net.addr.family, 5);
	REFUSES(net[0].net.addr.byte[3], 1);
	REFUSES(net[0].first_port, 3);
	REFUSES(net[1].port_count, 3);
	entry = part(&k, &head_of(&k)->entries);
	REFUSES(entry[0].net, 3);
	REFUSES(entry[0].name, head_of(&k)->names.count);
	REFUSES(entry[0].first[0], 6);
	REFUSES(entry[0].count[2], 6);
	slot = part(&k, &head_of(&k)->entry_slots);
	REFUSES(slot[0].index, head_of(&k)->entries.count);
	kit_close(&k);
}

static void
test_what_rules_may_not_say(void **state)
{
	struct image_rule *rule;
	uint32_t *identity;
	struct kit k;

	(void)state;
	kit_open(&k, acl);
	rule = part(&k, &head_of(&k)->rules);
	assert_int_equal(rule[0].arrow, ARROW_DNS);
	assert_int_equal(rule[1].arrow, ARROW_GRANT);
	REFUSES(rule[0].arrow, 3);
	REFUSES(rule[0].port, 1);
	REFUSES(rule[0].kind, DOMAIN_EXACT);
	REFUSES(rule[0].has_answer4, 1);
	REFUSES(rule[1].kind, DOMAIN_KINDS);
	REFUSES(rule[1].port, 0);
	REFUSES(rule[1].protocol, IPPROTO_GRE);
	REFUSES(rule[1].block, BLOCK_NXDOMAIN);
	REFUSES(rule[0].block, BLOCK_DROP + 1);
	REFUSES(rule[1].net, 3);
	REFUSES(rule[1].name, 0xffffffff);
	REFUSES(rule[1].file, 4);
	identity = part(&k, &head_of(&k)->identities);
	REFUSES(identity[0], 5);
	kit_close(&k);
}

static void
test_what_names_may_not_say(void **state)
{
	uint8_t *name;
	struct kit k;

	(void)state;
	kit_open(&k, "::1 ~> abc.de\n");
	name = part(&k, &head_of(&k)->names);
	assert_memory_equal(name, "\10\3abc\2de", 9);
	REFUSES(name[0], 0);
	REFUSES(name[0], 9);
	REFUSES(name[0], 7);
	REFUSES(name[1], 64);
	REFUSES(name[1], 0);
	REFUSES(name[1], 8);
	REFUSES(name[2], 'A');
	REFUSES(name[8], 1);
	kit_close(&k);
}

static void
test_open_by_descriptor(void **state)
{
	int fd = memfd_create("image", 0);
	struct addr client = kit_addr("10.1.0.1");
	struct policy p;
	struct kit k;

	(void)state;
	kit_open(&k, acl);
	assert_int_not_equal(fd, -1);
	assert_int_equal(policy_open(fd, 1, &p), ERR_IMAGE);
	assert_int_equal(write(fd, k.image, k.size), k.size);
	assert_int_equal(policy_open(fd, 9, &p), ERR_NONE);
	assert_int_equal(p.generation, 9);
	assert_true(policy_knows(&p, asker(&client)));
	policy_close(&p);
	assert_null(p.head);
	policy_close(&p);
	assert_int_equal(ftruncate(fd, (off_t)k.size - 1), 0);
	assert_int_equal(policy_open(fd, 1, &p), ERR_IMAGE);
	assert_int_equal(policy_open(-1, 1, &p), ERR_SYSTEM);
	close(fd);
	kit_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_byte_damaged),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_what_a_head_may_not_say),
		cmocka_unit_test(test_what_nets_and_entries_may_not_say),
		cmocka_unit_test(test_what_rules_may_not_say),
		cmocka_unit_test(test_what_names_may_not_say),
		cmocka_unit_test(test_open_by_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
