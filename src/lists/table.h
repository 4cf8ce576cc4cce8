/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sections of an image of lists, as they are. */
#ifndef LISTS_TABLE_H
#define LISTS_TABLE_H

#include "lists/image.h"

static inline const void *
lists_section(const struct lists_head *h, const struct lists_section *s)
{
	return (const char *)h + s->at;
}

static inline const struct lists_list *
lists_lists(const struct lists_head *h)
{
	return lists_section(h, &h->lists);
}

static inline const struct lists_key *
lists_keys(const struct lists_head *h)
{
	return lists_section(h, &h->keys);
}

static inline const struct lists_meaning *
lists_meanings(const struct lists_head *h)
{
	return lists_section(h, &h->meanings);
}

static inline const struct lists_mark *
lists_marks(const struct lists_head *h)
{
	return lists_section(h, &h->marks);
}

static inline const struct net *
lists_net_section(const struct lists_head *h)
{
	return lists_section(h, &h->nets);
}

static inline const char *
lists_texts(const struct lists_head *h)
{
	return lists_section(h, &h->texts);
}

/* Where a prefix length stands in the lengths of a trigger. */
static inline unsigned
lists_length_word(uint8_t family, unsigned bits)
{
	return family == 4 ? 0 : 1 + bits / 64;
}

#endif
