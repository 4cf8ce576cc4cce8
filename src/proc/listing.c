/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists that change by themselves: a new image is built of the policy in
 * force and the copies that are kept now. The owner's files are not read for
 * that; he may just be editing them.
 *
 * A list that changes all the time must not keep us busy: between two images
 * there is a pause as long as the last one took to be built, which collects
 * what changes in it.
 */
#include "proc/supervise.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum {
	SHORTEST_PAUSE_MS = 100,
	LONGEST_PAUSE_MS = 5000,
	AGAIN_MS = 30000 /* after a failure */
};

/* After a failure this may be what it wanted, so it is not waited as long as
 * for the next try. */
void
listing_changed(struct supervisor *s)
{
	int64_t soon_ms = clock_ms() + LONGEST_PAUSE_MS;

	s->listing.changed = true;
	if (s->listing.due_ms > soon_ms)
		s->listing.due_ms = soon_ms;
}

/* What has changed has still to be built. */
static void
try_again(struct supervisor *s, int64_t now_ms)
{
	s->listing.changed = true;
	s->listing.due_ms = now_ms + AGAIN_MS;
}

void
listing_tick(struct supervisor *s, int64_t now_ms)
{
	if (!s->listing.changed || reload_is_busy(s) ||
	    now_ms < s->listing.due_ms || s->phase != RUNNING)
		return;
	s->listing.changed = false;
	s->listing.begun_ms = now_ms;
	if (compile_begin(s, true) == ERR_NONE) {
		s->listing.building = true;
		return;
	}
	log_error("Lists have changed, but cannot be built: %.*s",
		  (int)s->compilation.text.len, s->compilation.text.buf);
	try_again(s, now_ms);
}

static int64_t
pause_ms(const struct supervisor *s, int64_t now_ms)
{
	int64_t took = now_ms - s->listing.begun_ms;

	if (took < SHORTEST_PAUSE_MS)
		return SHORTEST_PAUSE_MS;
	return took < LONGEST_PAUSE_MS ? took : LONGEST_PAUSE_MS;
}

static void
tell_fetcher(struct crew *c)
{
	struct child *lists = crew_find(c, ROLE_LISTS);

	if (lists != NULL && lists->ready && lists->channel != -1)
		child_tell(lists, POST_LISTS_UNBUILT, 0, 0);
}

void
listing_on_compiled(struct supervisor *s)
{
	int64_t now_ms = clock_ms();
	int image = -1;
	bool ok = compilation_end(&s->compilation, &image) == ERR_NONE;

	s->compiling = s->listing.building = false;
	s->listing.due_ms = now_ms + pause_ms(s, now_ms);
	reload_complaints(s);
	if (ok) {
		s->unasked = true;
		reload_take(s, image);
		log_info("Lists have changed (generation %u)",
			 s->crew.generation);
		return;
	}
	log_error("Lists have changed, but cannot be built; those before stay "
		  "in force (generation %u)",
		  s->crew.generation);
	tell_fetcher(&s->crew);
	try_again(s, now_ms);
	reload_unasked_end(s);
}
