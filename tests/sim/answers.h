/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers by chance to any question. */
#ifndef TESTS_SIM_ANSWERS_H
#define TESTS_SIM_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/message.h"

enum { ANSWER_MOST = 16384, CHAIN_MOST = 20, OFFER_MOST = 64 };

struct answer {
	uint8_t bytes[ANSWER_MOST];
	size_t len;
	uint16_t count; /* records */
	/* what a client may reach by it */
	int qname;
	int chain[CHAIN_MOST];
	unsigned chain_count;
	int address[OFFER_MOST];
	unsigned address_count;
	uint32_t ttl; /* lowest on the way, as it counts */
};

/* stream: over TCP, so that it is never too long. */
void answer_draw(const struct message *asked, bool stream, struct answer *out);
/* As answer_draw(), but by somebody who has to guess. */
void answer_forge(const struct message *asked, struct answer *out);

#endif
