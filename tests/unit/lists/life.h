/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a policy zone, and the copy that is kept of it: a model that
 * knows what should be there, and eyes for what is. */
#ifndef LISTS_LIFE_H
#define LISTS_LIFE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "lists/keep.h"

#define FILE_NAME  "ads.kept"
#define OTHER_NAME "other.kept"

enum { RECORDS_MAX = 400, DUMP_SIZE = 1 << 17 };

extern int dir; /* where the files are */
extern struct name zone;

/* One record of the model: few enough that histories meet. */
struct made {
	unsigned owner, kind, value;
	uint32_t ttl;
};

struct model {
	struct made record[RECORDS_MAX];
	unsigned count;
	uint32_t serial;
	uint64_t seed;
};

struct dump {
	size_t len;
	uint8_t bytes[DUMP_SIZE];
};

struct file {
	size_t len;
	uint8_t bytes[65536];
};

struct zone_rr rr_of(const struct made *m);
struct zone_rr soa_of(uint32_t serial, uint8_t rdata[64]);
unsigned draw(struct model *m, unsigned below);
int find(const struct model *m, const struct made *r);
void fill(struct model *m, unsigned records);
void gather(const struct model *m, struct content *out);
void transfer_all(struct keep *k, const struct model *m);
void transfer_changes(struct keep *k, struct model *m, unsigned changes);
enum err dump_record(void *arg, const struct zone_record *r);
void dump_model(const struct model *m, struct dump *d);
bool dump_file(const char *file, struct dump *d, uint32_t *serial_out);
bool dumps_equal(const struct dump *a, const struct dump *b);
void expect_file(const struct model *m);
void read_file(const char *name, struct file *f);
void write_file(const char *name, const struct file *f, size_t len);
void open_file(struct keep *k);
void begin_small(struct keep *k, struct model *m);
int make_dir(void **state);
int remove_dir(void **state);

#endif
