/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists by their names: what they hold, and whether there are such lists, is
 * known only to who opens them.
 */
#include "policy/named.h"

#include <string.h>

bool
list_name_is_good(const char *text, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

	if (len < 1 || len > LIST_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (memchr(letters, text[i], sizeof(letters) - 1) == NULL)
			return false;
	}
	return true;
}

enum err
named_add(struct named_lists *n, const struct named_list *list,
	  uint16_t *number_out)
{
	uint16_t i = 0;

	while (i < n->count && !name_equal(&n->at[i].name, &list->name))
		i++;
	*number_out = i;
	if (i < n->count)
		return ERR_NONE;
	if (i == IMAGE_MAX_LISTS)
		return ERR_RANGE;
	n->at[n->count++] = *list;
	return ERR_NONE;
}
