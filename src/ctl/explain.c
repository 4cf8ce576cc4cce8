/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `explain`: what the policy says of a client and a name, and why.
 *
 * The verdict comes from the same look-up that the workers use; the rules
 * come from the same walk. A line "rule" is FILE:LINE and the rule in its
 * canonical form, and behind a # (a comment in the grammar too) what it does.
 */
#include <netinet/in.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/commands.h"
#include "lists/match.h"
#include "policy/match.h"
#include "policy/prefixed.h"
#include "policy/print.h"
#include "policy/special.h"
#include "wire/message.h"
#include "wire/svcb.h"

struct asked {
	struct addr client;
	uint32_t ifindex; /* INTERFACE_ANY where none was named */
	struct name name;
	uint16_t type[2];
	unsigned types;
	bool local; /* the client is this host */
	const char *list; /* that has the name and lets it not pass, or NULL */
	enum list_action action; /* of that list */
};

struct walk {
	const struct policy *policy;
	const struct verdict *verdict;
	struct text *out;
	uint32_t block;	   /* first block met, or IMAGE_NONE */
	uint32_t dns_only; /* first ~> met, or IMAGE_NONE */
};

static void
print_place(const struct policy *p, const struct image_rule *rule,
	    struct text *out)
{
	const char *file = policy_rule_file(p, rule);

	text_escaped(out, file, strlen(file));
	text_printf(out, ":%u", rule->line);
}

static uint32_t
port_giver(const struct verdict *v, const struct image_rule *rule)
{
	for (unsigned i = 0; i < v->port_count; i++) {
		if (v->port[i].port == rule->port &&
		    v->port[i].protocol == rule->protocol)
			return v->port[i].rule;
	}
	return v->rule;
}

/* The rule that leaves this one without effect. */
static uint32_t
shadow_of(const struct walk *w, const struct image_rule *rule)
{
	if (w->block != IMAGE_NONE)
		return w->block;
	if (rule->arrow == ARROW_GRANT)
		return port_giver(w->verdict, rule);
	if (rule->arrow == ARROW_DNS && w->dns_only != IMAGE_NONE)
		return w->dns_only;
	return w->verdict->rule;
}

static void
print_effect(const struct walk *w, uint32_t at, bool shadowed)
{
	const struct image_rule *rule = policy_rule(w->policy, at);

	if (at == w->verdict->rule) {
		text_str(w->out, "decides");
		return;
	}
	if (!shadowed) {
		text_str(w->out, "adds");
		return;
	}
	text_str(w->out, "shadowed by ");
	print_place(w->policy, policy_rule(w->policy, shadow_of(w, rule)),
		    w->out);
	if (rule->arrow == ARROW_BLOCK && w->block == IMAGE_NONE)
		text_str(w->out, ", and shadows all below");
}

static void
on_met(void *arg, uint32_t at, bool shadowed)
{
	struct walk *w = arg;
	const struct image_rule *rule = policy_rule(w->policy, at);

	text_str(w->out, "rule ");
	print_place(w->policy, rule, w->out);
	text_str(w->out, ": ");
	rule_print(w->policy, rule, w->out);
	text_str(w->out, " # ");
	print_effect(w, at, shadowed);
	text_char(w->out, '\n');
	if (rule->arrow == ARROW_BLOCK && w->block == IMAGE_NONE)
		w->block = at;
	if (rule->arrow == ARROW_DNS && w->dns_only == IMAGE_NONE)
		w->dns_only = at;
}

static void
print_verdict(const struct verdict *v, struct text *out)
{
	static const char *const text[] = {
		[VERDICT_STRANGER] = "stranger: the client is in no net",
		[VERDICT_DENIED] = "denied: no rule matches",
		[VERDICT_ALLOWED] = "allowed",
		[VERDICT_BLOCKED] = "blocked",
	};

	text_printf(out, "verdict %s", text[v->kind]);
	if (v->kind == VERDICT_ALLOWED && v->port_count == 0)
		text_str(out, ", DNS only");
	text_char(out, '\n');
}

static void
print_ports(const struct verdict *v, struct text *out)
{
	if (v->kind != VERDICT_ALLOWED || v->port_count == 0)
		return;
	text_str(out, "opens");
	for (unsigned i = 0; i < v->port_count; i++)
		text_printf(out, " %s:%u", protocol_text(v->port[i].protocol),
			    port_number(v->port[i].protocol,
					v->port[i].port));
	if (v->ports_cut)
		text_printf(out, " (more than %d ports: the rest is shut)",
			    VERDICT_MAX_PORTS);
	text_char(out, '\n');
}

/* Types that name no data (RFC 6895 3.1). */
static bool
is_meta(uint16_t type)
{
	return type == TYPE_OPT ||
	       (type >= 128 && type <= 255 && type != TYPE_ANY);
}

static void
print_blocked(const struct image_rule *rule, uint16_t type, struct text *out)
{
	static const char *const answer[] = {
		[BLOCK_REFUSED] = "REFUSED, EDE 15 (Blocked)",
		[BLOCK_NXDOMAIN] = "NXDOMAIN, EDE 15 (Blocked)",
		[BLOCK_NODATA] = "NODATA, EDE 15 (Blocked)",
		[BLOCK_DROP] = "none: the query is dropped",
	};
	struct addr a;
	char buf[ADDR_TEXT_SIZE];

	if (!rule->has_answer4 && !rule->has_answer6) {
		text_str(out, answer[rule->block]);
		return;
	}
	if (type == TYPE_A && rule->has_answer4)
		addr_from_v4(rule->answer4, &a);
	else if (type == TYPE_AAAA && rule->has_answer6)
		addr_from_v6(rule->answer6, &a);
	else {
		text_str(out, "NODATA, EDE 15 (Blocked)");
		return;
	}
	text_printf(out, "%s, answered locally", addr_print(&a, buf));
}

/* Why addresses of this family are not granted, or NULL. */
static const char *
foreign_reason(const struct asked *q, const struct view *v)
{
	const struct board *b = v->board;
	uint8_t family = q->type[0] == TYPE_A ? 4 : 6;

	if (!q->local && q->client.family != family)
		return "the client is of the other family";
	if (b != NULL && (family == 4 ? b->family4 == 0 && b->family6 != 0
				      : b->family6 == 0 && b->family4 != 0))
		return "the firewall has no rules for this family";
	return NULL;
}

/* What an address record comes to where some -> matched. */
static void
print_address(const struct asked *q, const struct view *v,
	      const struct verdict *verdict, struct text *out)
{
	const char *reason = foreign_reason(q, v);

	if (reason != NULL)
		text_printf(out, "forwarded, %s: %s",
			    verdict->dns_only || v->opt->compat == COMPAT_RUST
				? "not granted"
				: "addresses removed",
			    reason);
	else if (v->opt->firewall == FIREWALL_NONE)
		text_str(out, "forwarded, not granted: the firewall is none");
	else
		text_str(out, "forwarded, addresses granted");
}

static bool
is_service(uint16_t type)
{
	return type == TYPE_HTTPS || type == TYPE_SVCB;
}

/* False where the name is like any other. */
static bool
print_special(const struct asked *q, const struct view *v,
	      const struct verdict *verdict, struct text *out)
{
	const struct special_question asked = { &v->policy, verdict,
						&q->name };
	char buf[ADDR_TEXT_SIZE];
	const struct special *s;
	struct specials table;
	struct addr a;

	specials_init(&table);
	s = special_find(&table, v->opt, &asked);
	if (s == NULL)
		return false;
	if (special_address(s, q->type[0], &a))
		text_str(out, addr_print(&a, buf));
	else
		text_str(out, special_exists(s, &q->name) ? "NODATA"
							  : "NXDOMAIN");
	text_str(out, ", special name answered here");
	return true;
}

static void
print_allowed(const struct asked *q, const struct view *v,
	      const struct verdict *verdict, struct text *out)
{
	uint16_t type = q->type[0];

	if (q->list != NULL) {
		text_printf(out, "that of list %s: %s", q->list,
			    action_word(q->action));
		return;
	}
	if (print_special(q, v, verdict, out))
		return;
	if (verdict->port_count > 0 && (type == TYPE_A || type == TYPE_AAAA))
		print_address(q, v, verdict, out);
	else if (verdict->port_count > 0 && is_service(type))
		text_printf(out, "forwarded, hints %s",
			    v->opt->firewall == FIREWALL_NONE
				? "not granted: the firewall is none"
				: "granted");
	else if (verdict->dns_only)
		text_str(out, type == TYPE_ANY ? "forwarded over TCP"
					       : "forwarded");
	else if (type == TYPE_ANY)
		text_str(out, "HINFO (RFC 8482)");
	else
		text_printf(out, "%s, EDE 17 (Filtered)",
			    v->opt->strict_types ? "REFUSED" : "NODATA");
}

static void
print_answer(const struct asked *q, const struct view *v,
	     const struct verdict *verdict, struct text *out)
{
	char buf[16];

	text_printf(out, "answer %s ", type_text(q->type[0], buf));
	if (verdict->kind == VERDICT_STRANGER)
		text_str(out, "REFUSED, at a limited rate");
	else if (is_meta(q->type[0]))
		text_str(out, "REFUSED: not a type of data");
	else if (verdict->kind == VERDICT_DENIED)
		text_str(out, "REFUSED, EDE 18 (Prohibited)");
	else if (verdict->kind == VERDICT_BLOCKED)
		print_blocked(policy_rule(&v->policy, verdict->rule),
			      q->type[0], out);
	else
		print_allowed(q, v, verdict, out);
	text_char(out, '\n');
}

static bool
types_parse(const char *text, struct asked *out)
{
	out->type[0] = TYPE_A;
	out->type[1] = TYPE_AAAA;
	out->types = text == NULL ? 2 : 1;
	return text == NULL ||
	       type_parse(text, strlen(text), &out->type[0]);
}

/* False: the answer has become an error. */
/* "10.0.0.2" or "10.0.0.2%lan0" */
static bool
client_parse(const char *text, const struct view *v, struct asked *out)
{
	const char *percent = strchr(text, '%');
	size_t len = percent ? (size_t)(percent - text) : strlen(text);

	out->ifindex = INTERFACE_ANY;
	if (addr_parse(text, len, &out->client) != ERR_NONE)
		return false;
	if (percent == NULL)
		return true;
	out->ifindex = v->own ? own_ifindex(v->own, percent + 1) : 0;
	return out->ifindex != 0;
}

static bool
asked_parse(struct answer *a, const struct view *v, const struct request *r,
	    struct asked *out)
{
	const char *client = r->argument[0], *name = r->argument[1];

	if (!client_parse(client, v, out)) {
		answer_error(a,
			     "\"%.64s\" is not an address of a client, "
			     "nor one with %%INTERFACE behind it",
			     client);
		return false;
	}
	if (name_parse(name, strlen(name), &out->name, NULL) != ERR_NONE) {
		answer_error(a, "\"%.64s\" is not a domain name", name);
		return false;
	}
	if (!types_parse(r->argument[2], out)) {
		answer_error(a, "\"%.64s\" is not a record type; give a name "
				"such as AAAA, or TYPE65280", r->argument[2]);
		return false;
	}
	out->local = addr_is_loopback(&out->client) ||
		     (v->own != NULL && own_is_local(v->own, &out->client));
	return true;
}

static void
print_question(const struct asked *q, struct text *out)
{
	char buf[ADDR_TEXT_SIZE];

	text_printf(out, "client %s%s\nname ", addr_print(&q->client, buf),
		    q->local ? " (this host)" : "");
	name_print(&q->name, out);
	text_char(out, '\n');
}

/* The list that has the name, for that client, where rules let it speak. */
static void
look_in_lists(const struct view *v, const struct verdict *verdict,
	      struct asked *q)
{
	struct lists_hit hit, log;
	struct lists lists;
	struct lists_ask ask = { .trigger = TRIGGER_QNAME };

	if (verdict->kind != VERDICT_ALLOWED || verdict->exact ||
	    lists_of(&v->policy, &lists) != ERR_NONE || lists.head == NULL)
		return;
	ask.among = lists_for_client(&lists, &q->client) & ~verdict->opened;
	if (!lists_match_name(&lists, &ask, &q->name, &hit, &log) ||
	    hit.action == ACTION_PASSTHRU)
		return;
	q->list = lists_text(&lists, lists_at(&lists, hit.list)->name);
	q->action = hit.action;
}

void
explain_answer(struct answer *a, const struct view *v,
	       const struct request *r)
{
	struct policy_client client;
	struct verdict verdict;
	struct asked q = { .list = NULL };
	struct walk w = { .policy = &v->policy, .verdict = &verdict,
			  .out = &a->text, .block = IMAGE_NONE,
			  .dns_only = IMAGE_NONE };

	if (v->policy.head == NULL) {
		answer_error(a, "there is no policy");
		return;
	}
	if (!asked_parse(a, v, r, &q) || !answer_room(a, ANSWER_ROOM))
		return;
	client = (struct policy_client){ &q.client, q.ifindex };
	policy_match_prefixed(&v->policy, &client, &q.name, &verdict);
	look_in_lists(v, &verdict, &q);
	print_question(&q, &a->text);
	print_verdict(&verdict, &a->text);
	print_ports(&verdict, &a->text);
	if (v->opt->mode == MODE_AUDIT && verdict.kind != VERDICT_ALLOWED)
		text_str(&a->text, "mode audit: it is answered all the same, "
				   "and opens nothing\n");
	for (; q.types > 0; q.types--, q.type[0] = q.type[1])
		print_answer(&q, v, &verdict, &a->text);
	policy_explain(&v->policy, &client, &q.name, on_met, &w);
	if (svcb_plain_name(&q.name, &q.name))
		policy_explain(&v->policy, &client, &q.name, on_met, &w);
}
