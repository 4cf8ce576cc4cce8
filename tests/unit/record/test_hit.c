/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hits of lists in words, and as BIND writes them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lists/build.h"
#include "policy/compile.h"
#include "record/hit.h"
#include "record/json.h"
#include "record/record.h"
#include "record/rpz_log.h"

static char buf[JSON_LINE_SIZE];
static struct text out;

static void
set_name(struct record_item *i, const char *text)
{
	struct name n;

	assert_int_equal(name_parse(text, strlen(text), &n, NULL), ERR_NONE);
	memset(i->name, 0, sizeof(i->name));
	i->name_len = 0;
	record_name(i, &n);
}

static struct record_item
hit_of_name(const char *name, unsigned labels, bool wild)
{
	struct record_item i = { .kind = RECORD_HIT,
				 .has_id = 1,
				 .hit = 1,
				 .port = 40291,
				 .rule = IMAGE_NONE,
				 .trigger = TRIGGER_QNAME,
				 .action = ACTION_NXDOMAIN,
				 .wild = wild,
				 .labels = (uint8_t)labels };

	assert_int_equal(addr_parse("10.0.0.2", 8, &i.client), ERR_NONE);
	set_name(&i, name);
	assert_true(record_is_sound(&i));
	return i;
}

static struct record_item
hit_of_net(enum trigger trigger, const char *text)
{
	struct record_item i = hit_of_name("a.test", 0, false);
	struct net net;

	assert_int_equal(net_parse(text, strlen(text), &net, NULL), ERR_NONE);
	i.trigger = (uint8_t)trigger;
	i.address = net.addr;
	i.bits = net.bits;
	assert_true(record_is_sound(&i));
	return i;
}

static void
expect(const struct record_item *i, const char *entry, const char *owner)
{
	text_init(&out, buf, sizeof(buf));
	hit_print_entry(i, &out);
	assert_string_equal(buf, entry);
	text_init(&out, buf, sizeof(buf));
	hit_print_owner(i, &out);
	assert_string_equal(buf, owner);
}

static void
an_entry_is_what_was_held_against_it(void **state)
{
	struct record_item i;

	(void)state;
	i = hit_of_name("x.bad.test", 3, false);
	expect(&i, "x.bad.test.", "x.bad.test.");
	i = hit_of_name("x.bad.test", 2, true);
	expect(&i, "*.bad.test.", "*.bad.test.");
	i = hit_of_name("x.bad.test", 0, true);
	expect(&i, "*.", "*.");
	i = hit_of_name("x.bad.test", 200, false);
	expect(&i, "x.bad.test.", "x.bad.test.");
	i = hit_of_name("ns.evil.test", 2, true);
	i.trigger = TRIGGER_NSDNAME;
	expect(&i, "*.evil.test.", "*.evil.test.rpz-nsdname.");
}

static void
a_net_has_its_parts_turned_round(void **state)
{
	static const struct {
		const char *net, *owner;
	} known[] = {
		{ "192.0.2.0/24", "24.0.2.0.192.rpz-ip." },
		{ "10.0.0.0/8", "8.0.0.0.10.rpz-ip." },
		{ "2001:2::/48", "48.zz.2.2001.rpz-ip." },
		{ "2001:db8::1/128", "128.1.zz.db8.2001.rpz-ip." },
		{ "2001:db8:1:2:3:4:5:6/128",
		  "128.6.5.4.3.2.1.db8.2001.rpz-ip." },
		{ "::1/128", "128.1.zz.rpz-ip." },
		{ "2001:0:0:1::1/128", "128.1.zz.1.0.0.2001.rpz-ip." },
		{ "2001:db8:0:1:1:1:1:1/128",
		  "128.1.1.1.1.1.0.db8.2001.rpz-ip." },
	};

	(void)state;
	for (size_t n = 0; n < sizeof(known) / sizeof(known[0]); n++) {
		struct record_item i = hit_of_net(TRIGGER_IP, known[n].net);

		expect(&i, known[n].net, known[n].owner);
	}
}

/* ---- in the log ---------------------------------------------------------- */

static struct {
	struct policy policy;
	void *policy_image, *lists_image;
} have;

/* A zone and a list that is none, behind an empty policy. */
static int
make_lists(void **state)
{
	static const struct lists_about zone = { .name = "first",
						 .file = "/first",
						 .line = "",
						 .category = "malware",
						 .form = FORM_RPZ },
					plain = { .name = "second",
						  .file = "/second",
						  .line = "",
						  .form = FORM_DOMAINS };
	struct policy_source source = { .name = "acl", .text = "", .len = 0 };
	struct lists_build b;
	char complaints[256];
	struct name name;
	size_t size;

	(void)state;
	text_init(&out, complaints, sizeof(complaints));
	assert_int_equal(
	    policy_compile(&source, &have.policy_image, &size, &out), ERR_NONE);
	assert_int_equal(policy_view(have.policy_image, size, 1, &have.policy),
			 ERR_NONE);
	lists_build_init(&b);
	assert_int_equal(name_parse("rpz.test", 8, &name, NULL), ERR_NONE);
	assert_int_equal(lists_build_list(&b, &zone), ERR_NONE);
	assert_int_equal(lists_build_zone(&b, &name), ERR_NONE);
	assert_int_equal(lists_build_list(&b, &plain), ERR_NONE);
	assert_int_equal(lists_build_image(&b, &have.lists_image, &size),
			 ERR_NONE);
	lists_build_fini(&b);
	have.policy.behind = have.lists_image;
	have.policy.behind_size = size;
	return 0;
}

static int
free_lists(void **state)
{
	(void)state;
	free(have.policy_image);
	free(have.lists_image);
	return 0;
}

static const char *
line_of(struct record_item *hit, struct record_item *item)
{
	const struct event e = { .item = item,
				 .hit = hit,
				 .policy = &have.policy,
				 .time_ms = 1588969464127 };

	text_init(&out, buf, sizeof(buf));
	rpz_log_print(&e, &out);
	return buf;
}

#define BEGIN                                                     \
	"08-May-2020 20:24:24.127 rpz: info: client @0x00000001 " \
	"10.0.0.2#40291 "

static void
a_line_is_as_bind_writes_it(void **state)
{
	struct record_item hit = hit_of_name("x.bad.test", 2, true);
	struct record_item item = hit;

	(void)state;
	item.kind = RECORD_BLOCKED;
	item.type = 1;
	assert_string_equal(line_of(&hit, &item),
			    BEGIN "(x.bad.test): rpz QNAME NXDOMAIN rewrite "
				  "x.bad.test/A/IN via *.bad.test.rpz.test\n");
	hit.number = 1;
	hit.action = ACTION_LOG;
	hit.would = ACTION_PASSTHRU;
	assert_string_equal(line_of(&hit, &item),
			    BEGIN "(x.bad.test): disabled rpz QNAME PASSTHRU "
				  "rewrite x.bad.test/A/IN via "
				  "*.bad.test.second\n");
	hit = hit_of_net(TRIGGER_IP, "192.0.2.0/24");
	set_name(&item, ".");
	set_name(&hit, "b.test");
	item.type = 28;
	assert_string_equal(line_of(&hit, &item),
			    BEGIN "(.): rpz IP NXDOMAIN rewrite b.test/AAAA/IN "
				  "via 24.0.2.0.192.rpz-ip.rpz.test\n");
	hit.number = 2;
	assert_string_equal(line_of(&hit, &item), "");
}

static void
fields_of_a_hit(void **state)
{
	struct record_item hit = hit_of_name("x.bad.test", 2, true);
	struct record_item item = { .kind = RECORD_LISTED,
				    .rule = IMAGE_NONE,
				    .reason = REASON_LISTED };
	const struct event e = { .item = &item,
				 .hit = &hit,
				 .policy = &have.policy };

	(void)state;
	hit.action = ACTION_LOG;
	hit.would = ACTION_DROP;
	text_init(&out, buf, sizeof(buf));
	json_print(&e, &out);
	assert_string_equal(
	    buf, "{\"time\":\"1970-01-01T00:00:00.000Z\",\"event\":\"listed\","
		 "\"list\":\"first\",\"category\":\"malware\","
		 "\"trigger\":\"QNAME\",\"entry\":\"*.bad.test.\","
		 "\"action\":\"log\",\"would\":\"drop\"}\n");
}

#define UNSOUND(change)                                                \
	do {                                                           \
		struct record_item i = hit_of_name("a.test", 2, true); \
		change;                                                \
		assert_false(record_is_sound(&i));                     \
	} while (0)

static void
no_worker_of_ours_writes_so(void **state)
{
	(void)state;
	UNSOUND(i.trigger = TRIGGER_COUNT);
	UNSOUND(i.action = ACTION_COUNT);
	UNSOUND(i.would = ACTION_COUNT);
	UNSOUND(i.wild = 2);
	UNSOUND(i.labels = 255);
	UNSOUND(i.bits = 129);
	UNSOUND(i.address = i.client; i.bits = 33);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_what_was_held_against_it),
		cmocka_unit_test(a_net_has_its_parts_turned_round),
		cmocka_unit_test(a_line_is_as_bind_writes_it),
		cmocka_unit_test(fields_of_a_hit),
		cmocka_unit_test(no_worker_of_ours_writes_so),
	};

	return cmocka_run_group_tests(tests, make_lists, free_lists);
}
