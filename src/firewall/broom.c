/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Revoking elements.
 *
 * The ledger lets go of an element in any case. Where the kernel did not
 * acknowledge, the entry may still stand there, and the two are compared
 * anew (admission->suspect): it must not stay without an account.
 */
#include "firewall/broom.h"

#include <stdatomic.h>

#include "firewall/admission.h"
#include "firewall/flows.h"

static void
flush_batch(struct broom *b)
{
	enum err err;

	if (b->count == 0)
		return;
	err = b->a->kind->remove(b->a->backend, b->entry, b->count);
	b->count = 0;
	if (err == ERR_NONE)
		return;
	b->a->suspect = true;
	if (b->err == ERR_NONE)
		b->err = err;
}

static void
note(struct broom *b, const struct ledger_key *key)
{
	struct admission *a = b->a;

	if (b->undo)
		return;
	if (b->swept == 0)
		atomic_fetch_add_explicit(&a->board->set_epoch, 1,
					  memory_order_release);
	atomic_fetch_add_explicit(&a->board->revoked, 1, memory_order_relaxed);
	if (b->cut && a->flows != NULL)
		flows_condemn(a->flows, key);
}

void
broom_take(struct broom *b, uint32_t slot)
{
	struct ledger_key key;

	ledger_key_of(ledger_at(b->a->ledger, slot), &key);
	if (b->count > 0 &&
	    (b->count == BACKEND_BATCH || b->entry[0].key.set != key.set))
		flush_batch(b);
	note(b, &key);
	b->entry[b->count++] = (struct backend_entry){ .key = key };
	b->swept++;
	if (b->undo)
		quota_undo(b->a->quota, slot, b->now_ms);
	else
		quota_leave(b->a->quota, slot, b->now_ms);
	ledger_drop(b->a->ledger, slot);
}

enum err
broom_finish(struct broom *b)
{
	flush_batch(b);
	if (b->cut && b->swept > 0 && b->a->flows != NULL)
		flows_cut(b->a->flows);
	return b->err;
}

void
broom_forget(struct admission *a, uint32_t slot, int64_t now_ms)
{
	quota_leave(a->quota, slot, now_ms);
	ledger_drop(a->ledger, slot);
}
