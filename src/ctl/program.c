/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a program of the system for what it prints. It is found by a fixed
 * path, its environment is empty and no descriptor of ours comes with it, so
 * that it says the same whoever calls.
 */
#include "ctl/program.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_SIZE = 128, STATUS_ABSENT = 127 };

static _Noreturn void
become(const char *const argv[], int out)
{
	static const char *const homes[] = { "/usr/sbin/", "/sbin/",
					     "/usr/bin/", "/usr/local/sbin/" };
	char *const nothing[] = { NULL };
	char path[PATH_SIZE];

	dup2(out, STDOUT_FILENO);
	if (!freopen("/dev/null", "w", stderr) ||
	    !freopen("/dev/null", "r", stdin))
		_exit(STATUS_ABSENT);
	for (size_t i = 0; i < sizeof(homes) / sizeof(*homes); i++) {
		snprintf(path, sizeof(path), "%s%s", homes[i], argv[0]);
		/* execve() does not write to what it is given. */
		execve(path, (char *const *)(size_t)argv, nothing);
	}
	_exit(STATUS_ABSENT);
}

bool
program_open(struct program *p, const char *const argv[])
{
	int ends[2];

	*p = (struct program){ .pid = -1 };
	if (pipe2(ends, O_CLOEXEC) == -1)
		return false;
	p->pid = fork();
	if (p->pid == 0)
		become(argv, ends[1]);
	close(ends[1]);
	if (p->pid != -1)
		p->out = fdopen(ends[0], "re");
	if (p->out == NULL)
		close(ends[0]);
	return p->out != NULL;
}

enum program_end
program_close(struct program *p)
{
	int status = -1;

	if (p->out != NULL)
		fclose(p->out);
	if (p->pid == -1 || waitpid(p->pid, &status, 0) == -1 ||
	    !WIFEXITED(status) || WEXITSTATUS(status) == STATUS_ABSENT)
		return PROGRAM_ABSENT;
	return WEXITSTATUS(status) == 0 ? PROGRAM_DONE : PROGRAM_REFUSED;
}
