/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What local users wish of the daemon comes as letters of the control
 * process. Each is carried to whom it concerns, and the word of those back.
 */
#include <string.h>

#include "base/clock.h"
#include "proc/supervise.h"

static void
answer(struct supervisor *s, const void *letter, size_t size)
{
	struct child *control = crew_find(&s->crew, ROLE_CONTROL);

	if (control != NULL && control->channel != -1)
		post_send(control->channel, letter, size, -1);
}

static void
on_reload(void *self, const void *letter, size_t size, int fd)
{
	struct sender *from = self;
	struct reload_letter ask;

	(void)size;
	(void)fd;
	memcpy(&ask, letter, sizeof(ask));
	reload_ask(from->s, &ask);
}

static void
on_confirm(void *self, const void *letter, size_t size, int fd)
{
	struct sender *from = self;
	struct plain_letter word;

	(void)size;
	(void)fd;
	memcpy(&word, letter, sizeof(word));
	word.value = trial_confirm(from->s, word.value)
			 ? from->s->crew.generation
			 : 0;
	post_head(&word.head, POST_CONFIRMED, 0);
	answer(from->s, &word, sizeof(word));
}

/* False: there is nobody to do it. */
static bool
pass_on(struct supervisor *s, enum role to, const void *wish, size_t size)
{
	const struct child *child = crew_find(&s->crew, to);

	return child != NULL && child->ready && child->channel != -1 &&
	       post_send(child->channel, wish, size, -1) == ERR_NONE;
}

/* Where there is nobody to do it, nothing was revoked. */
static void
on_revoke(void *self, const void *letter, size_t size, int fd)
{
	struct sender *from = self;
	struct revoke_letter wish;
	struct revoked_letter none = { 0 };

	(void)fd;
	memcpy(&wish, letter, sizeof(wish));
	post_head(&wish.head, POST_REVOKE_DO, 0);
	if (pass_on(from->s, ROLE_WARDEN, &wish, size))
		return;
	none.seq = wish.seq;
	post_head(&none.head, POST_REVOKED, 0);
	answer(from->s, &none, sizeof(none));
}

static void
on_revoke_done(void *self, const void *letter, size_t size, int fd)
{
	struct sender *from = self;
	struct revoked_letter done;

	(void)fd;
	memcpy(&done, letter, sizeof(done));
	post_head(&done.head, POST_REVOKED, 0);
	answer(from->s, &done, size);
}

/* Where there is nobody to do it, that is said at once. */
static void
on_source(void *self, const void *letter, size_t size, int fd)
{
	struct sender *from = self;
	struct source_letter wish;
	struct plain_letter nobody = { .value = SOURCE_OUT_NOBODY };

	(void)fd;
	memcpy(&wish, letter, sizeof(wish));
	post_head(&wish.head, POST_SOURCE_DO, 0);
	if (pass_on(from->s, ROLE_LISTS, &wish, size))
		return;
	nobody.seq = wish.seq;
	post_head(&nobody.head, POST_SOURCE_SAID, 0);
	answer(from->s, &nobody, sizeof(nobody));
}

static void
on_source_done(void *self, const void *letter, size_t size, int fd)
{
	struct sender *from = self;
	struct plain_letter done;

	(void)fd;
	memcpy(&done, letter, sizeof(done));
	post_head(&done.head, POST_SOURCE_SAID, 0);
	answer(from->s, &done, size);
}

static void
on_cache(void *self, const void *letter, size_t size, int fd)
{
	struct sender *from = self;
	struct cache_letter ask;

	(void)size;
	(void)fd;
	memcpy(&ask, letter, sizeof(ask));
	caches_ask(&from->s->caches, &from->s->crew, &ask, clock_ms());
}

static void
on_cache_done(void *self, const void *letter, size_t size, int fd)
{
	struct sender *from = self;
	struct cached_letter done;

	(void)size;
	(void)fd;
	memcpy(&done, letter, sizeof(done));
	caches_hear(&from->s->caches, &from->s->crew, &done);
}

static void
on_audit(void *self, const void *letter, size_t size, int fd)
{
	struct sender *from = self;
	struct plain_letter ask;

	(void)size;
	(void)fd;
	memcpy(&ask, letter, sizeof(ask));
	audits_ask(&from->s->audits, &from->s->crew, &ask, clock_ms());
}

static void
on_audit_done(void *self, const void *letter, size_t size, int fd)
{
	struct sender *from = self;
	struct audited_letter done;

	(void)size;
	(void)fd;
	memcpy(&done, letter, sizeof(done));
	audits_hear(&from->s->audits, &from->s->crew, &done);
}

void
errands_take(struct post *post)
{
	post->handler[POST_RELOAD] = on_reload;
	post->handler[POST_CONFIRM] = on_confirm;
	post->handler[POST_REVOKE] = on_revoke;
	post->handler[POST_REVOKE_DONE] = on_revoke_done;
	post->handler[POST_SOURCE] = on_source;
	post->handler[POST_SOURCE_DONE] = on_source_done;
	post->handler[POST_CACHE] = on_cache;
	post->handler[POST_CACHE_DONE] = on_cache_done;
	post->handler[POST_AUDIT] = on_audit;
	post->handler[POST_AUDIT_DONE] = on_audit_done;
}
