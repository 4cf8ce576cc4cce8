/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --check: the same compiler child as always, its image thrown away. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proc/compilation.h"
#include "proc/doors.h"
#include "proc/identity.h"
#include "proc/own.h"
#include "proc/supervisor.h"

static enum err
run(struct compilation *c, const struct compilation_setup *setup)
{
	int image = -1;
	enum err err = compilation_start(c, setup);

	if (err != ERR_NONE)
		return err;
	compilation_run(c);
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
	struct own_watch *own = NULL;
	enum err err = identity_find(opt);

	if (err == ERR_NONE)
		err = own_watch_open(false, &own);
	if (err == ERR_NONE)
		err = own_watch_image(own, &setup.own);
	if (err == ERR_NONE)
		err = door_sealed_copy("options", opt, sizeof(*opt),
				       &setup.options);
	if (err != ERR_NONE) {
		fprintf(stderr, "%s\n", err_text(err));
		return 1;
	}
	err = run(&c, &setup);
	close(setup.options);
	close(setup.own);
	own_watch_close(own);
	fwrite(c.text.buf, 1, c.text.len, stderr);
	if (c.text.len > 0 && c.text.buf[c.text.len - 1] != '\n')
		fputc('\n', stderr);
	return err == ERR_NONE ? 0 : 1;
}
