/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose word is taken for who a feed is: the authorities that the system
 * trusts, and those that the owner names.
 *
 * They are read before power is given up, as bytes; what is made of them is
 * made later, without power.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "supply/https_inside.h"

enum { CERTIFICATES_MAX = 16 << 20 };

static enum err
add_file(struct curl_blob *b, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum err err = ERR_MISSING;
	ssize_t got = -1;
	char *more;
	struct stat st;

	if (fd == -1)
		return ERR_MISSING;
	if (fstat(fd, &st) == -1)
		goto undo;
	if (!S_ISREG(st.st_mode) || st.st_size > CERTIFICATES_MAX) {
		errno = EFBIG;
		goto undo;
	}
	more = realloc(b->data, b->len + (size_t)st.st_size + 1);
	if (more != NULL) {
		b->data = more;
		got = read(fd, more + b->len, (size_t)st.st_size);
	}
	if (got > 0) {
		b->len += (size_t)got;
		more[b->len++] = '\n';
		err = ERR_NONE;
	}
undo:;
	int cause = errno; /* close() may spoil it */

	close(fd);
	errno = cause;
	return err;
}

enum err
certificates_read(const struct https *h, struct curl_blob *out)
{
	const char *own = h->setup.opt->feed_ca;
	const char *path = h->curl.version_info(CURLVERSION_NOW)->cainfo;

	if (path == NULL)
		path = "/etc/ssl/certs/ca-certificates.crt";
	if (add_file(out, path) != ERR_NONE && own[0] == '\0')
		log_warn("No certificates of the system are in %s, so no feed "
			 "can be fetched: install ca-certificates, or name a "
			 "file with --feed-ca",
			 path);
	return own[0] != '\0' ? add_file(out, own) : ERR_NONE;
}
