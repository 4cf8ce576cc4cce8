/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a datagram of the firewall's log, and as the packet in one.
 *
 * What must hold: a packet that is read has two addresses of the family that
 * its first nibble says, a port only where it has an upper header, and says
 * the same of itself however much more follows; cut anywhere it says no other
 * port than it did whole.
 */
#include <string.h>

#include "check.h"
#include "wire/packet.h"
#include "witness/nflog.h"

static void
check_cuts(const uint8_t *bytes, size_t len, const struct packet *whole)
{
	struct packet cut;

	for (size_t n = 0; n < len && n < 256; n++) {
		if (packet_parse(bytes, n, &cut) != ERR_NONE)
			continue;
		CHECK(addr_equal(&cut.source, &whole->source));
		CHECK(addr_equal(&cut.destination, &whole->destination));
		CHECK(!cut.has_port || (cut.port == whole->port &&
					cut.protocol == whole->protocol));
	}
}

static void
check_packet(const uint8_t *bytes, size_t len)
{
	struct packet p;

	if (packet_parse(bytes, len, &p) != ERR_NONE)
		return;
	CHECK(p.source.family == bytes[0] >> 4);
	CHECK(p.destination.family == p.source.family);
	CHECK(p.has_port || p.port == 0);
	check_cuts(bytes, len, &p);
}

static void
on_packet(void *arg, const struct nflog_packet *packet)
{
	const uint8_t *const *bounds = arg;

	CHECK(packet->bytes >= bounds[0]);
	CHECK(packet->bytes + packet->len <= bounds[1]);
	check_packet(packet->bytes, packet->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* netlink is aligned */
	uint8_t *copy = aligned_alloc(8, (size + 8) & ~(size_t)7);
	const uint8_t *bounds[2] = { copy, copy + size };

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	check_packet(data, size);
	nflog_read(copy, size, on_packet, bounds);
	free(copy);
	return 0;
}
