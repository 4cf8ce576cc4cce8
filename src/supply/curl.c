/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libcurl, loaded. */
#include "supply/curl.h"

#include "base/library.h"

/* The name under which version 7.16.0 and all later ones are installed. */
static const char library_name[] = "libcurl.so.4";

static const char *const names[] = {
#define CALL(name) "curl_" #name,
#include "supply/curl.def"
#undef CALL
};

enum err
curl_load(struct curl_calls *out)
{
	return library_load(library_name, names,
			    sizeof(names) / sizeof(names[0]), out)
		   ? ERR_NONE
		   : ERR_MISSING;
}
