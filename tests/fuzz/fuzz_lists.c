/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lists file, the content of the lists that it names, and an access list
 * that may name them: three texts with a NUL between them.
 *
 * What must hold: complaints are lines of printable text; a file that is
 * refused says why; one that is taken reads again line by line, and makes an
 * image that can be used; a rule that names no list refuses the access list.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "entry.h"
#include "lists/accord.h"
#include "lists/compile.h"
#include "lists/config.h"
#include "lists/match.h"
#include "lists/member.h"
#include "policy/match.h"

struct part {
	const char *text;
	size_t len;
};

static char said[1 << 16];

static struct part
next_part(struct part *rest)
{
	struct part part = *rest;
	const char *end =
	    rest->len > 0 ? memchr(rest->text, '\0', rest->len) : NULL;

	if (end == NULL) {
		rest->len = 0;
		return part;
	}
	part.len = (size_t)(end - part.text);
	rest->text += part.len + 1;
	rest->len -= part.len + 1;
	return part;
}

static void
must_be_lines(const struct text *t)
{
	for (size_t i = 0; i < t->len; i++)
		must(said[i] == '\n' || (said[i] >= ' ' && said[i] <= '~'));
	must(t->len == 0 || t->cut || said[t->len - 1] == '\n');
}

static enum err
open_content(void *arg, const char *what, struct text *why, int *fd_out)
{
	const struct part *content = arg;

	if (strstr(what, "deny") != NULL) {
		text_str(why, "may be written by anybody");
		return ERR_DENIED;
	}
	if (strncmp(what, "key:", 4) == 0)
		return ERR_NONE;
	*fd_out = memfd_create("list", MFD_CLOEXEC);
	must(*fd_out != -1);
	must(write(*fd_out, content->text, content->len) ==
	     (ssize_t)content->len);
	must(lseek(*fd_out, 0, SEEK_SET) == 0);
	return ERR_NONE;
}

static enum err
count_list(void *arg, const struct list_config *list)
{
	uint32_t *count = arg;

	must(list->name[0] != '\0' && list->ns_levels > 0);
	++*count;
	return ERR_NONE;
}

static void
use(const struct lists *l, const struct part *file)
{
	uint32_t count = 0;
	const struct config_sink to = { .list = count_list, .arg = &count };

	must(config_each(file->text, file->len, &to) == ERR_NONE);
	must(count == lists_count(l));
	for (uint32_t i = 0; i < count; i++) {
		const char *name = lists_text(l, lists_at(l, i)->name);

		must(lists_find(l, name, strlen(name)) == i);
	}
}

/* Whoever they are, they can be judged. */
static void
ask(const struct policy *p, uint32_t lists)
{
	static const char *const names[] = { "a.test", "x.a.test", "b.test" };
	static const struct addr at = { .family = 4, .byte = { 10, 0, 0, 2 } };
	const struct policy_client client = { .addr = &at };
	static struct verdict v;
	struct name name;

	for (unsigned i = 0; i < 3; i++) {
		must(name_parse(names[i], strlen(names[i]), &name, NULL) ==
		     ERR_NONE);
		policy_match(p, &client, &name, &v);
		must(v.kind <= VERDICT_BLOCKED);
		must(lists == LISTS_MAX || (v.shut | v.opened) >> lists == 0);
	}
}

static void
hold_against(const struct part *acl, const struct lists *l)
{
	const struct policy_source source = { .name = "acl",
					      .text = acl->text,
					      .len = acl->len };
	struct policy p;
	void *image = NULL;
	size_t size;
	struct text complaints;
	enum err err;

	text_init(&complaints, said, sizeof(said));
	err = policy_compile(&source, &image, &size, &complaints);
	must_be_lines(&complaints);
	if (err != ERR_NONE)
		return;
	must(policy_view(image, size, 1, &p) == ERR_NONE);
	text_init(&complaints, said, sizeof(said));
	err = lists_accord(&p, l, "/lists", &complaints);
	must_be_lines(&complaints);
	must((err == ERR_NONE) == (complaints.len == 0));
	lists_name(l, &p);
	ask(&p, lists_count(l));
	free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct part rest = { (const char *)bytes, size };
	struct part file = next_part(&rest), content = next_part(&rest);
	struct part acl = next_part(&rest);
	const struct lists_source source = { .name = "lists",
					     .text = file.text,
					     .len = file.len,
					     .open = open_content,
					     .arg = &content };
	struct lists lists = { 0 };
	struct text complaints;
	void *image = NULL;
	size_t len;
	enum err err;

	text_init(&complaints, said, sizeof(said));
	err = lists_compile(&source, &image, &len, &complaints);
	must_be_lines(&complaints);
	must(err == ERR_NONE || err == ERR_SYNTAX);
	must(err == ERR_NONE || complaints.len > 0);
	if (err == ERR_NONE) {
		must(lists_view(image, len, &lists) == ERR_NONE);
		use(&lists, &file);
		hold_against(&acl, &lists);
	}
	free(image);
	return 0;
}
