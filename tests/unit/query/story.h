/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a story on the stage of player.h expects. */
#ifndef TESTS_QUERY_STORY_H
#define TESTS_QUERY_STORY_H

#include "query/player.h"

static inline int
story_ends(void **state)
{
	(void)state;
	play_end();
	return 0;
}

/* Exactly one answer came since the last look: a whole message of ours that
 * repeats id and question. */
static inline void
client_hears(unsigned rcode)
{
	assert_int_equal(play.answers, 1);
	assert_int_equal(play.drops, 0);
	assert_false(play.answered_unacknowledged);
	play.answers = 0;
	assert_true(answer_is_whole());
	assert_int_equal(play.answer.header.id, play.id);
	assert_int_equal(play.answer.header.flags & FLAG_QR, FLAG_QR);
	assert_int_equal(play.answer.header.flags & (FLAG_AA | FLAG_AD), 0);
	assert_int_equal(play.answer.header.flags & FLAG_RA, FLAG_RA);
	assert_int_equal(message_rcode(&play.answer), rcode);
}

static inline void
client_hears_nothing(void)
{
	assert_int_equal(play.answers, 0);
	assert_int_equal(play.drops, 0);
}

static inline void
client_is_dropped(void)
{
	assert_int_equal(play.answers, 0);
	assert_int_equal(play.drops, 1);
	play.drops = 0;
}

/* -1: none. */
static inline int
heard_ede(void)
{
	const struct edns *e = &play.answer.edns;

	return e->ede_present ? e->ede_code : -1;
}

static inline void
heard_text_is(const char *text)
{
	const struct edns *e = &play.answer.edns;

	assert_int_equal(e->ede_text_len, strlen(text));
	assert_memory_equal(e->ede_text, text, strlen(text));
}

static inline unsigned
heard_count(enum section section, uint16_t type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < play.answer.rr_count; i++)
		n += play.answer.rr[i].section == section &&
		     play.answer.rr[i].type == type;
	return n;
}

static inline void
heard_is_empty(void)
{
	assert_int_equal(play.answer.rr_count, 0);
}

static inline bool
heard_address(const char *address, uint32_t ttl)
{
	struct addr a, want = play_addr(address);

	for (unsigned i = 0; i < play.answer.rr_count; i++) {
		const struct rr *rr = &play.answer.rr[i];

		if (rr->section == SECTION_ANSWER && rr->ttl == ttl &&
		    rr_address(&play.answer, rr, &a) && addr_equal(&a, &want))
			return true;
	}
	return false;
}

static inline void
upstream_is_asked(const char *name, uint16_t type)
{
	struct name want = play_name(name);

	assert_true(upstream_has_question());
	assert_true(name_equal(&last_ask()->q.name, &want));
	assert_int_equal(last_ask()->q.type, type);
}

static inline void
upstream_is_not_asked(void)
{
	assert_int_equal(play.asked, 0);
}

static inline void
upstream_says_address(const char *address, uint32_t ttl)
{
	static struct packet p;
	char owner[NAME_TEXT_SIZE];
	struct text t;

	text_init(&t, owner, sizeof(owner));
	name_print(&last_ask()->q.name, &t);
	packet_answer(&p);
	packet_address(&p, SECTION_ANSWER, owner, address, ttl);
	upstream_says(&p);
}

/* The letters so far are one, with that many items; the first is for ... */
static inline void
warden_is_asked(unsigned items, const char *destination, uint32_t ttl_s)
{
	struct addr want = play_addr(destination);

	assert_int_equal(play.letters, 1);
	play.letters = 0;
	assert_int_equal(play.items, items);
	assert_memory_equal(&play.item[0].destination, &want, sizeof(want));
	assert_memory_equal(&play.item[0].client, &play.origin.client.addr,
			    sizeof(want));
	assert_int_equal(play.item[0].ttl_s, ttl_s);
}

static inline void
warden_is_not_asked(void)
{
	assert_int_equal(play.letters, 0);
}

static inline void
log_holds(const char *lines)
{
	assert_string_equal(log_lines(), lines);
}

#endif
