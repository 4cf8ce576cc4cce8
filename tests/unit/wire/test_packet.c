/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The headers of refused packets, whole, cut behind each byte, and wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "wire/packet.h"
#include "wire/writer.h"

struct kit {
	struct writer w;
	uint8_t bytes[512];
};

static void
v4(struct kit *k, uint8_t protocol, uint16_t fragment, unsigned option_words)
{
	static const uint8_t zero[40];

	k->w = writer_of(k->bytes, sizeof(k->bytes));
	writer_u8(&k->w, (uint8_t)(0x45 + option_words));
	writer_bytes(&k->w, zero, 5);
	writer_u16(&k->w, fragment);
	writer_u8(&k->w, 64);
	writer_u8(&k->w, protocol);
	writer_u16(&k->w, 0);
	writer_bytes(&k->w, (const uint8_t[]){ 10, 0, 0, 2 }, 4);
	writer_bytes(&k->w, (const uint8_t[]){ 203, 0, 113, 5 }, 4);
	writer_bytes(&k->w, zero, 4 * option_words);
}

static void
v6(struct kit *k, uint8_t next)
{
	static const uint8_t start[6] = { 0x60 };
	uint8_t address[16] = { 0xfd };

	k->w = writer_of(k->bytes, sizeof(k->bytes));
	writer_bytes(&k->w, start, 6);
	writer_u8(&k->w, next);
	writer_u8(&k->w, 64);
	address[15] = 2;
	writer_bytes(&k->w, address, 16);
	address[0] = 0x20;
	writer_bytes(&k->w, address, 16);
}

static void
ports(struct kit *k, uint16_t source, uint16_t destination)
{
	writer_u16(&k->w, source);
	writer_u16(&k->w, destination);
}

/* In memory of its own, so that a read behind it is seen. */
static enum err
parse(const struct kit *k, size_t len, struct packet *out)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	enum err err;

	assert_non_null(copy);
	memcpy(copy, k->bytes, len);
	err = packet_parse(copy, len, out);
	free(copy);
	return err;
}

static void
is_at(const struct packet *p, uint8_t protocol, uint16_t port)
{
	assert_int_equal(p->protocol, protocol);
	assert_true(p->has_port);
	assert_int_equal(p->port, port);
}

static void
says_who_and_what(void **state)
{
	static const uint8_t with_ports[] = { IPPROTO_TCP, IPPROTO_UDP,
					      IPPROTO_SCTP };
	struct packet p;
	struct kit k;

	(void)state;
	for (size_t i = 0; i < sizeof(with_ports); i++) {
		char text[ADDR_TEXT_SIZE];

		v4(&k, with_ports[i], 0, i == 1 ? 10 : 0);
		ports(&k, 40000, 443);
		assert_int_equal(parse(&k, k.w.at, &p), ERR_NONE);
		assert_string_equal(addr_print(&p.source, text), "10.0.0.2");
		assert_string_equal(addr_print(&p.destination, text),
				    "203.0.113.5");
		is_at(&p, with_ports[i], 443);

		v6(&k, with_ports[i]);
		ports(&k, 40000, 8443);
		assert_int_equal(parse(&k, k.w.at, &p), ERR_NONE);
		assert_string_equal(addr_print(&p.source, text), "fd00::2");
		assert_string_equal(addr_print(&p.destination, text),
				    "2000::2");
		is_at(&p, with_ports[i], 8443);
	}
}

static void
icmp_has_type_and_code(void **state)
{
	struct packet p;
	struct kit k;

	(void)state;
	v4(&k, IPPROTO_ICMP, 0, 0);
	writer_u16(&k.w, 8 << 8);
	assert_int_equal(parse(&k, k.w.at, &p), ERR_NONE);
	is_at(&p, IPPROTO_ICMP, 8 << 8);
	v6(&k, IPPROTO_ICMPV6);
	writer_u16(&k.w, 128 << 8 | 3);
	assert_int_equal(parse(&k, k.w.at, &p), ERR_NONE);
	is_at(&p, IPPROTO_ICMPV6, 128 << 8 | 3);
}

static void
a_later_fragment_has_no_port(void **state)
{
	static const uint8_t header[] = { IPPROTO_UDP, 0, 0, 8, 0, 0, 0, 1 };
	struct packet p;
	struct kit k;

	(void)state;
	v4(&k, IPPROTO_UDP, 0x2001, 0);
	ports(&k, 40000, 443);
	assert_int_equal(parse(&k, k.w.at, &p), ERR_NONE);
	assert_false(p.has_port);
	/* the first one has, and "do not fragment" is no offset */
	v4(&k, IPPROTO_UDP, 0x6000, 0);
	ports(&k, 40000, 443);
	assert_int_equal(parse(&k, k.w.at, &p), ERR_NONE);
	is_at(&p, IPPROTO_UDP, 443);

	v6(&k, IPPROTO_FRAGMENT);
	writer_bytes(&k.w, header, sizeof(header));
	ports(&k, 40000, 443);
	assert_int_equal(parse(&k, k.w.at, &p), ERR_NONE);
	assert_int_equal(p.protocol, IPPROTO_UDP);
	assert_false(p.has_port);
}

static void
extensions_are_passed(void **state)
{
	static const uint8_t hop[] = { IPPROTO_ROUTING, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t routing[] = { IPPROTO_DSTOPTS, 1, 0, 0, 0, 0, 0, 0,
					   0, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t options[] = { IPPROTO_AH, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t ah[] = { IPPROTO_FRAGMENT, 1, 0, 0, 0, 0, 0, 1,
				      0, 0, 0, 2 };
	static const uint8_t fragment[] = { IPPROTO_TCP, 0, 0, 1, 0, 0, 0, 9 };
	struct packet p;
	struct kit k;

	(void)state;
	v6(&k, IPPROTO_HOPOPTS);
	writer_bytes(&k.w, hop, sizeof(hop));
	writer_bytes(&k.w, routing, sizeof(routing));
	writer_bytes(&k.w, options, sizeof(options));
	writer_bytes(&k.w, ah, sizeof(ah));
	writer_bytes(&k.w, fragment, sizeof(fragment));
	ports(&k, 40000, 443);
	assert_int_equal(parse(&k, k.w.at, &p), ERR_NONE);
	is_at(&p, IPPROTO_TCP, 443);
}

/* However many a sender puts there, only so many are looked at. */
static void
extensions_without_end_have_no_port(void **state)
{
	static const uint8_t again[] = { IPPROTO_DSTOPTS, 0, 0, 0, 0, 0, 0, 0 };
	struct packet p;
	struct kit k;

	(void)state;
	v6(&k, IPPROTO_DSTOPTS);
	for (unsigned i = 0; i < 40; i++)
		writer_bytes(&k.w, again, sizeof(again));
	assert_int_equal(parse(&k, k.w.at, &p), ERR_NONE);
	assert_false(p.has_port);
	assert_int_equal(p.protocol, IPPROTO_DSTOPTS);
}

static void
cut_anywhere(void **state)
{
	struct packet p;
	struct kit k;

	(void)state;
	v4(&k, IPPROTO_TCP, 0, 2);
	ports(&k, 40000, 443);
	for (size_t len = 0; len < k.w.at; len++) {
		assert_int_equal(parse(&k, len, &p),
				 len < 20 ? ERR_TORN : ERR_NONE);
		assert_false(p.has_port);
		assert_int_equal(p.port, 0);
	}
	v6(&k, IPPROTO_TCP);
	ports(&k, 40000, 443);
	for (size_t len = 0; len < k.w.at; len++) {
		assert_int_equal(parse(&k, len, &p),
				 len < 40 ? ERR_TORN : ERR_NONE);
		assert_false(p.has_port);
	}
}

static void
what_is_no_ip_is_torn(void **state)
{
	struct packet p;
	struct kit k;

	(void)state;
	v4(&k, IPPROTO_TCP, 0, 0);
	ports(&k, 1, 2);
	k.bytes[0] = 0x44; /* a header shorter than its fixed part */
	assert_int_equal(parse(&k, k.w.at, &p), ERR_TORN);
	for (unsigned version = 0; version < 16; version++) {
		k.bytes[0] = (uint8_t)(version << 4 | 5);
		assert_int_equal(parse(&k, k.w.at, &p),
				 version == 4 ? ERR_NONE : ERR_TORN);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_who_and_what),
		cmocka_unit_test(icmp_has_type_and_code),
		cmocka_unit_test(a_later_fragment_has_no_port),
		cmocka_unit_test(extensions_are_passed),
		cmocka_unit_test(extensions_without_end_have_no_port),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(what_is_no_ip_is_torn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
