/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which aliases a client may ask, because an answer it was given leads to
 * them: some stubs chase CNAMEs themselves, and a browser asks for the target
 * of an HTTPS record.
 *
 * An allowance is (client, alias) and the name it is an alias of, until a
 * time. It gives nothing by itself: whoever uses it asks the policy for that
 * name. The memory is of fixed size. Where it is full the oldest makes room;
 * where a client has too many, its own oldest does.
 */
#ifndef QUERY_ALLOWANCE_H
#define QUERY_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/random.h"
#include "wire/name.h"

enum {
	ALLOWANCES_MAX = 8192,	 /* of all clients together */
	ALLOWANCES_CLIENT = 256, /* of one client */
	ALLOWANCE_ORIGINS = 4,	 /* of one alias */
	ALLOWANCE_LINKS = 16	 /* from the origin to an alias at most */
};

struct allowance {
	const struct addr *client;
	const struct name *alias;  /* any case */
	const struct name *origin; /* any case */
	unsigned links;		   /* from origin to alias, from 1 on */
	int64_t until_ms;
};

/* What an alias may be asked for. */
struct allowed {
	struct name origin; /* lower-cased */
	unsigned links;
};

struct allowances;

enum err allowances_new(struct random *random, struct allowances **out);
void allowances_free(struct allowances *a);
/* Enters it, or keeps the later end and the shorter way of one that is there.
 * Nothing is entered beyond ALLOWANCE_LINKS, or for a name as its own alias.
 * True where another one that was alive had to make room. */
bool allowance_give(struct allowances *a, const struct allowance *what,
		    int64_t now_ms);
/* The origins that alias stands for with this client; returns how many. */
unsigned allowance_find(struct allowances *a, const struct addr *client,
			const struct name *alias, int64_t now_ms,
			struct allowed out[ALLOWANCE_ORIGINS]);

#endif
