/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy zones as text, and the entries they are read as. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lists/rpz_zone.h"
#include "wire/types.h"

enum { HEARD_MAX = 64 };

struct heard {
	unsigned count, notes[RPZ_NOTE_COUNT], bad;
	uint32_t bad_line;
	char text[HEARD_MAX][2048];
	struct rpz_about about;
};

static struct heard heard;

static void
print_data(struct text *t, const struct item *item)
{
	if (item->data_len > 512) {
		text_printf(t, ", %zu bytes", item->data_len);
		return;
	}
	text_char(t, ' ');
	for (size_t i = 0; i < item->data_len; i++)
		text_printf(t, "%02x", item->data[i]);
}

static void
print_target(struct text *t, const struct item *item)
{
	struct reader r = reader_of(item->data, item->data_len);
	struct name name;

	text_printf(t, " ttl %u ", reader_u32(&r));
	assert_int_equal(name_read(r.bytes, r.len, &r.at, &name), ERR_NONE);
	assert_int_equal(r.at, r.len);
	if (item->wild)
		text_str(t, "*.");
	name_print(&name, t);
}

/* "qname *.bad.example. nxdomain" */
static enum err
hear(void *arg, const struct item *item)
{
	static const char *const triggers[TRIGGER_COUNT] = {
		"client-ip", "qname", "ip", "nsdname", "nsip"
	};
	char net[NET_TEXT_SIZE];
	struct heard *h = arg;
	struct text t;

	assert_in_range(h->count, 0, HEARD_MAX - 1);
	text_init(&t, h->text[h->count++], sizeof(h->text[0]));
	text_printf(&t, "%s ", triggers[item->trigger]);
	assert_false(item->exception);
	if (item->is_net)
		text_str(&t, net_print(&item->net, net));
	else if (item->reach == REACH_BELOW)
		text_str(&t, "*.");
	if (!item->is_net)
		name_print(&item->name, &t);
	text_printf(&t, " %s", action_word(item->action));
	if (item->action == ACTION_CNAME)
		print_target(&t, item);
	if (item->action == ACTION_DATA)
		print_data(&t, item);
	assert_false(t.cut);
	return ERR_NONE;
}

static void
hear_note(void *arg, enum rpz_note note, const struct name *owner)
{
	struct heard *h = arg;

	assert_true(owner->len > 1);
	assert_in_range(note, 0, RPZ_NOTE_COUNT - 1);
	assert_true(strlen(rpz_note_text(note)) > 0);
	h->notes[note]++;
}

static void
hear_bad(void *arg, uint32_t line, const char *what)
{
	struct heard *h = arg;

	assert_true(strlen(what) > 0);
	h->bad++;
	h->bad_line = line;
}

static void
read_below(const char *zone, const char *text, enum err expected)
{
	static const struct rpz_sink sink = { hear, hear_note, &heard };
	struct zone_text from = { .text = text,
				  .len = strlen(text),
				  .bad = hear_bad,
				  .arg = &heard };
	struct name name;

	memset(&heard, 0, sizeof(heard));
	if (zone != NULL) {
		assert_int_equal(name_parse(zone, strlen(zone), &name, NULL),
				 ERR_NONE);
		from.zone = &name;
	}
	assert_int_equal(rpz_read_text(&from, 1 << 20, &sink, &heard.about),
			 expected);
	assert_int_equal(heard.about.bad, heard.bad);
}

static void
read_text(const char *text)
{
	read_below("rpz.test", text, ERR_NONE);
}

static void
expect(const char *entry)
{
	for (unsigned i = 0; i < heard.count; i++) {
		if (strcmp(heard.text[i], entry) == 0)
			return;
	}
	for (unsigned i = 0; i < heard.count; i++)
		print_message("heard: %s\n", heard.text[i]);
	fail_msg("not heard: %s", entry);
}

/* One owner alone means that. */
static void
means(const char *record, const char *entry)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s\n", record);
	read_text(text);
	assert_int_equal(heard.count, 1);
	expect(entry);
}

static void
is_left_out(const char *record, enum rpz_note why)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s\n", record);
	read_text(text);
	assert_int_equal(heard.count, 0);
	assert_int_equal(heard.notes[why], 1);
	assert_true(rpz_note_is_bad(why));
}

/* ---- triggers ----------------------------------------------------------- */

static void
test_names(void **state)
{
	(void)state;
	means("Bad.Example CNAME .", "qname bad.example. nxdomain");
	means("*.bad.example CNAME .", "qname *.bad.example. nxdomain");
	means("* CNAME .", "qname *.. nxdomain");
	means("com CNAME .", "qname com. nxdomain");
	means("a.*.b CNAME .", "qname a.*.b. nxdomain");
	means("ns.bad.example.rpz-nsdname CNAME .",
	      "nsdname ns.bad.example. nxdomain");
	means("*.bad.example.RPZ-NSDNAME CNAME .",
	      "nsdname *.bad.example. nxdomain");
	means("rpz-ip.example CNAME .", "qname rpz-ip.example. nxdomain");
	means("rpz CNAME .", "qname rpz. nxdomain");
	is_left_out("rpz-nsdname CNAME .", RPZ_TRIGGER);
	is_left_out("bad.rpz-nothing CNAME .", RPZ_TRIGGER);
	is_left_out("rpz-ip CNAME .", RPZ_TRIGGER);
}

static void
test_apex(void **state)
{
	(void)state;
	read_text("@ CNAME .\n@ A 192.0.2.1\n@ NS ns.test.\n");
	assert_int_equal(heard.count, 0);
	read_text("sub NS ns.test.\nsub DNAME x.test.\n"
		  "sub DS 1 8 2 00000000000000000000000000000000"
		  "00000000000000000000000000000000\n");
	assert_int_equal(heard.count, 0);
	assert_int_equal(heard.bad, 0);
}

static void
test_addresses(void **state)
{
	(void)state;
	means("32.1.2.0.192.rpz-ip CNAME .", "ip 192.0.2.1/32 nxdomain");
	means("24.0.2.0.192.rpz-client-ip CNAME .",
	      "client-ip 192.0.2.0/24 nxdomain");
	means("8.0.0.0.10.rpz-nsip CNAME .", "nsip 10.0.0.0/8 nxdomain");
	means("1.0.0.0.128.rpz-ip CNAME .", "ip 128.0.0.0/1 nxdomain");
	means("128.1.zz.db8.2001.rpz-ip CNAME .",
	      "ip 2001:db8::1/128 nxdomain");
	means("48.zz.2.2001.rpz-ip CNAME .", "ip 2001:2::/48 nxdomain");
	means("128.1.ZZ.DB8.2001.rpz-ip CNAME .",
	      "ip 2001:db8::1/128 nxdomain");
	means("128.zz.rpz-ip CNAME .", "ip ::/128 nxdomain");
	means("128.1.zz.rpz-ip CNAME .", "ip ::1/128 nxdomain");
	means("16.zz.fe80.rpz-ip CNAME .", "ip fe80::/16 nxdomain");
	means("128.8.7.6.5.4.3.2.1.rpz-ip CNAME .",
	      "ip 1:2:3:4:5:6:7:8/128 nxdomain");
	means("128.8.7.6.5.4.3.zz.1.rpz-ip CNAME .",
	      "ip 1:0:3:4:5:6:7:8/128 nxdomain");
	means("128.1.0.0.0.0.0.db8.2001.rpz-ip CNAME .",
	      "ip 2001:db8::1/128 nxdomain");
	means("128.4.zz.2.1.rpz-ip CNAME .", "ip 1:2::4/128 nxdomain");
	/* five labels, and v6 for the zz in them */
	means("128.3.2.1.zz.rpz-ip CNAME .", "ip ::1:2:3/128 nxdomain");
	/* mapped, and so of IPv4 */
	means("120.0.c000.ffff.zz.rpz-ip CNAME .", "ip 192.0.0.0/24 nxdomain");
	means("96.zz.ffff.0.0.rpz-ip CNAME .", "ip 0:0:ffff::/96 nxdomain");
}

static void
test_host_bits(void **state)
{
	(void)state;
	means("24.7.2.0.192.rpz-ip CNAME .", "ip 192.0.2.0/24 nxdomain");
	assert_int_equal(heard.notes[RPZ_HOST_BITS], 1);
	assert_false(rpz_note_is_bad(RPZ_HOST_BITS));
	means("32.1.zz.db8.2001.rpz-ip CNAME .", "ip 2001:db8::/32 nxdomain");
	assert_int_equal(heard.notes[RPZ_HOST_BITS], 1);
	means("32.7.2.0.192.rpz-ip CNAME .", "ip 192.0.2.7/32 nxdomain");
	assert_int_equal(heard.notes[RPZ_HOST_BITS], 0);
}

static void
test_bad_addresses(void **state)
{
	static const char *const bad[] = {
		"0.0.0.0.0",
		"33.1.2.0.192",
		"32.1.2.0.256",
		"32.1.2.192",
		"32.1.2.0.0.192",
		"0.zz",
		"129.1.zz.db8.2001",
		"128.1.zz.2.zz.2001",
		"128.8.7.6.5.4.3.2",
		"128.9.8.7.6.5.4.3.2.1",
		"128.zz.8.7.6.5.4.3.2.1",
		"128.1.zz.10000",
		"128.1.zz.xyz",
		"zz",
		"1",
		"a.1.2.0.192",
		"-1.1.2.0.192",
		"*.1.2.0.192",
		"0032.1.2.0.192",
		"128",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char record[256];

		snprintf(record, sizeof(record), "%s.rpz-ip CNAME .", bad[i]);
		is_left_out(record, RPZ_TRIGGER);
		snprintf(record, sizeof(record), "%s.rpz-nsip CNAME .", bad[i]);
		is_left_out(record, RPZ_TRIGGER);
	}
}

/* ---- actions ------------------------------------------------------------ */

static void
test_actions(void **state)
{
	(void)state;
	means("a.test CNAME *.", "qname a.test. nodata");
	means("a.test CNAME rpz-passthru.", "qname a.test. passthru");
	means("a.test CNAME RPZ-Drop.", "qname a.test. drop");
	means("a.test CNAME rpz-tcp-only.", "qname a.test. tcp-only");
	means("a.test 60 CNAME walled.garden.test.",
	      "qname a.test. cname ttl 60 walled.garden.test.");
	means("*.a.test 60 CNAME *.garden.test.",
	      "qname *.a.test. cname ttl 60 *.garden.test.");
	means("a.test 60 CNAME x.*.garden.test.",
	      "qname a.test. cname ttl 60 x.*.garden.test.");
	is_left_out("a.test CNAME rpz-other.", RPZ_ACTION);
	is_left_out("a.test CNAME a.rpz-passthru.", RPZ_ACTION);
	is_left_out("a.test CNAME *.rpz-drop.", RPZ_ACTION);
	means("a.test 9 CNAME rpz-drop.test.",
	      "qname a.test. cname ttl 9 rpz-drop.test.");
}

static void
test_itself(void **state)
{
	(void)state;
	means("a.test CNAME a.test.", "qname a.test. passthru");
	means("32.1.4.168.192.rpz-ip CNAME 32.1.4.168.192.",
	      "ip 192.168.4.1/32 passthru");
	means("32.1.4.168.192.rpz-ip CNAME 32.1.4.168.192.rpz-ip.",
	      "ip 192.168.4.1/32 passthru");
	means("ns.test.rpz-nsdname CNAME ns.test.",
	      "nsdname ns.test. passthru");
	means("a.test 9 CNAME b.test.", "qname a.test. cname ttl 9 b.test.");
}

static void
test_data(void **state)
{
	(void)state;
	means("a.test 60 A 192.0.2.1",
	      "qname a.test. data 00010000003c0004c0000201");
	/* all of one owner is one entry, wherever it stands */
	read_text("a.test 60 A 192.0.2.1\nb.test CNAME .\n"
		  "A.TEST 61 MX 5 Mail.test.\na.test 60 A 192.0.2.1\n");
	assert_int_equal(heard.count, 2);
	expect("qname a.test. data 00010000003c0004c0000201"
	       "000f0000003d000d0005046d61696c047465737400");
	means("a.test 5 TXT \"say ; (no)\" more",
	      "qname a.test. data 00100000000500100a736179203b20286e6f29"
	      "046d6f7265");
	means("a.test 5 TYPE65280 \\# 2 abcd",
	      "qname a.test. data ff00000000050002abcd");
}

static void
test_cname_wins(void **state)
{
	(void)state;
	means("a.test A 192.0.2.1\na.test CNAME .\na.test TXT x",
	      "qname a.test. nxdomain");
	assert_int_equal(heard.notes[RPZ_BESIDE], 1);
	means("a.test CNAME *.\na.test CNAME .\na.test CNAME rpz-drop.",
	      "qname a.test. nodata");
	assert_int_equal(heard.notes[RPZ_CNAMES], 1);
	means("a.test CNAME .\na.test CNAME .", "qname a.test. nxdomain");
	assert_int_equal(heard.notes[RPZ_CNAMES], 0);
}

static void
test_large_entry(void **state)
{
	static char buf[300000];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof(buf));
	for (unsigned i = 0; i < 8000; i++)
		text_printf(&t, "a A 192.0.%u.%u\n", i / 256, i % 256);
	text_str(&t, "b CNAME .\n");
	assert_false(t.cut);
	read_text(buf);
	assert_int_equal(heard.count, 2);
	expect("qname a. data, 49152 bytes");
	expect("qname b. nxdomain");
	assert_int_equal(heard.notes[RPZ_LARGE], 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_apex),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_host_bits),
		cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_itself),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_cname_wins),
		cmocka_unit_test(test_large_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
