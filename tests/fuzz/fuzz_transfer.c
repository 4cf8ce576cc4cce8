/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first byte says what was asked for (bit 0: the whole zone) and what we
 * have; then come messages, each behind its length in two bytes.
 *
 * Oracle: the sink is begun before it is given anything, and once; a whole
 * zone begins with its SOA and has one; changes come as SOA gone, records
 * gone, SOA come, records come, each step from where the one before ended;
 * and where the transfer is done, the last step ends at the serial number
 * that it tells.
 */
#include <stdlib.h>

#include "supply/transfer.h"

struct watch {
	bool begun, whole, removing;
	uint32_t at;   /* serial number that the changes have come to */
	unsigned soas; /* of a whole zone */
	uint64_t records;
	struct name zone;
};

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static enum err
on_begin(void *arg, bool whole)
{
	struct watch *w = arg;

	require(!w->begun);
	w->begun = true;
	w->whole = whole;
	return ERR_NONE;
}

static uint32_t
serial_of(const struct zone_rr *rr)
{
	struct reader r = reader_of(rr->rdata, rr->rdata_len);

	require(rr->rdata_len >= 22 && rr->rdata_len <= SOA_RDATA_MAX);
	reader_take(&r, rr->rdata_len - 20u);
	return reader_u32(&r);
}

static void
take_step(struct watch *w, bool add, uint32_t serial)
{
	require(w->removing == add);
	if (add)
		require(serial_is_later(serial, w->at));
	else
		require(serial == w->at);
	w->removing = !add;
	w->at = serial;
}

static enum err
on_record(void *arg, bool add, const struct zone_rr *rr)
{
	struct watch *w = arg;
	bool is_soa = rr->type == TYPE_SOA && name_equal(&rr->owner, &w->zone);

	require(w->begun && rr->owner.len >= 1);
	require(rr->ttl <= INT32_MAX);
	if (is_soa && w->whole)
		w->soas++;
	else if (is_soa)
		take_step(w, add, serial_of(rr));
	else
		require(w->whole ? add : add != w->removing);
	w->records++;
	require(!w->whole || w->soas == 1);
	return ERR_NONE;
}

static void
feed_all(struct transfer *t, const uint8_t *data, size_t size,
	 const struct watch *w)
{
	enum transfer_news news = TRANSFER_MORE;

	while (size >= 2 && news == TRANSFER_MORE) {
		size_t len = (size_t)data[0] << 8 | data[1];

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		news = transfer_feed(t, data, len, 0, 0);
		data += len;
		size -= len;
	}
	require(news != TRANSFER_CURRENT || !w->begun);
	if (news != TRANSFER_DONE)
		return;
	require(w->begun);
	if (!w->whole)
		require(!w->removing && w->at == t->serial);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct transfer t;
	struct watch w = { 0 };
	struct transfer_sink sink = { on_begin, on_record, &w };
	struct transfer_setup setup = {
		.zone = &w.zone,
		.id = 0x1234,
		.to = &sink,
		.limits = transfer_usual,
	};

	if (size < 1)
		return 0;
	name_parse("z.test", 6, &w.zone, NULL);
	setup.whole = data[0] & 1;
	setup.serial = data[0] >> 1;
	setup.limits.records = 2000;
	w.at = setup.serial;
	transfer_begin(&t, &setup);
	feed_all(&t, data + 1, size - 1, &w);
	return 0;
}
