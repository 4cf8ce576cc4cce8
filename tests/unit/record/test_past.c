/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The past: what is found again, what is pushed out, and what a writer that
 * died leaves behind. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "record/past.h"
#include "record/record.h"

enum { ENTRIES = 64 };

struct kit {
	_Alignas(64) unsigned char map[1 << 16];
	size_t size;
	struct past past;
	struct past_view view;
};

static struct kit *
kit_new(void)
{
	struct kit *k = calloc(1, sizeof(*k));

	assert_non_null(k);
	k->size = past_bytes(ENTRIES);
	assert_true(k->size <= sizeof(k->map));
	assert_int_equal(past_look(k->map, k->size, &k->view), ERR_IMAGE);
	assert_int_equal(past_open(k->map, k->size, &k->past), ERR_NONE);
	assert_int_equal(past_look(k->map, k->size, &k->view), ERR_NONE);
	assert_int_equal(k->view.count, ENTRIES);
	return k;
}

static struct record_item
item(enum record_kind kind, const char *name, unsigned client)
{
	struct record_item i = { .kind = (uint8_t)kind, .ttl_s = 20 };
	struct name n;

	assert_int_equal(name_parse(name, strlen(name), &n, NULL), ERR_NONE);
	record_name(&i, &n);
	addr_from_v4((const uint8_t[]){ 10, 0, (uint8_t)(client >> 8),
					(uint8_t)client },
		     &i.client);
	if (kind != RECORD_BLOCKED)
		addr_from_v4((const uint8_t[]){ 203, 0, 113, 5 }, &i.address);
	return i;
}

static unsigned
count(const struct kit *k, enum past_kind kind, struct past_entry *last_out)
{
	struct past_entry e;
	unsigned n = 0;

	for (uint32_t i = 0; i < k->view.count; i++) {
		if (!past_read(&k->view, i, &e) || e.kind != kind)
			continue;
		*last_out = e;
		n++;
	}
	return n;
}

static void
a_grant_is_one_entry_and_never_shortened(void **state)
{
	struct record_item a = item(RECORD_GRANTED, "A.Test", 2);
	struct kit *k = kit_new();
	struct past_entry e;

	(void)state;
	past_note(&k->past, &a, 60, 1000);
	a.port = 80; /* another port, another case: the same way in */
	a.ttl_s = 5;
	a.name[1] = 'a';
	past_note(&k->past, &a, 60, 2000);
	assert_int_equal(count(k, PAST_GRANTED, &e), 1);
	assert_int_equal(e.count, 2);
	assert_int_equal(e.first_ms, 1000);
	assert_int_equal(e.last_ms, 2000);
	assert_int_equal(e.end_ms, 81000);
	a.client.byte[3] = 3;
	past_note(&k->past, &a, 60, 3000);
	assert_int_equal(count(k, PAST_GRANTED, &e), 2);
	free(k);
}

static void
what_nobody_asks_for_is_not_kept(void **state)
{
	struct record_item special = item(RECORD_BLOCKED, "x.onion", 2);
	struct record_item asked = item(RECORD_ALLOWED, "a.test", 2);
	struct record_item nameless = item(RECORD_BLOCKED, "a.test", 2);
	struct kit *k = kit_new();
	struct past_entry e;

	(void)state;
	special.reason = REASON_SPECIAL;
	nameless.name_len = 0;
	past_note(&k->past, &special, 60, 1000);
	past_note(&k->past, &asked, 60, 1000);
	past_note(&k->past, &nameless, 60, 1000);
	for (unsigned kind = PAST_NONE; kind < PAST_KINDS; kind++)
		assert_int_equal(count(k, kind, &e), 0);
	free(k);
}

static void
refusals_do_not_push_grants_out(void **state)
{
	struct record_item a = item(RECORD_GRANTED, "a.test", 2);
	struct kit *k = kit_new();
	struct past_entry e;

	(void)state;
	past_note(&k->past, &a, 60, 1);
	for (unsigned n = 0; n < 5000; n++) {
		struct record_item b = item(RECORD_BLOCKED, "b.test", n);

		past_note(&k->past, &b, 60, 2 + n);
	}
	assert_int_equal(count(k, PAST_GRANTED, &e), 1);
	assert_int_equal(count(k, PAST_DENIED, &e), ENTRIES / 2);
	free(k);
}

static void
the_oldest_makes_room(void **state)
{
	struct kit *k = kit_new();
	struct past_entry e;

	(void)state;
	for (unsigned n = 0; n < 5000; n++) {
		struct record_item a = item(RECORD_GRANTED, "a.test", n);

		past_note(&k->past, &a, 60, 1 + n);
	}
	assert_int_equal(count(k, PAST_GRANTED, &e), ENTRIES / 2);
	for (uint32_t i = 0; i < k->view.count; i++)
		if (past_read(&k->view, i, &e))
			assert_true(e.last_ms > 4000);
	free(k);
}

static void
a_torn_entry_is_not_read_and_used_again(void **state)
{
	struct record_item a = item(RECORD_GRANTED, "a.test", 2);
	struct kit *k = kit_new();
	struct past_key key;
	struct past_entry e;
	struct name name;
	bool fresh;

	(void)state;
	name_parse("a.test", 6, &name, NULL);
	past_key_set(&key, PAST_GRANTED, &name);
	key.client = a.client;
	key.address = a.address;
	past_write_begin(&k->past, &key, 5, &fresh); /* and dies there */
	assert_true(fresh);
	assert_int_equal(count(k, PAST_GRANTED, &e), 0);

	struct hash_key before = k->past.head->key;

	assert_int_equal(past_open(k->map, k->size, &k->past), ERR_NONE);
	assert_memory_equal(&before, &k->past.head->key, sizeof(before));
	past_note(&k->past, &a, 60, 9);
	assert_int_equal(count(k, PAST_GRANTED, &e), 1);
	assert_int_equal(e.count, 1);
	free(k);
}

static void
another_shape_is_begun_anew(void **state)
{
	struct record_item a = item(RECORD_GRANTED, "a.test", 2);
	struct kit *k = kit_new();
	struct past_entry e;

	(void)state;
	past_note(&k->past, &a, 60, 1);
	k->past.head->version++;
	assert_int_equal(past_look(k->map, k->size, &k->view), ERR_IMAGE);
	assert_int_equal(past_open(k->map, k->size, &k->past), ERR_NONE);
	assert_int_equal(past_look(k->map, k->size, &k->view), ERR_NONE);
	assert_int_equal(count(k, PAST_GRANTED, &e), 0);
	assert_int_equal(past_open(k->map, 100, &k->past), ERR_IMAGE);
	free(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grant_is_one_entry_and_never_shortened),
		cmocka_unit_test(what_nobody_asks_for_is_not_kept),
		cmocka_unit_test(refusals_do_not_push_grants_out),
		cmocka_unit_test(the_oldest_makes_room),
		cmocka_unit_test(a_torn_entry_is_not_read_and_used_again),
		cmocka_unit_test(another_shape_is_begun_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
