/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's half, with a warden that says what the test tells it to. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "base/clock.h"
#include "firewall/grant.h"
#include "kit.h"

enum { GRACE = 60, MANY = 200 };

struct stage {
	struct granter *g;
	int warden; /* its end */
	struct board board;
	struct worker_stats stats;
	unsigned done;
	struct grant_wait wait;
	struct grant_item item[MANY];
};

static struct stage stage;

static void
on_done(struct grant_wait *wait)
{
	assert_ptr_equal(wait, &stage.wait);
	stage.done++;
}

static int
setup(void **state)
{
	struct granter_setup s = { .epoch = 3,
				   .memory = 1024,
				   .grace_s = GRACE,
				   .board = &stage.board,
				   .stats = &stage.stats };
	int end[2];

	stage = (struct stage){ .board.firewall_up = 1 };
	if (post_pair(end) != ERR_NONE)
		return -1;
	s.channel = end[0];
	stage.warden = end[1];
	stage.wait.done = on_done;
	for (unsigned i = 0; i < MANY; i++) {
		stage.item[i] = kit_item("10.0.0.2", "203.0.113.0");
		stage.item[i].destination.byte[3] = (uint8_t)i;
		stage.item[i].ttl_s = 20 + GRACE;
	}
	*state = &stage;
	if (granter_new(&s, &stage.g) != ERR_NONE)
		return -1;
	granter_set_generation(stage.g, 9);
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	granter_free(s->g);
	close(s->warden);
	return 0;
}

/* The next letter at the warden's end. */
static struct kit_letter
hear(struct stage *s)
{
	struct kit_letter l;
	ssize_t n = recv(s->warden, &l, sizeof(l), 0);

	assert_true(n > 0);
	assert_int_equal(post_check(ROLE_WORKER, ROLE_WARDEN, &l, (size_t)n),
			 ERR_NONE);
	return l;
}

static bool
is_silent(struct stage *s)
{
	char byte;

	return recv(s->warden, &byte, 1, MSG_PEEK) == -1;
}

static void
answer_of(struct stage *s, uint32_t seq, enum grant_status status,
	  uint32_t set_epoch)
{
	struct granted_letter l = { .seq = seq,
				    .status = status,
				    .detail = status == GRANT_OK ? 0 : 77,
				    .set_epoch = set_epoch };

	post_head(&l.head, POST_GRANTED, 0);
	assert_int_equal(post_send(s->warden, &l, sizeof(l), -1), ERR_NONE);
	assert_int_equal(granter_pump(s->g), ERR_NONE);
}

static void
answer(struct stage *s, uint32_t seq, enum grant_status status)
{
	answer_of(s, seq, status, s->board.set_epoch);
}

static enum grant_ask
ask(struct stage *s, unsigned count)
{
	return grant_ask(s->g, &s->wait, s->item, count);
}

/* Asks for the first item and has it given. */
static void
have_first(struct stage *s)
{
	assert_int_equal(ask(s, 1), GRANT_ASK_WAITING);
	answer(s, hear(s).letter.seq, GRANT_OK);
	assert_int_equal(s->wait.status, GRANT_OK);
}

static void
test_a_letter_says_what_was_asked(void **state)
{
	struct stage *s = *state;
	struct kit_letter l;

	assert_int_equal(ask(s, 2), GRANT_ASK_WAITING);
	assert_int_equal(s->done, 0);
	l = hear(s);
	assert_int_equal(l.letter.head.count, 2);
	assert_int_equal(l.letter.generation, 9);
	assert_int_equal(l.letter.epoch, 3);
	assert_memory_equal(l.item, s->item, 2 * sizeof(l.item[0]));
	answer(s, l.letter.seq, GRANT_OK);
	assert_int_equal(s->done, 1);
	assert_int_equal(s->wait.status, GRANT_OK);
}

static void
test_what_is_granted_is_not_asked_again(void **state)
{
	struct stage *s = *state;

	have_first(s);
	assert_int_equal(ask(s, 1), GRANT_ASK_KNOWN);
	assert_true(is_silent(s));
	/* Only what is new is in the letter. */
	assert_int_equal(ask(s, 2), GRANT_ASK_WAITING);
	assert_int_equal(hear(s).letter.head.count, 1);
	assert_int_equal(s->stats.grants_known, 2);
	assert_int_equal(s->stats.grants_asked, 4);
	assert_int_equal(s->stats.grant_letters, 2);
}

static void
test_half_of_the_grace_may_be_used_up(void **state)
{
	struct stage *s = *state;

	have_first(s);
	s->item[0].ttl_s += GRACE / 2 - 1;
	assert_int_equal(ask(s, 1), GRANT_ASK_KNOWN);
	s->item[0].ttl_s += 2;
	assert_int_equal(ask(s, 1), GRANT_ASK_WAITING);
}

static void
test_a_refusal_is_not_remembered(void **state)
{
	struct stage *s = *state;

	assert_int_equal(ask(s, 1), GRANT_ASK_WAITING);
	answer(s, hear(s).letter.seq, GRANT_KERNEL);
	assert_int_equal(s->done, 1);
	assert_int_equal(s->wait.status, GRANT_KERNEL);
	assert_int_equal(s->wait.detail, 77);
	assert_int_equal(ask(s, 1), GRANT_ASK_WAITING);
}

static void
test_an_answer_of_several_letters_waits_for_all(void **state)
{
	struct stage *s = *state;
	uint32_t seq[4];
	unsigned items = 0;

	assert_int_equal(ask(s, MANY), GRANT_ASK_WAITING);
	for (unsigned i = 0; i < 4; i++) {
		struct kit_letter l = hear(s);

		seq[i] = l.letter.seq;
		items += l.letter.head.count;
	}
	assert_int_equal(items, MANY);
	answer(s, seq[2], GRANT_OK);
	answer(s, seq[0], GRANT_OK);
	answer(s, seq[3], GRANT_OK);
	assert_int_equal(s->done, 0);
	answer(s, seq[1], GRANT_OK);
	assert_int_equal(s->done, 1);
	assert_int_equal(ask(s, MANY), GRANT_ASK_KNOWN);
}

static void
test_one_bad_letter_fails_the_answer(void **state)
{
	struct stage *s = *state;
	uint32_t seq[4];

	assert_int_equal(ask(s, MANY), GRANT_ASK_WAITING);
	for (unsigned i = 0; i < 4; i++)
		seq[i] = hear(s).letter.seq;
	answer(s, seq[1], GRANT_FULL);
	assert_int_equal(s->done, 1);
	assert_int_equal(s->wait.status, GRANT_FULL);
	for (unsigned i = 0; i < 4; i++)
		answer(s, seq[i], GRANT_OK);
	assert_int_equal(s->done, 1);
}

/* The socket takes some of 128 letters; the others follow. */
static void
test_more_letters_than_the_socket_takes(void **state)
{
	struct stage *s = *state;
	static struct grant_item items[GRANT_BATCH_MAX];
	unsigned letters = 0;

	for (unsigned i = 0; i < GRANT_BATCH_MAX; i++) {
		items[i] = s->item[0];
		items[i].port = (uint16_t)(1 + i);
	}
	assert_int_equal(grant_ask(s->g, &s->wait, items, GRANT_BATCH_MAX),
			 GRANT_ASK_WAITING);
	while (s->done == 0 && letters < 1000) {
		struct kit_letter l = hear(s);

		assert_int_equal(l.letter.seq, letters++);
		answer(s, l.letter.seq, GRANT_OK);
	}
	assert_int_equal(letters, GRANT_BATCH_MAX / 64);
	assert_int_equal(s->wait.status, GRANT_OK);
}

static void
test_too_much_on_its_way_fails_at_once(void **state)
{
	struct stage *s = *state;
	struct grant_wait waits[300] = { 0 };
	unsigned waiting = 0;

	for (unsigned i = 0; i < 300; i++) {
		s->item[0].port = (uint16_t)(1 + i);
		if (grant_ask(s->g, &waits[i], s->item, 1) == GRANT_ASK_WAITING)
			waiting++;
	}
	assert_int_equal(waiting, 256);
	assert_int_equal(waits[299].status, GRANT_BUSY);
	for (unsigned i = 0; i < 256; i++)
		grant_cancel(s->g, &waits[i]);
}

static void
test_a_late_acknowledgement_wakes_nobody(void **state)
{
	struct stage *s = *state;
	uint32_t late, seq;

	assert_int_equal(ask(s, 1), GRANT_ASK_WAITING);
	late = hear(s).letter.seq;
	granter_tick(s->g, s->wait.deadline_ms - 1);
	assert_int_equal(s->done, 0);
	granter_tick(s->g, s->wait.deadline_ms);
	assert_int_equal(s->done, 1);
	assert_int_equal(s->wait.status, GRANT_KERNEL);
	assert_int_equal(s->wait.detail, ETIMEDOUT);
	s->item[0].port = 80;
	assert_int_equal(ask(s, 1), GRANT_ASK_WAITING);
	seq = hear(s).letter.seq;
	answer(s, late, GRANT_OK);
	assert_int_equal(s->done, 1);
	answer(s, seq, GRANT_OK);
	assert_int_equal(s->done, 2);
	/* Late as it was, it stands, and both are known now. */
	assert_int_equal(ask(s, 1), GRANT_ASK_KNOWN);
	s->item[0].port = 443;
	assert_int_equal(ask(s, 1), GRANT_ASK_KNOWN);
	/* The same acknowledgement twice, and one of a letter never sent. */
	answer(s, seq, GRANT_OK);
	answer(s, seq + 1000, GRANT_OK);
	assert_int_equal(s->done, 2);
}

static void
test_a_cancelled_wait_is_not_called(void **state)
{
	struct stage *s = *state;
	uint32_t seq;

	assert_int_equal(ask(s, 1), GRANT_ASK_WAITING);
	seq = hear(s).letter.seq;
	grant_cancel(s->g, &s->wait);
	answer(s, seq, GRANT_OK);
	granter_tick(s->g, clock_ms() + 100000);
	assert_int_equal(s->done, 0);
}

static void
test_lost_acknowledgements_do_not_use_up_room(void **state)
{
	struct stage *s = *state;

	for (unsigned i = 0; i < 1000; i++) {
		s->item[0].port = (uint16_t)(1 + i);
		assert_int_equal(ask(s, 1), GRANT_ASK_WAITING);
		hear(s);
		granter_tick(s->g, clock_ms() + 20000);
	}
	assert_int_equal(s->done, 1000);
}

static void
test_a_new_epoch_forgets(void **state)
{
	struct stage *s = *state;
	uint32_t seq;

	have_first(s);
	s->board.set_epoch++;
	assert_int_equal(ask(s, 1), GRANT_ASK_WAITING);
	/* Lost while it was on its way: what was given before is no news. */
	seq = hear(s).letter.seq;
	s->board.set_epoch++;
	answer(s, seq, GRANT_OK);
	assert_int_equal(ask(s, 1), GRANT_ASK_WAITING);
}

/* It was given before the loss, and is heard of after it. */
/* What is known is asked for again while the warden is silent: it would not
 * notice that it is gone. */
static void
test_a_silent_warden_is_asked(void **state)
{
	struct stage *s = *state;

	have_first(s);
	s->board.beat_ms = clock_ms();
	assert_int_equal(ask(s, 1), GRANT_ASK_KNOWN);
	s->board.beat_ms = clock_ms() - BOARD_OLD_MS - 100;
	assert_int_equal(ask(s, 1), GRANT_ASK_WAITING);
	answer(s, hear(s).letter.seq, GRANT_OK);
	s->board.beat_ms = clock_ms();
	assert_int_equal(ask(s, 1), GRANT_ASK_KNOWN);
}

static void
test_what_was_given_before_the_loss_is_not_kept(void **state)
{
	struct stage *s = *state;
	struct grant_wait other = { .done = NULL };
	uint32_t seq;

	assert_int_equal(ask(s, 1), GRANT_ASK_WAITING);
	seq = hear(s).letter.seq;
	s->board.set_epoch++;
	assert_int_equal(grant_ask(s->g, &other, &s->item[1], 1),
			 GRANT_ASK_WAITING);
	grant_cancel(s->g, &other);
	answer_of(s, seq, GRANT_OK, s->board.set_epoch - 1);
	assert_int_equal(s->done, 1);
	assert_int_equal(ask(s, 1), GRANT_ASK_WAITING);
}

/* The acknowledgement was on its way when the warden noticed a loss. */
static void
test_what_was_given_before_a_fall_is_down(void **state)
{
	struct stage *s = *state;
	uint32_t seq, epoch = s->board.set_epoch;

	assert_int_equal(ask(s, 1), GRANT_ASK_WAITING);
	seq = hear(s).letter.seq;
	s->board.firewall_up = 0;
	s->board.set_epoch++;
	answer_of(s, seq, GRANT_OK, epoch);
	assert_int_equal(s->done, 1);
	assert_int_equal(s->wait.status, GRANT_DOWN);
}

static void
test_a_new_policy_forgets(void **state)
{
	struct stage *s = *state;
	uint32_t seq;

	have_first(s);
	granter_set_generation(s->g, 10);
	assert_int_equal(ask(s, 1), GRANT_ASK_WAITING);
	seq = hear(s).letter.seq;
	granter_set_generation(s->g, 11);
	answer(s, seq, GRANT_OK);
	assert_int_equal(ask(s, 1), GRANT_ASK_WAITING);
	assert_int_equal(hear(s).letter.generation, 11);
}

static void
test_a_new_warden_forgets(void **state)
{
	struct stage *s = *state;
	int end[2];

	have_first(s);
	s->item[1].port = 80;
	assert_int_equal(grant_ask(s->g, &s->wait, &s->item[1], 1),
			 GRANT_ASK_WAITING);
	s->done = 0;
	close(s->warden);
	assert_int_equal(granter_pump(s->g), ERR_CLOSED);
	granter_set_channel(s->g, -1);
	assert_int_equal(s->done, 1);
	assert_int_equal(s->wait.status, GRANT_DOWN);
	assert_int_equal(ask(s, 1), GRANT_ASK_FAILED);
	assert_int_equal(s->wait.status, GRANT_DOWN);
	assert_int_equal(post_pair(end), ERR_NONE);
	granter_set_channel(s->g, end[0]);
	s->warden = end[1];
	have_first(s);
}

static void
test_without_a_firewall_everything_is_known(void **state)
{
	struct stage *s = *state;
	struct granter_setup setup = { .channel = -1, .memory = 64 };
	struct grant_wait wait = { .done = on_done };
	struct granter *g;

	assert_int_equal(granter_new(&setup, &g), ERR_NONE);
	assert_int_equal(grant_ask(g, &wait, s->item, MANY), GRANT_ASK_KNOWN);
	/* A warden that is not there yet is another matter. */
	setup.board = &s->board;
	granter_free(g);
	assert_int_equal(granter_new(&setup, &g), ERR_NONE);
	granter_set_channel(g, -1);
	assert_int_equal(grant_ask(g, &wait, s->item, 1), GRANT_ASK_FAILED);
	granter_free(g);
}

#define ON_A_STAGE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_STAGE(test_a_letter_says_what_was_asked),
		ON_A_STAGE(test_what_is_granted_is_not_asked_again),
		ON_A_STAGE(test_half_of_the_grace_may_be_used_up),
		ON_A_STAGE(test_a_refusal_is_not_remembered),
		ON_A_STAGE(test_an_answer_of_several_letters_waits_for_all),
		ON_A_STAGE(test_one_bad_letter_fails_the_answer),
		ON_A_STAGE(test_more_letters_than_the_socket_takes),
		ON_A_STAGE(test_too_much_on_its_way_fails_at_once),
		ON_A_STAGE(test_a_late_acknowledgement_wakes_nobody),
		ON_A_STAGE(test_a_cancelled_wait_is_not_called),
		ON_A_STAGE(test_lost_acknowledgements_do_not_use_up_room),
		ON_A_STAGE(test_a_new_epoch_forgets),
		ON_A_STAGE(test_a_silent_warden_is_asked),
		ON_A_STAGE(test_what_was_given_before_the_loss_is_not_kept),
		ON_A_STAGE(test_what_was_given_before_a_fall_is_down),
		ON_A_STAGE(test_a_new_policy_forgets),
		ON_A_STAGE(test_a_new_warden_forgets),
		ON_A_STAGE(test_without_a_firewall_everything_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
