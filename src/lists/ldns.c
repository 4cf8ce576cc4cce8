/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libldns, loaded (dlopen(3)). What is loaded is the process's for good, so
 * where its functions are is, too.
 */
#include "lists/ldns.h"

#include <dlfcn.h>
#include <string.h>

/* That of version 1.7 and all later ones. */
static const char library_name[] = "libldns.so.3";

static const struct ldns_calls *
load(struct ldns_calls *calls)
{
	void *library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
	void *symbol;

	if (library == NULL)
		return NULL;
#define CALL(name)                              \
	symbol = dlsym(library, "ldns_" #name); \
	if (symbol == NULL)                     \
		return NULL;                    \
	memcpy(&calls->name, &symbol, sizeof(symbol));
#include "lists/ldns.def"
#undef CALL
	return calls;
}

const struct ldns_calls *
ldns(void)
{
	static struct ldns_calls calls;
	static const struct ldns_calls *loaded;

	if (loaded == NULL)
		loaded = load(&calls);
	return loaded;
}
