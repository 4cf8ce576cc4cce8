/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `status`: what runs, and what is wrong.
 *
 * It never reports health it does not have: "state ok" is said only where
 * every child is ready, the rules of each family that has a chain refer to
 * our sets, and this process has the policy that is in force. Lines are
 * "KEY VALUE"; a counter's key is its name in proc/stats.def.
 */
#include "config.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/clock.h"
#include "conf/value.h"
#include "ctl/answer.h"
#include "ctl/counters.h"
#include "ctl/list_sets.h"
#include "ctl/sources.h"
#include "firewall/backend.h"
#include "firewall/ledger.h"
#include "record/past.h"

enum {
	WRONG_SIZE = 2048,
	FULL_MS = 5000 /* a grant that was refused for room is told so long */
};

/* One sentence after the other, for the line "state". */
static void
complain(struct text *wrong, const char *what)
{
	if (wrong->len > 0)
		text_str(wrong, "; ");
	text_str(wrong, what);
}

static uint32_t
child_count(const struct supervisor_state *s)
{
	uint32_t n = s->children;

	return n < STATE_MAX_CHILDREN ? n : STATE_MAX_CHILDREN;
}

static unsigned
ready_count(const struct supervisor_state *s, enum role role)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < child_count(s); i++)
		n += s->child[i].role == role && s->child[i].pid != 0 &&
		     s->child[i].ready != 0;
	return n;
}

static void
check_children(const struct view *v, struct text *wrong)
{
	const struct supervisor_state *s = v->state;
	uint32_t n = child_count(s);

	for (uint32_t i = 0; i < n; i++) {
		if (s->child[i].pid != 0 && s->child[i].ready != 0)
			continue;
		complain(wrong, role_name((enum role)s->child[i].role));
		text_printf(wrong, " %u is not ready", s->child[i].index);
	}
	if (ready_count(s, ROLE_WORKER) == 0)
		complain(wrong, "no worker is ready");
	if (ready_count(s, ROLE_RECORDER) == 0)
		complain(wrong, "no recorder is ready");
}

static const char *
family_name(enum set_index set)
{
	return set == SET_V4 ? "ipv4" : "ipv6";
}

static bool
family_is_placed(const struct board *b, enum set_index set)
{
	return set == SET_V4 ? b->family4 != 0 : b->family6 != 0;
}

/* What is wrong with the rules of one family, or NULL. */
static const char *
family_fault(const struct board *b, enum set_index set)
{
	if (b->references[set] == 0)
		return "rules missing";
	if (b->references[set + SET_V4_LOCAL] == 0)
		return "local rules missing";
	return NULL;
}

/* What is wrong with a set; its rules are family_fault()'s. */
static const char *
set_fault(const struct board *b, enum set_index set)
{
	static const char *const words[SET_FINDINGS] = {
		[SET_UNKNOWN] = "set cannot be looked at",
		[SET_GONE] = "set is gone",
		[SET_OTHER] = "set has another type",
		[SET_HELD] = "set has another type and something refers to it",
		[SET_EMPTIED] = "set was emptied",
	};
	uint32_t finding = b->finding[set];

	return finding < SET_FINDINGS ? words[finding] : "set is unknown";
}

static const char *
rules_fault(const struct board *b)
{
	static const char *const words[RULES_WORDS] = {
		[RULES_MISSING] = "rules are to be placed",
		[RULES_CHANGED] = "rules were changed",
		[RULES_NO_CHAIN] = "the chain is gone",
		[RULES_REFUSED] = "rules cannot be placed, see the log",
		[RULES_CLEARED] = "rules were removed to repair a set",
	};
	uint32_t word = b->rules;

	return word < RULES_WORDS ? words[word] : "rules are unknown";
}

static void
check_family(const struct board *b, enum set_index family, struct text *wrong)
{
	const char *fault = family_fault(b, family);

	if (!family_is_placed(b, family))
		return;
	if (fault != NULL) {
		complain(wrong, family_name(family));
		text_printf(wrong, " %s", fault);
	}
	for (unsigned i = 0; i < 2; i++) {
		enum set_index set = i == 0 ? family : family + SET_V4_LOCAL;

		fault = set_fault(b, set);
		if (fault == NULL)
			continue;
		complain(wrong, family_name(family));
		text_printf(wrong, " %s%s", i == 0 ? "" : "local ", fault);
	}
}

/* Nothing is granted: of what is not seen from here, entries are left. */
static void
check_board(const struct board *b, struct text *wrong)
{
	size_t before = wrong->len;

	if (rules_fault(b) != NULL)
		complain(wrong, rules_fault(b));
	if (b->family4 == 0 && b->family6 == 0)
		complain(wrong, "rules exist for no family");
	check_family(b, SET_V4, wrong);
	check_family(b, SET_V6, wrong);
	if (b->firewall_up == 0 && wrong->len == before)
		complain(wrong, "entries are missing and being put back");
	if (b->firewall_up == 0)
		complain(wrong, "nothing is granted until it is repaired");
}

static bool
is_full(const struct board *b, enum set_index set)
{
	int64_t full_ms = b->full_ms[set];

	return (b->set_limit[set] > 0 &&
		b->set_live[set] >= b->set_limit[set]) ||
	       (full_ms != 0 && clock_ms() - full_ms < FULL_MS);
}

static void
check_room(const struct board *b, struct text *wrong)
{
	for (unsigned set = 0; set < SET_COUNT; set++) {
		if (!is_full(b, set))
			continue;
		complain(wrong, family_name(set % 2));
		text_printf(wrong, "%s set is full (%u of %u): new grants are "
				   "refused",
			    set_is_local(set) ? " local" : "",
			    b->set_live[set], b->set_limit[set]);
	}
}

static void
check_firewall(const struct view *v, struct text *wrong)
{
	if (v->opt->firewall == FIREWALL_NONE)
		return;
	if (v->board == NULL) {
		complain(wrong, "firewall state is not known");
		return;
	}
	if (ready_count(v->state, ROLE_WARDEN) == 0)
		complain(wrong, "no warden is ready, firewall state is old");
	else if (board_is_old(v->board, clock_ms()))
		complain(wrong, "the warden is held up, firewall state is old");
	check_room(v->board, wrong);
	check_board(v->board, wrong);
}

static void
check_policy(const struct view *v, struct text *wrong)
{
	if (v->policy.head == NULL)
		complain(wrong, "control has no policy");
	else if (v->policy.generation != v->state->generation)
		complain(wrong, "control has another policy than is in force");
	if (v->state->bind_count == 0)
		complain(wrong, "there is no listener");
}

/* What the kernel is too old for keeps files and ports less shut. */
static void
print_landlock(const struct supervisor_state *state, struct text *out)
{
	uint32_t version = state->landlock;

	text_printf(out, "landlock version=%u files=%s tcp=%s\n", version,
		    version >= 1 ? "shut" : "by filter only",
		    version >= 4 ? "shut" : "open");
}

static void
print_policy(const struct view *v, struct text *out)
{
	int64_t trial_end = v->state->trial_end_ms, now_ms = clock_ms();

	text_printf(out, "policy generation=%u", v->state->generation);
	if (v->policy.head != NULL &&
	    v->policy.generation == v->state->generation)
		text_printf(out, " rules=%u nets=%u",
			    v->policy.head->rules.count,
			    v->policy.head->nets.count);
	text_printf(out, "\nreloads done=%u refused=%u\n", v->state->reloads,
		    v->state->reloads_refused);
	if (trial_end > now_ms)
		text_printf(out, "trial ends=%" PRId64 "s\n",
			    (trial_end - now_ms + 999) / 1000);
}

static void
print_listeners(const struct supervisor_state *s, struct text *out)
{
	uint32_t n = s->bind_count;

	for (uint32_t i = 0; i < n && i < ROLE_MAX_BINDS; i++) {
		text_str(out, "listen ");
		endpoint_show(&s->bind[i], out);
		text_char(out, '\n');
	}
}

static void
print_children(const struct supervisor_state *s, struct text *out)
{
	for (uint32_t i = 0; i < child_count(s); i++) {
		uint32_t pid = s->child[i].pid;

		text_printf(out, "child %s %u pid=%u restarts=%u %s\n",
			    role_name((enum role)s->child[i].role),
			    s->child[i].index, pid, s->child[i].restarts,
			    pid == 0		    ? "not running"
			    : s->child[i].ready != 0 ? "ready"
						     : "starting");
	}
}

static void
print_memory(const struct supervisor_state *s, struct text *out)
{
	for (uint32_t i = 0; i < child_count(s); i++) {
		uint32_t pid = s->child[i].pid;

		if (pid == 0 || pid != s->child[i].measured_pid)
			continue;
		text_printf(out, "memory %s %u resident=%uKiB most=%uKiB\n",
			    role_name((enum role)s->child[i].role),
			    s->child[i].index, s->child[i].resident_kib,
			    s->child[i].most_kib);
	}
}

static void
print_family(const struct board *b, enum set_index set, struct text *out)
{
	const char *fault = family_fault(b, set);

	text_printf(out, "firewall %s ", family_name(set));
	if (!family_is_placed(b, set)) {
		text_str(out, "off: no chain for this family\n");
		return;
	}
	text_printf(out, "%s references=%u local=%u\n",
		    fault == NULL ? "rules placed" : fault, b->references[set],
		    b->references[set + SET_V4_LOCAL]);
}

static void
print_place(const struct options *opt, struct text *out)
{
	if (opt->enforce) {
		text_str(out, "firewall nftables enforce");
		return;
	}
	if (opt->firewall == FIREWALL_IPTABLES)
		text_str(out, "firewall iptables");
	else
		text_printf(out, "firewall nftables table=\"%s\"",
			    opt->nft_table);
	text_printf(out, " chain=%s sets=%s", opt->chain, opt->set_prefix);
}

static void
print_firewall(const struct view *v, struct text *out)
{
	const struct options *opt = v->opt;

	if (opt->firewall == FIREWALL_NONE) {
		text_str(out, "firewall none\n");
		return;
	}
	print_place(opt, out);
	text_printf(out, " %s\n",
		    v->board == NULL		? "not known"
		    : v->board->firewall_up != 0 ? "up"
						 : "down");
	if (v->board == NULL)
		return;
	print_family(v->board, SET_V4, out);
	print_family(v->board, SET_V6, out);
}

/* What the witness hears of the firewall. */
static void
print_witness(const struct view *v, struct text *out)
{
	struct past_view packets;
	const struct past_head *h;

	if (v->opt->nflog_group == 0)
		return;
	text_printf(out, "witness group=%u", v->opt->nflog_group);
	if (v->refusals == NULL ||
	    past_look(v->refusals, v->refusals_size, &packets) != ERR_NONE) {
		text_str(out, " not begun\n");
		return;
	}
	h = packets.head;
	text_printf(out,
		    " refused=%" PRIu64 " said=%" PRIu64 " unsaid=%" PRIu64
		    " foreign=%" PRIu64 " malformed=%" PRIu64 " lost=%" PRIu64
		    "\n",
		    h->seen, h->said, h->unsaid, h->foreign, h->malformed,
		    h->lost);
}

/* What holds the list up stands beside the state. */
static void
print_mode(const struct view *v, struct text *out)
{
	if (v->opt->mode == MODE_AUDIT)
		text_str(out, "mode audit: every query is answered, what the "
			      "access list refuses is logged\n");
}

static void
print_state(const struct view *v, struct text *out)
{
	char buf[WRONG_SIZE];
	struct text wrong;

	text_init(&wrong, buf, sizeof(buf));
	check_policy(v, &wrong);
	check_children(v, &wrong);
	check_firewall(v, &wrong);
	sources_check(v, &wrong);
	if (wrong.len == 0)
		text_str(out, "state ok\n");
	else
		text_printf(out, "state degraded: %s\n", buf);
}

void
status_answer(struct answer *a, const struct view *v,
	      const struct request *r)
{
	int64_t up_ms = clock_ms() - v->state->started_ms;

	(void)r;
	if (!answer_room(a, ANSWER_ROOM))
		return;
	text_str(&a->text, "version " PACKAGE_VERSION "\n");
	print_state(v, &a->text);
	sources_notice(v, &a->text);
	print_mode(v, &a->text);
	text_printf(&a->text, "pid %u\nuptime %" PRId64 "s\n", v->state->pid,
		    up_ms < 0 ? 0 : up_ms / 1000);
	print_landlock(v->state, &a->text);
	print_policy(v, &a->text);
	print_listeners(v->state, &a->text);
	print_children(v->state, &a->text);
	print_memory(v->state, &a->text);
	print_firewall(v, &a->text);
	list_sets_print(v, &a->text);
	print_witness(v, &a->text);
	counters_print(v, false, &a->text);
	options_print(v->opt, &a->text);
}
