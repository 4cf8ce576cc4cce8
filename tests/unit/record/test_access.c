/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/access.h"
#include "record/record.h"

static char buf[16384];
static struct text out;

static struct addr
addr(const char *text)
{
	struct addr a = { 0 };

	assert_int_equal(addr_parse(text, strlen(text), &a), ERR_NONE);
	return a;
}

static struct record_item
item(enum record_kind kind)
{
	struct record_item i = { .kind = (uint8_t)kind,
				 .id = 7,
				 .has_id = 1,
				 .port = 443,
				 .protocol = IPPROTO_TCP,
				 .ttl_s = 20,
				 .name_len = 11 };

	memcpy(i.name, "\001a\007example", 11);
	i.client = addr("10.0.0.2");
	i.address = addr("192.0.2.1");
	return i;
}

static void
says(enum record_kind kind)
{
	struct record_item i = item(kind);

	access_print(&i, &out);
}

static void
reasons(enum record_kind kind, enum record_reason reason, unsigned number)
{
	struct record_item i = item(kind);

	i.reason = (uint8_t)reason;
	i.number = (uint16_t)number;
	i.has_id = reason != REASON_TORN;
	access_print(&i, &out);
}

static void
names(enum record_kind kind, const void *wire, size_t len)
{
	struct record_item i = item(kind);

	memset(i.name, 0, sizeof(i.name));
	memcpy(i.name, wire, len);
	i.name_len = (uint8_t)len;
	access_print(&i, &out);
}

static void
queries(void)
{
	struct record_item i;

	says(RECORD_ALLOWED);
	says(RECORD_DNS_ONLY);
	says(RECORD_BLOCKED);
	says(RECORD_LOCAL);
	i = item(RECORD_LOCAL);
	i.address = addr("2001:db8::1");
	access_print(&i, &out);
}

static void
bad_queries(void)
{
	reasons(RECORD_BAD_QUERY, REASON_OPCODE, 4);
	reasons(RECORD_BAD_QUERY, REASON_TORN, 0);
	reasons(RECORD_BAD_QUERY, REASON_EMPTY, 0);
	reasons(RECORD_BAD_QUERY, REASON_QDCOUNT, 2);
	reasons(RECORD_BAD_QUERY, REASON_BADVERS, 1);
	reasons(RECORD_BAD_QUERY, REASON_CLASS, 3);
	reasons(RECORD_BAD_QUERY, REASON_CLASS, 300);
	reasons(RECORD_BAD_QUERY, REASON_TYPE, 16);
	reasons(RECORD_BAD_QUERY, REASON_TYPE, 65280);
	reasons(RECORD_BAD_QUERY, REASON_META, 252);
}

static void
bad_answers(void)
{
	reasons(RECORD_BAD_ANSWER, REASON_UPSTREAM_ERROR, 3);
	reasons(RECORD_BAD_ANSWER, REASON_UPSTREAM_ERROR, 4000);
	reasons(RECORD_BAD_ANSWER, REASON_UPSTREAM_SILENT, 0);
	reasons(RECORD_BAD_ANSWER, REASON_UPSTREAM_FAILED, 0);
	reasons(RECORD_BAD_ANSWER, REASON_UPSTREAM_FORGED, 0);
	reasons(RECORD_BAD_ANSWER, REASON_UPSTREAM_TORN, 0);
	reasons(RECORD_BAD_ANSWER, REASON_UPSTREAM_FULL, 0);
	reasons(RECORD_BAD_ANSWER, REASON_CHAIN, 0);
	reasons(RECORD_BAD_ANSWER, REASON_CHAIN_BLOCKED, 0);
	reasons(RECORD_BAD_ANSWER, REASON_GUARDED, 0);
	reasons(RECORD_BAD_ANSWER, REASON_FAMILY, 0);
	reasons(RECORD_BAD_ANSWER, REASON_QUOTA_RATE, 0);
	reasons(RECORD_BAD_ANSWER, REASON_WIDE, 0);
}

static void
answers(void)
{
	struct record_item i = item(RECORD_GRANTED);

	says(RECORD_FORWARDED);
	says(RECORD_GRANTED);
	i.client = addr("2001:db8::2");
	i.address = addr("2001:db8::1");
	i.id = 65535;
	i.port = 53;
	i.protocol = IPPROTO_UDP;
	i.ttl_s = 2147483;
	access_print(&i, &out);
	says(RECORD_GRANT_FAILED);
}

static void
strange_names(void)
{
	/* newline, return, ESC, quote, backslash, C1, 0xff, NUL, dot; UTF-8 */
	static const uint8_t control[] = {
		13, 'A', '\n', 'b', '\r', 033, '[', 'm', '"', '\\', 0x9b, 0xff,
		0,  '.', 4, 0xc3, 0xa4, '-', '_', 1, '*', 0
	};

	names(RECORD_ALLOWED, "", 1);
	names(RECORD_BLOCKED, control, sizeof(control));
	names(RECORD_BLOCKED, "\006=+@( x", 8);
}

static void
every_line_is_as_it_was(void **state)
{
	static char golden[sizeof(buf)];
	FILE *f = fopen(TESTS_DIR "/unit/record/access.golden", "r");

	(void)state;
	assert_non_null(f);
	golden[fread(golden, 1, sizeof(golden) - 1, f)] = '\0';
	fclose(f);
	text_init(&out, buf, sizeof(buf));
	queries();
	bad_queries();
	bad_answers();
	answers();
	strange_names();
	assert_string_equal(buf, golden);
}

static void
every_name_is_one_printable_line(void **state)
{
	uint8_t wire[256] = { 0 };

	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		for (unsigned at = 0; at < 192; at += 64) {
			wire[at] = 63;
			memset(wire + at + 1, (int)byte, 63);
		}
		wire[192] = 61;
		memset(wire + 193, (int)byte, 61);
		text_init(&out, buf, ACCESS_LINE_SIZE);
		names(RECORD_GRANT_FAILED, wire, 255);
		assert_false(out.cut);
		for (size_t i = 0; i + 1 < out.len; i++)
			assert_in_range(buf[i], 0x20, 0x7e);
		assert_int_equal(buf[out.len - 1], '\n');
	}
}

static void
what_is_sound_is_printed_whole(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < RECORD_ALIAS; kind++) {
		struct record_item i = item((enum record_kind)kind);

		assert_true(record_is_sound(&i));
		text_init(&out, buf, ACCESS_LINE_SIZE);
		access_print(&i, &out);
		assert_ptr_equal(strchr(buf, '\n'), buf + out.len - 1);
	}
}

#define UNSOUND(change)                                        \
	do {                                                   \
		struct record_item i = item(RECORD_GRANTED);   \
		change;                                        \
		assert_false(record_is_sound(&i));             \
	} while (0)

/* The recorder believes no field of an item. */
static void
no_worker_of_ours_writes_so(void **state)
{
	(void)state;
	UNSOUND(i.kind = RECORD_KINDS);
	UNSOUND(i.has_id = 2);
	UNSOUND(i.ended = 2);
	UNSOUND(i.reason = REASON_COUNT);
	UNSOUND(i.source = SOURCE_COUNT);
	UNSOUND(i.chain_count = RECORD_ALIASES_MAX + 1; i.chain = 1);
	UNSOUND(i.chain = 1);
	UNSOUND(i.chain_count = 1);
	UNSOUND(i.borrowed = 2);
	UNSOUND(i.audit = 2);
	UNSOUND(i.upstream.pad = 1);
	UNSOUND(i.client.family = 5);
	UNSOUND(i.client.pad[2] = 1);
	UNSOUND(i.address.byte[4] = 1);
	UNSOUND(i.upstream.addr.byte[0] = 1);
	UNSOUND(i.name[0] = 2);
	UNSOUND(i.name[0] = 64);
	UNSOUND(i.name_len = 10);
	UNSOUND(i.name_len = 12);
	UNSOUND(i.name_len = 255);
	UNSOUND(i.name_len = 0);
	UNSOUND(i.name[255] = 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_is_as_it_was),
		cmocka_unit_test(every_name_is_one_printable_line),
		cmocka_unit_test(what_is_sound_is_printed_whole),
		cmocka_unit_test(no_worker_of_ours_writes_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
