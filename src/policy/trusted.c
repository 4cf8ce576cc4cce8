/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may resolve whatever no list has: rules like any others, behind those
 * of the access list, which so has the first word.
 */
#include "policy/trusted.h"

#include "conf/trusted.h"

static void
put_rule(struct text *out, const char *client, size_t len)
{
	text_bytes(out, client, len);
	text_str(out, " ~> *\n");
}

void
trusted_rules(const char *trusted, struct text *out)
{
	const char *word;
	size_t len;

	while ((word = trusted_next(&trusted, &len)) != NULL) {
		if (trusted_is_all(word, len)) {
			put_rule(out, "0.0.0.0/0", 9);
			put_rule(out, "::/0", 4);
		} else {
			put_rule(out, word, len);
		}
	}
}
