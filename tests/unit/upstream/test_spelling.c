/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When an upstream is believed to lose the case of names. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "upstream/spelling.h"
#include "wire/reply.h"

enum { SIZE = 512, TTL = 300 };

static const struct hash_key key = { 1, 2 };

struct record {
	const char *owner, *target; /* NULL: an address */
	uint8_t host;
	uint32_t ttl;
};

static struct name
name_of(const char *text)
{
	struct name n;

	assert_int_equal(name_parse(text, strlen(text), &n, NULL), ERR_NONE);
	return n;
}

static void
put(struct reply *r, const struct record *record)
{
	const struct name owner = name_of(record->owner);
	struct addr a = { .family = 4, .byte = { 192, 0, 2, record->host } };
	struct name target;

	if (record->target == NULL) {
		reply_address(r, SECTION_ANSWER, &owner, &a, record->ttl);
		return;
	}
	target = name_of(record->target);
	reply_record(r, SECTION_ANSWER, &owner, TYPE_CNAME, record->ttl,
		     target.wire, target.len);
}

static uint64_t
digest(const char *asked, unsigned rcode, const struct record *record,
       unsigned count)
{
	uint8_t bytes[SIZE];
	struct question q = { name_of(asked), TYPE_A, CLASS_IN };
	struct header h = { .id = 7 };
	struct reply_spec spec = { .limit = SIZE, .client = &h, .q = &q };
	const struct ede none = { .code = -1 };
	struct message m;
	struct reply r;
	size_t len;

	reply_begin(&r, bytes, &spec);
	for (unsigned i = 0; i < count; i++)
		put(&r, &record[i]);
	len = reply_end(&r, rcode, &none);
	assert_int_equal(message_read(bytes, len, &m), ERR_NONE);
	return spelling_digest(&key, &m);
}

static void
only_what_is_said_counts(void **state)
{
	const struct record said[] = { { "a.test", "b.test", 0, TTL },
				       { "b.test", NULL, 1, TTL },
				       { "b.test", NULL, 2, TTL } };
	const struct record again[] = { { "B.test", NULL, 2, 7 },
					{ "A.TEST", "b.TEST", 0, 8 },
					{ "b.tesT", NULL, 1, 9 } };
	const struct record other[] = { { "a.test", "b.test", 0, TTL },
					{ "b.test", NULL, 1, TTL },
					{ "b.test", NULL, 3, TTL } };
	const struct record alias[] = { { "a.test", "c.test", 0, TTL },
					{ "b.test", NULL, 1, TTL },
					{ "b.test", NULL, 2, TTL } };
	uint64_t first = digest("a.test", RCODE_NOERROR, said, 3);

	(void)state;
	assert_true(first == digest("A.tEsT", RCODE_NOERROR, again, 3));
	assert_true(first != digest("a.test", RCODE_NOERROR, other, 3));
	assert_true(first != digest("a.test", RCODE_NOERROR, alias, 3));
	assert_true(first != digest("a.test", RCODE_NOERROR, said, 2));
	assert_true(first != digest("a.test", RCODE_NXDOMAIN, said, 3));
}

static void
three_proofs_in_a_row_make_it_free(void **state)
{
	struct spelling s = { 0 };
	struct sent sent = { .q.name = name_of("aBc.test"), .exact = true };

	(void)state;
	assert_false(spelling_proved(&s, 1000));
	assert_false(spelling_proved(&s, 1000));
	spelling_kept(&s, &sent);
	assert_false(spelling_proved(&s, 1000));
	assert_false(spelling_proved(&s, 1000));
	/* these say nothing: there was no case to keep */
	sent.q.name = name_of("abc.test");
	spelling_kept(&s, &sent);
	sent.q.name = name_of("aBc.test");
	sent.exact = false;
	spelling_kept(&s, &sent);
	assert_false(spelling_is_free(&s, 1000));
	assert_true(spelling_proved(&s, 1000));
	assert_true(spelling_is_free(&s, 1000 + SPELLING_FREE_MS - 1));
	assert_false(spelling_is_free(&s, 1000 + SPELLING_FREE_MS));
}

static void
it_is_told_once(void **state)
{
	struct spelling s = { 0 };
	unsigned told = 0;

	(void)state;
	for (unsigned i = 0; i < 9; i++)
		told += spelling_proved(&s, i * (int64_t)SPELLING_FREE_MS);
	assert_int_equal(told, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_said_counts),
		cmocka_unit_test(three_proofs_in_a_row_make_it_free),
		cmocka_unit_test(it_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
