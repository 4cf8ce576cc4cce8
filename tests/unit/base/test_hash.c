/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values are those of two other implementations of SipHash-1-3. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/hash.h"

static uint8_t input[64];

static int
fill(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(input); i++)
		input[i] = (uint8_t)i;
	return 0;
}

static void
known_values(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} known[] = {
		{ 1, 0x68a914128e01e473 },  { 7, 0x2f098ab0c751325a },
		{ 8, 0xead411e67ebe2eea },  { 9, 0x75927f9d95124362 },
		{ 15, 0xf30eb725bb91c9ea }, { 16, 0x8972188433a5c5b7 },
		{ 17, 0x4883c49a2c009c1d }, { 63, 0x385d3e39e5f37359 },
	};
	struct hash_key zero = { 0, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(hash_bytes(&zero, input, known[i].len),
				 known[i].hash);
}

static void
known_value_with_a_key(void **state)
{
	struct hash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

	(void)state;
	assert_int_equal(hash_bytes(&key, input, 0), 0xabac0158050fc4dc);
}

static void
both_halves_of_the_key_count(void **state)
{
	struct hash_key a = { 1, 0 }, b = { 0, 1 }, c = { 0, 0 };
	uint64_t ha = hash_bytes(&a, input, 20);
	uint64_t hb = hash_bytes(&b, input, 20);
	uint64_t hc = hash_bytes(&c, input, 20);

	(void)state;
	assert_int_not_equal(ha, hb);
	assert_int_not_equal(ha, hc);
	assert_int_not_equal(hb, hc);
}

static void
every_byte_counts(void **state)
{
	struct hash_key key = { 5, 6 };
	uint64_t whole = hash_bytes(&key, input, sizeof(input));

	(void)state;
	for (size_t i = 0; i < sizeof(input); i++) {
		input[i] ^= 0x80;
		assert_int_not_equal(hash_bytes(&key, input, sizeof(input)),
				     whole);
		input[i] ^= 0x80;
	}
	assert_int_equal(hash_bytes(&key, input, sizeof(input)), whole);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_values),
		cmocka_unit_test(known_value_with_a_key),
		cmocka_unit_test(both_halves_of_the_key_count),
		cmocka_unit_test(every_byte_counts),
	};

	return cmocka_run_group_tests(tests, fill, NULL);
}
