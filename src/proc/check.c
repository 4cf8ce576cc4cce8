/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --check: the same compiler child as always, its image thrown away; or, with
 * --compile, handed out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "proc/compilation.h"
#include "proc/doors.h"
#include "proc/identity.h"
#include "proc/own.h"
#include "proc/supervisor.h"

static enum err
hand_out(int image, int to)
{
	off_t left = lseek(image, 0, SEEK_END), at = 0;

	while (left > 0) {
		ssize_t n = sendfile(to, image, &at, (size_t)left);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_SYSTEM;
		left -= n;
	}
	return ERR_NONE;
}

static enum err
run(struct compilation *c, const struct compilation_setup *setup, int to)
{
	int image = -1;
	enum err err = compilation_start(c, setup);

	if (err != ERR_NONE)
		return err;
	compilation_run(c);
	err = compilation_end(c, &image);
	if (err != ERR_NONE)
		return err;
	for (unsigned i = 0; i < ROLE_MAX_KEYS; i++)
		if (c->key[i] != -1)
			close(c->key[i]);
	if (to != -1)
		err = hand_out(image, to);
	close(image);
	return err;
}

int
supervisor_check(struct options *opt, const char *path,
		 uint64_t acl_max_bytes, int image_out)
{
	static struct compilation c;
	struct compilation_setup setup = { .path = path,
					   .max_bytes = acl_max_bytes,
					   .log_fd = STDERR_FILENO,
					   .policy = -1,
					   .kept = -1,
					   .saved = -1,
					   .print_fd = image_out == -1
							   ? STDOUT_FILENO
							   : -1 };
	struct own_watch *own = NULL;
	enum err err = identity_find(opt);

	if (err == ERR_NONE)
		err = own_watch_open(false, &own);
	if (err == ERR_NONE)
		err = own_watch_image(own, &setup.own);
	if (err == ERR_NONE)
		err = door_secret(&setup.secret);
	if (err == ERR_NONE)
		err = door_sealed_copy("options", opt, sizeof(*opt),
				       &setup.options);
	if (err != ERR_NONE) {
		fprintf(stderr, "%s\n", err_text(err));
		return 1;
	}
	err = run(&c, &setup, image_out);
	close(setup.options);
	close(setup.own);
	own_watch_close(own);
	fwrite(c.text.buf, 1, c.text.len, stderr);
	if (c.text.len > 0 && c.text.buf[c.text.len - 1] != '\n')
		fputc('\n', stderr);
	return err == ERR_NONE ? 0 : 1;
}
