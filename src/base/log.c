/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The application log.
 *
 * Every process has one, and a line may be due anywhere, also where nothing
 * but an error is at hand: the descriptor is therefore the one thing in the
 * program that is global, with the count of lines it did not take.
 *
 * The promises: a line is one write of at most 1024 bytes, printable ASCII
 * whatever was logged, so that nobody can forge a second line; and the
 * writer never waits for the reader.
 */
#include "base/log.h"

#include <stdio.h>
#include <unistd.h>

#include "base/sink.h"
#include "base/text.h"

#define ELLIPSIS "...\n"

enum {
	LINE_MAX_BYTES = 1024,
	/* of a line without what ends it */
	BODY_MAX_BYTES = LINE_MAX_BYTES - (sizeof(ELLIPSIS) - 1),
	LIMIT_MS = 1000
};

static struct {
	int fd;
	bool torn; /* the last line went out without its end */
	uint64_t lost;
} state = { .fd = STDERR_FILENO };

static const char *const prefixes[] = {
	[LOG_INFO] = "[INFO ] ",
	[LOG_WARN] = "[WARN ] ",
	[LOG_ERROR] = "[ERROR] ",
};

/* What stands before the line: the end of a torn one, and the number of
 * those that were lost. */
static void
put_notice(struct text *out)
{
	if (state.torn)
		text_char(out, '\n');
	if (state.lost == 0)
		return;
	text_str(out, prefixes[LOG_WARN]);
	text_u64(out, state.lost);
	text_str(out, " log lines were lost: their reader was too slow\n");
}

static void
put_line(struct text *out, enum log_level level, const char *raw, size_t len)
{
	char buf[BODY_MAX_BYTES + 1];
	struct text line;

	text_init(&line, buf, sizeof(buf));
	text_str(&line, prefixes[level]);
	text_escaped(&line, raw, len);
	text_bytes(out, buf, line.len);
	text_str(out, line.cut ? ELLIPSIS : "\n");
}

void
log_to(int fd)
{
	state.fd = fd;
}

void
log_line(enum log_level level, const char *format, ...)
{
	char raw[LINE_MAX_BYTES], buf[2 * LINE_MAX_BYTES];
	struct text out;
	va_list args;
	ssize_t n;
	int len;

	va_start(args, format);
	len = vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(raw))
		len = (int)sizeof(raw) - 1;
	text_init(&out, buf, sizeof(buf));
	put_notice(&out);
	put_line(&out, level, raw, (size_t)len);
	n = sink_write(state.fd, buf, out.len);
	if (n <= 0) {
		state.lost++;
		return;
	}
	state.torn = (size_t)n < out.len;
	state.lost = 0;
}

bool
log_may(struct log_limit *limit, int64_t now_ms, uint64_t *missed_out)
{
	*missed_out = limit->missed;
	if (limit->last_ms != 0 && now_ms - limit->last_ms < LIMIT_MS) {
		limit->missed++;
		return false;
	}
	limit->last_ms = now_ms;
	limit->missed = 0;
	return true;
}
