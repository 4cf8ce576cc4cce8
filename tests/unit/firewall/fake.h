/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A firewall in memory that does what ipset does, and fails when told to. */
#ifndef TESTS_FIREWALL_FAKE_H
#define TESTS_FIREWALL_FAKE_H

#include <errno.h>

#include "firewall/admission.h"
#include "firewall/ipset_message.h"
#include "kit.h"

enum { FAKE_ROOM = 8192 };

struct backend {
	struct backend_entry entry[FAKE_ROOM];
	unsigned count;
	unsigned adds, removes; /* messages */
	unsigned capacity;	/* of all sets together */
	unsigned fail_in;	/* that many entries from now, 1: the next */
	uint32_t fail_code;	/* 0: no answer at all */
	unsigned references;
	bool gone[SET_COUNT];
	bool held; /* what is gone cannot be made */
};

static inline struct backend_entry *
fake_find(struct backend *b, const struct ledger_key *key)
{
	for (unsigned i = 0; i < b->count; i++) {
		if (memcmp(&b->entry[i].key, key, sizeof(*key)) == 0)
			return &b->entry[i];
	}
	return NULL;
}

static inline enum err
fake_fault(struct backend_fault *f, unsigned at, uint32_t code)
{
	*f = (struct backend_fault){ .first_bad = at,
				     .code = code,
				     .known = code != 0 };
	if (code == IPSET_CODE_FULL)
		f->cause = FAULT_FULL;
	if (code == ENOENT)
		f->cause = FAULT_GONE;
	return code != 0 ? ERR_DENIED : ERR_TIMEOUT;
}

static inline enum err
fake_add(struct backend *b, const struct backend_entry *entry, unsigned count,
	 struct backend_fault *fault)
{
	if (count == 0 || count > BACKEND_BATCH)
		abort();
	b->adds++;
	for (unsigned i = 0; i < count; i++) {
		struct backend_entry *there = fake_find(b, &entry[i].key);

		if (entry[i].timeout_s < 1 ||
		    entry[i].timeout_s > BACKEND_MAX_TIMEOUT ||
		    entry[i].key.set != entry[0].key.set)
			abort();
		if (b->fail_in > 0 && --b->fail_in == 0)
			return fake_fault(fault, i, b->fail_code);
		if (b->gone[entry[i].key.set])
			return fake_fault(fault, i, ENOENT);
		if (there == NULL && b->count >= b->capacity)
			return fake_fault(fault, i, IPSET_CODE_FULL);
		if (there == NULL)
			there = &b->entry[b->count++];
		*there = entry[i];
	}
	return ERR_NONE;
}

static inline enum err
fake_remove(struct backend *b, const struct backend_entry *entry,
	    unsigned count)
{
	if (count == 0 || count > BACKEND_BATCH)
		abort();
	b->removes++;
	for (unsigned i = 0; i < count; i++) {
		struct backend_entry *there = fake_find(b, &entry[i].key);

		if (entry[i].key.set != entry[0].key.set)
			abort();
		if (there != NULL)
			*there = b->entry[--b->count];
	}
	return ERR_NONE;
}

static inline enum err
fake_has(struct backend *b, const struct backend_entry *entry, bool *has_out)
{
	*has_out = fake_find(b, &entry->key) != NULL;
	return ERR_NONE;
}

static inline enum err
fake_list(struct backend *b, enum set_index set, backend_entry_fn *each,
	  void *arg)
{
	for (unsigned i = 0; i < b->count; i++) {
		if (b->entry[i].key.set == set)
			each(arg, &b->entry[i]);
	}
	return ERR_NONE;
}

static inline enum err
fake_look(struct backend *b, enum set_index set, struct backend_look *out)
{
	*out = (struct backend_look){ .present = !b->gone[set],
				      .other = b->gone[set] && b->held,
				      .counted = true,
				      .references = b->references,
				      .capacity = b->capacity };
	for (unsigned i = 0; i < b->count; i++)
		out->entries += b->entry[i].key.set == set;
	return ERR_NONE;
}

static inline enum err
fake_prepare(struct backend *b, enum set_index set)
{
	if (b->gone[set] && b->held)
		return ERR_BUSY;
	b->gone[set] = false;
	return ERR_NONE;
}

static const struct backend_kind backend_fake = {
	.name = "fake",
	.prepare = fake_prepare,
	.add = fake_add,
	.remove = fake_remove,
	.has = fake_has,
	.list = fake_list,
	.look = fake_look,
};

/* Everything a warden has but its letters. */
struct fake_warden {
	struct admission a;
	struct backend backend;
	struct board board;
	struct options opt;
	void *map;
};

static inline void
fake_begin(struct fake_warden *w, const char *acl,
	   const struct options *options)
{
	struct options copy = *options, *opt = &copy;
	struct hash_key hash = { 5, 6 };
	size_t size = ledger_bytes(opt->set_size);
	struct quota_setup q = { .max_pairs = opt->max_client_grants,
				 .max_new = opt->max_new_grants,
				 .hash = hash };

	memset(w, 0, sizeof(*w));
	kit_judge(&w->a.judge, acl);
	w->opt = *opt;
	w->a.judge.opt = &w->opt;
	w->a.kind = &backend_fake;
	w->a.backend = &w->backend;
	w->a.board = &w->board;
	w->backend.capacity = opt->set_size;
	w->backend.references = 1;
	w->map = calloc(1, size);
	if (ledger_open(w->map, size, &hash, &w->a.ledger) != ERR_NONE)
		abort();
	q.capacity = ledger_capacity(w->a.ledger);
	if (quota_new(&q, &w->a.quota) != ERR_NONE)
		abort();
	for (unsigned set = 0; set < SET_COUNT; set++) {
		if (admission_prepare(&w->a, set) != ERR_NONE)
			abort();
	}
}

static inline void
fake_end(struct fake_warden *w)
{
	ledger_close(w->a.ledger);
	quota_free(w->a.quota);
	policy_close(&w->a.judge.policy);
	free(w->map);
}

#endif
