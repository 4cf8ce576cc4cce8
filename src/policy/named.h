/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists that an access list names, each once. */
#ifndef POLICY_NAMED_H
#define POLICY_NAMED_H

#include "base/err.h"
#include "policy/image.h"
#include "wire/name.h"

struct named_list {
	struct name name; /* one label */
	uint32_t file, line, column; /* where it is named first */
};

struct named_lists {
	struct named_list at[IMAGE_MAX_LISTS];
	uint16_t count;
};

/* Its number, new or not. ERR_RANGE: there are IMAGE_MAX_LISTS others. */
enum err named_add(struct named_lists *n, const struct named_list *list,
		   uint16_t *number_out);

#endif
