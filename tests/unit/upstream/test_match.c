/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What counts as the answer to a question: every field, one at a time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "upstream/match.h"
#include "wire/reply.h"

enum { ID = 0x1234, NAME_AT = HEADER_SIZE + 1, SIZE = 512 };

static struct sent
sent_of(const char *name)
{
	struct sent s = { .q = { .type = TYPE_A, .class = CLASS_IN },
			  .id = ID,
			  .exact = true };

	assert_int_equal(name_parse(name, strlen(name), &s.q.name, NULL),
			 ERR_NONE);
	return s;
}

static size_t
answer_to(const struct sent *s, unsigned rcode, uint8_t out[SIZE])
{
	struct header h = { .id = s->id };
	struct reply_spec spec = { .limit = SIZE, .client = &h, .q = &s->q };
	const struct ede none = { .code = -1 };
	struct reply r;

	reply_begin(&r, out, &spec);
	return reply_end(&r, rcode, &none);
}

static enum match
judge(const struct sent *s, const uint8_t *bytes, size_t len)
{
	struct message m;

	return match_answer(s, bytes, len, &m);
}

static void
all_fields_must_be_ours(void **state)
{
	struct sent s = sent_of("aBc.Example");
	uint8_t bytes[SIZE];
	size_t len = answer_to(&s, RCODE_NOERROR, bytes);
	size_t end = HEADER_SIZE + s.q.name.len + 4u;
	/* offset and the bits that are changed there */
	const struct {
		size_t at;
		uint8_t bits;
	} change[] = { { 0, 1 },       { 1, 0x80 },	  { 2, 0x80 },
		       { 2, 0x08 },    { NAME_AT, 0x01 },
		       { end - 3, 1 }, { end - 1, 2 } };

	(void)state;
	assert_int_equal(judge(&s, bytes, len), MATCH_ANSWER);
	for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		bytes[change[i].at] ^= change[i].bits;
		assert_int_equal(judge(&s, bytes, len), MATCH_NOT);
		bytes[change[i].at] ^= change[i].bits;
	}
	assert_int_equal(judge(&s, bytes, len), MATCH_ANSWER);
}

static void
case_counts_only_where_it_was_random(void **state)
{
	struct sent s = sent_of("aBc.Example");
	uint8_t bytes[SIZE];
	size_t len = answer_to(&s, RCODE_NOERROR, bytes);

	(void)state;
	bytes[NAME_AT] ^= 0x20;
	assert_int_equal(judge(&s, bytes, len), MATCH_CASE);
	s.exact = false;
	assert_int_equal(judge(&s, bytes, len), MATCH_ANSWER);
}

static void
too_short_is_not_ours(void **state)
{
	struct sent s = sent_of("a.example");
	uint8_t bytes[SIZE];
	size_t len = answer_to(&s, RCODE_NOERROR, bytes);

	(void)state;
	for (size_t cut = 0; cut < HEADER_SIZE; cut++)
		assert_int_equal(judge(&s, bytes, cut), MATCH_NOT);
	for (size_t cut = HEADER_SIZE; cut < len; cut++)
		assert_int_equal(judge(&s, bytes, cut), MATCH_TORN);
}

static void
without_question_only_a_failure_is_ours(void **state)
{
	struct sent s = sent_of("a.example");
	uint8_t bytes[SIZE];

	(void)state;
	for (unsigned rcode = 0; rcode < 16; rcode++) {
		bool failure = rcode == RCODE_FORMERR ||
			       rcode == RCODE_SERVFAIL ||
			       rcode == RCODE_NOTIMP || rcode == RCODE_REFUSED;

		answer_to(&s, rcode, bytes);
		bytes[5] = 0; /* QDCOUNT */
		assert_int_equal(rcode_is_failure(rcode), failure);
		assert_int_equal(judge(&s, bytes, HEADER_SIZE),
				 failure ? MATCH_COMPLAINT : MATCH_NOT);
		bytes[1] ^= 1; /* id */
		assert_int_equal(judge(&s, bytes, HEADER_SIZE), MATCH_NOT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_fields_must_be_ours),
		cmocka_unit_test(case_counts_only_where_it_was_random),
		cmocka_unit_test(too_short_is_not_ours),
		cmocka_unit_test(without_question_only_a_failure_is_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
