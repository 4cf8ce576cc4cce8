/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Record letters of a worker that a stranger has taken over.
 *
 * The input is one letter as it comes from the channel. What post_check() and
 * record_is_sound() let through is printed in every form. Oracle: one line
 * each, printable ASCII, not cut; of the JSON, quotes and brackets pair; of
 * the journal's entry, every line a field of ours.
 */
#include <stdlib.h>
#include <string.h>

#include "proc/post.h"
#include "record/journal.h"
#include "record/scribe.h"

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check_json(const char *line, size_t len)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i + 1 < len; i++) {
		if (line[i] == '\\') {
			require(quoted && i + 2 < len);
			i++;
		} else if (line[i] == '"') {
			quoted = !quoted;
		} else if (!quoted && (line[i] == '{' || line[i] == '[')) {
			depth++;
		} else if (!quoted && (line[i] == '}' || line[i] == ']')) {
			require(depth-- > 0);
		}
	}
	require(depth == 0 && !quoted);
}

static void
check_journal(const char *at, const char *end)
{
	while (at < end) {
		const char *line = at;

		at = memchr(at, '\n', (size_t)(end - at));
		require(at != NULL);
		require(strncmp(line, "DNSFW_", 6) == 0 ||
			strncmp(line, "MESSAGE=", 8) == 0 ||
			strncmp(line, "PRIORITY=", 9) == 0 ||
			strncmp(line, "SYSLOG_IDENTIFIER=", 18) == 0);
		at++;
	}
}

static void
check_lines(const struct line_queue *q, unsigned count)
{
	unsigned lines = 0;

	for (size_t i = 0; i < q->len; i++) {
		lines += q->bytes[q->at + i] == '\n';
		require(q->bytes[q->at + i] == '\n' ||
			(q->bytes[q->at + i] >= 0x20 &&
			 q->bytes[q->at + i] < 0x7f));
	}
	require(lines == count && q->dropped == 0);
}

/* Writes the letter in one form; how many events it held. */
static void
write_as(const struct options *opt, const struct record_letter *letter)
{
	const struct record_item *items = (const void *)(letter + 1);
	struct line_queue q;
	struct scribe s;
	struct scribe_chain chain = { 0 };
	unsigned events = 0;

	require(queue_init(&q, opt->log_journal) == ERR_NONE);
	require(scribe_init(&s, opt, &q) == ERR_NONE);
	if (scribe_write(&s, letter, items, &chain) == ERR_NONE) {
		for (unsigned i = 0; i < letter->head.count; i++)
			events += record_is_event(items[i].kind);
		if (!opt->log_journal)
			check_lines(&q, events);
		if (opt->log_format == LOG_FORMAT_JSON && events == 1 &&
		    !opt->log_journal)
			check_json(q.bytes, q.len);
		if (opt->log_journal && events == 1)
			check_journal(q.bytes + 4, q.bytes + q.len);
	}
	scribe_fini(&s);
	queue_fini(&q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_Alignas(16) uint8_t letter[POST_MAX_SIZE];
	static struct options opt;

	if (size > sizeof(letter))
		return 0;
	memcpy(letter, data, size);
	if (post_check(ROLE_WORKER, ROLE_RECORDER, letter, size) != ERR_NONE ||
	    letter[3] != POST_RECORD)
		return 0;
	for (unsigned i = 0; i < 4; i++) {
		opt.log_format = i & 1 ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT;
		opt.log_journal = (i & 2) != 0;
		write_as(&opt, (const void *)letter);
	}
	return 0;
}
