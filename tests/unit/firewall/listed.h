/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists behind a judge of kit.h.
 *
 *   static const struct listed some[] = {
 *           { "peers", "192.0.2.9 198.51.100.0/24", .flags = 0 } };
 *   listed_are(&judge, some, 1);
 */
#ifndef TESTS_FIREWALL_LISTED_H
#define TESTS_FIREWALL_LISTED_H

#include "firewall/fixed.h"
#include "firewall/netset.h"
#include "kit.h"
#include "lists/build.h"
#include "lists/member.h"

struct listed {
	const char *name, *nets; /* with blanks between them */
	enum list_action action; /* PASSTHRU and LOG shut nothing */
	uint32_t flags;
	const char *clients;
};

/* The next net of the text; false: there is none. */
static inline bool
listed_next(const char **text, struct net *out)
{
	size_t len = strcspn(*text, " ");

	if (len == 0)
		return false;
	if (net_parse(*text, len, out, NULL) != ERR_NONE)
		abort();
	*text += len;
	*text += **text == ' ';
	return true;
}

static inline void
listed_one(struct lists_build *b, const struct listed *l)
{
	struct net client[8];
	struct lists_about about = { .name = l->name, .file = "f",
				     .form = FORM_IPS, .line = l->name,
				     .action = l->action, .flags = l->flags,
				     .client = client };
	struct item item = { .trigger = TRIGGER_IP, .is_net = true };
	const char *at = l->clients != NULL ? l->clients : "";

	while (about.clients < 8 &&
	       listed_next(&at, &client[about.clients]))
		about.clients++;
	if (lists_build_list(b, &about) != ERR_NONE)
		abort();
	at = l->nets;
	while (listed_next(&at, &item.net))
		if (lists_build_add(b, &item) != ERR_NONE)
			abort();
}

/* In place of those it had. The image is the judge's until listed_none(). */
static inline void
listed_are(struct judge *j, const struct listed *l, unsigned count)
{
	static struct lists_build b;
	void *image;
	size_t size;

	lists_build_init(&b);
	for (unsigned i = 0; i < count; i++)
		listed_one(&b, &l[i]);
	if (lists_build_image(&b, &image, &size) != ERR_NONE ||
	    lists_view(image, size, &j->lists) != ERR_NONE)
		abort();
	lists_build_fini(&b);
	lists_name(&j->lists, &j->policy);
}

static inline void
listed_none(struct judge *j)
{
	free((void *)(uintptr_t)j->lists.head);
	j->lists = (struct lists){ 0 };
}

/* "10.0.0.2/32 192.0.2.9/32 6:443", with a line each. */
static inline void
listed_print(const struct fixed_entries *e, struct text *out)
{
	for (size_t i = 0; i < e->count; i++) {
		const struct fixed_entry *one = &e->at[i];
		char buf[NET_TEXT_SIZE];

		if (one->client.addr.family != 0)
			text_printf(out, "%s ", net_print(&one->client, buf));
		text_str(out, net_print(&one->to, buf));
		if (one->protocol != 0)
			text_printf(out, " %u:%u", one->protocol, one->port);
		text_char(out, '\n');
	}
}

#endif
