/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zones among the settings. They are typed by the owner, are host names,
 * and need none of the escapes that strangers' names need; so they have
 * their own small reader here.
 */
#include "conf/zone.h"

#include <ctype.h>
#include <string.h>

enum { LABEL_MAX = 63 };

static bool
label_append(const char *label, size_t len, struct option_zone *out)
{
	if (len < 1 || len > LABEL_MAX ||
	    out->len + 1 + len + 1 > sizeof(out->wire))
		return false;
	out->wire[out->len++] = (uint8_t)len;
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)label[i];

		if (!isalnum(c) && c != '-' && c != '_')
			return false;
		out->wire[out->len++] = (uint8_t)tolower(c);
	}
	return true;
}

bool
zone_parse(const char *text, size_t len, struct option_zone *out)
{
	memset(out, 0, sizeof(*out));
	if (len == 0)
		return false;
	if (text[len - 1] == '.')
		len--;
	for (size_t at = 0; at < len;) {
		const char *dot = memchr(text + at, '.', len - at);
		const size_t end = dot == NULL ? len : (size_t)(dot - text);

		if (!label_append(text + at, end - at, out))
			return false;
		if (dot != NULL && end + 1 == len)
			return false;
		at = end + 1;
	}
	out->wire[out->len++] = 0;
	return true;
}

void
zone_print(const struct option_zone *zone, struct text *out)
{
	if (zone->len <= 1)
		text_char(out, '.');
	for (size_t at = 0; at < zone->len && zone->wire[at] != 0;
	     at += 1u + zone->wire[at]) {
		text_bytes(out, (const char *)zone->wire + at + 1,
			   zone->wire[at]);
		text_char(out, '.');
	}
}
