/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --check: the same compiler child as always, its image thrown away. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "proc/compilation.h"
#include "proc/doors.h"
#include "proc/identity.h"
#include "proc/supervisor.h"

enum { CHECK_TURN_MS = 1000 };

static enum err
run(struct compilation *c, const struct compilation_setup *setup)
{
	int image = -1;
	enum err err = compilation_start(c, setup);

	if (err != ERR_NONE)
		return err;
	while (c->complaints != -1) {
		struct pollfd p = { .fd = c->complaints, .events = POLLIN };

		poll(&p, 1, CHECK_TURN_MS);
		compilation_read(c, clock_ms());
	}
	err = compilation_end(c, &image);
	if (err == ERR_NONE)
		close(image);
	return err;
}

int
supervisor_check(struct options *opt, const char *path,
		 uint64_t acl_max_bytes)
{
	static struct compilation c;
	struct compilation_setup setup = { .path = path,
					   .max_bytes = acl_max_bytes,
					   .log_fd = STDERR_FILENO,
					   .print_fd = STDOUT_FILENO };
	enum err err = identity_find(opt);

	if (err == ERR_NONE)
		err = door_sealed_copy("options", opt, sizeof(*opt),
				       &setup.options);
	if (err != ERR_NONE) {
		fprintf(stderr, "%s\n", err_text(err));
		return 1;
	}
	err = run(&c, &setup);
	close(setup.options);
	fwrite(c.text.buf, 1, c.text.len, stderr);
	if (c.text.len > 0 && c.text.buf[c.text.len - 1] != '\n')
		fputc('\n', stderr);
	return err == ERR_NONE ? 0 : 1;
}
