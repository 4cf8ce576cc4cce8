/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The forms of the log, one row each. A line that found no room in the
 * buffer is never written cut: it is dropped, and counted.
 */
#include "record/scribe.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "record/access.h"
#include "record/journal.h"
#include "record/json.h"

static void
print_text(const struct event *e, struct text *out)
{
	if (e->refused == NULL) {
		access_print(e->item, out);
		return;
	}
	text_str(out, e->refused->text);
	text_char(out, '\n');
}

typedef void print_fn(const struct event *e, struct text *out);

static print_fn *const form[] = {
	[LOG_FORMAT_TEXT] = print_text,
	[LOG_FORMAT_JSON] = json_print,
};

enum err
scribe_init(struct scribe *s, const struct options *opt,
	    struct line_queue *queue)
{
	*s = (struct scribe){ .opt = opt, .queue = queue };
	rpz_log_init(&s->rpz, -1);
	s->size = JSON_LINE_SIZE + JOURNAL_FIELDS_SIZE;
	s->buf = malloc(s->size);
	if (s->buf == NULL)
		return ERR_SYSTEM;
	return repeat_init(&s->repeat, opt->log_suppress_s);
}

void
scribe_fini(struct scribe *s)
{
	rules_fini(&s->rules);
	rpz_log_fini(&s->rpz);
	repeat_fini(&s->repeat);
	free(s->buf);
	*s = (struct scribe){ 0 };
}

static bool
has_fields(const struct scribe *s)
{
	return s->opt->log_journal || s->opt->log_format == LOG_FORMAT_JSON;
}

/* Or lists. */
static bool
names_rules(const struct scribe *s)
{
	return has_fields(s) || s->opt->rpz_log[0] != '\0';
}

void
scribe_take_policy(struct scribe *s, int fd, uint32_t generation)
{
	if (names_rules(s))
		rules_add(&s->rules, fd, generation);
}

bool
scribe_knows(const struct scribe *s, uint32_t generation)
{
	return !names_rules(s) || rules_of(&s->rules, generation) != NULL;
}

/* The first name begins a chain, each other must be the next. */
static void
take_alias(struct scribe_chain *c, const struct record_item *item)
{
	struct name *name;

	if (item->chain_count == 1) {
		c->number = item->chain;
		c->count = 0;
	}
	if (item->chain != c->number || item->chain_count != c->count + 1)
		return;
	name = &c->name[c->count++];
	name->len = item->name_len;
	memcpy(name->wire, item->name, item->name_len);
}

/* The journal's entry holds the line, and what was asked for beside it. */
static void
print_event(struct scribe *s, const struct event *e)
{
	text_init(&s->line, s->buf, s->size);
	if (s->opt->log_journal)
		journal_begin(&s->line);
	form[s->opt->log_format](e, &s->line);
	if (s->opt->log_journal)
		journal_end(e, &s->line);
}

static void
write_event(struct scribe *s, const struct event *e)
{
	print_event(s, e);
	if (s->line.cut)
		s->queue->dropped++;
	else
		queue_add(s->queue, s->line.buf, s->line.len);
}

/* Grants are always told of, for the past. */
static bool
is_written(const struct scribe *s, enum record_kind kind)
{
	return record_is_event(kind) &&
	       (!s->opt->log_hits_only || record_is_hit(kind));
}

enum err
scribe_refused(struct scribe *s, const struct refused_letter *r)
{
	struct event e = { .item = &r->item,
			   .refused = r,
			   .time_ms = r->time_ms,
			   .policy = rules_of(&s->rules, r->generation),
			   .repeated = r->times > 1 ? r->times - 1 : 0 };

	if (!refused_is_sound(r))
		return ERR_BROKEN;
	if (has_fields(s))
		write_event(s, &e);
	return ERR_NONE;
}

/* What came ahead of the event, and a line of --rpz-log for each hit. */
static void
find_ahead(struct scribe *s, struct event *e, const struct record_item *item,
	   struct scribe_chain *chain)
{
	e->item = item;
	e->chain_count = item->chain == chain->number &&
				 item->chain_count == chain->count
			     ? chain->count
			     : 0;
	e->hit = NULL;
	if (item->hit == 0 || item->hit != chain->hit.hit)
		return;
	e->hit = &chain->hit;
	if (chain->hit_told != item->hit)
		rpz_log_event(&s->rpz, e);
	chain->hit_told = item->hit;
}

enum err
scribe_write(struct scribe *s, const struct record_letter *letter,
	     const struct record_item *items, struct scribe_chain *chain)
{
	struct event e = {
		.time_ms = letter->time_ms,
		.policy = rules_of(&s->rules, letter->generation),
		.chain = chain->name,
	};
	int64_t now_ms = clock_ms();

	for (unsigned i = 0; i < letter->head.count; i++) {
		const struct record_item *item = &items[i];

		if (!record_is_sound(item))
			return ERR_BROKEN;
		if (s->past)
			past_note(s->past, item, s->opt->grace_s, now_ms);
		if (item->kind == RECORD_ALIAS)
			take_alias(chain, item);
		if (item->kind == RECORD_HIT)
			chain->hit = *item;
		if (!is_written(s, (enum record_kind)item->kind))
			continue;
		find_ahead(s, &e, item, chain);
		if (repeat_may(&s->repeat, item, now_ms, &e.repeated))
			write_event(s, &e);
	}
	return ERR_NONE;
}
