/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `lists`: what lists are in force, how it is with those that are fetched,
 * and what their owner may wish: that one is fetched now, or that a copy is
 * taken which was held back.
 */
#include <inttypes.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/commands.h"
#include "ctl/sources.h"
#include "lists/tally.h"

/* By all workers. */
static uint64_t
hits_of(const struct view *v, const char *name)
{
	uint64_t hits = 0;

	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++)
		if (v->stats[i] != NULL)
			hits += tally_of(v->stats[i], name);
	return hits;
}

static void
print_list(const struct view *v, const struct lists *lists, uint32_t list,
	   struct text *out)
{
	const struct lists_list *l = lists_at(lists, list);
	const char *name = lists_text(lists, l->name);
	const char *file = lists_text(lists, l->file);
	struct source_state source;

	text_printf(out,
		    "%s %s action=%s names=%" PRIu32 " addresses=%" PRIu32
		    " left_out=%" PRIu32 " hits=%" PRIu64 " file=",
		    name, form_word(l->form), action_word(l->action), l->names,
		    l->nets, l->bad + l->left_out, hits_of(v, name));
	text_escaped(out, file, strlen(file));
	if (source_find(v, name, &source))
		source_print(&source, out);
	text_char(out, '\n');
}

static void
print_all(struct answer *a, const struct view *v)
{
	struct lists lists;

	if (!answer_lists(a, v, &lists) || !answer_room(a, ANSWER_ROOM))
		return;
	for (uint32_t i = 0; i < lists_count(&lists); i++)
		print_list(v, &lists, i, &a->text);
}

/* ---- wishes -------------------------------------------------------------- */

static enum source_deed
read_deed(const char *word)
{
	if (strcmp(word, "refresh") == 0)
		return SOURCE_DEED_REFRESH;
	if (strcmp(word, "accept") == 0)
		return SOURCE_DEED_ACCEPT;
	return SOURCE_DEED_NONE;
}

void
lists_answer(struct answer *a, const struct view *v, const struct request *r)
{
	struct source_letter *wish = &a->letter.source;
	struct source_state known;

	if (r->count == 0) {
		print_all(a, v);
		return;
	}
	*wish = (struct source_letter){ .deed = read_deed(r->argument[0]) };
	if (wish->deed == SOURCE_DEED_NONE || r->count < 2) {
		answer_error(a, "write lists, lists refresh NAME, or lists "
				"accept NAME");
		return;
	}
	if (!source_find(v, r->argument[1], &known)) {
		answer_error(a, "no list of the name \"%.64s\" is fetched",
			     r->argument[1]);
		return;
	}
	memcpy(wish->name, known.name, sizeof(wish->name));
	a->wish = WISH_SOURCE;
}

static void
say_done(struct answer *a)
{
	const struct source_letter *wish = &a->letter.source;
	char name[SOURCE_NAME_SIZE];
	bool taken = wish->deed == SOURCE_DEED_ACCEPT;

	memcpy(name, wish->name, sizeof(name));
	if (!answer_room(a, ANSWER_SMALL))
		return;
	text_printf(&a->text,
		    taken ? "the copy of list %s that was held back is taken\n"
			  : "list %s is being fetched\n",
		    name);
}

void
answer_sourced(struct answer *a, const struct plain_letter *letter)
{
	a->wish = WISH_NONE;
	switch ((enum source_outcome)letter->value) {
	case SOURCE_OUT_DONE:
		say_done(a);
		break;
	case SOURCE_OUT_NOTHING:
		answer_error(a, "no copy of that list is held back");
		break;
	case SOURCE_OUT_NONE:
		answer_error(a, "no list of that name is fetched");
		break;
	case SOURCE_OUT_NOBODY:
		answer_error(a, "there is no lists process now");
		break;
	}
	answer_seal(a);
}
