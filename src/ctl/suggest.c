/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `suggest`: an access list of what was refused, for its owner to read.
 *
 * What it prints is an access list as a whole: lines that open something,
 * each marked as learned, and comments. It is nobody's but the reader's: no
 * process of ours ever loads it.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/answer.h"
#include "ctl/attempt.h"
#include "ctl/commands.h"
#include "ctl/lesson.h"
#include "policy/print.h"

enum {
	LESSONS_MAX = 4096,
	LINE_ROOM = 1280, /* a name, each byte of it an escape of four */
	PORTS_A_LINE = 64,
	WEB_PORT = 443
};

/* ---- since when --------------------------------------------------------- */

/* "90", "90s", "15m", "12h" or "7d" in milliseconds. */
static bool
span_parse(const char *text, int64_t *out)
{
	static const char units[] = "smhd";
	static const int64_t unit_s[] = { 1, 60, 3600, 86400 };
	const char *unit;
	int64_t n = 0;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9' && n < 10000000; text++)
		n = n * 10 + (*text - '0');
	unit = *text == '\0' ? units : strchr(units, *text);
	if (!unit || (*text != '\0' && text[1] != '\0'))
		return false;
	*out = n * unit_s[unit - units] * 1000;
	return true;
}

/* False: the answer has become an error. */
static bool
since_parse(struct answer *a, const struct request *r, int64_t now_ms,
	    int64_t *out)
{
	int64_t span;

	*out = 0;
	if (r->count == 0)
		return true;
	if (strcmp(r->argument[0], "--since") != 0 || r->count != 2 ||
	    !span_parse(r->argument[1], &span)) {
		answer_error(a, "suggest takes --since TIME: seconds, or a "
				"number with s, m, h or d behind it");
		return false;
	}
	*out = now_ms - span;
	return true;
}

/* ---- lines -------------------------------------------------------------- */

static void
print_name(const struct name *name, struct text *out)
{
	name_print(name, out);
	if (out->len > 0 && !out->cut)
		out->buf[--out->len] = '\0';
}

static void
print_times(const struct lesson *l, const char *what, int64_t now_ms,
	    struct text *out)
{
	text_printf(out, "%s %" PRIu64 " times, last %" PRId64 " s ago", what,
		    l->count, (now_ms - l->last_ms) / 1000);
}

static bool
is_same_line(const struct lesson *a, const struct lesson *b)
{
	return a->kind == LESSON_PACKET && b->kind == LESSON_PACKET &&
	       a->protocol == b->protocol && a->local == b->local &&
	       (a->local || addr_equal(&a->client, &b->client)) &&
	       a->name.len == b->name.len &&
	       memcmp(a->name.wire, b->name.wire, a->name.len) == 0;
}

static void
print_head(const struct lesson *l, const char *arrow, struct text *out)
{
	line_print_client(&l->client, l->local, out);
	text_printf(out, " %s ", arrow);
	print_name(&l->name, out);
}

/* As many lessons as one line can hold: the ports of one protocol. */
static size_t
print_packets(const struct lesson *l, size_t most, int64_t now_ms,
	      struct text *out)
{
	struct lesson sum = *l;
	size_t n;

	print_head(l, "->", out);
	text_printf(out, ":%s", protocol_text(l->protocol));
	for (n = 0; n < most && n < PORTS_A_LINE && is_same_line(l, &l[n]);
	     n++) {
		if (l->protocol != IPPROTO_ICMP &&
		    l->protocol != IPPROTO_ICMPV6)
			text_printf(out, "%c%u", n == 0 ? ':' : ',',
				    l[n].port);
		sum.count += n > 0 ? l[n].count : 0;
		if (l[n].last_ms > sum.last_ms)
			sum.last_ms = l[n].last_ms;
	}
	text_str(out, "  # learned: ");
	print_times(&sum, "tried", now_ms, out);
	text_char(out, '\n');
	return n;
}

/* Packets of the same name that stand before it say the port. */
static bool
is_known_by_packets(const struct lesson *l, size_t before)
{
	return before > 0 && l[-1].kind == LESSON_PACKET &&
	       l[-1].local == l->local &&
	       (l->local || addr_equal(&l[-1].client, &l->client)) &&
	       l[-1].name.len == l->name.len &&
	       memcmp(l[-1].name.wire, l->name.wire, l->name.len) == 0;
}

static void
print_query(const struct lesson *l, int64_t now_ms, struct text *out)
{
	print_head(l, l->guessed ? "->" : "~>", out);
	if (l->guessed)
		text_printf(out, ":TCP:%d", WEB_PORT);
	text_str(out, "  # learned: ");
	print_times(l, "asked for", now_ms, out);
	if (l->guessed)
		text_str(out, "; no packet was seen, the port is a guess");
	text_char(out, '\n');
}

static void
print_comment(const struct lesson *l, const struct view *v, int64_t now_ms,
	      struct text *out)
{
	const struct attempt tried = { .address = l->address,
				       .protocol = l->protocol,
				       .has_port = l->has_port,
				       .port = l->port };

	text_str(out, "# ");
	line_print_client(&l->client, l->local, out);
	text_char(out, ' ');
	if (l->name.len > 0)
		name_print(&l->name, out);
	else
		attempt_print(&tried, out);
	text_str(out, ": ");
	if (l->kind == LESSON_BLOCKED) {
		text_str(out, "blocked on purpose by ");
		finding_print_place(&v->policy, l->rule, out);
		text_str(out, ", ");
	} else if (l->name.len > 0) {
		text_str(out, "a name that no rule can have, ");
	} else {
		text_str(out, "no name leads there, or no rule can open it, ");
	}
	print_times(l, "refused", now_ms, out);
	text_char(out, '\n');
}

/* How many lessons were printed. */
static size_t
print_one(const struct lessons *l, size_t at, const struct view *v,
	  struct text *out)
{
	const struct lesson *one = &l->lesson[at];
	int64_t now_ms = clock_ms();

	if (one->kind == LESSON_QUERY && is_known_by_packets(one, at))
		return 1;
	if (one->kind == LESSON_BLOCKED || one->kind == LESSON_NAMELESS ||
	    !line_has_name(&one->name)) {
		print_comment(one, v, now_ms, out);
		return 1;
	}
	if (one->kind == LESSON_PACKET)
		return print_packets(one, l->count - at, now_ms, out);
	print_query(one, now_ms, out);
	return 1;
}

static bool
is_new_client(const struct lessons *l, size_t at)
{
	const struct lesson *one = &l->lesson[at];

	return at == 0 || one[-1].local != one->local ||
	       (!one->local && !addr_equal(&one[-1].client, &one->client));
}

static void
print_all(const struct lessons *l, const struct view *v, struct text *out)
{
	text_str(out, "# Learned by dns-firewall " PACKAGE_VERSION " from what "
		      "was refused. Nothing of it is in force:\n# keep what "
		      "is right, and put it into the access list.\n");
	if (v->refusals == NULL)
		text_str(out, "# Without --nflog the firewall's refusals are "
			      "not heard; this is of queries alone.\n");
	if (l->count == 0)
		text_str(out, "# Nothing was refused.\n");
	for (size_t i = 0; i < l->count;) {
		if (is_new_client(l, i)) {
			text_str(out, "\n# ");
			line_print_client(&l->lesson[i].client,
					  l->lesson[i].local, out);
			text_char(out, '\n');
		}
		i += print_one(l, i, v, out);
	}
	if (l->cut > 0)
		text_printf(out, "# %zu more found no room here.\n", l->cut);
}

void
suggest_answer(struct answer *a, const struct view *v,
	       const struct request *r)
{
	struct lessons l = { .room = LESSONS_MAX };
	struct evidence evidence;
	int64_t since_ms;

	if (!since_parse(a, r, clock_ms(), &since_ms) ||
	    !evidence_take(a, v, &evidence) ||
	    !answer_room(a, ANSWER_SMALL + LESSONS_MAX * LINE_ROOM))
		return;
	l.lesson = malloc(l.room * sizeof(*l.lesson));
	if (!l.lesson) {
		answer_error(a, "no memory for what was learned");
		return;
	}
	/* What the past does not know has no name, and so no line. */
	evidence.ledger = NULL;
	lessons_learn(&l, v, &evidence, since_ms);
	print_all(&l, v, &a->text);
	free(l.lesson);
}
