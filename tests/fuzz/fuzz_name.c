/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names from the wire become text and the same name again; text becomes a
 * name whose text means that name. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

static void
check_text(const struct name *n)
{
	char buf[NAME_TEXT_SIZE];
	struct name back;
	struct text t;

	demand(n->len >= 1 && n->wire[n->len - 1] == 0);
	demand(name_labels(n) <= 127);
	demand(name_is_under(n, n));
	text_init(&t, buf, sizeof(buf));
	name_print(n, &t);
	demand(!t.cut && t.len == strlen(buf));
	for (size_t i = 0; i < t.len; i++)
		demand(buf[i] > ' ' && buf[i] <= '~' && buf[i] != '"');
	demand(name_parse(buf, t.len, &back, NULL) == ERR_NONE);
	demand(back.len == n->len);
	demand(memcmp(back.wire, n->wire, n->len) == 0);
}

static void
check_from_wire(const uint8_t *data, size_t size)
{
	size_t at = 0, skipped = 0, steps = 0;
	struct name n;
	enum err err = name_read(data, size, &at, &n);

	demand(name_skip(data, size, &skipped, &steps) == err);
	demand(skipped == at && at <= size && steps <= 256);
	if (err == ERR_NONE)
		check_text(&n);
}

/* Begins behind a few bytes, so that there is something to point to. */
static void
check_behind(const uint8_t *data, size_t size)
{
	size_t at = data[0] % size;
	struct name n;

	if (name_read(data, size, &at, &n) == ERR_NONE) {
		demand(at <= size);
		check_text(&n);
	}
}

static void
check_from_text(const uint8_t *data, size_t size)
{
	size_t bad = size + 1;
	struct name n;

	if (name_parse((const char *)data, size, &n, &bad) == ERR_NONE)
		check_text(&n);
	else
		demand(bad <= size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	check_from_wire(data, size);
	check_behind(data, size);
	check_from_text(data, size);
	return 0;
}
