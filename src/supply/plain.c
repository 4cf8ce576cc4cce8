/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a plain list that is fetched: a feed by HTTPS, or addresses of
 * names.
 *
 * One copy is in force. A new one is looked at while it comes; where it is
 * sound it takes the place of the old one and an image is made of it. One
 * that has lost too much is held beside it until the owner takes it; anything
 * else is dropped. Whatever fails, what is in force stays.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "supply/pace.h"
#include "supply/plain_inside.h"

static int64_t
now_s(void)
{
	return (int64_t)(clock_date_ms() / 1000);
}

static const char *
held_file(const struct plain *p, char out[COPY_NAME_SIZE])
{
	snprintf(out, COPY_NAME_SIZE, "%s.held", p->source->config.name);
	return out;
}

static const char *
kept_file(const struct plain *p, char out[COPY_NAME_SIZE])
{
	return source_file(p->source, out);
}

/* What the copy is of, as its head says it: another form of the same URL is
 * another list. */
static void
print_source(const struct list_config *c, char out[COPY_SOURCE_SIZE])
{
	struct text t;

	text_init(&t, out, COPY_SOURCE_SIZE);
	text_str(&t, form_word(c->form));
	if (c->column > 0)
		text_printf(&t, "/%u", c->column);
	text_char(&t, ' ');
	text_escaped(&t, c->where, strlen(c->where));
	for (unsigned i = 0; i < c->rrsets; i++) {
		if (i > 0)
			text_char(&t, ',');
		name_print(&c->rrset[i], &t);
	}
}

/* ---- the page ------------------------------------------------------------ */

static void
show_copy(struct plain *p)
{
	struct source_state *s = p->source->state;

	s->entries = p->head.entries;
	s->bytes = p->head.bytes;
	s->changed_s = p->head.changed_s;
	s->checked_s = p->head.checked_s;
}

static void
plan(struct plain *p, int64_t wait_ms)
{
	due_in(p->source->supply->loop, &p->due, wait_ms);
	p->source->state->next_s = now_s() + (wait_ms + 999) / 1000;
	p->source->state->interval_s = p->wait_s;
}

static void
plan_success(struct plain *p)
{
	p->failures = 0;
	plan(p, pace_ms(p->wait_s, &p->source->supply->random));
}

void
plain_fail(struct plain *p, const char *why)
{
	source_failed(p->source, why);
	p->failures++;
	plan(p, pace_ms(pace_retry_s(p->failures, p->wait_s),
			&p->source->supply->random));
}

static void
fail_by_system(struct plain *p, const char *what)
{
	char why[SOURCE_TEXT_SIZE];

	snprintf(why, sizeof(why), "%s: %s", what, strerror(errno));
	plain_fail(p, why);
}

/* ---- what came ----------------------------------------------------------- */

/* The copy is not what it was; what was made of it may be in force. */
static void
give_up_copy(struct plain *p)
{
	log_warn("List %s: the kept copy is damaged; it is fetched again",
		 p->source->config.name);
	memset(&p->head, 0, sizeof(p->head));
	p->is_ours = false;
	plan(p, 0);
}

/* By its head and its length; its digest takes long. */
static bool
is_there(const struct plain *p)
{
	char name[COPY_NAME_SIZE];
	struct copy_head found;

	return copy_head_read(p->source->supply->kit->lists_dir,
			      kept_file(p, name), &found) == ERR_NONE &&
	       strcmp(found.digest, p->head.digest) == 0;
}

void
plain_confirm(struct plain *p)
{
	struct source_state *s = p->source->state;
	char name[COPY_NAME_SIZE];

	if (!is_there(p)) {
		give_up_copy(p);
		return;
	}

	p->head.checked_s = now_s();
	p->head.good_s = p->wait_s;
	copy_head_write(p->source->supply->kit->lists_dir, kept_file(p, name),
			&p->head);
	/* what was held back is not what is published now */
	unlinkat(p->source->supply->kit->lists_dir, held_file(p, name), 0);
	show_copy(p);
	s->phase = SOURCE_IDLE;
	s->stuck = 0;
	s->error[0] = '\0';
	plan_success(p);
}

/* The copy that was written is sound: it is in force from now on. */
static void
take(struct plain *p, const struct copy_head *head)
{
	struct source_state *s = p->source->state;
	char name[COPY_NAME_SIZE];

	if (copy_keep(&p->copy, head, kept_file(p, name)) != ERR_NONE) {
		fail_by_system(p, "its new copy cannot be kept");
		return;
	}
	p->head = *head;
	p->is_ours = true;
	unlinkat(p->source->supply->kit->lists_dir, held_file(p, name), 0);
	show_copy(p);
	s->fetched++;
	s->phase = SOURCE_IDLE;
	s->stuck = 0;
	s->error[0] = '\0';
	log_info("List %s has changed: %llu entries", s->name,
		 (unsigned long long)head->entries);
	supply_changed(p->source->supply);
	plan_success(p);
}

/* It may be right, but only its owner can know. */
static void
hold(struct plain *p, const struct copy_head *head, enum safety_flaw flaw)
{
	char name[COPY_NAME_SIZE], why[SOURCE_TEXT_SIZE];

	if (copy_keep(&p->copy, head, held_file(p, name)) != ERR_NONE) {
		fail_by_system(p, "its new copy cannot be kept");
		return;
	}
	snprintf(why, sizeof(why),
		 "the new copy is held back: %s (%llu instead of %llu); to "
		 "take it: dns-firewallctl lists accept %s",
		 safety_clause(flaw), (unsigned long long)head->entries,
		 (unsigned long long)p->head.entries, p->source->config.name);
	source_failed(p->source, why);
	p->source->state->phase = SOURCE_HELD;
	p->source->state->stuck = 1;
	plan_success(p);
}

/* All of it has come, and is as `flaw` says. */
void
plain_judge(struct plain *p, struct copy_head *head, enum safety_flaw flaw)
{
	bool same;

	if (!safety_is_waived(flaw)) {
		copy_drop(&p->copy);
		plain_fail(p, safety_clause(flaw));
		return;
	}
	if (copy_end(&p->copy, head) != ERR_NONE) {
		fail_by_system(p, "its new copy cannot be written");
		return;
	}
	print_source(&p->source->config, head->source);
	head->changed_s = head->checked_s = now_s();
	head->good_s = p->wait_s;
	same = p->is_ours && strcmp(head->digest, p->head.digest) == 0;
	if (same) {
		copy_drop(&p->copy);
		p->head.known = head->known;
		plain_confirm(p);
	} else if (flaw == SAFETY_NONE) {
		take(p, head);
	} else {
		hold(p, head, flaw);
	}
}

/* ---- its life ----------------------------------------------------------- */

static const char *
reason_of(enum err err)
{
	if (err == ERR_MISSING)
		return "libcurl.so.4 is not installed (Debian: libcurl4)";
	if (err == ERR_SYNTAX)
		return "that is no URL of https";
	return err_text(err);
}

static void
fetch(struct plain *p)
{
	struct source *s = p->source;
	const char *why = NULL;
	enum err err;

	if (p->fetch != NULL || p->rrset != NULL)
		return;
	if (s->supply->kit->lists_dir == -1) {
		plain_fail(p,
			   "there is no directory to keep it in (--lists-dir)");
		return;
	}
	if (copy_begin(&p->copy, s->supply->kit->lists_dir, s->config.name) !=
	    ERR_NONE) {
		fail_by_system(p, "a new copy cannot be begun in --lists-dir");
		return;
	}
	err = s->config.source == SOURCE_HTTPS ? plain_ask_feed(p)
					       : plain_ask_names(p, &why);
	if (err == ERR_NONE) {
		s->state->phase = SOURCE_BUSY;
		s->state->next_s = 0;
		return;
	}
	copy_drop(&p->copy);
	plain_fail(p, why != NULL ? why : reason_of(err));
}

static void
on_due(void *owner)
{
	fetch(owner);
}

/* A copy that was held back before the process was started. */
static void
find_held(struct plain *p)
{
	struct source_state *s = p->source->state;
	char name[COPY_NAME_SIZE], source[COPY_SOURCE_SIZE];
	struct copy_head held;

	print_source(&p->source->config, source);
	if (copy_head_read(p->source->supply->kit->lists_dir,
			   held_file(p, name), &held) != ERR_NONE ||
	    strcmp(held.source, source) != 0)
		return;
	s->phase = SOURCE_HELD;
	s->stuck = 1;
	snprintf(s->error, sizeof(s->error),
		 "a new copy of %llu entries is held back; to take it: "
		 "dns-firewallctl lists accept %s",
		 (unsigned long long)held.entries, p->source->config.name);
}

static void
find_kept(struct plain *p)
{
	char name[COPY_NAME_SIZE], source[COPY_SOURCE_SIZE];

	copy_head_read(p->source->supply->kit->lists_dir, kept_file(p, name),
		       &p->head);
	print_source(&p->source->config, source);
	p->is_ours = strcmp(source, p->head.source) == 0;
	p->wait_s = p->source->config.interval_s;
	if (p->source->config.source == SOURCE_RRSET)
		p->wait_s = rrset_ttl(p->head.good_s);
	show_copy(p);
}

static bool
begin(struct source *s)
{
	struct plain *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return false;
	p->source = s;
	p->copy.fd = -1;
	s->own = p;
	due_init(&p->due, on_due, p);
	find_kept(p);
	find_held(p);
	plan(p, p->is_ours ? 1000 * (int64_t)pace_first_s(p->head.checked_s,
							  now_s(), p->wait_s)
			   : 0);
	return true;
}

static void
refresh(struct source *s)
{
	struct plain *p = s->own;

	due_stop(s->supply->loop, &p->due);
	fetch(p);
}

/* While one is being fetched its end will tell. */
static void
check(struct source *s)
{
	struct plain *p = s->own;
	char name[COPY_NAME_SIZE];

	if (p->is_ours && p->fetch == NULL && p->rrset == NULL &&
	    !copy_is_sound(s->supply->kit->lists_dir, kept_file(p, name),
			   &p->head))
		give_up_copy(p);
}

static bool
accept_held(struct source *s)
{
	char held[COPY_NAME_SIZE], kept[COPY_NAME_SIZE];
	char source[COPY_SOURCE_SIZE];
	int dir = s->supply->kit->lists_dir;
	struct plain *p = s->own;
	struct copy_head head;

	print_source(&s->config, source);
	if (copy_head_read(dir, held_file(p, held), &head) != ERR_NONE ||
	    strcmp(head.source, source) != 0 ||
	    !copy_is_sound(dir, held, &head) ||
	    renameat(dir, held, dir, kept_file(p, kept)) == -1)
		return false;
	find_kept(p);
	s->state->phase = SOURCE_IDLE;
	s->state->stuck = 0;
	s->state->error[0] = '\0';
	log_info("List %s: what was held back is taken: %llu entries",
		 s->config.name, (unsigned long long)p->head.entries);
	supply_changed(s->supply);
	return true;
}

static void
end(struct source *s)
{
	struct plain *p = s->own;

	due_stop(s->supply->loop, &p->due);
	https_cancel(p->fetch);
	rrset_cancel(p->rrset);
	copy_drop(&p->copy);
	key_forget(&p->key);
	free(p);
	s->own = NULL;
}

const struct source_kind plain_kind = {
	.begin = begin,
	.refresh = refresh,
	.accept = accept_held,
	.check = check,
	.end = end,
};
