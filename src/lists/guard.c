/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A feed that lists "com" by mistake must not take everything from everybody,
 * nor may one that lists itself keep its own correction away.
 */
#include "lists/guard.h"

#include <libpsl.h>
#include <string.h>

#include "lists/config.h"
#include "policy/complain.h"

static void
never(struct guard *g, const struct name *name)
{
	if (g->nevers < GUARD_NAMES_MAX)
		name_lower(name, &g->never[g->nevers++]);
}

static void
never_option(struct guard *g, const struct option_zone *zone)
{
	struct name name = { .len = zone->len };

	memcpy(name.wire, zone->wire, zone->len);
	never(g, &name);
}

/* https://HOST[:PORT]/PATH; a host may be an address as well. */
static void
never_host(struct guard *g, const char *url)
{
	const char *host = url + strlen("https://");
	struct name name;

	if (name_parse(host, strcspn(host, ":/?#"), &name, NULL) == ERR_NONE)
		never(g, &name);
}

static void
never_source(struct guard *g, const struct list_config *c)
{
	if (c->source == SOURCE_HTTPS)
		never_host(g, c->where);
	for (unsigned i = 0; i < c->rrsets; i++)
		never(g, &c->rrset[i]);
}

void
guard_init(struct guard *g, const struct options *opt, const char *text,
	   size_t len)
{
	struct list_config config;
	const char *end = text + len;
	struct key_config key;
	struct flaw flaw;

	g->nevers = 0;
	for (uint32_t i = 0; opt != NULL && i < opt->never_block_count; i++)
		never_option(g, &opt->never_block[i]);
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		if (stop == NULL)
			stop = end;
		if (config_read_line(text, (size_t)(stop - text), &config, &key,
				     &flaw) == CONFIG_LIST)
			never_source(g, &config);
		text = stop + 1;
	}
}

const char *
guard_edition(void)
{
	const char *sum = psl_builtin_sha1sum();

	return sum != NULL ? sum : "";
}

/* ---- entries ------------------------------------------------------------- */

/* The entry would have that name blocked. */
static bool
hits(const struct item *item, const struct name *name)
{
	bool same = name_equal(&item->name, name);

	switch (item->reach) {
	case REACH_EXACT:
		return same;
	case REACH_BELOW:
		return !same && name_is_under(name, &item->name);
	default:
		return name_is_under(name, &item->name);
	}
}

/* Of the list that is built into the library: nothing can be opened here. */
static bool
is_public_suffix(const struct name *name)
{
	enum { LABELS_MOST = 5 };
	const psl_ctx_t *psl = psl_builtin();
	char text[NAME_TEXT_SIZE];
	struct text t;

	if (psl == NULL || name_labels(name) > LABELS_MOST)
		return false;
	text_init(&t, text, sizeof(text));
	name_print(name, &t);
	text[t.len - 1] = '\0'; /* the dot */
	return psl_is_public_suffix2(psl, text,
				     PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
}

static bool
counts(const struct item *item)
{
	return !item->exception && item->action != ACTION_PASSTHRU;
}

/* Nobody is given more than a /8, or a /16 of the addresses of IPv6. Of what
 * is never on the Internet lists may have as much as they like. */
static bool
is_too_wide(const struct net *n)
{
	enum { V4_LEAST = 8, V4_MULTICAST = 224, V6_LEAST = 16 };
	unsigned first = n->bits < 3 ? n->bits : 3;

	if (n->addr.family == 4)
		return n->bits < V4_LEAST && n->addr.byte[0] < V4_MULTICAST;
	/* 2000::/3 */
	return n->bits < V6_LEAST &&
	       (n->addr.byte[0] ^ 0x20) >> (8 - first) == 0;
}

static bool
lets_all_pass(const struct item *item)
{
	return item->action == ACTION_PASSTHRU &&
	       name_labels(&item->name) == 0;
}

const char *
guard_fault(const struct guard *g, const struct item *item)
{
	if (item->is_net)
		return is_too_wide(&item->net)
			   ? "is wider than any net that somebody has"
			   : NULL;
	if (lets_all_pass(item))
		return "would let every name pass";
	if (!counts(item))
		return NULL;
	if (name_labels(&item->name) < 2)
		return "is the root, or right below it";
	for (unsigned i = 0; i < g->nevers; i++) {
		if (hits(item, &g->never[i]))
			return "would block a name that is never to be "
			       "blocked";
	}
	if (item->reach != REACH_EXACT && is_public_suffix(&item->name))
		return "is a public suffix";
	return NULL;
}
