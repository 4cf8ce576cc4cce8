/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy zones as a whole.
 *
 * What stands at one owner may be scattered over a file, so all of it is
 * gathered and sorted before the first entry is known.
 */
#include "lists/rpz_zone.h"

#include <stdlib.h>

enum err
rpz_take(void *arg, const struct zone_record *r)
{
	return rpz_add(arg, r);
}

static enum err
give_entries(struct content *c, const struct rpz_sink *to)
{
	struct rpz *z = malloc(sizeof(*z));
	const struct record_sink sink = { rpz_take, z };
	enum err err;

	if (z == NULL)
		return ERR_FULL;
	content_sort(c);
	rpz_init(z, to);
	err = content_each(c, &sink);
	if (err == ERR_NONE)
		err = rpz_end(z);
	free(z);
	return err;
}

enum err
rpz_read_text(const struct zone_text *from, uint64_t max_bytes,
	      const struct rpz_sink *to, struct rpz_about *out)
{
	struct content c;
	enum err err = zone_read(from, max_bytes, &c, &out->bad);

	if (err == ERR_NONE)
		err = give_entries(&c, to);
	out->zone = c.zone;
	out->soa = c.soa;
	content_fini(&c);
	return err;
}
