/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libcrypto, loaded. */
#include "supply/crypto.h"

#include "base/library.h"

/* That of version 3.0 and all later ones. */
static const char library_name[] = "libcrypto.so.3";

static const char *const names[] = {
#define CALL(name) #name,
#include "supply/crypto.def"
#undef CALL
};

const struct crypto_calls *
crypto(void)
{
	static struct crypto_calls calls;
	static bool loaded;

	if (!loaded)
		loaded = library_load(library_name, names,
				      sizeof(names) / sizeof(names[0]), &calls);
	return loaded ? &calls : NULL;
}
