/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of the owner is known by what the kernel says of it. That misses a
 * second change within one tick of the kernel's clock, so a file that has just
 * been changed makes the whole unsure.
 *
 * A copy of a list says itself what it is: its head is written again whenever
 * its publisher is asked, but the digest of a text in it, or the changes in
 * the journal of a zone, are other ones only where the list is.
 */
#include "lists/identity.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <config.h>

#include "base/hash.h"
#include "lists/file.h"
#include "lists/image.h"
#include "lists/journal.h"
#include "lists/kept.h"

/* Of a zone whose journal is larger nothing is known here. */
#define KEPT_JOURNAL_MAX (1u << 28)
/* Longer than any tick. */
#define SETTLED_NS 100000000

static void
fold(struct identity *id, const void *bytes, size_t len)
{
	const struct hash_key key = { id->number, 0x64666c73 };

	id->number = hash_bytes(&key, bytes, len);
}

static void
fold_number(struct identity *id, uint64_t number)
{
	fold(id, &number, sizeof(number));
}

void
identity_init(struct identity *id, const char *name, const char *text,
	      size_t len)
{
	*id = (struct identity){ 0 };
	fold(id, PACKAGE_VERSION, strlen(PACKAGE_VERSION));
	fold_number(id, LISTS_VERSION);
	fold_number(id, sizeof(struct lists_head) + sizeof(struct lists_list));
	fold(id, name, strlen(name));
	fold(id, text, len);
}

void
identity_guard(struct identity *id, const struct guard *guard)
{
	fold(id, guard_edition(), strlen(guard_edition()));
	for (unsigned i = 0; i < guard->nevers; i++)
		fold(id, guard->never[i].wire, guard->never[i].len);
}

/* ---- contents ------------------------------------------------------------ */

static bool
has_settled(const struct stat *st)
{
	struct timespec now;
	int64_t ago_ns;

	clock_gettime(CLOCK_REALTIME, &now);
	ago_ns = (int64_t)(now.tv_sec - st->st_ctim.tv_sec) * 1000000000 +
		 now.tv_nsec - st->st_ctim.tv_nsec;
	return ago_ns > SETTLED_NS;
}

static void
fold_file(struct identity *id, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1) {
		id->is_unsure = true;
		return;
	}
	id->is_unsure |= !has_settled(&st);
	fold_number(id, st.st_dev);
	fold_number(id, st.st_ino);
	fold_number(id, (uint64_t)st.st_size);
	fold(id, &st.st_mtim, sizeof(st.st_mtim));
	fold(id, &st.st_ctim, sizeof(st.st_ctim));
}

/* The line "# digest ..." among the comments at the beginning. */
static void
fold_digest(struct identity *id, const char *head, size_t len)
{
	static const char word[] = "\n# digest ";
	const char *at = memmem(head, len, word, sizeof(word) - 1), *end;

	end = at != NULL ? memchr(at + 1, '\n', (size_t)(head + len - at - 1))
			 : NULL;
	if (end != NULL)
		fold(id, at, (size_t)(end - at));
	else
		id->is_unsure = true;
}

static void
fold_journal(struct identity *id, int fd, const uint8_t *head)
{
	uint64_t at, check;
	struct journal_entry e;
	struct reader r;
	void *bytes = NULL;
	size_t len = 0;

	if (!kept_journal(head, &at, &check) ||
	    lseek(fd, (off_t)at, SEEK_SET) == -1 ||
	    file_read(fd, KEPT_JOURNAL_MAX, &bytes, &len) != ERR_NONE) {
		id->is_unsure = true;
		free(bytes);
		return;
	}
	r = reader_of(bytes, len);
	while (journal_next(&r, &check, &e)) {
		if (e.kind == JOURNAL_CHANGED)
			fold(id, e.rest, e.rest_len);
	}
	free(bytes);
}

void
identity_content(struct identity *id, const struct list_config *config, int fd)
{
	char head[KEPT_HEAD];
	size_t len;

	fold_number(id, fd != -1);
	if (fd == -1)
		return;
	if (config->source == SOURCE_FILE) {
		fold_file(id, fd);
		return;
	}
	len = file_begin(fd, head, sizeof(head));
	if (config->form != FORM_RPZ) {
		fold_digest(id, head, len);
		return;
	}
	fold(id, head, len);
	if (len == sizeof(head))
		fold_journal(id, fd, (const uint8_t *)head);
	else
		id->is_unsure = true;
}
