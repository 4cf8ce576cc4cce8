/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names from the wire and from text; ldns reads and prints the same. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <ldns/ldns.h>
#include <stdlib.h>

#include "names.h"

enum { HEADER = 12 };

/* A message whose end is the end of its memory, so that a read behind it is
 * seen; the header's bytes would be good labels if anything read them. */
static uint8_t *
message_of(const uint8_t *behind_header, size_t len)
{
	uint8_t *m = malloc(HEADER + len);

	assert_non_null(m);
	memset(m, 0, HEADER);
	if (len > 0)
		memcpy(m + HEADER, behind_header, len);
	return m;
}

static enum err
read_at(const uint8_t *bytes, size_t len, size_t at, struct name *out)
{
	uint8_t *m = message_of(bytes, len);
	size_t read = HEADER + at, skip = read, steps = 0;
	enum err err = name_read(m, HEADER + len, &read, out);

	assert_int_equal(name_skip(m, HEADER + len, &skip, &steps), err);
	assert_int_equal(skip, read);
	assert_true(steps <= 256);
	if (err != ERR_NONE)
		assert_int_equal(read, HEADER + at);
	free(m);
	return err;
}

#define assert_torn(at, ...)                                                   \
	do {                                                                   \
		static const uint8_t b_[] = { __VA_ARGS__ };                   \
		struct name n_;                                                \
		assert_int_equal(read_at(b_, sizeof(b_), (at), &n_),           \
				 ERR_TORN);                                    \
	} while (0)

static void
reads_plain_and_packed_names(void **state)
{
	static const uint8_t b[] = { 1, 'a', 2, 'B', 'c', 0, /* 12 */
				     1, 'x', 0xc0, 14,	     /* 18 */
				     0xc0, 18,		     /* 22 */
				     0, 0xc0, 17, 9 };
	static const struct {
		size_t at, behind;
		const char *text;
	} want[] = { { 12, 18, "a.Bc." }, { 14, 18, "Bc." },
		     { 18, 22, "x.Bc." }, { 22, 24, "x.Bc." },
		     { 24, 25, "." },	  { 25, 27, "." } };
	uint8_t *m = message_of(b, sizeof(b));

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		size_t at = want[i].at;
		struct name n;

		assert_int_equal(name_read(m, HEADER + sizeof(b), &at, &n),
				 ERR_NONE);
		assert_name(&n, want[i].text);
		assert_int_equal(at, want[i].behind);
	}
	free(m);
}

static void
torn_labels(void **state)
{
	struct name n;

	(void)state;
	assert_int_equal(read_at(NULL, 0, 0, &n), ERR_TORN);
	assert_torn(0, 1);
	assert_torn(0, 1, 'a');
	assert_torn(0, 3, 'a', 'b');
	assert_torn(0, 0x40, 'a', 0);
	assert_torn(0, 0x41, 'a', 0);
	assert_torn(0, 0x80, 'a', 0);
	assert_torn(0, 0xbf, 'a', 0);
	assert_torn(0, 1, 'a', 0x80);
}

static void
torn_pointers(void **state)
{
	(void)state;
	assert_torn(1, 0, 0xc0);	     /* half a pointer */
	assert_torn(0, 0xc0, 12);	     /* to itself */
	assert_torn(0, 1, 'a', 0xc0, 12);    /* to its own labels */
	assert_torn(0, 1, 'a', 0xc0, 14);    /* to itself, later */
	assert_torn(0, 0xc0, 14, 0);	     /* forward */
	assert_torn(0, 0xc0, 13, 0);	     /* into itself */
	assert_torn(0, 0xc0, 200, 0);	     /* behind the end */
	assert_torn(0, 0xff, 0xff, 0);	     /* far behind the end */
	assert_torn(2, 0xc0, 14, 0xc0, 12);  /* a ring of two */
	assert_torn(1, 0, 0xc0, 0);	     /* into the header */
	assert_torn(1, 0, 0xc0, 11);	     /* its last byte */
	assert_torn(2, 1, 'a', 0xc0, 12, 0); /* back, then round and round */
}

static void
at_most_63_bytes_a_label(void **state)
{
	uint8_t b[200];
	struct name n;

	(void)state;
	memset(b, 0, sizeof(b));
	b[0] = 63;
	assert_int_equal(read_at(b, sizeof(b), 0, &n), ERR_NONE);
	assert_int_equal(n.len, 65);
	for (unsigned size = 64; size < 0xc0; size++) {
		b[0] = (uint8_t)size;
		assert_int_equal(read_at(b, sizeof(b), 0, &n), ERR_TORN);
	}
}

/* One pointer behind the other, each to the one before: n hops. */
static enum err
read_hops(unsigned hops)
{
	uint8_t b[1 + 2 * 200] = { 0 };
	size_t at = 0;
	struct name n;

	for (unsigned i = 0; i < hops; i++) {
		size_t target = HEADER + at;

		at = i == 0 ? 1 : at + 2;
		b[at] = (uint8_t)(0xc0 | target >> 8);
		b[at + 1] = (uint8_t)target;
	}
	return read_at(b, sizeof(b), at, &n);
}

static void
at_most_127_hops(void **state)
{
	(void)state;
	assert_int_equal(read_hops(1), ERR_NONE);
	assert_int_equal(read_hops(127), ERR_NONE);
	assert_int_equal(read_hops(128), ERR_TORN);
	assert_int_equal(read_hops(200), ERR_TORN);
}

/* Labels of 63 bytes and a last one that makes the name `total` long. */
static size_t
long_name(uint8_t *b, size_t total)
{
	size_t at = 0;

	while (total - at > 1) {
		size_t label = total - at - 2 < 63 ? total - at - 2 : 63;

		b[at] = (uint8_t)label;
		memset(b + at + 1, 'x', label);
		at += 1 + label;
	}
	b[at++] = 0;
	return at;
}

static void
at_most_255_bytes(void **state)
{
	uint8_t b[300];
	struct name n;

	(void)state;
	assert_int_equal(long_name(b, 255), 255);
	assert_int_equal(read_at(b, 255, 0, &n), ERR_NONE);
	assert_int_equal(n.len, 255);
	assert_memory_equal(n.wire, b, 255);
	assert_int_equal(long_name(b, 256), 256);
	assert_int_equal(read_at(b, 256, 0, &n), ERR_TORN);
}

static void
a_packed_name_counts_as_a_whole(void **state)
{
	uint8_t b[300];
	size_t at;
	struct name n;

	(void)state;
	at = long_name(b, 200);
	b[at] = 54;
	memset(b + at + 1, 'y', 54);
	b[at + 55] = 0xc0;
	b[at + 56] = HEADER;
	assert_int_equal(read_at(b, at + 57, at, &n), ERR_NONE);
	assert_int_equal(n.len, 255);
	b[at] = 55;
	memset(b + at + 1, 'y', 55);
	b[at + 56] = 0xc0;
	b[at + 57] = HEADER;
	assert_int_equal(read_at(b, at + 58, at, &n), ERR_TORN);
}

static void
case_is_ignored_but_kept(void **state)
{
	struct name a = name_of("AbC.Example"), b = name_of("aBc.eXAMPLE.");
	struct name low;

	(void)state;
	assert_true(name_equal(&a, &b));
	assert_name(&a, "AbC.Example.");
	name_lower(&a, &low);
	assert_name(&low, "abc.example.");
	assert_true(name_equal(&a, &low));
	b = name_of("abd.example");
	assert_false(name_equal(&a, &b));
	b = name_of("abc.examples");
	assert_false(name_equal(&a, &b));
}

/* Only letters have a case: '@' and '`', '[' and '{' differ by that bit. */
static void
only_letters_fold(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		unsigned want = c >= 'A' && c <= 'Z' ? c + 32 : c;

		assert_int_equal(name_fold((uint8_t)c), want);
	}
}

static void
assert_under(const char *name, const char *zone, bool want)
{
	struct name n = name_of(name), z = name_of(zone);

	if (name_is_under(&n, &z) != want)
		fail_msg("%s under %s: not %d", name, zone, (int)want);
}

static void
lies_under_a_zone(void **state)
{
	(void)state;
	assert_under("a.example.com", "example.com", true);
	assert_under("A.Example.COM", "example.com", true);
	assert_under("example.com", "example.com", true);
	assert_under("a.b.c.d.example.com", "example.com", true);
	assert_under("example.com", ".", true);
	assert_under(".", ".", true);
	assert_under(".", "com", false);
	assert_under("com", "example.com", false);
	assert_under("badexample.com", "example.com", false);
	assert_under("a.example.org", "example.com", false);
	/* a dot within a label parts nothing */
	assert_under("evil\\.example.com", "example.com", false);
	assert_under("evil\\007example.com", "example.com", false);
}

static void
goes_up_to_the_root(void **state)
{
	static const char *const above[] = { "b\\.c.test", "test", ".", "." };
	struct name n = name_of("a.b\\.c.test");

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct name want = name_of(above[i]);

		name_go_up(&n);
		assert_true(name_equal(&n, &want));
		assert_int_equal(n.len, want.len);
	}
}

static void
counts_labels(void **state)
{
	struct name n = name_of(".");

	(void)state;
	assert_int_equal(name_labels(&n), 0);
	n = name_of("a.b.");
	assert_int_equal(name_labels(&n), 2);
	n = name_of("a\\.b");
	assert_int_equal(name_labels(&n), 1);
}

static void
reads_text(void **state)
{
	static const struct {
		const char *text, *printed;
	} good[] = {
		{ ".", "." },
		{ "a", "a." },
		{ "a.", "a." },
		{ "A-b_c.1", "A-b_c.1." },
		{ "*.example", "*.example." },
		{ "0/25.2.0.192.in-addr.arpa", "0/25.2.0.192.in-addr.arpa." },
		{ "a\\.b.c", "a\\046b.c." },
		{ "a\\046b.c", "a\\046b.c." },
		{ "\\000\\255", "\\000\\255." },
		{ "\\097\\.", "a\\046." },
		{ "a\\\\b", "a\\092b." },
		{ "a\\\"b\"", "a\\034b\\034." },
		{ "\\x", "x." },
		{ "a=b", "a\\061b." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct name n = name_of(good[i].text), again;

		assert_name(&n, good[i].printed);
		again = name_of(good[i].printed);
		assert_int_equal(n.len, again.len);
		assert_memory_equal(n.wire, again.wire, n.len);
	}
}

static void
assert_bad(const char *text, size_t len, size_t want_bad)
{
	size_t bad = SIZE_MAX;
	struct name n;

	assert_int_equal(name_parse(text, len, &n, &bad), ERR_SYNTAX);
	if (bad != want_bad)
		fail_msg("\"%s\": bad at %zu, not %zu", text, bad, want_bad);
	assert_int_equal(name_parse(text, len, &n, NULL), ERR_SYNTAX);
}

static void
refuses_text(void **state)
{
	static const struct {
		const char *text;
		size_t bad;
	} wrong[] = {
		{ "", 0 },	     { "..", 0 },	 { ".a", 0 },
		{ "a..b", 2 },	     { "a..", 2 },	 { "*..", 2 },
		{ "a b", 1 },	     { "a\tb", 1 },	 { " a", 0 },
		{ "a\nb", 1 },	     { "a\x7f", 1 },	 { "b\xc3\xbc.de", 1 },
		{ "a\\", 1 },	     { "a\\1", 1 },	 { "a\\12", 1 },
		{ "a\\256", 1 },     { "a\\999", 1 },	 { "a\\1a2", 1 },
		{ "a\\12.", 1 },     { "abc.d\\ e", 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_bad(wrong[i].text, strlen(wrong[i].text), wrong[i].bad);
	assert_bad("a\0b", 3, 1);
	/* an escape that the end cuts off, though more bytes follow it */
	assert_bad("a\\046", 4, 1);
	assert_bad("a\\.", 2, 1);
}

static void
text_has_the_limits_of_the_wire(void **state)
{
	char text[300];
	struct name n;

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(name_parse(text, 63, &n, NULL), ERR_NONE);
	assert_int_equal(n.len, 65);
	assert_bad(text, 64, 63);
	for (size_t i = 49; i < 253; i += 50)
		text[i] = '.';
	/* 253 characters are 255 bytes, with or without a dot at the end */
	assert_int_equal(name_parse(text, 253, &n, NULL), ERR_NONE);
	assert_int_equal(n.len, 255);
	text[253] = '.';
	assert_int_equal(name_parse(text, 254, &n, NULL), ERR_NONE);
	assert_int_equal(n.len, 255);
	text[253] = 'a';
	assert_bad(text, 254, 253);
	text[252] = '.';
	assert_bad(text, 254, 253);
	/* 127 labels of one byte */
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 ? '.' : 'a';
	assert_int_equal(name_parse(text, 254, &n, NULL), ERR_NONE);
	assert_int_equal(name_labels(&n), 127);
	assert_bad(text, 255, 254);
}

static struct name
random_name(unsigned *seed)
{
	struct name n = { .len = 0 };
	size_t labels = (size_t)(rand_r(seed) % 8);

	for (size_t i = 0; i < labels; i++) {
		size_t size = 1 + (size_t)(rand_r(seed) % 30);

		n.wire[n.len++] = (uint8_t)size;
		for (size_t j = 0; j < size; j++)
			n.wire[n.len++] = (uint8_t)(rand_r(seed) >> 4);
	}
	n.wire[n.len++] = 0;
	return n;
}

static void
ldns_understands_our_text(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct name n = random_name(&seed), again;
		char buf[NAME_TEXT_SIZE];
		ldns_rdf *rdf = NULL;
		struct text t;

		text_init(&t, buf, sizeof(buf));
		name_print(&n, &t);
		assert_false(t.cut);
		assert_int_equal(ldns_str2rdf_dname(&rdf, buf), LDNS_STATUS_OK);
		assert_int_equal(ldns_rdf_size(rdf), n.len);
		assert_memory_equal(ldns_rdf_data(rdf), n.wire, n.len);
		again = name_of(buf);
		assert_memory_equal(again.wire, n.wire, n.len);
		ldns_rdf_deep_free(rdf);
	}
}

static void
we_understand_the_text_of_ldns(void **state)
{
	unsigned seed = 2;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct name n = random_name(&seed), again;
		ldns_rdf *rdf = ldns_dname_new_frm_data(n.len, n.wire);
		char *text = ldns_rdf2str(rdf);

		/* ldns leaves a space as it is; we do not take one. */
		if (strchr(text, ' ') == NULL) {
			again = name_of(text);
			assert_int_equal(again.len, n.len);
			assert_memory_equal(again.wire, n.wire, n.len);
		}
		free(text);
		ldns_rdf_deep_free(rdf);
	}
}

/* Bytes that are mostly labels and pointers: whatever ldns reads, we read as
 * the same name; what we read, ldns reads (it forgives more than we do). */
static void
ldns_reads_what_we_read(void **state)
{
	unsigned seed = 3, good = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint8_t m[HEADER + 60];
		size_t at = HEADER + (size_t)(rand_r(&seed) % 60), ours = at;
		size_t theirs = at;
		ldns_rdf *rdf = NULL;
		struct name n;

		for (size_t j = 0; j < sizeof(m); j++) {
			static const uint8_t often[] = { 0,    1,    2, 3,
							 0xc0, 0xc0, 12, 20 };

			m[j] = rand_r(&seed) % 4 ?
				       often[rand_r(&seed) % 8] :
				       (uint8_t)rand_r(&seed);
		}
		if (name_read(m, sizeof(m), &ours, &n) != ERR_NONE)
			continue;
		good++;
		assert_int_equal(ldns_wire2dname(&rdf, m, sizeof(m), &theirs),
				 LDNS_STATUS_OK);
		assert_int_equal(theirs, ours);
		assert_int_equal(ldns_rdf_size(rdf), n.len);
		assert_memory_equal(ldns_rdf_data(rdf), n.wire, n.len);
		ldns_rdf_deep_free(rdf);
	}
	assert_true(good > 2000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_plain_and_packed_names),
		cmocka_unit_test(torn_labels),
		cmocka_unit_test(torn_pointers),
		cmocka_unit_test(at_most_63_bytes_a_label),
		cmocka_unit_test(at_most_127_hops),
		cmocka_unit_test(at_most_255_bytes),
		cmocka_unit_test(a_packed_name_counts_as_a_whole),
		cmocka_unit_test(case_is_ignored_but_kept),
		cmocka_unit_test(only_letters_fold),
		cmocka_unit_test(lies_under_a_zone),
		cmocka_unit_test(goes_up_to_the_root),
		cmocka_unit_test(counts_labels),
		cmocka_unit_test(reads_text),
		cmocka_unit_test(refuses_text),
		cmocka_unit_test(text_has_the_limits_of_the_wire),
		cmocka_unit_test(ldns_understands_our_text),
		cmocka_unit_test(we_understand_the_text_of_ldns),
		cmocka_unit_test(ldns_reads_what_we_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
