/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making a set, or what takes the place of one that is of no use.
 *
 * A set of another shape is copied, entry by entry with the time that is
 * left to it, and swapped in one step, so that rules that refer to it never
 * look into nothing. This file promises never to leave an entry without an
 * end.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "firewall/ipset_backend.h"

enum { COPY_MAX = 4194304 };

static struct ipset_shape
shape_of(const struct backend *b, enum set_index set)
{
	return (struct ipset_shape){ .name = b->name[set],
				     .type = ipset_type_of(set),
				     .family = set_family(set),
				     .revision = b->revision[set],
				     .size = b->set_size };
}

static enum err
create(struct backend *b, enum set_index set, struct netlink_refusal *refusal)
{
	struct ipset_shape shape = shape_of(b, set);

	return ipset_ask(b, ipset_create(&b->paper, &shape), refusal);
}

/* The successor of a set holds at least what that one holds. */
static enum err
create_copy(struct backend *b, enum set_index set, uint32_t entries,
	    struct netlink_refusal *refusal)
{
	struct ipset_shape shape = shape_of(b, set);

	shape.name = b->copy[set];
	if (entries > shape.size)
		shape.size = entries;
	return ipset_ask(b, ipset_create(&b->paper, &shape), refusal);
}

/* Entries on their way from one set to its successor. */
struct bundle {
	struct backend_entry *entry;
	uint32_t count, size;
};

static void
on_copied(void *arg, const struct backend_entry *entry)
{
	struct bundle *bundle = arg;

	if (bundle->count < bundle->size)
		bundle->entry[bundle->count++] = *entry;
}

static enum err
add_all(struct backend *b, const char *name, struct bundle *bundle)
{
	struct ipset_change c = { .name = name };
	struct netlink_refusal refusal;
	enum err err = ERR_NONE;

	for (uint32_t i = 0; i < bundle->count; i++) {
		uint32_t *timeout = &bundle->entry[i].timeout_s;

		if (*timeout == 0 || *timeout > BACKEND_MAX_TIMEOUT)
			*timeout = BACKEND_DEFAULT_TIMEOUT;
	}
	for (uint32_t i = 0; i < bundle->count && err == ERR_NONE;
	     i += c.count) {
		uint32_t left = bundle->count - i;

		c.entry = &bundle->entry[i];
		c.count = left < BACKEND_BATCH ? left : BACKEND_BATCH;
		err = ipset_apply(b, IPSET_CMD_ADD, &c, &refusal);
	}
	if (err != ERR_NONE)
		ipset_complain(b, "copy entries to", name,
			       ipset_cause(err, &refusal));
	return err;
}

/* What in the old set has the shape of ours goes into the new one, with the
 * time that is left to it. */
static enum err
copy_entries(struct backend *b, enum set_index set, const char *to,
	     uint32_t entries)
{
	uint32_t size = entries < COPY_MAX ? entries + BACKEND_BATCH : COPY_MAX;
	struct bundle bundle = { .size = size };
	struct ipset_listing l = { .set = set,
				   .each = on_copied,
				   .arg = &bundle };
	enum err err;

	bundle.entry = calloc(size, sizeof(*bundle.entry));
	if (bundle.entry == NULL)
		return ERR_FULL;
	err = ipset_list_named(b, b->name[set], &l);
	if (err == ERR_NONE)
		err = add_all(b, to, &bundle);
	if (l.strange > 0)
		log_warn("%u entries of set %s have another shape and are "
			 "not kept",
			 l.strange, b->name[set]);
	free(bundle.entry);
	return err;
}

/* A set of another kind cannot be swapped: it makes room, if no rule holds
 * it. */
static enum err
take_place(struct backend *b, const char *name, const char *copy,
	   struct netlink_refusal *refusal)
{
	enum err err = ipset_ask(
	    b, ipset_command(&b->paper, IPSET_CMD_SWAP, copy, name), refusal);

	if (err == ERR_NONE)
		return ipset_ask(
		    b, ipset_command(&b->paper, IPSET_CMD_DESTROY, copy, NULL),
		    refusal);
	if (err != ERR_DENIED || refusal->code != IPSET_ERR_TYPE_MISMATCH)
		return err;
	err = ipset_ask(b,
			ipset_command(&b->paper, IPSET_CMD_DESTROY, name, NULL),
			refusal);
	if (err != ERR_NONE)
		return err;
	return ipset_ask(
	    b, ipset_command(&b->paper, IPSET_CMD_RENAME, copy, name), refusal);
}

static enum err
replace(struct backend *b, enum set_index set, uint32_t entries)
{
	const char *copy = b->copy[set];
	struct netlink_refusal refusal = { 0 };
	enum err err;

	/* One that was left behind half-way. */
	ipset_ask(b, ipset_command(&b->paper, IPSET_CMD_DESTROY, copy, NULL),
		  &refusal);
	err = create_copy(b, set, entries, &refusal);
	if (err != ERR_NONE) {
		ipset_complain(b, "create", copy, ipset_cause(err, &refusal));
		return err;
	}
	err = copy_entries(b, set, copy, entries);
	if (err != ERR_NONE)
		goto undo;
	err = take_place(b, b->name[set], copy, &refusal);
	if (err == ERR_DENIED && refusal.code == IPSET_ERR_BUSY) {
		err = ERR_BUSY; /* said by who knows whether that is news */
		goto undo;
	}
	if (err != ERR_NONE) {
		ipset_complain(b, "replace", b->name[set],
			       ipset_cause(err, &refusal));
		goto undo;
	}
	log_warn("Set %s had another type or no timeout and was replaced",
		 b->name[set]);
	return ERR_NONE;
undo:
	ipset_ask(b, ipset_command(&b->paper, IPSET_CMD_DESTROY, copy, NULL),
		  &refusal);
	return err;
}

enum err
ipset_prepare(struct backend *b, enum set_index set)
{
	const char *name = b->name[set];
	struct netlink_refusal refusal;
	struct ipset_header h;
	enum err err = create(b, set, &refusal);

	if (err == ERR_NONE)
		return ERR_NONE;
	if (err != ERR_DENIED || refusal.code != EEXIST) {
		ipset_complain(b, "create", name, ipset_cause(err, &refusal));
		return err;
	}
	err = ipset_look_at(b, name, &h);
	if (err != ERR_NONE || ipset_is_usable(&h, set))
		return err;
	return replace(b, set, h.entries);
}

static enum err
destroy(struct backend *b, const char *name)
{
	struct netlink_refusal refusal;
	enum err err = ipset_ask(
	    b, ipset_command(&b->paper, IPSET_CMD_DESTROY, name, NULL),
	    &refusal);

	if (err == ERR_NONE || (err == ERR_DENIED && refusal.code == ENOENT))
		return ERR_NONE;
	ipset_complain(b, "remove", name, ipset_cause(err, &refusal));
	return err;
}

enum err
ipset_dispose(struct backend *b)
{
	enum err first = ERR_NONE;

	for (unsigned set = 0; set < SET_COUNT + FIXED_COUNT; set++) {
		enum err err = destroy(b, set < SET_COUNT
					      ? b->name[set]
					      : b->fixed[set - SET_COUNT]);

		first = first == ERR_NONE ? err : first;
	}
	return first;
}
