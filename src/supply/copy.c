/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies of plain lists on disk.
 *
 * The head is comments for every form of lists, so whoever reads the list
 * needs to know nothing of it. Its lines have their places: they are written
 * when the text behind them is whole, and again when its publisher says that
 * nothing has changed.
 */
#include "supply/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supply/crypto.h"

static const char first_line[] = "# A list that dns-firewall has fetched; "
				 "it writes it anew.\n";

/* ---- the head ------------------------------------------------------------ */

static void
print_head(const struct copy_head *h, char out[COPY_HEAD_SIZE + 1])
{
	struct text t;

	text_init(&t, out, COPY_HEAD_SIZE + 1);
	text_str(&t, first_line);
	text_printf(&t, "# source %s\n", h->source);
	text_printf(&t, "# etag %s\n", h->known.etag);
	text_printf(&t, "# modified %s\n", h->known.modified);
	text_printf(&t, "# digest %s\n", h->digest);
	text_printf(&t,
		    "# entries %" PRIu64 " bytes %" PRIu64 " changed %" PRId64
		    " checked %" PRId64 " good %" PRIu32 "\n#",
		    h->entries, h->bytes, h->changed_s, h->checked_s,
		    h->good_s);
	while (t.len < COPY_HEAD_SIZE - 1)
		text_char(&t, ' ');
	text_char(&t, '\n');
}

/* The value of a line "# WORD VALUE"; NULL: it is not there. *at moves behind
 * the line. */
static char *
take_value(char **at, const char *word)
{
	char *line = *at, *end = strchr(line, '\n');
	size_t len = strlen(word);

	if (end == NULL || strncmp(line, "# ", 2) != 0 ||
	    strncmp(line + 2, word, len) != 0 || line[2 + len] != ' ')
		return NULL;
	*end = '\0';
	*at = end + 1;
	return line + 3 + len;
}

static bool
take_text(char **at, const char *word, char *out, size_t size)
{
	const char *value = take_value(at, word);

	if (value == NULL || strlen(value) >= size)
		return false;
	strcpy(out, value);
	return true;
}

static bool
parse_head(char *text, struct copy_head *out)
{
	char *at = text + sizeof(first_line) - 1;
	const char *numbers;

	memset(out, 0, sizeof(*out));
	if (strncmp(text, first_line, sizeof(first_line) - 1) != 0 ||
	    !take_text(&at, "source", out->source, sizeof(out->source)) ||
	    !take_text(&at, "etag", out->known.etag, sizeof(out->known.etag)) ||
	    !take_text(&at, "modified", out->known.modified,
		       sizeof(out->known.modified)) ||
	    !take_text(&at, "digest", out->digest, sizeof(out->digest)))
		return false;
	numbers = take_value(&at, "entries");
	return numbers != NULL &&
	       sscanf(numbers,
		      "%" SCNu64 " bytes %" SCNu64 " changed %" SCNd64
		      " checked %" SCNd64 " good %" SCNu32,
		      &out->entries, &out->bytes, &out->changed_s,
		      &out->checked_s, &out->good_s) == 5;
}

enum err
copy_head_read(int dir, const char *name, struct copy_head *out)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[COPY_HEAD_SIZE + 1];
	struct stat st;
	ssize_t got;

	memset(out, 0, sizeof(*out));
	if (fd == -1)
		return errno == ENOENT ? ERR_MISSING : ERR_SYSTEM;
	got = pread(fd, text, COPY_HEAD_SIZE, 0);
	if (fstat(fd, &st) == -1)
		got = -1;
	close(fd);
	if (got != COPY_HEAD_SIZE)
		return ERR_SYNTAX;
	text[got] = '\0';
	if (parse_head(text, out) &&
	    (uint64_t)st.st_size == COPY_HEAD_SIZE + out->bytes)
		return ERR_NONE;
	memset(out, 0, sizeof(*out));
	return ERR_SYNTAX;
}

static enum err
put_head(int fd, const struct copy_head *head)
{
	char text[COPY_HEAD_SIZE + 1];
	ssize_t put;

	print_head(head, text);
	put = pwrite(fd, text, COPY_HEAD_SIZE, 0);
	return put == COPY_HEAD_SIZE ? ERR_NONE : ERR_SYSTEM;
}

enum err
copy_head_write(int dir, const char *name, const struct copy_head *head)
{
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	enum err err;

	if (fd == -1)
		return ERR_SYSTEM;
	err = put_head(fd, head);
	close(fd);
	return err;
}

/* ---- a copy that there is ------------------------------------------------ */

static void
print_digest(EVP_MD_CTX *digest, char out[COPY_DIGEST_SIZE])
{
	uint8_t bytes[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	crypto()->EVP_DigestFinal_ex(digest, bytes, &len);
	for (unsigned i = 0; i < len && 2 * i + 2 < COPY_DIGEST_SIZE; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static EVP_MD_CTX *
new_digest(void)
{
	EVP_MD_CTX *d = crypto() ? crypto()->EVP_MD_CTX_new() : NULL;

	if (d == NULL ||
	    crypto()->EVP_DigestInit_ex(d, crypto()->EVP_sha256(), NULL) == 1)
		return d;
	crypto()->EVP_MD_CTX_free(d);
	return NULL;
}

/* Of the text of the copy. */
static bool
digest_file(int dir, const char *name, char out[COPY_DIGEST_SIZE])
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	off_t at = COPY_HEAD_SIZE;
	EVP_MD_CTX *d = new_digest();
	char piece[16384];
	ssize_t got = -1;

	out[0] = '\0';
	while (fd != -1 && d != NULL &&
	       (got = pread(fd, piece, sizeof(piece), at)) > 0) {
		crypto()->EVP_DigestUpdate(d, piece, (size_t)got);
		at += got;
	}
	if (got == 0)
		print_digest(d, out);
	if (d != NULL)
		crypto()->EVP_MD_CTX_free(d);
	if (fd != -1)
		close(fd);
	return got == 0;
}

bool
copy_is_sound(int dir, const char *name, const struct copy_head *head)
{
	char digest[COPY_DIGEST_SIZE];
	struct copy_head found;

	return copy_head_read(dir, name, &found) == ERR_NONE &&
	       strcmp(found.digest, head->digest) == 0 &&
	       digest_file(dir, name, digest) &&
	       strcmp(digest, head->digest) == 0;
}

/* ---- a new copy ---------------------------------------------------------- */

void
copy_drop(struct copy *c)
{
	if (c->digest != NULL)
		crypto()->EVP_MD_CTX_free(c->digest);
	c->digest = NULL;
	if (c->fd == -1)
		return;
	close(c->fd);
	c->fd = -1;
	unlinkat(c->dir, c->name, 0);
}

enum err
copy_begin(struct copy *c, int dir, const char *list)
{
	const struct copy_head none = { 0 };

	c->dir = dir;
	c->err = ERR_NONE;
	c->bytes = c->len = 0;
	snprintf(c->name, sizeof(c->name), "%s.new", list);
	c->digest = new_digest();
	if (c->digest == NULL)
		return ERR_FULL;
	c->fd =
	    openat(dir, c->name,
		   O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (c->fd != -1 && put_head(c->fd, &none) == ERR_NONE &&
	    lseek(c->fd, 0, SEEK_END) == COPY_HEAD_SIZE)
		return ERR_NONE;

	int cause = errno; /* close() may spoil it */
	copy_drop(c);
	errno = cause;
	return ERR_SYSTEM;
}

static void
flush(struct copy *c)
{
	size_t at = 0;

	while (c->err == ERR_NONE && at < c->len) {
		ssize_t put = write(c->fd, c->waiting + at, c->len - at);

		if (put > 0)
			at += (size_t)put;
		else if (errno != EINTR) {
			c->err = ERR_SYSTEM;
			c->cause = errno;
		}
	}
	c->len = 0;
}

enum err
copy_write(struct copy *c, const void *bytes, size_t len)
{
	const char *from = bytes;

	crypto()->EVP_DigestUpdate(c->digest, bytes, len);
	c->bytes += len;
	while (len > 0 && c->err == ERR_NONE) {
		size_t piece = sizeof(c->waiting) - c->len;

		if (piece > len)
			piece = len;
		memcpy(c->waiting + c->len, from, piece);
		c->len += piece;
		from += piece;
		len -= piece;
		if (c->len == sizeof(c->waiting))
			flush(c);
	}
	return c->err;
}

enum err
copy_end(struct copy *c, struct copy_head *head)
{
	flush(c);
	if (c->err != ERR_NONE) {
		copy_drop(c);
		errno = c->cause;
		return ERR_SYSTEM;
	}
	print_digest(c->digest, head->digest);
	head->bytes = c->bytes;
	return ERR_NONE;
}

enum err
copy_keep(struct copy *c, const struct copy_head *head, const char *name)
{
	enum err err = put_head(c->fd, head);
	int cause;

	if (err == ERR_NONE && fdatasync(c->fd) == -1)
		err = ERR_SYSTEM;
	if (err == ERR_NONE && renameat(c->dir, c->name, c->dir, name) == -1)
		err = ERR_SYSTEM;
	cause = errno; /* what follows may spoil it */
	if (err == ERR_NONE) {
		close(c->fd);
		c->fd = -1;
	}
	copy_drop(c);
	errno = cause;
	return err;
}
