/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups, words and port lists are written out before a policy is built, so
 * that everything behind this knows only nets, one port a rule, and what one
 * bit of precedence is.
 *
 * localhost and localnets are what the router's addresses make them at the
 * time; whoever compiles is told that the policy follows them.
 */
#include "policy/expand.h"

#include <netinet/in.h>
#include <string.h>

#include "proc/role.h"

/* What holds for all that a client expression is written out to. */
struct walk {
	struct expansion *x;
	const struct expand_job *job;
	uint16_t interface;
};

static enum err expand_client(const struct walk *w,
			      const struct acl_client *client);

/* ---- rules --------------------------------------------------------------- */

/* Counts what is written out; groups too, which may come to nothing. */
static enum err
take_room(const struct walk *w)
{
	if (w->x->expanded++ < EXPANDED_MOST)
		return ERR_NONE;
	wrong(w->job->flaw, &w->job->rule->who.whole,
	      "comes to more rules than there is room for, with its groups and "
	      "ports written out",
	      "use nets, or fewer ports");
	return ERR_SYNTAX;
}

static enum err
emit(const struct walk *w)
{
	enum err err = take_room(w);

	return err == ERR_NONE ? w->job->each(w->job->arg, w->job->rule) : err;
}

static enum err
emit_port(const struct walk *w, uint16_t port)
{
	struct acl_rule *rule = w->job->rule;
	bool is_icmp = rule->service.protocol == IPPROTO_ICMP;

	rule->protocol = rule->service.protocol;
	rule->port = port;
	if (is_icmp && rule->client.addr.family == 6) {
		rule->protocol = IPPROTO_ICMPV6;
		rule->port = PORT_ECHO6;
	}
	return emit(w);
}

static enum err
emit_net(const struct walk *w, const struct net *net)
{
	struct acl_rule *rule = w->job->rule;
	enum err err = ERR_NONE;

	rule->client = *net;
	rule->interface = w->interface;
	if (rule->arrow != ARROW_GRANT)
		return emit(w);
	for (unsigned i = 0; err == ERR_NONE && i < rule->service.count; i++)
		err = emit_port(w, rule->service.port[i]);
	return err;
}

static enum err
emit_any(const struct walk *w)
{
	const struct net all4 = { .addr.family = 4 };
	const struct net all6 = { .addr.family = 6 };
	enum err err = emit_net(w, &all4);

	return err == ERR_NONE ? emit_net(w, &all6) : err;
}

static enum err
emit_localhost(const struct walk *w)
{
	const struct own_addresses *own = w->x->own;
	struct net loop4 = { .addr = { .family = 4, .byte = { 127 } },
			     .bits = 8 };
	struct net loop6 = { .addr = { .family = 6 }, .bits = 128 };
	enum err err = emit_net(w, &loop4);

	loop6.addr.byte[15] = 1;
	if (err == ERR_NONE)
		err = emit_net(w, &loop6);
	w->x->follows_own = true;
	for (uint32_t i = 0; own && err == ERR_NONE && i < own->count; i++) {
		struct net one = { .addr = own->addr[i] };

		one.bits = one.addr.family == 4 ? 32 : 128;
		if (!own->broadcast[i] && !addr_is_loopback(&one.addr))
			err = emit_net(w, &one);
	}
	return err;
}

static enum err
emit_localnets(const struct walk *w)
{
	const struct own_addresses *own = w->x->own;
	enum err err = ERR_NONE;

	w->x->follows_own = true;
	for (uint32_t i = 0; own && err == ERR_NONE && i < own->net_count; i++)
		err = emit_net(w, &own->net[i]);
	return err;
}

/* ---- clients ------------------------------------------------------------- */

static enum err
refuse_interface(const struct walk *w, const struct token *name)
{
	const struct own_addresses *own = w->x->own;
	struct text right;

	text_init(&right, w->x->text, sizeof(w->x->text));
	text_str(&right, "write one of");
	for (uint32_t i = 0; i < own->interface_count && i < 16; i++) {
		text_str(&right, i == 0 ? " " : ", ");
		text_escaped(&right, own->interface[i].name,
			     strnlen(own->interface[i].name, OWN_NAME_SIZE));
	}
	wrong(w->job->flaw, name, "is not an interface of this machine",
	      w->x->text);
	return ERR_SYNTAX;
}

/* Its number, plus 1. */
static enum err
find_interface(const struct walk *w, const struct token *name,
	       uint16_t *number_out)
{
	struct interface_names *names = &w->x->interfaces;
	struct image_interface wanted = { 0 };

	memcpy(wanted.name, name->text, name->len);
	for (uint32_t i = 0; i < names->count; i++) {
		if (memcmp(&names->name[i], &wanted, sizeof(wanted)) == 0) {
			*number_out = (uint16_t)(i + 1);
			return ERR_NONE;
		}
	}
	if (w->x->own && own_ifindex(w->x->own, wanted.name) == 0)
		return refuse_interface(w, name);
	if (names->count == IMAGE_MAX_INTERFACES) {
		wrong(w->job->flaw, name, "is one interface too many",
		      "name at most 64");
		return ERR_SYNTAX;
	}
	names->name[names->count++] = wanted;
	*number_out = (uint16_t)names->count;
	return ERR_NONE;
}

/* What is wrong within it was told when all groups were there. */
static enum err
expand_group(const struct walk *w, const struct acl_client *client)
{
	const struct group *g = groups_find(&w->x->groups, &client->group);
	struct acl_client member;
	enum err err = take_room(w);

	if (!g) {
		wrong(w->job->flaw, &client->whole, "is not a group known here",
		      "write group NAME = CLIENT, CLIENT first or later");
		return ERR_SYNTAX;
	}

	struct line members = g->members;

	while (err == ERR_NONE && g->state == GROUP_SOUND &&
	       acl_next_member(&members, &member))
		err = expand_client(w, &member);
	return err;
}

static enum err
expand_client(const struct walk *w, const struct acl_client *client)
{
	struct walk here = *w;
	enum err err = ERR_NONE;

	if (client->interface.len > 0)
		err = find_interface(w, &client->interface, &here.interface);
	if (err != ERR_NONE)
		return err;
	if (w->interface != 0 && here.interface != w->interface) {
		wrong(w->job->flaw, &client->whole,
		      "is bound to another interface already",
		      "name the interface in one place");
		return ERR_SYNTAX;
	}
	switch ((enum client_kind)client->kind) {
	case CLIENT_NET:
		return emit_net(&here, &client->net);
	case CLIENT_ANY:
		return emit_any(&here);
	case CLIENT_LOCALHOST:
		return emit_localhost(&here);
	case CLIENT_LOCALNETS:
		return emit_localnets(&here);
	case CLIENT_GROUP:
		return expand_group(&here, client);
	}
	return ERR_NONE;
}

enum err
expand_rule(struct expansion *x, const struct expand_job *job)
{
	const struct walk w = { .x = x, .job = job };
	const struct acl_client who = job->rule->who;
	enum err err = expand_client(&w, &who);
	bool inside = job->flaw->text >= who.whole.text &&
		      job->flaw->text <= who.whole.text + who.whole.len;

	/* What is wrong within a group is told where the group is used. */
	if (err == ERR_SYNTAX && !inside)
		job->flaw->column = who.whole.column;
	return err;
}
