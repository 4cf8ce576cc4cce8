/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `audit`: whether the kernel has what the ledger says, and nothing else.
 *
 * Both are read by the warden at one moment. Ends may differ by the margin
 * below: the kernel's list has whole seconds, and what is put back lives up
 * to a second longer. Of the sets of lists, which may be large, the warden
 * tells only what differs.
 */
#include <inttypes.h>
#include <stddef.h>
#include <unistd.h>

#include "ctl/answer.h"
#include "ctl/commands.h"
#include "ctl/list_sets.h"
#include "firewall/backend.h"
#include "policy/print.h"

enum {
	LISTED_A_SECOND = 50000, /* entries of lists, by a slow kernel */
	MARGIN_MS = 2000,
	AUDIT_ROOM = 4 << 20,
	ITEMS_AT_ONCE = 64
};

struct audit {
	struct text *out;
	uint32_t ledger, kernel, differences;
};

/* Seconds that the kernel may need for the sets of lists. */
static uint32_t
more_s(const struct board *b)
{
	uint64_t entries = 0;

	for (unsigned set = 0; b != NULL && set < BOARD_FIXED_SETS; set++)
		entries += b->fixed_entries[set];
	return (uint32_t)(entries / LISTED_A_SECOND);
}

void
audit_answer(struct answer *a, const struct view *v, const struct request *r)
{
	(void)r;
	if (v->ledger == NULL) {
		answer_error(a, "there is no ledger: the firewall is none");
		return;
	}
	a->letter.plain = (struct plain_letter){ .value = more_s(v->board) };
	a->wish = WISH_AUDIT;
}

static bool
ends_differ(const struct audit_item *i)
{
	int64_t kernel_ms = (int64_t)i->kernel_s * 1000;

	return i->ledger_ms > kernel_ms + MARGIN_MS ||
	       kernel_ms > i->ledger_ms + MARGIN_MS;
}

/* One that is about to end may be in one of them only. */
static bool
is_difference(const struct audit_item *i)
{
	if (i->kernel_s == AUDITED_NONE)
		return i->ledger_ms > MARGIN_MS;
	if (i->kernel_s == AUDITED_FOR_EVER)
		return true;
	return ends_differ(i);
}

static void
print_end(struct text *out, const char *who, bool has, int64_t left_ms)
{
	text_printf(out, " %s=", who);
	if (has)
		text_printf(out, "%" PRId64 "s", (left_ms + 999) / 1000);
	else
		text_str(out, "none");
}

static void
print_item(struct text *out, const struct audit_item *i)
{
	char client[ADDR_TEXT_SIZE], destination[ADDR_TEXT_SIZE];

	text_printf(out, "%s %s ",
		    i->client.family == 0 ? "local"
					  : addr_print(&i->client, client),
		    addr_print(&i->destination, destination));
	text_printf(out, "%s:%u", protocol_text(i->protocol),
		    port_number(i->protocol, i->port));
	print_end(out, "ledger", i->ledger_ms > 0, i->ledger_ms);
	if (i->kernel_s == AUDITED_FOR_EVER)
		text_str(out, " kernel=forever");
	else
		print_end(out, "kernel", i->kernel_s != AUDITED_NONE,
			  (int64_t)i->kernel_s * 1000);
	text_str(out, " acl:");
	if (i->line == 0)
		text_str(out, "unknown");
	else
		text_u64(out, i->line);
	text_char(out, '\n');
}

static void
look_at(struct audit *audit, const struct audit_item *i)
{
	if (i->set >= AUDITED_LISTS) {
		if (audit->out->len + ANSWER_SMALL < AUDIT_ROOM)
			list_sets_print_item(i, audit->out);
		return;
	}
	audit->ledger += i->ledger_ms > 0;
	audit->kernel += i->kernel_s != AUDITED_NONE;
	if (!is_difference(i))
		return;
	audit->differences++;
	/* The last lines, with their number, are said in any case. */
	if (audit->out->len + ANSWER_SMALL < AUDIT_ROOM)
		print_item(audit->out, i);
}

static bool
look_at_all(struct audit *audit, const struct audited_letter *letter, int list)
{
	struct audit_item item[ITEMS_AT_ONCE];
	uint32_t left = letter->items;
	off_t at = 0;

	while (left > 0) {
		size_t n = left < ITEMS_AT_ONCE ? left : ITEMS_AT_ONCE;

		if (lseek(list, at, SEEK_SET) == -1 ||
		    read(list, item, n * sizeof(item[0])) !=
			(ssize_t)(n * sizeof(item[0])))
			return false;
		for (size_t i = 0; i < n; i++)
			look_at(audit, &item[i]);
		at += (off_t)(n * sizeof(item[0]));
		left -= (uint32_t)n;
	}
	return true;
}

static const char *
why_not(const struct audited_letter *letter, int list)
{
	if (letter->status == AUDITED_NO_WARDEN)
		return "the warden has not answered in time";
	if (letter->status == AUDITED_UNREADABLE)
		return "the kernel did not list the sets: see status";
	if (letter->status != AUDITED_DONE || list == -1)
		return "no memory for the list of the sets";
	return NULL;
}

void
answer_audited(struct answer *a, const struct audited_letter *letter, int list)
{
	const char *why = why_not(letter, list);
	struct audit audit = { .out = &a->text };
	bool differs;

	if (why != NULL) {
		answer_error(a, "%s", why);
		return;
	}
	if (!answer_room(a, AUDIT_ROOM))
		return;
	if (!look_at_all(&audit, letter, list)) {
		answer_error(a, "the list of the sets broke off");
		return;
	}
	differs = list_sets_print_audit(letter, &a->text);
	text_printf(&a->text,
		    "# ledger %u, kernel %u, differences %u (ends may differ "
		    "by %d s)\n",
		    audit.ledger, audit.kernel, audit.differences,
		    MARGIN_MS / 1000);
	if (audit.differences > 0 || differs)
		answer_no(a);
	answer_seal(a);
}
