/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as an answer to "feed.example A" or AAAA: only addresses of the
 * type that was asked come out, and never more than there are records.
 */
#include <stdint.h>
#include <stdlib.h>

#include "supply/addresses.h"

struct taken {
	unsigned count;
	uint8_t family;
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static enum err
take(void *owner, const struct addr *a, uint32_t ttl)
{
	struct taken *t = owner;

	t->count++;
	must(a->family == t->family && ttl <= INT32_MAX);
	return ERR_NONE;
}

static void
read_as(const uint8_t *bytes, size_t size, uint16_t type)
{
	struct taken taken = { .family = type == TYPE_A ? 4 : 6 };
	const struct addresses_sink sink = { take, &taken };
	struct question q = { .type = type, .class = CLASS_IN };
	struct ask_answer answer = { .end = ASK_ANSWERED,
				     .bytes = bytes,
				     .len = size };
	struct reader *r = &answer.records.r;

	name_parse("feed.example", 12, &q.name, NULL);
	*r = reader_of(bytes, size);
	r->at = HEADER_SIZE + q.name.len + 4;
	if (header_read(bytes, size, &answer.header) != ERR_NONE ||
	    r->at > size)
		return;
	addresses_read(&answer, &q, &sink);
	must(taken.count <= answer.header.ancount);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size > MESSAGE_MAX)
		return 0;
	read_as(bytes, size, TYPE_A);
	read_as(bytes, size, TYPE_AAAA);
	return 0;
}
