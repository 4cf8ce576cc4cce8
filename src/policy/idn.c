/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UTF-8 to A-labels, in the compiler alone: everything behind it knows only
 * labels. Names are read as IDNA2008 says, after the mapping of case and width
 * that browsers do as well (UTS 46, not transitional).
 */
#include "policy/idn.h"

#include <string.h>

#include "config.h"

#ifdef HAVE_IDN2
#include <idn2.h>
#include <stdlib.h>
#endif

enum { TEXT_MOST = 1024 };

bool
domain_is_utf8(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return true;
	return false;
}

#ifdef HAVE_IDN2
const char *
domain_to_ascii(const char *text, size_t len, char out[DOMAIN_ASCII_SIZE])
{
	char copy[TEXT_MOST];
	char *ascii = NULL;
	int code;

	if (len >= sizeof(copy))
		return "is too long for a domain name";
	memcpy(copy, text, len);
	copy[len] = '\0';
	code = idn2_to_ascii_8z(copy, &ascii,
				IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (code != IDN2_OK)
		return "is not a valid internationalized name";
	len = strlen(ascii);
	if (len < DOMAIN_ASCII_SIZE)
		memcpy(out, ascii, len + 1);
	idn2_free(ascii);
	return len < DOMAIN_ASCII_SIZE ? NULL : "is too long for a domain name";
}
#else
const char *
domain_to_ascii(const char *text, size_t len, char out[DOMAIN_ASCII_SIZE])
{
	(void)text, (void)len, (void)out;
	return "is not ASCII, and this build has no libidn2";
}
#endif
