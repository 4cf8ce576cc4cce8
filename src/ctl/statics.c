/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From policy and lists, as the warden finds them out; whether they are in
 * the kernel the board says, and audit.
 */
#include "ctl/statics.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/list_sets.h"
#include "policy/match.h"
#include "policy/print.h"

enum { LINE_ROOM = 400, BYTE_ROOM = 4 };

bool
statics_judge(const struct view *v, struct judge *out)
{
	*out = (struct judge){ .policy = v->policy,
			       .lists = v->lists,
			       .own = v->own,
			       .opt = v->opt,
			       .families = ROLE_IPV4 | ROLE_IPV6 };
	return v->policy.head != NULL && v->own != NULL &&
	       v->opt->firewall != FIREWALL_NONE;
}

static enum fixed_state
state_of(const struct view *v, uint8_t family)
{
	enum fixed_index set = family == 4 ? FIXED_STATIC4 : FIXED_STATIC6;

	return v->board != NULL ? v->board->fixed_state[set] : FIXED_ABSENT;
}

bool
statics_stand(const struct view *v, uint8_t family)
{
	return state_of(v, family) == FIXED_STANDS;
}

/* "acl" is the access list itself. */
static const char *
file_of(const struct view *v, const struct door_told *d)
{
	const struct image_rule *rule = policy_rule(&v->policy, d->rule);
	const char *file =
	    rule != NULL ? policy_rule_file(&v->policy, rule) : "acl";

	return strcmp(file, v->opt->acl_file) == 0 ? "acl" : file;
}

static unsigned
line_of(const struct view *v, const struct door_told *d)
{
	const struct image_rule *rule = policy_rule(&v->policy, d->rule);

	return rule != NULL ? rule->line : 0;
}

const char *
statics_list(const struct judge *j, uint32_t list)
{
	if (list >= lists_count(&j->lists))
		return "?";
	return lists_text(&j->lists, lists_at(&j->lists, list)->name);
}

/* ---- taken -------------------------------------------------------------- */

struct taking {
	const struct view *view;
	const struct choice *clients;
	struct statics *to;
	enum err err;
};

static bool
is_chosen(const struct choice *c, const struct net *client)
{
	if (c->all)
		return true;
	return !c->local && (addr_in_net(&client->addr, &c->net) ||
			     addr_in_net(&c->net.addr, client));
}

static void
take(void *arg, const struct door_told *d)
{
	struct taking *t = arg;
	struct statics *to = t->to;

	if (t->err != ERR_NONE || !is_chosen(t->clients, &d->client))
		return;
	if (to->count == to->room) {
		size_t room = to->room != 0 ? to->room * 2 : 16;
		void *more = realloc(to->at, room * sizeof(*to->at));

		if (more == NULL) {
			t->err = ERR_FULL;
			return;
		}
		to->at = more;
		to->room = room;
	}
	to->at[to->count++] = *d;
	to->bytes += LINE_ROOM + strlen(file_of(t->view, d)) * BYTE_ROOM;
}

enum err
statics_take(const struct view *v, const struct choice *clients,
	     struct statics *out)
{
	struct taking t = { .view = v, .clients = clients, .to = out };
	struct judge j;
	enum err err = ERR_NONE;

	*out = (struct statics){ 0 };
	if (!statics_judge(v, &j))
		return ERR_NONE;
	for (uint8_t family = 4; family <= 6 && err == ERR_NONE; family += 2)
		err = doors_tell(&j, family, take, &t);
	return err == ERR_NONE ? t.err : err;
}

void
statics_fini(struct statics *s)
{
	free(s->at);
}

/* ---- printed ------------------------------------------------------------ */

static void
print_one(const struct view *v, const struct judge *j,
	  const struct door_told *d, struct text *out)
{
	const char *file = file_of(v, d);
	char buf[NET_TEXT_SIZE];

	text_printf(out, "static %s @%s %s:%u entries=%zu ",
		    list_sets_net(&d->client, buf), statics_list(j, d->list),
		    protocol_text(d->protocol),
		    port_number(d->protocol, d->port), d->nets);
	text_escaped(out, file, strlen(file));
	text_printf(out, ":%u\n", line_of(v, d));
}

void
statics_print(const struct view *v, const struct statics *s, struct text *out)
{
	struct judge j;

	if (!statics_judge(v, &j))
		return;
	for (size_t i = 0; i < s->count; i++)
		print_one(v, &j, &s->at[i], out);
	for (uint8_t family = 4; family <= 6; family += 2)
		if (s->count > 0 && state_of(v, family) == FIXED_REFUSED)
			text_printf(out,
				    "# those of IPv%u are not in the kernel: "
				    "they are too many\n",
				    family);
}

static void
print_one_json(const struct view *v, const struct judge *j,
	       const struct door_told *d, struct text *out)
{
	char buf[NET_TEXT_SIZE];

	text_printf(out,
		    "{\"static\":true,\"client\":\"%s\","
		    "\"list\":\"%s\",\"protocol\":\"%s\",\"port\":%u,"
		    "\"entries\":%zu,\"rule\":%u}\n",
		    list_sets_net(&d->client, buf), statics_list(j, d->list),
		    protocol_text(d->protocol),
		    port_number(d->protocol, d->port), d->nets, line_of(v, d));
}

void
statics_print_json(const struct view *v, const struct statics *s,
		   struct text *out)
{
	struct judge j;

	if (!statics_judge(v, &j))
		return;
	for (size_t i = 0; i < s->count; i++)
		print_one_json(v, &j, &s->at[i], out);
}
