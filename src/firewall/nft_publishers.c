/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With --enforce-output, what the lists process needs where this host itself
 * is shut: its primaries and servers by their addresses; feeds, which may
 * move, by the ports of their URLs alone. All of it is for our own user.
 */
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/nft_backend.h"
#include "firewall/nft_rule.h"
#include "lists/config.h"

enum { PORT_HTTPS = 443 };

/* Of a URL that has been checked: https://HOST[:PORT]/PATH. */
static uint16_t
port_of(const char *url)
{
	const char *host = url + strlen("https://");
	size_t len = strcspn(host, "/?#");
	const char *bracket = memrchr(host, ']', len);
	const char *colon = memrchr(host, ':', len);
	unsigned long port = 0;

	if (colon != NULL && (bracket == NULL || colon > bracket))
		port = strtoul(colon + 1, NULL, 10);
	return port > 0 && port <= UINT16_MAX ? (uint16_t)port : PORT_HTTPS;
}

static enum err
put_feed(struct backend *b, const struct nft_place *at, const char *url)
{
	struct nft_rule r = nft_rule_new(at);

	nft_match_user(&r, b->opt->run_uid);
	nft_match_protocol(&r, IPPROTO_TCP);
	nft_match_port(&r, port_of(url));
	nft_accept(&r);
	return nft_rule_put(&b->paper, at, &r);
}

struct publishers {
	struct backend *b;
	const struct nft_place *at;
};

static enum err
put_list(void *arg, const struct list_config *c)
{
	const struct publishers *p = arg;
	enum err err = ERR_NONE;

	if (c->source == SOURCE_HTTPS)
		return put_feed(p->b, p->at, c->where);
	for (unsigned i = 0; i < c->servers && err == ERR_NONE; i++)
		err = nft_put_asked(p->b, p->at, &c->server[i]);
	return err;
}

enum err
nft_put_publishers(struct backend *b, const struct nft_place *at,
		   const struct policy *policy)
{
	struct publishers p = { b, at };
	const struct config_sink sink = { .list = put_list, .arg = &p };
	struct lists lists;
	const char *text;
	size_t len;
	enum err err = lists_of(policy, &lists);

	if (err != ERR_NONE)
		return err;
	text = lists_source_text(&lists, &len);
	return config_each(text, len, &sink);
}
