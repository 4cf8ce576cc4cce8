/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lists file that is in force, read once more. */
#include <stdlib.h>
#include <string.h>

#include "lists/config.h"
#include "policy/complain.h"

static enum err
read_line(const char *text, size_t len, struct list_config *list,
	  config_list_fn *each, void *arg)
{
	struct key_config key;
	struct flaw flaw;

	if (config_read_line(text, len, list, &key, &flaw) != CONFIG_LIST)
		return ERR_NONE;
	return each(arg, list);
}

enum err
config_each_list(const char *text, size_t len, config_list_fn *each, void *arg)
{
	struct list_config *list = malloc(sizeof(*list));
	enum err err = list != NULL ? ERR_NONE : ERR_FULL;

	while (len > 0 && err == ERR_NONE) {
		const char *end = memchr(text, '\n', len);
		size_t line = end != NULL ? (size_t)(end - text) : len;

		err = read_line(text, line, list, each, arg);
		line += end != NULL;
		text += line;
		len -= line;
	}
	free(list);
	return err;
}
