/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies of lists on disk: whatever way a zone came to what it is, the copy
 * and the image made of it are the same; whatever a crash or a disk does, it
 * is the copy of before, that of after, or none.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "lists/build.h"
#include "life.h"
#include "lists/rpz_zone.h"
#include "wire/types.h"

/* ---- images ------------------------------------------------------------- */

static enum err
build_item(void *arg, const struct item *item)
{
	return lists_build_add(arg, item);
}

static void
build_begin(struct lists_build *b)
{
	static const struct lists_about about = { .name = "ads",
						  .file = "/ads",
						  .line = "",
						  .form = FORM_RPZ,
						  .action = ACTION_GIVEN };

	lists_build_init(b);
	b->key = (struct hash_key){ 1, 2 };
	assert_int_equal(lists_build_list(b, &about), ERR_NONE);
}

/* The image of the file is that of a transfer of all there is now. */
static void
build_now(const struct model *m, void **image_out, size_t *size_out)
{
	static struct lists_build b;
	static struct rpz z;
	const struct rpz_sink to = { build_item, NULL, &b };
	const struct record_sink sink = { rpz_take, &z };
	struct content c;

	build_begin(&b);
	rpz_init(&z, &to);
	gather(m, &c);
	assert_int_equal(content_each(&c, &sink), ERR_NONE);
	assert_int_equal(rpz_end(&z), ERR_NONE);
	content_fini(&c);
	assert_int_equal(lists_build_image(&b, image_out, size_out), ERR_NONE);
	lists_build_fini(&b);
}

static void
build_kept(const struct file *f, void **image_out, size_t *size_out)
{
	static struct lists_build b;
	const struct rpz_sink to = { build_item, NULL, &b };
	struct rpz_about about;

	build_begin(&b);
	assert_int_equal(rpz_read_kept(f->bytes, f->len, &to, &about),
			 ERR_NONE);
	assert_true(name_equal(&about.zone, &zone));
	assert_int_equal(lists_build_image(&b, image_out, size_out), ERR_NONE);
	lists_build_fini(&b);
}

static void
expect_image(const struct model *m)
{
	static struct file file;
	void *wanted, *found;
	size_t wanted_size, found_size;

	build_now(m, &wanted, &wanted_size);
	read_file(FILE_NAME, &file);
	build_kept(&file, &found, &found_size);
	assert_int_equal(wanted_size, found_size);
	assert_memory_equal(wanted, found, wanted_size);
	free(wanted);
	free(found);
}

/* ---- histories ---------------------------------------------------------- */

static void
live(uint64_t seed)
{
	struct model m = { .seed = seed * 2654435761 + 1,
			   .serial = 4294967290 };
	unsigned transfers;
	struct keep k;

	unlinkat(dir, FILE_NAME, 0);
	open_file(&k);
	assert_false(k.is_here);
	fill(&m, draw(&m, 150));
	transfer_all(&k, &m);
	transfers = draw(&m, 8);
	k.journal_free = draw(&m, 2) ? 0 : KEEP_JOURNAL_FREE;
	for (unsigned i = 0; i < transfers; i++) {
		if (draw(&m, 4) == 0) {
			keep_close(&k);
			open_file(&k);
		}
		if (draw(&m, 4) == 0)
			assert_int_equal(keep_checked(&k, 1500), ERR_NONE);
		transfer_changes(&k, &m, draw(&m, 40));
	}
	keep_close(&k);
	expect_file(&m);
	expect_image(&m);
}

/* DNSFW_HISTORIES says how many. */
static void
test_histories(void **state)
{
	const char *many = getenv("DNSFW_HISTORIES");
	unsigned long count = many != NULL ? strtoul(many, NULL, 10) : 1000;

	(void)state;
	for (unsigned long i = 0; i < count; i++)
		live(i);
}

/* ---- what does not fit -------------------------------------------------- */

static void
test_wrong_changes(void **state)
{
	struct made absent = { 0 };
	struct zone_rr rr, soa;
	uint8_t rdata[64];
	struct model m;
	struct keep k;

	(void)state;
	begin_small(&k, &m);
	while (find(&m, &absent) != -1)
		absent.owner++;
	rr = rr_of(&absent);
	assert_int_equal(keep_add(&k, &rr), ERR_NONE);
	assert_int_equal(keep_add(&k, &rr), ERR_BUSY);
	assert_int_equal(keep_entries(&k), m.count + 1);
	keep_drop(&k);
	assert_int_equal(keep_entries(&k), m.count);
	assert_int_equal(keep_delete(&k, &rr), ERR_MISSING);
	keep_drop(&k);
	expect_file(&m);
	/* an alias is a name, and none of another length */
	rr.type = TYPE_CNAME;
	rr.rdata = (const uint8_t *)"\1a\0\0";
	rr.rdata_len = 4;
	assert_int_equal(keep_add(&k, &rr), ERR_TORN);
	keep_drop(&k);
	/* an SOA is none of the changes, and that of another zone not ours */
	soa = soa_of(8, rdata);
	assert_int_equal(keep_add(&k, &soa), ERR_TORN);
	keep_drop(&k);
	soa.owner = rr.owner;
	assert_int_equal(keep_commit(&k, &soa, 2000), ERR_TORN);
	expect_file(&m);
	keep_close(&k);
}

static void
test_outside(void **state)
{
	struct zone_rr rr = { .type = TYPE_A, .rdata_len = 4 }, soa;
	uint8_t rdata[64];
	struct model m;
	struct keep k;

	(void)state;
	begin_small(&k, &m);
	assert_int_equal(name_parse("a.rpz.other", 11, &rr.owner, NULL),
			 ERR_NONE);
	rr.rdata = rdata;
	assert_int_equal(keep_add(&k, &rr), ERR_NONE);
	assert_int_equal(keep_delete(&k, &rr), ERR_NONE);
	soa = soa_of(++m.serial, rdata);
	assert_int_equal(keep_commit(&k, &soa, 2000), ERR_NONE);
	keep_close(&k);
	expect_file(&m);
}

/* Without a copy there is nothing to change. */
static void
test_no_copy(void **state)
{
	const struct made made = { 0 };
	struct zone_rr rr = rr_of(&made), soa;
	uint8_t rdata[64];
	struct keep k;

	(void)state;
	unlinkat(dir, FILE_NAME, 0);
	open_file(&k);
	assert_int_equal(keep_add(&k, &rr), ERR_MISSING);
	soa = soa_of(1, rdata);
	assert_int_equal(keep_commit(&k, &soa, 1), ERR_MISSING);
	assert_int_equal(keep_checked(&k, 1), ERR_MISSING);
	assert_int_equal(keep_entries(&k), 0);
	keep_close(&k);
	assert_int_equal(faccessat(dir, FILE_NAME, F_OK, 0), -1);
}

/* ---- crashes ------------------------------------------------------------ */

/* The copy is the one of before or that of after; where the body itself is
 * cut, none. Whatever it is, the next transfer is taken. */
static void
test_torn_journal(void **state)
{
	static struct dump before, after, found;
	static struct file file;
	struct model m;
	struct keep k;
	size_t body_end;
	uint32_t serial;

	(void)state;
	begin_small(&k, &m);
	body_end = k.end;
	dump_model(&m, &before);
	transfer_changes(&k, &m, 6);
	keep_close(&k);
	dump_model(&m, &after);
	read_file(FILE_NAME, &file);
	assert_true(file.len > body_end && !dumps_equal(&before, &after));
	for (size_t len = 0; len <= file.len; len++) {
		const struct dump *wanted = len < file.len ? &before : &after;

		write_file(OTHER_NAME, &file, len);
		if (len < body_end) {
			assert_false(dump_file(OTHER_NAME, &found, &serial));
			continue;
		}
		assert_true(dump_file(OTHER_NAME, &found, &serial));
		assert_true(dumps_equal(wanted, &found));
		assert_int_equal(serial, len < file.len ? 7 : m.serial);
	}
	unlinkat(dir, OTHER_NAME, 0);
}

/* What was torn is cut off, and what is appended then counts. */
static void
test_goes_on_behind_a_tear(void **state)
{
	static struct file file;
	struct model m, before;
	struct keep k;
	bool damaged;

	(void)state;
	begin_small(&k, &m);
	before = m;
	transfer_changes(&k, &m, 6);
	keep_close(&k);
	read_file(FILE_NAME, &file);
	write_file(FILE_NAME, &file, file.len - 5);
	assert_int_equal(keep_open(&k, dir, FILE_NAME, &damaged), ERR_NONE);
	assert_true(k.is_here && k.was_torn && !damaged);
	transfer_changes(&k, &before, 3);
	keep_close(&k);
	expect_file(&before);
}

/* A new copy that was not finished is not looked at. */
static void
test_unfinished_copy(void **state)
{
	static struct file file;
	struct model m, next = { .seed = 3, .serial = 9 };
	struct keep k;

	(void)state;
	begin_small(&k, &m);
	read_file(FILE_NAME, &file);
	for (size_t len = 0; len < file.len; len += 100) {
		write_file(FILE_NAME ".new", &file, len);
		expect_file(&m);
	}
	fill(&next, 5);
	transfer_all(&k, &next);
	keep_close(&k);
	expect_file(&next);
	assert_int_equal(faccessat(dir, FILE_NAME ".new", F_OK, 0), -1);
}

/* One byte that is not what it was: none of it counts, or, in the journal,
 * what came before. */
static void
test_damage(void **state)
{
	static struct dump before, after, found;
	static struct file file;
	struct model m;
	struct keep k;
	uint32_t serial;

	(void)state;
	begin_small(&k, &m);
	dump_model(&m, &before);
	transfer_changes(&k, &m, 6);
	keep_close(&k);
	dump_model(&m, &after);
	read_file(FILE_NAME, &file);
	for (size_t at = 0; at < file.len; at++) {
		file.bytes[at] ^= 0x20;
		write_file(OTHER_NAME, &file, file.len);
		file.bytes[at] ^= 0x20;
		if (dump_file(OTHER_NAME, &found, &serial))
			assert_true(dumps_equal(&before, &found));
	}
	unlinkat(dir, OTHER_NAME, 0);
}

/* ---- texts and times ---------------------------------------------------- */

static void
test_text(void **state)
{
	static const char text[] = "0.0.0.0 ads.example\n";
	struct kept_about about = { .form = FORM_HOSTS,
				    .entries = 1,
				    .changed_s = 1000,
				    .checked_s = 1000,
				    .source = "https://feed.test/hosts",
				    .etag = "\"abc\"",
				    .modified =
					"Sat, 21 Nov 2026 10:00:00 GMT" };
	const struct record_sink sink = { dump_record, NULL };
	struct keep k;

	(void)state;
	unlinkat(dir, FILE_NAME, 0);
	open_file(&k);
	assert_int_equal(keep_put_text(&k, &about, text, sizeof(text) - 1),
			 ERR_NONE);
	assert_int_equal(keep_checked(&k, 5000), ERR_NONE);
	keep_close(&k);
	open_file(&k);
	assert_true(k.is_here);
	assert_int_equal(k.kept.about.form, FORM_HOSTS);
	assert_int_equal(k.kept.about.entries, 1);
	assert_int_equal(k.kept.about.changed_s, 1000);
	assert_int_equal(k.kept.about.checked_s, 5000);
	assert_string_equal(k.kept.about.source, about.source);
	assert_string_equal(k.kept.about.etag, about.etag);
	assert_string_equal(k.kept.about.modified, about.modified);
	assert_int_equal(k.kept.body_len, sizeof(text) - 1);
	assert_memory_equal(k.kept.body, text, sizeof(text) - 1);
	assert_int_equal(kept_each(&k.kept, &sink), ERR_IMAGE);
	k.journal_free = 0;
	assert_int_equal(keep_checked(&k, 6000), ERR_NONE);
	assert_int_equal(k.kept.journal_len, 0);
	assert_int_equal(k.kept.about.checked_s, 6000);
	assert_int_equal(k.kept.about.changed_s, 1000);
	assert_string_equal(k.kept.about.etag, about.etag);
	assert_memory_equal(k.kept.body, text, sizeof(text) - 1);
	keep_close(&k);
}

/* A list that is asked for every minute does not grow for ever. */
static void
test_checks_are_compacted(void **state)
{
	struct model m;
	struct stat st;
	struct keep k;

	(void)state;
	begin_small(&k, &m);
	for (int64_t i = 0; i < 5000; i++)
		assert_int_equal(keep_checked(&k, 10000 + i), ERR_NONE);
	assert_int_equal(k.kept.about.checked_s, 14999);
	keep_close(&k);
	assert_int_equal(fstatat(dir, FILE_NAME, &st, 0), 0);
	assert_in_range(st.st_size, KEPT_HEAD, 2 * KEEP_JOURNAL_FREE);
	expect_file(&m);
	open_file(&k);
	assert_int_equal(k.kept.about.checked_s, 14999);
	keep_close(&k);
}

/* Large enough for an index, and for blocks. */
static void
test_many_records(void **state)
{
	const struct kept_about about = { .source = "192.0.2.53" };
	struct zone_rr rr = { .type = TYPE_CNAME,
			      .ttl = 60,
			      .rdata_len = 1,
			      .rdata = (const uint8_t *)"" };
	struct content c;
	struct keep k;
	char text[64];

	(void)state;
	unlinkat(dir, FILE_NAME, 0);
	open_file(&k);
	content_init(&c, &zone, 1 << 24);
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "n%u.bad.rpz.test", i * 7919u);
		assert_int_equal(
		    name_parse(text, strlen(text), &rr.owner, NULL), ERR_NONE);
		assert_int_equal(content_add(&c, &rr), ERR_NONE);
	}
	content_sort(&c);
	assert_int_equal(keep_put_zone(&k, &about, &c), ERR_NONE);
	content_fini(&c);
	assert_int_equal(k.kept.about.entries, 20000);
	assert_int_equal(k.kept.indexed,
			 (20000 + KEPT_STRIDE - 1) / KEPT_STRIDE);
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "n%u.bad.rpz.test", i * 7919u);
		name_parse(text, strlen(text), &rr.owner, NULL);
		assert_int_equal(keep_add(&k, &rr), ERR_BUSY);
		assert_int_equal(keep_delete(&k, &rr), ERR_NONE);
		snprintf(text, sizeof(text), "m%u.bad.rpz.test", i);
		name_parse(text, strlen(text), &rr.owner, NULL);
		assert_int_equal(keep_delete(&k, &rr), ERR_MISSING);
	}
	assert_int_equal(keep_entries(&k), 0);
	keep_close(&k);
}

/* A directory that takes nothing leaves what there is. */
static void
test_no_room(void **state)
{
	const struct kept_about about = { 0 };
	struct content c;
	struct model m;
	struct keep k;

	(void)state;
	begin_small(&k, &m);
	gather(&m, &c);
	assert_int_equal(mkdirat(dir, FILE_NAME ".new", 0700), 0);
	assert_int_equal(keep_put_zone(&k, &about, &c), ERR_SYSTEM);
	assert_int_equal(unlinkat(dir, FILE_NAME ".new", AT_REMOVEDIR), 0);
	assert_true(k.is_here);
	content_fini(&c);
	keep_close(&k);
	expect_file(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histories),
		cmocka_unit_test(test_wrong_changes),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_no_copy),
		cmocka_unit_test(test_torn_journal),
		cmocka_unit_test(test_goes_on_behind_a_tear),
		cmocka_unit_test(test_unfinished_copy),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_checks_are_compacted),
		cmocka_unit_test(test_many_records),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
