/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domain names as labels on the wire (RFC 1035 3.1, 4.1.4), never as text.
 *
 * A struct name is always whole: uncompressed, at most 255 bytes, labels of
 * at most 63, closed by the root label. Case is kept as it came; every
 * comparison ignores it.
 */
#ifndef WIRE_NAME_H
#define WIRE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

enum {
	NAME_MAX_WIRE = 255,
	LABEL_MAX = 63,
	/* 255 bytes, each \DDD, and a NUL */
	NAME_TEXT_SIZE = 1021
};

struct name {
	uint8_t len; /* bytes used, with the root label; >= 1 */
	uint8_t wire[NAME_MAX_WIRE];
};

/* Upper case A-Z to lower case, any other byte as it is. */
uint8_t name_fold(uint8_t byte);

bool name_equal(const struct name *a, const struct name *b);
/* Lower-cased copy: the form that every table is keyed by. */
void name_lower(const struct name *from, struct name *to);
/* Labels without the root: "." has 0, "a.b." has 2. */
unsigned name_labels(const struct name *n);
/* True where n is zone or lies below it. */
bool name_is_under(const struct name *n, const struct name *zone);
/* From a name to the one right above it; the root stays what it is. */
void name_go_up(struct name *n);

/* Reads a possibly compressed name at *at of a message of len bytes and
 * moves *at behind it. Pointers lead strictly backwards and are followed at
 * most 127 times; anything else is ERR_TORN. */
enum err name_read(const uint8_t *message, size_t len, size_t *at,
		   struct name *out);

/* Moves *at behind a name under the same rules without unpacking it, and adds
 * the labels and pointers it looked at to *steps. */
enum err name_skip(const uint8_t *message, size_t len, size_t *at,
		   size_t *steps);

/* Text in the presentation format of RFC 1035 5.1: "a.example" or
 * "a.example.", escapes \X and \DDD. ERR_SYNTAX: empty label, label over 63,
 * name over 255, bad escape, a byte that is not printable ASCII; *bad_out
 * (may be NULL) is the offset of the first offending byte. */
enum err name_parse(const char *text, size_t len, struct name *out,
		    size_t *bad_out);
/* Always ends in a dot. Letters, digits, '-', '_', and '*', '/' stand as
 * they are, any other byte as \DDD. */
void name_print(const struct name *n, struct text *out);

#endif
