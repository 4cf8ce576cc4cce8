/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The question for the SOA of a zone: by UDP, signed where a key is agreed,
 * and by TCP where that came to nothing.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "supply/primary_inside.h"
#include "wire/rdata.h"

static size_t
seal(void *owner, uint8_t *bytes, size_t size, size_t len)
{
	struct primary *p = owner;
	struct writer w = writer_of(bytes, size);

	w.at = len;
	if (tsig_begin(&p->tsig, &p->key) != ERR_NONE ||
	    tsig_sign(&p->tsig, &w, clock_date_ms() / 1000) != ERR_NONE)
		return 0;
	return w.at;
}

/* A clause where the answer may not be believed. */
static const char *
check_seal(struct primary *p, const struct ask_answer *a,
	   char why[PRIMARY_WHY_SIZE])
{
	enum tsig_verdict v;
	struct text text;

	if (p->source->config.key[0] == '\0')
		return NULL;
	v = tsig_verify(&p->tsig, a->bytes, a->len, clock_date_ms() / 1000);
	if (v == TSIG_VALID || (v == TSIG_MISSING && a->header.flags & 0xf))
		return NULL;
	text_init(&text, why, PRIMARY_WHY_SIZE);
	text_str(&text, tsig_text(v));
	if (v == TSIG_TIME || v == TSIG_REMOTE_BADTIME)
		tsig_print_off(&p->tsig, &text);
	return why;
}

/* Whether it is the SOA of the zone, and then its serial number. */
static bool
read_serial(const struct primary *p, const struct ask_answer *a,
	    const struct rr *rr, uint32_t *serial_out)
{
	uint8_t rdata[SOA_RDATA_MAX];
	struct writer w = writer_of(rdata, sizeof(rdata));
	struct reader r;
	struct name owner;
	size_t at = rr->owner_at;

	if (rr->type != TYPE_SOA || rr->class != CLASS_IN ||
	    name_read(a->bytes, a->len, &at, &owner) != ERR_NONE ||
	    !name_equal(&owner, &p->source->config.zone) ||
	    rdata_unpack(&w, a->bytes, rr) != ERR_NONE || w.full)
		return false;
	r = reader_of(rdata, w.at);
	reader_take(&r, w.at - 20);
	*serial_out = reader_u32(&r);
	return true;
}

static bool
find_serial(const struct primary *p, const struct ask_answer *a,
	    uint32_t *serial_out)
{
	struct records records = a->records;
	struct rr rr;

	for (unsigned i = 0; i < a->header.ancount; i++) {
		if (records_next(&records, &rr) != ERR_NONE)
			return false;
		if (read_serial(p, a, &rr, serial_out))
			return true;
	}
	return false;
}

static void
take_serial(struct primary *p, uint32_t serial)
{
	char why[PRIMARY_WHY_SIZE];

	if (!refresh_heard(&p->refresh, serial, clock_ms())) {
		snprintf(why, sizeof(why),
			 "its zone (serial %" PRIu32
			 ") is older than ours (%" PRIu32 ")",
			 serial, p->refresh.serial);
		primary_fail(p, why);
	} else if (p->refresh.task == REFRESH_REST) {
		primary_remain(p);
	} else if (p->held && serial == p->held_serial) {
		primary_stay(p);
	} else {
		primary_plan(p);
	}
}

/* A clause where the answer is of no use. */
static const char *
fault_of(struct primary *p, const struct ask_answer *a,
	 char why[PRIMARY_WHY_SIZE])
{
	unsigned rcode = a->header.flags & 0xf;
	const char *fault;
	char code[16];

	if (a->end != ASK_ANSWERED)
		return ask_end_text(a);
	fault = check_seal(p, a, why);
	if (fault != NULL || rcode == RCODE_NOERROR)
		return fault;
	snprintf(why, PRIMARY_WHY_SIZE,
		 "it answers %s: it does not have the zone, or does not give "
		 "it to us",
		 rcode_text(rcode, code));
	return why;
}

/* A forged datagram must not be the end of it: what is wrong by UDP is asked
 * again by TCP. */
static void
on_soa(void *owner, const struct ask_answer *a)
{
	struct primary *p = owner;
	char why[PRIMARY_WHY_SIZE];
	const char *fault;
	uint32_t serial;

	p->ask = NULL;
	fault = fault_of(p, a, why);
	if (fault != NULL && a->end == ASK_ANSWERED && !a->stream) {
		p->by_tcp = true;
		primary_ask(p);
	} else if (fault != NULL) {
		primary_fail(p, fault);
	} else if (!find_serial(p, a, &serial)) {
		primary_fail(p, "it does not tell the SOA of the zone");
	} else {
		take_serial(p, serial);
	}
}

void
primary_ask(struct primary *p)
{
	struct ask_question q = {
		.to = primary_server(p),
		.q = { .name = p->source->config.zone,
		       .type = TYPE_SOA,
		       .class = CLASS_IN },
		.stream = p->by_tcp,
		.wait_ms = ASK_WAIT_MS,
		.seal = p->keyed ? seal : NULL,
		.done = on_soa,
		.owner = p,
	};

	if (ask_begin(p->source->supply->loop, &p->source->supply->random, &q,
		      &p->ask) != ERR_NONE)
		primary_fail(p, err_text(ERR_FULL));
}
