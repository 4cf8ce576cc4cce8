/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libldns, loaded. */
#include "lists/ldns.h"

#include "base/library.h"

/* That of version 1.7 and all later ones. */
static const char library_name[] = "libldns.so.3";

static const char *const names[] = {
#define CALL(name) "ldns_" #name,
#include "lists/ldns.def"
#undef CALL
};

const struct ldns_calls *
ldns(void)
{
	static struct ldns_calls calls;
	static bool loaded;

	if (!loaded)
		loaded = library_load(library_name, names,
				      sizeof(names) / sizeof(names[0]), &calls);
	return loaded ? &calls : NULL;
}
