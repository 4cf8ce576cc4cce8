/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line at the control socket becomes an answer, whatever the line: its
 * first line is "ok" or "error: TEXT", and all of it is lines of printable
 * ASCII.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/answer.h"
#include "unit/ctl/pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const char acl[] = "10.0.0.0/8 -> www.example.com:TCP:443\n"
			  "10.0.0.0/8 -> *.example.com:UDP:53\n"
			  "10.0.0.0/8 -| ads.example.com = 192.0.2.1\n"
			  "10.0.0.0/8 ~> *\n"
			  "2001:db8::/32 -> six.example.com:TCP:443\n"
			  "0.0.0.0/0 -| bad.example.com\n";

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

static void
check(const struct text *t)
{
	demand(t->len > 0 && t->buf[t->len - 1] == '\n' && !t->cut);
	demand(strncmp(t->buf, "ok\n", 3) == 0 ||
	       strncmp(t->buf, "error: ", 7) == 0);
	for (size_t i = 0; i < t->len; i++)
		demand(t->buf[i] == '\n' ||
		       (t->buf[i] >= 0x20 && t->buf[i] <= 0x7e));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct pages_grant grant = { "10.0.0.2", "203.0.113.5",
						  443, 12, 60000 };
	static struct pages pages;
	struct answer a;

	if (pages.image == NULL) {
		demand(pages_init(&pages, acl));
		pages_ledger(&pages);
		pages_grant(&pages, 0, &grant);
	}
	answer_request(&a, &pages.view, (const char *)bytes, len);
	if (a.wish == WISH_NONE)
		check(&a.text);
	answer_free(&a);
	return 0;
}
