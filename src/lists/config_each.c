/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lists file that is in force, read once more. */
#include <stdlib.h>
#include <string.h>

#include "lists/config.h"
#include "policy/complain.h"

static enum err
read_line(const char *text, size_t len, struct list_config *list,
	  const struct config_sink *to)
{
	struct key_config key;
	struct flaw flaw;

	switch (config_read_line(text, len, list, &key, &flaw)) {
	case CONFIG_LIST:
		return to->list(to->arg, list);
	case CONFIG_KEY:
		return to->key != NULL ? to->key(to->arg, &key) : ERR_NONE;
	default:
		return ERR_NONE;
	}
}

enum err
config_each(const char *text, size_t len, const struct config_sink *to)
{
	struct list_config *list = malloc(sizeof(*list));
	enum err err = list != NULL ? ERR_NONE : ERR_FULL;

	while (len > 0 && err == ERR_NONE) {
		const char *end = memchr(text, '\n', len);
		size_t line = end != NULL ? (size_t)(end - text) : len;

		err = read_line(text, line, list, to);
		line += end != NULL;
		text += line;
		len -= line;
	}
	free(list);
	return err;
}
