/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses, the nets they lie in, and what a destination may be.
 *
 * The guard's two tables stand here because both the side that proposes an
 * address and the side that admits it to the firewall ask them: an address
 * that leads back to the router, or nowhere, must not be opened whoever
 * names it. Sources: IANA special-purpose registries (RFC 6890), RFC 6052
 * and 8215 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo).
 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#include "base/text.h"

struct range {
	uint8_t byte[16];
	uint8_t bits;
	enum addr_class class;
};

static const struct range ranges4[] = {
	{ { 0 }, 8, ADDR_NEVER },
	{ { 127 }, 8, ADDR_NEVER },
	{ { 169, 254 }, 16, ADDR_NEVER },
	{ { 224 }, 4, ADDR_NEVER },
	{ { 240 }, 4, ADDR_NEVER },
	{ { 10 }, 8, ADDR_PRIVATE },
	{ { 100, 64 }, 10, ADDR_PRIVATE },
	{ { 172, 16 }, 12, ADDR_PRIVATE },
	{ { 192, 0, 0 }, 24, ADDR_PRIVATE },
	{ { 192, 168 }, 16, ADDR_PRIVATE },
	{ { 198, 18 }, 15, ADDR_PRIVATE },
};

static const struct range ranges6[] = {
	{ { 0 }, 128, ADDR_NEVER },
	{ { [15] = 1 }, 128, ADDR_NEVER },
	{ { 0xfe, 0x80 }, 10, ADDR_NEVER },
	{ { 0xff }, 8, ADDR_NEVER },
	{ { 0xfc }, 7, ADDR_PRIVATE },
};

/* Where an IPv6 prefix keeps an IPv4 address. */
static const struct {
	uint8_t byte[16];
	uint8_t bits;
	uint8_t at[4];
	uint8_t flip; /* Teredo keeps the complement */
} embeddings[] = {
	{ { [10] = 0xff, 0xff }, 96, { 12, 13, 14, 15 }, 0 },
	{ { 0 }, 96, { 12, 13, 14, 15 }, 0 },
	{ { 0x00, 0x64, 0xff, 0x9b }, 96, { 12, 13, 14, 15 }, 0 },
	{ { 0x20, 0x02 }, 16, { 2, 3, 4, 5 }, 0 },
	{ { 0x20, 0x01 }, 32, { 12, 13, 14, 15 }, 0xff },
};

static const uint8_t nat64_local[] = { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 };
static const uint8_t mapped[12] = { [10] = 0xff, 0xff };

static bool
same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static unsigned
family_bits(const struct addr *a)
{
	return a->family == 4 ? 32 : 128;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool
addr_in_net(const struct addr *a, const struct net *n)
{
	return a->family == n->addr.family &&
	       same_bits(a->byte, n->addr.byte, n->bits);
}

bool
addr_is_wildcard(const struct addr *a)
{
	static const uint8_t zero[sizeof(a->byte)];

	return a->family != 0 && memcmp(a->byte, zero, sizeof(zero)) == 0;
}

bool
addr_is_loopback(const struct addr *a)
{
	if (a->family == 4)
		return a->byte[0] == 127;
	return a->family == 6 && same_bits(a->byte, ranges6[1].byte, 128);
}

static enum addr_class
class_in(const struct range *table, size_t count, const struct addr *a)
{
	for (size_t i = 0; i < count; i++) {
		if (same_bits(a->byte, table[i].byte, table[i].bits))
			return table[i].class;
	}
	return ADDR_PUBLIC;
}

enum addr_class
addr_class_of(const struct addr *a)
{
	enum addr_class outer, inner;
	struct addr embedded;

	if (a->family == 4)
		return class_in(ranges4, sizeof(ranges4) / sizeof(ranges4[0]),
				a);
	if (a->family != 6)
		return ADDR_NEVER;
	outer = class_in(ranges6, sizeof(ranges6) / sizeof(ranges6[0]), a);
	if (!addr_embedded(a, &embedded))
		return outer;
	inner = addr_class_of(&embedded);
	return inner > outer ? inner : outer;
}

/* The local NAT64 prefix is a /48 that its owner may cut as he likes. Two
 * cuts are in use: the /48 itself, which leaves the last five bytes zero,
 * and a /96 within it. */
static bool
nat64_local_embedded(const struct addr *a, struct addr *out)
{
	static const uint8_t zero[5];
	uint8_t v4[4] = { a->byte[6], a->byte[7], a->byte[9], a->byte[10] };

	if (memcmp(a->byte, nat64_local, sizeof(nat64_local)) != 0)
		return false;
	if (memcmp(a->byte + 11, zero, sizeof(zero)) == 0)
		addr_from_v4(v4, out);
	else
		addr_from_v4(a->byte + 12, out);
	return true;
}

bool
addr_embedded(const struct addr *a, struct addr *out)
{
	if (a->family != 6)
		return false;
	for (size_t i = 0; i < sizeof(embeddings) / sizeof(embeddings[0]);
	     i++) {
		uint8_t v4[4];

		if (!same_bits(a->byte, embeddings[i].byte, embeddings[i].bits))
			continue;
		for (size_t j = 0; j < 4; j++)
			v4[j] =
			    a->byte[embeddings[i].at[j]] ^ embeddings[i].flip;
		addr_from_v4(v4, out);
		return true;
	}
	return nat64_local_embedded(a, out);
}

bool
addr_class_net(size_t i, struct net *out, enum addr_class *class_out)
{
	const size_t count4 = sizeof(ranges4) / sizeof(ranges4[0]);
	const size_t count6 = sizeof(ranges6) / sizeof(ranges6[0]);
	const struct range *r = i < count4 ? &ranges4[i] : &ranges6[i - count4];

	if (i >= count4 + count6)
		return false;
	*out = (struct net){ .bits = r->bits };
	if (i < count4)
		addr_from_v4(r->byte, &out->addr);
	else
		addr_from_v6(r->byte, &out->addr);
	*class_out = r->class;
	return true;
}

bool
addr_embedding_net(size_t i, struct net *out)
{
	const size_t count = sizeof(embeddings) / sizeof(embeddings[0]);

	if (i > count)
		return false;
	*out = (struct net){ .bits = sizeof(nat64_local) * 8,
			     .addr.family = 6 };
	if (i == count) {
		memcpy(out->addr.byte, nat64_local, sizeof(nat64_local));
		return true;
	}
	out->bits = embeddings[i].bits;
	memcpy(out->addr.byte, embeddings[i].byte, sizeof(out->addr.byte));
	return true;
}

void
addr_mask(struct addr *a, unsigned bits)
{
	for (unsigned i = 0; i < sizeof(a->byte); i++) {
		if (bits >= (i + 1) * 8)
			continue;
		if (bits <= i * 8)
			a->byte[i] = 0;
		else
			a->byte[i] &= (uint8_t)(0xff00 >> (bits - i * 8));
	}
}

void
addr_from_v4(const uint8_t byte[4], struct addr *out)
{
	*out = (struct addr){ .family = 4 };
	memcpy(out->byte, byte, 4);
}

void
addr_from_v6(const uint8_t byte[16], struct addr *out)
{
	*out = (struct addr){ .family = 6 };
	memcpy(out->byte, byte, 16);
}

/* A mapped address becomes the IPv4 address that it is. */
static void
unmap(struct addr *a)
{
	uint8_t v4[4];

	if (a->family != 6 || memcmp(a->byte, mapped, sizeof(mapped)) != 0)
		return;
	memcpy(v4, a->byte + 12, sizeof(v4));
	addr_from_v4(v4, a);
}

static enum err
parse_as_written(const char *text, size_t len, struct addr *out)
{
	char copy[ADDR_TEXT_SIZE];
	uint8_t byte[16];

	if (len == 0 || len >= sizeof(copy) || memchr(text, '\0', len))
		return ERR_SYNTAX;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, byte) == 1)
		addr_from_v4(byte, out);
	else if (inet_pton(AF_INET6, copy, byte) == 1)
		addr_from_v6(byte, out);
	else
		return ERR_SYNTAX;
	return ERR_NONE;
}

enum err
addr_parse(const char *text, size_t len, struct addr *out)
{
	enum err err = parse_as_written(text, len, out);

	if (err == ERR_NONE)
		unmap(out);
	return err;
}

static enum err
parse_bits(const char *text, size_t len, unsigned limit, unsigned *out)
{
	unsigned bits = 0;

	if (len == 0 || (len > 1 && text[0] == '0'))
		return ERR_SYNTAX;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return ERR_SYNTAX;
		if (bits <= limit)
			bits = bits * 10 + (unsigned)(text[i] - '0');
	}
	if (bits > limit)
		return ERR_RANGE;
	*out = bits;
	return ERR_NONE;
}

enum err
net_parse(const char *text, size_t len, struct net *out,
	  bool *had_host_bits_out)
{
	const char *slash = len > 0 ? memchr(text, '/', len) : NULL;
	size_t addr_len = slash ? (size_t)(slash - text) : len;
	unsigned bits;
	struct addr as_written;
	enum err err;

	*out = (struct net){ 0 };
	err = parse_as_written(text, addr_len, &out->addr);
	if (err != ERR_NONE)
		return err;
	bits = family_bits(&out->addr);
	if (slash)
		err = parse_bits(slash + 1, len - addr_len - 1, bits, &bits);
	if (err != ERR_NONE)
		return err;
	as_written = out->addr;
	addr_mask(&out->addr, bits);
	if (had_host_bits_out)
		*had_host_bits_out = !addr_equal(&as_written, &out->addr);
	if (out->addr.family == 6 && bits >= 96) {
		unmap(&out->addr);
		if (out->addr.family == 4)
			bits -= 96;
	}
	out->bits = (uint8_t)bits;
	return ERR_NONE;
}

const char *
addr_print(const struct addr *a, char *buf)
{
	if (a->family != 4 && a->family != 6)
		return strcpy(buf, "none");
	return inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->byte, buf,
			 ADDR_TEXT_SIZE);
}

const char *
net_print(const struct net *n, char *buf)
{
	struct text t = { .buf = buf, .size = NET_TEXT_SIZE };

	addr_print(&n->addr, buf);
	t.len = strlen(buf);
	text_char(&t, '/');
	text_u64(&t, n->bits);
	return buf;
}

const char *
endpoint_print(const struct endpoint *e, char *buf)
{
	char addr[ADDR_TEXT_SIZE];
	struct text t;

	addr_print(&e->addr, addr);
	text_init(&t, buf, ENDPOINT_TEXT_SIZE);
	text_printf(&t, e->addr.family == 6 ? "[%s]:%u" : "%s:%u", addr,
		    (unsigned)e->port);
	return buf;
}

enum err
endpoint_from_sockaddr(const union sockaddr_any *sa, struct endpoint *out)
{
	*out = (struct endpoint){ 0 };
	if (sa->sa.sa_family == AF_INET) {
		uint8_t byte[4];

		memcpy(byte, &sa->in.sin_addr, sizeof(byte));
		addr_from_v4(byte, &out->addr);
		out->port = ntohs(sa->in.sin_port);
		return ERR_NONE;
	}
	if (sa->sa.sa_family != AF_INET6)
		return ERR_RANGE;
	addr_from_v6(sa->in6.sin6_addr.s6_addr, &out->addr);
	unmap(&out->addr);
	out->port = ntohs(sa->in6.sin6_port);
	if (out->addr.family == 6)
		out->scope = sa->in6.sin6_scope_id;
	return ERR_NONE;
}

socklen_t
endpoint_to_sockaddr(const struct endpoint *e, union sockaddr_any *out)
{
	memset(out, 0, sizeof(*out));
	if (e->addr.family == 4) {
		out->in.sin_family = AF_INET;
		out->in.sin_port = htons(e->port);
		memcpy(&out->in.sin_addr, e->addr.byte, 4);
		return sizeof(out->in);
	}
	assert(e->addr.family == 6);
	out->in6.sin6_family = AF_INET6;
	out->in6.sin6_port = htons(e->port);
	out->in6.sin6_scope_id = e->scope;
	memcpy(&out->in6.sin6_addr, e->addr.byte, 16);
	return sizeof(out->in6);
}
