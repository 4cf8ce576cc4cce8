/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the sets hold that are made anew: read before, put back behind.
 *
 * Of a set with our key, whatever else is wrong with it, every entry is kept
 * with the time that is left to it; one that would stay for ever gets an end.
 * As many as the kernel takes at once are in the very batch that makes the
 * set, so that nobody finds it empty. Whether a rule gives them is found out
 * afterwards, as of all that stands at a start.
 */
#include <stdlib.h>

#include "base/log.h"
#include "firewall/nft_backend.h"
#include "firewall/nft_element.h"

enum {
	KEPT_MAX = 1 << 20,
	/* Of one batch; the kernel takes no 20,000 entries at once. */
	BATCH_BYTES = NFT_PAPER_SIZE / 2
};

static bool
make_room(struct nft_kept *kept)
{
	uint32_t room = kept->room != 0 ? kept->room * 2 : BACKEND_BATCH;
	void *more;

	if (kept->count < kept->room)
		return true;
	if (kept->count == KEPT_MAX)
		return false;
	more = realloc(kept->entry, room * sizeof(*kept->entry));
	if (more == NULL)
		return false;
	kept->entry = more;
	kept->room = room;
	return true;
}

static void
on_entry(void *arg, const struct backend_entry *entry)
{
	struct nft_kept *kept = arg;
	struct backend_entry *to;

	if (!make_room(kept)) {
		kept->lost++;
		return;
	}
	to = &kept->entry[kept->count++];
	*to = *entry;
	if (to->timeout_s == 0 || to->timeout_s > BACKEND_MAX_TIMEOUT)
		to->timeout_s = BACKEND_DEFAULT_TIMEOUT;
}

static void
on_part(void *arg, const struct nlmsghdr *part)
{
	struct nft_kept *kept = arg;

	kept->lost += nft_read_elements(part, kept->set, on_entry, kept);
}

static bool
has_our_key(const struct nft_set_shape *s, enum set_index set)
{
	return s->present && !s->is_map && s->key_len == nft_key_len(set) &&
	       s->key_type == nft_key_type(set);
}

enum err
nft_keep(struct backend *b, enum set_index set, struct nft_kept *out)
{
	struct netlink_question q = { .part = on_part, .arg = out };
	struct netlink_refusal refusal;
	struct nft_set_shape shape;
	enum err err = nft_look_at(b, b->name[set], &shape);

	*out = (struct nft_kept){ .set = set };
	if (err != ERR_NONE || !has_our_key(&shape, set))
		return err;
	q.message = nft_ask_elements(&b->paper, &b->at, b->name[set]);
	err = netlink_ask(&b->netlink, &q, &refusal);
	if (out->lost > 0)
		log_warn("%u entries of set %s have another shape and are "
			 "not kept",
			 out->lost, b->name[set]);
	return err;
}

enum err
nft_put_kept(struct backend *b, const struct nft_kept *kept,
	     struct netlink_refusal *refusal)
{
	enum err err = ERR_NONE;

	for (uint32_t i = 0; i < kept->count && err == ERR_NONE;
	     i += BACKEND_BATCH) {
		uint32_t left = kept->count - i;

		if (b->paper.len > BATCH_BYTES) {
			err = nft_send(&b->paper, &b->netlink, refusal);
			nft_begin(&b->paper);
		}
		nft_put_add(&b->paper, &b->at, b->name[kept->set],
			    &kept->entry[i],
			    left < BACKEND_BATCH ? left : BACKEND_BATCH);
	}
	return err;
}

void
nft_let_go(struct nft_kept *kept)
{
	free(kept->entry);
	*kept = (struct nft_kept){ 0 };
}
