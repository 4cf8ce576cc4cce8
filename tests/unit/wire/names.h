/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names for tests, from text. */
#ifndef TESTS_WIRE_NAMES_H
#define TESTS_WIRE_NAMES_H

#include <string.h>

#include "wire/name.h"

static inline struct name
name_of(const char *text)
{
	struct name n;

	if (name_parse(text, strlen(text), &n, NULL) != ERR_NONE)
		fail_msg("%s is not a name", text);
	return n;
}

static inline void
assert_name(const struct name *n, const char *want)
{
	char buf[NAME_TEXT_SIZE];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	name_print(n, &t);
	assert_string_equal(buf, want);
}

#endif
