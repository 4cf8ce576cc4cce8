/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a client did not reach an address: found out from the ledger, the
 * policy, and what was lately granted and resolved.
 */
#ifndef WITNESS_FINDING_H
#define WITNESS_FINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/text.h"
#include "lists/image.h"
#include "policy/match.h"
#include "proc/board.h"
#include "proc/role.h"
#include "record/past.h"

/* What a client tried. */
struct attempt {
	struct addr client;
	struct addr address;
	uint32_t ifindex;  /* it came in by; INTERFACE_ANY: not known */
	uint8_t protocol;  /* 0: whichever */
	bool has_port;
	uint16_t port;	   /* of ICMP type and code, as in the ledger */
};

/* Everything that is known; what is NULL is not. */
struct evidence {
	const struct policy *policy;
	const struct own_addresses *own;
	const void *ledger;
	size_t ledger_size;
	struct past_view queries; /* head NULL: none */
	/* What rules open to lists is looked at where all are there. */
	const struct lists *lists;
	const struct options *opt;
	const struct board *board;
};

enum cause {
#define CAUSE(name, words, sentence) CAUSE_##name,
#include "witness/cause.def"
#undef CAUSE
	CAUSE_COUNT
};

enum { FINDING_PORTS = 16 };

struct finding {
	enum cause cause;
	struct name name;   /* that leads there; len 0: not known */
	uint32_t rule;	    /* that gives it or blocks it, or IMAGE_NONE */
	int64_t end_ms;	    /* OPEN, EXPIRED: of the grant */
	int64_t asked_ms;   /* when the name was last asked; 0: not known */
	struct addr other;  /* OTHER_CLIENT: who; family 0: this host */
	bool given;	    /* OTHER_CLIENT: a rule gives it to the client */
	bool local;	    /* the client is this host */
	bool known;	    /* some net of the policy has the client */
	bool is_resolver;   /* NEVER: what is asked there is DNS */
	bool is_own;	    /* NEVER: the address is one of this host */
	bool ports_cut;	    /* there are more of them */
	bool is_static;	    /* OPEN: its rule opens a list that has it */
	unsigned port_count;
	struct {
		uint8_t protocol;
		uint16_t port;
	} port[FINDING_PORTS]; /* OPEN, WRONG_PORT: allowed there */
};

void finding_of(const struct evidence *e, const struct attempt *a,
		int64_t now_ms, struct finding *out);

/* "[203.0.113.5]:TCP:443", as far as it is known. */
void attempt_print(const struct attempt *a, struct text *out);
/* "EXPIRED" */
const char *cause_text(enum cause cause);
/* "EXPIRED 12 s ago" ... */
void finding_print(const struct finding *f, const struct policy *p,
		   int64_t now_ms, struct text *out);
/* The line of the access list that would allow it; false: there is none,
 * because no name leads there or none that can be written. */
bool finding_print_line(const struct finding *f, const struct attempt *a,
			struct text *out);
/* FILE:LINE of a rule; nothing of none. */
void finding_print_place(const struct policy *p, uint32_t rule,
			 struct text *out);
/* A client and a name as a line of the list has them. */
void line_print_client(const struct addr *client, bool local,
		       struct text *out);
/* False: it has bytes that no host name has. */
bool line_has_name(const struct name *name);
/* A protocol and port that a rule can open. */
bool line_has_service(const struct attempt *a);

#endif
