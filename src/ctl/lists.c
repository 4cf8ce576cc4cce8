/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `lists` and `lookup`: what lists are in force, and what they have.
 *
 * They are asked as a worker asks them, so that what is told here is what
 * clients get.
 */
#include <inttypes.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/commands.h"
#include "lists/match.h"

static bool
find_lists(struct answer *a, const struct view *v, struct lists *out)
{
	if (v->policy.head == NULL || lists_of(&v->policy, out) != ERR_NONE) {
		answer_error(a, "there is no policy");
		return false;
	}
	if (out->head != NULL)
		return true;
	answer_error(a, "there are no lists: name a file of them with --lists "
			"(dns-firewall.lists(5))");
	return false;
}

void
lists_answer(struct answer *a, const struct view *v, const struct request *r)
{
	struct lists lists;

	(void)r;
	if (!find_lists(a, v, &lists) || !answer_room(a, ANSWER_ROOM))
		return;
	for (uint32_t i = 0; i < lists_count(&lists); i++) {
		const struct lists_list *l = lists_at(&lists, i);

		text_printf(&a->text,
			    "%s %s action=%s names=%" PRIu32
			    " addresses=%" PRIu32 " left_out=%" PRIu32 " file=",
			    lists_text(&lists, l->name), form_word(l->form),
			    action_word(l->action), l->names, l->nets, l->bad);
		text_escaped(&a->text, lists_text(&lists, l->file),
			     strlen(lists_text(&lists, l->file)));
		text_char(&a->text, '\n');
	}
}

/* ---- lookup ---------------------------------------------------------------
 */

static void
print_hit(struct answer *a, const struct lists *lists,
	  const struct lists_hit *hit, const char *what)
{
	const struct lists_list *l = lists_at(lists, hit->list);

	text_printf(&a->text, "%s by list %s, action %s\n", what,
		    lists_text(lists, l->name), action_word(hit->action));
}

static void
print_name_entry(struct answer *a, const struct name *asked, unsigned labels)
{
	struct name entry = *asked;
	unsigned skip = name_labels(asked) - labels;
	size_t at = 0;

	while (skip-- > 0)
		at += entry.wire[at] + 1u;
	entry.len = (uint8_t)(asked->len - at);
	memcpy(entry.wire, asked->wire + at, entry.len);
	text_str(&a->text, "entry ");
	name_print(&entry, &a->text);
	text_char(&a->text, '\n');
}

static void
print_net_entry(struct answer *a, const struct net *net)
{
	char buf[NET_TEXT_SIZE];

	text_printf(&a->text, "entry %s\n", net_print(net, buf));
}

void
lookup_answer(struct answer *a, const struct view *v, const struct request *r)
{
	static const struct lists_ask by_name = { TRIGGER_QNAME, LISTS_ALL };
	static const struct lists_ask by_addr = { TRIGGER_IP, LISTS_ALL };
	const char *what = r->argument[0];
	size_t len = strlen(what);
	struct lists_hit hit, log;
	struct lists lists;
	struct addr addr;
	struct name name;
	bool is_addr = addr_parse(what, len, &addr) == ERR_NONE;
	bool listed;

	if (!is_addr && name_parse(what, len, &name, NULL) != ERR_NONE) {
		answer_error(a, "\"%s\" is neither a name nor an address",
			     what);
		return;
	}
	if (!find_lists(a, v, &lists) || !answer_room(a, ANSWER_ROOM))
		return;
	listed = is_addr
		     ? lists_match_addr(&lists, &by_addr, &addr, &hit, &log)
		     : lists_match_name(&lists, &by_name, &name, &hit, &log);
	if (log.list != LISTS_NONE)
		print_hit(a, &lists, &log, "logged");
	if (!listed) {
		text_str(&a->text, "not listed\n");
		return;
	}
	print_hit(a, &lists, &hit,
		  hit.action == ACTION_PASSTHRU ? "let through" : "listed");
	if (is_addr)
		print_net_entry(a, &hit.net);
	else
		print_name_entry(a, &name, hit.labels);
}
