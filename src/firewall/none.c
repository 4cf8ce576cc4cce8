/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No firewall: everything is granted, nothing is opened.
 *
 * For routers that use the DNS policy alone. It promises never to touch the
 * kernel.
 */
#include <stdlib.h>

#include "firewall/backend.h"

struct backend {
	uint32_t set_size;
};

static enum err
none_open(const struct backend_setup *s, struct backend **out)
{
	struct backend *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return ERR_FULL;
	b->set_size = s->set_size;
	*out = b;
	return ERR_NONE;
}

static void
none_close(struct backend *b)
{
	free(b);
}

static enum err
none_prepare(struct backend *b, enum set_index set)
{
	(void)b;
	(void)set;
	return ERR_NONE;
}

static enum err
none_add(struct backend *b, const struct backend_entry *entry, unsigned count,
	 struct backend_fault *fault_out)
{
	(void)b;
	(void)entry;
	(void)count;
	(void)fault_out;
	return ERR_NONE;
}

static enum err
none_remove(struct backend *b, const struct backend_entry *entry,
	    unsigned count)
{
	(void)b;
	(void)entry;
	(void)count;
	return ERR_NONE;
}

static enum err
none_has(struct backend *b, const struct backend_entry *entry, bool *has_out)
{
	(void)b;
	(void)entry;
	*has_out = true;
	return ERR_NONE;
}

static enum err
none_list(struct backend *b, enum set_index set, backend_entry_fn *each,
	  void *arg)
{
	(void)b;
	(void)set;
	(void)each;
	(void)arg;
	return ERR_NONE;
}

static enum err
none_look(struct backend *b, enum set_index set, struct backend_look *out)
{
	(void)set;
	*out = (struct backend_look){ .present = true,
				      .references = 1,
				      .capacity = b->set_size };
	return ERR_NONE;
}

static enum err
none_dispose(struct backend *b)
{
	(void)b;
	return ERR_NONE;
}

const struct backend_kind backend_none = {
	.name = "none",
	.open = none_open,
	.close = none_close,
	.prepare = none_prepare,
	.add = none_add,
	.remove = none_remove,
	.has = none_has,
	.list = none_list,
	.look = none_look,
	.dispose = none_dispose,
};
