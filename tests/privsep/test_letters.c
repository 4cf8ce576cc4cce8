/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forged letters: whatever breaks its row of post.def never reaches a
 * handler, and the sender is parted from.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "proc/post.h"

struct desk {
	int end[2]; /* [0] forges, [1] reads */
	struct post post;
	unsigned heard, hands;
};

static void
on_any(void *self, const void *letter, size_t size, int fd)
{
	struct desk *d = self;

	(void)letter;
	(void)size;
	d->heard++;
	if (fd != -1) {
		d->hands++;
		close(fd);
	}
}

static void
desk_open(struct desk *d, enum role self, enum role peer)
{
	memset(d, 0, sizeof(*d));
	assert_int_equal(post_pair(d->end), ERR_NONE);
	d->post.channel = d->end[1];
	d->post.self = self;
	d->post.peer = peer;
	d->post.arg = d;
	for (unsigned i = 0; i < POST_COUNT; i++)
		d->post.handler[i] = on_any;
}

static void
desk_close(struct desk *d)
{
	close(d->end[0]);
	close(d->end[1]);
}

/* What the warden says to bytes of a worker. */
static enum err
warden_hears(const void *bytes, size_t size, unsigned *heard_out)
{
	struct desk d;
	enum err err;

	desk_open(&d, ROLE_WARDEN, ROLE_WORKER);
	assert_int_equal(send(d.end[0], bytes, size, MSG_NOSIGNAL),
			 (ssize_t)size);
	err = post_pump(&d.post, 8);
	*heard_out = d.heard;
	desk_close(&d);
	return err;
}

struct grant_three {
	struct grant_letter letter;
	struct grant_item item[65];
};

static void
make_grants(struct grant_three *g, unsigned count)
{
	memset(g, 0, sizeof(*g));
	post_head(&g->letter.head, POST_GRANT, count);
}

static void
a_good_letter_is_heard(void **state)
{
	struct grant_three g;
	unsigned heard;

	(void)state;
	make_grants(&g, 64);
	assert_int_equal(warden_hears(&g, post_size(POST_GRANT, 64), &heard),
			 ERR_NONE);
	assert_int_equal(heard, 1);
}

static void
refused(const void *bytes, size_t size)
{
	unsigned heard;

	assert_int_equal(warden_hears(bytes, size, &heard), ERR_BROKEN);
	assert_int_equal(heard, 0);
}

static void
a_wrong_size_is_refused(void **state)
{
	struct grant_three g;

	(void)state;
	make_grants(&g, 2);
	refused(&g, post_size(POST_GRANT, 2) - 1);
	refused(&g, post_size(POST_GRANT, 2) + 1);
	refused(&g, post_size(POST_GRANT, 1));
	refused(&g, sizeof(g.letter));
	refused(&g, sizeof(g.letter.head) - 1);
	refused(&g, 1);
}

static void
a_wrong_count_is_refused(void **state)
{
	struct grant_three g;

	(void)state;
	make_grants(&g, 0);
	refused(&g, post_size(POST_GRANT, 0));
	make_grants(&g, 65);
	refused(&g, post_size(POST_GRANT, 65));
}

static void
a_wrong_head_is_refused(void **state)
{
	struct grant_three g;
	size_t size = post_size(POST_GRANT, 1);

	(void)state;
	make_grants(&g, 1);
	g.letter.head.magic ^= 1;
	refused(&g, size);
	make_grants(&g, 1);
	g.letter.head.version++;
	refused(&g, size);
	make_grants(&g, 1);
	g.letter.head.pad = 1;
	refused(&g, size);
	make_grants(&g, 1);
	g.letter.head.kind = POST_COUNT;
	refused(&g, size);
	make_grants(&g, 1);
	g.letter.head.kind = POST_NONE;
	refused(&g, size);
}

static void
no_role_speaks_for_another(void **state)
{
	struct plain_letter p = { 0 };
	struct hand_letter h = { 0 };
	struct granted_letter g = { 0 };

	(void)state;
	for (unsigned kind = 1; kind < POST_COUNT; kind++) {
		/* a worker may only ask for grants here */
		if (kind == POST_GRANT || kind == POST_READY)
			continue;
		post_head(&p.head, (enum letter_kind)kind, 0);
		refused(&p, sizeof(p));
	}
	post_head(&h.head, POST_HAND, 0);
	refused(&h, sizeof(h));
	post_head(&g.head, POST_GRANTED, 0);
	refused(&g, sizeof(g));
}

static void
a_descriptor_belongs_to_a_hand_only(void **state)
{
	struct hand_letter h = { .hand = HAND_POLICY };
	struct plain_letter p = { 0 };
	struct desk d;

	(void)state;
	desk_open(&d, ROLE_WORKER, ROLE_SUPERVISOR);
	post_head(&h.head, POST_HAND, 0);
	assert_int_equal(post_send(d.end[0], &h, sizeof(h), d.end[0]),
			 ERR_NONE);
	assert_int_equal(post_pump(&d.post, 1), ERR_NONE);
	assert_int_equal(d.hands, 1);
	/* a hand that is empty */
	assert_int_equal(post_send(d.end[0], &h, sizeof(h), -1), ERR_NONE);
	assert_int_equal(post_pump(&d.post, 1), ERR_BROKEN);
	/* a descriptor on another letter is closed, not kept */
	post_head(&p.head, POST_STOP, 0);
	assert_int_equal(post_send(d.end[0], &p, sizeof(p), d.end[0]),
			 ERR_NONE);

	int before = dup(0);

	close(before);
	assert_int_equal(post_pump(&d.post, 1), ERR_BROKEN);

	int after = dup(0);

	assert_int_equal(after, before);
	close(after);
	assert_int_equal(d.heard, 1);
	desk_close(&d);
}

static void
the_end_of_a_peer_is_seen(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, ROLE_WARDEN, ROLE_WORKER);
	close(d.end[0]);
	assert_int_equal(post_pump(&d.post, 1), ERR_CLOSED);
	close(d.end[1]);
}

static void
a_full_channel_costs_no_time(void **state)
{
	struct record_letter head = { 0 };
	struct {
		struct record_letter letter;
		struct record_item item[16];
	} r = { .letter = head };
	struct desk d;
	enum err err = ERR_NONE;
	unsigned sent = 0;

	(void)state;
	desk_open(&d, ROLE_RECORDER, ROLE_WORKER);
	post_head(&r.letter.head, POST_RECORD, 16);
	while (err == ERR_NONE && sent < 100000) {
		err = post_send(d.end[0], &r, post_size(POST_RECORD, 16), -1);
		sent += err == ERR_NONE;
	}
	assert_int_equal(err, ERR_AGAIN);
	assert_true(sent > 0);
	desk_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_letter_is_heard),
		cmocka_unit_test(a_wrong_size_is_refused),
		cmocka_unit_test(a_wrong_count_is_refused),
		cmocka_unit_test(a_wrong_head_is_refused),
		cmocka_unit_test(no_role_speaks_for_another),
		cmocka_unit_test(a_descriptor_belongs_to_a_hand_only),
		cmocka_unit_test(the_end_of_a_peer_is_seen),
		cmocka_unit_test(a_full_channel_costs_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
