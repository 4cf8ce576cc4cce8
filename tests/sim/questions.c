/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "questions.h"

#include <string.h>

#include "universe.h"
#include "wire/reply.h"
#include "wire/types.h"
#include "world.h"

static uint16_t
draw_type(void)
{
	static const uint16_t type[] = { TYPE_A,    TYPE_A,    TYPE_A,
					 TYPE_AAAA, TYPE_AAAA, TYPE_HTTPS,
					 TYPE_TXT,  TYPE_ANY };

	return type[per_mille(900) ? below(6) : 6 + below(2)];
}

/* Few names are asked for often, the others now and then. */
static const struct name *
draw_name(void)
{
	uint32_t at = per_mille(600) ? below(6) : below(NAMES);

	return &universe.name[at].name;
}

static void
spoil(uint8_t *bytes, size_t len)
{
	for (unsigned i = 1 + below(4); i > 0; i--)
		bytes[2 + below((uint32_t)len - 2)] = (uint8_t)draw();
}

size_t
question_draw(uint16_t id, uint8_t bytes[QUESTION_MOST])
{
	struct question q = { .name = *draw_name(),
			      .type = draw_type(),
			      .class = CLASS_IN };
	size_t len;

	if (per_mille(300))
		q.name.wire[1] ^= 0x20;
	len = query_write(bytes, QUESTION_MOST, id, &q, per_mille(700),
			  per_mille(100), per_mille(50));
	if (per_mille(30))
		spoil(bytes, len);
	return per_mille(10) ? 2 + below((uint32_t)len - 2) : len;
}
