/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What primaries say, as the whole process hears it: from sockets of its own
 * and by the workers. Which list it is about is found here; notify.c judges,
 * and the list is asked for as refresh.c allows.
 */
#include "supply/primary.h"
#include "supply/supply.h"

static bool
is_server(const struct list_config *c, const struct addr *a)
{
	for (unsigned i = 0; i < c->servers; i++) {
		if (addr_equal(&c->server[i].addr, a))
			return true;
	}
	return false;
}

static bool
is_primary(void *owner, const struct addr *a)
{
	struct supply *s = owner;

	for (unsigned i = 0; i < SOURCES_MAX; i++) {
		const struct source *source = s->source[i];

		if (source != NULL &&
		    source->config.source == SOURCE_PRIMARY &&
		    is_server(&source->config, a))
			return true;
	}
	return false;
}

static void
tell_refused(struct supply *s, const struct notify_letter *letter,
	     const struct notify_result *result)
{
	char from[ADDR_TEXT_SIZE], name[NAME_TEXT_SIZE] = "?";
	struct text text;
	uint64_t missed;

	if (!log_may(&s->notify_told, loop_now_ms(s->loop), &missed))
		return;
	text_init(&text, name, sizeof(name));
	if (result->name.len > 0)
		name_print(&result->name, &text);
	log_warn("NOTIFY from %s about %s is refused: %s missed=%llu",
		 addr_print(&letter->from, from), name,
		 notify_text(result->verdict), (unsigned long long)missed);
}

/* Only zones of this sender are looked at: the others' keys are not read. */
static void
on_notify(void *owner, const struct notify_letter *letter,
	  struct notify_result *out)
{
	struct supply *s = owner;
	struct notify_zone zone[SOURCES_MAX];
	struct source *source[SOURCES_MAX];
	struct notify_zones zones = { zone, 0 };

	for (unsigned i = 0; i < SOURCES_MAX; i++) {
		struct source *from = s->source[i];

		if (from == NULL || from->config.source != SOURCE_PRIMARY ||
		    !is_server(&from->config, &letter->from))
			continue;
		primary_as_zone(from, &zone[zones.count]);
		source[zones.count++] = from;
	}
	notify_judge(letter, &zones, out);
	if (out->verdict == NOTIFY_ACCEPTED)
		primary_notified(source[out->zone], out->server);
	else
		tell_refused(s, letter, out);
}

enum err
news_begin(struct supply *s)
{
	const struct notify_setup setup = { .loop = s->loop,
					    .kit = s->kit,
					    .fn = on_notify,
					    .knows = is_primary,
					    .owner = s };

	s->notify = notify_sockets_open(&setup);
	s->relays = relays_open(&setup);
	return s->notify && s->relays ? ERR_NONE : ERR_FULL;
}
