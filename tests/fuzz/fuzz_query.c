/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A datagram from a client becomes a question, and the query that is written
 * for an upstream asks the same question and nothing else. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/message.h"
#include "wire/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

static void
check_same_question(const struct query_message *q)
{
	bool dnssec_ok = q->edns.flags & EDNS_DO;
	bool checking_disabled = q->header.flags & FLAG_CD;
	struct query_message back;
	uint8_t bytes[300];
	size_t len;

	len = query_write(bytes, sizeof(bytes), q->header.id, &q->question,
			  q->edns.present, dnssec_ok, checking_disabled);
	demand(len > 0);
	demand(message_read_query(bytes, len, &back) == ERR_NONE);
	demand(back.header.id == q->header.id);
	demand(back.question.type == q->question.type);
	demand(back.question.class == q->question.class);
	demand(back.question.name.len == q->question.name.len);
	demand(memcmp(back.question.name.wire, q->question.name.wire,
		      back.question.name.len) == 0);
	demand(back.edns.present == q->edns.present);
	demand(!q->edns.present ||
	       back.edns.flags == (dnssec_ok ? EDNS_DO : 0));
	demand(back.header.flags ==
	       (FLAG_RD | (checking_disabled ? FLAG_CD : 0)));
}

/* Whatever was asked, the refusal can be read. */
static void
check_refusal(const struct query_message *q, enum err err)
{
	struct ede ede = { .code = EDE_PROHIBITED, .text = "no rule" };
	struct reply_spec spec = {
		.limit = reply_udp_limit(&q->edns),
		.client = &q->header,
		.q = q->question_ok ? &q->question : NULL,
		.opt = q->edns.present,
	};
	static struct message m;
	uint8_t bytes[EDNS_UDP_SIZE];
	struct reply r;
	size_t len;

	reply_begin(&r, bytes, &spec);
	len = reply_end(&r, err ? RCODE_FORMERR : RCODE_REFUSED, &ede);
	demand(len <= spec.limit);
	demand(message_read(bytes, len, &m) == ERR_NONE);
	demand(m.header.qdcount == q->question_ok);
	demand(m.edns.ede_present == q->edns.present);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct query_message q;
	enum err err;

	if (size < HEADER_SIZE)
		return 0;
	err = message_read_query(data, size, &q);
	demand(err == ERR_NONE || err == ERR_TORN);
	demand(err == ERR_TORN || q.question_ok);
	if (q.question_ok)
		check_same_question(&q);
	check_refusal(&q, err);
	return 0;
}
