/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule that names no list would allow or block nothing, and nobody would
 * know: the policy is refused. So is one that would open addresses to those
 * who come in by some interface: what opens them in the kernel without a
 * question does not know where a packet comes in.
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

static bool
is_of_addresses(const struct policy *p, const struct lists *l, uint32_t list)
{
	const uint8_t *name =
	    image_name(p->head, image_lists(p->head)[list].name);
	uint32_t found = lists_find(l, (const char *)name + 2, name[1]);

	return found != LISTS_NONE &&
	       (lists_at(l, found)->form == FORM_IPS ||
		lists_at(l, found)->form == FORM_DNS);
}

static void
refuse_rule(struct complaints *c, const struct policy *p,
	    const struct image_rule *rule)
{
	const char *label =
	    (const char *)image_name(p->head, rule->name) + 2;
	struct flaw flaw = {
		.line = rule->line,
		.column = 1,
		.text = label,
		.len = (size_t)(uint8_t)label[-1],
		.what = "is a list of addresses, which is not opened by "
			"interface",
		.right = "name the clients by their nets alone, or open names"
	};

	c->file = image_at(p->head, &p->head->files);
	c->file += rule->file;
	complain_error(c, &flaw);
}

/* One complaint for each line. */
static void
check_entry(struct complaints *c, const struct policy *p,
	    const struct image_entry *e)
{
	const struct image_rule *rule =
	    &image_rules(p->head)[e->first[DOMAIN_LIST]];

	for (uint32_t i = 0; i < e->count[DOMAIN_LIST]; i++)
		if (rule[i].arrow == ARROW_GRANT &&
		    (i == 0 || rule[i].line != rule[i - 1].line ||
		     rule[i - 1].arrow != ARROW_GRANT))
			refuse_rule(c, p, &rule[i]);
}

static void
check_interfaces(struct complaints *c, const struct policy *p,
		 const struct lists *l)
{
	for (uint32_t i = 0; i < p->head->nets.count; i++) {
		const struct image_net *net = &image_nets(p->head)[i];
		const struct image_entry *e =
		    &image_entries(p->head)[net->first_list];

		if (net->interface == 0)
			continue;
		for (uint32_t k = 0; k < net->list_count; k++)
			if (is_of_addresses(p, l, e[k].list))
				check_entry(c, p, &e[k]);
	}
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
	check_interfaces(&c, p, l);
	return c.errors > 0 ? ERR_SYNTAX : ERR_NONE;
}
