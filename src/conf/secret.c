/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A key in base64, from when it is read until it is handed on. */
#include "conf/secret.h"

#include <string.h>

#include "conf/options.h"

static char secret[OPTION_TEXT_SIZE];

bool
secret_keep(const char *text)
{
	size_t len = strlen(text);

	if (len >= sizeof(secret))
		return false;
	memcpy(secret, text, len + 1);
	return true;
}

const char *
secret_text(void)
{
	return secret;
}

void
secret_forget(void)
{
	explicit_bzero(secret, sizeof(secret));
}
