/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any RDATA as that of an HTTPS record. Of the first byte one bit says whether
 * ech is stripped, one whether hints are filtered; a hint is kept where the
 * bits of the second byte are clear in its last byte. The rest is the RDATA.
 *
 * What must hold: what is written is read again, with the same priority and
 * target and the same parameters in the same order, but for those that were
 * to go; no hint is left that was not kept, and none that was kept is gone
 * but those beyond the most; a record goes as a whole exactly where it calls
 * something mandatory that was to go. Written once more it is the same.
 */
#include <string.h>

#include "check.h"
#include "wire/reader.h"
#include "wire/svcb.h"

enum { STRIP_ECH = 1, FILTER = 2 };

static uint8_t written[65536], again[65536];

static bool
keep(void *arg, const struct addr *hint)
{
	const uint8_t *mask = arg;

	return (hint->byte[hint->family == 4 ? 3 : 15] & *mask) == 0;
}

static uint8_t
family_of(uint16_t key)
{
	if (key == SVCB_IPV4HINT)
		return 4;
	return key == SVCB_IPV6HINT ? 6 : 0;
}

static unsigned
kept_count(const struct svcb *s, uint8_t family, const struct svcb_edit *edit)
{
	unsigned count = 0;
	struct addr a;

	for (unsigned i = 0; i < svcb_hint_count(s, family); i++) {
		svcb_hint(s, family, i, &a);
		count += keep(edit->arg, &a);
	}
	return count;
}

static bool
goes(const struct svcb *s, uint16_t key, const struct svcb_edit *edit)
{
	if (s->priority == 0 || (key == SVCB_ECH && edit->strip_ech))
		return true;
	return family_of(key) && edit->keep &&
	       kept_count(s, family_of(key), edit) == 0;
}

static bool
something_mandatory_goes(const struct svcb *s, const struct svcb_edit *edit)
{
	struct reader r = reader_of(s->mandatory.bytes, s->mandatory.len);

	while (s->priority > 0 && reader_left(&r) > 0)
		if (goes(s, reader_u16(&r), edit))
			return true;
	return false;
}

static void
check_hints(const struct svcb *s, const struct svcb *new, uint8_t family,
	    const struct svcb_edit *edit)
{
	struct addr a;

	CHECK(svcb_hint_count(new, family) == kept_count(s, family, edit));
	for (unsigned i = 0; i < svcb_hint_count(new, family); i++) {
		svcb_hint(new, family, i, &a);
		CHECK(keep(edit->arg, &a));
	}
}

/* Parameter by parameter: the same, or gone where it was to go. */
static void
check_params(const struct svcb *s, const struct svcb *new,
	     const struct svcb_edit *edit)
{
	struct reader a = reader_of(s->params.bytes, s->params.len);
	struct reader b = reader_of(new->params.bytes, new->params.len);

	while (reader_left(&a) > 0) {
		uint16_t key = reader_u16(&a), len = reader_u16(&a), len_b;
		const uint8_t *value = reader_take(&a, len), *value_b;

		if (goes(s, key, edit))
			continue;
		CHECK(reader_u16(&b) == key);
		len_b = reader_u16(&b);
		value_b = reader_take(&b, len_b);
		CHECK(value_b != NULL);
		if (family_of(key) && edit->keep)
			check_hints(s, new, family_of(key), edit);
		else
			CHECK(len_b == len && !memcmp(value, value_b, len));
	}
	CHECK(reader_left(&b) == 0 && !b.torn);
}

static void
check_written(const struct svcb *s, const struct svcb_edit *edit)
{
	struct writer w = writer_of(written, sizeof(written));
	struct writer twice = writer_of(again, sizeof(again));
	enum err err = svcb_write(s, edit, &w);
	struct svcb new;

	CHECK((err == ERR_MISSING) == something_mandatory_goes(s, edit));
	if (err == ERR_MISSING)
		return;
	CHECK(err == ERR_NONE);
	CHECK(svcb_read(written, w.at, &new) == ERR_NONE);
	CHECK(new.priority == s->priority);
	CHECK(name_equal(&new.target, &s->target));
	check_params(s, &new, edit);
	CHECK(svcb_write(&new, edit, &twice) == ERR_NONE);
	CHECK(twice.at == w.at && !memcmp(written, again, w.at));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct svcb_edit edit = { 0 };
	struct svcb s;
	uint8_t mask;

	if (size < 2 || size - 2 > UINT16_MAX)
		return 0;
	mask = data[1];
	edit.arg = &mask;
	edit.strip_ech = (data[0] & STRIP_ECH) != 0;
	edit.keep = data[0] & FILTER ? keep : NULL;
	if (svcb_read(data + 2, size - 2, &s) == ERR_NONE)
		check_written(&s, &edit);
	return 0;
}
