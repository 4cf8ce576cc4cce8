/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we write: byte for byte where it is short, and as ldns reads it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/random.h"
#include "names.h"
#include "packets.h"
#include "wire/reply.h"

static struct question
question_of(const char *name, uint16_t type)
{
	return (struct question){ .name = name_of(name), .type = type,
				  .class = CLASS_IN };
}

static void
writes_a_query(void **state)
{
	static const uint8_t want[] = { 0xab, 0xcd, 1,	  0x10, 0,   1,	  0, 0,
					0,    0,    0,	  1,	1,   'a', 0, 0,
					28,   0,    1,	  0,	0,   41,  4, 0xd0,
					0,    0,    0x80, 0,	0,   0 };
	struct question q = question_of("a", TYPE_AAAA);
	uint8_t b[300];

	(void)state;
	assert_int_equal(query_write(b, sizeof(b), 0xabcd, &q, true, true,
				     true),
			 sizeof(want));
	assert_memory_equal(b, want, sizeof(want));
	assert_int_equal(query_write(b, sizeof(b), 0xabcd, &q, false, true,
				     false),
			 19);
	assert_int_equal(b[3], 0);
	assert_int_equal(b[11], 0);
	assert_int_equal(query_write(b, 29, 1, &q, true, true, true), 0);
	assert_int_equal(query_write(b, 30, 1, &q, true, true, true), 30);
}

static void
any_query_fits_in_300_bytes(void **state)
{
	struct question q = { .type = 1, .class = 1 };
	struct query_message back;
	uint8_t b[300];
	size_t len;

	(void)state;
	q.name.len = 255;
	for (size_t i = 0; i < 254; i += 2)
		memcpy(q.name.wire + i, "\1X", 2);
	q.name.wire[254] = 0;
	len = query_write(b, sizeof(b), 7, &q, true, false, false);
	assert_true(len > 0);
	assert_int_equal(message_read_query(b, len, &back), ERR_NONE);
	assert_memory_equal(back.question.name.wire, q.name.wire, 255);
	assert_int_equal(back.header.flags, FLAG_RD);
	assert_int_equal(back.edns.flags, 0);
	assert_int_equal(back.edns.udp_size, EDNS_UDP_SIZE);
}

static void
case_is_random_and_nothing_else(void **state)
{
	struct name plain = name_of("abcdefghijklmnopqrstuvwxyz.0-_@[`{z\\200");
	unsigned upper[64] = { 0 };
	struct random r;

	(void)state;
	random_init(&r);
	for (int i = 0; i < 400; i++) {
		struct name n = plain;

		name_random_case(&n, &r);
		assert_true(name_equal(&n, &plain));
		for (size_t j = 0; j < n.len; j++)
			upper[j] += n.wire[j] != plain.wire[j];
	}
	for (size_t j = 0; j < plain.len; j++) {
		/* 200 expected, deviation 10 */
		if (plain.wire[j] >= 'a' && plain.wire[j] <= 'z')
			assert_in_range(upper[j], 100, 300);
		else
			assert_int_equal(upper[j], 0);
	}
}

static void
capital_letters_may_become_small(void **state)
{
	struct name plain = name_of("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	struct name n = plain;
	struct random r;

	(void)state;
	random_init(&r);
	name_random_case(&n, &r);
	assert_true(name_equal(&n, &plain));
	assert_memory_not_equal(n.wire, plain.wire, n.len);
}

/* An answer being written, and the query it belongs to. */
struct fixture {
	struct header client;
	struct question q;
	struct reply_spec spec;
	struct reply r;
	uint8_t *bytes; /* of spec.limit bytes, not one more */
	size_t len;
	struct message m; /* read back */
};

static struct fixture *
begin(size_t limit, bool opt)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->client = (struct header){ .id = 0x1234, .flags = FLAG_RD };
	f->q = question_of("n1.example", TYPE_A);
	f->spec = (struct reply_spec){ .limit = limit, .client = &f->client,
				       .q = &f->q, .opt = opt };
	f->bytes = malloc(limit);
	assert_non_null(f->bytes);
	reply_begin(&f->r, f->bytes, &f->spec);
	return f;
}

static void
end(struct fixture *f, unsigned rcode, const struct ede *ede)
{
	f->len = reply_end(&f->r, rcode, ede);
	assert_true(f->len <= f->spec.limit);
	assert_int_equal(message_read(f->bytes, f->len, &f->m), ERR_NONE);
	assert_int_equal(f->m.edns.present, f->spec.opt);
}

static void
finish(struct fixture *f)
{
	free(f->bytes);
	free(f);
}

static void
a_denied_answer(void **state)
{
	static const uint8_t want[] = {
		0x12, 0x34, 0x81, 0x85, 0,    1,    0,	 0,   0,   0,	0,
		1,    2,    'n',  '1',	7,    'e',  'x', 'a', 'm', 'p', 'l',
		'e',  0,    0,	  1,	0,    1,    0,	 0,   41,  4,	0xd0,
		0,    0,    0x80, 0,	0,    11,   0,	 15,  0,   7,	0,
		18,   'r',  'u',  'l',	'e',  's'
	};
	struct ede ede = { .code = EDE_PROHIBITED, .text = "rules" };
	struct fixture *f = begin(512, true);

	(void)state;
	f->spec.dnssec_ok = true;
	reply_begin(&f->r, f->bytes, &f->spec);
	end(f, RCODE_REFUSED, &ede);
	assert_int_equal(f->len, sizeof(want));
	assert_memory_equal(f->bytes, want, sizeof(want));
	assert_int_equal(f->m.edns.ede_code, EDE_PROHIBITED);
	finish(f);
}

static void
without_a_question_the_header_is_all(void **state)
{
	static const uint8_t want[] = { 0x12, 0x34, 0x80, 0x81, 0, 0,
					0,    0,    0,	  0,	0, 0 };
	struct fixture *f = begin(512, false);

	(void)state;
	f->spec.q = NULL;
	f->client.flags = 0;
	reply_begin(&f->r, f->bytes, &f->spec);
	end(f, RCODE_FORMERR, NULL);
	assert_int_equal(f->len, sizeof(want));
	assert_memory_equal(f->bytes, want, sizeof(want));
	finish(f);
}

static void
flags_that_go_back(void **state)
{
	struct fixture *f = begin(512, false);

	(void)state;
	f->client.flags = 0x7fff; /* opcode 15 and every flag but QR */
	end(f, RCODE_NOTIMP, NULL);
	assert_int_equal(f->m.header.flags, FLAG_QR | 0x7800 | FLAG_RD |
						FLAG_RA | FLAG_CD |
						RCODE_NOTIMP);
	finish(f);
}

static void
long_rcodes_need_an_opt(void **state)
{
	struct fixture *f = begin(512, true);

	(void)state;
	end(f, RCODE_BADVERS, NULL);
	assert_int_equal(message_rcode(&f->m), RCODE_BADVERS);
	assert_int_equal(f->m.edns.version, 0);
	finish(f);
	f = begin(512, false);
	end(f, RCODE_BADVERS, NULL);
	assert_int_equal(message_rcode(&f->m), RCODE_SERVFAIL);
	finish(f);
}

static void
addresses_of_both_families(void **state)
{
	static const uint8_t want[] = {
		0xc0, 12, 0,	1,    0,    1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1,
		0xc0, 12, 0,	28,   0,    1, 0, 0, 0, 61, 0, 16,
		0x20, 1,  0x0d, 0xb8, 0,    0, 0, 0, 0, 0,  0, 0, 0,   0, 0, 7
	};
	struct fixture *f = begin(512, false);
	struct addr a;

	(void)state;
	addr_parse("192.0.2.1", 9, &a);
	reply_address(&f->r, SECTION_ANSWER, &f->q.name, &a, 60);
	addr_parse("2001:db8::7", 11, &a);
	reply_address(&f->r, SECTION_ANSWER, &f->q.name, &a, 61);
	end(f, 0, NULL);
	assert_int_equal(f->len, 28 + sizeof(want));
	assert_memory_equal(f->bytes + 28, want, sizeof(want));
	assert_int_equal(f->m.header.ancount, 2);
	finish(f);
}

static size_t
copy_all(struct fixture *f, const struct message *from)
{
	for (unsigned i = 0; i < from->rr_count; i++)
		assert_int_equal(reply_copy(&f->r, from, &from->rr[i],
					    rr_ttl(&from->rr[i])),
				 ERR_NONE);
	end(f, message_rcode(from), NULL);
	return f->len;
}

static void
compare_sections(const ldns_pkt *pkt, const ldns_pkt *want)
{
	for (unsigned section = 0; section < 3; section++) {
		ldns_rr_list *a = packet_section(pkt, section);
		ldns_rr_list *b = packet_section(want, section);
		char *ta = ldns_rr_list2str(a), *tb = ldns_rr_list2str(b);

		assert_string_equal(ta, tb);
		free(ta);
		free(tb);
	}
}

static void
ldns_reads_what_was_copied(void **state)
{
	static struct message m;
	unsigned seed = 7;

	(void)state;
	for (int i = 0; i < 500; i++) {
		ldns_pkt *pkt = packet_random(&seed), *back;
		struct fixture *f = begin(65535, ldns_pkt_edns(pkt));
		uint8_t *wire;
		size_t size;

		assert_int_equal(ldns_pkt2wire(&wire, pkt, &size),
				 LDNS_STATUS_OK);
		assert_int_equal(message_read(wire, size, &m), ERR_NONE);
		copy_all(f, &m);
		assert_int_equal(ldns_wire2pkt(&back, f->bytes, f->len),
				 LDNS_STATUS_OK);
		assert_int_equal(f->m.header.flags & FLAG_TC, 0);
		compare_sections(back, pkt);
		ldns_pkt_free(back);
		ldns_pkt_free(pkt);
		free(wire);
		finish(f);
	}
}

/* One in two records begins a new set. */
static size_t
many_sets(uint8_t *b, size_t size, unsigned count, enum section section)
{
	struct question q = question_of("n1.example", TYPE_A);
	size_t len = query_write(b, size, 9, &q, false, false, false);
	struct writer w = writer_of(b, size);

	b[2] = 0x81;
	b[6 + 2 * section] = (uint8_t)(count >> 8);
	b[7 + 2 * section] = (uint8_t)count;
	w.at = len;
	for (unsigned i = 0; i < count; i++) {
		writer_u16(&w, 0xc00c);
		writer_u16(&w, i / 2 % 2 ? TYPE_TXT : TYPE_HINFO);
		writer_u16(&w, CLASS_IN);
		writer_u32(&w, i);
		writer_u16(&w, 4);
		writer_u32(&w, 0x01610162);
	}
	assert_false(w.full);
	return w.at;
}

static void
cut_between_sets(size_t limit, bool opt)
{
	static uint8_t b[8000];
	static struct message m;
	size_t len = many_sets(b, sizeof(b), 250, SECTION_ANSWER);
	struct fixture *f = begin(limit, opt);
	unsigned fit = (unsigned)((limit - 28 - (opt ? 11 : 0)) / 16);

	assert_true(len >= 4000);
	assert_int_equal(message_read(b, len, &m), ERR_NONE);
	copy_all(f, &m);
	fit = fit > 250 ? 250 : fit;
	assert_int_equal(f->m.rr_count, fit / 2 * 2);
	assert_int_equal(f->m.header.ancount, fit / 2 * 2);
	for (unsigned i = 0; i < f->m.rr_count; i++)
		assert_int_equal(f->m.rr[i].ttl, i);
	assert_int_equal(!!(f->m.header.flags & FLAG_TC), fit < 250);
	finish(f);
}

static void
large_answers_are_cut_between_sets(void **state)
{
	(void)state;
	for (size_t limit = 512; limit < 600; limit++) {
		cut_between_sets(limit, true);
		cut_between_sets(limit, false);
	}
	cut_between_sets(1232, true);
	cut_between_sets(65535, true);
}

static void
after_a_cut_nothing_follows(void **state)
{
	static uint8_t big[600];
	struct fixture *f = begin(512, true);

	(void)state;
	reply_record(&f->r, SECTION_ANSWER, &f->q.name, TYPE_TXT, 1, big, 600);
	reply_record(&f->r, SECTION_ANSWER, &f->q.name, TYPE_A, 1, big, 4);
	reply_record(&f->r, SECTION_AUTHORITY, &f->q.name, TYPE_A, 1, big, 4);
	end(f, 0, NULL);
	assert_int_equal(f->m.rr_count, 0);
	assert_int_equal(f->m.header.flags & FLAG_TC, FLAG_TC);
	assert_int_equal(f->len, 28 + 11);
	finish(f);
}

static void
nobody_misses_an_additional_record(void **state)
{
	static uint8_t b[8000];
	static struct message m;
	size_t len = many_sets(b, sizeof(b), 250, SECTION_ADDITIONAL);
	struct fixture *f = begin(512, true);

	(void)state;
	assert_int_equal(message_read(b, len, &m), ERR_NONE);
	copy_all(f, &m);
	assert_int_equal(f->m.header.flags & FLAG_TC, 0);
	assert_int_equal(f->m.rr_count, 28);
	assert_int_equal(f->m.header.arcount, 29);
	finish(f);
}

static void
truncated_by_will(void **state)
{
	static const uint8_t a[4];
	struct fixture *f = begin(512, true);

	(void)state;
	reply_truncate(&f->r);
	reply_record(&f->r, SECTION_ANSWER, &f->q.name, TYPE_A, 1, a, 4);
	end(f, 0, NULL);
	assert_int_equal(f->m.rr_count, 0);
	assert_int_equal(f->m.header.flags & FLAG_TC, FLAG_TC);
	finish(f);
}

/* A record that leaves `spare` bytes behind the OPT. */
static struct fixture *
nearly_full(size_t spare)
{
	static uint8_t rdata[512];
	struct fixture *f = begin(512, true);

	reply_record(&f->r, SECTION_ANSWER, &f->q.name, 65280, 1, rdata,
		     512 - 28 - 12 - 11 - spare);
	return f;
}

static void
the_error_gives_way_to_records(void **state)
{
	struct ede ede = { .code = EDE_BLOCKED, .text = "0123456789" };

	(void)state;
	for (size_t spare = 0; spare < 20; spare++) {
		struct fixture *f = nearly_full(spare);

		end(f, 0, &ede);
		assert_int_equal(f->m.rr_count, 1);
		assert_int_equal(f->m.header.flags & FLAG_TC, 0);
		assert_int_equal(f->m.edns.ede_present, spare >= 6);
		assert_int_equal(f->m.edns.ede_text_len, spare >= 16 ? 10 : 0);
		finish(f);
	}
}

/* An answer of one record, by hand. */
static void
answer_of(struct message *m, const uint8_t *b, size_t len)
{
	assert_int_equal(message_read(b, len, m), ERR_NONE);
	assert_int_equal(m->rr_count, 1);
}

#define HEAD_OF_ONE 0, 9, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0
#define N1_EXAMPLE 2, 'N', '1', 7, 'e', 'X', 'a', 'M', 'p', 'L', 'e', 0
#define ONE(...)                                                               \
	{                                                                      \
		HEAD_OF_ONE, N1_EXAMPLE, 0, 1, 0, 1, __VA_ARGS__               \
	}

static void
the_clients_case_comes_back(void **state)
{
	/* N1.eXaMpLe CNAME cdn.eXaMpLe, asked as n1.example */
	static const uint8_t b[] = ONE(0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 6,
				       3, 'c', 'd', 'n', 0xc0, 15);
	static struct message m;
	struct fixture *f = begin(512, false);
	struct name n;

	(void)state;
	answer_of(&m, b, sizeof(b));
	copy_all(f, &m);
	assert_name(&f->m.question.name, "n1.example.");
	assert_int_equal(rr_owner(&f->m, &f->m.rr[0], &n), ERR_NONE);
	assert_name(&n, "n1.example.");
	assert_int_equal(rr_target(&f->m, &f->m.rr[0], &n), ERR_NONE);
	assert_name(&n, "cdn.example.");
	assert_int_equal(f->len, sizeof(b));
	finish(f);
}

static void
other_owners_keep_theirs(void **state)
{
	static const uint8_t b[] = ONE(1, 'B', 2, 'D', 'e', 0, 0, 1, 0, 1, 0,
				       0, 0, 9, 0, 4, 1, 2, 3, 4);
	static struct message m;
	struct fixture *f = begin(512, false);
	struct name n;

	(void)state;
	answer_of(&m, b, sizeof(b));
	copy_all(f, &m);
	assert_int_equal(rr_owner(&f->m, &f->m.rr[0], &n), ERR_NONE);
	assert_name(&n, "B.De.");
	finish(f);
}

/* SRV is younger than RFC 1035: a pointer that came must not go. */
static void
young_types_go_unpacked(void **state)
{
	static const uint8_t b[] = ONE(0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 9, 0, 8,
				       0, 1, 0, 2, 0, 3, 0xc0, 15);
	static const uint8_t want[] = { 0,   1,	  0,   2,   0,	 3,   7, 'e',
					'X', 'a', 'M', 'p', 'L', 'e', 0 };
	static struct message m;
	struct fixture *f = begin(512, false);

	(void)state;
	answer_of(&m, b, sizeof(b));
	copy_all(f, &m);
	assert_int_equal(f->m.rr[0].rdata_len, sizeof(want));
	assert_memory_equal(f->bytes + f->m.rr[0].rdata_at, want,
			    sizeof(want));
	finish(f);
}

static void
check_torn(const uint8_t *b, size_t len)
{
	static struct message m;
	struct fixture *f = begin(512, true);
	size_t at = f->r.w.at;

	answer_of(&m, b, len);
	assert_int_equal(reply_copy(&f->r, &m, &m.rr[0], 1), ERR_TORN);
	assert_int_equal(f->r.w.at, at);
	/* what follows goes in as if nothing had been */
	reply_record(&f->r, SECTION_ANSWER, &f->q.name, TYPE_A, 1, b, 4);
	end(f, 0, NULL);
	assert_int_equal(f->m.rr_count, 1);
	assert_int_equal(f->m.header.flags & FLAG_TC, 0);
	finish(f);
}

#define TORN_RDATA(type, len, ...)                                             \
	do {                                                                   \
		static const uint8_t b_[] =                                    \
		    ONE(0xc0, 12, 0, type, 0, 1, 0, 0, 0, 9, 0, len,           \
			__VA_ARGS__);                                          \
		check_torn(b_, sizeof(b_));                                    \
	} while (0)

static void
torn_rdata_is_not_written(void **state)
{
	(void)state;
	TORN_RDATA(TYPE_A, 0, );
	TORN_RDATA(TYPE_A, 3, 1, 2, 3);
	TORN_RDATA(TYPE_A, 5, 1, 2, 3, 4, 5);
	TORN_RDATA(TYPE_AAAA, 4, 1, 2, 3, 4);
	TORN_RDATA(TYPE_CNAME, 0, );
	TORN_RDATA(TYPE_CNAME, 1, 1);
	TORN_RDATA(TYPE_CNAME, 2, 1, 'a');
	TORN_RDATA(TYPE_CNAME, 2, 0, 0);
	TORN_RDATA(TYPE_CNAME, 1, 0xc0);
	TORN_RDATA(TYPE_CNAME, 2, 0xc0, 40);  /* to itself */
	TORN_RDATA(TYPE_CNAME, 2, 0xc0, 41);  /* forward */
	TORN_RDATA(TYPE_CNAME, 2, 0xc0, 3);   /* into the header */
	TORN_RDATA(TYPE_CNAME, 3, 0xc0, 12, 0);
	TORN_RDATA(TYPE_MX, 2, 0, 1);
	TORN_RDATA(TYPE_MX, 1, 0);
	TORN_RDATA(TYPE_SOA, 2, 0, 0);
	TORN_RDATA(TYPE_SOA, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		   0, 0, 0, 0, 0);
	TORN_RDATA(TYPE_SRV, 6, 0, 0, 0, 0, 0, 0);
	TORN_RDATA(TYPE_NAPTR, 8, 0, 0, 0, 0, 0, 0, 0, 1);
	TORN_RDATA(TYPE_NAPTR, 7, 0, 0, 0, 0, 9, 0, 0);
}

static void
other_classes_are_not_copied(void **state)
{
	static const uint8_t b[] = ONE(0xc0, 12, 0, 1, 0, 3, 0, 0, 0, 9, 0, 4,
				       1, 2, 3, 4);

	(void)state;
	check_torn(b, sizeof(b));
}

static void
the_ttl_is_the_callers(void **state)
{
	static const uint8_t b[] = ONE(0xc0, 12, 0, 1, 0, 1, 1, 2, 3, 4, 0, 4,
				       1, 2, 3, 4);
	static struct message m;
	struct fixture *f = begin(512, false);

	(void)state;
	answer_of(&m, b, sizeof(b));
	assert_int_equal(reply_copy(&f->r, &m, &m.rr[0], 17), ERR_NONE);
	end(f, 0, NULL);
	assert_int_equal(f->m.rr[0].ttl, 17);
	finish(f);
}

/* Names of 127 labels in 500 records unpack to 125 kB; packed again they
 * take no more than they came in. */
static void
big_compressions_survive(void **state)
{
	static uint8_t b[MESSAGE_MAX];
	static struct message m;
	struct writer w = writer_of(b, sizeof(b));
	struct fixture *f = begin(65535, true);
	struct name n;

	(void)state;
	writer_bytes(&w, "\0\1\x81\x80\0\1\1\xf4\0\0\0\0", 12);
	f->q.name.len = 255;
	for (size_t i = 0; i < 127; i++)
		memcpy(f->q.name.wire + 2 * i, "\1x", 2);
	f->q.name.wire[254] = 0;
	writer_bytes(&w, f->q.name.wire, 255);
	writer_u32(&w, 0x00050001);
	for (unsigned i = 0; i < 500; i++)
		writer_bytes(&w, "\xc0\x0c\0\5\0\1\0\0\0\1\0\4\1y\xc0\x0e", 16);
	assert_int_equal(message_read(b, w.at, &m), ERR_NONE);
	reply_begin(&f->r, f->bytes, &f->spec);
	copy_all(f, &m);
	assert_int_equal(f->m.rr_count, 500);
	assert_true(f->len <= w.at + 11);
	assert_int_equal(rr_target(&f->m, &f->m.rr[499], &n), ERR_NONE);
	assert_int_equal(n.len, 255);
	assert_memory_equal(n.wire, "\1y", 2);
	assert_memory_equal(n.wire + 2, f->q.name.wire + 2, 253);
	finish(f);
}

static void
udp_limits(void **state)
{
	static const struct {
		bool present;
		uint16_t size;
		size_t limit;
	} want[] = { { false, 4096, 512 }, { true, 0, 512 },
		     { true, 511, 512 },   { true, 513, 513 },
		     { true, 1232, 1232 }, { true, 65535, 1232 } };

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct edns e = { .present = want[i].present,
				  .udp_size = want[i].size };

		assert_int_equal(reply_udp_limit(&e), want[i].limit);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_a_query),
		cmocka_unit_test(any_query_fits_in_300_bytes),
		cmocka_unit_test(case_is_random_and_nothing_else),
		cmocka_unit_test(capital_letters_may_become_small),
		cmocka_unit_test(a_denied_answer),
		cmocka_unit_test(without_a_question_the_header_is_all),
		cmocka_unit_test(flags_that_go_back),
		cmocka_unit_test(long_rcodes_need_an_opt),
		cmocka_unit_test(addresses_of_both_families),
		cmocka_unit_test(ldns_reads_what_was_copied),
		cmocka_unit_test(large_answers_are_cut_between_sets),
		cmocka_unit_test(after_a_cut_nothing_follows),
		cmocka_unit_test(nobody_misses_an_additional_record),
		cmocka_unit_test(truncated_by_will),
		cmocka_unit_test(the_error_gives_way_to_records),
		cmocka_unit_test(the_clients_case_comes_back),
		cmocka_unit_test(other_owners_keep_theirs),
		cmocka_unit_test(young_types_go_unpacked),
		cmocka_unit_test(torn_rdata_is_not_written),
		cmocka_unit_test(other_classes_are_not_copied),
		cmocka_unit_test(the_ttl_is_the_callers),
		cmocka_unit_test(big_compressions_survive),
		cmocka_unit_test(udp_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
