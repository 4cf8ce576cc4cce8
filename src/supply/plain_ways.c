/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How plain lists come: as the text of a feed, which is looked at line by
 * line while it comes, or as the addresses that names have.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "supply/plain_inside.h"

/* ---- feeds --------------------------------------------------------------- */

static bool
on_body(void *owner, const char *bytes, size_t len)
{
	struct plain *p = owner;

	return safety_bytes(&p->safety, bytes, len) == SAFETY_NONE &&
	       copy_write(&p->copy, bytes, len) == ERR_NONE;
}

static void
on_fetched(void *owner, const struct https_news *news)
{
	struct plain *p = owner;
	struct copy_head head = { .known = news->known };
	uint64_t before = p->is_ours ? p->head.entries : 0;

	p->fetch = NULL;
	switch (news->end) {
	case HTTPS_NEW:
	case HTTPS_STOPPED:
		head.entries = p->safety.entries;
		plain_judge(p, &head, safety_end(&p->safety, before));
		return;
	case HTTPS_SAME:
		copy_drop(&p->copy);
		plain_confirm(p);
		return;
	case HTTPS_FAILED:
		copy_drop(&p->copy);
		plain_fail(p, news->why);
		return;
	}
}

enum err
plain_ask_feed(struct plain *p)
{
	struct https_wish wish = { .url = p->source->config.where,
				   .body = on_body,
				   .done = on_fetched,
				   .owner = p };

	if (p->is_ours)
		wish.known = p->head.known;
	safety_init(&p->safety, p->source->config.form,
		    p->source->config.column);
	p->safety.most =
	    supply_room(p->source->supply, p->source->config.name);
	return https_begin(p->source->supply->https, &wish, &p->fetch);
}

/* ---- addresses of names -------------------------------------------------- */

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct addr));
}

/* In one order, since servers turn theirs; each once. */
static uint64_t
write_addresses(struct plain *p, const struct addr *addr, uint32_t count)
{
	struct addr *sorted = calloc(count + 1, sizeof(*sorted));
	char line[ADDR_TEXT_SIZE + 1];
	uint64_t written = 0;

	if (sorted == NULL) {
		p->copy.err = ERR_FULL;
		p->copy.cause = ENOMEM;
		return 0;
	}
	memcpy(sorted, addr, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_bytes);
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0 && by_bytes(&sorted[i - 1], &sorted[i]) == 0)
			continue;
		addr_print(&sorted[i], line);
		strcat(line, "\n");
		copy_write(&p->copy, line, strlen(line));
		written++;
	}
	free(sorted);
	return written;
}

static void
on_addresses(void *owner, const struct rrset_news *news)
{
	struct plain *p = owner;
	struct copy_head head = { .entries = 0 };
	uint64_t before = p->is_ours ? p->head.entries : 0;

	p->rrset = NULL;
	if (news->why != NULL) {
		copy_drop(&p->copy);
		plain_fail(p, news->why);
		return;
	}
	p->wait_s = news->ttl_s;
	if (news->count > 0)
		head.entries = write_addresses(p, news->addr, news->count);
	plain_judge(p, &head, safety_of_counts(before, head.entries));
}

enum err
plain_ask_names(struct plain *p, const char **why_out)
{
	const struct list_config *c = &p->source->config;
	struct supply *supply = p->source->supply;
	const struct options *opt = supply->kit->opt;
	struct rrset_wish wish = {
		.name = c->rrset,
		.names = c->rrsets,
		.server = c->servers > 0 ? c->server : opt->upstream,
		.servers = c->servers > 0 ? c->servers : opt->upstream_count,
		.key = c->key[0] != '\0' ? &p->key : NULL,
		.stream = true,
		.wait_ms = ASK_WAIT_MS,
		.done = on_addresses,
		.owner = p
	};

	*why_out = source_key(p->source, &p->key);
	if (*why_out != NULL)
		return ERR_DENIED;
	return rrset_begin(supply->loop, &supply->random, &wish, &p->rrset);
}
