/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists that change by themselves: a new image is built of the policy in
 * force and the copies that are kept now. The owner's files are not read for
 * that; he may just be editing them.
 *
 * A list that changes all the time must not keep us busy: between two images
 * there is a pause, which collects what changes in it.
 */
#include "proc/supervise.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum { PAUSE_MS = 1000 };

void
listing_changed(struct supervisor *s)
{
	s->listing.changed = true;
}

void
listing_tick(struct supervisor *s, int64_t now_ms)
{
	if (!s->listing.changed || reload_is_busy(s) ||
	    now_ms < s->listing.due_ms || s->phase != RUNNING)
		return;
	s->listing.changed = false;
	s->listing.due_ms = now_ms + PAUSE_MS;
	if (compile_begin(s, true) == ERR_NONE)
		s->listing.building = true;
	else
		log_error("Lists have changed, but cannot be built: %.*s",
			  (int)s->compilation.text.len,
			  s->compilation.text.buf);
}

void
listing_on_compiled(struct supervisor *s)
{
	int image = -1;
	bool ok = compilation_end(&s->compilation, &image) == ERR_NONE;

	s->compiling = s->listing.building = false;
	s->listing.due_ms = clock_ms() + PAUSE_MS;
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
	reload_unasked_end(s);
}
