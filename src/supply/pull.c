/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection of a transfer.
 *
 * It moves bytes from the socket to transfer.c and looks at the clock. A
 * primary that sends as fast as it can is read a piece at a time, so that
 * other lists have their turn.
 */
#include "supply/pull.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/pool.h"
#include "net/frame.h"
#include "net/stream.h"

enum { PIECE = 65536, QUERY_SIZE = 2048, WHY_SIZE = 256 };

struct pull {
	struct loop *loop;
	struct pull_wish wish;
	struct stream stream;
	struct pool waiting; /* what the stream could not send yet */
	struct frame frame;
	struct due due;
	struct tsig tsig;
	struct transfer transfer;
	int cause;	  /* errno of the connection, or 0 */
	bool began_badly; /* it never came to be */
	char why[WHY_SIZE];
	uint8_t message[MESSAGE_MAX];
	uint8_t piece[PIECE];
};

void
pull_cancel(struct pull *f)
{
	if (f == NULL)
		return;
	due_stop(f->loop, &f->due);
	stream_close(&f->stream);
	tsig_end(&f->tsig);
	pool_fini(&f->waiting);
	free(f);
}

static const char *
explain(struct pull *f)
{
	struct text text;

	text_init(&text, f->why, sizeof(f->why));
	if (f->transfer.messages == 0 && f->cause != 0)
		text_str(&text, strerror(f->cause));
	else
		transfer_print_flaw(&f->transfer, &text);
	return f->why;
}

static void
finish(struct pull *f, enum transfer_news news)
{
	struct pull_end end = { .news = news, .transfer = &f->transfer };

	if (news == TRANSFER_ASK_ALL || news == TRANSFER_FAILED)
		end.why = explain(f);
	due_stop(f->loop, &f->due);
	f->wish.done(f->wish.owner, &end);
	pull_cancel(f);
}

static void
finish_broken(struct pull *f, enum transfer_flaw flaw)
{
	finish(f, transfer_broken(&f->transfer, flaw));
}

static void
on_due(void *owner)
{
	struct pull *f = owner;
	int64_t wait_ms = transfer_ends_ms(&f->transfer) - clock_ms();

	if (f->began_badly)
		finish_broken(f, TRANSFER_CLOSED);
	else if (wait_ms <= 0)
		finish_broken(f, TRANSFER_SLOW);
	else
		due_in(f->loop, &f->due, wait_ms);
}

/* All whole messages of the piece; false where it is over. */
static bool
take_messages(struct pull *f, const uint8_t *in, size_t len)
{
	for (;;) {
		enum transfer_news news;

		switch (frame_feed(&f->frame, &in, &len)) {
		case FRAME_MORE:
			return true;
		case FRAME_BAD:
			finish_broken(f, TRANSFER_TORN);
			return false;
		case FRAME_WHOLE:
			break;
		}
		news = transfer_feed(&f->transfer, f->message, f->frame.len,
				     clock_ms(), clock_date_ms() / 1000);
		if (news == TRANSFER_MORE)
			continue;
		finish(f, news);
		return false;
	}
}

static void
on_ready(void *owner, bool readable, bool writable)
{
	struct pull *f = owner;
	size_t got = 0;
	enum err err;

	if (writable && stream_flush(&f->stream) != ERR_NONE) {
		f->cause = errno;
		finish_broken(f, TRANSFER_CLOSED);
		return;
	}
	if (!readable)
		return;
	err = stream_read(&f->stream, f->piece, sizeof(f->piece), &got);
	if (err == ERR_NONE) {
		take_messages(f, f->piece, got);
	} else if (err != ERR_AGAIN) {
		f->cause = err == ERR_SYSTEM ? errno : 0;
		finish_broken(f, TRANSFER_CLOSED);
	}
}

static enum err
send_question(struct pull *f)
{
	uint8_t head[FRAME_HEAD], query[QUERY_SIZE];
	struct writer w = writer_of(query, sizeof(query));
	struct stream_part part[2] = { { head, sizeof(head) }, { query, 0 } };

	w.at = transfer_ask(&f->transfer.setup, query, sizeof(query));
	if (f->wish.key != NULL &&
	    tsig_sign(&f->tsig, &w, clock_date_ms() / 1000) != ERR_NONE)
		return ERR_FULL;
	part[1].len = w.at;
	frame_head(head, w.at);
	return stream_write(&f->stream, part);
}

static enum err
connect_to(struct pull *f)
{
	struct stream_setup setup = { .loop = f->loop,
				      .buffers = &f->waiting,
				      .buffer_size = f->waiting.slot_size,
				      .fn = on_ready,
				      .owner = f };
	enum err err = stream_connect(&f->stream, &setup, f->wish.to);

	if (err == ERR_NONE)
		err = send_question(f);
	if (err == ERR_NONE)
		stream_read_on(&f->stream, true);
	return err;
}

static void
begin_transfer(struct pull *f, struct random *random)
{
	const struct pull_wish *w = &f->wish;
	struct transfer_setup setup = {
		.zone = w->zone,
		.whole = w->whole,
		.serial = w->serial,
		.id = random_u16(random),
		.tsig = w->key ? &f->tsig : NULL,
		.to = w->sink,
		.limits = w->limits,
		.now_ms = clock_ms(),
	};

	transfer_begin(&f->transfer, &setup);
	frame_init(&f->frame, f->message, HEADER_SIZE, sizeof(f->message));
	due_init(&f->due, on_due, f);
}

enum err
pull_begin(struct loop *loop, struct random *random,
	    const struct pull_wish *wish, struct pull **out)
{
	struct pull *f = calloc(1, sizeof(*f));

	*out = NULL;
	if (f == NULL)
		return ERR_FULL;
	f->loop = loop;
	f->wish = *wish;
	f->stream.fd = -1;
	begin_transfer(f, random);
	if (pool_init(&f->waiting, QUERY_SIZE + FRAME_HEAD, 1) != ERR_NONE ||
	    (wish->key && tsig_begin(&f->tsig, wish->key) != ERR_NONE)) {
		pull_cancel(f);
		return ERR_FULL;
	}
	if (connect_to(f) != ERR_NONE) {
		f->cause = errno;
		f->began_badly = true;
	}
	due_in(loop, &f->due, f->began_badly ? 0 : wish->limits.first_ms);
	*out = f;
	return ERR_NONE;
}
