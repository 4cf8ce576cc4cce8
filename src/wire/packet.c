/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a refused packet wanted, read from bytes that its sender chose.
 *
 * Everything is read in a row and at most once, extension headers at most
 * PACKET_MAX_HEADERS of them, so that no packet costs more than another.
 */
#include "wire/packet.h"

#include <netinet/in.h>

#include "wire/reader.h"

enum {
	IPV4_LEAST = 5, /* words of the header */
	IPV4_OFFSET = 0x1fff,
	IPV6_OFFSET = 0xfff8
};

static bool
has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
	       protocol == IPPROTO_SCTP;
}

/* At the upper header, which may be cut. */
static void
read_port(struct reader *r, struct packet *out)
{
	uint16_t first = reader_u16(r), second = 0;

	if (has_ports(out->protocol))
		second = reader_u16(r);
	if (r->torn)
		return;
	out->has_port = true;
	if (has_ports(out->protocol))
		out->port = second;
	else if (out->protocol == IPPROTO_ICMP ||
		 out->protocol == IPPROTO_ICMPV6)
		out->port = first;
}

static enum err
parse_v4(struct reader *r, struct packet *out)
{
	unsigned words = reader_u8(r) & 15;
	const uint8_t *source, *destination;
	uint16_t fragment;

	reader_take(r, 5);
	fragment = reader_u16(r);
	reader_u8(r);
	out->protocol = reader_u8(r);
	reader_u16(r);
	source = reader_take(r, 4);
	destination = reader_take(r, 4);
	if (r->torn || words < IPV4_LEAST)
		return ERR_TORN;
	addr_from_v4(source, &out->source);
	addr_from_v4(destination, &out->destination);
	reader_take(r, (words - IPV4_LEAST) * 4);
	if (!(fragment & IPV4_OFFSET))
		read_port(r, out);
	return ERR_NONE;
}

static bool
is_extension(uint8_t header)
{
	switch (header) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case IPPROTO_FRAGMENT:
	case IPPROTO_AH:
		return true;
	default:
		return false;
	}
}

/* Goes past one extension header; false: nothing that can be read follows. */
static bool
skip_extension(struct reader *r, uint8_t *header)
{
	uint8_t this = *header, next = reader_u8(r), length = reader_u8(r);
	uint16_t offset = 0;

	if (this == IPPROTO_FRAGMENT) {
		offset = reader_u16(r);
		reader_u32(r);
	} else if (this == IPPROTO_AH) {
		reader_take(r, (length + 2u) * 4 - 2); /* RFC 4302 2.2 */
	} else {
		reader_take(r, (length + 1u) * 8 - 2);
	}
	if (r->torn)
		return false;
	*header = next;
	return !(offset & IPV6_OFFSET);
}

static enum err
parse_v6(struct reader *r, struct packet *out)
{
	const uint8_t *source, *destination;

	reader_take(r, 6);
	out->protocol = reader_u8(r);
	reader_u8(r);
	source = reader_take(r, 16);
	destination = reader_take(r, 16);
	if (r->torn)
		return ERR_TORN;
	addr_from_v6(source, &out->source);
	addr_from_v6(destination, &out->destination);
	for (unsigned i = 0; is_extension(out->protocol); i++)
		if (i == PACKET_MAX_HEADERS ||
		    !skip_extension(r, &out->protocol))
			return ERR_NONE;
	read_port(r, out);
	return ERR_NONE;
}

enum err
packet_parse(const uint8_t *bytes, size_t len, struct packet *out)
{
	struct reader r = reader_of(bytes, len);

	*out = (struct packet){ 0 };
	switch (len > 0 ? bytes[0] >> 4 : 0) {
	case 4:
		return parse_v4(&r, out);
	case 6:
		return parse_v6(&r, out);
	default:
		return ERR_TORN;
	}
}
