/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libcurl, loaded (dlopen(3)). */
#include "supply/curl.h"

#include <dlfcn.h>
#include <string.h>

/* The name under which version 7.16.0 and all later ones are installed. */
static const char library_name[] = "libcurl.so.4";

enum err
curl_load(struct curl_calls *out)
{
	void *library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
	struct curl_calls calls;
	void *symbol;

	if (library == NULL)
		return ERR_MISSING;
#define CALL(name)                              \
	symbol = dlsym(library, "curl_" #name); \
	if (symbol == NULL)                     \
		return ERR_MISSING;             \
	memcpy(&calls.name, &symbol, sizeof(symbol));
#include "supply/curl.def"
#undef CALL
	*out = calls;
	return ERR_NONE;
}
