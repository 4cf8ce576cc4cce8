/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a child comes to be: fork(2), descriptors put in place, execve(2) of
 * /proc/self/exe, so that an upgrade of the file never mixes versions.
 *
 * Nothing of our environment reaches it but what its own runtime needs.
 */
#include "proc/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/role.h"

enum {
	CALM_MS = 1000, /* lived that long: its death is a first one */
	SOON = 3,	/* so many deaths are made good at once */
	FIRST_WAIT_MS = 200,
	LONGEST_WAIT_MS = 5000
};

void
child_init(struct child *c, enum role role, uint32_t index)
{
	*c = (struct child){ .role = role, .index = index, .channel = -1 };
}

/* Above standard error there is the channel and nothing else. */
static void
place_descriptors(int channel, int log_fd)
{
	int none = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (none == -1 || dup2(none, 0) == -1 || dup2(none, 1) == -1 ||
	    dup2(log_fd, 2) == -1)
		_exit(127);
	if (channel == ROLE_CHANNEL)
		fcntl(channel, F_SETFD, 0);
	else if (dup2(channel, ROLE_CHANNEL) == -1)
		_exit(127);
	close_range(ROLE_CHANNEL + 1, ~0u, CLOSE_RANGE_CLOEXEC);
}

static void __attribute__((noreturn))
become(const struct child *c, int channel, int log_fd, const char *argument)
{
	char name[48], word[16];
	char *argv[] = { name, NULL, NULL };
	char *envp[] = { NULL };
	sigset_t none;

	if (c->role == ROLE_WORKER)
		snprintf(word, sizeof(word), " %u", c->index);
	else
		word[0] = '\0';
	snprintf(name, sizeof(name), "dns-firewall: %s%s", role_name(c->role),
		 word);
	argv[1] = (char *)(uintptr_t)argument;
	place_descriptors(channel, log_fd);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve("/proc/self/exe", argv, envp);
	_exit(127);
}

enum err
child_start(struct child *c, int log_fd, const char *argument)
{
	int end[2];
	pid_t pid;

	if (post_pair(end) != ERR_NONE)
		return ERR_SYSTEM;
	pid = fork();
	if (pid == 0)
		become(c, end[1], log_fd, argument);
	close(end[1]);
	if (pid == -1) {
		close(end[0]);
		return ERR_SYSTEM;
	}
	c->pid = pid;
	c->channel = end[0];
	c->starts++;
	c->ready = c->stopping = false;
	c->restart_ms = 0;
	c->started_ms = clock_ms();
	c->post.channel = end[0];
	c->post.self = ROLE_SUPERVISOR;
	c->post.peer = c->role;
	return ERR_NONE;
}

enum err
child_hand(struct child *c, enum hand what, uint32_t index,
	   uint32_t generation, int fd)
{
	struct hand_letter letter = { .hand = what,
				      .index = index,
				      .generation = generation };

	post_head(&letter.head, POST_HAND, 0);
	return post_send(c->channel, &letter, sizeof(letter), fd);
}

enum err
child_tell(struct child *c, enum letter_kind kind, uint32_t seq,
	   uint32_t value)
{
	struct plain_letter letter = { .seq = seq, .value = value };

	if (c->channel == -1)
		return ERR_CLOSED;
	post_head(&letter.head, kind, 0);
	return post_send(c->channel, &letter, sizeof(letter), -1);
}

void
child_ended(struct child *c, int64_t now_ms)
{
	int64_t wait_ms = 0;

	if (c->channel != -1)
		close(c->channel);
	c->channel = -1;
	c->pid = 0;
	c->ready = false;
	if (now_ms - c->started_ms > CALM_MS)
		c->failures = 0;
	if (c->failures >= SOON + 5)
		wait_ms = LONGEST_WAIT_MS;
	else if (c->failures >= SOON)
		wait_ms = FIRST_WAIT_MS << (c->failures - SOON);
	c->failures++;
	c->restart_ms = now_ms + wait_ms;
}

void
child_kill(struct child *c)
{
	if (c->pid > 0 && kill(c->pid, SIGKILL) == -1)
		log_warn("%s %u (pid %d) cannot be killed: %s",
			 role_name(c->role), c->index, (int)c->pid,
			 strerror(errno));
}
