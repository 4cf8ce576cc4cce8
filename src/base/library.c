/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Libraries that are loaded, not linked. */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

bool
library_load(const char *file, const char *const names[], size_t count,
	     void *calls)
{
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	char *at = calls;

	if (library == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		void *symbol = dlsym(library, names[i]);

		if (symbol == NULL)
			return false;
		memcpy(at + i * sizeof(symbol), &symbol, sizeof(symbol));
	}
	return true;
}
