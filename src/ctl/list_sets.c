/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As the warden has written them on the board. That a set is there stops
 * nothing: a rule must refer to it, which outside of our own table is its
 * owner's.
 */
#include "ctl/list_sets.h"

#include "firewall/fixed.h"
#include "policy/print.h"

static const char *
refused_text(unsigned set)
{
	return fixed_blocks(set)
		   ? "refused: its addresses are blocked for everybody"
		   : "refused: none of its addresses is opened";
}

static const char *
state_text(unsigned set, uint32_t state)
{
	if (state == FIXED_REFUSED)
		return refused_text(set);
	return state == FIXED_STANDS ? "stands" : "filling";
}

static void
print_set(const struct view *v, unsigned set, struct text *out)
{
	const struct board *b = v->board;
	uint32_t references = b->fixed_references[set];

	text_printf(out, LIST_SET_LINE "%s %s entries=%u", fixed_name(set),
		    state_text(set, b->fixed_state[set]),
		    b->fixed_entries[set]);
	if (v->opt->firewall == FIREWALL_IPTABLES)
		text_printf(out, " references=%u%s", references,
			    references == 0 ? ": no rule refers to it" : "");
	text_char(out, '\n');
}

void
list_sets_print(const struct view *v, struct text *out)
{
	for (unsigned set = 0; v->board != NULL && set < FIXED_COUNT; set++)
		if (v->board->fixed_state[set] != FIXED_ABSENT)
			print_set(v, set, out);
}

/* ---- for audit ---------------------------------------------------------- */

const char *
list_sets_net(const struct net *net, char buf[NET_TEXT_SIZE])
{
	if (net->bits == (net->addr.family == 4 ? 32 : 128))
		return addr_print(&net->addr, buf);
	return net_print(net, buf);
}

static void
print_net(const struct addr *addr, uint8_t bits, struct text *out)
{
	const struct net net = { .addr = *addr, .bits = bits };
	char buf[NET_TEXT_SIZE];

	text_printf(out, " %s", list_sets_net(&net, buf));
}

void
list_sets_print_item(const struct audit_item *i, struct text *out)
{
	unsigned set = i->set - (unsigned)AUDITED_LISTS;
	bool in_kernel = i->kernel_s != AUDITED_NONE;

	if (set >= FIXED_COUNT)
		return;
	text_printf(out, "list-set %s", fixed_name(set));
	if (i->client.family != 0)
		print_net(&i->client, i->client_bits, out);
	print_net(&i->destination, i->destination_bits, out);
	if (i->protocol != 0)
		text_printf(out, " %s:%u", protocol_text(i->protocol),
			    port_number(i->protocol, i->port));
	text_printf(out, " lists=%s kernel=%s\n", in_kernel ? "none" : "yes",
		    in_kernel ? "yes" : "none");
}

static void
print_audited(unsigned set, const struct audited_set *s, struct text *out)
{
	text_printf(out, "# list-set %s: ", fixed_name(set));
	if (s->status == AUDITED_SET_FILLING)
		text_printf(out, "being filled, %u entries of %u\n", s->kernel,
			    s->lists);
	else if (s->status == AUDITED_SET_GONE)
		text_printf(out, "lists %u, and the kernel has no such set\n",
			    s->lists);
	else if (s->status == AUDITED_SET_LARGE)
		text_printf(out,
			    "lists %u, not compared: nftables would take too "
			    "long to list them\n",
			    s->lists);
	else if (s->status == AUDITED_SET_REFUSED)
		text_printf(out, "%s\n", refused_text(set));
	else
		text_printf(out, "lists %u, kernel %u, differences %u%s%s\n",
			    s->lists, s->kernel, s->differences,
			    s->differences > AUDITED_ITEMS_MAX
				? ", of which the first are above"
				: "",
			    s->status == AUDITED_SET_ODD
				? ", entries of another shape among them"
				: "");
}

bool
list_sets_print_audit(const struct audited_letter *letter, struct text *out)
{
	bool differs = false;

	for (unsigned set = 0; set < FIXED_COUNT; set++) {
		const struct audited_set *s = &letter->set[set];

		if (s->status == AUDITED_SET_NONE)
			continue;
		print_audited(set, s, out);
		differs |= s->differences > 0;
	}
	return differs;
}
