/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sets as ipset keeps them.
 *
 * PREFIX-ipv4-allow and -ipv6-allow hold (client, protocol:port,
 * destination), the two with -local behind them (protocol:port,
 * destination). An existing set of the right type is used as it is; one of
 * another shape is replaced by a copy in one swap. This file promises never
 * to flush a set and never to leave an entry without an end.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "firewall/backend.h"
#include "firewall/ipset_message.h"
#include "firewall/netlink.h"

enum { COPY_MAX = 4194304 };

struct backend {
	struct netlink netlink;
	struct ipset_paper paper;
	uint32_t set_size;
	uint32_t families;
	uint8_t revision[SET_COUNT];
	char name[SET_COUNT][IPSET_MAXNAMELEN];
};

static const char *const suffix[SET_COUNT] = {
	[SET_V4] = "-ipv4-allow",
	[SET_V6] = "-ipv6-allow",
	[SET_V4_LOCAL] = "-ipv4-allow-local",
	[SET_V6_LOCAL] = "-ipv6-allow-local",
};

/* While its successor is filled. */
static const char *const copy_suffix[SET_COUNT] = {
	[SET_V4] = "-ipv4-copy",
	[SET_V6] = "-ipv6-copy",
	[SET_V4_LOCAL] = "-ipv4-copy-local",
	[SET_V6_LOCAL] = "-ipv6-copy-local",
};

static enum err
ask(struct backend *b, struct nlmsghdr *m, struct netlink_refusal *refusal)
{
	struct netlink_question q = { .message = m };

	return netlink_ask(&b->netlink, &q, refusal);
}

/* For errors of the netlink kind, in words. */
static const char *
reason(enum err err, const struct netlink_refusal *r, struct text *t)
{
	if (err != ERR_DENIED)
		text_str(t, err_text(err));
	else if (r->code < IPSET_ERR_PRIVATE)
		text_str(t, strerror((int)r->code));
	else
		text_printf(t, "ipset error %u", (unsigned)r->code);
	return t->buf;
}

static void
complain(const char *what, const char *name, enum err err,
	 const struct netlink_refusal *r)
{
	char buf[128];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	log_error("Could not %s set %s: %s", what, name, reason(err, r, &t));
}

/* ---- what the kernel can and has --------------------------------------- */

static void
on_header(void *arg, const struct nlmsghdr *part)
{
	ipset_read_header(part, arg);
}

static enum err
ask_header(struct backend *b, struct nlmsghdr *m, struct ipset_header *out,
	   struct netlink_refusal *refusal)
{
	struct netlink_question q = { .message = m,
				      .part = on_header,
				      .arg = out };

	*out = (struct ipset_header){ 0 };
	return netlink_ask(&b->netlink, &q, refusal);
}

static enum err
agree_on_protocol(struct backend *b)
{
	struct netlink_refusal refusal;
	struct ipset_header h;
	enum err err;

	b->paper.protocol = IPSET_PROTOCOL;
	err = ask_header(b, ipset_ask_protocol(&b->paper), &h, &refusal);
	if (err != ERR_NONE) {
		complain("use ipset for", b->name[SET_V4], err, &refusal);
		return err;
	}
	if (h.protocol < b->paper.protocol)
		b->paper.protocol = h.protocol;
	if (h.protocol < IPSET_PROTOCOL_MIN ||
	    h.protocol_min > IPSET_PROTOCOL) {
		log_error("The kernel speaks version %u of ipset's protocol; "
			  "%u to %u are known here",
			  h.protocol, IPSET_PROTOCOL_MIN, IPSET_PROTOCOL);
		return ERR_DENIED;
	}
	return ERR_NONE;
}

static enum err
find_revision(struct backend *b, enum set_index set)
{
	const char *type = ipset_type_of(set);
	struct netlink_refusal refusal;
	struct ipset_header h;
	enum err err = ask_header(
	    b, ipset_ask_type(&b->paper, type, set_family(set)), &h, &refusal);

	if (err != ERR_NONE)
		complain("find the type of", b->name[set], err, &refusal);
	b->revision[set] = h.revision;
	return err;
}

static bool
is_usable(const struct ipset_header *h, enum set_index set)
{
	return strcmp(h->type, ipset_type_of(set)) == 0 &&
	       h->family == set_family(set) && h->has_timeout && !h->has_trap;
}

/* ERR_MISSING: no such set. */
static enum err
look_at(struct backend *b, const char *name, struct ipset_header *out)
{
	struct netlink_refusal refusal;
	enum err err =
	    ask_header(b, ipset_list(&b->paper, name, true), out, &refusal);

	if (err == ERR_DENIED && refusal.code == ENOENT)
		return ERR_MISSING;
	if (err == ERR_NONE && strcmp(out->name, name) != 0)
		return ERR_MISSING;
	return err;
}

static enum err
ipset_look(struct backend *b, enum set_index set, struct backend_look *out)
{
	struct ipset_header h;
	enum err err = look_at(b, b->name[set], &h);

	*out = (struct backend_look){ 0 };
	if (err == ERR_MISSING)
		return ERR_NONE;
	if (err != ERR_NONE)
		return err;
	*out = (struct backend_look){ .present = is_usable(&h, set),
				      .references = h.references,
				      .entries = h.entries,
				      .capacity = h.maxelem };
	return ERR_NONE;
}

/* ---- entries ------------------------------------------------------------ */

static void
explain_fault(enum err err, const struct netlink_refusal *r,
	      struct backend_fault *out)
{
	uint32_t line = ipset_read_line(r->copy);

	*out = (struct backend_fault){ .known = err == ERR_DENIED };
	out->code = err == ERR_DENIED ? r->code : (uint32_t)errno;
	if (err == ERR_TIMEOUT)
		out->code = ETIMEDOUT;
	if (err == ERR_AGAIN)
		out->code = ENOBUFS;
	if (!out->known)
		return;
	out->first_bad = line > 0 ? line - 1 : 0;
	if (r->code == IPSET_CODE_FULL)
		out->cause = FAULT_FULL;
	else if (r->code == ENOENT)
		out->cause = FAULT_GONE;
}

/* An answer that was lost may be asked for again: an entry that is there
 * gets the same timeout once more. */
static enum err
change(struct backend *b, enum ipset_cmd cmd, const struct ipset_change *c,
       struct netlink_refusal *refusal)
{
	enum err err = ask(b, ipset_change(&b->paper, cmd, c), refusal);

	if (err == ERR_AGAIN)
		err = ask(b, ipset_change(&b->paper, cmd, c), refusal);
	return err;
}

static enum err
ipset_add(struct backend *b, const struct backend_entry *entry, unsigned count,
	  struct backend_fault *fault_out)
{
	struct ipset_change c = { .name = b->name[entry->key.set],
				  .entry = entry,
				  .count = count };
	struct netlink_refusal refusal;
	enum err err = change(b, IPSET_CMD_ADD, &c, &refusal);

	if (err != ERR_NONE)
		explain_fault(err, &refusal, fault_out);
	return err;
}

static enum err
ipset_remove(struct backend *b, const struct backend_entry *entry,
	     unsigned count)
{
	struct ipset_change c = { .name = b->name[entry->key.set],
				  .entry = entry,
				  .count = count };
	struct netlink_refusal refusal;
	enum err err = change(b, IPSET_CMD_DEL, &c, &refusal);

	return err == ERR_DENIED && refusal.code == ENOENT ? ERR_NONE : err;
}

static enum err
ipset_has(struct backend *b, const struct backend_entry *entry, bool *has_out)
{
	struct ipset_change c = { .name = b->name[entry->key.set],
				  .entry = entry,
				  .count = 1 };
	struct netlink_refusal refusal;
	enum err err = ask(b, ipset_test(&b->paper, &c), &refusal);

	*has_out = err == ERR_NONE;
	if (err == ERR_DENIED &&
	    (refusal.code == IPSET_ERR_EXIST || refusal.code == ENOENT))
		return ERR_NONE;
	return err;
}

struct listing {
	enum set_index set;
	backend_entry_fn *each;
	void *arg;
	unsigned strange;
};

static void
on_list(void *arg, const struct nlmsghdr *part)
{
	struct listing *l = arg;

	l->strange += ipset_read_entries(part, l->set, l->each, l->arg);
}

static enum err
list_named(struct backend *b, const char *name, struct listing *l)
{
	struct netlink_question q = {
		.message = ipset_list(&b->paper, name, false),
		.part = on_list,
		.arg = l,
	};
	struct netlink_refusal refusal;

	return netlink_ask(&b->netlink, &q, &refusal);
}

static enum err
ipset_list_entries(struct backend *b, enum set_index set,
		   backend_entry_fn *each, void *arg)
{
	struct listing l = { .set = set, .each = each, .arg = arg };

	return list_named(b, b->name[set], &l);
}

/* ---- making sets -------------------------------------------------------- */

static enum err
create(struct backend *b, enum set_index set, const char *name,
       struct netlink_refusal *refusal)
{
	struct ipset_shape shape = { .name = name,
				     .type = ipset_type_of(set),
				     .family = set_family(set),
				     .revision = b->revision[set],
				     .size = b->set_size };

	return ask(b, ipset_create(&b->paper, &shape), refusal);
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
		err = change(b, IPSET_CMD_ADD, &c, &refusal);
	}
	if (err != ERR_NONE)
		complain("copy entries to", name, err, &refusal);
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
	struct listing l = { .set = set, .each = on_copied, .arg = &bundle };
	enum err err;

	bundle.entry = calloc(size, sizeof(*bundle.entry));
	if (bundle.entry == NULL)
		return ERR_FULL;
	err = list_named(b, b->name[set], &l);
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
	enum err err = ask(
	    b, ipset_command(&b->paper, IPSET_CMD_SWAP, copy, name), refusal);

	if (err == ERR_NONE)
		return ask(
		    b, ipset_command(&b->paper, IPSET_CMD_DESTROY, copy, NULL),
		    refusal);
	if (err != ERR_DENIED || refusal->code != IPSET_ERR_TYPE_MISMATCH)
		return err;
	err = ask(b, ipset_command(&b->paper, IPSET_CMD_DESTROY, name, NULL),
		  refusal);
	if (err != ERR_NONE)
		return err;
	return ask(b, ipset_command(&b->paper, IPSET_CMD_RENAME, copy, name),
		   refusal);
}

static enum err
replace(struct backend *b, enum set_index set, const char *copy,
	uint32_t entries)
{
	struct netlink_refusal refusal = { 0 };
	enum err err;

	/* One that was left behind half-way. */
	ask(b, ipset_command(&b->paper, IPSET_CMD_DESTROY, copy, NULL),
	    &refusal);
	err = create(b, set, copy, &refusal);
	if (err != ERR_NONE) {
		complain("create", copy, err, &refusal);
		return err;
	}
	err = copy_entries(b, set, copy, entries);
	if (err != ERR_NONE)
		goto undo;
	err = take_place(b, b->name[set], copy, &refusal);
	if (err != ERR_NONE) {
		complain("replace", b->name[set], err, &refusal);
		goto undo;
	}
	log_warn("Set %s had another type or no timeout and was replaced",
		 b->name[set]);
	return ERR_NONE;
undo:
	ask(b, ipset_command(&b->paper, IPSET_CMD_DESTROY, copy, NULL),
	    &refusal);
	return err;
}

static enum err
ipset_prepare(struct backend *b, enum set_index set)
{
	const char *name = b->name[set];
	struct netlink_refusal refusal;
	char copy[IPSET_MAXNAMELEN];
	struct ipset_header h;
	struct text t;
	enum err err = create(b, set, name, &refusal);

	if (err == ERR_NONE)
		return ERR_NONE;
	if (err != ERR_DENIED || refusal.code != EEXIST) {
		complain("create", name, err, &refusal);
		return err;
	}
	err = look_at(b, name, &h);
	if (err != ERR_NONE || is_usable(&h, set))
		return err;
	text_init(&t, copy, sizeof(copy));
	text_bytes(&t, name, strlen(name) - strlen(suffix[set]));
	text_str(&t, copy_suffix[set]);
	return replace(b, set, copy, h.entries);
}

/* ---- life --------------------------------------------------------------- */

static enum err
name_sets(struct backend *b, const char *prefix)
{
	for (unsigned i = 0; i < SET_COUNT; i++) {
		struct text t;

		text_init(&t, b->name[i], sizeof(b->name[i]));
		text_str(&t, prefix);
		text_str(&t, suffix[i]);
		if (t.cut || t.len >= IPSET_MAXNAMELEN) {
			log_error("Set name %s%s is longer than %u characters",
				  prefix, suffix[i], IPSET_MAXNAMELEN - 1);
			return ERR_RANGE;
		}
	}
	return ERR_NONE;
}

static void
ipset_close(struct backend *b)
{
	netlink_close(&b->netlink);
	free(b);
}

static enum err
find_out(struct backend *b)
{
	enum err err = agree_on_protocol(b);

	for (unsigned i = 0; i < SET_COUNT && err == ERR_NONE; i++) {
		if (set_in_families(i, b->families))
			err = find_revision(b, i);
	}
	return err;
}

static enum err
ipset_open(const struct backend_setup *s, struct backend **out)
{
	struct backend *b = calloc(1, sizeof(*b));
	enum err err;

	if (b == NULL)
		return ERR_FULL;
	b->set_size = s->set_size;
	b->families = s->families;
	err = name_sets(b, s->prefix);
	if (err == ERR_NONE)
		err = netlink_open(&b->netlink);
	if (err != ERR_NONE) {
		free(b);
		return err;
	}
	err = find_out(b);
	if (err != ERR_NONE) {
		ipset_close(b);
		return err;
	}
	*out = b;
	return ERR_NONE;
}

const struct backend_kind backend_ipset = {
	.name = "ipset",
	.open = ipset_open,
	.close = ipset_close,
	.prepare = ipset_prepare,
	.add = ipset_add,
	.remove = ipset_remove,
	.has = ipset_has,
	.list = ipset_list_entries,
	.look = ipset_look,
};
