/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of every way to fail, from the one table in err.def. */
#include "base/err.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char *const texts[ERR_COUNT] = {
#define ERR(name, text) [ERR_##name] = text,
#include "base/err.def"
#undef ERR
};

const char *
err_text(enum err err)
{
	if (err == ERR_SYSTEM)
		return strerror(errno);
	if ((unsigned)err >= ERR_COUNT)
		return "unknown error";
	return texts[err];
}
