/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err {
#define ERR(name, text) ERR_##name,
#include "base/err.def"
#undef ERR
	ERR_COUNT
};

/* The text of the row in err.def; for ERR_SYSTEM that of errno. */
const char *err_text(enum err err);

#endif
