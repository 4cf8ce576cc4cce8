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
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "proc/doors.h"

static enum err
equip(struct compilation *c, const struct compilation_setup *setup, int acl,
      int said)
{
	enum err err = child_hand(&c->child, HAND_OPTIONS, 0, 0,
				  setup->options);

	if (err == ERR_NONE)
		err = child_hand(&c->child, HAND_ACL, 0, 0, acl);
	if (err == ERR_NONE)
		err = child_hand(&c->child, HAND_IMAGE, 0, 0, c->image);
	if (err == ERR_NONE)
		err = child_hand(&c->child, HAND_COMPLAINTS, 0, 0, said);
	if (err == ERR_NONE && setup->print_fd != -1)
		err = child_hand(&c->child, HAND_PRINT, 0, 0,
				 setup->print_fd);
	if (err == ERR_NONE)
		err = child_tell(&c->child, POST_START, 0, 0);
	return err;
}

static void
close_all(struct compilation *c)
{
	if (c->image != -1)
		close(c->image);
	if (c->complaints != -1)
		close(c->complaints);
	c->image = c->complaints = -1;
}

enum err
compilation_start(struct compilation *c,
		  const struct compilation_setup *setup)
{
	int acl, said[2];
	enum err err;

	child_init(&c->child, ROLE_COMPILER, 0);
	c->image = c->complaints = -1;
	c->deadline_ms = clock_ms() + COMPILATION_LIMIT_MS;
	text_init(&c->text, c->buf, sizeof(c->buf));
	if (door_text_file(setup->path, setup->max_bytes, &acl, &c->text) !=
	    ERR_NONE)
		return ERR_DENIED;
	err = ERR_SYSTEM;
	if (pipe2(said, O_CLOEXEC) == -1)
		goto undo;
	c->complaints = said[0];
	fcntl(said[0], F_SETFL, O_NONBLOCK);
	c->image = memfd_create("policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (c->image != -1)
		err = child_start(&c->child, setup->log_fd, setup->path);
	if (err == ERR_NONE)
		err = equip(c, setup, acl, said[1]);
	close(said[1]);
undo:
	close(acl);
	if (err == ERR_NONE)
		return ERR_NONE;
	text_printf(&c->text, "the compiler cannot be started: %s",
		    strerror(errno));
	close_all(c);
	return err;
}

bool
compilation_read(struct compilation *c, int64_t now_ms)
{
	char buf[4096];
	ssize_t got = read(c->complaints, buf, sizeof(buf));

	if (got > 0)
		text_bytes(&c->text, buf, (size_t)got);
	if (got == 0 || (got == -1 && errno != EAGAIN && errno != EINTR)) {
		close(c->complaints);
		c->complaints = -1;
		return false;
	}
	if (now_ms > c->deadline_ms)
		child_kill(&c->child);
	return true;
}

enum err
compilation_end(struct compilation *c, int *image_out)
{
	int status = -1;
	pid_t got;

	do
		got = waitpid(c->child.pid, &status, 0);
	while (got == -1 && errno == EINTR);
	close(c->child.channel);
	if (got == c->child.pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0 && door_seal(c->image) == ERR_NONE) {
		*image_out = c->image;
		c->image = -1;
		return ERR_NONE;
	}
	if (c->text.len == 0)
		text_printf(&c->text, "the compiler ended without a word "
				      "(status %d)",
			    status);
	close_all(c);
	return ERR_SYNTAX;
}
