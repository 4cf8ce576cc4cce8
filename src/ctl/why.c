/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `why`: what stands between a client and an address.
 *
 * It works from the ledger, the policy and what was lately resolved, whether
 * or not the firewall's refusals are listened to; where they are, it says how
 * often this one was seen. The answer says which of these it rests on.
 */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/answer.h"
#include "ctl/attempt.h"
#include "ctl/commands.h"
#include "lists/match.h"
#include "policy/print.h"
#include "witness/finding.h"

enum { WHY_ROOM = 16 << 10 };

static void
print_rule(const struct view *v, uint32_t rule, struct text *out)
{
	text_str(out, "rule ");
	finding_print_place(&v->policy, rule, out);
	text_str(out, ": ");
	rule_print(&v->policy, policy_rule(&v->policy, rule), out);
	text_char(out, '\n');
}

static void
print_name(const struct finding *f, int64_t now_ms, struct text *out)
{
	if (f->name.len == 0)
		return;
	text_str(out, "name ");
	name_print(&f->name, out);
	if (f->asked_ms != 0)
		text_printf(out, " asked %" PRId64 " s ago",
			    (now_ms - f->asked_ms) / 1000);
	text_char(out, '\n');
}

static void
print_line(const struct finding *f, const struct attempt *a, struct text *out)
{
	char buf[RULE_TEXT_SIZE];
	struct text line;

	text_init(&line, buf, sizeof(buf));
	if (f->is_static)
		text_str(out, "line none is needed: the rule above opens it "
			      "to all that its list has\n");
	else if (f->cause <= CAUSE_UNASKED || f->given)
		text_str(out, "line none is needed: the rule above opens it "
			      "when the client asks again\n");
	else if (f->is_own)
		text_str(out, "line none: no rule opens an address of this "
			      "host\n");
	else if (finding_print_line(f, a, &line))
		text_printf(out, "line %s\n", buf);
	else if (f->name.len > 0 && !a->has_port)
		text_str(out, "line say the port to have one: ADDRESS:PORT\n");
	else if (f->name.len > 0)
		text_str(out, "line none: no rule can open that\n");
	else
		text_str(out, "line none: rules open names, and no name that "
			      "was asked here leads there\n");
}

static void
print_list(const struct lists *l, const struct lists_hit *hit,
	   struct text *out)
{
	const struct lists_list *list = lists_at(l, hit->list);
	char buf[NET_TEXT_SIZE];

	text_printf(out, "list %s action=%s entry=%s%s\n",
		    lists_text(l, list->name), action_word(hit->action),
		    net_print(&hit->net, buf),
		    (list->flags & LISTS_BLOCK_SET) != 0
			? " block-set: every packet may be dropped"
			: "");
}

/* Lists of that client that have the address: names that lead there are
 * blocked, and where a set has it packets of open connections are, too. */
static void
print_lists(const struct view *v, const struct attempt *a, struct text *out)
{
	struct lists lists;
	uint64_t among;

	if (lists_of(&v->policy, &lists) != ERR_NONE)
		return;
	among = lists_for_client(&lists, &a->client);
	for (uint32_t i = 0; among >> i != 0 && i < lists_count(&lists); i++) {
		struct lists_ask ask = { TRIGGER_IP, among & UINT64_C(1) << i };
		struct lists_hit hit, log;

		if (lists_match_addr(&lists, &ask, &a->address, &hit, &log))
			print_list(&lists, &hit, out);
	}
}

/* How often the witness saw it. */
static void
print_seen(const struct view *v, const struct attempt *a, int64_t now_ms,
	   struct text *out)
{
	uint64_t count = 0;
	int64_t last_ms = 0;
	struct past_view packets;
	struct past_entry e;

	if (v->refusals == NULL ||
	    past_look(v->refusals, v->refusals_size, &packets) != ERR_NONE) {
		text_str(out, "refused not known: without --nflog nobody "
			      "hears what the firewall refuses; this is what "
			      "ledger, policy and past say\n");
		return;
	}
	for (uint32_t i = 0; i < packets.count; i++) {
		if (!past_read(&packets, i, &e) ||
		    !addr_equal(&e.client, &a->client) ||
		    !addr_equal(&e.address, &a->address) ||
		    (a->protocol != 0 && e.protocol != a->protocol) ||
		    (a->has_port && e.port != a->port))
			continue;
		count += e.count;
		if (e.last_ms > last_ms)
			last_ms = e.last_ms;
	}
	text_printf(out, "refused %" PRIu64 " times", count);
	if (count > 0)
		text_printf(out, ", last %" PRId64 " s ago",
			    (now_ms - last_ms) / 1000);
	text_char(out, '\n');
}

void
why_answer(struct answer *a, const struct view *v, const struct request *r)
{
	int64_t now_ms = clock_ms();
	char buf[ADDR_TEXT_SIZE];
	struct evidence evidence;
	struct attempt attempt;
	struct finding f;

	if (!attempt_parse(a, r, &attempt) ||
	    !evidence_take(a, v, &evidence) || !answer_room(a, WHY_ROOM))
		return;
	finding_of(&evidence, &attempt, now_ms, &f);
	text_printf(&a->text, "client %s%s%s\naddress ",
		    addr_print(&attempt.client, buf),
		    f.local ? " (this host)" : "",
		    f.known ? "" : " (in no net of the access list)");
	attempt_print(&attempt, &a->text);
	text_str(&a->text, "\ncause ");
	finding_print(&f, &v->policy, now_ms, &a->text);
	text_char(&a->text, '\n');
	print_name(&f, now_ms, &a->text);
	if (f.rule != IMAGE_NONE)
		print_rule(v, f.rule, &a->text);
	print_lists(v, &attempt, &a->text);
	print_seen(v, &attempt, now_ms, &a->text);
	print_line(&f, &attempt, &a->text);
}
