/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names: read from messages and from text, compared, printed.
 *
 * One walker reads every name that a stranger sends. It never recurses and
 * never reads past the end; a pointer must lead to before the run of labels
 * that it ends, so each hop goes strictly backwards and there is no loop to
 * detect. RFC 1035 2.3.4, 3.1, 4.1.4 and 5.1; RFC 4343 for case.
 */
#include "wire/name.h"

#include <string.h>

enum {
	POINTER = 0xc0,	    /* the two top bits of a length byte */
	FIRST_NAME_AT = 12, /* no name lies in the header */
	HOPS_MAX = 127
};

struct walk {
	const uint8_t *message;
	size_t len;
	size_t at;	/* the byte to be read next */
	size_t segment; /* where this run of labels began */
	size_t behind;	/* first byte after the name; 0: not yet known */
	unsigned hops;
	unsigned labels;
	size_t total;
};

static bool
follow_pointer(struct walk *w)
{
	size_t target;

	if (w->len - w->at < 2)
		return false;
	target =
	    (size_t)(w->message[w->at] & ~POINTER) << 8 | w->message[w->at + 1];
	if (w->behind == 0)
		w->behind = w->at + 2;
	if (target < FIRST_NAME_AT || target >= w->segment)
		return false;
	w->segment = target;
	w->at = target;
	return ++w->hops <= HOPS_MAX;
}

/* The next label with its length byte in front; NULL where torn. */
static const uint8_t *
next_label(struct walk *w)
{
	const uint8_t *label;

	while (w->at < w->len && w->message[w->at] >= POINTER) {
		if (!follow_pointer(w))
			return NULL;
	}
	if (w->at >= w->len || w->message[w->at] > LABEL_MAX)
		return NULL;
	label = w->message + w->at;
	if (label[0] > w->len - w->at - 1)
		return NULL;
	w->at += 1U + label[0];
	w->total += 1U + label[0];
	w->labels++;
	if (w->behind == 0 && label[0] == 0)
		w->behind = w->at;
	return w->total <= NAME_MAX_WIRE ? label : NULL;
}

static struct walk
walk_from(const uint8_t *message, size_t len, size_t at)
{
	return (struct walk){
		.message = message, .len = len, .at = at, .segment = at
	};
}

enum err
name_read(const uint8_t *message, size_t len, size_t *at, struct name *out)
{
	struct walk w = walk_from(message, len, *at);
	const uint8_t *label;
	size_t used = 0;

	do {
		label = next_label(&w);
		if (label == NULL)
			return ERR_TORN;
		memcpy(out->wire + used, label, 1U + label[0]);
		used += 1U + label[0];
	} while (label[0] != 0);
	out->len = (uint8_t)used;
	*at = w.behind;
	return ERR_NONE;
}

enum err
name_skip(const uint8_t *message, size_t len, size_t *at, size_t *steps)
{
	struct walk w = walk_from(message, len, *at);
	const uint8_t *label;

	do {
		label = next_label(&w);
	} while (label != NULL && label[0] != 0);
	*steps += w.labels + w.hops;
	if (label == NULL)
		return ERR_TORN;
	*at = w.behind;
	return ERR_NONE;
}

uint8_t
name_fold(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

/* Length bytes are below 'A', so they fold to themselves. */
static bool
same_bytes(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (a[i] != b[i] && name_fold(a[i]) != name_fold(b[i]))
			return false;
	}
	return true;
}

bool
name_equal(const struct name *a, const struct name *b)
{
	return a->len == b->len && same_bytes(a->wire, b->wire, a->len);
}

void
name_lower(const struct name *from, struct name *to)
{
	for (size_t i = 0; i < from->len; i++)
		to->wire[i] = name_fold(from->wire[i]);
	to->len = from->len;
}

unsigned
name_labels(const struct name *n)
{
	unsigned labels = 0;

	for (size_t at = 0; n->wire[at] != 0; at += 1U + n->wire[at])
		labels++;
	return labels;
}

bool
name_is_under(const struct name *n, const struct name *zone)
{
	size_t at = 0;

	while ((size_t)n->len - at > zone->len)
		at += 1U + n->wire[at];
	return (size_t)n->len - at == zone->len &&
	       same_bytes(n->wire + at, zone->wire, zone->len);
}

void
name_go_up(struct name *n)
{
	unsigned skip = n->wire[0] + 1u;

	if (n->wire[0] == 0)
		return;
	n->len = (uint8_t)(n->len - skip);
	memmove(n->wire, n->wire + skip, n->len);
}

static bool
is_graphic(char c)
{
	return c > ' ' && c <= '~';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The byte that text[*at] stands for, or -1. */
static int
unescape(const char *text, size_t len, size_t *at)
{
	const char *p = text + *at;
	size_t left = len - *at;
	int value;

	if (!is_graphic(p[0]))
		return -1;
	if (p[0] != '\\') {
		*at += 1;
		return p[0];
	}
	if (left < 2 || !is_graphic(p[1]))
		return -1;
	if (!is_digit(p[1])) {
		*at += 2;
		return p[1];
	}
	if (left < 4 || !is_digit(p[2]) || !is_digit(p[3]))
		return -1;
	value = (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
	*at += 4;
	return value <= 255 ? value : -1;
}

/* Reads one label, up to its dot or the end, behind the used bytes. */
static bool
parse_label(const char *text, size_t len, size_t *at, struct name *out)
{
	size_t label = out->len++;
	size_t size = 0;

	out->wire[label] = 0;
	while (*at < len && text[*at] != '.') {
		size_t begin = *at;
		int byte = unescape(text, len, at);

		if (byte < 0 || size == LABEL_MAX ||
		    out->len + 1U >= NAME_MAX_WIRE) {
			*at = begin;
			return false;
		}
		out->wire[out->len++] = (uint8_t)byte;
		size++;
	}
	out->wire[label] = (uint8_t)size;
	return size > 0;
}

enum err
name_parse(const char *text, size_t len, struct name *out, size_t *bad_out)
{
	bool is_root = len == 1 && text[0] == '.';
	size_t at = 0;

	out->len = 0;
	while (!is_root) {
		if (!parse_label(text, len, &at, out)) {
			if (bad_out)
				*bad_out = at;
			return ERR_SYNTAX;
		}
		if (at < len)
			at++;
		if (at == len)
			break;
	}
	out->wire[out->len++] = 0;
	return ERR_NONE;
}

static bool
stands_as_it_is(uint8_t byte)
{
	uint8_t c = name_fold(byte);

	return (c >= 'a' && c <= 'z') || is_digit((char)c) || c == '-' ||
	       c == '_' || c == '*' || c == '/';
}

static void
print_byte(uint8_t byte, struct text *out)
{
	char escape[4] = { '\\', (char)('0' + byte / 100),
			   (char)('0' + byte / 10 % 10),
			   (char)('0' + byte % 10) };

	if (stands_as_it_is(byte))
		text_char(out, (char)byte);
	else
		text_bytes(out, escape, sizeof(escape));
}

void
name_print(const struct name *n, struct text *out)
{
	size_t at = 0;

	if (n->wire[0] == 0)
		text_char(out, '.');
	while (n->wire[at] != 0) {
		size_t end = at + 1U + n->wire[at];

		for (at++; at < end; at++)
			print_byte(n->wire[at], out);
		text_char(out, '.');
	}
}
