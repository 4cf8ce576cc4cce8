/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "supply/relay.h"

/* The lists process, and a worker that writes what it likes. */
struct scene {
	struct loop *loop;
	struct role_kit kit;
	struct relays *relays;
	int worker;
	unsigned heard;
	struct addr from; /* of the last */
	struct due over;
};

static void
on_heard(void *owner, const struct notify_letter *letter,
	 struct notify_result *out)
{
	struct scene *s = owner;

	s->heard++;
	s->from = letter->from;
	memcpy(out->reply, letter->bytes, letter->len < 4 ? letter->len : 4);
	out->reply_len = 4;
}

static void
on_over(void *owner)
{
	struct scene *s = owner;

	loop_stop(s->loop);
}

static int
begin(void **state)
{
	static struct scene s;
	struct notify_setup setup = { .kit = &s.kit,
				      .fn = on_heard,
				      .owner = &s };
	int end[2];

	memset(&s, 0, sizeof(s));
	s.loop = setup.loop = loop_new();
	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++)
		s.kit.worker[i] = -1;
	assert_int_equal(post_pair(end), ERR_NONE);
	s.kit.worker[3] = end[0];
	s.worker = end[1];
	s.relays = relays_open(&setup);
	assert_non_null(s.relays);
	due_init(&s.over, on_over, &s);
	*state = &s;
	return 0;
}

static int
end(void **state)
{
	struct scene *s = *state;

	relays_close(s->relays);
	close(s->worker);
	loop_free(s->loop);
	return 0;
}

static struct relay_letter
letter_of(uint32_t seq, uint32_t len, uint8_t family)
{
	struct relay_letter l = { .seq = seq,
				  .len = len,
				  .from = { .family = family,
					    .byte = { 192, 0, 2, 1 } },
				  .bytes = { 1, 2, 3, 4 } };

	post_head(&l.head, POST_RELAY, 0);
	return l;
}

/* All that was written is read. */
static void
run(struct scene *s)
{
	due_in(s->loop, &s->over, 20);
	loop_run(s->loop);
}

/* What the worker hears back: its length, or -1. */
static int
answer_of(struct scene *s, uint32_t seq)
{
	struct relay_letter l;
	ssize_t got = read(s->worker, &l, sizeof(l));

	if (got != sizeof(l))
		return -1;
	assert_int_equal(post_check(ROLE_LISTS, ROLE_WORKER, &l, sizeof(l)),
			 ERR_NONE);
	assert_int_equal(l.seq, seq);
	assert_int_equal(l.from.family, 0);
	if (l.len > 0)
		assert_memory_equal(l.bytes, "\1\2\3\4", 4);
	return (int)l.len;
}

static void
says(struct scene *s, const struct relay_letter *l)
{
	assert_int_equal(post_send(s->worker, l, sizeof(*l), -1), ERR_NONE);
	run(s);
}

static void
what_is_said_of_it_goes_back(void **state)
{
	struct scene *s = *state;
	struct relay_letter l = letter_of(7, 40, 4);

	says(s, &l);
	assert_int_equal(s->heard, 1);
	assert_memory_equal(&s->from, &l.from, sizeof(l.from));
	assert_int_equal(answer_of(s, 7), 4);
	assert_int_equal(answer_of(s, 7), -1);
}

static void
what_cannot_be_is_not_judged(void **state)
{
	struct scene *s = *state;
	struct relay_letter longer = letter_of(8, RELAY_BYTES + 1, 4);
	struct relay_letter nowhere = letter_of(9, 40, 9);

	says(s, &longer);
	assert_int_equal(answer_of(s, 8), 0);
	says(s, &nowhere);
	assert_int_equal(answer_of(s, 9), 0);
	assert_int_equal(s->heard, 0);
}

static void
a_worker_is_heard_so_often(void **state)
{
	struct scene *s = *state;
	unsigned answered = 0;

	for (uint32_t i = 0; i < 2 * NOTIFY_A_SECOND; i++) {
		struct relay_letter l = letter_of(i, 40, 4);

		assert_int_equal(post_send(s->worker, &l, sizeof(l), -1),
				 ERR_NONE);
		if (i % 16 == 15)
			run(s);
		while (i % 16 == 15 && answered <= i)
			assert_true(answer_of(s, answered++) >= 0);
	}
	assert_true(s->heard >= NOTIFY_A_SECOND);
	assert_true(s->heard < 2 * NOTIFY_A_SECOND);
}

static void
who_breaks_the_table_is_parted_from(void **state)
{
	struct scene *s = *state;
	struct relay_letter l = letter_of(1, 40, 4);

	assert_int_equal(post_send(s->worker, &l, sizeof(l) - 1, -1), ERR_NONE);
	run(s);
	assert_int_equal(s->heard, 0);
	assert_int_equal(read(s->worker, &l, sizeof(l)), 0);
	/* and another may come in its place */
	int other[2];

	assert_int_equal(post_pair(other), ERR_NONE);
	close(s->worker);
	s->worker = other[1];
	relays_take(s->relays, 3, other[0]);
	l = letter_of(2, 40, 4);
	says(s, &l);
	assert_int_equal(answer_of(s, 2), 4);
}

int
main(void)
{
#define STORY(fn) cmocka_unit_test_setup_teardown(fn, begin, end)
	const struct CMUnitTest tests[] = {
		STORY(what_is_said_of_it_goes_back),
		STORY(what_cannot_be_is_not_judged),
		STORY(a_worker_is_heard_so_often),
		STORY(who_breaks_the_table_is_parted_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
