/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages cut from a stream, however its bytes arrive. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "net/frame.h"

enum { LEAST = 12, MOST = 100 };

/* Three messages of 12, 100 and 37 bytes, behind one another. */
static const size_t lengths[] = { 12, 100, 37 };

static size_t
write_stream(uint8_t *out)
{
	size_t at = 0;

	for (unsigned i = 0; i < 3; i++) {
		frame_head(out + at, lengths[i]);
		memset(out + at + FRAME_HEAD, 'a' + (int)i, lengths[i]);
		at += FRAME_HEAD + lengths[i];
	}
	return at;
}

/* Feeds pieces of at most `piece` bytes, the first of `first`. */
static void
feed_in_pieces(const uint8_t *stream, size_t len, size_t first, size_t piece)
{
	uint8_t bytes[MOST];
	struct frame f;
	unsigned whole = 0;

	frame_init(&f, bytes, LEAST, MOST);
	for (size_t at = 0; at < len;) {
		size_t want = at == 0 ? first : piece;
		const uint8_t *in = stream + at;
		size_t n = want < len - at ? want : len - at;

		at += n;
		while (n > 0 || f.have == f.len) {
			enum frame_news news = frame_feed(&f, &in, &n);

			assert_int_not_equal(news, FRAME_BAD);
			if (news == FRAME_MORE)
				break;
			assert_int_equal(f.len, lengths[whole]);
			for (size_t i = 0; i < f.len; i++)
				assert_int_equal(bytes[i], 'a' + (int)whole);
			whole++;
		}
		assert_int_equal(n, 0);
	}
	assert_int_equal(whole, 3);
}

static void
every_cut_gives_the_same_messages(void **state)
{
	uint8_t stream[256];
	size_t len = write_stream(stream);

	(void)state;
	for (size_t first = 1; first <= len; first++)
		for (size_t piece = 1; piece <= len; piece++)
			feed_in_pieces(stream, len, first, piece);
}

static enum frame_news
feed_length(unsigned len)
{
	uint8_t bytes[MOST], head[FRAME_HEAD];
	const uint8_t *in = head;
	size_t n = sizeof(head);
	struct frame f;

	frame_init(&f, bytes, LEAST, MOST);
	frame_head(head, len);
	return frame_feed(&f, &in, &n);
}

static void
lengths_out_of_bounds_are_bad(void **state)
{
	(void)state;
	assert_int_equal(feed_length(0), FRAME_BAD);
	assert_int_equal(feed_length(1), FRAME_BAD);
	assert_int_equal(feed_length(LEAST - 1), FRAME_BAD);
	assert_int_equal(feed_length(LEAST), FRAME_MORE);
	assert_int_equal(feed_length(MOST), FRAME_MORE);
	assert_int_equal(feed_length(MOST + 1), FRAME_BAD);
	assert_int_equal(feed_length(65535), FRAME_BAD);
}

static void
bad_stays_bad(void **state)
{
	uint8_t bytes[MOST];
	const uint8_t stream[] = { 0, 3, 'x', 'y', 'z', 0, 12 };
	const uint8_t *in = stream;
	size_t n = sizeof(stream);
	struct frame f;

	(void)state;
	frame_init(&f, bytes, LEAST, MOST);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(frame_feed(&f, &in, &n), FRAME_BAD);
}

static void
nothing_is_taken_behind_a_message(void **state)
{
	uint8_t stream[256], bytes[MOST];
	size_t len = write_stream(stream), n = len;
	const uint8_t *in = stream;
	struct frame f;

	(void)state;
	frame_init(&f, bytes, LEAST, MOST);
	assert_int_equal(frame_feed(&f, &in, &n), FRAME_WHOLE);
	assert_ptr_equal(in, stream + FRAME_HEAD + lengths[0]);
	assert_int_equal(n, len - FRAME_HEAD - lengths[0]);
}

static void
head_is_big_endian(void **state)
{
	uint8_t head[FRAME_HEAD];

	(void)state;
	frame_head(head, 0x0102);
	assert_int_equal(head[0], 1);
	assert_int_equal(head[1], 2);
	frame_head(head, 65535);
	assert_int_equal(head[0], 0xff);
	assert_int_equal(head[1], 0xff);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cut_gives_the_same_messages),
		cmocka_unit_test(lengths_out_of_bounds_are_bad),
		cmocka_unit_test(bad_stays_bad),
		cmocka_unit_test(nothing_is_taken_behind_a_message),
		cmocka_unit_test(head_is_big_endian),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
