/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The programs of iptables, and the lines that they print.
 *
 * What they print is only compared and logged.
 */
#include "firewall/iptables.h"

#include <string.h>

#include "base/log.h"

enum { LINE_SIZE = 256, PATH_SIZE = 64 };

/* ---- running the tools -------------------------------------------------- */

void
iptables_complain(const char *tool, const char *complaint)
{
	static const char harmless[] = "# Warning: ";

	while (*complaint != '\0') {
		size_t len = strcspn(complaint, "\n");

		/* Said whenever tables of the other flavour are in use. */
		if (len > 0 &&
		    strncmp(complaint, harmless, strlen(harmless)) != 0)
			log_error("%s: %.*s", tool, (int)len, complaint);
		complaint += len + (complaint[len] == '\n');
	}
}

static enum err
run_path(char *const argv[], const char *input, struct tool_result *out)
{
	enum err err = tool_run(argv, input, out);

	return err == ERR_NONE && out->status != 0 ? ERR_DENIED : err;
}

void
iptables_say_why(const char *tool, enum err err, const struct tool_result *r)
{
	iptables_complain(tool, r->complaint);
	if (err == ERR_DENIED)
		log_error("%s failed: exit code %d", tool, r->status);
	else
		log_error("%s: %s", tool, err_text(err));
}

/* tool with "-save" or "-restore" behind it, from where it may be. Who holds
 * the lock of the tables longer than a second is waited for by trying again:
 * children must not be without their supervisor. */
static enum err
run(const char *tool, const char *verb, const char *input,
    struct tool_result *out)
{
	static const char *const dirs[] = { "/usr/sbin/", "/sbin/" };
	static char save_1[] = "-t", save_2[] = "filter";
	static char restore_1[] = "--wait=1", restore_2[] = "--noflush";
	bool save = strcmp(verb, "-save") == 0;
	char path[PATH_SIZE];
	char *argv[] = { path, save ? save_1 : restore_1,
			 save ? save_2 : restore_2, NULL };
	enum err err = ERR_MISSING;

	for (size_t i = 0; i < 2 && err == ERR_MISSING; i++) {
		struct text t;

		text_init(&t, path, sizeof(path));
		text_printf(&t, "%s%s%s", dirs[i], tool, verb);
		if (i > 0)
			tool_done(out);
		err = run_path(argv, input, out);
	}
	return err;
}

enum err
iptables_save(const char *tool, struct tool_result *out)
{
	return run(tool, "-save", "", out);
}

enum err
iptables_restore(const char *tool, const char *script, struct tool_result *out)
{
	return run(tool, "-restore", script, out);
}

/* ---- reading what iptables-save prints ---------------------------------- */

const char *
iptables_line(const char **at, size_t *len_out)
{
	const char *line = *at;

	if (*line == '\0')
		return NULL;
	*len_out = strcspn(line, "\n");
	*at = line + *len_out + (line[*len_out] == '\n');
	return line;
}

bool
iptables_begins(const char *line, size_t len, const struct text *what)
{
	return len >= what->len && memcmp(line, what->buf, what->len) == 0;
}

bool
iptables_has_chain(const char *saved, const char *chain)
{
	char buf[LINE_SIZE];
	struct text wanted;
	const char *line;
	size_t len;

	text_init(&wanted, buf, sizeof(buf));
	text_printf(&wanted, ":%s ", chain);
	while ((line = iptables_line(&saved, &len)) != NULL)
		if (iptables_begins(line, len, &wanted))
			return true;
	return false;
}
