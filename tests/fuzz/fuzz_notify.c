/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A datagram to where primaries say that zones have changed. The first byte
 * says who sends it, and whether a key is agreed.
 *
 * Oracle: what is accepted comes from a primary, is a NOTIFY about its zone,
 * and never where a key is agreed (nobody here has it); the reply is an
 * answer with the same id, never longer than what it answers but where that
 * was signed.
 */
#include <stdlib.h>

#include "supply/notify.h"
#include "supply/tsig.h"
#include "wire/notify.h"

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check(const struct notify_letter *l, const struct notify_zones *zones,
      const struct notify_result *r)
{
	const struct notify_zone *z = zones->of;
	struct notify_message m;
	struct signature s;

	if (r->verdict == NOTIFY_ACCEPTED) {
		require(z->key == NULL && r->zone == 0);
		require(addr_equal(&z->server[r->server].addr, &l->from));
		require(notify_read(l->bytes, l->len, &m) == ERR_NONE);
		require(name_equal(&m.question.name, z->name));
	}
	if (r->reply_len == 0)
		return;
	require(r->reply_len >= HEADER_SIZE && r->reply[2] & 0x80);
	require(memcmp(r->reply, l->bytes, 2) == 0 && !(l->bytes[2] & 0x80));
	require(r->reply_len <= l->len ||
		signature_read(l->bytes, l->len, &s) == ERR_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t primary[4] = { 192, 0, 2, 1 };
	struct tsig_key key = { .algorithm = TSIG_HMAC_SHA256,
				.secret_len = 32 };
	struct endpoint server = { .port = 53 };
	struct notify_letter l = { .date_s = 1700000000 };
	struct notify_result result;
	struct notify_zone zone = { .server = &server, .servers = 1 };
	struct notify_zones zones = { &zone, 1 };
	struct name name;

	if (size < 1)
		return 0;
	name_parse("z.test", 6, &name, NULL);
	name_parse("key.test", 8, &key.name, NULL);
	memset(key.secret, 0x5a, sizeof(key.secret));
	addr_from_v4(primary, &server.addr);
	zone.name = &name;
	zone.key = data[0] & 1 ? &key : NULL;
	l.from = server.addr;
	l.from.byte[3] = (uint8_t)(1 + (data[0] >> 1 & 1));
	l.bytes = data + 1;
	l.len = size - 1 < NOTIFY_MAX ? size - 1 : NOTIFY_MAX;
	notify_judge(&l, &zones, &result);
	check(&l, &zones, &result);
	return 0;
}
