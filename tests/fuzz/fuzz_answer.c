/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An upstream's answer is taken apart and put together for clients of every
 * kind; what comes out is within its limit and can be read. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "wire/message.h"
#include "wire/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

/* Every record can be asked everything, good or not. */
static void
look_at(const struct message *m, const struct rr *rr)
{
	struct name owner, target;
	struct addr a;

	demand(rr->rdata_at + rr->rdata_len <= m->len);
	demand(rr_owner(m, rr, &owner) == ERR_NONE);
	demand(owner.len >= 1 && owner.wire[owner.len - 1] == 0);
	demand(rr_ttl(rr) <= INT32_MAX);
	if (rr_target(m, rr, &target) == ERR_NONE)
		demand(target.wire[target.len - 1] == 0);
	if (rr_address(m, rr, &a))
		demand(addr_class_of(&a) <= ADDR_NEVER);
}

static unsigned
copy_records(struct reply *r, const struct message *m)
{
	unsigned copied = 0;

	for (unsigned i = 0; i < m->rr_count; i++) {
		size_t before = r->w.at;
		enum err err = reply_copy(r, m, &m->rr[i], rr_ttl(&m->rr[i]));

		demand(err == ERR_NONE || r->w.at == before);
		copied += err == ERR_NONE;
	}
	return copied;
}

static void
check_copy(const struct message *m, size_t limit, bool opt)
{
	static uint8_t bytes[MESSAGE_MAX];
	static struct message back;
	struct ede ede = { .code = EDE_OTHER,
			   .text = m->edns.ede_present ? "passed on" : NULL };
	struct reply_spec spec = {
		.limit = limit,
		.client = &m->header,
		.q = m->header.qdcount == 1 ? &m->question : NULL,
		.opt = opt,
	};
	struct reply r;
	unsigned copied;
	size_t len;

	reply_begin(&r, bytes, &spec);
	copied = copy_records(&r, m);
	len = reply_end(&r, message_rcode(m), &ede);
	demand(len <= limit);
	demand(message_read(bytes, len, &back) == ERR_NONE);
	demand(back.edns.present == opt);
	demand(back.rr_count <= copied);
	demand(back.rr_count == copied || r.closed);
	demand(!(back.header.flags & FLAG_TC) == !r.truncated);
	for (unsigned i = 0; i < back.rr_count; i++)
		look_at(&back, &back.rr[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct message m;

	if (size == 0 || message_read(data, size, &m) != ERR_NONE)
		return 0;
	demand(m.rr_count <= MESSAGE_MAX_RRS);
	for (unsigned i = 0; i < m.rr_count; i++)
		look_at(&m, &m.rr[i]);
	check_copy(&m, REPLY_LIMIT_MIN, false);
	check_copy(&m, EDNS_UDP_SIZE, true);
	check_copy(&m, MESSAGE_MAX, true);
	return 0;
}
