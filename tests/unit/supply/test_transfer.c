/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "supply/transfer.h"

enum { ID = 0x1234, MESSAGES = 40, ALL_AT_ONCE = 1000 };

#define SOA(serial) \
	"z.test. 60 IN SOA ns.z.test. root.test. " #serial " 9 9 9 9"

/* What a transfer gave, as text. */
struct story {
	char buf[4096];
	struct text text;
	enum err refuse; /* taken by the sink */
};

struct scene {
	struct name zone;
	struct story story;
	struct transfer_sink sink;
	struct transfer_setup setup;
	struct transfer t;
};

static enum err
on_begin(void *arg, bool whole)
{
	struct story *s = arg;

	text_str(&s->text, whole ? "whole" : "changes");
	return ERR_NONE;
}

static enum err
on_record(void *arg, bool add, const struct zone_rr *rr)
{
	struct story *s = arg;
	struct reader r = reader_of(rr->rdata, rr->rdata_len);
	char type[16];

	text_str(&s->text, add ? " +" : " -");
	if (rr->type == TYPE_SOA) {
		r.at = rr->rdata_len - 20u;
		text_printf(&s->text, "%u", reader_u32(&r));
	} else {
		text_char(&s->text, (char)rr->owner.wire[1]);
		if (rr->type != TYPE_CNAME)
			text_str(&s->text, type_text(rr->type, type));
	}
	return s->refuse;
}

static struct scene *
scene_of(bool whole, uint32_t serial)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	assert_int_equal(name_parse("z.test", 6, &s->zone, NULL), ERR_NONE);
	text_init(&s->story.text, s->story.buf, sizeof(s->story.buf));
	s->sink = (struct transfer_sink){ on_begin, on_record, &s->story };
	s->setup = (struct transfer_setup){
		.zone = &s->zone,
		.whole = whole,
		.serial = serial,
		.id = ID,
		.to = &s->sink,
		.limits = transfer_usual,
		.now_ms = 1000,
	};
	transfer_begin(&s->t, &s->setup);
	return s;
}

static void
push(ldns_pkt *pkt, const char *line)
{
	ldns_rr *rr;

	if (ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL) != LDNS_STATUS_OK)
		fail_msg("ldns does not take %s", line);
	ldns_pkt_push_rr(pkt, LDNS_SECTION_ANSWER, rr);
}

struct bytes {
	uint8_t *at;
	size_t len;
};

static ldns_pkt *
answer_of(bool whole)
{
	ldns_pkt *pkt = ldns_pkt_query_new(
	    ldns_dname_new_frm_str("z.test."),
	    whole ? LDNS_RR_TYPE_AXFR : LDNS_RR_TYPE_IXFR, LDNS_RR_CLASS_IN, 0);

	ldns_pkt_set_id(pkt, ID);
	ldns_pkt_set_qr(pkt, true);
	return pkt;
}

static struct bytes
packed(ldns_pkt *pkt)
{
	struct bytes b;

	assert_int_equal(ldns_pkt2wire(&b.at, pkt, &b.len), LDNS_STATUS_OK);
	ldns_pkt_free(pkt);
	return b;
}

static enum transfer_news
feed(struct scene *s, struct bytes b)
{
	enum transfer_news news =
	    transfer_feed(&s->t, b.at, b.len, 1000, 1700000000);

	free(b.at);
	return news;
}

/* Lines, so many a message. */
static enum transfer_news
feed_lines(struct scene *s, const char *const *line, size_t each)
{
	enum transfer_news news = TRANSFER_MORE;

	while (*line && news == TRANSFER_MORE) {
		ldns_pkt *pkt = answer_of(s->setup.whole);

		for (size_t i = 0; i < each && *line; i++)
			push(pkt, *line++);
		news = feed(s, packed(pkt));
	}
	if (news != TRANSFER_MORE)
		assert_null(*line);
	return news;
}

/* The same, however it is cut to messages. */
static void
assert_story(const struct transfer_setup *like, const char *const *line,
	     enum transfer_news want, const char *story)
{
	static const size_t cuts[] = { 1, 2, 3, 5, ALL_AT_ONCE };

	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct scene *s = scene_of(like->whole, like->serial);

		assert_int_equal(feed_lines(s, line, cuts[i]), want);
		assert_string_equal(s->story.buf, story);
		free(s);
	}
}

static const struct transfer_setup axfr = { .whole = true };
static const struct transfer_setup ixfr_5 = { .serial = 5 };

#define CNAME(name) #name ".z.test. 60 IN CNAME ."
#define LINES(...)                \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}

static void
a_whole_zone_comes(void **state)
{
	(void)state;
	assert_story(&axfr,
		     LINES(SOA(7), CNAME(a), CNAME(b),
			   "c.z.test. 9 IN A 192.0.2.1", SOA(7)),
		     TRANSFER_DONE, "whole +7 +a +b +cA");
	assert_story(&axfr, LINES(SOA(7), SOA(7)), TRANSFER_DONE, "whole +7");
	/* as the answer to a question for changes */
	assert_story(&ixfr_5, LINES(SOA(7), CNAME(a), SOA(7)), TRANSFER_DONE,
		     "whole +7 +a");
	assert_story(&ixfr_5, LINES(SOA(7), SOA(7)), TRANSFER_DONE, "whole +7");
}

static void
changes_come(void **state)
{
	(void)state;
	assert_story(
	    &ixfr_5,
	    LINES(SOA(7), SOA(5), CNAME(a), SOA(7), CNAME(b), CNAME(c), SOA(7)),
	    TRANSFER_DONE, "changes -5 -a +7 +b +c");
	assert_story(&ixfr_5,
		     LINES(SOA(9), SOA(5), SOA(6), CNAME(b), SOA(6), CNAME(b),
			   SOA(9), SOA(9)),
		     TRANSFER_DONE, "changes -5 +6 +b -6 -b +9");
	/* serial numbers go round */
	assert_story(&(struct transfer_setup){ .serial = 4294967295u },
		     LINES(SOA(1), SOA(4294967295), SOA(1), CNAME(a), SOA(1)),
		     TRANSFER_DONE, "changes -4294967295 +1 +a");
}

static void
nothing_is_new(void **state)
{
	(void)state;
	assert_story(&ixfr_5, LINES(SOA(5)), TRANSFER_CURRENT, "");
}

static void
assert_flaw(const struct transfer_setup *like, const char *const *line,
	    enum transfer_news want, enum transfer_flaw flaw)
{
	struct scene *s = scene_of(like->whole, like->serial);

	assert_int_equal(feed_lines(s, line, 3), want);
	assert_int_equal(s->t.flaw, flaw);
	free(s);
}

static void
what_is_odd_ends_it(void **state)
{
	(void)state;
	assert_flaw(&axfr, LINES(CNAME(a)), TRANSFER_FAILED, TRANSFER_NO_SOA);
	assert_flaw(&axfr, LINES("y.test. 60 IN SOA . . 7 9 9 9 9"),
		    TRANSFER_FAILED, TRANSFER_NO_SOA);
	assert_flaw(&axfr, LINES(SOA(7), CNAME(a), SOA(8)), TRANSFER_FAILED,
		    TRANSFER_OTHER_SOA);
	assert_flaw(&axfr, LINES(SOA(7), SOA(7), CNAME(a)), TRANSFER_FAILED,
		    TRANSFER_BEHIND);
	assert_flaw(&axfr, LINES(SOA(7), "a.z.test. 60 CH TXT \"\""),
		    TRANSFER_FAILED, TRANSFER_CLASS);
	/* from another serial number than ours */
	assert_flaw(&ixfr_5, LINES(SOA(7), SOA(4), CNAME(a)), TRANSFER_ASK_ALL,
		    TRANSFER_CHAIN);
	/* a step that is missing */
	assert_flaw(&ixfr_5, LINES(SOA(9), SOA(5), SOA(6), SOA(7), SOA(9)),
		    TRANSFER_ASK_ALL, TRANSFER_CHAIN);
	/* back, the same, and beyond */
	assert_flaw(&ixfr_5, LINES(SOA(9), SOA(5), SOA(4)), TRANSFER_ASK_ALL,
		    TRANSFER_CHAIN);
	assert_flaw(&ixfr_5, LINES(SOA(9), SOA(5), SOA(5)), TRANSFER_ASK_ALL,
		    TRANSFER_CHAIN);
	assert_flaw(&ixfr_5, LINES(SOA(9), SOA(5), SOA(10)), TRANSFER_ASK_ALL,
		    TRANSFER_CHAIN);
	/* ends with other contents of the SOA */
	assert_flaw(&ixfr_5,
		    LINES(SOA(9), SOA(5), SOA(9),
			  "z.test. 60 IN SOA ns.z.test. root.test. 9 1 9 9 9"),
		    TRANSFER_ASK_ALL, TRANSFER_OTHER_SOA);
	assert_flaw(&ixfr_5, LINES(SOA(4)), TRANSFER_FAILED, TRANSFER_OLDER);
	assert_flaw(&ixfr_5, LINES(SOA(2147483653)), TRANSFER_FAILED,
		    TRANSFER_OLDER);
}

static void
the_sink_may_refuse(void **state)
{
	static const struct {
		enum err err;
		enum transfer_flaw flaw;
		enum transfer_news news;
	} refusals[] = {
		{ ERR_MISSING, TRANSFER_CONFLICT, TRANSFER_ASK_ALL },
		{ ERR_RANGE, TRANSFER_RECORDS, TRANSFER_FAILED },
		{ ERR_FULL, TRANSFER_NO_ROOM, TRANSFER_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct scene *s = scene_of(false, 5);

		s->story.refuse = refusals[i].err;
		assert_int_equal(feed_lines(s, LINES(SOA(7), SOA(5)), 2),
				 refusals[i].news);
		assert_int_equal(s->t.flaw, refusals[i].flaw);
		free(s);
	}
}

static enum transfer_flaw
flaw_of_header(void change(ldns_pkt *pkt), enum transfer_news want)
{
	struct scene *s = scene_of(false, 5);
	ldns_pkt *pkt = answer_of(false);
	enum transfer_flaw flaw;

	push(pkt, SOA(7));
	change(pkt);
	assert_int_equal(feed(s, packed(pkt)), want);
	flaw = s->t.flaw;
	free(s);
	return flaw;
}

static void
other_id(ldns_pkt *pkt)
{
	ldns_pkt_set_id(pkt, ID + 1);
}

static void
a_question(ldns_pkt *pkt)
{
	ldns_pkt_set_qr(pkt, false);
}

static void
a_notify(ldns_pkt *pkt)
{
	ldns_pkt_set_opcode(pkt, LDNS_PACKET_NOTIFY);
}

static void
truncated(ldns_pkt *pkt)
{
	ldns_pkt_set_tc(pkt, true);
}

static void
refused(ldns_pkt *pkt)
{
	ldns_pkt_set_rcode(pkt, LDNS_RCODE_REFUSED);
}

static void
not_implemented(ldns_pkt *pkt)
{
	ldns_pkt_set_rcode(pkt, LDNS_RCODE_NOTIMPL);
}

static void
not_auth(ldns_pkt *pkt)
{
	ldns_pkt_set_rcode(pkt, LDNS_RCODE_NOTAUTH);
}

static void
other_question(ldns_pkt *pkt)
{
	ldns_rr_set_type(ldns_rr_list_rr(ldns_pkt_question(pkt), 0),
			 LDNS_RR_TYPE_AXFR);
}

static void
other_name(ldns_pkt *pkt)
{
	ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(pkt), 0);

	ldns_rdf_deep_free(ldns_rr_owner(question));
	ldns_rr_set_owner(question, ldns_dname_new_frm_str("y.test."));
}

static void
the_header_must_be_an_answers(void **state)
{
	(void)state;
	assert_int_equal(flaw_of_header(other_id, TRANSFER_FAILED),
			 TRANSFER_NOT_OURS);
	assert_int_equal(flaw_of_header(a_question, TRANSFER_FAILED),
			 TRANSFER_NOT_OURS);
	assert_int_equal(flaw_of_header(a_notify, TRANSFER_FAILED),
			 TRANSFER_NOT_OURS);
	assert_int_equal(flaw_of_header(other_question, TRANSFER_FAILED),
			 TRANSFER_NOT_OURS);
	assert_int_equal(flaw_of_header(other_name, TRANSFER_FAILED),
			 TRANSFER_NOT_OURS);
	assert_int_equal(flaw_of_header(truncated, TRANSFER_ASK_ALL),
			 TRANSFER_CUT);
	assert_int_equal(flaw_of_header(refused, TRANSFER_ASK_ALL),
			 TRANSFER_REFUSED);
	assert_int_equal(flaw_of_header(not_implemented, TRANSFER_ASK_ALL),
			 TRANSFER_NOTIMP);
	assert_int_equal(flaw_of_header(not_auth, TRANSFER_FAILED),
			 TRANSFER_NOTAUTH);
}

static void
there_is_an_end_to_everything(void **state)
{
	struct scene *s = scene_of(true, 0);

	(void)state;
	s->setup.limits.records = 5;
	transfer_begin(&s->t, &s->setup);
	assert_int_equal(
	    feed_lines(s, LINES(SOA(7), CNAME(a), CNAME(b), CNAME(c), CNAME(d)),
		       2),
	    TRANSFER_MORE);
	assert_int_equal(feed_lines(s, LINES(CNAME(e)), 2), TRANSFER_FAILED);
	assert_int_equal(s->t.flaw, TRANSFER_RECORDS);
	s->setup.limits.records = 100;
	s->setup.limits.bytes = 100;
	transfer_begin(&s->t, &s->setup);
	assert_int_equal(feed_lines(s, LINES(SOA(7), CNAME(a)), 1),
			 TRANSFER_FAILED);
	assert_int_equal(s->t.flaw, TRANSFER_BYTES);
	free(s);
}

static void
silence_has_an_end(void **state)
{
	struct scene *s = scene_of(false, 5);

	(void)state;
	assert_int_equal(transfer_ends_ms(&s->t), 11000);
	assert_int_equal(feed_lines(s, LINES(SOA(7)), 1), TRANSFER_MORE);
	assert_int_equal(transfer_ends_ms(&s->t), 21000);
	s->t.heard_ms = 600000;
	assert_int_equal(transfer_ends_ms(&s->t), 601000);
	/* its newer SOA and no more: it has no changes to tell */
	assert_int_equal(transfer_broken(&s->t, TRANSFER_SLOW),
			 TRANSFER_ASK_ALL);
	assert_int_equal(feed_lines(s, LINES(SOA(5)), 1), TRANSFER_MORE);
	assert_int_equal(transfer_broken(&s->t, TRANSFER_CLOSED),
			 TRANSFER_FAILED);
	free(s);
}

/* Every byte of a message may be anything. */
static void
no_byte_does_harm(void **state)
{
	const char *const *line =
	    LINES(SOA(7), SOA(5), CNAME(a), SOA(7), CNAME(b), SOA(7));
	ldns_pkt *pkt = answer_of(false);
	struct bytes b, copy;

	(void)state;
	while (*line)
		push(pkt, *line++);
	b = packed(pkt);
	for (size_t i = 0; i < b.len * 8; i++) {
		struct scene *s = scene_of(false, 5);

		copy = (struct bytes){ malloc(b.len), b.len };
		assert_non_null(copy.at);
		memcpy(copy.at, b.at, b.len);
		copy.at[i / 8] ^= (uint8_t)(1u << i % 8);
		feed(s, copy);
		free(s);
	}
	for (size_t len = 0; len < b.len; len++) {
		struct scene *s = scene_of(false, 5);

		copy = (struct bytes){ malloc(len + 1), len };
		assert_non_null(copy.at);
		memcpy(copy.at, b.at, len);
		assert_int_not_equal(feed(s, copy), TRANSFER_DONE);
		free(s);
	}
	free(b.at);
}

static void
asks_as_the_standards_say(void **state)
{
	struct scene *s = scene_of(false, 5);
	uint8_t bytes[600];
	size_t len = transfer_ask(&s->setup, bytes, sizeof(bytes));
	ldns_pkt *pkt;
	ldns_rr *soa;

	(void)state;
	assert_int_equal(ldns_wire2pkt(&pkt, bytes, len), LDNS_STATUS_OK);
	assert_int_equal(ldns_pkt_id(pkt), ID);
	soa = ldns_rr_list_rr(ldns_pkt_question(pkt), 0);
	assert_int_equal(ldns_rr_get_type(soa), LDNS_RR_TYPE_IXFR);
	soa = ldns_rr_list_rr(ldns_pkt_authority(pkt), 0);
	assert_int_equal(ldns_rr_get_type(soa), LDNS_RR_TYPE_SOA);
	assert_int_equal(ldns_rdf2native_int32(ldns_rr_rdf(soa, 2)), 5);
	ldns_pkt_free(pkt);
	s->setup.whole = true;
	len = transfer_ask(&s->setup, bytes, sizeof(bytes));
	assert_int_equal(ldns_wire2pkt(&pkt, bytes, len), LDNS_STATUS_OK);
	assert_int_equal(ldns_rr_list_rr_count(ldns_pkt_authority(pkt)), 0);
	ldns_pkt_free(pkt);
	free(s);
}

static void
what_is_wrong_is_told(void **state)
{
	struct scene *s = scene_of(true, 0);
	struct tsig tsig = { .off_s = -400 };
	char buf[200];
	struct text text;

	(void)state;
	s->t.setup.tsig = &tsig;
	s->t.verdict = TSIG_REMOTE_BADTIME;
	transfer_broken(&s->t, TRANSFER_SIGNATURE);
	text_init(&text, buf, sizeof(buf));
	transfer_print_flaw(&s->t, &text);
	assert_string_equal(buf, "the signature is not right: its clock and "
				 "ours differ (our clock is 400 s behind)");
	s->t.rcode = RCODE_NOTZONE;
	transfer_broken(&s->t, TRANSFER_RCODE);
	text_init(&text, buf, sizeof(buf));
	transfer_print_flaw(&s->t, &text);
	assert_string_equal(buf, "the primary answers with an error (NOTZONE)");
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_zone_comes),
		cmocka_unit_test(changes_come),
		cmocka_unit_test(nothing_is_new),
		cmocka_unit_test(what_is_odd_ends_it),
		cmocka_unit_test(the_sink_may_refuse),
		cmocka_unit_test(the_header_must_be_an_answers),
		cmocka_unit_test(there_is_an_end_to_everything),
		cmocka_unit_test(silence_has_an_end),
		cmocka_unit_test(no_byte_does_harm),
		cmocka_unit_test(asks_as_the_standards_say),
		cmocka_unit_test(what_is_wrong_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
