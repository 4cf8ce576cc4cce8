/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policies by chance, each known twice: as the text that is compiled, and as
 * plain rows that are searched from end to end.
 */
#ifndef TESTS_SIM_RULES_H
#define TESTS_SIM_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "policy/match.h"

enum {
	RULES_MOST = 48,
	GENERATIONS_MOST = 64,
	RULE_TEXT = 120,
	SAID_MOST = 32
};

struct rule {
	struct net net;
	bool on_interface; /* by which number 2 is meant */
	enum rule_arrow arrow;
	enum domain_kind kind;
	int name; /* NO_NAME: `*` */
	uint8_t protocol;
	uint16_t port;
	struct addr answer; /* family 0: none */
	enum block_answer block;
	char text[RULE_TEXT];
};

struct generation {
	struct rule rule[RULES_MOST];
	unsigned count;
};

struct said_port {
	uint8_t protocol;
	uint16_t port;
	bool exact;
	unsigned rule; /* the first that gives it */
};

struct said {
	enum verdict_kind kind;
	bool dns_only;
	unsigned rule; /* the block */
	unsigned count;
	struct said_port port[SAID_MOST];
};

/* A policy that has never been; its number is the generation it will have. */
void rules_draw(uint32_t generation);
/* One that differs in a few lines from the one before. */
void rules_change(uint32_t generation);
const struct generation *rules_of(uint32_t generation);
/* Writes its text; the length. */
size_t rules_print(uint32_t generation, char *text, size_t size);

/* client: number in the universe; name: too. */
void rules_say(uint32_t generation, int client, int name, struct said *out);
/* Some `->` gives it, whatever the name. */
bool rules_give_any(uint32_t generation, const struct addr *client,
		    uint8_t protocol, uint16_t port);
bool rules_has_line(uint32_t generation, const char *text);

#endif
