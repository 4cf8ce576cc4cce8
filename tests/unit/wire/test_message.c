/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queries and answers, good and bad; ldns sees the same in an answer. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <time.h>

#include "base/addr.h"
#include "names.h"
#include "packets.h"

#define QUESTION 3, 'w', 'w', 'w', 1, 'a', 0, 0, 1, 0, 1
#define OPT_OF(version, size) \
	0, 0, 41, 4, 0xd0, 0, version, 0x80, 0, 0, size

/* Reads from memory that ends where the message ends. */
static enum err
read_query(const uint8_t *bytes, size_t len, struct query_message *q)
{
	uint8_t *copy = malloc(len + 1);
	enum err err;

	assert_non_null(copy);
	memcpy(copy + 1, bytes, len);
	memset(q, 0xee, sizeof(*q));
	err = message_read_query(copy + 1, len, q);
	free(copy);
	return err;
}

/* The caller frees m->bytes - 1. */
static enum err
read_answer(const uint8_t *bytes, size_t len, struct message *m)
{
	uint8_t *copy = malloc(len + 1);

	assert_non_null(copy);
	memcpy(copy + 1, bytes, len);
	memset(m, 0xee, sizeof(*m));
	return message_read(copy + 1, len, m);
}

static void
forget(struct message *m)
{
	free((uint8_t *)(uintptr_t)m->bytes - 1);
}

enum name_state { READABLE, UNREADABLE };

static void
check_query(const uint8_t *bytes, size_t len, enum err want,
	    enum name_state question)
{
	struct query_message q;

	assert_int_equal(read_query(bytes, len, &q), want);
	assert_int_equal(q.question_ok, question == READABLE);
	assert_int_equal(q.header.id, 0x1234);
	if (question == READABLE)
		assert_name(&q.question.name, "www.a.");
}

#define QUERY(want, question, flags, qd, an, ns, ar, ...)                      \
	do {                                                                   \
		static const uint8_t b_[] = { 0x12, 0x34, (flags) >> 8,        \
					      (flags)&0xff, 0, (qd), 0, (an),  \
					      0, (ns), 0, (ar), __VA_ARGS__ }; \
		check_query(b_, sizeof(b_), (want), (question));               \
	} while (0)

static void
good_queries(void **state)
{
	(void)state;
	QUERY(ERR_NONE, READABLE, 0x0100, 1, 0, 0, 0, QUESTION);
	QUERY(ERR_NONE, READABLE, 0x0000, 1, 0, 0, 0, QUESTION);
	/* TC, Z, AA and an RCODE in a query mean nothing */
	QUERY(ERR_NONE, READABLE, 0x07ff, 1, 0, 0, 0, QUESTION);
	/* another opcode is well formed; it is not ours to carry out */
	QUERY(ERR_NONE, READABLE, 0x2000, 1, 0, 0, 0, QUESTION);
	QUERY(ERR_NONE, READABLE, 0x0100, 1, 0, 0, 1, QUESTION, OPT_OF(0, 0));
	QUERY(ERR_NONE, READABLE, 0x0100, 1, 0, 0, 1, QUESTION, OPT_OF(0, 4),
	      0, 10, 0, 0);
	/* options of another version are not read: BADVERS answers them */
	QUERY(ERR_NONE, READABLE, 0x0100, 1, 0, 0, 1, QUESTION, OPT_OF(1, 1),
	      7);
}

static void
what_a_query_says(void **state)
{
	static const uint8_t b[] = { 0x12, 0x34, 0x01, 0x10, 0, 1, 0,
				     0,	   0,	 0,    0,    1, QUESTION,
				     OPT_OF(1, 0) };
	struct query_message q;

	(void)state;
	assert_int_equal(read_query(b, sizeof(b), &q), ERR_NONE);
	assert_int_equal(q.header.flags, FLAG_RD | FLAG_CD);
	assert_int_equal(header_opcode(&q.header), OPCODE_QUERY);
	assert_int_equal(q.question.type, TYPE_A);
	assert_int_equal(q.question.class, CLASS_IN);
	assert_true(q.edns.present);
	assert_int_equal(q.edns.version, 1);
	assert_int_equal(q.edns.udp_size, 1232);
	assert_int_equal(q.edns.flags, EDNS_DO);
	assert_false(q.edns.ede_present);
}

static void
counts_that_no_query_has(void **state)
{
	(void)state;
	QUERY(ERR_TORN, UNREADABLE, 0x0100, 0, 0, 0, 0, );
	QUERY(ERR_TORN, UNREADABLE, 0x0100, 0, 0, 0, 0, QUESTION);
	QUERY(ERR_TORN, UNREADABLE, 0x0100, 2, 0, 0, 0, QUESTION, QUESTION);
	QUERY(ERR_TORN, UNREADABLE, 0x0100, 1, 0, 0, 0, );
	QUERY(ERR_TORN, UNREADABLE, 0x8100, 1, 0, 0, 0, QUESTION);
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 1, 0, 0, QUESTION, 0xc0, 12, 0,
	      1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4);
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 0, 1, 0, QUESTION, 0xc0, 12, 0,
	      1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4);
	/* announced but absent */
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 1, 0, 0, QUESTION);
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 0, 1, 0, QUESTION);
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 0, 0, 1, QUESTION);
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 0, 0, 2, QUESTION);
}

static void
torn_questions(void **state)
{
	(void)state;
	QUERY(ERR_TORN, UNREADABLE, 0x0100, 1, 0, 0, 0, 0x40, 'a', 0, 0, 1, 0,
	      1);
	QUERY(ERR_TORN, UNREADABLE, 0x0100, 1, 0, 0, 0, 0x80, 'a', 0, 0, 1, 0,
	      1);
	/* there is nothing that a pointer of a question may lead to */
	QUERY(ERR_TORN, UNREADABLE, 0x0100, 1, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1);
	QUERY(ERR_TORN, UNREADABLE, 0x0100, 1, 0, 0, 0, 0xc0, 4, 0, 1, 0, 1);
	QUERY(ERR_TORN, UNREADABLE, 0x0100, 1, 0, 0, 0, 1, 'a', 0xc0, 12, 0,
	      1, 0, 1);
	QUERY(ERR_TORN, UNREADABLE, 0x0100, 1, 0, 0, 0, 0xc0, 18, 0, 1, 0, 1,
	      0);
	QUERY(ERR_TORN, UNREADABLE, 0x0100, 1, 0, 0, 0, 1, 'a', 0, 0, 1, 0);
}

static void
torn_additional_records(void **state)
{
	(void)state;
	/* bytes behind the message */
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 0, 0, 0, QUESTION, 0);
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 0, 0, 1, QUESTION, OPT_OF(0, 0),
	      0);
	/* two OPTs */
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 0, 0, 2, QUESTION, OPT_OF(0, 0),
	      OPT_OF(0, 0));
	/* RDATA that runs past the end, options that do */
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 0, 0, 1, QUESTION, OPT_OF(0, 1));
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 0, 0, 1, QUESTION, OPT_OF(0, 4),
	      0, 10, 0, 1);
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 0, 0, 1, QUESTION, OPT_OF(0, 3),
	      0, 10, 0);
	/* half an OPT */
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 0, 0, 1, QUESTION, 0, 0, 41, 4);
	/* an OPT of another owner, also by a pointer to a root label */
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 0, 0, 1, QUESTION, 1, 'a', 0, 0,
	      41, 4, 0, 0, 0, 0, 0, 0, 0);
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 0, 0, 1, QUESTION, 0xc0, 18, 0,
	      41, 4, 0, 0, 0, 0, 0, 0, 0);
	/* a TSIG, and an address */
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 0, 0, 1, QUESTION, 0, 0, 250, 0,
	      255, 0, 0, 0, 0, 0, 0);
	QUERY(ERR_TORN, READABLE, 0x0100, 1, 0, 0, 1, QUESTION, 0, 0, 1, 0, 1,
	      0, 0, 0, 0, 0, 4, 1, 2, 3, 4);
}

static void
every_cut_of_a_query_is_torn(void **state)
{
	static const uint8_t b[] = { 0x12, 0x34, 0x01, 0, 0, 1, 0,
				     0,	   0,	 0,    0, 1, QUESTION,
				     OPT_OF(0, 4), 0, 10, 0, 0 };
	struct query_message q;
	struct header h;

	(void)state;
	for (size_t len = 0; len < sizeof(b); len++) {
		assert_int_equal(read_query(b, len, &q), ERR_TORN);
		assert_int_equal(q.question_ok, len >= 23);
		assert_int_equal(header_read(b, len, &h),
				 len < 12 ? ERR_TORN : ERR_NONE);
	}
	assert_int_equal(read_query(b, sizeof(b), &q), ERR_NONE);
}

/* A question whose name is `total` bytes long. */
static size_t
long_question(uint8_t *b, size_t total)
{
	size_t at = HEADER_SIZE;

	memset(b, 0, HEADER_SIZE);
	b[5] = 1;
	for (size_t left = total - 1; left > 0;) {
		size_t label = left - 1 < 63 ? left - 1 : 63;

		b[at++] = (uint8_t)label;
		memset(b + at, 'x', label);
		at += label;
		left -= 1 + label;
	}
	memcpy(b + at, "\0\0\1\0\1", 5);
	return at + 5;
}

static void
a_question_has_255_bytes(void **state)
{
	struct query_message q;
	struct message m;
	uint8_t b[400];
	size_t len = long_question(b, 255);

	(void)state;
	assert_int_equal(read_query(b, len, &q), ERR_NONE);
	assert_int_equal(q.question.name.len, 255);
	assert_int_equal(read_answer(b, len, &m), ERR_NONE);
	forget(&m);
	len = long_question(b, 256);
	assert_int_equal(read_query(b, len, &q), ERR_TORN);
	assert_false(q.question_ok);
	assert_int_equal(read_answer(b, len, &m), ERR_TORN);
	forget(&m);
}

static void
check_answer(const uint8_t *bytes, size_t len, enum err want)
{
	struct message m;

	assert_int_equal(read_answer(bytes, len, &m), want);
	forget(&m);
}

#define ANSWER(want, qd, an, ns, ar, ...)                                      \
	do {                                                                   \
		static const uint8_t b_[] = { 0x12, 0x34, 0x81, 0x80,          \
					      0,    (qd), 0,	(an),          \
					      0,    (ns), 0,	(ar),          \
					      __VA_ARGS__ };                   \
		check_answer(b_, sizeof(b_), (want));                          \
	} while (0)
#define REST 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4

static void
good_answers(void **state)
{
	(void)state;
	ANSWER(ERR_NONE, 0, 0, 0, 0, );
	ANSWER(ERR_NONE, 1, 0, 0, 0, QUESTION);
	ANSWER(ERR_NONE, 1, 1, 0, 0, QUESTION, 0xc0, 12, REST);
	ANSWER(ERR_NONE, 1, 1, 1, 2, QUESTION, 0xc0, 12, REST, 0xc0, 16, REST,
	       OPT_OF(0, 0), 0xc0, 12, REST);
	ANSWER(ERR_NONE, 0, 1, 0, 0, 1, 'a', 0, REST);
}

static void
torn_answers(void **state)
{
	(void)state;
	ANSWER(ERR_TORN, 1, 0, 0, 0, );
	ANSWER(ERR_TORN, 2, 0, 0, 0, QUESTION, QUESTION);
	ANSWER(ERR_TORN, 2, 0, 0, 0, );
	ANSWER(ERR_TORN, 1, 0, 0, 0, QUESTION, 0);
	ANSWER(ERR_TORN, 1, 1, 0, 0, QUESTION);
	ANSWER(ERR_TORN, 1, 2, 0, 0, QUESTION, 0xc0, 12, REST);
	ANSWER(ERR_TORN, 1, 1, 0, 0, QUESTION, 0xc0, 12, REST, 0);
	/* RDLENGTH past the end */
	ANSWER(ERR_TORN, 1, 1, 0, 0, QUESTION, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0,
	       9, 0, 5, 1, 2, 3, 4);
	ANSWER(ERR_TORN, 1, 1, 0, 0, QUESTION, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0,
	       9, 0xff, 0xff, 1, 2, 3, 4);
	/* OPT twice, and where it does not belong */
	ANSWER(ERR_TORN, 1, 0, 0, 2, QUESTION, OPT_OF(0, 0), OPT_OF(0, 0));
	ANSWER(ERR_TORN, 1, 1, 0, 0, QUESTION, OPT_OF(0, 0));
	ANSWER(ERR_TORN, 1, 0, 1, 0, QUESTION, OPT_OF(0, 0));
	ANSWER(ERR_TORN, 1, 0, 0, 1, QUESTION, OPT_OF(0, 4), 0, 15, 0, 1);
	ANSWER(ERR_TORN, 1, 0, 0, 1, QUESTION, 0xc0, 18, 0, 41, 4, 0, 0, 0, 0,
	       0, 0, 0);
}

static void
torn_owners(void **state)
{
	(void)state;
	ANSWER(ERR_TORN, 1, 1, 0, 0, QUESTION, 0xc0, 23, REST); /* itself */
	ANSWER(ERR_TORN, 1, 1, 0, 0, QUESTION, 0xc0, 24, REST); /* forward */
	ANSWER(ERR_TORN, 1, 1, 0, 0, QUESTION, 0xc0, 39, REST); /* the end */
	ANSWER(ERR_TORN, 1, 1, 0, 0, QUESTION, 0xc0, 4, REST);	/* header */
	ANSWER(ERR_TORN, 1, 1, 0, 0, QUESTION, 0xc0, 0, REST);
	ANSWER(ERR_TORN, 1, 1, 0, 0, QUESTION, 1, 'a', 0xc0, 23, REST);
	ANSWER(ERR_TORN, 1, 1, 0, 0, QUESTION, 0x40, REST);
	ANSWER(ERR_TORN, 1, 1, 0, 0, QUESTION, 0x80, REST);
	/* a ring of two, the second inside the RDATA of the record before */
	ANSWER(ERR_TORN, 1, 2, 0, 0, QUESTION, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0,
	       9, 0, 4, 0xc0, 39, 0, 0, 0xc0, 35, REST);
	/* a target that was good for an earlier owner must lie before */
	ANSWER(ERR_TORN, 1, 2, 0, 0, QUESTION, 0xc0, 12, REST, 0xc0, 39, REST);
}

static void
every_cut_of_an_answer_is_torn(void **state)
{
	unsigned seed = 5;
	ldns_pkt *pkt;
	uint8_t *wire;
	size_t size;

	(void)state;
	for (int i = 0; i < 20; i++) {
		pkt = packet_random(&seed);
		assert_int_equal(ldns_pkt2wire(&wire, pkt, &size),
				 LDNS_STATUS_OK);
		for (size_t len = 0; len < size; len++)
			check_answer(wire, len, ERR_TORN);
		check_answer(wire, size, ERR_NONE);
		free(wire);
		ldns_pkt_free(pkt);
	}
}

static void
check_record(const struct message *m, const struct rr *rr, const ldns_rr *want)
{
	struct addr a;
	struct name n;

	assert_int_equal(rr->type, ldns_rr_get_type(want));
	assert_int_equal(rr->class, ldns_rr_get_class(want));
	assert_int_equal(rr_ttl(rr), ldns_rr_ttl(want));
	assert_int_equal(rr_owner(m, rr, &n), ERR_NONE);
	assert_int_equal(n.len, ldns_rdf_size(ldns_rr_owner(want)));
	assert_memory_equal(n.wire, ldns_rdf_data(ldns_rr_owner(want)), n.len);
	if (rr->type == TYPE_CNAME || rr->type == TYPE_DNAME ||
	    rr->type == TYPE_NS || rr->type == TYPE_PTR) {
		ldns_rdf *target = ldns_rr_rdf(want, 0);

		assert_int_equal(rr_target(m, rr, &n), ERR_NONE);
		assert_int_equal(n.len, ldns_rdf_size(target));
		assert_memory_equal(n.wire, ldns_rdf_data(target), n.len);
	} else {
		assert_int_equal(rr_target(m, rr, &n), ERR_MISSING);
	}
	if (rr->type == TYPE_A || rr->type == TYPE_AAAA) {
		assert_true(rr_address(m, rr, &a));
		assert_memory_equal(a.byte, ldns_rdf_data(ldns_rr_rdf(want, 0)),
				    rr->rdata_len);
	} else {
		assert_false(rr_address(m, rr, &a));
	}
}

static void
check_packet(const struct message *m, const ldns_pkt *pkt)
{
	unsigned next = 0;

	assert_int_equal(m->header.id, ldns_pkt_id(pkt));
	assert_int_equal(message_rcode(m), ldns_pkt_get_rcode(pkt));
	assert_int_equal(m->edns.present, ldns_pkt_edns(pkt));
	assert_name(&m->question.name, "n1.example.");
	for (unsigned section = 0; section < 3; section++) {
		ldns_rr_list *list = packet_section(pkt, section);

		for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
			assert_true(next < m->rr_count);
			assert_int_equal(m->rr[next].section, section);
			check_record(m, &m->rr[next++],
				     ldns_rr_list_rr(list, i));
		}
	}
	assert_int_equal(next, m->rr_count);
}

static void
sees_what_ldns_wrote(void **state)
{
	static struct message m;
	unsigned seed = 6;

	(void)state;
	for (int i = 0; i < 500; i++) {
		ldns_pkt *pkt = packet_random(&seed);
		uint8_t *wire;
		size_t size;

		assert_int_equal(ldns_pkt2wire(&wire, pkt, &size),
				 LDNS_STATUS_OK);
		assert_int_equal(read_answer(wire, size, &m), ERR_NONE);
		check_packet(&m, pkt);
		forget(&m);
		free(wire);
		ldns_pkt_free(pkt);
	}
}

static void
one_record(struct message *m, struct rr *rr, const uint8_t *rdata, size_t len)
{
	*rr = (struct rr){ .type = TYPE_A, .class = CLASS_IN,
			   .rdata_len = (uint16_t)len };
	m->bytes = rdata;
	m->len = len;
}

static void
addresses_have_their_size_and_class(void **state)
{
	static const uint8_t bytes[17] = { [10] = 0xff, 0xff, 10, 0, 0, 1 };
	static struct message m;
	struct addr a;
	struct rr rr;

	(void)state;
	one_record(&m, &rr, bytes, 4);
	assert_true(rr_address(&m, &rr, &a));
	assert_int_equal(a.family, 4);
	rr.class = 3;
	assert_false(rr_address(&m, &rr, &a));
	one_record(&m, &rr, bytes, 3);
	assert_false(rr_address(&m, &rr, &a));
	one_record(&m, &rr, bytes, 5);
	assert_false(rr_address(&m, &rr, &a));
	one_record(&m, &rr, bytes, 16);
	rr.type = TYPE_AAAA;
	assert_true(rr_address(&m, &rr, &a));
	/* an AAAA stays one, whatever it embeds */
	assert_int_equal(a.family, 6);
	one_record(&m, &rr, bytes, 15);
	rr.type = TYPE_AAAA;
	assert_false(rr_address(&m, &rr, &a));
	one_record(&m, &rr, bytes, 17);
	rr.type = TYPE_AAAA;
	assert_false(rr_address(&m, &rr, &a));
}

static void
ttl_with_the_top_bit_is_zero(void **state)
{
	struct rr rr = { .ttl = 0x7fffffff };

	(void)state;
	assert_int_equal(rr_ttl(&rr), 0x7fffffff);
	rr.ttl = 0x80000000;
	assert_int_equal(rr_ttl(&rr), 0);
	rr.ttl = 0xffffffff;
	assert_int_equal(rr_ttl(&rr), 0);
	rr.ttl = 0;
	assert_int_equal(rr_ttl(&rr), 0);
}

/* A target must fill its RDATA: not end before, not run out of it. */
static void
targets_fill_their_rdata(void **state)
{
	static const uint8_t b[] = { 0x12, 0x34, 0x81, 0x80, 0, 1, 0, 4,
				     0,	   0,	 0,    0,    QUESTION,
				     /* b., in whole */
				     0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 3,
				     1, 'b', 0,
				     /* a byte too many */
				     0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 4,
				     1, 'b', 0, 0,
				     /* the root label lies behind */
				     0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 2,
				     1, 'b',
				     /* nothing; a 0 follows */
				     0, 0, 5, 0, 1, 0, 0, 0, 9, 0, 0 };
	static struct message m;
	struct name n;

	(void)state;
	assert_int_equal(message_read(b, sizeof(b), &m), ERR_NONE);
	assert_int_equal(m.rr_count, 4);
	assert_int_equal(rr_target(&m, &m.rr[0], &n), ERR_NONE);
	assert_name(&n, "b.");
	for (int i = 1; i < 4; i++)
		assert_int_equal(rr_target(&m, &m.rr[i], &n), ERR_TORN);
}

static void
rcode_has_twelve_bits(void **state)
{
	static const uint8_t b[] = { 0, 0, 0x81, 0x87, 0, 0, 0, 0, 0, 0, 0, 1,
				     0, 0, 41, 2, 0, 1, 0, 0, 0, 0, 0 };
	static struct message m;

	(void)state;
	assert_int_equal(message_read(b, sizeof(b), &m), ERR_NONE);
	assert_int_equal(message_rcode(&m), RCODE_BADCOOKIE);
	assert_int_equal(m.edns.udp_size, 512);
}

/* Answers of `count` records of type TXT, owned by pointers. */
static size_t
many_records(uint8_t *b, unsigned count, size_t rdata_len, uint16_t step)
{
	size_t at = long_question(b, 255);

	for (size_t i = 0; i < 127; i++)
		memcpy(b + HEADER_SIZE + 2 * i, "\1x", 2);
	b[6] = (uint8_t)(count >> 8);
	b[7] = (uint8_t)count;
	for (unsigned i = 0; i < count; i++) {
		uint8_t target = (uint8_t)(HEADER_SIZE + i % 2 * step);

		memcpy(b + at, "\xc0?\0\x10\0\1\0\0\0\x9", 10);
		b[at + 1] = target;
		b[at + 10] = (uint8_t)(rdata_len >> 8);
		b[at + 11] = (uint8_t)rdata_len;
		memset(b + at + 12, 0, rdata_len);
		at += 12 + rdata_len;
	}
	return at;
}

static void
at_most_512_records(void **state)
{
	static struct message m;
	static uint8_t b[MESSAGE_MAX];
	size_t len;

	(void)state;
	len = many_records(b, 512, 1, 0);
	assert_int_equal(read_answer(b, len, &m), ERR_NONE);
	assert_int_equal(m.rr_count, 512);
	forget(&m);
	/* an OPT is not one of them */
	memcpy(b + len, "\0\0\x29\4\xd0\0\0\0\0\0\0", 11);
	b[11] = 1;
	assert_int_equal(read_answer(b, len + 11, &m), ERR_NONE);
	assert_true(m.edns.present);
	forget(&m);
	len = many_records(b, 513, 1, 0);
	assert_int_equal(read_answer(b, len, &m), ERR_TORN);
	forget(&m);
	/* counts that promise 196605 records */
	memset(b + 6, 0xff, 6);
	assert_int_equal(read_answer(b, len, &m), ERR_TORN);
	forget(&m);
}

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Every owner is another name of 127 labels, so each has to be walked: more
 * than four steps a byte are refused, and the most that is allowed is soon
 * done. The time is that of the best of ten, with room for a slow machine
 * and for sanitizers. */
static void
compression_is_bounded(void **state)
{
	static struct message m;
	static uint8_t b[MESSAGE_MAX];
	double best = 1e9;
	size_t len;

	(void)state;
	len = many_records(b, 512, 2, 2);
	assert_int_equal(message_read(b, len, &m), ERR_TORN);
	len = many_records(b, 512, 30, 2);
	assert_int_equal(message_read(b, len, &m), ERR_NONE);
	len = many_records(b, 512, 114, 2);
	for (int i = 0; i < 10; i++) {
		double start = now_ms(), took;

		assert_int_equal(message_read(b, len, &m), ERR_NONE);
		took = now_ms() - start;
		best = took < best ? took : best;
	}
	assert_true(best < 10);
	/* The same name again and again is walked once. */
	len = many_records(b, 512, 2, 0);
	assert_int_equal(message_read(b, len, &m), ERR_NONE);
}

/* What is behind the largest message is not read. */
static void
a_message_has_65535_bytes(void **state)
{
	static struct message m;
	static uint8_t b[MESSAGE_MAX + 1];

	(void)state;
	b[7] = 1;
	memcpy(b + 12, "\0\0\x10\0\1\0\0\0\0", 9);
	b[21] = 0xff;
	b[22] = 0xff - 23;
	assert_int_equal(message_read(b, 23 + 0xffe8, &m), ERR_NONE);
	assert_int_equal(23 + 0xffe8, MESSAGE_MAX);
	b[22]++;
	assert_int_equal(message_read(b, MESSAGE_MAX + 1, &m), ERR_TORN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_queries),
		cmocka_unit_test(what_a_query_says),
		cmocka_unit_test(counts_that_no_query_has),
		cmocka_unit_test(torn_questions),
		cmocka_unit_test(torn_additional_records),
		cmocka_unit_test(every_cut_of_a_query_is_torn),
		cmocka_unit_test(a_question_has_255_bytes),
		cmocka_unit_test(good_answers),
		cmocka_unit_test(torn_answers),
		cmocka_unit_test(torn_owners),
		cmocka_unit_test(every_cut_of_an_answer_is_torn),
		cmocka_unit_test(sees_what_ldns_wrote),
		cmocka_unit_test(addresses_have_their_size_and_class),
		cmocka_unit_test(ttl_with_the_top_bit_is_zero),
		cmocka_unit_test(targets_fill_their_rdata),
		cmocka_unit_test(rcode_has_twelve_bits),
		cmocka_unit_test(at_most_512_records),
		cmocka_unit_test(compression_is_bounded),
		cmocka_unit_test(a_message_has_65535_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
