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
#include "lists/keep.h"
#include "lists/rpz_zone.h"
#include "wire/types.h"

#define FILE_NAME  "ads.kept"
#define OTHER_NAME "other.kept"

enum { RECORDS_MAX = 400, DUMP_SIZE = 1 << 17 };

static char dir_path[64];
static int dir = -1;
static struct name zone;

/* ---- records ------------------------------------------------------------ */

/* One record of the model: few enough that histories meet. */
struct made {
	unsigned owner, kind, value;
	uint32_t ttl;
};

static const char *const owners[] = {
	"a",
	"b.a",
	"*.b.a",
	"c.example",
	"*.c.example",
	"d",
	"24.0.2.0.192.rpz-ip",
	"32.1.2.0.192.rpz-client-ip",
	"128.1.zz.db8.2001.rpz-nsip",
	"ns.x.rpz-nsdname",
	"no.rpz-such",
	"e.f.g.h.i",
};

enum { OWNERS = sizeof(owners) / sizeof(owners[0]), KINDS = 4, VALUES = 3 };

static const uint16_t types[KINDS] = { TYPE_CNAME, TYPE_A, TYPE_TXT, TYPE_MX };

static const struct {
	const char *bytes;
	uint16_t len;
} values[KINDS][VALUES] = {
	{ { "", 1 }, { "\1*", 3 }, { "\6Garden\4test", 13 } },
	{ { "\300\0\2\1", 4 }, { "\300\0\2\2", 4 }, { "\300\0\2\3", 4 } },
	{ { "\1x", 2 }, { "\1y", 2 }, { "\1z\1z", 4 } },
	{ { "\0\1\1m", 5 }, { "\0\2\1M", 5 }, { "\0\3\1m\1n", 7 } },
};

static struct zone_rr
rr_of(const struct made *m)
{
	struct zone_rr rr = { .type = types[m->kind],
			      .ttl = m->ttl,
			      .rdata_len = values[m->kind][m->value].len };
	char text[256];

	snprintf(text, sizeof(text), "%s.rpz.test", owners[m->owner]);
	assert_int_equal(name_parse(text, strlen(text), &rr.owner, NULL),
			 ERR_NONE);
	rr.rdata = (const uint8_t *)values[m->kind][m->value].bytes;
	return rr;
}

static struct zone_rr
soa_of(uint32_t serial, uint8_t rdata[64])
{
	static const uint8_t head[] = "\2ns\0\4host";
	struct zone_rr rr = { .owner = zone, .type = TYPE_SOA, .ttl = 60 };
	uint32_t numbers[5] = { serial, 3600, 600, 86400, 60 };

	memcpy(rdata, head, sizeof(head));
	for (unsigned i = 0; i < 20; i++)
		rdata[sizeof(head) + i] =
		    (uint8_t)(numbers[i / 4] >> (24 - 8 * (i % 4)));
	rr.rdata = rdata;
	rr.rdata_len = sizeof(head) + 20;
	return rr;
}

static uint32_t
serial_of(const struct zone_soa *soa)
{
	struct soa_numbers n;

	assert_true(soa_read(soa, &n));
	return n.serial;
}

/* ---- the model ---------------------------------------------------------- */

struct model {
	struct made record[RECORDS_MAX];
	unsigned count;
	uint32_t serial;
	uint64_t seed;
};

static unsigned
draw(struct model *m, unsigned below)
{
	m->seed ^= m->seed << 13;
	m->seed ^= m->seed >> 7;
	m->seed ^= m->seed << 17;
	return (unsigned)((m->seed >> 11) % below);
}

static int
find(const struct model *m, const struct made *r)
{
	for (unsigned i = 0; i < m->count; i++) {
		const struct made *o = &m->record[i];

		if (o->owner == r->owner && o->kind == r->kind &&
		    o->value == r->value)
			return (int)i;
	}
	return -1;
}

static struct made
draw_record(struct model *m)
{
	return (struct made){ .owner = draw(m, OWNERS),
			      .kind = draw(m, KINDS),
			      .value = draw(m, VALUES),
			      .ttl = 60 * (1 + draw(m, 3)) };
}

static void
fill(struct model *m, unsigned records)
{
	for (unsigned i = 0; i < records; i++) {
		struct made r = draw_record(m);

		if (find(m, &r) == -1)
			m->record[m->count++] = r;
	}
}

static void
gather(const struct model *m, struct content *out)
{
	uint8_t rdata[64];
	struct zone_rr rr = soa_of(m->serial, rdata);

	content_init(out, &zone, 1 << 20);
	assert_int_equal(content_add(out, &rr), ERR_NONE);
	for (unsigned i = 0; i < m->count; i++) {
		rr = rr_of(&m->record[i]);
		assert_int_equal(content_add(out, &rr), ERR_NONE);
	}
	content_sort(out);
}

static void
transfer_all(struct keep *k, const struct model *m)
{
	const struct kept_about about = { .changed_s = 1000,
					  .checked_s = 1000,
					  .source = "192.0.2.53" };
	struct content c;

	gather(m, &c);
	assert_int_equal(keep_put_zone(k, &about, &c), ERR_NONE);
	content_fini(&c);
}

/* One step of a record's life, told to model and copy. */
static void
change_one(struct keep *k, struct model *m)
{
	struct made r = draw_record(m);
	int at = find(m, &r);
	struct zone_rr rr;

	if (at == -1) {
		rr = rr_of(&r);
		assert_int_equal(keep_delete(k, &rr), ERR_MISSING);
		assert_int_equal(keep_add(k, &rr), ERR_NONE);
		m->record[m->count++] = r;
		return;
	}
	rr = rr_of(&m->record[at]);
	assert_int_equal(keep_add(k, &rr), ERR_BUSY);
	assert_int_equal(keep_delete(k, &rr), ERR_NONE);
	m->record[at] = m->record[--m->count];
}

static void
transfer_changes(struct keep *k, struct model *m, unsigned changes)
{
	uint8_t rdata[64];
	struct zone_rr soa;

	for (unsigned i = 0; i < changes; i++)
		change_one(k, m);
	m->serial += 1 + draw(m, 0x7fffffff);
	soa = soa_of(m->serial, rdata);
	assert_int_equal(keep_entries(k), m->count);
	assert_int_equal(keep_commit(k, &soa, 2000), ERR_NONE);
	assert_int_equal(serial_of(&k->kept.about.soa), m->serial);
	assert_int_equal(k->kept.about.entries, m->count);
}

/* ---- what there is ------------------------------------------------------ */

struct dump {
	size_t len;
	uint8_t bytes[DUMP_SIZE];
};

static enum err
dump_record(void *arg, const struct zone_record *r)
{
	struct dump *d = arg;

	assert_true(d->len + record_size(r) <= sizeof(d->bytes));
	record_write(r, d->bytes + d->len);
	d->len += record_size(r);
	return ERR_NONE;
}

static void
dump_model(const struct model *m, struct dump *d)
{
	const struct record_sink sink = { dump_record, d };
	struct content c;

	d->len = 0;
	gather(m, &c);
	assert_int_equal(content_each(&c, &sink), ERR_NONE);
	content_fini(&c);
}

/* As another process sees it: the file, opened anew. False: no copy. */
static bool
dump_file(const char *file, struct dump *d, uint32_t *serial_out)
{
	const struct record_sink sink = { dump_record, d };
	struct keep k;
	bool damaged, is_here;

	d->len = 0;
	assert_int_equal(keep_open(&k, dir, file, &damaged), ERR_NONE);
	is_here = k.is_here;
	assert_false(damaged && is_here);
	if (is_here) {
		assert_int_equal(kept_each(&k.kept, &sink), ERR_NONE);
		*serial_out = serial_of(&k.kept.about.soa);
	}
	keep_close(&k);
	return is_here;
}

static bool
dumps_equal(const struct dump *a, const struct dump *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static void
expect_file(const struct model *m)
{
	static struct dump wanted, found;
	uint32_t serial;

	dump_model(m, &wanted);
	assert_true(dump_file(FILE_NAME, &found, &serial));
	assert_true(dumps_equal(&wanted, &found));
	assert_int_equal(serial, m->serial);
}

/* ---- files -------------------------------------------------------------- */

struct file {
	size_t len;
	uint8_t bytes[65536];
};

static void
read_file(const char *name, struct file *f)
{
	int fd = openat(dir, name, O_RDONLY);
	ssize_t n = read(fd, f->bytes, sizeof(f->bytes));

	assert_true(n >= 0 && (size_t)n < sizeof(f->bytes));
	f->len = (size_t)n;
	close(fd);
}

static void
write_file(const char *name, const struct file *f, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, f->bytes, len), len);
	close(fd);
}

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
open_file(struct keep *k)
{
	bool damaged;

	assert_int_equal(keep_open(k, dir, FILE_NAME, &damaged), ERR_NONE);
	assert_false(damaged);
	assert_false(k->was_torn);
}

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

/* A small zone on disk, and the model of it. */
static void
begin_small(struct keep *k, struct model *m)
{
	*m = (struct model){ .seed = 42, .serial = 7 };
	unlinkat(dir, FILE_NAME, 0);
	open_file(k);
	fill(m, 12);
	transfer_all(k, m);
}

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

/* In memory where that can be: all is forced to disk, thousands of times. */
static int
make_dir(void **state)
{
	static const char *const places[] = { "/dev/shm", "/tmp" };

	(void)state;
	assert_int_equal(name_parse("rpz.test", 8, &zone, NULL), ERR_NONE);
	for (unsigned i = 0; i < 2 && dir == -1; i++) {
		snprintf(dir_path, sizeof(dir_path), "%s/test_keep.XXXXXX",
			 places[i]);
		if (mkdtemp(dir_path) != NULL)
			dir = open(dir_path, O_RDONLY | O_DIRECTORY);
	}
	return dir == -1;
}

static int
remove_dir(void **state)
{
	(void)state;
	unlinkat(dir, FILE_NAME, 0);
	unlinkat(dir, FILE_NAME ".new", 0);
	close(dir);
	return rmdir(dir_path);
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
