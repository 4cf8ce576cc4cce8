/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a request line to the bytes that go back.
 *
 * Whatever a name, a path or a complaint held, what leaves here is lines of
 * printable ASCII: that is made sure of in one place, answer_seal().
 */
#include "ctl/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/commands.h"

enum { COMPLAINT_SIZE = 512, TAIL_SIZE = 32 };

static void
answer_begin(struct answer *a)
{
	a->heap = NULL;
	a->wish = WISH_NONE;
	text_init(&a->text, a->small, sizeof(a->small));
}

bool
answer_room(struct answer *a, size_t size)
{
	char *heap = malloc(size + TAIL_SIZE);

	if (heap == NULL) {
		answer_error(a, "no memory for an answer of %zu bytes", size);
		return false;
	}
	a->heap = heap;
	text_init(&a->text, heap, size);
	text_str(&a->text, "ok\n");
	return true;
}

void
answer_no(struct answer *a)
{
	memcpy(a->text.buf, "no\n", 3);
}

void
answer_free(struct answer *a)
{
	free(a->heap);
	a->heap = NULL;
}

void
answer_error(struct answer *a, const char *format, ...)
{
	char complaint[COMPLAINT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(complaint, sizeof(complaint), format, args);
	va_end(args);
	answer_free(a);
	answer_begin(a);
	text_printf(&a->text, "error: %s\n", complaint);
}

/* Takes back the line that was cut and says so; answer_room() kept the room
 * for it. */
static void
end_at_line(struct answer *a)
{
	struct text *t = &a->text;

	if (a->heap == NULL || !t->cut)
		return;
	while (t->len > 0 && t->buf[t->len - 1] != '\n')
		t->len--;
	t->cut = false;
	t->size += TAIL_SIZE;
	text_str(t, "... and more\n");
}

void
answer_seal(struct answer *a)
{
	end_at_line(a);
	for (size_t i = 0; i < a->text.len; i++) {
		char *c = &a->text.buf[i];

		if (*c != '\n' && (*c < 0x20 || *c > 0x7e))
			*c = '?';
	}
}

#define ANSWER_DAEMON(name) [COMMAND_##name] = name##_answer,
#define ANSWER_TOOL(name)
static answer_fn *const doers[COMMAND_COUNT] = {
#define COMMAND(name, arguments, least, most, doer, help) ANSWER_##doer(name)
#include "ctl/commands.def"
#undef COMMAND
};

void
answer_request(struct answer *a, const struct view *v, const char *line,
	       size_t len)
{
	char why[COMPLAINT_SIZE];
	struct text complaint;
	struct request request;

	answer_begin(a);
	text_init(&complaint, why, sizeof(why));
	if (request_parse(line, len, &request, &complaint) != ERR_NONE)
		answer_error(a, "%s", why);
	else if (doers[request.command] == NULL)
		answer_error(a, "%s is done by dns-firewallctl itself",
			     command_row(request.command)->name);
	else
		doers[request.command](a, v, &request);
	answer_seal(a);
}
