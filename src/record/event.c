/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the forms of the log have in common. */
#include "record/event.h"

#include <stddef.h>
#include <string.h>

#include "record/access.h"

const char *
event_name(const struct record_item *item)
{
	static const char *const name[RECORD_KINDS] = {
		[RECORD_ALLOWED] = "asked",
		[RECORD_DNS_ONLY] = "dns_only",
		[RECORD_BLOCKED] = "blocked",
		[RECORD_LOCAL] = "local",
		[RECORD_BAD_QUERY] = "bad_query",
		[RECORD_BAD_ANSWER] = "bad_answer",
		[RECORD_FORWARDED] = "forwarded",
		[RECORD_GRANTED] = "granted",
		[RECORD_GRANT_FAILED] = "grant_failed",
		[RECORD_REFUSED] = "refused",
		[RECORD_LISTED] = "listed",
		[RECORD_ALIAS] = "alias",
	};

	return name[item->kind];
}

const char *
event_source(const struct record_item *item)
{
	static const char *const name[SOURCE_COUNT] = {
		[SOURCE_LOCAL] = "local",
		[SOURCE_UPSTREAM] = "upstream",
		[SOURCE_CACHE] = "cache",
		[SOURCE_STALE] = "stale",
	};

	return name[item->source];
}

const struct image_rule *
event_rule(const struct event *e)
{
	if (e->policy == NULL || e->item->rule == IMAGE_NONE)
		return NULL;
	return policy_rule(e->policy, e->item->rule);
}

void
event_print_place(const struct event *e, struct text *out)
{
	const struct image_rule *rule = event_rule(e);
	const char *file;

	if (rule == NULL)
		return;
	file = policy_rule_file(e->policy, rule);
	text_escaped(out, file, strlen(file));
	text_char(out, ':');
	text_u64(out, rule->line);
}

void
event_print_reason(const struct record_item *item, struct text *out)
{
	if (item->kind == RECORD_GRANT_FAILED)
		text_str(out, "Firewall configuration failed");
	else
		access_print_reason(item, out);
}
