/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Written as other servers write whom they answer, so that a list of theirs
 * can be taken over as it is.
 */
#include "conf/trusted.h"

#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "conf/word.h"

const char *
trusted_next(const char **at, size_t *len_out)
{
	static const char between[] = " \t,;";
	const char *word = *at + strspn(*at, between);

	*len_out = strcspn(word, between);
	*at = word + *len_out;
	return *len_out > 0 ? word : NULL;
}

static bool
is(const char *word, size_t len, const char *what)
{
	return strlen(what) == len && strncasecmp(word, what, len) == 0;
}

bool
trusted_is_all(const char *word, size_t len)
{
	return is(word, len, "all") || is(word, len, "any");
}

const char *
word_trusted(const char *text)
{
	const char *word;
	struct net net;
	size_t len;

	while ((word = trusted_next(&text, &len)) != NULL) {
		if (!trusted_is_all(word, len) &&
		    !is(word, len, "localhost") &&
		    !is(word, len, "localnets") &&
		    net_parse(word, len, &net, NULL) != ERR_NONE)
			return "addresses and nets, localhost, localnets and "
			       "all, with blanks or ';' between them";
	}
	return NULL;
}
