/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One search for all tables whose order is their index. It never looks at an
 * element twice and never outside of them.
 */
#include "base/sorted.h"

size_t
sorted_place(const struct sorted *s, const void *wanted)
{
	const char *element = s->first;
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->order(element + middle * s->size, wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
