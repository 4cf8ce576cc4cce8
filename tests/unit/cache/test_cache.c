/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cache against a list that remembers everything, with a clock of its
 * own. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/cache.h"
#include "wire/reply.h"

enum { FAILURE = 2, SIZE = 256 * 1024 };

struct lab {
	struct cache *cache;
	struct random random;
	int64_t now_ms;
	uint8_t bytes[CACHE_MESSAGE_MAX * 2];
	struct message message;
	struct question q;
};

static void
open_cache(struct lab *l, size_t bytes, uint32_t stale_s)
{
	const struct cache_setup setup = { .bytes = bytes,
					   .max_ttl_s = 86400,
					   .stale_s = stale_s,
					   .random = &l->random };

	assert_int_equal(cache_new(&setup, &l->cache), ERR_NONE);
}

static int
set_up(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));

	random_init(&l->random);
	l->now_ms = 1000000;
	open_cache(l, SIZE, 0);
	*state = l;
	return 0;
}

static int
tear_down(void **state)
{
	struct lab *l = *state;

	cache_free(l->cache);
	free(l);
	return 0;
}

static void
reopen(struct lab *l, size_t bytes, uint32_t stale_s)
{
	cache_free(l->cache);
	open_cache(l, bytes, stale_s);
}

static struct name
name_of(const char *text)
{
	struct name name;

	assert_int_equal(name_parse(text, strlen(text), &name, NULL),
			 ERR_NONE);
	return name;
}

static void
asks(struct lab *l, const char *name, uint16_t type)
{
	l->q = (struct question){ name_of(name), type, CLASS_IN };
}

static void
begin(struct lab *l, struct reply *r)
{
	static const struct header header = { .flags = FLAG_RD };
	const struct reply_spec spec = { .limit = sizeof(l->bytes),
					 .client = &header,
					 .q = &l->q };

	reply_begin(r, l->bytes, &spec);
}

static void
end(struct lab *l, struct reply *r, unsigned rcode)
{
	static const struct ede none = { .code = -1 };
	size_t len = reply_end(r, rcode, &none);

	assert_int_equal(message_read(l->bytes, len, &l->message), ERR_NONE);
}

static struct cache_key
key_of(const struct lab *l)
{
	return (struct cache_key){ .q = &l->q };
}

static void
put_address(struct reply *r, const char *owner, uint8_t host, uint32_t ttl)
{
	const uint8_t bytes[4] = { 192, 0, 2, host };
	struct name name = name_of(owner);
	struct addr a;

	addr_from_v4(bytes, &a);
	reply_address(r, SECTION_ANSWER, &name, &a, ttl);
}

static void
put_soa(struct reply *r, uint32_t ttl, uint32_t minimum)
{
	uint8_t rdata[2 + 20] = { 0 };
	struct name zone = name_of("test");

	for (unsigned i = 0; i < 4; i++)
		rdata[18 + i] = (uint8_t)(minimum >> (24 - 8 * i));
	reply_record(r, SECTION_AUTHORITY, &zone, TYPE_SOA, ttl, rdata,
		     sizeof(rdata));
}

static void
keep(struct lab *l)
{
	const struct cache_key key = key_of(l);

	cache_keep(l->cache, &key, &l->message, l->now_ms);
}

static void
keep_address(struct lab *l, const char *name, uint8_t host, uint32_t ttl)
{
	struct reply r;

	asks(l, name, TYPE_A);
	begin(l, &r);
	put_address(&r, name, host, ttl);
	end(l, &r, RCODE_NOERROR);
	keep(l);
}

static struct cache_hit
find(struct lab *l)
{
	const struct cache_key key = key_of(l);
	struct cache_hit hit;

	cache_find(l->cache, &key, l->now_ms, &hit);
	return hit;
}

/* The last byte of the address that is kept; 0: it is not. */
static uint8_t
host_of(struct lab *l, const char *name)
{
	struct cache_hit hit;
	struct message m;
	struct addr a;

	asks(l, name, TYPE_A);
	hit = find(l);
	if (hit.news != CACHE_FRESH)
		return 0;
	assert_int_equal(message_read(hit.bytes, hit.len, &m), ERR_NONE);
	assert_true(rr_address(&m, &m.rr[0], &a));
	return a.byte[3];
}

/* ---- stories ------------------------------------------------------------- */

static void
an_answer_lives_as_long_as_its_ttl(void **state)
{
	struct lab *l = *state;
	struct cache_hit hit;

	keep_address(l, "a.test", 1, 20);
	l->now_ms += 5000;
	hit = find(l);
	assert_int_equal(hit.news, CACHE_FRESH);
	assert_int_equal(hit.age_s, 5);
	assert_int_equal(hit.left_s, 15);
	assert_int_equal(hit.lived_s, 20);
	assert_int_equal(hit.hits, 0);
	assert_int_equal(find(l).hits, 1);
	assert_int_equal(host_of(l, "A.TeSt"), 1);
	l->now_ms += 14999;
	assert_int_equal(host_of(l, "a.test"), 1);
	l->now_ms += 1;
	assert_int_equal(find(l).news, CACHE_MISS);
}

static void
what_has_no_time_is_not_kept(void **state)
{
	struct lab *l = *state;

	keep_address(l, "zero.test", 1, 0);
	assert_int_equal(find(l).news, CACHE_MISS);
	keep_address(l, "top.test", 1, 0x80000000);
	assert_int_equal(find(l).news, CACHE_MISS);
	keep_address(l, "long.test", 1, 0x7fffffff);
	assert_int_equal(find(l).left_s, 86400);
}

static void
the_shortest_ttl_counts(void **state)
{
	struct lab *l = *state;
	struct reply r;

	asks(l, "a.test", TYPE_A);
	begin(l, &r);
	put_address(&r, "a.test", 1, 300);
	put_address(&r, "a.test", 2, 7);
	end(l, &r, RCODE_NOERROR);
	keep(l);
	assert_int_equal(find(l).left_s, 7);
}

static void
type_do_and_cd_are_apart(void **state)
{
	struct lab *l = *state;
	struct cache_key key;
	struct cache_hit hit;

	keep_address(l, "a.test", 1, 20);
	asks(l, "a.test", TYPE_AAAA);
	assert_int_equal(find(l).news, CACHE_MISS);
	asks(l, "a.test", TYPE_A);
	key = key_of(l);
	key.dnssec_ok = true;
	cache_find(l->cache, &key, l->now_ms, &hit);
	assert_int_equal(hit.news, CACHE_MISS);
	key.dnssec_ok = false;
	key.checking_disabled = true;
	cache_find(l->cache, &key, l->now_ms, &hit);
	assert_int_equal(hit.news, CACHE_MISS);
}

static void
keep_nothing(struct lab *l, unsigned rcode, uint32_t ttl, uint32_t minimum)
{
	struct reply r;

	begin(l, &r);
	if (ttl > 0)
		put_soa(&r, ttl, minimum);
	end(l, &r, rcode);
	keep(l);
}

static void
no_data_lives_as_the_soa_says(void **state)
{
	struct lab *l = *state;

	asks(l, "a.test", TYPE_AAAA);
	keep_nothing(l, RCODE_NOERROR, 100, 30);
	assert_int_equal(find(l).left_s, 30);
	asks(l, "b.test", TYPE_AAAA);
	keep_nothing(l, RCODE_NOERROR, 10, 30);
	assert_int_equal(find(l).left_s, 10);
	asks(l, "c.test", TYPE_AAAA);
	keep_nothing(l, RCODE_NOERROR, 100000, 100000);
	assert_int_equal(find(l).left_s, CACHE_NEGATIVE_MAX_S);
	asks(l, "d.test", TYPE_AAAA);
	keep_nothing(l, RCODE_NOERROR, 0, 0);
	assert_int_equal(find(l).news, CACHE_MISS);
}

static void
a_missing_name_is_missing_for_all_types(void **state)
{
	struct lab *l = *state;

	asks(l, "gone.test", TYPE_A);
	keep_nothing(l, RCODE_NXDOMAIN, 100, 30);
	asks(l, "gone.test", TYPE_TXT);
	assert_int_equal(find(l).news, CACHE_FRESH);
	/* It is there again. */
	keep_address(l, "gone.test", 9, 20);
	asks(l, "gone.test", TYPE_TXT);
	assert_int_equal(find(l).news, CACHE_MISS);
	assert_int_equal(host_of(l, "gone.test"), 9);
}

static void
a_missing_name_behind_an_alias_is_another(void **state)
{
	struct name alias = name_of("a.test"), target = name_of("gone.test");
	struct lab *l = *state;
	struct reply r;

	asks(l, "a.test", TYPE_A);
	begin(l, &r);
	reply_record(&r, SECTION_ANSWER, &alias, TYPE_CNAME, 50, target.wire,
		     target.len);
	put_soa(&r, 40, 40);
	end(l, &r, RCODE_NXDOMAIN);
	keep(l);
	assert_int_equal(find(l).left_s, 40);
	asks(l, "a.test", TYPE_TXT);
	assert_int_equal(find(l).news, CACHE_MISS);
	asks(l, "gone.test", TYPE_A);
	assert_int_equal(find(l).news, CACHE_MISS);
}

static void
keep_failure(struct lab *l)
{
	const struct cache_key key = key_of(l);

	cache_fail(l->cache, &key, NULL, FAILURE, l->now_ms);
}

static void
failures_are_kept_for_longer_and_longer(void **state)
{
	static const unsigned seconds[] = { 1, 2, 4, 5, 5, 5 };
	struct lab *l = *state;

	asks(l, "a.test", TYPE_A);
	for (unsigned i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		struct cache_hit hit;

		keep_failure(l);
		hit = find(l);
		assert_int_equal(hit.news, CACHE_FAILURE);
		assert_int_equal(hit.failure, FAILURE);
		assert_null(hit.bytes);
		l->now_ms += seconds[i] * 1000 - 1;
		assert_int_equal(find(l).news, CACHE_FAILURE);
		l->now_ms += 1;
		assert_int_equal(find(l).news, CACHE_MISS);
	}
	l->now_ms += 60000;
	keep_failure(l);
	l->now_ms += 1000;
	assert_int_equal(find(l).news, CACHE_MISS);
}

static void
a_stale_answer_outlives_a_failure(void **state)
{
	struct lab *l = *state;
	struct cache_hit hit;

	reopen(l, SIZE, 100);
	keep_address(l, "a.test", 1, 20);
	l->now_ms += 21000;
	hit = find(l);
	assert_int_equal(hit.news, CACHE_STALE);
	assert_false(hit.recheck_later);
	keep_failure(l);
	hit = find(l);
	assert_int_equal(hit.news, CACHE_STALE);
	assert_true(hit.recheck_later);
	l->now_ms += CACHE_RECHECK_S * 1000;
	assert_false(find(l).recheck_later);
	l->now_ms += 70000;
	assert_int_equal(find(l).news, CACHE_MISS);
}

static void
a_stale_missing_name_outlives_failures(void **state)
{
	struct lab *l = *state;

	reopen(l, SIZE, 100);
	asks(l, "gone.test", TYPE_AAAA);
	keep_failure(l);
	asks(l, "gone.test", TYPE_A);
	keep_nothing(l, RCODE_NXDOMAIN, 100, 30);
	l->now_ms += 31000;
	for (unsigned i = 0; i < 3; i++) {
		keep_failure(l);
		assert_int_equal(find(l).news, CACHE_STALE);
		assert_true(find(l).recheck_later);
		l->now_ms += 2000;
	}
	asks(l, "gone.test", TYPE_AAAA);
	assert_int_equal(find(l).news, CACHE_STALE);
	l->now_ms += 100000;
	assert_int_equal(find(l).news, CACHE_MISS);
}

static void
what_is_asked_again_survives_a_flood(void **state)
{
	struct lab *l = *state;
	struct cache_totals totals;
	char name[32];

	for (unsigned i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "dear%u.test", i);
		keep_address(l, name, (uint8_t)(i + 1), 86400);
		assert_int_equal(host_of(l, name), i + 1);
	}
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "flood%u.test", i);
		keep_address(l, name, 1, 86400);
		cache_count(l->cache, &totals);
		assert_true(totals.bytes <= SIZE);
	}
	assert_true(totals.evicted > 15000);
	for (unsigned i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "dear%u.test", i);
		assert_int_equal(host_of(l, name), i + 1);
	}
}

static void
what_is_too_long_or_cut_is_not_kept(void **state)
{
	struct lab *l = *state;
	struct reply r;

	asks(l, "long.test", TYPE_A);
	begin(l, &r);
	for (unsigned i = 0; i < 500; i++) {
		char name[80];

		snprintf(name, sizeof(name), "%060u.long.test", i);
		put_address(&r, name, 1, 60);
	}
	end(l, &r, RCODE_NOERROR);
	assert_true(l->message.len > CACHE_MESSAGE_MAX);
	keep(l);
	assert_int_equal(find(l).news, CACHE_MISS);
	asks(l, "cut.test", TYPE_A);
	begin(l, &r);
	put_address(&r, "cut.test", 1, 60);
	reply_truncate(&r);
	end(l, &r, RCODE_NOERROR);
	keep(l);
	assert_int_equal(find(l).news, CACHE_MISS);
}

static void
without_memory_nothing_is_kept(void **state)
{
	struct lab *l = *state;

	reopen(l, 0, 0);
	keep_address(l, "a.test", 1, 60);
	assert_int_equal(find(l).news, CACHE_MISS);
	keep_failure(l);
	assert_int_equal(find(l).news, CACHE_MISS);
	assert_int_equal(cache_flush(l->cache, NULL, true), 0);
}

static bool
gather(void *arg, const struct text *line)
{
	char *all = arg;

	strcat(all, line->buf);
	return strlen(all) < 2000;
}

static void
flush_and_dump(void **state)
{
	struct name zone = name_of("zone.test"), a = name_of("a.zone.test");
	struct lab *l = *state;
	char all[4096] = "";

	keep_address(l, "zone.test", 1, 60);
	keep_address(l, "a.zone.test", 2, 60);
	keep_address(l, "b.a.zone.test", 3, 60);
	keep_address(l, "otherzone.test", 4, 60);
	asks(l, "gone.zone.test", TYPE_A);
	keep_nothing(l, RCODE_NXDOMAIN, 100, 30);
	cache_dump(l->cache, &zone, l->now_ms, gather, all);
	assert_non_null(strstr(all, "a.zone.test. A 60 NOERROR 0 256\n"));
	assert_non_null(strstr(all, "gone.zone.test. * 30 NXDOMAIN 0 "));
	assert_null(strstr(all, "otherzone"));
	assert_int_equal(cache_flush(l->cache, &a, false), 1);
	assert_int_equal(host_of(l, "a.zone.test"), 0);
	assert_int_equal(host_of(l, "b.a.zone.test"), 3);
	assert_int_equal(cache_flush(l->cache, &zone, true), 3);
	assert_int_equal(host_of(l, "otherzone.test"), 4);
	assert_int_equal(cache_flush(l->cache, NULL, true), 1);
	all[0] = '\0';
	cache_dump(l->cache, NULL, l->now_ms, gather, all);
	assert_string_equal(all, "");
}

/* ---- against a list that forgets nothing --------------------------------- */

enum { NAMES = 64, ROUNDS = 30000 };

static void
it_agrees_with_a_list(void **state)
{
	struct lab *l = *state;
	struct {
		uint8_t host;
		int64_t end_ms;
	} list[NAMES] = { { 0, 0 } };

	srand(7);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned n = (unsigned)rand() % NAMES;
		char name[32];

		snprintf(name, sizeof(name), "n%u.test", n);
		if (rand() % 3 == 0) {
			uint32_t ttl = (uint32_t)rand() % 30;

			keep_address(l, name, (uint8_t)(round % 250 + 1), ttl);
			if (ttl > 0) {
				list[n].host = (uint8_t)(round % 250 + 1);
				list[n].end_ms = l->now_ms + ttl * 1000;
			}
		} else {
			bool lives = l->now_ms < list[n].end_ms;

			assert_int_equal(host_of(l, name),
					 lives ? list[n].host : 0);
		}
		l->now_ms += rand() % 400;
	}
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(an_answer_lives_as_long_as_its_ttl),
		STORY(what_has_no_time_is_not_kept),
		STORY(the_shortest_ttl_counts),
		STORY(type_do_and_cd_are_apart),
		STORY(no_data_lives_as_the_soa_says),
		STORY(a_missing_name_is_missing_for_all_types),
		STORY(a_missing_name_behind_an_alias_is_another),
		STORY(failures_are_kept_for_longer_and_longer),
		STORY(a_stale_answer_outlives_a_failure),
		STORY(a_stale_missing_name_outlives_failures),
		STORY(what_is_asked_again_survives_a_flood),
		STORY(what_is_too_long_or_cut_is_not_kept),
		STORY(without_memory_nothing_is_kept),
		STORY(flush_and_dump),
		STORY(it_agrees_with_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
