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

/* Whoever has the records gives them in order. */
struct records {
	enum err (*each)(void *from, const struct record_sink *to);
	void *from;
};

static enum err
give_entries(const struct records *records, const struct rpz_sink *to)
{
	struct rpz *z = malloc(sizeof(*z));
	const struct record_sink sink = { rpz_take, z };
	enum err err;

	if (z == NULL)
		return ERR_FULL;
	rpz_init(z, to);
	err = records->each(records->from, &sink);
	if (err == ERR_NONE)
		err = rpz_end(z);
	free(z);
	return err;
}

static enum err
each_of_content(void *from, const struct record_sink *to)
{
	return content_each(from, to);
}

enum err
rpz_read_text(const struct zone_text *from, uint64_t max_bytes,
	      const struct rpz_sink *to, struct rpz_about *out)
{
	struct content c;
	const struct records records = { each_of_content, &c };
	enum err err = zone_read(from, max_bytes, &c, &out->bad);

	content_sort(&c);
	if (err == ERR_NONE)
		err = give_entries(&records, to);
	out->zone = c.zone;
	out->soa = c.soa;
	content_fini(&c);
	return err;
}

static enum err
each_of_kept(void *from, const struct record_sink *to)
{
	return kept_each(from, to);
}

enum err
rpz_read_kept(const uint8_t *bytes, size_t len, const struct rpz_sink *to,
	      struct rpz_about *out)
{
	struct kept k;
	const struct records records = { each_of_kept, &k };
	enum err err = kept_open(bytes, len, &k);

	out->bad = 0;
	if (err != ERR_NONE)
		return err;
	out->zone = k.about.zone;
	out->soa = k.about.soa;
	err = give_entries(&records, to);
	kept_close(&k);
	return err;
}
