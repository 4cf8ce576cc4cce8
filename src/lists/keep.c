/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies of lists, kept.
 *
 * What is on disk is mapped and read as lists/kept.c reads it; what is
 * written goes through lists/keep_file.c. A transfer's changes are gathered
 * beside the copy: each is held against it, so that one that does not fit
 * shows that the two histories are not the same, and the copy is as it was.
 */
#include "lists/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lists/journal.h"
#include "lists/keep_file.h"
#include "wire/types.h"

/* ---- what there is ------------------------------------------------------ */

static void
forget(struct keep *k)
{
	if (k->is_here)
		kept_close(&k->kept);
	if (k->bytes != NULL)
		munmap(k->bytes, k->size);
	k->bytes = NULL;
	k->is_here = false;
}

static enum err
map(struct keep *k, int fd)
{
	struct stat st;
	void *bytes;

	if (fstat(fd, &st) == -1)
		return ERR_SYSTEM;
	if (!S_ISREG(st.st_mode) || st.st_size < KEPT_HEAD)
		return ERR_IMAGE;
	k->size = (size_t)st.st_size;
	bytes = mmap(NULL, k->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return ERR_SYSTEM;
	k->bytes = bytes;
	return ERR_NONE;
}

static enum err
look(struct keep *k, int fd)
{
	enum err err = map(k, fd);

	if (err == ERR_NONE)
		err = kept_open(k->bytes, k->size, &k->kept);
	k->is_here = err == ERR_NONE;
	if (err != ERR_NONE) {
		forget(k);
		return err;
	}
	/* All of it was read once, and little will be again. */
	madvise(k->bytes, k->size, MADV_DONTNEED);
	k->end = k->kept.journal_at + k->kept.journal_len;
	if (!k->kept.is_torn)
		return ERR_NONE;
	k->was_torn = true;
	return ftruncate(fd, (off_t)k->end) == 0 ? ERR_NONE : ERR_SYSTEM;
}

static enum err
look_again(struct keep *k)
{
	int fd = openat(k->dir, k->file, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	enum err err;

	forget(k);
	if (fd == -1)
		return errno == ENOENT ? ERR_MISSING : ERR_SYSTEM;
	err = look(k, fd);
	close(fd);
	return err;
}

enum err
keep_open(struct keep *k, int dir, const char *file, bool *damaged_out)
{
	enum err err;

	memset(k, 0, sizeof(*k));
	k->dir = dir;
	k->journal_free = KEEP_JOURNAL_FREE;
	snprintf(k->file, sizeof(k->file), "%s", file);
	delta_init(&k->change);
	err = look_again(k);
	*damaged_out = err == ERR_IMAGE;
	return err == ERR_IMAGE || err == ERR_MISSING ? ERR_NONE : err;
}

bool
keep_is_sound(struct keep *k)
{
	bool was_here = k->is_here;

	look_again(k);
	return k->is_here || !was_here;
}

void
keep_close(struct keep *k)
{
	forget(k);
	delta_fini(&k->change);
}

/* ---- whole copies ------------------------------------------------------- */

static enum err
put_records(struct keep *k, const struct kept_about *about,
	    const struct keep_records *from)
{
	struct kept_about whole = *about;
	struct keep_file f;
	enum err err = keep_file_begin(&f, k->dir, k->file);

	if (err != ERR_NONE)
		return err;
	err = keep_file_records(&f, from, &whole.entries);
	if (err == ERR_NONE)
		err = keep_file_end(&f, &whole);
	else
		keep_file_drop(&f);
	return err == ERR_NONE ? look_again(k) : err;
}

static enum err
each_of_content(void *arg, const struct record_sink *to)
{
	return content_each(arg, to);
}

static enum err
each_of_kept(void *arg, const struct record_sink *to)
{
	return kept_each(arg, to);
}

enum err
keep_put_zone(struct keep *k, const struct kept_about *about,
	      const struct content *zone)
{
	const struct keep_records from = { each_of_content,
					   (void *)(uintptr_t)zone };
	struct kept_about whole = *about;

	whole.form = FORM_RPZ;
	whole.zone = zone->zone;
	whole.soa = zone->soa;
	keep_drop(k);
	return put_records(k, &whole, &from);
}

enum err
keep_put_text(struct keep *k, const struct kept_about *about, const void *text,
	      size_t len)
{
	struct kept_about whole = *about;
	struct keep_file f;
	enum err err = keep_file_begin(&f, k->dir, k->file);

	if (err != ERR_NONE)
		return err;
	whole.zone = (struct name){ .len = 1 };
	whole.soa.len = 0;
	keep_file_bytes(&f, text, len);
	err = keep_file_end(&f, &whole);
	return err == ERR_NONE ? look_again(k) : err;
}

/* The journal has become part of the body. */
static enum err
compact(struct keep *k)
{
	const struct keep_records from = { each_of_kept, &k->kept };

	if (k->kept.about.form == FORM_RPZ)
		return put_records(k, &k->kept.about, &from);
	return keep_put_text(k, &k->kept.about, k->kept.body, k->kept.body_len);
}

/* ---- the journal -------------------------------------------------------- */

static enum err
append(struct keep *k, const struct journal_entry *e)
{
	uint64_t check = k->kept.last_check;
	size_t len;
	uint8_t *bytes = journal_write(e, &check, &len);
	enum err err = ERR_FULL;

	if (bytes != NULL)
		err = keep_file_append(k->dir, k->file, bytes, len, k->end);
	free(bytes);
	if (err != ERR_NONE)
		return err;
	k->end += len;
	k->kept.last_check = check;
	k->kept.journal_len += len;
	k->kept.about.checked_s = e->at_s;
	return ERR_NONE;
}

/* A copy that cannot be made smaller stays as it is: it is good. */
static void
compact_when_large(struct keep *k)
{
	if (k->kept.journal_len <= k->journal_free ||
	    k->kept.journal_len <= k->kept.body_len / 4)
		return;
	if (compact(k) != ERR_NONE)
		look_again(k);
}

enum err
keep_checked(struct keep *k, int64_t now_s)
{
	const struct journal_entry e = { .kind = JOURNAL_CHECKED,
					 .at_s = now_s };
	enum err err = k->is_here ? append(k, &e) : ERR_MISSING;

	if (err == ERR_NONE)
		compact_when_large(k);
	return err;
}

/* ---- changes ------------------------------------------------------------ */

static bool
has(const struct keep *k, const struct zone_record *r)
{
	enum delta_state state = delta_of(&k->change, r);

	return state == DELTA_UNKNOWN ? kept_has(&k->kept, r)
				      : state == DELTA_HERE;
}

static enum err
change(struct keep *k, const struct zone_rr *rr, enum delta_state to)
{
	uint8_t buf[RECORD_MAX];
	struct zone_record r;
	enum err err = ERR_MISSING;

	if (k->is_here && k->kept.about.form == FORM_RPZ)
		err = record_from(rr, &k->kept.about.zone, buf, &r);
	if (err == ERR_RANGE)
		return ERR_NONE;
	if (err != ERR_NONE)
		return err;
	if (r.type == TYPE_SOA)
		return ERR_TORN;
	if (has(k, &r) == (to == DELTA_HERE))
		return to == DELTA_HERE ? ERR_BUSY : ERR_MISSING;
	k->adds += to == DELTA_HERE;
	k->deletes += to == DELTA_GONE;
	return delta_set(&k->change, &r, to);
}

enum err
keep_delete(struct keep *k, const struct zone_rr *rr)
{
	return change(k, rr, DELTA_GONE);
}

enum err
keep_add(struct keep *k, const struct zone_rr *rr)
{
	return change(k, rr, DELTA_HERE);
}

void
keep_drop(struct keep *k)
{
	delta_fini(&k->change);
	delta_init(&k->change);
	k->adds = k->deletes = 0;
}

uint64_t
keep_entries(const struct keep *k)
{
	return k->is_here ? k->kept.about.entries + k->adds - k->deletes : 0;
}

static enum err
read_soa(const struct keep *k, const struct zone_rr *rr, struct zone_soa *out)
{
	uint8_t buf[RECORD_MAX];
	struct soa_numbers numbers;
	struct zone_record r;

	if (record_from(rr, &k->kept.about.zone, buf, &r) != ERR_NONE ||
	    r.type != TYPE_SOA || r.owner_len > 0 ||
	    r.rdata_len > sizeof(out->rdata))
		return ERR_TORN;
	out->ttl = r.ttl;
	out->len = r.rdata_len;
	memcpy(out->rdata, r.rdata, r.rdata_len);
	return soa_read(out, &numbers) ? ERR_NONE : ERR_TORN;
}

/* Into what the copy says in memory. */
static enum err
take_changes(struct keep *k, const struct journal_change *c)
{
	enum err err = ERR_NONE;

	for (size_t i = 0; i < k->change.count && err == ERR_NONE; i++) {
		struct zone_record r;
		enum delta_state state = delta_at(&k->change, i, &r);

		err = delta_set(&k->kept.delta, &r, state);
	}
	k->kept.about.soa = c->soa;
	k->kept.about.entries = c->entries;
	k->kept.about.changed_s = k->kept.about.checked_s;
	return err;
}

static enum err
append_changes(struct keep *k, const struct journal_change *c, int64_t now_s)
{
	struct journal_entry e = { .kind = JOURNAL_CHANGED, .at_s = now_s };
	uint8_t *rest = journal_write_change(c, &k->change, &e.rest_len);
	enum err err = ERR_FULL;

	e.rest = rest;
	if (rest != NULL)
		err = append(k, &e);
	free(rest);
	return err;
}

enum err
keep_commit(struct keep *k, const struct zone_rr *soa, int64_t now_s)
{
	struct journal_change c = { .entries = keep_entries(k) };
	enum err err = k->is_here ? read_soa(k, soa, &c.soa) : ERR_MISSING;

	if (err == ERR_NONE)
		err = append_changes(k, &c, now_s);
	if (err == ERR_NONE && take_changes(k, &c) != ERR_NONE)
		err = look_again(k); /* it is on disk */
	keep_drop(k);
	if (err == ERR_NONE)
		compact_when_large(k);
	return err;
}
