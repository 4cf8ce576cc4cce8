/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an image of lists is made of, as one number: an image of the same is
 * the same, and need not be made again.
 */
#ifndef LISTS_IDENTITY_H
#define LISTS_IDENTITY_H

#include <stdbool.h>

#include "lists/config.h"
#include "lists/guard.h"

struct identity {
	uint64_t number;
	bool is_unsure; /* something may have changed unnoticed */
};

/* Of the lists file, who may not be listed, and this version of ourselves. */
void identity_init(struct identity *id, const char *name, const char *text,
		   size_t len);
void identity_guard(struct identity *id, const struct guard *guard);
/* Of what a list is made of; fd -1: there is nothing. Moves in the file. */
void identity_content(struct identity *id, const struct list_config *config,
		      int fd);

#endif
