/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sets as ipset keeps them.
 *
 * PREFIX-ipv4-allow and -ipv6-allow hold (client, protocol:port,
 * destination), the two with -local behind them (protocol:port,
 * destination). An existing set of the right type is used as it is; one of
 * another shape is replaced by a copy in one swap (ipset_make.c). This file
 * promises never to flush a set.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "firewall/ipset_backend.h"

enum err
ipset_ask(struct backend *b, struct nlmsghdr *m,
	  struct netlink_refusal *refusal)
{
	struct netlink_question q = { .message = m };

	return netlink_ask(&b->netlink, &q, refusal);
}

/* ipset has numbers of its own beyond those of the system. */
const char *
ipset_cause(enum err err, const struct netlink_refusal *r)
{
	if (err != ERR_DENIED)
		return err_text(err);
	switch (r->code) {
	case IPSET_ERR_BUSY:
		return "a rule or another set refers to it";
	case IPSET_ERR_FIND_TYPE:
		return "the kernel does not have its type";
	case IPSET_ERR_MAX_SETS:
		return "there are too many sets";
	case IPSET_CODE_FULL:
		return "it is full";
	default:
		return r->code < IPSET_ERR_PRIVATE ? strerror((int)r->code)
						   : "the kernel refuses it";
	}
}

void
ipset_complain(const struct backend *b, const char *what, const char *name,
	       const char *cause)
{
	char line[COMPLAINT_SIZE];
	struct text text;

	text_init(&text, line, sizeof(line));
	text_printf(&text, "Could not %s set %s: %s", what, name, cause);
	complaints_say(b->complaints, line, clock_ms());
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
		ipset_complain(b, "use ipset for", b->name[SET_V4],
			       ipset_cause(err, &refusal));
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

enum err
ipset_find_revision(struct backend *b, const char *type, uint8_t family,
		    uint8_t *out)
{
	struct netlink_refusal refusal;
	struct ipset_header h;
	enum err err = ask_header(b, ipset_ask_type(&b->paper, type, family),
				  &h, &refusal);

	if (err != ERR_NONE)
		ipset_complain(b, "find in the kernel the type of", type,
			       ipset_cause(err, &refusal));
	*out = h.revision;
	return err;
}

/* ERR_MISSING: no such set. */
enum err
ipset_look_at(struct backend *b, const char *name, struct ipset_header *out)
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
	enum err err = ipset_look_at(b, b->name[set], &h);

	*out = (struct backend_look){ 0 };
	if (err == ERR_MISSING)
		return ERR_NONE;
	if (err != ERR_NONE)
		return err;
	*out = (struct backend_look){ .present = ipset_is_usable(&h, set),
				      .other = !ipset_is_usable(&h, set),
				      .counted = true,
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
enum err
ipset_apply(struct backend *b, enum ipset_cmd cmd, const struct ipset_change *c,
	    struct netlink_refusal *refusal)
{
	enum err err = ipset_ask(b, ipset_change(&b->paper, cmd, c), refusal);

	if (err == ERR_AGAIN)
		err = ipset_ask(b, ipset_change(&b->paper, cmd, c), refusal);
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
	enum err err = ipset_apply(b, IPSET_CMD_ADD, &c, &refusal);

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
	enum err err = ipset_apply(b, IPSET_CMD_DEL, &c, &refusal);

	return err == ERR_DENIED && refusal.code == ENOENT ? ERR_NONE : err;
}

static enum err
ipset_has(struct backend *b, const struct backend_entry *entry, bool *has_out)
{
	struct ipset_change c = { .name = b->name[entry->key.set],
				  .entry = entry,
				  .count = 1 };
	struct netlink_refusal refusal;
	enum err err = ipset_ask(b, ipset_test(&b->paper, &c), &refusal);

	*has_out = err == ERR_NONE;
	if (err == ERR_DENIED &&
	    (refusal.code == IPSET_ERR_EXIST || refusal.code == ENOENT))
		return ERR_NONE;
	return err;
}

static void
on_list(void *arg, const struct nlmsghdr *part)
{
	struct ipset_listing *l = arg;

	l->strange += ipset_read_entries(part, l->set, l->each, l->arg);
}

enum err
ipset_list_named(struct backend *b, const char *name, struct ipset_listing *l)
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
	struct ipset_listing l = { .set = set, .each = each, .arg = arg };

	return ipset_list_named(b, b->name[set], &l);
}

/* ---- life --------------------------------------------------------------- */

static enum err
name_sets(struct backend *b, const char *prefix)
{
	for (unsigned set = 0; set < SET_COUNT; set++) {
		if (ipset_name(set, prefix, b->name[set]) == ERR_NONE &&
		    ipset_copy_name(set, prefix, b->copy[set]) == ERR_NONE)
			continue;
		log_error("Set name %s... is longer than %u characters",
			  b->name[set], IPSET_MAXNAMELEN - 1);
		return ERR_RANGE;
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
			err = ipset_find_revision(b, ipset_type_of(i),
						  set_family(i),
						  &b->revision[i]);
	}
	if (err == ERR_NONE)
		ipset_fixed_probe(b);
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
	b->complaints = s->complaints;
	err = name_sets(b, s->prefix);
	if (err == ERR_NONE)
		err = ipset_fixed_names(b, s->prefix);
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
	.dispose = ipset_dispose,
	.fixed_piece = 1024,
	.fixed_static_piece = 1024,
	.fixed_static_most = FIXED_MOST,
	.fixed_hosts = ipset_fixed_hosts,
	.fixed_lacks_pairs = ipset_fixed_lacks_pairs,
	.fixed_prepare = ipset_fixed_prepare,
	.fixed_change = ipset_fixed_change,
	.fixed_list = ipset_fixed_list,
	.fixed_look = ipset_fixed_look,
	.fixed_clear = ipset_fixed_clear,
};
