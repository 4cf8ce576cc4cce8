/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a list on its way in: what is found is the same in whatever
 * pieces it comes, and no more is understood than there are lines and bytes.
 */
#include <stdint.h>
#include <stdlib.h>

#include "supply/safety.h"

static void
must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct safety whole, pieces;
	const char *text = (const char *)bytes + 2;
	enum list_form form;
	enum safety_flaw flaw;
	size_t piece;

	if (size < 2)
		return 0;
	form = bytes[0] % FORM_COUNT;
	if (form == FORM_RPZ)
		return 0;
	piece = bytes[1] % 16 + 1u;
	size -= 2;
	safety_init(&whole, form, bytes[1] >> 6);
	safety_init(&pieces, form, bytes[1] >> 6);
	safety_bytes(&whole, text, size);
	for (size_t at = 0; at < size; at += piece)
		safety_bytes(&pieces, text + at,
			     size - at < piece ? size - at : piece);
	flaw = safety_end(&whole, 0);
	must(safety_end(&pieces, 0) == flaw);
	must(flaw < SAFETY_FLAWS);
	must(pieces.entries == whole.entries && pieces.bad == whole.bad);
	must(whole.lines <= size + 1 && whole.bad <= whole.lines);
	must(flaw != SAFETY_NONE || whole.entries > 0);
	return 0;
}
