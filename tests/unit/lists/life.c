/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lives of zones, drawn by chance. */
#include "life.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/types.h"

static char dir_path[64];
int dir = -1;
struct name zone;

/* ---- records ------------------------------------------------------------ */

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

struct zone_rr
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

struct zone_rr
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

unsigned
draw(struct model *m, unsigned below)
{
	m->seed ^= m->seed << 13;
	m->seed ^= m->seed >> 7;
	m->seed ^= m->seed << 17;
	return (unsigned)((m->seed >> 11) % below);
}

int
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

void
fill(struct model *m, unsigned records)
{
	for (unsigned i = 0; i < records; i++) {
		struct made r = draw_record(m);

		if (find(m, &r) == -1)
			m->record[m->count++] = r;
	}
}

void
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

void
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

void
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

enum err
dump_record(void *arg, const struct zone_record *r)
{
	struct dump *d = arg;

	assert_true(d->len + record_size(r) <= sizeof(d->bytes));
	record_write(r, d->bytes + d->len);
	d->len += record_size(r);
	return ERR_NONE;
}

void
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
bool
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

bool
dumps_equal(const struct dump *a, const struct dump *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

void
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

void
read_file(const char *name, struct file *f)
{
	int fd = openat(dir, name, O_RDONLY);
	ssize_t n = read(fd, f->bytes, sizeof(f->bytes));

	assert_true(n >= 0 && (size_t)n < sizeof(f->bytes));
	f->len = (size_t)n;
	close(fd);
}

void
write_file(const char *name, const struct file *f, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, f->bytes, len), len);
	close(fd);
}

void
open_file(struct keep *k)
{
	bool damaged;

	assert_int_equal(keep_open(k, dir, FILE_NAME, &damaged), ERR_NONE);
	assert_false(damaged);
	assert_false(k->was_torn);
}

/* A small zone on disk, and the model of it. */
void
begin_small(struct keep *k, struct model *m)
{
	*m = (struct model){ .seed = 42, .serial = 7 };
	unlinkat(dir, FILE_NAME, 0);
	open_file(k);
	fill(m, 12);
	transfer_all(k, m);
}

/* In memory where that can be: all is forced to disk, thousands of times. */
int
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

int
remove_dir(void **state)
{
	(void)state;
	unlinkat(dir, FILE_NAME, 0);
	unlinkat(dir, FILE_NAME ".new", 0);
	close(dir);
	return rmdir(dir_path);
}
