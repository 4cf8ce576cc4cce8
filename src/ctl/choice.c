/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients as people name them. */
#include "ctl/choice.h"

#include <string.h>

bool
choice_read(struct answer *a, const char *text, struct choice *out)
{
	*out = (struct choice){ .all = text == NULL };
	if (text == NULL)
		return true;
	out->local = strcmp(text, "local") == 0;
	if (out->local ||
	    net_parse(text, strlen(text), &out->net, NULL) == ERR_NONE)
		return true;
	answer_error(a, "\"%.64s\" is not a client; give an address, a net, "
			"or local", text);
	return false;
}

bool
choice_has(const struct choice *c, const struct addr *client)
{
	if (c->all)
		return true;
	if (client->family == 0)
		return c->local;
	return !c->local && addr_in_net(client, &c->net);
}
