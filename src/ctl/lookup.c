/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `lookup`: what the lists have of a name or an address.
 *
 * They are asked as a worker asks them, so that what is told here is what
 * clients get: first the hit that decides, then what else is listed, list by
 * list and trigger by trigger.
 */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/answer.h"
#include "ctl/commands.h"
#include "ctl/sources.h"
#include "ctl/statics.h"
#include "lists/match.h"
#include "policy/match.h"
#include "policy/print.h"
#include "witness/finding.h"

struct looking {
	const struct view *view;
	struct text *out;
	struct lists lists;
	bool is_addr;
	struct addr addr;
	struct name name;
};

static const enum trigger name_triggers[] = { TRIGGER_QNAME, TRIGGER_NSDNAME };
static const enum trigger addr_triggers[] = { TRIGGER_IP, TRIGGER_CLIENT_IP,
					      TRIGGER_NSIP };

static const char *
trigger_word(enum trigger trigger)
{
	static const char *const words[TRIGGER_COUNT] = {
		[TRIGGER_CLIENT_IP] = "client-ip",
		[TRIGGER_QNAME] = "qname",
		[TRIGGER_IP] = "ip",
		[TRIGGER_NSDNAME] = "nsdname",
		[TRIGGER_NSIP] = "nsip",
	};

	return trigger < TRIGGER_COUNT ? words[trigger] : "?";
}

bool
answer_lists(struct answer *a, const struct view *v, struct lists *out)
{
	if (v->policy.head == NULL || lists_of(&v->policy, out) != ERR_NONE) {
		answer_error(a, "there is no policy");
		return false;
	}
	if (out->head != NULL)
		return true;
	answer_error(a, "there are no lists: name a file of them with --lists "
			"(dns-firewall.lists(5))");
	return false;
}

/* ---- hits ---------------------------------------------------------------- */

static void
print_name_entry(const struct looking *k, const struct lists_hit *hit)
{
	struct name entry = k->name;
	unsigned skip = name_labels(&k->name) - hit->labels;
	size_t at = 0;

	while (skip-- > 0)
		at += entry.wire[at] + 1u;
	entry.len = (uint8_t)(k->name.len - at);
	memcpy(entry.wire, k->name.wire + at, entry.len);
	if (hit->wild_entry)
		text_str(k->out, "*.");
	name_print(&entry, k->out);
}

static void
print_entry(const struct looking *k, const struct lists_hit *hit)
{
	char buf[NET_TEXT_SIZE];

	if (k->is_addr)
		text_str(k->out, net_print(&hit->net, buf));
	else
		print_name_entry(k, hit);
}

static const char *
list_name(const struct looking *k, uint32_t list)
{
	return lists_text(&k->lists, lists_at(&k->lists, list)->name);
}

static void
print_hit(const struct looking *k, const struct lists_hit *hit,
	  const char *what)
{
	text_printf(k->out, "%s by list %s, action %s\n", what,
		    list_name(k, hit->list), action_word(hit->action));
}

static bool
look(const struct looking *k, const struct lists_ask *ask,
     struct lists_hit *hit, struct lists_hit *log)
{
	if (k->is_addr)
		return lists_match_addr(&k->lists, ask, &k->addr, hit, log);
	return lists_match_name(&k->lists, ask, &k->name, hit, log);
}

/* Whose a list is, since when it is as it is, and what it is. */
static void
print_about(const struct looking *k, uint32_t list)
{
	const struct lists_list *l = lists_at(&k->lists, list);
	const char *text[] = { lists_text(&k->lists, l->nickname),
			       lists_text(&k->lists, l->category),
			       lists_text(&k->lists, l->contact) };
	static const char *const word[] = { "nickname", "category", "contact" };
	struct source_state source;

	if (l->client_count > 0)
		text_str(k->out, " clients=some");
	if (source_find(k->view, list_name(k, list), &source) &&
	    source.changed_s != 0)
		text_printf(k->out, " age=%" PRId64 "s",
			    (int64_t)(clock_date_ms() / 1000) -
				source.changed_s);
	for (unsigned i = 0; i < 3; i++) {
		if (text[i][0] == '\0')
			continue;
		text_printf(k->out, " %s=\"", word[i]);
		text_escaped(k->out, text[i], strlen(text[i]));
		text_char(k->out, '"');
	}
}

/* "list ads qname action=nxdomain entry=bad.test. age=12s" */
static void
print_listed(const struct looking *k, const struct lists_hit *hit)
{
	text_printf(k->out,
		    "list %s %s action=%s entry=", list_name(k, hit->list),
		    trigger_word(hit->trigger), action_word(hit->action));
	print_entry(k, hit);
	print_about(k, hit->list);
	text_char(k->out, '\n');
}

static void
print_each(const struct looking *k)
{
	const enum trigger *triggers =
	    k->is_addr ? addr_triggers : name_triggers;
	unsigned count = k->is_addr ? 3 : 2;
	struct lists_hit hit, log;

	for (uint32_t i = 0; i < lists_count(&k->lists); i++) {
		for (unsigned t = 0; t < count; t++) {
			struct lists_ask ask = { triggers[t], UINT64_C(1)
								  << i };

			if (look(k, &ask, &hit, &log))
				print_listed(k, &hit);
			else if (log.list != LISTS_NONE)
				print_listed(k, &log);
		}
	}
}

/* The first hit of those lists, as it decides. */
static bool
print_first(const struct looking *k, uint64_t among)
{
	struct lists_ask ask = { k->is_addr ? TRIGGER_IP : TRIGGER_QNAME,
				 among };
	struct lists_hit hit, log;
	bool listed = look(k, &ask, &hit, &log);

	if (log.list != LISTS_NONE)
		print_hit(k, &log, "logged");
	if (!listed)
		return false;
	print_hit(k, &hit,
		  hit.action == ACTION_PASSTHRU ? "let through" : "listed");
	text_str(k->out, "entry ");
	print_entry(k, &hit);
	text_char(k->out, '\n');
	return true;
}

/* ---- for a client -------------------------------------------------------- */

static void
print_rule(const struct looking *k, const struct verdict *v)
{
	const struct policy *p = &k->view->policy;
	const struct image_rule *rule = policy_rule(p, v->rule);

	if (rule == NULL)
		return;
	text_str(k->out, ": ");
	rule_print(p, rule, k->out);
}

/* The access list first, then the lists, as a worker does. */
static void
print_for_name(const struct looking *k, const struct addr *client)
{
	struct policy_client who = { client, INTERFACE_ANY };
	struct verdict v;
	uint64_t among;

	policy_match(&k->view->policy, &who, &k->name, &v);
	among = lists_for_client(&k->lists, client) & ~v.opened;
	if (v.kind == VERDICT_STRANGER || v.kind == VERDICT_DENIED) {
		text_str(k->out, "refused: no rule of the access list allows "
				 "it\n");
		return;
	}
	if (v.kind == VERDICT_ALLOWED && !v.exact && print_first(k, among))
		return;
	text_str(k->out, v.kind == VERDICT_BLOCKED
			     ? "blocked by the access list"
			     : "allowed by the access list");
	print_rule(k, &v);
	text_char(k->out, '\n');
}

static void
print_door(void *arg, const struct door_told *d)
{
	const struct looking *k = arg;
	const struct policy *p = &k->view->policy;

	text_printf(k->out, "open %s:%u without a question by rule ",
		    protocol_text(d->protocol),
		    port_number(d->protocol, d->port));
	finding_print_place(p, d->rule, k->out);
	text_str(k->out, ": ");
	rule_print(p, policy_rule(p, d->rule), k->out);
	text_char(k->out, '\n');
}

static void
print_doors(struct looking *k, const struct addr *client)
{
	const struct door_wanted wanted = { client, &k->addr };
	struct judge j;

	if (statics_judge(k->view, &j) &&
	    statics_stand(k->view, k->addr.family))
		doors_find(&j, &wanted, print_door, k);
}

static void
print_for_client(struct looking *k, const struct addr *client)
{
	char buf[ADDR_TEXT_SIZE];

	text_printf(k->out, "for %s:\n", addr_print(client, buf));
	if (!k->is_addr)
		print_for_name(k, client);
	else if (!print_first(k, lists_for_client(&k->lists, client)))
		text_str(k->out, "not listed\n");
	if (k->is_addr)
		print_doors(k, client);
}

/* ---- the command --------------------------------------------------------- */

static bool
read_client(struct answer *a, const struct request *r, struct addr *out)
{
	if (r->count == 3 && strcmp(r->argument[1], "for") == 0 &&
	    addr_parse(r->argument[2], strlen(r->argument[2]), out) == ERR_NONE)
		return true;
	answer_error(a, "write lookup NAME|ADDRESS, or lookup NAME|ADDRESS "
			"for CLIENT, an address");
	return false;
}

static bool
read_what(struct answer *a, const char *what, struct looking *out)
{
	size_t len = strlen(what);

	out->is_addr = addr_parse(what, len, &out->addr) == ERR_NONE;
	if (out->is_addr ||
	    (strchr(what, '/') == NULL &&
	     name_parse(what, len, &out->name, NULL) == ERR_NONE))
		return true;
	answer_error(a, "\"%s\" is neither a name nor an address", what);
	return false;
}

void
lookup_answer(struct answer *a, const struct view *v, const struct request *r)
{
	struct looking k = { .view = v };
	struct addr client;

	if (!read_what(a, r->argument[0], &k) ||
	    (r->count > 1 && !read_client(a, r, &client)) ||
	    !answer_lists(a, v, &k.lists) || !answer_room(a, ANSWER_ROOM))
		return;
	k.out = &a->text;
	if (r->count > 1)
		print_for_client(&k, &client);
	else if (!print_first(&k, LISTS_ALL))
		text_str(k.out, "not listed\n");
	print_each(&k);
}
