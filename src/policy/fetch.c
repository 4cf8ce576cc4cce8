/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the supervisor for files, a letter for each: it decides what is
 * opened, and this process reads what it is handed.
 */
#include "policy/fetch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc/role.h"

enum { PAGE = 65536, ANSWER_MS = 10000 };

/* What came back. */
struct answer {
	bool here;
	struct included_letter letter;
	int fd;
};

enum err
fetch_bytes(int fd, size_t room, char **owned_out, size_t *len_out)
{
	size_t size = room + PAGE, len = room;
	char *text = malloc(size);

	while (text && len <= room + ACL_MAX_BYTES) {
		ssize_t n = read(fd, text + len, size - len);
		char *more;

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			*owned_out = text;
			*len_out = len - room;
			return n == 0 ? ERR_NONE : ERR_SYSTEM;
		}
		len += (size_t)n;
		if (len < size)
			continue;
		size *= 2;
		more = realloc(text, size);
		if (!more)
			free(text);
		text = more;
	}
	*owned_out = text;
	*len_out = len - room;
	return text ? ERR_NONE : ERR_FULL;
}

struct policy_file
fetch_identity(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return (struct policy_file){ 0 };
	return (struct policy_file){ st.st_dev, st.st_ino };
}

static void
on_included(void *self, const void *letter, size_t size, int fd)
{
	struct answer *a = self;

	(void)size;
	memcpy(&a->letter, letter, sizeof(a->letter));
	a->letter.text[sizeof(a->letter.text) - 1] = '\0';
	a->fd = fd;
	a->here = true;
}

static enum err
wait_for(int channel, struct answer *a)
{
	struct post post = { .channel = channel,
			     .self = ROLE_COMPILER,
			     .peer = ROLE_SUPERVISOR,
			     .arg = a,
			     .handler = { [POST_INCLUDED] = on_included } };
	struct pollfd p = { .fd = channel, .events = POLLIN };
	enum err err = ERR_NONE;

	while (err == ERR_NONE && !a->here) {
		if (poll(&p, 1, ANSWER_MS) == 0)
			return ERR_TIMEOUT;
		err = post_pump(&post, 1);
	}
	return err;
}

static enum err
take_file(const struct answer *a, policy_text_fn *each, void *each_arg)
{
	struct policy_text text = { 0 };
	char *owned = NULL;
	enum err err = fetch_bytes(a->fd, ACL_PATH_SIZE, &owned, &text.len);

	if (err != ERR_NONE) {
		free(owned);
		return err;
	}
	memcpy(owned, a->letter.text, ACL_PATH_SIZE);
	text.name = text.owned = owned;
	text.file = fetch_identity(a->fd);
	text.text = owned + ACL_PATH_SIZE;
	return each(each_arg, &text);
}

/* ERR_CLOSED: there are no more. */
static enum err
fetch_one(const struct role_kit *kit, const struct include_letter *wish,
	  struct answer *a)
{
	enum err err =
	    post_send(kit->supervisor, wish, sizeof(*wish), -1);

	*a = (struct answer){ .fd = -1 };
	if (err == ERR_NONE)
		err = wait_for(kit->supervisor, a);
	if (err != ERR_NONE)
		return ERR_SYSTEM;
	switch (a->letter.state) {
	case INCLUDED_FILE:
		return a->fd == -1 ? ERR_SYSTEM : ERR_NONE;
	case INCLUDED_REFUSED:
		return ERR_DENIED;
	default:
		return ERR_CLOSED;
	}
}

static void
wish_for(struct include_letter *wish, const char *what)
{
	*wish = (struct include_letter){ 0 };
	post_head(&wish->head, POST_INCLUDE, 0);
	memcpy(wish->pattern, what, strnlen(what, sizeof(wish->pattern) - 1));
}

enum err
fetch_opened(void *arg, const char *what, struct text *why, int *fd_out)
{
	struct include_letter wish;
	struct answer a;
	enum err err;

	wish_for(&wish, what);
	err = fetch_one(arg, &wish, &a);
	*fd_out = a.fd;
	if (err == ERR_DENIED)
		text_str(why, a.letter.text);
	return err == ERR_CLOSED ? ERR_NONE : err;
}

enum err
fetch_included(void *arg, const char *pattern, struct text *why,
	       policy_text_fn *each, void *each_arg)
{
	const struct role_kit *kit = arg;
	struct include_letter wish;
	struct answer a;
	enum err err = ERR_NONE;

	wish_for(&wish, pattern);
	for (; err == ERR_NONE; wish.index++) {
		err = fetch_one(kit, &wish, &a);
		if (err == ERR_DENIED)
			text_printf(why, "cannot be included: %s",
				    a.letter.text);
		if (err == ERR_NONE)
			err = take_file(&a, each, each_arg);
		if (a.fd != -1)
			close(a.fd);
	}
	return err == ERR_CLOSED ? ERR_NONE : err;
}
