/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists that are addresses of names: whole, or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "net/turns.h"
#include "supply/addresses.h"
#include "supply/rrset.h"
#include "upstream/liar.h"
#include "wire/writer.h"

enum { NAMES = 2, SERVERS = 2 };

struct story {
	struct loop *loop;
	struct random random;
	struct liar liar[SERVERS];
	struct name name[NAMES];
	struct endpoint server[SERVERS];
	struct rrset_wish wish;
	struct rrset *rrset;
	/* what came of it */
	unsigned dones;
	char why[RRSET_WHY_SIZE];
	char text[256];
	uint32_t count, ttl_s;
};

static int
set_up(void **state)
{
	struct story *s = calloc(1, sizeof(*s));

	s->loop = loop_new();
	random_init(&s->random);
	for (unsigned i = 0; i < SERVERS; i++) {
		liar_open(&s->liar[i], s->loop);
		s->server[i] = s->liar[i].at;
	}
	s->liar[1].tcp_host = 9;
	name_parse("one.list", 8, &s->name[0], NULL);
	name_parse("two.list", 8, &s->name[1], NULL);
	s->wish = (struct rrset_wish){ .name = s->name,
				       .names = 1,
				       .server = s->server,
				       .servers = 1,
				       .stream = true,
				       .wait_ms = ASK_WAIT_MS,
				       .owner = s };
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct story *s = *state;

	for (unsigned i = 0; i < SERVERS; i++)
		liar_close(&s->liar[i]);
	loop_free(s->loop);
	free(s);
	return 0;
}

static void
on_done(void *owner, const struct rrset_news *news)
{
	struct story *s = owner;

	s->dones++;
	s->count = news->count;
	s->ttl_s = news->ttl_s;
	strcpy(s->why, news->why != NULL ? news->why : "");
	s->text[0] = '\0';
	for (uint32_t i = 0; i < news->count; i++) {
		char buf[ADDR_TEXT_SIZE];

		strcat(s->text, addr_print(&news->addr[i], buf));
		strcat(s->text, "\n");
	}
	loop_stop(s->loop);
}

static void
begin(struct story *s)
{
	s->wish.done = on_done;
	assert_int_equal(rrset_begin(s->loop, &s->random, &s->wish, &s->rrset),
			 ERR_NONE);
}

static void
fetch(struct story *s)
{
	begin(s);
	loop_turns(s->loop, 60000);
	assert_int_equal(s->dones, 1);
}

static void
each_name_is_asked_for_both_families(void **state)
{
	struct story *s = *state;

	/* The liar answers an A to whatever is asked: for AAAA that is none. */
	s->wish.names = NAMES;
	fetch(s);
	assert_string_equal(s->why, "");
	assert_string_equal(s->text, "192.0.2.2\n192.0.2.2\n");
	assert_int_equal(s->count, 2);
	assert_int_equal(s->ttl_s, 60);
	assert_int_equal(s->liar[0].tcp_asked, 2 * NAMES);
	assert_int_equal(s->liar[0].udp_asked, 0);
}

static void
another_server_begins_anew(void **state)
{
	struct story *s = *state;

	s->wish.names = NAMES;
	s->wish.servers = SERVERS;
	s->liar[0].tcp_script[0] = FAIL_REFUSED;
	fetch(s);
	assert_string_equal(s->text, "192.0.2.9\n192.0.2.9\n");
	assert_int_equal(s->liar[0].tcp_asked, 1);
	assert_int_equal(s->liar[1].tcp_asked, 2 * NAMES);
}

static void
what_went_wrong_is_told(void **state)
{
	static const struct {
		enum lie lie;
		const char *why;
	} wrong[] = {
		{ FAIL_REFUSED, "about one.list. A: REFUSED" },
		{ SAY_NXDOMAIN, "about one.list. A: NXDOMAIN" },
		{ TRUNCATED, "about one.list. A: message is malformed" },
		{ CLOSE, "about one.list. A: it closed the connection" },
		{ WRONG_ID, "about one.list. A: the answer is not one to" },
	};
	struct story *s = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		s->dones = 0;
		s->liar[0].tcp_script[0] = wrong[i].lie;
		fetch(s);
		assert_non_null(strstr(s->why, wrong[i].why));
		assert_int_equal(strncmp(s->why, "127.0.0.1:", 10), 0);
		assert_int_equal(s->count, 0);
	}
}

static void
a_list_that_is_cancelled_does_not_come(void **state)
{
	struct story *s = *state;

	s->liar[0].tcp_script[0] = SAY_NOTHING;
	begin(s);
	loop_turns(s->loop, 20);
	rrset_cancel(s->rrset);
	rrset_cancel(NULL);
	loop_turns(s->loop, 20);
	assert_int_equal(s->dones, 0);
}

static void
times_have_bounds(void **state)
{
	(void)state;
	assert_int_equal(rrset_ttl(0), 300);
	assert_int_equal(rrset_ttl(1), 60);
	assert_int_equal(rrset_ttl(60), 60);
	assert_int_equal(rrset_ttl(3600), 3600);
	assert_int_equal(rrset_ttl(86400), 7200);
}

/* ---- what an answer gives ------------------------------------------------ */

struct answered {
	uint8_t bytes[512];
	struct writer w;
	struct ask_answer answer;
	struct question q;
	unsigned count;
	uint8_t last;
};

static enum err
count_address(void *owner, const struct addr *a, uint32_t ttl)
{
	struct answered *r = owner;

	(void)ttl;
	r->count++;
	r->last = a->byte[a->family == 4 ? 3 : 15];
	return ERR_NONE;
}

static void
put_name(struct answered *r, const char *text)
{
	struct name n;

	assert_int_equal(name_parse(text, strlen(text), &n, NULL), ERR_NONE);
	writer_bytes(&r->w, n.wire, n.len);
}

static void
answer_to(struct answered *r, const char *name)
{
	memset(r, 0, sizeof(*r));
	r->w = writer_of(r->bytes, sizeof(r->bytes));
	r->w.at = HEADER_SIZE;
	name_parse(name, strlen(name), &r->q.name, NULL);
	r->q.type = TYPE_A;
	r->q.class = CLASS_IN;
}

static void
put_alias(struct answered *r, const char *owner, const char *target)
{
	put_name(r, owner);
	writer_u16(&r->w, TYPE_CNAME);
	writer_u16(&r->w, CLASS_IN);
	writer_u32(&r->w, 60);
	writer_u16(&r->w, (uint16_t)(strlen(target) + 2));
	put_name(r, target);
	r->answer.header.ancount++;
}

static void
put_address(struct answered *r, const char *owner, uint16_t class, uint8_t host)
{
	put_name(r, owner);
	writer_u16(&r->w, TYPE_A);
	writer_u16(&r->w, class);
	writer_u32(&r->w, 60);
	writer_u16(&r->w, 4);
	writer_u32(&r->w, 0xc0000200u + host);
	r->answer.header.ancount++;
}

static enum err
give(struct answered *r)
{
	const struct addresses_sink sink = { count_address, r };

	assert_false(r->w.full);
	r->answer.end = ASK_ANSWERED;
	r->answer.bytes = r->bytes;
	r->answer.len = r->w.at;
	r->answer.records.r = reader_of(r->bytes, r->w.at);
	r->answer.records.r.at = HEADER_SIZE;
	return addresses_read(&r->answer, &r->q, &sink);
}

static void
only_what_the_name_leads_to_counts(void **state)
{
	struct answered r;

	(void)state;
	answer_to(&r, "feed.example");
	put_address(&r, "other.example", CLASS_IN, 1);
	put_alias(&r, "other.example", "feed.example");
	put_alias(&r, "feed.example", "cdn.example");
	put_address(&r, "feed.example", CLASS_IN, 2);
	put_address(&r, "cdn.example", 3, 3);
	put_address(&r, "CDN.example", CLASS_IN, 4);
	assert_int_equal(give(&r), ERR_NONE);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.last, 4);
}

static void
aliases_have_an_end(void **state)
{
	struct answered r;

	(void)state;
	answer_to(&r, "a");
	for (unsigned i = 0; i <= ADDRESSES_CHAIN / 2; i++) {
		put_alias(&r, "a", "b");
		put_alias(&r, "b", "a");
	}
	assert_int_equal(give(&r), ERR_TORN);
}

static void
a_record_of_the_wrong_length_spoils_all(void **state)
{
	struct answered r;

	(void)state;
	answer_to(&r, "a");
	put_address(&r, "a", CLASS_IN, 1);
	put_name(&r, "a");
	writer_u16(&r.w, TYPE_A);
	writer_u16(&r.w, CLASS_IN);
	writer_u32(&r.w, 60);
	writer_u16(&r.w, 3);
	writer_bytes(&r.w, "abc", 3);
	r.answer.header.ancount++;
	assert_int_equal(give(&r), ERR_TORN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(each_name_is_asked_for_both_families),
		T(another_server_begins_anew),
		T(what_went_wrong_is_told),
		T(a_list_that_is_cancelled_does_not_come),
#undef T
		cmocka_unit_test(times_have_bounds),
		cmocka_unit_test(only_what_the_name_leads_to_counts),
		cmocka_unit_test(aliases_have_an_end),
		cmocka_unit_test(a_record_of_the_wrong_length_spoils_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
