/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages for tests, made by ldns at random or by hand. */
#ifndef TESTS_WIRE_PACKETS_H
#define TESTS_WIRE_PACKETS_H

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/message.h"

static const char *const packet_rdata[] = {
	"A 192.0.2.%d",
	"A 203.0.113.%d",
	"AAAA 2001:db8::%d",
	"CNAME n%d.example.",
	"NS ns%d.example.",
	"PTR host%d.example.test.",
	"MX %d mail.example.",
	"SOA ns.example. root.example. %d 7200 3600 86400 300",
	"TXT \"text %d\" \"more\"",
	"SRV 1 2 %d server.example.",
	"NAPTR 10 %d \"S\" \"SIP+D2U\" \"\" _sip._udp.example.",
	"DNAME d%d.example.",
	"HINFO \"cpu %d\" \"os\"",
	"CAA 0 issue \"ca%d.example\"",
	"DS %d 13 1 00112233445566778899aabbccddeeff00112233",
	"TYPE65280 \\# 3 0102%02d",
};

static inline ldns_rr *
packet_rr(unsigned *seed)
{
	size_t kinds = sizeof(packet_rdata) / sizeof(packet_rdata[0]);
	char rdata[200], line[300];
	ldns_rr *rr = NULL;

	_Pragma("GCC diagnostic push")
	_Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"")
	snprintf(rdata, sizeof(rdata),
		 packet_rdata[(size_t)rand_r(seed) % kinds],
		 10 + rand_r(seed) % 90);
	_Pragma("GCC diagnostic pop")
	snprintf(line, sizeof(line), "%s%d.example%s. %d IN %s",
		 rand_r(seed) % 2 ? "www.n" : "n", rand_r(seed) % 20,
		 rand_r(seed) % 2 ? "" : ".test", rand_r(seed) % 100000,
		 rdata);
	if (ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL) != LDNS_STATUS_OK)
		fail_msg("ldns does not take %s", line);
	return rr;
}

/* An answer to n1.example with up to 30 records, half of them with OPT. */
static inline ldns_pkt *
packet_random(unsigned *seed)
{
	ldns_rdf *name = ldns_dname_new_frm_str("n1.example.");
	ldns_pkt *pkt = ldns_pkt_query_new(name, LDNS_RR_TYPE_A,
					   LDNS_RR_CLASS_IN, LDNS_RD);
	unsigned section = 0;

	ldns_pkt_set_id(pkt, (uint16_t)rand_r(seed));
	ldns_pkt_set_qr(pkt, true);
	ldns_pkt_set_ra(pkt, true);
	ldns_pkt_set_rcode(pkt, (uint8_t)(rand_r(seed) % 6));
	for (int n = rand_r(seed) % 30; n > 0; n--) {
		if (section < 2 && rand_r(seed) % 6 == 0)
			section++;
		ldns_pkt_push_rr(pkt, LDNS_SECTION_ANSWER + section,
				 packet_rr(seed));
	}
	if (rand_r(seed) % 2) {
		ldns_pkt_set_edns_udp_size(pkt, 1400);
		ldns_pkt_set_edns_do(pkt, rand_r(seed) % 2);
	}
	return pkt;
}

static inline ldns_rr_list *
packet_section(const ldns_pkt *pkt, unsigned section)
{
	if (section == SECTION_ANSWER)
		return ldns_pkt_answer(pkt);
	if (section == SECTION_AUTHORITY)
		return ldns_pkt_authority(pkt);
	return ldns_pkt_additional(pkt);
}

#endif
