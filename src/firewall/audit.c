/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `dns-firewallctl audit` looks at.
 *
 * Written by the warden between two letters, so that nothing changes
 * meanwhile but what ends. It decides nothing: what is a difference, the
 * control process says.
 */
#include "firewall/audit.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "firewall/fixed_keep.h"
#include "proc/post.h"

enum { ITEMS_AT_ONCE = 64 };

struct writing {
	struct admission *a;
	int fd;
	bool failed;
	int64_t now_ms;
	uint32_t written;
	unsigned count;
	struct audit_item item[ITEMS_AT_ONCE];
};

static void
flush(struct writing *w)
{
	const char *at = (const char *)w->item;
	size_t left = w->count * sizeof(w->item[0]);

	while (left > 0 && !w->failed) {
		ssize_t n = write(w->fd, at, left);

		if (n > 0) {
			at += n;
			left -= (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			w->failed = true;
		}
	}
	w->written += w->count;
	w->count = 0;
}

static struct audit_item *
next_item(struct writing *w, const struct ledger_key *key)
{
	struct audit_item *item;

	if (w->count == ITEMS_AT_ONCE)
		flush(w);
	item = &w->item[w->count++];
	*item = (struct audit_item){ .kernel_s = AUDITED_NONE,
				     .port = key->port,
				     .protocol = key->protocol,
				     .set = key->set,
				     .client = key->client,
				     .destination = key->destination };
	return item;
}

static void
add_ledger(const struct writing *w, uint32_t slot, struct audit_item *item)
{
	const struct ledger_element *e = ledger_at(w->a->ledger, slot);

	if (e->end_ms <= w->now_ms)
		return;
	item->ledger_ms = e->end_ms - w->now_ms;
	item->line = e->line;
}

static void
on_listed(void *arg, const struct backend_entry *entry)
{
	struct writing *w = arg;
	struct ledger *l = w->a->ledger;
	uint32_t slot = ledger_find(l, &entry->key);
	struct audit_item *item;

	if (is_canary(&entry->key))
		return;
	item = next_item(w, &entry->key);
	item->kernel_s = entry->timeout_s;
	if (slot == LEDGER_NONE)
		return;
	ledger_mark(l, slot);
	add_ledger(w, slot, item);
}

static bool
list_sets(struct writing *w)
{
	struct admission *a = w->a;

	for (unsigned set = 0; set < SET_COUNT; set++) {
		if (!set_in_families(set, a->judge.families))
			continue;
		if (a->kind->list(a->backend, set, on_listed, w) != ERR_NONE)
			return false;
	}
	return true;
}

static void
list_rest(struct writing *w)
{
	struct ledger *l = w->a->ledger;

	for (uint32_t i = 0; i < ledger_top(l); i++) {
		const struct ledger_element *e = ledger_at(l, i);
		struct ledger_key key;

		if (e == NULL || ledger_is_marked(l, i) ||
		    e->end_ms <= w->now_ms)
			continue;
		ledger_key_of(e, &key);
		add_ledger(w, i, next_item(w, &key));
	}
}

static void
on_difference(void *arg, const struct fixed_difference *d)
{
	const struct fixed_entry *e = &d->entry;
	const struct ledger_key key = { .client = e->client.addr,
					.destination = e->to.addr,
					.port = e->port,
					.protocol = e->protocol,
					.set = (uint8_t)(AUDITED_LISTS +
							 d->set) };
	struct audit_item *item = next_item(arg, &key);

	item->ledger_ms = !d->in_kernel;
	item->kernel_s = d->in_kernel ? AUDITED_FOR_EVER : AUDITED_NONE;
	item->client_bits = e->client.bits;
	item->destination_bits = e->to.bits;
}

static uint32_t
write_all(struct writing *w, struct audited_set *lists_out)
{
	bool listed;

	ledger_unmark_all(w->a->ledger);
	listed = list_sets(w);
	list_rest(w);
	listed = fixed_audit(w->a->fixed, on_difference, w, lists_out) ==
		     ERR_NONE &&
		 listed;
	flush(w);
	if (!listed)
		return AUDITED_UNREADABLE;
	return w->failed ? AUDITED_NO_MEMORY : AUDITED_DONE;
}

void
audit_reply(struct admission *a, const struct plain_letter *ask, int list,
	     int channel)
{
	struct writing w = { .a = a, .fd = list, .now_ms = clock_ms() };
	struct audited_letter done = { .seq = ask->seq };

	done.status = write_all(&w, done.set);
	done.items = w.written;
	a->suspect = true;
	post_head(&done.head, POST_AUDIT_DONE, 0);
	post_send(channel, &done, sizeof(done), -1);
}
