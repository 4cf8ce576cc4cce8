/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One question, and servers that are right, wrong, silent and gone. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/turns.h"
#include "supply/ask.h"
#include "upstream/liar.h"
#include "wire/reply.h"

struct story {
	struct loop *loop;
	struct random random;
	struct liar liar;
	struct ask_question question;
	struct ask *ask;
	unsigned descriptors;
	bool asking; /* within ask_begin() */
	/* what came of it */
	unsigned dones;
	enum ask_end end;
	int cause;
	bool stream;
	uint8_t host; /* of the first address answered, 0: none */
	char text[64];
};

static int
set_up(void **state)
{
	struct story *s = calloc(1, sizeof(*s));

	s->loop = loop_new();
	random_init(&s->random);
	liar_open(&s->liar, s->loop);
	s->question.to = &s->liar.at;
	assert_int_equal(
	    name_parse("Feed.Example", 12, &s->question.q.name, NULL),
	    ERR_NONE);
	s->question.q.type = TYPE_A;
	s->question.q.class = CLASS_IN;
	s->question.wait_ms = ASK_WAIT_MS;
	s->descriptors = count_descriptors();
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct story *s = *state;

	liar_close(&s->liar);
	loop_free(s->loop);
	free(s);
	return 0;
}

static void
on_done(void *owner, const struct ask_answer *answer)
{
	struct story *s = owner;
	struct records records = answer->records;
	struct addr a;
	struct rr rr;

	assert_false(s->asking);
	s->dones++;
	s->end = answer->end;
	s->cause = answer->cause;
	s->stream = answer->stream;
	strncpy(s->text, ask_end_text(answer), sizeof(s->text) - 1);
	if (answer->end == ASK_ANSWERED && answer->header.ancount > 0 &&
	    records_next(&records, &rr) == ERR_NONE &&
	    rr_read_address(answer->bytes, &rr, &a))
		s->host = a.byte[3];
	loop_stop(s->loop);
}

static void
begin(struct story *s)
{
	s->question.done = on_done;
	s->question.owner = s;
	s->asking = true;
	assert_int_equal(ask_begin(s->loop, &s->random, &s->question, &s->ask),
			 ERR_NONE);
	s->asking = false;
}

/* To the end; whatever it opened is closed. */
static void
ask(struct story *s)
{
	begin(s);
	loop_turns(s->loop, 60000);
	assert_int_equal(s->dones, 1);
	/* the liar sees the end of its stream */
	for (unsigned i = 0; i < 5000; i++) {
		if (count_descriptors() == s->descriptors)
			return;
		loop_turns(s->loop, 1);
	}
	fail_msg("%u descriptors", count_descriptors() - s->descriptors);
}

static void
answered(struct story *s, enum lie lie)
{
	s->liar.udp_script[0] = lie;
	ask(s);
	assert_int_equal(s->end, ASK_ANSWERED);
}

static void
an_answer_by_udp_suffices(void **state)
{
	struct story *s = *state;

	answered(s, TRUTH);
	assert_int_equal(s->host, s->liar.udp_host);
	assert_false(s->stream);
	assert_int_equal(s->liar.tcp_asked, 0);
	assert_true(s->liar.seen_from.port >= 1024);
	assert_true(s->liar.seen.edns.present);
}

static void
what_does_not_match_is_asked_by_tcp(void **state)
{
	static const enum lie lies[] = {
		WRONG_ID,    WRONG_NAME,    WRONG_TYPE,	    WRONG_CLASS,
		NO_QUESTION, TWO_QUESTIONS, NOT_A_RESPONSE, WRONG_OPCODE,
		SHORT,	     EMPTY,	    TRUNCATED
	};
	struct story *s = *state;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		s->dones = 0;
		answered(s, lies[i]);
		assert_true(s->stream);
		assert_int_equal(s->host, s->liar.tcp_host);
	}
}

static void
a_server_may_change_the_case_of_names(void **state)
{
	struct story *s = *state;

	answered(s, WRONG_CASE);
	assert_false(s->stream);
}

static void
an_answer_from_elsewhere_is_not_seen(void **state)
{
	struct story *s = *state;

	s->question.wait_ms = 50;
	s->liar.udp_script[0] = FROM_ELSEWHERE;
	ask(s);
	assert_int_equal(s->liar.udp_asked, ASK_UDP_TRIES);
	assert_int_equal(s->host, s->liar.tcp_host);
}

static void
large_sets_go_by_tcp_at_once(void **state)
{
	struct story *s = *state;

	s->question.stream = true;
	s->liar.piecewise = true;
	answered(s, TRUTH);
	assert_true(s->stream);
	assert_int_equal(s->liar.udp_asked, 0);
}

static void
what_is_wrong_by_tcp_is_over(void **state)
{
	static const enum lie lies[] = { WRONG_ID, WRONG_NAME, SHORT };
	struct story *s = *state;

	s->question.stream = true;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		s->dones = 0;
		s->liar.tcp_script[0] = lies[i];
		ask(s);
		assert_int_equal(s->end, ASK_TORN);
	}
}

static void
nobody_there_is_told_with_its_cause(void **state)
{
	struct story *s = *state;

	liar_close_udp(&s->liar);
	liar_close_tcp(&s->liar);
	s->descriptors -= 2;
	ask(s);
	assert_int_equal(s->end, ASK_FAILED);
	assert_int_equal(s->cause, ECONNREFUSED);
	assert_string_equal(s->text, "Connection refused");
}

static void
a_closed_connection_is_told(void **state)
{
	struct story *s = *state;

	s->question.stream = true;
	s->liar.tcp_script[0] = CLOSE;
	ask(s);
	assert_int_equal(s->end, ASK_FAILED);
	assert_int_equal(s->cause, 0);
	assert_string_equal(s->text, "it closed the connection");
}

static void
a_silent_server_has_its_time(void **state)
{
	struct story *s = *state;

	s->question.wait_ms = 50;
	s->liar.udp_script[0] = SAY_NOTHING;
	s->liar.tcp_script[0] = SAY_NOTHING;
	ask(s);
	assert_int_equal(s->end, ASK_SILENT);
	assert_int_equal(s->liar.udp_asked, ASK_UDP_TRIES);
	assert_int_equal(s->liar.tcp_asked, 1);
}

static void
who_is_cancelled_is_not_called(void **state)
{
	struct story *s = *state;

	s->liar.udp_script[0] = SAY_NOTHING;
	begin(s);
	loop_turns(s->loop, 50);
	ask_cancel(s->ask);
	ask_cancel(NULL);
	assert_int_equal(count_descriptors(), s->descriptors);
	loop_turns(s->loop, 50);
	assert_int_equal(s->dones, 0);
}

static size_t
seal(void *owner, uint8_t *bytes, size_t size, size_t len)
{
	struct story *s = owner;

	(void)s;
	assert_true(size >= len + 400);
	/* a cookie is an option as good as any */
	return query_add_cookie(bytes, size, len,
				&(struct cookie){ .len = COOKIE_CLIENT });
}

static void
the_owner_may_add_to_the_query(void **state)
{
	struct story *s = *state;

	s->question.seal = seal;
	answered(s, TRUNCATED);
	assert_int_equal(s->liar.seen.edns.cookie.len, COOKIE_CLIENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(an_answer_by_udp_suffices),
		T(what_does_not_match_is_asked_by_tcp),
		T(a_server_may_change_the_case_of_names),
		T(an_answer_from_elsewhere_is_not_seen),
		T(large_sets_go_by_tcp_at_once),
		T(what_is_wrong_by_tcp_is_over),
		T(nobody_there_is_told_with_its_cause),
		T(a_closed_connection_is_told),
		T(a_silent_server_has_its_time),
		T(who_is_cancelled_is_not_called),
		T(the_owner_may_add_to_the_query),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
