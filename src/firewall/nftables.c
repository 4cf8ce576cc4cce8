/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sets as nftables keeps them.
 *
 * They hold the same as those of ipset, in the owner's table or in our own
 * (--enforce). What is written goes in batches, of which the kernel takes
 * all or nothing. How the time of an element is renewed depends on the
 * kernel, and is tried out on the canary. This file promises never to flush
 * a set, and never to take an aborted batch for granted.
 */
/* Before those of the kernel, which define its shapes again. */
#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "firewall/admission.h"
#include "firewall/nft_backend.h"
#include "firewall/nft_element.h"
#include "firewall/nft_find.h"

enum { PROBE_FIRST_S = 30, PROBE_THEN_S = 60, PROBE_LIMIT_S = 45 };

/* ---- entries ------------------------------------------------------------ */

static void
explain_fault(enum err err, const struct netlink_refusal *r,
	      struct backend_fault *out)
{
	*out = (struct backend_fault){ .known = err == ERR_DENIED };
	out->code = err == ERR_DENIED ? r->code : (uint32_t)errno;
	if (err == ERR_TIMEOUT)
		out->code = ETIMEDOUT;
	if (err == ERR_AGAIN)
		out->code = ENOBUFS;
	if (!out->known)
		return;
	if (r->code == ENFILE)
		out->cause = FAULT_FULL;
	else if (r->code == ENOENT)
		out->cause = FAULT_GONE;
}

/* An element that is there keeps its time on an older kernel, so it is
 * deleted in between; the first addition is for one that is not there. */
static void
write_add(struct backend *b, const struct backend_entry *entry, unsigned count)
{
	const char *name = b->name[entry->key.set];

	nft_begin(&b->paper);
	nft_put_add(&b->paper, &b->at, name, entry, count);
	if (b->renews)
		return;
	nft_put_remove(&b->paper, &b->at, name, entry, count);
	nft_put_add(&b->paper, &b->at, name, entry, count);
}

static enum err
add(struct backend *b, const struct backend_entry *entry, unsigned count,
    struct netlink_refusal *refusal)
{
	enum err err;

	write_add(b, entry, count);
	err = nft_send(&b->paper, &b->netlink, refusal);
	/* An answer that was lost may be asked for again. */
	if (err != ERR_AGAIN)
		return err;
	write_add(b, entry, count);
	return nft_send(&b->paper, &b->netlink, refusal);
}

static enum err
nftables_add(struct backend *b, const struct backend_entry *entry,
	     unsigned count, struct backend_fault *fault_out)
{
	struct netlink_refusal refusal;
	enum err err = add(b, entry, count, &refusal);

	if (err != ERR_NONE)
		explain_fault(err, &refusal, fault_out);
	return err;
}

static enum err
remove_some(struct backend *b, const struct backend_entry *entry,
	    unsigned count, struct netlink_refusal *refusal)
{
	enum err err;

	for (int tries = 0; tries < 2; tries++) {
		nft_begin(&b->paper);
		nft_put_remove(&b->paper, &b->at, b->name[entry->key.set],
			       entry, count);
		err = nft_send(&b->paper, &b->netlink, refusal);
		if (err != ERR_AGAIN)
			break;
	}
	return err;
}

/* One that is not there brings the whole batch down: then each by itself. */
static enum err
nftables_remove(struct backend *b, const struct backend_entry *entry,
		unsigned count)
{
	struct netlink_refusal refusal;
	enum err err = remove_some(b, entry, count, &refusal);

	if (err != ERR_DENIED || refusal.code != ENOENT)
		return err;
	err = ERR_NONE;
	for (unsigned i = 0; i < count && count > 1; i++) {
		enum err one = remove_some(b, &entry[i], 1, &refusal);

		if (one != ERR_NONE &&
		    !(one == ERR_DENIED && refusal.code == ENOENT))
			err = one;
	}
	return err;
}

struct listing {
	enum set_index set;
	backend_entry_fn *each;
	void *arg;
};

static void
on_part(void *arg, const struct nlmsghdr *part)
{
	struct listing *l = arg;

	nft_read_elements(part, l->set, l->each, l->arg);
}

static enum err
nftables_list(struct backend *b, enum set_index set, backend_entry_fn *each,
	      void *arg)
{
	struct listing l = { .set = set, .each = each, .arg = arg };
	struct netlink_question q = { .part = on_part, .arg = &l };
	struct netlink_refusal refusal;

	q.message = nft_ask_elements(&b->paper, &b->at, b->name[set]);
	return netlink_ask(&b->netlink, &q, &refusal);
}

struct found {
	const struct ledger_key *key;
	bool has;
	uint32_t timeout_s;
};

static void
on_found(void *arg, const struct backend_entry *entry)
{
	struct found *f = arg;

	if (memcmp(&entry->key, f->key, sizeof(*f->key)) != 0)
		return;
	f->has = true;
	f->timeout_s = entry->timeout_s;
}

static enum err
find(struct backend *b, const struct backend_entry *entry, struct found *out)
{
	struct listing l = { .set = entry->key.set,
			     .each = on_found,
			     .arg = out };
	struct netlink_question q = { .part = on_part, .arg = &l };
	struct netlink_refusal refusal;
	enum err err;

	*out = (struct found){ .key = &entry->key };
	q.message =
	    nft_ask_element(&b->paper, &b->at, b->name[entry->key.set], entry);
	err = netlink_ask(&b->netlink, &q, &refusal);
	return err == ERR_DENIED && refusal.code == ENOENT ? ERR_NONE : err;
}

static enum err
nftables_has(struct backend *b, const struct backend_entry *entry,
	     bool *has_out)
{
	struct found found;
	enum err err = find(b, entry, &found);

	*has_out = found.has;
	return err;
}

/* ---- how time is renewed --------------------------------------------------
 */

static enum err
probe(struct backend *b, struct backend_entry *canary,
      struct netlink_refusal *refusal)
{
	struct found found;
	enum err err;

	b->renews = true;
	canary->timeout_s = PROBE_FIRST_S;
	remove_some(b, canary, 1, refusal);
	err = add(b, canary, 1, refusal);
	canary->timeout_s = PROBE_THEN_S;
	if (err == ERR_NONE)
		err = add(b, canary, 1, refusal);
	if (err == ERR_NONE)
		err = find(b, canary, &found);
	b->renews = err == ERR_NONE && found.has &&
		    found.timeout_s > PROBE_LIMIT_S;
	return err;
}

static enum err
nftables_prepare(struct backend *b, enum set_index set)
{
	struct netlink_refusal refusal = { 0 };
	struct backend_entry canary;
	enum err err = nft_prepare(b, set);

	if (err != ERR_NONE || b->renews_known)
		return err;
	canary_of(set, &canary);
	err = probe(b, &canary, &refusal);
	b->renews_known = err == ERR_NONE;
	if (b->renews_known)
		log_info("Times of elements are renewed %s",
			 b->renews ? "in place" : "by deleting and adding");
	/* In a set that is full it is not found out; until another tells,
	 * deleting and adding will do. */
	if (err == ERR_DENIED && refusal.code == ENFILE)
		return ERR_NONE;
	if (err != ERR_NONE)
		nft_complain(b, "write to set", b->name[set],
			     nft_cause(err, &refusal));
	return err;
}

/* ---- what stands ----------------------------------------------------------
 */

static enum err
nftables_look(struct backend *b, enum set_index set, struct backend_look *out)
{
	struct nft_set_shape shape;
	bool stand = false;
	enum err err = nft_look_at(b, b->name[set], &shape);

	*out = (struct backend_look){ 0 };
	if (err == ERR_NONE)
		err = nft_rules_stand(b, &stand);
	if (err != ERR_NONE || !shape.present)
		return err;
	*out = (struct backend_look){
		.present = nft_is_usable(&shape, set),
		.other = !nft_is_usable(&shape, set),
		.references = stand ? 2 : 0,
		.capacity = shape.size != 0 ? shape.size : b->set_size,
	};
	return ERR_NONE;
}

static int
nftables_watch(const struct backend *b)
{
	return b->events;
}

static bool
nftables_heard(struct backend *b)
{
	if (!nft_watch_heard(b->events, &b->at))
		return false;
	b->fence_doubt = true;
	return true;
}

/* ---- life ---------------------------------------------------------------- */

static void
name_sets(struct backend *b, const char *prefix)
{
	static const char *const names[SET_COUNT] = {
		[SET_V4] = "ipv4-allow",
		[SET_V6] = "ipv6-allow",
		[SET_V4_LOCAL] = "ipv4-allow-local",
		[SET_V6_LOCAL] = "ipv6-allow-local",
	};

	for (unsigned set = 0; set < SET_COUNT; set++) {
		struct text t;

		text_init(&t, b->name[set], sizeof(b->name[set]));
		text_printf(&t, "%s%s%s", prefix, *prefix != '\0' ? "-" : "",
			    names[set]);
	}
}

static void
nftables_close(struct backend *b)
{
	if (b->events != -1)
		close(b->events);
	netlink_close(&b->netlink);
	free(b);
}

static enum err
nftables_open(const struct backend_setup *s, struct backend **out)
{
	struct backend *b = calloc(1, sizeof(*b));
	enum err err;

	if (b == NULL)
		return ERR_FULL;
	b->opt = s->opt;
	b->set_size = s->set_size;
	b->families = s->families;
	b->complaints = s->complaints;
	nft_find_places(s->opt, &b->at, &b->output);
	name_sets(b, s->prefix);
	err = netlink_open(&b->netlink);
	if (err != ERR_NONE) {
		free(b);
		return err;
	}
	b->events = nft_watch_open(b->netlink.port);
	if (b->events == -1)
		log_warn("Changes of nftables are not heard of at once: %s",
			 strerror(errno));
	*out = b;
	return ERR_NONE;
}

const struct backend_kind backend_nftables = {
	.name = "nftables",
	.open = nftables_open,
	.close = nftables_close,
	.prepare = nftables_prepare,
	.add = nftables_add,
	.remove = nftables_remove,
	.has = nftables_has,
	.list = nftables_list,
	.look = nftables_look,
	.dispose = nft_dispose,
	.place = nft_place_rules,
	.watch = nftables_watch,
	.heard = nftables_heard,
	/* Each batch costs what the whole set is large. */
	.fixed_piece = 16384,
	/* So does each element of a concatenation of intervals. */
	.fixed_static_piece = 1024,
	.fixed_static_most = FIXED_MOST,
	.fixed_prepare = nft_fixed_prepare,
	.fixed_change = nft_fixed_change,
	.fixed_list = nft_fixed_list,
	.fixed_look = nft_fixed_look,
	.fixed_clear = nft_fixed_clear,
};
