/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "supply/tsig.h"
#include "vectors.h"

#define VECTOR(v) v, sizeof(v)

enum { DATE = 1700000000 };

static struct tsig_key
key_of(enum tsig_algorithm algorithm)
{
	struct tsig_key key = { .algorithm = algorithm, .secret_len = 32 };

	assert_int_equal(name_parse("key.test", 8, &key.name, NULL), ERR_NONE);
	for (uint8_t i = 0; i < 32; i++)
		key.secret[i] = (uint8_t)(i + 1);
	return key;
}

static const struct vector {
	enum tsig_algorithm algorithm;
	const uint8_t *request;
	size_t request_len;
	const uint8_t *answer;
	size_t answer_len;
} vectors[] = {
	{ TSIG_HMAC_MD5, VECTOR(request_md5), VECTOR(answer_md5) },
	{ TSIG_HMAC_SHA1, VECTOR(request_sha1), VECTOR(answer_sha1) },
	{ TSIG_HMAC_SHA224, VECTOR(request_sha224), VECTOR(answer_sha224) },
	{ TSIG_HMAC_SHA256, VECTOR(request_sha256), VECTOR(answer_sha256) },
	{ TSIG_HMAC_SHA384, VECTOR(request_sha384), VECTOR(answer_sha384) },
	{ TSIG_HMAC_SHA512, VECTOR(request_sha512), VECTOR(answer_sha512) },
};

enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

/* Signs what a vector's request is without its signature. */
static void
ask(struct tsig *t, const struct tsig_key *key, const uint8_t *request,
    size_t len)
{
	uint8_t bytes[1024];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct signature s, ours;

	assert_int_equal(signature_read(request, len, &s), ERR_NONE);
	writer_bytes(&w, request, s.at);
	bytes[11] = 0;
	assert_int_equal(tsig_begin(t, key), ERR_NONE);
	assert_int_equal(tsig_sign(t, &w, DATE), ERR_NONE);
	assert_int_equal(signature_read(bytes, w.at, &ours), ERR_NONE);
	assert_int_equal(ours.mac_len, s.mac_len);
	assert_memory_equal(ours.mac, s.mac, s.mac_len);
}

static void
signs_as_others_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		struct tsig_key key = key_of(v->algorithm);
		struct tsig t = { 0 };

		ask(&t, &key, v->request, v->request_len);
		assert_int_equal(
		    tsig_verify(&t, v->answer, v->answer_len, DATE),
		    TSIG_VALID);
		assert_true(tsig_is_settled(&t));
		tsig_end(&t);
	}
}

static enum tsig_verdict
verdict_on(const uint8_t *answer, size_t len, uint64_t now_s, int64_t *off_out)
{
	struct tsig_key key = key_of(TSIG_HMAC_SHA256);
	struct tsig t = { 0 };
	enum tsig_verdict verdict;

	ask(&t, &key, VECTOR(request_sha256));
	verdict = tsig_verify(&t, answer, len, now_s);
	if (off_out)
		*off_out = t.off_s;
	tsig_end(&t);
	return verdict;
}

/* It was signed at DATE + 2. */
static void
time_is_held_against_ours(void **state)
{
	int64_t off_s;

	(void)state;
	assert_int_equal(verdict_on(VECTOR(answer_sha256), DATE + 302, NULL),
			 TSIG_VALID);
	assert_int_equal(verdict_on(VECTOR(answer_sha256), DATE + 303, &off_s),
			 TSIG_TIME);
	assert_int_equal(off_s, 301);
	assert_int_equal(verdict_on(VECTOR(answer_sha256), DATE - 298, NULL),
			 TSIG_VALID);
	assert_int_equal(verdict_on(VECTOR(answer_sha256), DATE - 299, &off_s),
			 TSIG_TIME);
	assert_int_equal(off_s, -301);
}

/* The exchange id may change on the way, everything else is signed. */
static void
no_byte_can_be_changed(void **state)
{
	uint8_t bytes[sizeof(answer_sha256)];

	(void)state;
	for (size_t i = 2; i < sizeof(bytes); i++) {
		enum tsig_verdict verdict;

		memcpy(bytes, answer_sha256, sizeof(bytes));
		bytes[i] ^= 0x81;
		verdict = verdict_on(bytes, sizeof(bytes), DATE, NULL);
		assert_int_not_equal(verdict, TSIG_VALID);
		assert_int_not_equal(verdict, TSIG_LATER);
	}
	memcpy(bytes, answer_sha256, sizeof(bytes));
	bytes[0] ^= 0xff;
	assert_int_equal(verdict_on(bytes, sizeof(bytes), DATE, NULL),
			 TSIG_VALID);
}

static void
another_key_or_algorithm_is_told(void **state)
{
	struct tsig_key key = key_of(TSIG_HMAC_SHA256);
	struct tsig t = { 0 };

	(void)state;
	assert_int_equal(verdict_on(VECTOR(answer_md5), DATE, NULL),
			 TSIG_OTHER_ALGORITHM);
	ask(&t, &key, VECTOR(request_sha256));
	assert_int_equal(name_parse("yek.test", 8, &key.name, NULL), ERR_NONE);
	assert_int_equal(tsig_verify(&t, VECTOR(answer_sha256), DATE),
			 TSIG_OTHER_KEY);
	tsig_end(&t);
	key = key_of(TSIG_HMAC_SHA256);
	ask(&t, &key, VECTOR(request_sha256));
	key.secret[31] ^= 1;
	assert_int_equal(tsig_begin(&t, &key), ERR_NONE);
	assert_int_equal(tsig_verify(&t, VECTOR(answer_sha256), DATE),
			 TSIG_WRONG);
	tsig_end(&t);
}

/* The answer with another signature at its end. */
static size_t
resign(uint8_t *out, size_t size, const struct signature *s)
{
	struct writer w = writer_of(out, size);

	writer_bytes(&w, answer_sha256, s->at);
	out[11] = 0;
	signature_write(&w, s);
	return w.at;
}

static void
a_short_mac_is_refused(void **state)
{
	uint8_t bytes[512];
	struct signature s;

	(void)state;
	assert_int_equal(signature_read(VECTOR(answer_sha256), &s), ERR_NONE);
	for (size_t len = 0; len < 32; len++) {
		s.mac_len = len;
		assert_int_equal(verdict_on(bytes,
					    resign(bytes, sizeof(bytes), &s),
					    DATE, NULL),
				 TSIG_SHORT);
	}
}

static void
refusals_of_ours_are_told_apart(void **state)
{
	static const struct {
		uint16_t error;
		enum tsig_verdict verdict;
	} refusals[] = {
		{ SIGNATURE_BADSIG, TSIG_REMOTE_BADSIG },
		{ SIGNATURE_BADKEY, TSIG_REMOTE_BADKEY },
	};
	uint8_t bytes[512];
	struct signature s;

	(void)state;
	assert_int_equal(signature_read(VECTOR(answer_sha256), &s), ERR_NONE);
	s.mac_len = 0;
	for (size_t i = 0; i < 2; i++) {
		s.error = refusals[i].error;
		assert_int_equal(verdict_on(bytes,
					    resign(bytes, sizeof(bytes), &s),
					    DATE, NULL),
				 refusals[i].verdict);
	}
}

/* What a server says whose clock is behind; signed, with its time. */
static void
the_other_clock_is_told(void **state)
{
	struct tsig_key key = key_of(TSIG_HMAC_SHA256);
	uint64_t theirs = DATE - 4000;
	struct tsig ours = { 0 }, its = { 0 };
	uint8_t bytes[512];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct signature s;

	(void)state;
	assert_int_equal(signature_read(VECTOR(answer_sha256), &s), ERR_NONE);
	s.error = SIGNATURE_BADTIME;
	s.other_len = 6;
	for (unsigned i = 0; i < 6; i++)
		s.other[i] = (uint8_t)(theirs >> (40 - 8 * i));
	ask(&its, &key, VECTOR(request_sha256));
	writer_bytes(&w, answer_sha256, s.at);
	bytes[11] = 0;
	assert_int_equal(tsig_sign_as(&its, &w, &s), ERR_NONE);
	ask(&ours, &key, VECTOR(request_sha256));
	assert_int_equal(tsig_verify(&ours, bytes, w.at, DATE),
			 TSIG_REMOTE_BADTIME);
	assert_int_equal(ours.off_s, 4000);
	tsig_end(&ours);
	tsig_end(&its);
}

static void
a_stream_is_held_together(void **state)
{
	struct tsig_key key = key_of(TSIG_HMAC_SHA256);
	struct tsig t = { 0 };

	(void)state;
	ask(&t, &key, VECTOR(stream_request));
	assert_int_equal(tsig_verify(&t, VECTOR(stream_1), DATE), TSIG_VALID);
	assert_int_equal(tsig_verify(&t, VECTOR(stream_2), DATE), TSIG_LATER);
	assert_false(tsig_is_settled(&t));
	assert_int_equal(tsig_verify(&t, VECTOR(stream_3), DATE), TSIG_LATER);
	assert_int_equal(tsig_verify(&t, VECTOR(stream_4), DATE), TSIG_VALID);
	assert_true(tsig_is_settled(&t));
	/* one is left out, and one is there twice */
	ask(&t, &key, VECTOR(stream_request));
	assert_int_equal(tsig_verify(&t, VECTOR(stream_1), DATE), TSIG_VALID);
	assert_int_equal(tsig_verify(&t, VECTOR(stream_2), DATE), TSIG_LATER);
	assert_int_equal(tsig_verify(&t, VECTOR(stream_4), DATE), TSIG_WRONG);
	ask(&t, &key, VECTOR(stream_request));
	assert_int_equal(tsig_verify(&t, VECTOR(stream_1), DATE), TSIG_VALID);
	assert_int_equal(tsig_verify(&t, VECTOR(stream_1), DATE), TSIG_WRONG);
	/* the first must be signed */
	ask(&t, &key, VECTOR(stream_request));
	assert_int_equal(tsig_verify(&t, VECTOR(stream_2), DATE), TSIG_MISSING);
	tsig_end(&t);
}

static void
ninety_nine_may_come_unsigned(void **state)
{
	struct tsig_key key = key_of(TSIG_HMAC_SHA256);
	struct tsig t = { 0 };

	(void)state;
	ask(&t, &key, VECTOR(stream_request));
	assert_int_equal(tsig_verify(&t, VECTOR(stream_1), DATE), TSIG_VALID);
	for (unsigned i = 0; i < 99; i++)
		assert_int_equal(tsig_verify(&t, VECTOR(stream_2), DATE),
				 TSIG_LATER);
	assert_int_equal(tsig_verify(&t, VECTOR(stream_2), DATE), TSIG_RARE);
	tsig_end(&t);
}

static void
must_be_the_last_record(void **state)
{
	static const uint8_t more[] = { 0, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0 };
	uint8_t bytes[512];
	struct signature s;

	(void)state;
	memcpy(bytes, answer_sha256, sizeof(answer_sha256));
	memcpy(bytes + sizeof(answer_sha256), more, sizeof(more));
	bytes[11] = 2;
	assert_int_equal(
	    signature_read(bytes, sizeof(answer_sha256) + sizeof(more), &s),
	    ERR_TORN);
	/* two of them */
	assert_int_equal(signature_read(VECTOR(answer_sha256), &s), ERR_NONE);
	struct writer w = writer_of(bytes, sizeof(bytes));
	writer_bytes(&w, answer_sha256, sizeof(answer_sha256));
	signature_write(&w, &s);
	assert_int_equal(signature_read(bytes, w.at, &s), ERR_TORN);
	/* any shorter one is torn */
	for (size_t len = 0; len < sizeof(answer_sha256); len++)
		assert_int_equal(signature_read(answer_sha256, len, &s),
				 ERR_TORN);
}

/* Somebody asks us: his request is verified, our answer signed. */
static void
answers_who_asks(void **state)
{
	struct tsig_key key = key_of(TSIG_HMAC_SHA512);
	struct tsig ours = { 0 }, its = { 0 };
	uint8_t bytes[512];
	struct writer w = writer_of(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(tsig_begin(&ours, &key), ERR_NONE);
	assert_int_equal(tsig_verify(&ours, VECTOR(request_sha512), DATE),
			 TSIG_VALID);
	writer_bytes(&w, stream_2, sizeof(stream_2));
	assert_int_equal(tsig_sign(&ours, &w, DATE), ERR_NONE);
	ask(&its, &key, VECTOR(request_sha512));
	assert_int_equal(tsig_verify(&its, bytes, w.at, DATE), TSIG_VALID);
	tsig_end(&ours);
	tsig_end(&its);
}

static void
without_a_secret_nothing_is_right(void **state)
{
	struct tsig_key key = key_of(TSIG_HMAC_SHA256);
	struct tsig t = { 0 };

	(void)state;
	key_forget(&key);
	assert_int_equal(tsig_begin(&t, &key), ERR_FULL);
	tsig_end(&t);
}

static enum err
secret_of(const char *text, struct tsig_key *key)
{
	return key_read_secret(text, strlen(text), key);
}

static void
secrets_are_base64(void **state)
{
	static const char *const wrong[] = {
		"",	"\n",	 "A",	 "AA",	 "AAA",	     "AA=",    "A===",
		"AA=A", "AA==A", "AA*=", "=AAA", "AAA=AAAA", "# AAAA", "AAAA#"
	};
	struct tsig_key key;
	char text[2000];

	(void)state;
	assert_int_equal(secret_of("AQIDBA==\n", &key), ERR_NONE);
	assert_int_equal(key.secret_len, 4);
	assert_memory_equal(key.secret, "\1\2\3\4", 4);
	assert_int_equal(secret_of("# ours\n AQ\r\nID\t+/+/ \n", &key),
			 ERR_NONE);
	assert_int_equal(key.secret_len, 6);
	assert_memory_equal(key.secret, "\1\2\3\xfb\xff\xbf", 6);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(secret_of(wrong[i], &key), ERR_SYNTAX);
		assert_int_equal(key.secret_len, 0);
	}
	memset(text, 'A', sizeof(text));
	assert_int_equal(key_read_secret(text, sizeof(text), &key), ERR_FULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_as_others_do),
		cmocka_unit_test(time_is_held_against_ours),
		cmocka_unit_test(no_byte_can_be_changed),
		cmocka_unit_test(another_key_or_algorithm_is_told),
		cmocka_unit_test(a_short_mac_is_refused),
		cmocka_unit_test(refusals_of_ours_are_told_apart),
		cmocka_unit_test(the_other_clock_is_told),
		cmocka_unit_test(a_stream_is_held_together),
		cmocka_unit_test(ninety_nine_may_come_unsigned),
		cmocka_unit_test(must_be_the_last_record),
		cmocka_unit_test(answers_who_asks),
		cmocka_unit_test(without_a_secret_nothing_is_right),
		cmocka_unit_test(secrets_are_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
