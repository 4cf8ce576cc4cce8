/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "wire/svcb.h"

/* A record put together parameter by parameter. */
struct kit {
	struct writer w;
	uint8_t bytes[4096];
};

static void
record(struct kit *k, uint16_t priority, const char *target)
{
	struct name n;

	assert_int_equal(name_parse(target, strlen(target), &n, NULL),
			 ERR_NONE);
	k->w = writer_of(k->bytes, sizeof(k->bytes));
	writer_u16(&k->w, priority);
	writer_bytes(&k->w, n.wire, n.len);
}

static void
param(struct kit *k, uint16_t key, const void *value, size_t len)
{
	writer_u16(&k->w, key);
	writer_u16(&k->w, (uint16_t)len);
	writer_bytes(&k->w, value, len);
}

/* The bytes lie in memory of their own, so that a read behind them is seen. */
static enum err
reads(const struct kit *k, struct svcb *s)
{
	static uint8_t *last;

	free(last);
	last = malloc(k->w.at);
	memcpy(last, k->bytes, k->w.at);
	return svcb_read(last, k->w.at, s);
}

static const uint8_t four[] = { 192, 0, 2, 1, 192, 0, 2, 2, 127, 0, 0, 1 };
static const uint8_t six[32] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1,
				 0x20, 0x01, 0x0d, 0xb8, [31] = 2 };

static void
whole(struct kit *k)
{
	record(k, 1, "svc.example");
	param(k, SVCB_MANDATORY, "\0\1\0\3", 4);
	param(k, SVCB_ALPN, "\2h2\2h3", 6);
	param(k, SVCB_NO_DEFAULT_ALPN, "", 0);
	param(k, SVCB_PORT, "\x20\xfb", 2);
	param(k, SVCB_IPV4HINT, four, sizeof(four));
	param(k, SVCB_ECH, "\0\4abcd", 6);
	param(k, SVCB_IPV6HINT, six, sizeof(six));
	param(k, 7, "/dns-query{?dns}", 16);
	param(k, 65280, "private", 7);
}

static void
a_whole_record_is_read(void **state)
{
	struct name want;
	struct svcb s;
	struct addr a;
	struct kit k;

	(void)state;
	whole(&k);
	assert_int_equal(reads(&k, &s), ERR_NONE);
	assert_int_equal(s.priority, 1);
	name_parse("svc.example", 11, &want, NULL);
	assert_true(name_equal(&s.target, &want));
	assert_true(s.has_port);
	assert_int_equal(s.port, 8443);
	assert_int_equal(svcb_hint_count(&s, 4), 3);
	assert_int_equal(svcb_hint_count(&s, 6), 2);
	svcb_hint(&s, 4, 2, &a);
	assert_int_equal(a.family, 4);
	assert_memory_equal(a.byte, four + 8, 4);
	svcb_hint(&s, 6, 1, &a);
	assert_int_equal(a.family, 6);
	assert_memory_equal(a.byte, six + 16, 16);
}

static void
the_shortest_record_is_read(void **state)
{
	struct svcb s;
	struct kit k;

	(void)state;
	record(&k, 0, ".");
	assert_int_equal(reads(&k, &s), ERR_NONE);
	assert_int_equal(s.priority, 0);
	assert_int_equal(s.target.len, 1);
	assert_false(s.has_port);
	assert_int_equal(svcb_hint_count(&s, 4), 0);
	assert_int_equal(svcb_hint_count(&s, 6), 0);
}

static void
every_cut_is_torn_or_a_shorter_record(void **state)
{
	struct svcb s;
	struct kit k;
	unsigned right = 0;
	size_t len;

	(void)state;
	whole(&k);
	for (len = k.w.at; len-- > 0;) {
		k.w.at = len;
		right += reads(&k, &s) == ERR_NONE;
	}
	/* behind the target, and behind each parameter from the last that is
	 * mandatory on */
	assert_int_equal(right, 6);
}

static void
malformed_values_are_torn(void **state)
{
	static const struct {
		uint16_t key;
		const char *value;
		size_t len;
	} rows[] = {
		{ SVCB_ALPN, "", 0 },
		{ SVCB_ALPN, "\0", 1 },
		{ SVCB_ALPN, "\3h2", 3 },
		{ SVCB_ALPN, "\2h2\0", 4 },
		{ SVCB_NO_DEFAULT_ALPN, "", 0 }, /* without alpn */
		{ SVCB_NO_DEFAULT_ALPN, "x", 1 },
		{ SVCB_PORT, "", 0 },
		{ SVCB_PORT, "\1", 1 },
		{ SVCB_PORT, "\0\1\2", 3 },
		{ SVCB_IPV4HINT, "", 0 },
		{ SVCB_IPV4HINT, "\1\2\3", 3 },
		{ SVCB_IPV4HINT, "12345", 5 },
		{ SVCB_ECH, "", 0 },
		{ SVCB_IPV6HINT, "", 0 },
		{ SVCB_IPV6HINT, "123456789012345", 15 },
		{ SVCB_IPV6HINT, "12345678901234567", 17 },
		{ SVCB_MANDATORY, "", 0 },
		{ SVCB_MANDATORY, "\0", 1 },
		{ SVCB_MANDATORY, "\0\0", 2 },
		{ SVCB_MANDATORY, "\0\3", 2 },
		{ SVCB_INVALID, "", 0 },
	};
	struct svcb s;
	struct kit k;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		record(&k, 1, "a.example");
		param(&k, rows[i].key, rows[i].value, rows[i].len);
		assert_int_equal(reads(&k, &s), ERR_TORN);
	}
}

static void
keys_rise(void **state)
{
	struct svcb s;
	struct kit k;

	(void)state;
	record(&k, 1, ".");
	param(&k, SVCB_PORT, "\1\273", 2);
	param(&k, SVCB_ALPN, "\2h2", 3);
	assert_int_equal(reads(&k, &s), ERR_TORN);
	record(&k, 1, ".");
	param(&k, SVCB_PORT, "\1\273", 2);
	param(&k, SVCB_PORT, "\1\273", 2);
	assert_int_equal(reads(&k, &s), ERR_TORN);
}

static void
mandatory_keys_rise_and_are_there(void **state)
{
	static const struct {
		const char *value;
		size_t len;
		enum err err;
	} rows[] = {
		{ "\0\1", 2, ERR_NONE },       { "\0\1\0\3", 4, ERR_NONE },
		{ "\0\3\0\1", 4, ERR_TORN },   { "\0\1\0\1", 4, ERR_TORN },
		{ "\0\1\0\4", 4, ERR_TORN },   { "\0\2\0\3", 4, ERR_TORN },
		{ "\0\1\0\3\0", 5, ERR_TORN }, { "\0\0\0\1", 4, ERR_TORN },
	};
	struct svcb s;
	struct kit k;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		record(&k, 1, ".");
		param(&k, SVCB_MANDATORY, rows[i].value, rows[i].len);
		param(&k, SVCB_ALPN, "\2h2", 3);
		param(&k, SVCB_PORT, "\1\273", 2);
		assert_int_equal(reads(&k, &s), rows[i].err);
	}
}

static void
a_target_is_never_packed(void **state)
{
	static const uint8_t packed[] = { 0, 1, 0xc0, 12 };
	static const uint8_t behind[] = { 0, 1, 1, 'a', 0xc0, 12 };
	static const uint8_t extended[] = { 0, 1, 0x40, 0 };
	uint8_t longest[2 + 256 + 1] = { 0, 1 };
	struct svcb s;

	(void)state;
	assert_int_equal(svcb_read(packed, sizeof(packed), &s), ERR_TORN);
	assert_int_equal(svcb_read(behind, sizeof(behind), &s), ERR_TORN);
	assert_int_equal(svcb_read(extended, sizeof(extended), &s), ERR_TORN);
	for (unsigned i = 0; i < 127; i++)
		longest[2 + 2 * i] = 1;
	assert_int_equal(svcb_read(longest, 2 + 254 + 1, &s), ERR_NONE);
	assert_int_equal(s.target.len, 255);
	longest[2 + 254] = 1;
	assert_int_equal(svcb_read(longest, sizeof(longest), &s), ERR_TORN);
}

static void
what_it_offers(void **state)
{
	static const struct {
		const char *alpn;
		bool no_default, tcp, quic;
	} rows[] = {
		{ NULL, false, true, false },
		{ "\2h2", false, true, false },
		{ "\2h3", false, true, true },
		{ "\2h3", true, false, true },
		{ "\2h2\2h3", true, true, true },
		{ "\5h3-29", true, false, true },
		{ "\1h", true, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct svcb s;
		struct kit k;

		record(&k, 1, ".");
		if (rows[i].alpn)
			param(&k, SVCB_ALPN, rows[i].alpn,
			      strlen(rows[i].alpn));
		if (rows[i].no_default)
			param(&k, SVCB_NO_DEFAULT_ALPN, "", 0);
		assert_int_equal(reads(&k, &s), ERR_NONE);
		assert_int_equal(svcb_offers_tcp(&s), rows[i].tcp);
		assert_int_equal(svcb_offers_quic(&s), rows[i].quic);
	}
}

static void
the_default_port(void **state)
{
	static const struct {
		const char *name;
		uint16_t type, port;
	} rows[] = {
		{ "a.example", TYPE_HTTPS, 443 },
		{ ".", TYPE_HTTPS, 443 },
		{ "_8443._https.a.example", TYPE_HTTPS, 8443 },
		{ "_8443._HTTPS.a.example", TYPE_HTTPS, 8443 },
		{ "_8443._http.a.example", TYPE_HTTPS, 443 },
		{ "_x._https.a.example", TYPE_HTTPS, 443 },
		{ "_65536._https.a.example", TYPE_HTTPS, 443 },
		{ "_._https.a.example", TYPE_HTTPS, 443 },
		{ "_8443", TYPE_HTTPS, 443 },
		{ "_dns.a.example", TYPE_SVCB, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct name n;

		assert_int_equal(
		    name_parse(rows[i].name, strlen(rows[i].name), &n, NULL),
		    ERR_NONE);
		assert_int_equal(svcb_default_port(&n, rows[i].type),
				 rows[i].port);
	}
}

static void
a_port_in_front_is_taken_off(void **state)
{
	static const struct {
		const char *name, *plain; /* NULL: there is none */
	} rows[] = {
		{ "_8443._https.a.example", "a.example" },
		{ "_1._HTTPS.", "." },
		{ "_8443._https", "." },
		{ "_0._https.a.example", NULL },
		{ "_8443._http.a.example", NULL },
		{ "8443._https.a.example", NULL },
		{ "_https._8443.a.example", NULL },
		{ "_8443", NULL },
		{ ".", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct name n, want;

		assert_int_equal(
		    name_parse(rows[i].name, strlen(rows[i].name), &n, NULL),
		    ERR_NONE);
		assert_int_equal(svcb_plain_name(&n, &n),
				 rows[i].plain != NULL);
		if (!rows[i].plain)
			continue;
		name_parse(rows[i].plain, strlen(rows[i].plain), &want, NULL);
		assert_true(name_equal(&n, &want));
	}
}

/* ---- writing ---- */

/* arg: the last byte of what is kept; of all families. */
static bool
keep_last_byte(void *arg, const struct addr *hint)
{
	const uint8_t *last = arg;

	return hint->byte[hint->family == 4 ? 3 : 15] == *last;
}

static enum err
rewrites(const struct kit *k, const struct svcb_edit *edit, struct kit *out)
{
	struct svcb s;

	assert_int_equal(reads(k, &s), ERR_NONE);
	out->w = writer_of(out->bytes, sizeof(out->bytes));
	return svcb_write(&s, edit, &out->w);
}

static void
equals(const struct kit *a, const struct kit *b)
{
	assert_int_equal(a->w.at, b->w.at);
	assert_memory_equal(a->bytes, b->bytes, a->w.at);
}

static void
nothing_to_edit_is_the_same_record(void **state)
{
	struct svcb_edit edit = { 0 };
	struct kit k, out;

	(void)state;
	whole(&k);
	assert_int_equal(rewrites(&k, &edit, &out), ERR_NONE);
	equals(&k, &out);
}

static void
hints_are_filtered(void **state)
{
	uint8_t last = 2;
	struct svcb_edit edit = { .keep = keep_last_byte, .arg = &last };
	struct kit k, out, want;

	(void)state;
	record(&k, 1, ".");
	param(&k, SVCB_IPV4HINT, four, sizeof(four));
	param(&k, SVCB_ECH, "x", 1);
	param(&k, SVCB_IPV6HINT, six, sizeof(six));
	record(&want, 1, ".");
	param(&want, SVCB_IPV4HINT, four + 4, 4);
	param(&want, SVCB_ECH, "x", 1);
	param(&want, SVCB_IPV6HINT, six + 16, 16);
	assert_int_equal(rewrites(&k, &edit, &out), ERR_NONE);
	equals(&want, &out);
	last = 9; /* none */
	record(&want, 1, ".");
	param(&want, SVCB_ECH, "x", 1);
	assert_int_equal(rewrites(&k, &edit, &out), ERR_NONE);
	equals(&want, &out);
}

static void
ech_is_stripped(void **state)
{
	struct svcb_edit edit = { .strip_ech = true };
	struct kit k, out, want;

	(void)state;
	record(&k, 1, ".");
	param(&k, SVCB_ALPN, "\2h2", 3);
	param(&k, SVCB_ECH, "x", 1);
	param(&k, 7, "y", 1);
	record(&want, 1, ".");
	param(&want, SVCB_ALPN, "\2h2", 3);
	param(&want, 7, "y", 1);
	assert_int_equal(rewrites(&k, &edit, &out), ERR_NONE);
	equals(&want, &out);
}

static void
what_is_mandatory_takes_the_record_with_it(void **state)
{
	uint8_t last = 9;
	struct svcb_edit no_hint = { .keep = keep_last_byte, .arg = &last };
	struct svcb_edit no_ech = { .strip_ech = true };
	struct kit k, out;

	(void)state;
	record(&k, 1, ".");
	param(&k, SVCB_MANDATORY, "\0\5", 2);
	param(&k, SVCB_IPV4HINT, four, sizeof(four));
	param(&k, SVCB_ECH, "x", 1);
	assert_int_equal(rewrites(&k, &no_ech, &out), ERR_MISSING);
	assert_int_equal(rewrites(&k, &no_hint, &out), ERR_NONE);
	record(&k, 1, ".");
	param(&k, SVCB_MANDATORY, "\0\4", 2);
	param(&k, SVCB_IPV4HINT, four, sizeof(four));
	assert_int_equal(rewrites(&k, &no_hint, &out), ERR_MISSING);
	last = 1;
	assert_int_equal(rewrites(&k, &no_hint, &out), ERR_NONE);
}

static void
alias_mode_has_no_parameters(void **state)
{
	struct svcb_edit edit = { .strip_ech = true };
	struct kit k, out, want;

	(void)state;
	record(&k, 0, "b.example");
	param(&k, SVCB_MANDATORY, "\0\5", 2);
	param(&k, SVCB_ECH, "x", 1);
	record(&want, 0, "b.example");
	assert_int_equal(rewrites(&k, &edit, &out), ERR_NONE);
	equals(&want, &out);
}

static void
hints_beyond_the_most_are_removed(void **state)
{
	uint8_t last = 1, many[4 * (SVCB_HINTS_MAX + 1)] = { 0 };
	struct svcb_edit edit = { .keep = keep_last_byte, .arg = &last };
	struct kit k, out, want;

	(void)state;
	for (unsigned i = 0; i <= SVCB_HINTS_MAX; i++)
		many[4 * i + 3] = 1;
	record(&k, 1, ".");
	param(&k, SVCB_IPV4HINT, many, sizeof(many));
	record(&want, 1, ".");
	param(&want, SVCB_IPV4HINT, many, sizeof(many) - 4);
	assert_int_equal(rewrites(&k, &edit, &out), ERR_NONE);
	equals(&want, &out);
}

static void
no_room_is_said(void **state)
{
	uint8_t last = 2, small[8];
	struct svcb_edit edit = { .keep = keep_last_byte, .arg = &last };
	struct svcb s;
	struct kit k;

	(void)state;
	whole(&k);
	assert_int_equal(reads(&k, &s), ERR_NONE);
	for (size_t size = 0; size <= sizeof(small); size++) {
		struct writer w = writer_of(small, size);

		assert_int_equal(svcb_write(&s, &edit, &w), ERR_FULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_record_is_read),
		cmocka_unit_test(the_shortest_record_is_read),
		cmocka_unit_test(every_cut_is_torn_or_a_shorter_record),
		cmocka_unit_test(malformed_values_are_torn),
		cmocka_unit_test(keys_rise),
		cmocka_unit_test(mandatory_keys_rise_and_are_there),
		cmocka_unit_test(a_target_is_never_packed),
		cmocka_unit_test(what_it_offers),
		cmocka_unit_test(the_default_port),
		cmocka_unit_test(a_port_in_front_is_taken_off),
		cmocka_unit_test(nothing_to_edit_is_the_same_record),
		cmocka_unit_test(hints_are_filtered),
		cmocka_unit_test(ech_is_stripped),
		cmocka_unit_test(what_is_mandatory_takes_the_record_with_it),
		cmocka_unit_test(alias_mode_has_no_parameters),
		cmocka_unit_test(hints_beyond_the_most_are_removed),
		cmocka_unit_test(no_room_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
