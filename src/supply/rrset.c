/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of names, put together.
 *
 * A server that fails at any of the questions is left for the next, from the
 * beginning: half of one server's answers and half of another's would be
 * nobody's list. An answer without addresses is an answer; whether a list
 * may be empty is for safety.c to say.
 */
#include "supply/rrset.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "supply/addresses.h"

struct rrset {
	struct loop *loop;
	struct random *random;
	struct rrset_wish wish;
	unsigned at_server, at; /* at: name, and type in its lowest bit */
	struct ask *ask;
	struct question q; /* that is being asked */
	struct tsig tsig;  /* where there is a key */
	struct addr *addr;
	uint32_t count, room, ttl_s;
	char why[RRSET_WHY_SIZE];
};

void
rrset_cancel(struct rrset *r)
{
	if (r == NULL)
		return;
	ask_cancel(r->ask);
	tsig_end(&r->tsig);
	free(r->addr);
	free(r);
}

uint32_t
rrset_ttl(uint32_t ttl_s)
{
	if (ttl_s == 0)
		return RRSET_TTL_NONE_S;
	if (ttl_s < RRSET_TTL_LEAST_S)
		return RRSET_TTL_LEAST_S;
	return ttl_s < RRSET_TTL_MOST_S ? ttl_s : RRSET_TTL_MOST_S;
}

static void
finish(struct rrset *r, bool good)
{
	struct rrset_news news = { .why = good ? NULL : r->why };

	if (good) {
		news.addr = r->addr;
		news.count = r->count;
		news.ttl_s = rrset_ttl(r->count ? r->ttl_s : 0);
	}
	r->wish.done(r->wish.owner, &news);
	rrset_cancel(r);
}

static bool
make_room(struct rrset *r)
{
	uint32_t room = r->room ? 2 * r->room : 64;
	struct addr *more;

	if (r->count < r->room)
		return true;
	more = realloc(r->addr, room * sizeof(*more));
	if (more == NULL)
		return false;
	r->addr = more;
	r->room = room;
	return true;
}

static enum err
take_address(void *owner, const struct addr *a, uint32_t ttl)
{
	struct rrset *r = owner;

	if (!make_room(r))
		return ERR_FULL;
	if (r->count == 0 || ttl < r->ttl_s)
		r->ttl_s = ttl;
	r->addr[r->count++] = *a;
	return ERR_NONE;
}

/* "192.0.2.1:53 about list.example A: REASON" */
static void
tell(struct rrset *r, const char *reason)
{
	char buf[ENDPOINT_TEXT_SIZE], type[16];
	struct text t;

	text_init(&t, r->why, sizeof(r->why));
	text_printf(&t, "%s about ",
		    endpoint_print(&r->wish.server[r->at_server], buf));
	name_print(&r->q.name, &t);
	text_printf(&t, " %s: %s", type_text(r->q.type, type), reason);
}

static const char *
reason_of(const struct ask_answer *answer, enum err err, char buf[16])
{
	if (answer->end != ASK_ANSWERED)
		return ask_end_text(answer);
	if (err == ERR_MISSING || err == ERR_DENIED)
		return rcode_text(answer->header.flags & 0xf, buf);
	return err_text(err);
}

/* ---- signatures ---------------------------------------------------------- */

static size_t
seal(void *owner, uint8_t *bytes, size_t size, size_t len)
{
	struct rrset *r = owner;
	struct writer w = writer_of(bytes, size);

	w.at = len;
	if (tsig_begin(&r->tsig, r->wish.key) != ERR_NONE ||
	    tsig_sign(&r->tsig, &w, clock_date_ms() / 1000) != ERR_NONE)
		return 0;
	return w.at;
}

/* Where it is not signed as it must be, that is told. A refusal need not be
 * signed to be one. */
static bool
is_sealed(struct rrset *r, const struct ask_answer *answer)
{
	char why[RRSET_WHY_SIZE / 2];
	enum tsig_verdict v;
	struct text text;

	if (r->wish.key == NULL || answer->end != ASK_ANSWERED)
		return true;
	v = tsig_verify(&r->tsig, answer->bytes, answer->len,
			clock_date_ms() / 1000);
	if (v == TSIG_VALID ||
	    (v == TSIG_MISSING && answer->header.flags & 0xf))
		return true;
	text_init(&text, why, sizeof(why));
	text_str(&text, tsig_text(v));
	if (v == TSIG_TIME || v == TSIG_REMOTE_BADTIME)
		tsig_print_off(&r->tsig, &text);
	tell(r, why);
	return false;
}

/* ---- one question after the other ---------------------------------------- */

static bool ask_next(struct rrset *r);

static void
go_on(struct rrset *r, bool good)
{
	if (good) {
		r->at++;
	} else {
		r->at_server++;
		r->at = 0;
		r->count = 0;
	}
	if (r->at == 2 * r->wish.names)
		finish(r, true);
	else if (r->at_server == r->wish.servers || !ask_next(r))
		finish(r, false);
}

static void
on_answer(void *owner, const struct ask_answer *answer)
{
	struct rrset *r = owner;
	const struct addresses_sink sink = { take_address, r };
	enum err err = ERR_TORN;
	char buf[16];

	r->ask = NULL;
	if (!is_sealed(r, answer)) {
		go_on(r, false);
		return;
	}
	if (answer->end == ASK_ANSWERED)
		err = addresses_read(answer, &r->q, &sink);
	if (err != ERR_NONE)
		tell(r, reason_of(answer, err, buf));
	go_on(r, err == ERR_NONE);
}

static bool
ask_next(struct rrset *r)
{
	struct ask_question q = { .to = &r->wish.server[r->at_server],
				  .stream = r->wish.stream,
				  .wait_ms = r->wish.wait_ms,
				  .seal = r->wish.key != NULL ? seal : NULL,
				  .done = on_answer,
				  .owner = r };

	r->q = (struct question){ .name = r->wish.name[r->at / 2],
				  .type = r->at % 2 ? TYPE_AAAA : TYPE_A,
				  .class = CLASS_IN };
	q.q = r->q;
	if (ask_begin(r->loop, r->random, &q, &r->ask) == ERR_NONE)
		return true;
	tell(r, err_text(ERR_FULL));
	return false;
}

enum err
rrset_begin(struct loop *loop, struct random *random,
	    const struct rrset_wish *wish, struct rrset **out)
{
	struct rrset *r = calloc(1, sizeof(*r));

	*out = NULL;
	if (r == NULL)
		return ERR_FULL;
	r->loop = loop;
	r->random = random;
	r->wish = *wish;
	if (!ask_next(r)) {
		rrset_cancel(r);
		return ERR_FULL;
	}
	*out = r;
	return ERR_NONE;
}
