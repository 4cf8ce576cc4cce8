/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What children say to the supervisor. A child that breaks its table of
 * letters is ended: nothing that it says is believed any more.
 */
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "proc/doors.h"
#include "proc/supervise.h"

enum { LETTERS_A_TURN = 64 };

static void
on_ready(void *self, const void *letter, size_t size, int fd)
{
	struct sender *from = self;

	(void)letter;
	(void)size;
	(void)fd;
	from->child->ready = true;
	if (from->child->role == ROLE_WARDEN)
		rules_greet(from->s);
	crew_publish(&from->s->crew);
}

static void
on_rules_gone(void *self, const void *letter, size_t size, int fd)
{
	struct sender *from = self;
	struct plain_letter gone;

	(void)size;
	(void)fd;
	memcpy(&gone, letter, sizeof(gone));
	from->s->rules.place = gone.value != WISH_CLEAR;
	if (from->s->rules.place)
		from->s->rules.lists = gone.value == WISH_PLACE_LISTS;
	from->s->rules.clear = gone.value == WISH_CLEAR;
}

static void
on_taken(void *self, const void *letter, size_t size, int fd)
{
	struct sender *from = self;
	struct plain_letter taken;

	(void)size;
	(void)fd;
	memcpy(&taken, letter, sizeof(taken));
	from->child->taken = taken.value;
}

static void
on_lists_changed(void *self, const void *letter, size_t size, int fd)
{
	struct sender *from = self;

	(void)letter;
	(void)size;
	(void)fd;
	listing_changed(from->s);
}

static void
on_bad_worker(void *self, const void *letter, size_t size, int fd)
{
	struct sender *from = self;
	struct crew *crew = &from->s->crew;
	struct plain_letter bad;

	(void)size;
	(void)fd;
	memcpy(&bad, letter, sizeof(bad));
	/* seq says which life of it: a new one has done nothing yet. */
	for (unsigned i = 0; i < crew->count; i++)
		if (crew->child[i].role == ROLE_WORKER &&
		    crew->child[i].index == bad.value &&
		    crew->child[i].starts == bad.seq)
			child_kill(&crew->child[i]);
}

/* The recorder asks once a second until it has one. */
static void
on_journal_gone(void *self, const void *letter, size_t size, int fd)
{
	struct sender *from = self;
	char why[256];
	struct text text;

	(void)letter;
	(void)size;
	(void)fd;
	text_init(&text, why, sizeof(why));
	if (door_journal(&fd, &text) == ERR_NONE)
		crew_new_journal(&from->s->crew, fd);
}

void
supervisor_hear(struct supervisor *s, struct child *child)
{
	struct sender from = { s, child };
	enum err err;

	child->post.arg = &from;
	child->post.handler[POST_READY] = on_ready;
	child->post.handler[POST_RULES_GONE] = on_rules_gone;
	child->post.handler[POST_TAKEN] = on_taken;
	child->post.handler[POST_LISTS_CHANGED] = on_lists_changed;
	child->post.handler[POST_BAD_WORKER] = on_bad_worker;
	child->post.handler[POST_JOURNAL_GONE] = on_journal_gone;
	errands_take(&child->post);
	err = post_pump(&child->post, LETTERS_A_TURN);
	if (err == ERR_NONE)
		return;
	if (err == ERR_BROKEN)
		log_error("The %s broke the table of letters and is ended",
			  role_name(child->role));
	child_kill(child);
	close(child->channel);
	child->channel = -1;
}
