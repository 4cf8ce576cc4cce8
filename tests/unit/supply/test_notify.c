/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "supply/notify.h"
#include "supply/tsig.h"
#include "wire/notify.h"

enum { DATE = 1700000000 };

/* A message without records; flags 0x2000 is opcode 4. */
#define NOTIFY(flags, qd, type)                                          \
	{                                                                \
		0x12, 0x34, (flags) >> 8, (flags) & 0xff, 0, qd, 0, 0,   \
		    0, 0, 0, 0, 4, 'Z', 'o', 'n', 'e', 4, 't', 'e', 's', \
		    't', 0, 0, type, 0, 1                                \
	}

static const uint8_t usual[] = NOTIFY(0x2400, 1, TYPE_SOA);

struct scene {
	struct name zone, other;
	struct endpoint server[2];
	struct tsig_key key;
	struct notify_zone row[2];
	struct notify_zones zones;
	struct notify_result result;
};

static struct addr
addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, strlen(text), &a), ERR_NONE);
	return a;
}

static void
begin(struct scene *s, bool keyed)
{
	memset(s, 0, sizeof(*s));
	assert_int_equal(name_parse("zone.test", 9, &s->zone, NULL), ERR_NONE);
	assert_int_equal(name_parse("other.test", 10, &s->other, NULL),
			 ERR_NONE);
	assert_int_equal(name_parse("key.test", 8, &s->key.name, NULL),
			 ERR_NONE);
	s->key.algorithm = TSIG_HMAC_SHA256;
	s->key.secret_len = 32;
	s->server[0].addr = addr_of("192.0.2.1");
	s->server[1].addr = addr_of("2001:db8::1");
	s->row[0] = (struct notify_zone){ &s->other, s->server, 1, NULL };
	s->row[1] = (struct notify_zone){ &s->zone, s->server, 2,
					  keyed ? &s->key : NULL };
	s->zones = (struct notify_zones){ s->row, 2 };
}

static enum notify_verdict
judge(struct scene *s, const uint8_t *bytes, size_t len, const char *from)
{
	struct notify_letter letter = { bytes, len, addr_of(from), DATE };

	notify_judge(&letter, &s->zones, &s->result);
	return s->result.verdict;
}

static void
assert_reply(const struct scene *s, unsigned rcode)
{
	unsigned flags =
	    (unsigned)s->result.reply[2] << 8 | s->result.reply[3];

	assert_true(s->result.reply_len >= HEADER_SIZE);
	assert_int_equal(s->result.reply[0], 0x12);
	assert_int_equal(s->result.reply[1], 0x34);
	assert_int_equal(flags & 0xf, rcode);
	assert_int_equal(flags & 0xf800, 0xa000);
	assert_int_equal((flags & FLAG_AA) != 0, rcode == RCODE_NOERROR);
}

static void
a_primary_is_heard(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, false);
	assert_int_equal(judge(&s, usual, sizeof(usual), "192.0.2.1"),
			 NOTIFY_ACCEPTED);
	assert_int_equal(s.result.zone, 1);
	assert_int_equal(s.result.server, 0);
	assert_reply(&s, RCODE_NOERROR);
	assert_int_equal(s.result.reply_len, sizeof(usual));
	/* with the question as it came */
	assert_memory_equal(s.result.reply + HEADER_SIZE, usual + HEADER_SIZE,
			    sizeof(usual) - HEADER_SIZE);
	assert_int_equal(judge(&s, usual, sizeof(usual), "2001:db8::1"),
			 NOTIFY_ACCEPTED);
	assert_int_equal(s.result.server, 1);
}

static void
others_are_refused(void **state)
{
	static const uint8_t query[] = NOTIFY(0x0100, 1, TYPE_SOA);
	static const uint8_t answer[] = NOTIFY(0xa400, 1, TYPE_SOA);
	static const uint8_t two[] = NOTIFY(0x2400, 2, TYPE_SOA);
	static const uint8_t of_a[] = NOTIFY(0x2400, 1, TYPE_A);
	struct scene s;

	(void)state;
	begin(&s, false);
	assert_int_equal(judge(&s, usual, sizeof(usual), "192.0.2.2"),
			 NOTIFY_STRANGER);
	assert_reply(&s, RCODE_REFUSED);
	s.row[1].servers = 1;
	assert_int_equal(judge(&s, usual, sizeof(usual), "2001:db8::1"),
			 NOTIFY_STRANGER);
	s.row[1].name = &s.other;
	assert_int_equal(judge(&s, usual, sizeof(usual), "192.0.2.1"),
			 NOTIFY_NO_ZONE);
	assert_reply(&s, RCODE_NOTAUTH);
	s.row[1].name = &s.zone;
	assert_int_equal(judge(&s, query, sizeof(query), "192.0.2.1"),
			 NOTIFY_OPCODE);
	assert_int_equal(judge(&s, of_a, sizeof(of_a), "192.0.2.1"),
			 NOTIFY_QUESTION);
	assert_reply(&s, RCODE_REFUSED);
	assert_int_equal(judge(&s, two, sizeof(two), "192.0.2.1"),
			 NOTIFY_MALFORMED);
	assert_reply(&s, RCODE_FORMERR);
	/* an answer is never answered */
	assert_int_equal(judge(&s, answer, sizeof(answer), "192.0.2.1"),
			 NOTIFY_NOTHING);
	assert_int_equal(s.result.reply_len, 0);
	for (size_t len = 0; len < sizeof(usual); len++) {
		enum notify_verdict v = judge(&s, usual, len, "192.0.2.1");

		assert_int_equal(v, len < HEADER_SIZE ? NOTIFY_NOTHING
						      : NOTIFY_MALFORMED);
		assert_true(s.result.reply_len <= len);
	}
}

/* Signed by a key like ours, changed by the caller. */
static size_t
sign(const struct tsig_key *key, uint64_t date, struct tsig *t, uint8_t *out)
{
	struct writer w = writer_of(out, NOTIFY_MAX);

	writer_bytes(&w, usual, sizeof(usual));
	assert_int_equal(tsig_begin(t, key), ERR_NONE);
	assert_int_equal(tsig_sign(t, &w, date), ERR_NONE);
	return w.at;
}

static void
with_a_key_it_must_be_signed(void **state)
{
	uint8_t bytes[NOTIFY_MAX];
	struct tsig t = { 0 };
	struct scene s;
	size_t len;

	(void)state;
	begin(&s, true);
	assert_int_equal(judge(&s, usual, sizeof(usual), "192.0.2.1"),
			 NOTIFY_UNSIGNED);
	assert_reply(&s, RCODE_REFUSED);
	len = sign(&s.key, DATE, &t, bytes);
	assert_int_equal(judge(&s, bytes, len, "192.0.2.1"), NOTIFY_ACCEPTED);
	assert_reply(&s, RCODE_NOERROR);
	/* and so is the answer */
	assert_int_equal(tsig_verify(&t, s.result.reply, s.result.reply_len,
				     DATE),
			 TSIG_VALID);
	assert_int_equal(judge(&s, bytes, len, "192.0.2.2"), NOTIFY_STRANGER);
	tsig_end(&t);
}

/* What the other end is told of its signature. */
static enum tsig_verdict
told(struct scene *s, const struct tsig_key *key, uint64_t date,
     enum notify_verdict want)
{
	uint8_t bytes[NOTIFY_MAX];
	struct tsig t = { 0 };
	enum tsig_verdict verdict;
	size_t len = sign(key, date, &t, bytes);

	assert_int_equal(judge(s, bytes, len, "192.0.2.1"), want);
	assert_reply(s, RCODE_NOTAUTH);
	verdict =
	    tsig_verify(&t, s->result.reply, s->result.reply_len, date);
	if (want == NOTIFY_TIME)
		assert_int_equal(t.off_s, (int64_t)date - DATE);
	tsig_end(&t);
	return verdict;
}

static void
what_is_wrong_with_it_is_told(void **state)
{
	struct tsig_key key;
	struct scene s;

	(void)state;
	begin(&s, true);
	key = s.key;
	key.secret[3] = 1;
	assert_int_equal(told(&s, &key, DATE, NOTIFY_SIGNATURE),
			 TSIG_REMOTE_BADSIG);
	key = s.key;
	key.algorithm = TSIG_HMAC_SHA1;
	assert_int_equal(told(&s, &key, DATE, NOTIFY_KEY),
			 TSIG_REMOTE_BADKEY);
	assert_int_equal(told(&s, &s.key, DATE - 301, NOTIFY_TIME),
			 TSIG_REMOTE_BADTIME);
	assert_int_equal(told(&s, &s.key, DATE + 301, NOTIFY_TIME),
			 TSIG_REMOTE_BADTIME);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_primary_is_heard),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(with_a_key_it_must_be_signed),
		cmocka_unit_test(what_is_wrong_with_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
