/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chains of aliases, many addresses or none, TTLs from nothing to for ever,
 * services with hints, records that nobody asked for, and codes of failure.
 */
#include "answers.h"

#include <string.h>

#include "trouble.h"
#include "universe.h"
#include "wire/types.h"
#include "world.h"

enum { UDP_MOST = 1232, POINTER_TO_QUESTION = 0xc00c };

static void
put8(struct answer *a, unsigned v)
{
	if (a->len < ANSWER_MOST)
		a->bytes[a->len++] = (uint8_t)v;
}

static void
put16(struct answer *a, unsigned v)
{
	put8(a, v >> 8);
	put8(a, v);
}

static void
put32(struct answer *a, uint32_t v)
{
	put16(a, v >> 16);
	put16(a, v & 0xffff);
}

static void
put(struct answer *a, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		put8(a, ((const uint8_t *)bytes)[i]);
}

static void
put_name(struct answer *a, int name)
{
	const struct name *n = &universe.name[name > 0 ? name : 0].name;

	if (name == NO_NAME || (name == a->qname && per_mille(700)))
		put16(a, POINTER_TO_QUESTION);
	else
		put(a, n->wire, n->len);
}

static uint32_t
draw_ttl(void)
{
	static const uint32_t ttl[] = {
		0,	  1,	       3,    20,    20,	    60,
		300,	  300,	       3600, 86400, 604800, 2147483647u,
		1u << 31, 4294967295u, 90,   7
	};

	return ttl[below(16)];
}

/* A record's head; its TTL counts for the answer where it is on the way. */
static void
put_head(struct answer *a, int owner, uint16_t type, bool on_the_way)
{
	uint32_t ttl = draw_ttl(), counts = ttl >> 31 ? 0 : ttl;

	put_name(a, owner);
	put16(a, type);
	put16(a, CLASS_IN);
	put32(a, ttl);
	if (on_the_way && counts < a->ttl)
		a->ttl = counts;
	a->count++;
}

static void
put_address(struct answer *a, int owner, int address, bool on_the_way)
{
	const struct addr *at = &universe.address[address];
	unsigned size = at->family == 4 ? 4 : 16;

	put_head(a, owner, at->family == 4 ? TYPE_A : TYPE_AAAA, on_the_way);
	put16(a, size);
	put(a, at->byte, size);
	if (on_the_way && a->address_count < OFFER_MOST)
		a->address[a->address_count++] = address;
}

static int
draw_address(uint16_t type)
{
	if (type == TYPE_A)
		return (int)below(ADDRESSES_V4);
	return ADDRESSES_V4 + (int)below(ADDRESSES - ADDRESSES_V4);
}

static void
put_addresses(struct answer *a, int owner, uint16_t type)
{
	uint32_t dice = below(100);
	unsigned count = dice < 5 ? 0 : dice < 95 ? 1 + below(4) : 25;

	for (unsigned i = 0; i < count; i++)
		put_address(a, owner, draw_address(type), true);
}

static void
put_alias(struct answer *a, int from, int to)
{
	put_head(a, from, TYPE_CNAME, true);
	put16(a, universe.name[to].name.len);
	put(a, universe.name[to].name.wire, universe.name[to].name.len);
	if (a->chain_count < CHAIN_MOST)
		a->chain[a->chain_count++] = to;
}

/* The name where the addresses are. */
static int
put_chain(struct answer *a)
{
	uint32_t dice = below(100);
	unsigned hops = dice < 65   ? 0
			: dice < 97 ? 1 + below(3)
				    : 14 + below(5);
	int at = a->qname;

	for (unsigned i = 0; i < hops; i++) {
		int next = hops > 5 ? (a->qname + 1 + (int)i) % NAMES
				    : (int)below(NAMES);

		put_alias(a, at, next);
		at = next;
	}
	return at;
}

static void
put_hints(struct answer *a, unsigned key, uint16_t type)
{
	unsigned count = 1 + below(3);

	put16(a, key);
	put16(a, count * (type == TYPE_A ? 4 : 16));
	for (unsigned i = 0; i < count; i++) {
		int address = draw_address(type);

		put(a, universe.address[address].byte, type == TYPE_A ? 4 : 16);
		if (a->address_count < OFFER_MOST)
			a->address[a->address_count++] = address;
	}
}

static void
put_service(struct answer *a, int owner)
{
	size_t length;
	int target = per_mille(700) ? NO_NAME : (int)below(NAMES);

	put_head(a, owner, TYPE_HTTPS, true);
	length = a->len;
	put16(a, 0);
	put16(a, per_mille(900));
	if (target == NO_NAME)
		put8(a, 0);
	else
		put(a, universe.name[target].name.wire,
		    universe.name[target].name.len);
	if (target != NO_NAME && a->chain_count < CHAIN_MOST)
		a->chain[a->chain_count++] = target;
	if (per_mille(300)) {
		put16(a, 1);
		put16(a, 3);
		put(a, "\2h2", 3);
	}
	if (per_mille(300)) {
		put16(a, 3);
		put16(a, 2);
		put16(a, per_mille(500) ? 443 : 8443);
	}
	if (per_mille(700))
		put_hints(a, 4, TYPE_A);
	if (per_mille(500))
		put_hints(a, 6, TYPE_AAAA);
	a->bytes[length] = (uint8_t)((a->len - length - 2) >> 8);
	a->bytes[length + 1] = (uint8_t)(a->len - length - 2);
}

static bool
is_on_the_way(const struct answer *a, int name)
{
	for (unsigned i = 0; i < a->chain_count; i++) {
		if (a->chain[i] == name)
			return true;
	}
	return name == a->qname;
}

/* Nobody asked for it, and nobody may get it. */
static const uint8_t evil[4] = { 66, 6, 6, 6 };

static void
put_unasked(struct answer *a)
{
	int owner = (int)below(NAMES);

	if (is_on_the_way(a, owner))
		return;
	put_head(a, owner, TYPE_A, false);
	put16(a, sizeof(evil));
	put(a, evil, sizeof(evil));
}

static void
put_data(struct answer *a, const struct message *asked)
{
	uint16_t type = asked->question.type;
	int owner = put_chain(a);

	if (type == TYPE_A || type == TYPE_AAAA)
		put_addresses(a, owner, type);
	else if (type == TYPE_HTTPS)
		for (unsigned i = 1 + below(2); i > 0; i--)
			put_service(a, owner);
}

static void
begin(struct answer *a, const struct message *asked)
{
	const struct name *name = &asked->question.name;

	a->len = 0;
	a->count = 0;
	a->chain_count = a->address_count = 0;
	a->ttl = UINT32_MAX;
	a->qname = universe_find_name(name);
	put16(a, asked->header.id);
	put16(a, FLAG_QR | FLAG_RD | FLAG_RA);
	put16(a, 1);
	put16(a, 0);
	put32(a, 0);
	put(a, name->wire, name->len);
	put16(a, asked->question.type);
	put16(a, asked->question.class);
}

static void
finish(struct answer *a, const struct message *asked, unsigned rcode)
{
	bool opt = asked->edns.present;

	a->bytes[3] |= (uint8_t)rcode;
	a->bytes[6] = (uint8_t)(a->count >> 8);
	a->bytes[7] = (uint8_t)a->count;
	if (!opt)
		return;
	a->bytes[11] = 1;
	put8(a, 0);
	put16(a, TYPE_OPT);
	put16(a, UDP_MOST);
	put32(a, 0);
	put16(a, 0);
}

static void
cut(struct answer *a, const struct message *asked)
{
	begin(a, asked);
	finish(a, asked, 0);
	a->bytes[2] |= FLAG_TC >> 8;
}

void
answer_draw(const struct message *asked, bool stream, struct answer *out)
{
	static const unsigned failure[] = { RCODE_SERVFAIL, RCODE_REFUSED,
					    RCODE_FORMERR, RCODE_NOTIMP };
	unsigned rcode = 0;

	begin(out, asked);
	if (per_mille(trouble.fails))
		rcode = failure[below(4)];
	else if (per_mille(30))
		rcode = RCODE_NXDOMAIN;
	else if (out->qname != NO_NAME)
		put_data(out, asked);
	if (rcode == 0 && out->qname != NO_NAME && per_mille(50))
		put_unasked(out);
	finish(out, asked, rcode);
	if (!stream && (out->len > UDP_MOST || per_mille(trouble.cut)))
		cut(out, asked);
}

void
answer_forge(const struct message *asked, struct answer *out)
{
	struct message guessed = *asked;
	struct name *name = &guessed.question.name;

	/* One of these is wrong: the id, the case, the name. */
	int asked_name = universe_find_name(name);

	if (asked_name == NO_NAME || per_mille(400))
		guessed.header.id ^= (uint16_t)(1 + below(65535));
	else if (per_mille(500))
		name->wire[1] ^= 0x20;
	else
		*name = universe.name[(asked_name + 1) % NAMES].name;
	begin(out, &guessed);
	put_head(out, out->qname, TYPE_A, false);
	put16(out, sizeof(evil));
	put(out, evil, sizeof(evil));
	finish(out, &guessed, 0);
}
