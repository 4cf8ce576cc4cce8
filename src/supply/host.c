/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hosts of feeds.
 *
 * The C library's resolver would read files and ask whom this host asks,
 * which may be ourselves. Here the upstreams are asked, as a worker asks
 * them: those of the longest zone of --forward that has the name, else those
 * of --upstream.
 */
#include "supply/host.h"

#include <stdlib.h>
#include <string.h>

enum { SERVERS_MAX = 8 };

struct host {
	const struct host_setup *setup;
	host_done_fn *done;
	void *owner;
	struct name name;
	struct endpoint server[SERVERS_MAX];
	unsigned servers;
	struct rrset *rrset;
	struct due due; /* what needs no question is told by it */
	struct host_news news;
};

bool
host_may_be_at(const struct host_setup *setup, const struct addr *a)
{
	const struct options *opt = setup->opt;
	const struct own_addresses *own = *setup->own;

	for (uint32_t i = 0; i < opt->private_ok_count; i++) {
		if (addr_in_net(a, &opt->private_ok[i]))
			return true;
	}
	return addr_class_of(a) == ADDR_PUBLIC &&
	       (own == NULL || !own_has(own, a));
}

void
host_cancel(struct host *h)
{
	if (h == NULL)
		return;
	due_stop(h->setup->loop, &h->due);
	rrset_cancel(h->rrset);
	free(h);
}

/* Keeps those that may be asked; says so where none may. */
static void
choose(struct host *h, const struct addr *addr, uint32_t count)
{
	struct host_news *n = &h->news;

	for (uint32_t i = 0; i < count && n->count < HOST_ADDRESSES_MAX; i++) {
		if (host_may_be_at(h->setup, &addr[i]))
			n->addr[n->count++] = addr[i];
	}
	if (count == 0)
		n->why = "it has no address";
	else if (n->count == 0)
		n->why = "it is at an address of our own nets; --private-ok "
			 "would allow that";
}

static void
finish(struct host *h)
{
	h->done(h->owner, &h->news);
	host_cancel(h);
}

static void
on_due(void *owner)
{
	finish(owner);
}

static void
on_rrset(void *owner, const struct rrset_news *news)
{
	struct host *h = owner;

	h->rrset = NULL;
	if (news->why != NULL)
		h->news.why = news->why;
	else
		choose(h, news->addr, news->count);
	finish(h);
}

static bool
is_in_zone(const struct name *name, const struct option_zone *zone)
{
	struct name z = { .len = zone->len };

	memcpy(z.wire, zone->wire, zone->len);
	return name_is_under(name, &z);
}

static void
choose_servers(struct host *h)
{
	const struct options *opt = h->setup->opt;
	unsigned best = 0;

	for (uint32_t i = 0; i < opt->forward_count; i++) {
		const struct option_forward *f = &opt->forward[i];

		if (f->zone.len < best || !is_in_zone(&h->name, &f->zone))
			continue;
		if (f->zone.len > best)
			h->servers = 0;
		best = f->zone.len;
		if (h->servers < SERVERS_MAX)
			h->server[h->servers++] = f->at;
	}
	for (uint32_t i = 0; best == 0 && i < opt->upstream_count; i++)
		h->server[h->servers++] = opt->upstream[i];
}

static enum err
ask_for(struct host *h)
{
	struct rrset_wish wish = { .name = &h->name,
				   .names = 1,
				   .server = h->server,
				   .wait_ms = ASK_WAIT_MS,
				   .done = on_rrset,
				   .owner = h };

	choose_servers(h);
	wish.servers = h->servers;
	return rrset_begin(h->setup->loop, h->setup->random, &wish, &h->rrset);
}

/* An address, or a name to be asked for; false: neither. */
static bool
read_host(struct host *h, const char *name, bool *is_addr_out)
{
	size_t len = strlen(name);
	bool bracketed = len > 2 && name[0] == '[' && name[len - 1] == ']';
	struct addr a;

	*is_addr_out = addr_parse(name + bracketed, len - 2 * (size_t)bracketed,
				  &a) == ERR_NONE;
	if (*is_addr_out)
		choose(h, &a, 1);
	return *is_addr_out ||
	       name_parse(name, len, &h->name, NULL) == ERR_NONE;
}

enum err
host_begin(const struct host_setup *setup, const char *name, host_done_fn *done,
	   void *owner, struct host **out)
{
	struct host *h = calloc(1, sizeof(*h));
	bool is_addr = false;

	*out = NULL;
	if (h == NULL)
		return ERR_FULL;
	h->setup = setup;
	h->done = done;
	h->owner = owner;
	due_init(&h->due, on_due, h);
	if (!read_host(h, name, &is_addr))
		h->news.why = "that is no name of a host";
	else if (!is_addr && ask_for(h) != ERR_NONE) {
		host_cancel(h);
		return ERR_FULL;
	}
	if (h->rrset == NULL)
		due_in(setup->loop, &h->due, 0);
	*out = h;
	return ERR_NONE;
}
