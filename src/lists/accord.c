/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule that names no list would allow or block nothing, and nobody would
 * know: the policy is refused.
 *
 * Whoever compiles an access list alone (to compare two of them) does not
 * ask; then the lists in force are meant, and one that is not there is empty.
 */
#include "lists/accord.h"

#include "lists/member.h"
#include "policy/complain.h"
#include "policy/table.h"

enum { NAMES_TOLD = 16 };

static void
say_right(const struct lists *l, const char *file, struct text *out)
{
	if (*file == '\0') {
		text_str(out, "name a lists file with --lists");
		return;
	}
	text_printf(out, "the lists file %s has no such name; its names:",
		    file);
	for (uint32_t i = 0; i < lists_count(l) && i < NAMES_TOLD; i++) {
		text_str(out, i == 0 ? " " : ", ");
		text_str(out, lists_text(l, lists_at(l, i)->name));
	}
	if (lists_count(l) == 0)
		text_str(out, " none");
	else if (lists_count(l) > NAMES_TOLD)
		text_str(out, " ...");
}

static void
refuse(struct complaints *c, const struct policy *p,
       const struct image_list *list, const char *right)
{
	const char *files = image_at(p->head, &p->head->files);
	const char *label =
	    (const char *)image_name(p->head, list->name) + 2;
	struct flaw flaw = { .line = list->line,
			     .column = list->column,
			     .text = label,
			     .len = (size_t)(uint8_t)label[-1],
			     .what = "is no list",
			     .right = right };

	c->file = files + list->file;
	complain_error(c, &flaw);
}

enum err
lists_accord(const struct policy *p, const struct lists *l, const char *file,
	     struct text *complaints)
{
	struct complaints c = { .out = complaints };
	char buf[1024];
	struct text right;

	text_init(&right, buf, sizeof(buf));
	say_right(l, file, &right);
	for (uint32_t i = 0; i < p->head->lists.count; i++) {
		const struct image_list *list = &image_lists(p->head)[i];
		const uint8_t *name = image_name(p->head, list->name);

		if (lists_find(l, (const char *)name + 2, name[1]) ==
		    LISTS_NONE)
			refuse(&c, p, list, buf);
	}
	return c.errors > 0 ? ERR_SYNTAX : ERR_NONE;
}
