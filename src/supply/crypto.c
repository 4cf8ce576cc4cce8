/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libcrypto, loaded (dlopen(3)). What is loaded is the process's for good, so
 * where its functions are is, too.
 */
#include "supply/crypto.h"

#include <dlfcn.h>
#include <string.h>

/* That of version 3.0 and all later ones. */
static const char library_name[] = "libcrypto.so.3";

static const struct crypto_calls *
load(struct crypto_calls *calls)
{
	void *library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
	void *symbol;

	if (library == NULL)
		return NULL;
#define CALL(name)                      \
	symbol = dlsym(library, #name); \
	if (symbol == NULL)             \
		return NULL;            \
	memcpy(&calls->name, &symbol, sizeof(symbol));
#include "supply/crypto.def"
#undef CALL
	return calls;
}

const struct crypto_calls *
crypto(void)
{
	static struct crypto_calls calls;
	static const struct crypto_calls *loaded;

	if (loaded == NULL)
		loaded = load(&calls);
	return loaded;
}
