/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text is never parsed with power: the compiler is a child that has nothing
 * but the open file, a block of memory and two pipes.
 */
#include "proc/compilation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "conf/options.h"
#include "proc/doors.h"

enum { LETTERS_A_TURN = 64, TURN_MS = 1000 };
/* Ten million names are a quarter of it. */
#define LIST_MAX_BYTES (1ull << 30)

static const uid_t nobody = (uid_t)-1;

static enum err
equip(struct compilation *c, const struct compilation_setup *setup, int acl,
      int said)
{
	enum err err =
	    child_hand(&c->child, HAND_OPTIONS, 0, 0, setup->options);

	if (err == ERR_NONE)
		err = child_hand(&c->child, HAND_OWN, 0, 0, setup->own);
	if (err == ERR_NONE && acl != -1)
		err = child_hand(&c->child, HAND_ACL, 0, 0, acl);
	if (err == ERR_NONE && setup->policy != -1)
		err = child_hand(&c->child, HAND_POLICY, 0, 0, setup->policy);
	if (err == ERR_NONE)
		err = child_hand(&c->child, HAND_IMAGE, 0, 0, c->image);
	if (err == ERR_NONE && c->saved != -1)
		err = child_hand(&c->child, HAND_SAVED, 0, 0, c->saved);
	if (err == ERR_NONE)
		err = child_hand(&c->child, HAND_COMPLAINTS, 0, 0, said);
	if (err == ERR_NONE && setup->print_fd != -1)
		err = child_hand(&c->child, HAND_PRINT, 0, 0, setup->print_fd);
	if (err == ERR_NONE)
		err = child_tell(&c->child, POST_START, 0, 0);
	return err;
}

/* ---- files that the text includes --------------------------------------- */

static bool
has_wildcard(const char *pattern)
{
	for (; *pattern != '\0'; pattern++) {
		if (strchr("*?[", *pattern))
			return true;
		if (*pattern == '\\' && pattern[1] != '\0')
			pattern++;
	}
	return false;
}

static void
find(struct compilation *c, const char *pattern)
{
	globfree(&c->found);
	memcpy(c->pattern, pattern, sizeof(c->pattern));
	memset(&c->found, 0, sizeof(c->found));
	/* Without a wildcard the file itself is tried, and said to be
	 * missing. */
	if (glob(pattern, 0, NULL, &c->found) == GLOB_NOMATCH &&
	    !has_wildcard(pattern))
		glob(pattern, GLOB_NOCHECK, NULL, &c->found);
}

/* Complaints quote what they complain of: whoever owns the access list gets
 * to read through us only what he may read without. */
static bool
owner_may_read(const struct compilation *c, int file)
{
	struct stat st;

	return c->owner == 0 ||
	       (fstat(file, &st) == 0 &&
		(st.st_uid == c->owner || (st.st_mode & S_IROTH)));
}

static enum err
open_included(const struct compilation *c, const char *path, uint64_t max,
	      int *file_out, struct text *text)
{
	enum err err = door_text_file(path, max, file_out, text);

	if (err != ERR_NONE || owner_may_read(c, *file_out))
		return err;
	close(*file_out);
	*file_out = -1;
	text_escaped(text, path, strlen(path));
	text_str(text, " is not for the owner of the access list to read");
	return ERR_DENIED;
}

/* ---- copies and keys of lists -------------------------------------------- */

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static enum included_state
open_kept(const struct compilation *c, const char *name, int *file_out,
	  struct text *text)
{
	switch (door_kept(c->kept, name, c->keeper, file_out, text)) {
	case ERR_NONE:
		text_str(text, name);
		return INCLUDED_FILE;
	case ERR_MISSING:
		return INCLUDED_END;
	default:
		return INCLUDED_REFUSED;
	}
}

static enum included_state
open_saved(const struct compilation *c, const struct include_letter *wish,
	   int *file_out)
{
	if (wish->index == 0)
		*file_out = door_saved(c->saved_dir);
	return *file_out != -1 ? INCLUDED_FILE : INCLUDED_END;
}

static enum included_state
open_list(const struct compilation *c, const char *path, int *file_out,
	  struct text *text)
{
	if (open_included(c, path, LIST_MAX_BYTES, file_out, text) != ERR_NONE)
		return INCLUDED_REFUSED;
	text_str(text, path);
	return INCLUDED_FILE;
}

static enum included_state
open_key(struct compilation *c, const char *path, struct text *text)
{
	static const char of_options[] = "env:TSIG_KEY";

	if (c->keys == ROLE_MAX_KEYS) {
		text_printf(text, "is one key too many: name at most %d",
			    ROLE_MAX_KEYS);
		return INCLUDED_REFUSED;
	}
	if (strcmp(path, of_options) == 0) {
		c->key[c->keys] = fcntl(c->secret, F_DUPFD_CLOEXEC, 0);
		if (c->key[c->keys] == -1) {
			text_str(text, "TSIG_KEY is not given");
			return INCLUDED_REFUSED;
		}
	} else if (door_key(path, &c->key[c->keys], text) != ERR_NONE) {
		return INCLUDED_REFUSED;
	}
	c->keys++;
	return INCLUDED_END;
}

/* False: it is none of these. */
static bool
open_of_lists(struct compilation *c, const struct include_letter *wish,
	      struct included_letter *answer, int *file_out)
{
	static const char kept[] = "kept:", key[] = "key:", list[] = "list:";
	static const char saved[] = "saved:";
	struct text text;

	text_init(&text, answer->text, sizeof(answer->text));
	if (begins(wish->pattern, kept))
		answer->state =
		    wish->index > 0
			? INCLUDED_END
			: open_kept(c, wish->pattern + strlen(kept), file_out,
				    &text);
	else if (strcmp(wish->pattern, saved) == 0)
		answer->state = open_saved(c, wish, file_out);
	else if (begins(wish->pattern, key))
		answer->state =
		    open_key(c, wish->pattern + strlen(key), &text);
	else if (begins(wish->pattern, list))
		answer->state =
		    open_list(c, wish->pattern + strlen(list), file_out, &text);
	else
		return false;
	return true;
}

/* ---- what the compiler wishes for ---------------------------------------- */

/* The file of that number among those that the pattern matches. */
static void
open_matched(struct compilation *c, const struct include_letter *wish,
	     struct included_letter *answer, int *file_out)
{
	struct text text;
	const char *path;

	if (wish->index == 0 || strcmp(wish->pattern, c->pattern) != 0)
		find(c, wish->pattern);
	if (wish->index >= c->found.gl_pathc)
		return;
	path = c->found.gl_pathv[wish->index];
	answer->state = INCLUDED_FILE;
	text_init(&text, answer->text, sizeof(answer->text));
	if (open_included(c, path, c->max_bytes, file_out, &text) == ERR_NONE)
		text_str(&text, path);
	else
		answer->state = INCLUDED_REFUSED;
}

static void
on_include(void *self, const void *letter, size_t size, int fd)
{
	struct included_letter answer = { .state = INCLUDED_END };
	struct compilation *c = self;
	struct include_letter wish;
	int file = -1;

	(void)size;
	if (fd != -1)
		close(fd);
	memcpy(&wish, letter, sizeof(wish));
	wish.pattern[sizeof(wish.pattern) - 1] = '\0';
	post_head(&answer.head, POST_INCLUDED, 0);
	if (!open_of_lists(c, &wish, &answer, &file))
		open_matched(c, &wish, &answer, &file);
	post_send(c->child.channel, &answer, sizeof(answer), file);
	if (file != -1)
		close(file);
}

/* It has power no more; nobody waits for that. */
static void
on_ready(void *self, const void *letter, size_t size, int fd)
{
	(void)self, (void)letter, (void)size;
	if (fd != -1)
		close(fd);
}

static void
hear_compiler(struct compilation *c)
{
	c->child.post.channel = c->child.channel;
	c->child.post.arg = c;
	c->child.post.handler[POST_INCLUDE] = on_include;
	c->child.post.handler[POST_READY] = on_ready;
	if (post_pump(&c->child.post, LETTERS_A_TURN) == ERR_NONE)
		return;
	/* Its end is told by the other pipe. */
	close(c->child.channel);
	c->child.channel = -1;
}

/* ---- its life ------------------------------------------------------------ */

static void
close_all(struct compilation *c, bool good)
{
	globfree(&c->found);
	memset(&c->found, 0, sizeof(c->found));
	if (c->child.channel != -1)
		close(c->child.channel);
	c->child.channel = -1;

	if (c->image != -1)
		close(c->image);
	if (c->complaints != -1)
		close(c->complaints);
	c->image = c->complaints = -1;
	door_saved_end(c->saved_dir, c->saved, good);
	c->saved = -1;
	for (unsigned i = 0; i < c->keys; i++)
		close(c->key[i]);
	c->keys = 0;
}

/* The descriptor of a file; -1 and ERR_NONE: it is a directory. */
static enum err
open_source(struct compilation *c, const struct compilation_setup *setup,
	    char name[OPTION_TEXT_SIZE], int *fd_out)
{
	struct stat st;

	snprintf(name, OPTION_TEXT_SIZE, "%s", setup->path);
	*fd_out = -1;
	/* Lists alone are of the policy that was compiled before: so is whose
	 * it is. */
	if (setup->policy != -1)
		return ERR_NONE;
	c->owner = 0;
	if (setup->path[0] == '\0')
		return ERR_NONE;
	c->owner = nobody;
	if (stat(setup->path, &st) == 0)
		c->owner = st.st_uid;
	if (c->owner == nobody || !S_ISDIR(st.st_mode))
		return door_text_file(setup->path, setup->max_bytes, fd_out,
				      &c->text);
	snprintf(name, OPTION_TEXT_SIZE, "%.*s/", OPTION_TEXT_SIZE - 2,
		 setup->path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return ERR_NONE;
	text_escaped(&c->text, name, strlen(name));
	text_str(&c->text, " may be written by group or others: chmod go-w it");
	return ERR_DENIED;
}

enum err
compilation_start(struct compilation *c, const struct compilation_setup *setup)
{
	char name[OPTION_TEXT_SIZE];
	int acl, said[2];
	enum err err;

	child_init(&c->child, ROLE_COMPILER, 0);
	c->image = c->complaints = -1;
	c->deadline_ms = clock_ms() + COMPILATION_LIMIT_MS;
	c->max_bytes = setup->max_bytes;
	c->follows_own = false;
	c->kept = setup->kept;
	c->saved_dir = setup->saved;
	c->saved = -1;
	c->keeper = setup->keeper;
	c->secret = setup->secret;
	c->keys = 0;
	for (unsigned i = 0; i < ROLE_MAX_KEYS; i++)
		c->key[i] = -1;
	memset(&c->found, 0, sizeof(c->found));
	memset(c->pattern, 0, sizeof(c->pattern));
	text_init(&c->text, c->buf, sizeof(c->buf));
	if (open_source(c, setup, name, &acl) != ERR_NONE)
		return ERR_DENIED;
	err = ERR_SYSTEM;
	if (pipe2(said, O_CLOEXEC) == -1)
		goto undo;
	c->complaints = said[0];
	fcntl(said[0], F_SETFL, O_NONBLOCK);
	c->saved = door_saved_new(c->saved_dir);
	c->image = memfd_create("policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (c->image != -1)
		err = child_start(&c->child, setup->log_fd, name);
	if (err == ERR_NONE)
		err = equip(c, setup, acl, said[1]);
	close(said[1]);
undo:
	if (acl != -1)
		close(acl);
	if (err == ERR_NONE)
		return ERR_NONE;
	text_printf(&c->text, "the compiler cannot be started: %s",
		    strerror(errno));
	close_all(c, false);
	return err;
}

static void
read_complaints(struct compilation *c)
{
	char buf[4096];
	ssize_t got = read(c->complaints, buf, sizeof(buf));

	if (got > 0)
		text_bytes(&c->text, buf, (size_t)got);
	if (got == 0 || (got == -1 && errno != EAGAIN && errno != EINTR)) {
		close(c->complaints);
		c->complaints = -1;
	}
}

void
compilation_watch(const struct compilation *c, struct pollfd p[COMPILATION_FDS])
{
	p[0] = (struct pollfd){ .fd = c->complaints, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = c->child.channel, .events = POLLIN };
}

bool
compilation_serve(struct compilation *c, const struct pollfd p[COMPILATION_FDS],
		  int64_t now_ms)
{
	if (p[0].revents)
		read_complaints(c);
	if (p[1].revents && c->child.channel != -1)
		hear_compiler(c);
	if (now_ms > c->deadline_ms)
		child_kill(&c->child);
	return c->complaints != -1;
}

void
compilation_run(struct compilation *c)
{
	struct pollfd p[COMPILATION_FDS];

	do {
		compilation_watch(c, p);
		poll(p, COMPILATION_FDS, TURN_MS);
	} while (compilation_serve(c, p, clock_ms()));
}

static bool
is_good(int status)
{
	return WIFEXITED(status) && (WEXITSTATUS(status) == 0 ||
				     WEXITSTATUS(status) == COMPILER_FOLLOWS);
}

enum err
compilation_end(struct compilation *c, int *image_out)
{
	int status = -1;
	pid_t got;

	do
		got = waitpid(c->child.pid, &status, 0);
	while (got == -1 && errno == EINTR);
	if (got == c->child.pid && is_good(status) &&
	    door_seal(c->image) == ERR_NONE) {
		c->follows_own = WEXITSTATUS(status) == COMPILER_FOLLOWS;
		*image_out = c->image;
		c->image = -1;
		c->keys = 0;
		close_all(c, true);
		return ERR_NONE;
	}
	if (c->text.len == 0)
		text_printf(&c->text,
			    "the compiler ended without a word "
			    "(status %d)",
			    status);
	close_all(c, false);
	return ERR_SYNTAX;
}
