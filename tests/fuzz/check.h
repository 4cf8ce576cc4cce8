/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must hold; a fuzzer is told where it did not. */
#ifndef FUZZ_CHECK_H
#define FUZZ_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(fact)                                                      \
	do {                                                             \
		if (!(fact)) {                                           \
			fprintf(stderr, "%d: %s\n", __LINE__, #fact);    \
			abort();                                         \
		}                                                        \
	} while (0)

#endif
