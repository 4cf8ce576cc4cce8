/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where something stands among sorted elements; in as many steps as their
 * number has bits. */
#ifndef BASE_SORTED_H
#define BASE_SORTED_H

#include <stddef.h>

/* Below 0: the element stands before what is wanted; 0: it is that. */
typedef int sorted_fn(const void *element, const void *wanted);

/* In the order of `order`; the elements stay the caller's. */
struct sorted {
	const void *first;
	size_t count, size; /* size: of one, in bytes */
	sorted_fn *order;
};

/* The first that does not stand before what is wanted; count: all do. */
size_t sorted_place(const struct sorted *s, const void *wanted);

#endif
