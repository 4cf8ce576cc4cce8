/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Upstreams that are right, wrong, silent and gone; every test also counts
 * the descriptors before and after. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "liar.h"
#include "net/turns.h"
#include "upstream/upstream.h"

enum { MOST = 3, LIARS = 2 };

static const char client_name[] = "wWw.SomeWhat-Longer-Name.eXample";

struct story {
	unsigned descriptors; /* before the upstreams are made */
	struct loop *loop;
	struct options opt;
	struct random random;
	struct worker_stats stats;
	struct upstreams *upstreams;
	struct liar liar[LIARS];
	struct question q;
	bool asking; /* within upstream_ask() */
	/* what came of it */
	unsigned dones;
	enum upstream_end end;
	unsigned rcode;
	uint8_t host; /* of the address answered, 0: none */
	struct question said;
	int64_t took_ms;
};

static int
set_up(void **state)
{
	struct story *s = calloc(1, sizeof(*s));

	s->loop = loop_new();
	random_init(&s->random);
	assert_int_equal(
	    name_parse(client_name, strlen(client_name), &s->q.name, NULL),
	    ERR_NONE);
	s->q.type = TYPE_A;
	s->q.class = CLASS_IN;
	for (unsigned i = 0; i < LIARS; i++)
		liar_open(&s->liar[i], s->loop);
	s->liar[1].udp_host = 3;
	s->liar[1].tcp_host = 4;
	*state = s;
	return 0;
}

static void
begin(struct story *s, unsigned upstreams)
{
	struct upstream_setup setup = { .loop = s->loop,
					.opt = &s->opt,
					.random = &s->random,
					.stats = &s->stats,
					.most = MOST };

	for (unsigned i = 0; i < upstreams; i++)
		s->opt.upstream[i] = s->liar[i].at;
	s->opt.upstream_count = upstreams;
	assert_int_equal(upstreams_new(&setup, &s->upstreams), ERR_NONE);
	s->descriptors = count_descriptors();
}

static int
tear_down(void **state)
{
	struct story *s = *state;

	upstreams_free(s->upstreams);
	for (unsigned i = 0; i < LIARS; i++)
		liar_close(&s->liar[i]);
	loop_free(s->loop);
	free(s);
	return 0;
}

static void
on_done(void *owner, enum upstream_end end, const struct message *answer)
{
	struct story *s = owner;
	struct addr a;

	assert_false(s->asking);
	s->dones++;
	s->end = end;
	s->host = 0;
	if (end == UPSTREAM_ANSWERED) {
		assert_non_null(answer);
		s->rcode = message_rcode(answer);
		s->said = answer->question;
		if (answer->rr_count > 0 &&
		    rr_address(answer, &answer->rr[0], &a))
			s->host = a.byte[3];
	} else {
		assert_null(answer);
	}
	loop_stop(s->loop);
}

static struct upstream_ask *
put(struct story *s, bool stream)
{
	struct upstream_question q = { .q = &s->q,
				       .dnssec_ok = true,
				       .stream = stream };
	struct upstream_ask *ask;

	s->asking = true;
	assert_int_equal(upstream_ask(s->upstreams, &q, on_done, s, &ask),
			 ERR_NONE);
	s->asking = false;
	return ask;
}

/* Connections of the liars end with ours. */
static void
expect_no_leak(struct story *s)
{
	for (unsigned i = 0; i < 5; i++)
		loop_turns(s->loop, 5);
	for (unsigned i = 0; i < LIARS; i++) {
		for (unsigned j = 0; j < LIAR_CONNECTIONS; j++)
			assert_int_equal(s->liar[i].connection[j].fd, -1);
	}
	assert_int_equal(count_descriptors(), s->descriptors);
}

/* Asks, and waits for what comes of it. */
static void
ask_as(struct story *s, bool stream)
{
	unsigned dones = s->dones;
	int64_t begin_ms = clock_ms();

	s->descriptors = count_descriptors();
	loop_turns(s->loop, 1); /* the loop's time is the present */
	put(s, stream);
	loop_turns(s->loop, UPSTREAM_DEADLINE_MS + 700);
	s->took_ms = clock_ms() - begin_ms;
	assert_int_equal(s->dones, dones + 1);
	expect_no_leak(s);
	assert_int_equal(s->dones, dones + 1);
}

static void
ask(struct story *s)
{
	ask_as(s, false);
}

static void
expect_host(struct story *s, uint8_t host)
{
	assert_int_equal(s->end, UPSTREAM_ANSWERED);
	assert_int_equal(s->rcode, RCODE_NOERROR);
	assert_int_equal(s->host, host);
	assert_int_equal(s->said.name.len, s->q.name.len);
	assert_memory_equal(s->said.name.wire, s->q.name.wire, s->q.name.len);
}

static void
what_is_asked_is_answered(void **state)
{
	struct story *s = *state;
	const struct message *seen = &s->liar[0].seen;

	begin(s, 1);
	ask(s);
	expect_host(s, 1);
	assert_int_equal(s->liar[0].udp_asked, 1);
	assert_int_equal(s->liar[0].tcp_asked, 0);
	assert_true(name_equal(&seen->question.name, &s->q.name));
	assert_int_equal(seen->header.flags, FLAG_RD);
	assert_true(seen->edns.present);
	assert_int_equal(seen->edns.udp_size, EDNS_UDP_SIZE);
	assert_int_equal(seen->edns.flags & EDNS_DO, EDNS_DO);
	assert_int_equal(s->stats.upstream_udp, 1);
	assert_int_equal(s->stats.upstream_mismatch, 0);
}

/* Id, port and case are new for each question: of 20 no two are alike, and
 * the ports are not all from the kernel's usual range. */
static void
nothing_repeats_that_can_be_guessed(void **state)
{
	struct story *s = *state;
	uint16_t id[20], port[20];
	struct name name[20];
	unsigned same_id = 0, same_port = 0, unusual = 0;

	begin(s, 1);
	for (unsigned i = 0; i < 20; i++) {
		ask(s);
		id[i] = s->liar[0].seen.header.id;
		port[i] = s->liar[0].seen_from.port;
		name[i] = s->liar[0].seen.question.name;
		assert_true(port[i] >= 1024);
		unusual += port[i] < 32768 || port[i] > 60999;
		for (unsigned j = 0; j < i; j++) {
			same_id += id[i] == id[j];
			same_port += port[i] == port[j];
			assert_memory_not_equal(name[i].wire, name[j].wire,
						name[i].len);
		}
	}
	assert_true(same_id <= 1 && same_port <= 1);
	assert_true(unusual > 0);
}

/* Each of these, even before the right answer by UDP: only TCP counts. */
static void
what_looks_forged_is_asked_again_over_tcp(void **state)
{
	static const enum lie lies[] = { WRONG_ID,	 WRONG_CASE,
					 WRONG_NAME,	 WRONG_TYPE,
					 WRONG_CLASS,	 NO_QUESTION,
					 NOT_A_RESPONSE, WRONG_OPCODE,
					 SHORT,		 EMPTY };
	struct story *s = *state;

	begin(s, 1);
	s->liar[0].udp_script[1] = TRUTH;
	s->liar[0].udp_lies = 2;
	for (unsigned i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		s->liar[0].udp_script[0] = lies[i];
		ask(s);
		expect_host(s, 2);
		assert_int_equal(s->stats.upstream_mismatch, i + 1);
		assert_int_equal(s->stats.upstream_tcp, i + 1);
	}
}

static void
malformed_by_udp_is_asked_again_over_tcp(void **state)
{
	static const enum lie lies[] = { TORN, TWO_QUESTIONS };
	struct story *s = *state;

	begin(s, 1);
	for (unsigned i = 0; i < 2; i++) {
		s->liar[0].udp_script[0] = lies[i];
		ask(s);
		expect_host(s, 2);
		assert_int_equal(s->stats.answers_bad, i + 1);
	}
}

static void
a_thousand_forged_answers_count_once(void **state)
{
	struct story *s = *state;

	begin(s, 1);
	s->liar[0].udp_script[0] = WRONG_ID;
	s->liar[0].udp_script[1] = TRUTH;
	s->liar[0].udp_lies = 2;
	s->liar[0].repeat = 1000;
	ask(s);
	expect_host(s, 2);
	assert_int_equal(s->stats.upstream_mismatch, 1);
}

static void
strangers_are_not_heard(void **state)
{
	struct story *s = *state;

	begin(s, 1);
	s->liar[0].udp_script[0] = FROM_ELSEWHERE;
	s->liar[0].repeat = 1000;
	s->liar[0].udp_script[1] = TRUTH;
	s->liar[0].udp_lies = 2;
	ask(s);
	expect_host(s, 1);
	assert_int_equal(s->stats.upstream_mismatch, 0);
	assert_int_equal(s->liar[0].tcp_asked, 0);
}

static void
forged_and_without_tcp_is_no_answer(void **state)
{
	struct story *s = *state;

	begin(s, 1);
	liar_close_tcp(&s->liar[0]);
	s->liar[0].udp_script[0] = WRONG_ID;
	s->liar[0].udp_script[1] = TRUTH;
	s->liar[0].udp_lies = 2;
	ask(s);
	assert_int_equal(s->end, UPSTREAM_FORGED);
	assert_true(s->took_ms < 500);
}

static void
forged_here_is_asked_there(void **state)
{
	struct story *s = *state;

	begin(s, 2);
	liar_close_tcp(&s->liar[0]);
	s->liar[0].udp_script[0] = WRONG_CASE;
	ask(s);
	expect_host(s, 4); /* the other's, by TCP */
	assert_int_equal(s->liar[1].udp_asked, 0);
}

static void
a_lie_over_tcp_is_not_believed(void **state)
{
	static const enum lie lies[] = { WRONG_ID,    WRONG_NAME,
					 WRONG_TYPE,  NO_QUESTION,
					 WRONG_CLASS, NOT_A_RESPONSE };
	struct story *s = *state;

	begin(s, 1);
	for (unsigned i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		s->liar[0].tcp_script[0] = lies[i];
		ask_as(s, true);
		assert_int_equal(s->end, UPSTREAM_FORGED);
	}
}

static void
malformed_over_tcp_is_torn(void **state)
{
	struct story *s = *state;

	begin(s, 1);
	s->liar[0].udp_script[0] = TORN;
	s->liar[0].tcp_script[0] = TORN;
	ask(s);
	assert_int_equal(s->end, UPSTREAM_TORN);
	assert_int_equal(s->stats.answers_bad, 2);
}

/* An upstream that does not keep the case is understood over TCP, and by UDP
 * where the administrator says so. */
static void
an_upstream_may_change_the_case(void **state)
{
	struct story *s = *state;

	begin(s, 1);
	s->liar[0].udp_script[0] = WRONG_CASE;
	s->liar[0].tcp_script[0] = WRONG_CASE;
	ask(s);
	expect_host(s, 2);
	s->opt.query_case = QUERY_CASE_PLAIN;
	ask(s);
	expect_host(s, 1);
	assert_memory_equal(s->liar[0].seen.question.name.wire, s->q.name.wire,
			    s->q.name.len);
	assert_int_equal(s->stats.upstream_mismatch, 1);
}

static void
truncated_is_asked_again_over_tcp(void **state)
{
	struct story *s = *state;

	begin(s, 1);
	s->liar[0].udp_script[0] = TRUNCATED;
	s->liar[0].piecewise = true;
	ask(s);
	expect_host(s, 2);
	assert_int_equal(s->stats.upstream_mismatch, 0);
	liar_close_tcp(&s->liar[0]);
	ask(s);
	assert_int_equal(s->end, UPSTREAM_FAILED);
}

static void
a_connection_that_ends_is_made_to_the_next(void **state)
{
	struct story *s = *state;

	begin(s, 2);
	s->liar[0].udp_script[0] = TRUNCATED;
	s->liar[0].tcp_script[0] = CLOSE;
	ask(s);
	expect_host(s, 4);
	assert_int_equal(s->liar[0].tcp_asked, 1);
}

static void
over_tcp_at_once_where_told(void **state)
{
	struct story *s = *state;

	begin(s, 1);
	ask_as(s, true);
	expect_host(s, 2);
	assert_int_equal(s->liar[0].udp_asked, 0);
}

static void
a_silent_connection_is_left_for_the_next(void **state)
{
	struct story *s = *state;

	begin(s, 2);
	s->liar[0].tcp_script[0] = SAY_NOTHING;
	ask_as(s, true);
	expect_host(s, 4);
	assert_in_range(s->took_ms, 900, 1500);
}

static void
the_next_is_asked_where_one_is_silent(void **state)
{
	struct story *s = *state;

	begin(s, 2);
	s->liar[0].udp_script[0] = SAY_NOTHING;
	ask(s);
	expect_host(s, 3);
	assert_in_range(s->took_ms, 700, 1200);
	/* Three times in a row: now the other is asked first. */
	ask(s);
	ask(s);
	ask(s);
	expect_host(s, 3);
	assert_true(s->took_ms < 300);
	assert_int_equal(s->liar[0].udp_asked, 3);
	/* And the first only whether it is back, until it is. */
	s->liar[0].udp_script[0] = TRUTH;
	loop_turns(s->loop, 1500);
	assert_int_equal(s->liar[0].udp_asked, 4);
	ask(s);
	expect_host(s, 1);
}

static void
a_late_answer_is_an_answer(void **state)
{
	struct story *s = *state;

	begin(s, 2);
	s->liar[0].late_ms = 1000;
	s->liar[1].udp_script[0] = SAY_NOTHING;
	ask(s);
	expect_host(s, 1);
	assert_in_range(s->took_ms, 950, 1400);
	assert_int_equal(s->liar[1].udp_asked, 1);
}

static void
silence_has_an_end(void **state)
{
	struct story *s = *state;

	begin(s, 1);
	s->liar[0].udp_script[0] = SAY_NOTHING;
	ask(s);
	assert_int_equal(s->end, UPSTREAM_SILENT);
	assert_int_equal(s->liar[0].udp_asked, UPSTREAM_TRIES);
	assert_in_range(s->took_ms, UPSTREAM_DEADLINE_MS - 100,
			UPSTREAM_DEADLINE_MS + 300);
	assert_int_equal(s->stats.upstream_timeout, 1);
}

static void
a_closed_port_costs_no_time(void **state)
{
	struct story *s = *state;

	begin(s, 2);
	liar_close_udp(&s->liar[0]);
	ask(s);
	expect_host(s, 3);
	assert_true(s->took_ms < 300);
	assert_int_equal(s->stats.upstream_error, 1);
	liar_close_udp(&s->liar[1]);
	ask(s);
	assert_int_equal(s->end, UPSTREAM_FAILED);
	assert_true(s->took_ms < 500);
}

/* The kernel refuses to connect to a broadcast address: the try fails within
 * upstream_ask(), and yet nobody is told there. */
static void
a_try_that_fails_at_once_is_told_later(void **state)
{
	struct story *s = *state;
	struct endpoint known = s->liar[0].at;

	addr_parse("255.255.255.255", 15, &s->liar[0].at.addr);
	begin(s, 2);
	ask(s);
	expect_host(s, 3);
	assert_true(s->took_ms < 300);
	upstreams_free(s->upstreams);
	begin(s, 1);
	ask(s);
	assert_int_equal(s->end, UPSTREAM_FAILED);
	ask_as(s, true);
	assert_int_equal(s->end, UPSTREAM_FAILED);
	s->liar[0].at = known;
}

static void
without_edns_where_that_is_not_known(void **state)
{
	struct story *s = *state;

	begin(s, 1);
	s->liar[0].edns_unknown = true;
	ask(s);
	expect_host(s, 1);
	assert_int_equal(s->liar[0].udp_asked, 2);
	assert_false(s->liar[0].seen.edns.present);
	ask(s); /* it is remembered */
	expect_host(s, 1);
	assert_int_equal(s->liar[0].udp_asked, 3);
	assert_int_equal(s->liar[0].tcp_asked, 0);
}

static void
a_failure_leads_to_the_next(void **state)
{
	static const enum lie lies[] = { FAIL_SERVFAIL, FAIL_REFUSED,
					 COMPLAINT_REFUSED, FAIL_NOTIMP };
	struct story *s = *state;

	begin(s, 2);
	for (unsigned i = 0; i < 4; i++) {
		s->liar[0].udp_script[0] = lies[i];
		ask(s);
		expect_host(s, 3);
		assert_true(s->took_ms < 300);
	}
	assert_int_equal(s->liar[0].tcp_asked, 0);
}

static void
expect_rcode(struct story *s, unsigned rcode)
{
	assert_int_equal(s->end, UPSTREAM_ANSWERED);
	assert_int_equal(s->rcode, rcode);
	assert_true(name_equal(&s->said.name, &s->q.name));
	assert_int_equal(s->said.type, TYPE_A);
}

static void
a_failure_of_all_is_passed_on(void **state)
{
	struct story *s = *state;

	begin(s, 2);
	s->liar[0].udp_script[0] = FAIL_SERVFAIL;
	s->liar[1].udp_script[0] = FAIL_REFUSED;
	ask(s);
	expect_rcode(s, RCODE_REFUSED);
	s->liar[1].udp_script[0] = COMPLAINT_REFUSED;
	ask(s);
	expect_rcode(s, RCODE_REFUSED);
	/* One failed, the other says nothing: that is known soon. */
	s->liar[1].udp_script[0] = SAY_NOTHING;
	ask(s);
	expect_rcode(s, RCODE_SERVFAIL);
	assert_true(s->took_ms < 1300);
}

static void
a_failure_of_the_only_one_is_passed_on(void **state)
{
	struct story *s = *state;

	begin(s, 1);
	s->liar[0].udp_script[0] = FAIL_SERVFAIL;
	ask(s);
	expect_rcode(s, RCODE_SERVFAIL);
	assert_int_equal(s->liar[0].udp_asked, 1);
	s->liar[0].udp_script[0] = COMPLAINT_REFUSED;
	ask(s);
	expect_rcode(s, RCODE_REFUSED);
	/* With and without EDNS. */
	s->liar[0].udp_script[0] = FAIL_FORMERR;
	ask(s);
	expect_rcode(s, RCODE_FORMERR);
	assert_int_equal(s->liar[0].udp_asked, 4);
}

static void
no_such_name_is_an_answer(void **state)
{
	struct story *s = *state;

	begin(s, 2);
	s->liar[0].udp_script[0] = SAY_NXDOMAIN;
	ask(s);
	expect_rcode(s, RCODE_NXDOMAIN);
	assert_int_equal(s->liar[1].udp_asked, 0);
}

static void
what_is_cancelled_is_never_told(void **state)
{
	struct story *s = *state;
	struct upstream_ask *first, *second;

	begin(s, 1);
	first = put(s, false);
	second = put(s, true);
	assert_true(count_descriptors() > s->descriptors);
	upstream_cancel(s->upstreams, first);
	upstream_cancel(s->upstreams, second);
	loop_turns(s->loop, 50);
	expect_no_leak(s);
	assert_int_equal(s->dones, 0);
}

static void
more_than_most_are_refused(void **state)
{
	struct story *s = *state;
	struct upstream_question q = { .q = &s->q };
	struct upstream_ask *ask;

	begin(s, 1);
	s->liar[0].udp_script[0] = SAY_NOTHING;
	for (unsigned i = 0; i < MOST; i++)
		ask = put(s, false);
	assert_int_equal(upstream_ask(s->upstreams, &q, on_done, s, &ask),
			 ERR_FULL);
	/* What is open at the end is closed by upstreams_free(). */
	upstreams_free(s->upstreams);
	s->upstreams = NULL;
	assert_int_equal(count_descriptors(), s->descriptors);
	assert_int_equal(s->dones, 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(what_is_asked_is_answered),
		STORY(nothing_repeats_that_can_be_guessed),
		STORY(what_looks_forged_is_asked_again_over_tcp),
		STORY(malformed_by_udp_is_asked_again_over_tcp),
		STORY(a_thousand_forged_answers_count_once),
		STORY(strangers_are_not_heard),
		STORY(forged_and_without_tcp_is_no_answer),
		STORY(forged_here_is_asked_there),
		STORY(a_lie_over_tcp_is_not_believed),
		STORY(malformed_over_tcp_is_torn),
		STORY(an_upstream_may_change_the_case),
		STORY(truncated_is_asked_again_over_tcp),
		STORY(a_connection_that_ends_is_made_to_the_next),
		STORY(over_tcp_at_once_where_told),
		STORY(a_silent_connection_is_left_for_the_next),
		STORY(the_next_is_asked_where_one_is_silent),
		STORY(a_late_answer_is_an_answer),
		STORY(silence_has_an_end),
		STORY(a_closed_port_costs_no_time),
		STORY(a_try_that_fails_at_once_is_told_later),
		STORY(without_edns_where_that_is_not_known),
		STORY(a_failure_leads_to_the_next),
		STORY(a_failure_of_all_is_passed_on),
		STORY(a_failure_of_the_only_one_is_passed_on),
		STORY(no_such_name_is_an_answer),
		STORY(what_is_cancelled_is_never_told),
		STORY(more_than_most_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
