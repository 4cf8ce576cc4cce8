/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which names are answered here instead of being sent on (special.def).
 *
 * The policy stands before them: only a name that the client may ask comes so
 * far. One that a rule spells out, in the special zone or below it, is like
 * any other, and so is one under a --local-zone or a zone of --forward there;
 * `*` spells nothing out.
 */
#ifndef POLICY_SPECIAL_H
#define POLICY_SPECIAL_H

#include "conf/options.h"
#include "policy/match.h"

enum special_kind { SPECIAL_HOST, SPECIAL_NONE, SPECIAL_EMPTY };
enum special_switch {
	SPECIAL_BY_SPECIAL_NAMES,
	SPECIAL_BY_CANARY,
	SPECIAL_BY_PRIVATE_RELAY
};

enum {
	SPECIALS_COUNT = 0
#define SPECIAL(zone, kind, by) +1
#include "policy/special.def"
#undef SPECIAL
};

struct special {
	struct name zone;
	uint8_t kind; /* enum special_kind */
	uint8_t by;   /* enum special_switch */
};

struct specials {
	uint16_t ending[SPECIALS_COUNT]; /* apart, to pass them by at once */
	struct special row[SPECIALS_COUNT];
};

void specials_init(struct specials *s);
/* What was asked, and what the policy says of it. */
struct special_question {
	const struct policy *policy;
	const struct verdict *verdict; /* VERDICT_ALLOWED */
	const struct name *name;
};
/* The zone that the name is answered from; NULL where it is like any
 * other. */
const struct special *special_find(const struct specials *s,
				   const struct options *opt,
				   const struct special_question *q);
/* Whether anything has this name, so that the answer is no data and not that
 * there is no such name. */
bool special_exists(const struct special *s, const struct name *name);
/* The loopback address of the type asked; false where there is none. */
bool special_address(const struct special *s, uint16_t type, struct addr *out);

#endif
