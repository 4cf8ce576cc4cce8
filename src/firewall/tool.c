/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fork, execve, and three pipes.
 *
 * Only the supervisor has the power to do so, and only for iptables-save and
 * iptables-restore. It promises never to wait longer than TOOL_TIME_MS, and
 * to kill nobody but the process it started.
 */
#include "firewall/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum { FEED, HEAR, HEAR_COMPLAINT, PIPES };
enum { NOT_EXECUTED = 127, EXIT_POLL_MS = 5, CHUNK = 65536 };

struct run {
	pid_t pid;
	int fd[PIPES]; /* our ends, -1 when done */
	const char *input;
	size_t input_left, room, complaint_len;
	int64_t deadline_ms;
	struct tool_result *out;
};

static void __attribute__((noreturn))
become(char *const argv[], const int theirs[PIPES])
{
	char *const none[] = { NULL };
	struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t empty;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&empty);
	sigaction(SIGPIPE, &usual, NULL);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	for (int i = 0; i < PIPES; i++) {
		if (dup2(theirs[i], i) == -1)
			_exit(NOT_EXECUTED);
	}
	close_range(PIPES, ~0u, 0);
	execve(argv[0], argv, none);
	_exit(NOT_EXECUTED);
}

static void
shut(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

/* Above the three standard descriptors, so that dup2() meets none of them. */
static bool
open_pipe(int *ours, int *theirs, bool we_write)
{
	int end[2], high[2];

	if (pipe2(end, O_CLOEXEC) == -1)
		return false;
	for (int i = 0; i < 2; i++) {
		high[i] = fcntl(end[i], F_DUPFD_CLOEXEC, PIPES);
		close(end[i]);
	}
	*ours = high[we_write ? 1 : 0];
	*theirs = high[we_write ? 0 : 1];
	return *ours != -1 && *theirs != -1 &&
	       fcntl(*ours, F_SETFL, O_NONBLOCK) == 0;
}

static enum err
begin(struct run *r, char *const argv[])
{
	int theirs[PIPES] = { -1, -1, -1 };
	enum err err = ERR_NONE;

	for (int i = 0; i < PIPES && err == ERR_NONE; i++) {
		if (!open_pipe(&r->fd[i], &theirs[i], i == FEED))
			err = ERR_SYSTEM;
	}
	if (err == ERR_NONE)
		r->pid = fork();
	if (err == ERR_NONE && r->pid == 0)
		become(argv, theirs);
	if (r->pid == -1)
		err = ERR_SYSTEM;
	for (int i = 0; i < PIPES; i++)
		shut(&theirs[i]);
	return err;
}

static void
feed(struct run *r)
{
	ssize_t n = 0;

	if (r->input_left > 0)
		n = write(r->fd[FEED], r->input, r->input_left);
	if (n > 0) {
		r->input += n;
		r->input_left -= (size_t)n;
	}
	if (r->input_left == 0 ||
	    (n == -1 && errno != EAGAIN && errno != EINTR))
		shut(&r->fd[FEED]);
}

static bool
make_room(struct run *r)
{
	char *more;

	if (r->room - r->out->len > CHUNK)
		return true;
	more = realloc(r->out->output, r->room * 2 + 2 * CHUNK);
	if (more == NULL)
		return false;
	r->out->output = more;
	r->room = r->room * 2 + 2 * CHUNK;
	return true;
}

static enum err
hear(struct run *r)
{
	ssize_t n;

	if (!make_room(r))
		return ERR_FULL;
	n = read(r->fd[HEAR], r->out->output + r->out->len, CHUNK);
	if (n > 0)
		r->out->len += (size_t)n;
	r->out->output[r->out->len] = '\0';
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		shut(&r->fd[HEAR]);
	return r->out->len > TOOL_OUTPUT_MAX ? ERR_RANGE : ERR_NONE;
}

static void
hear_complaint(struct run *r)
{
	char chunk[1024];
	size_t room = TOOL_COMPLAINT_MAX - r->complaint_len;
	ssize_t n = read(r->fd[HEAR_COMPLAINT], chunk, sizeof(chunk));
	size_t kept = n > 0 ? (size_t)n : 0;

	if (kept > room)
		kept = room;
	memcpy(r->out->complaint + r->complaint_len, chunk, kept);
	r->complaint_len += kept;
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		shut(&r->fd[HEAR_COMPLAINT]);
}

static enum err
talk(struct run *r)
{
	while (r->fd[HEAR] != -1 || r->fd[HEAR_COMPLAINT] != -1) {
		struct pollfd at[PIPES];
		int64_t left = r->deadline_ms - clock_ms();
		enum err err = ERR_NONE;

		if (left <= 0)
			return ERR_TIMEOUT;
		for (int i = 0; i < PIPES; i++)
			at[i] = (struct pollfd){
				.fd = r->fd[i],
				.events = i == FEED ? POLLOUT : POLLIN,
			};
		if (poll(at, PIPES, (int)left) <= 0)
			continue;
		if (at[FEED].revents != 0)
			feed(r);
		if (at[HEAR].revents != 0)
			err = hear(r);
		if (at[HEAR_COMPLAINT].revents != 0)
			hear_complaint(r);
		if (err != ERR_NONE)
			return err;
	}
	return ERR_NONE;
}

/* The end of the child, brought about where it is late. */
static enum err
finish(struct run *r, enum err err)
{
	int status;

	while (err == ERR_NONE && waitpid(r->pid, &status, WNOHANG) == 0) {
		poll(NULL, 0, EXIT_POLL_MS);
		if (clock_ms() >= r->deadline_ms)
			err = ERR_TIMEOUT;
	}
	if (err != ERR_NONE) {
		kill(r->pid, SIGKILL);
		waitpid(r->pid, &status, 0);
		return err;
	}
	r->out->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return r->out->status == NOT_EXECUTED ? ERR_MISSING : ERR_NONE;
}

enum err
tool_run(char *const argv[], const char *input, struct tool_result *out)
{
	struct run r = { .pid = -1,
			 .fd = { -1, -1, -1 },
			 .input = input,
			 .input_left = strlen(input),
			 .deadline_ms = clock_ms() + TOOL_TIME_MS,
			 .out = out };
	enum err err;

	*out = (struct tool_result){ .status = -1 };
	out->output = calloc(1, 1);
	if (out->output == NULL)
		return ERR_FULL;
	if (access(argv[0], X_OK) == -1)
		return ERR_MISSING;
	r.pid = 0;
	err = begin(&r, argv);
	if (err == ERR_NONE)
		err = finish(&r, talk(&r));
	for (int i = 0; i < PIPES; i++)
		shut(&r.fd[i]);
	return err;
}

void
tool_done(struct tool_result *r)
{
	free(r->output);
	r->output = NULL;
}
