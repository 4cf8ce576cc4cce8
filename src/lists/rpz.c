/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Response policy zones.
 *
 * Resolvers differ in what they take; where they do, the choice is the one
 * that keeps an entry in force: bits behind a prefix are cleared, spellings of
 * IPv6 that are not the shortest are read, of two CNAMEs the first counts. An
 * owner or an action that is not known is left out and told, for nobody can
 * say what it was meant to do.
 */
#include "lists/rpz.h"

#include <string.h>

#include "wire/types.h"
#include "wire/writer.h"

/* Labels of an owner, from the left; a name has at most 127. */
struct labels {
	const uint8_t *at[NAME_MAX_WIRE / 2];
	unsigned count;
};

static const struct kind {
	const char *label; /* the right-most */
	enum trigger trigger;
	bool is_net;
} kinds[] = {
	{ "rpz-client-ip", TRIGGER_CLIENT_IP, true },
	{ "rpz-ip", TRIGGER_IP, true },
	{ "rpz-nsip", TRIGGER_NSIP, true },
	{ "rpz-nsdname", TRIGGER_NSDNAME, false },
};

static const struct {
	bool is_bad;
	const char *text;
} notes[RPZ_NOTE_COUNT] = {
#define NOTE(name, is_bad, text) [RPZ_##name] = { is_bad, text },
#include "lists/rpz.def"
#undef NOTE
};

bool
rpz_note_is_bad(enum rpz_note note)
{
	return notes[note].is_bad;
}

const char *
rpz_note_text(enum rpz_note note)
{
	return notes[note].text;
}

static void
split(const struct name *n, struct labels *out)
{
	out->count = 0;
	for (size_t at = 0; n->wire[at] != 0; at += 1U + n->wire[at])
		out->at[out->count++] = n->wire + at;
}

static bool
label_is(const uint8_t *label, const char *text)
{
	return label[0] == strlen(text) &&
	       memcmp(label + 1, text, label[0]) == 0;
}

static bool
label_begins(const uint8_t *label, const char *text)
{
	size_t len = strlen(text);

	return label[0] >= len && memcmp(label + 1, text, len) == 0;
}

/* ---- owners ------------------------------------------------------------- */

static bool
read_number(const uint8_t *label, unsigned max, unsigned *out)
{
	*out = 0;
	if (label[0] < 1 || label[0] > 3)
		return false;
	for (unsigned i = 1; i <= label[0]; i++) {
		if (label[i] < '0' || label[i] > '9')
			return false;
		*out = *out * 10 + (unsigned)(label[i] - '0');
	}
	return *out <= max;
}

static bool
read_word(const uint8_t *label, uint8_t out[2])
{
	unsigned value = 0;

	if (label[0] < 1 || label[0] > 4)
		return false;
	for (unsigned i = 1; i <= label[0]; i++) {
		uint8_t c = label[i];

		if (c >= '0' && c <= '9')
			value = value << 4 | (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (unsigned)(c - 'a' + 10);
		else
			return false;
	}
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
	return true;
}

/* 24.0.2.0.192 is 192.0.2.0/24: the bytes stand from the right. */
static bool
read_v4(const struct labels *l, struct net *out)
{
	uint8_t byte[4];
	unsigned bits, value;

	if (!read_number(l->at[0], 32, &bits) || bits == 0)
		return false;
	for (unsigned i = 0; i < 4; i++) {
		if (!read_number(l->at[4 - i], 255, &value))
			return false;
		byte[i] = (uint8_t)value;
	}
	addr_from_v4(byte, &out->addr);
	out->bits = (uint8_t)bits;
	return true;
}

/* 48.zz.1.db8.2001 is 2001:db8:1::/48: one zz stands for a run of zeros, of
 * whatever length the address leaves. */
static bool
read_words(const struct labels *l, uint8_t byte[16])
{
	unsigned words = l->count - 1, word = 0;
	bool run = false;

	memset(byte, 0, 16);
	for (unsigned i = l->count - 1; i > 0; i--) {
		if (label_is(l->at[i], "zz")) {
			if (run || words > 8)
				return false;
			run = true;
			word += 8 - (words - 1);
		} else if (word > 7 || !read_word(l->at[i], byte + 2 * word)) {
			return false;
		} else {
			word++;
		}
	}
	return word == 8;
}

static bool
read_v6(const struct labels *l, struct net *out)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t byte[16];
	unsigned bits;

	if (!read_number(l->at[0], 128, &bits) || bits == 0 ||
	    !read_words(l, byte))
		return false;
	addr_from_v6(byte, &out->addr);
	if (bits > 96 && memcmp(byte, mapped, sizeof(mapped)) == 0) {
		addr_from_v4(byte + 12, &out->addr);
		bits -= 96;
	}
	out->bits = (uint8_t)bits;
	return true;
}

static bool
read_net(const struct labels *l, struct net *out, bool *masked_out)
{
	struct addr whole;
	bool has_run = false;

	memset(out, 0, sizeof(*out));
	for (unsigned i = 1; i < l->count; i++)
		has_run |= label_is(l->at[i], "zz");
	if (l->count < 2 || l->count > 9 ||
	    !(l->count == 5 && !has_run ? read_v4(l, out) : read_v6(l, out)))
		return false;
	whole = out->addr;
	addr_mask(&out->addr, out->bits);
	*masked_out = !addr_equal(&whole, &out->addr);
	return true;
}

/* The labels left of `end`; an asterisk stands for all that is below. */
static void
read_name(const struct labels *l, unsigned end, struct item *out)
{
	unsigned first = label_is(l->at[0], "*") ? 1 : 0;

	out->reach = first == 1 ? REACH_BELOW : REACH_EXACT;
	out->name.len = 0;
	for (unsigned i = first; i < end; i++) {
		memcpy(out->name.wire + out->name.len, l->at[i],
		       1U + l->at[i][0]);
		out->name.len = (uint8_t)(out->name.len + 1 + l->at[i][0]);
	}
	out->name.wire[out->name.len++] = 0;
}

static const struct kind *
kind_of(const uint8_t *label)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (label_is(label, kinds[i].label))
			return &kinds[i];
	}
	return NULL;
}

enum err
rpz_read_owner(const struct name *owner, struct item *out, bool *masked_out)
{
	const struct kind *kind;
	struct labels l;

	*masked_out = false;
	*out = (struct item){ .trigger = TRIGGER_QNAME };
	split(owner, &l);
	if (l.count == 0)
		return ERR_SYNTAX;
	kind = kind_of(l.at[l.count - 1]);
	if (kind == NULL && label_begins(l.at[l.count - 1], "rpz-"))
		return ERR_SYNTAX;
	if (kind != NULL) {
		out->trigger = kind->trigger;
		out->is_net = kind->is_net;
		l.count--;
	}
	if (l.count == 0)
		return ERR_SYNTAX;
	if (out->is_net)
		return read_net(&l, &out->net, masked_out) ? ERR_NONE
							   : ERR_SYNTAX;
	read_name(&l, l.count, out);
	return ERR_NONE;
}

/* ---- actions ------------------------------------------------------------ */

/* The obsolete way to say that something passes: it is its own alias, with or
 * without the label that says which trigger it is. */
static bool
is_itself(const struct name *owner, const struct item *item,
	  const struct name *target)
{
	struct name bare = { 0 };
	struct labels l;

	split(owner, &l);
	if (name_equal(owner, target))
		return true;
	if (item->trigger == TRIGGER_QNAME)
		return false;
	for (unsigned i = 0; i + 1 < l.count; i++) {
		memcpy(bare.wire + bare.len, l.at[i], 1U + l.at[i][0]);
		bare.len = (uint8_t)(bare.len + 1 + l.at[i][0]);
	}
	bare.wire[bare.len++] = 0;
	return name_equal(&bare, target);
}

static const struct {
	const char *label;
	enum list_action action;
} words[] = {
	{ "rpz-passthru", ACTION_PASSTHRU },
	{ "rpz-drop", ACTION_DROP },
	{ "rpz-tcp-only", ACTION_TCP_ONLY },
};

static enum err
read_reserved(const struct labels *l, struct item *out)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (l->count == 1 && label_is(l->at[0], words[i].label)) {
			out->action = (uint8_t)words[i].action;
			return ERR_NONE;
		}
	}
	return ERR_SYNTAX;
}

/* *.garden.example, and *. which is no name at all. */
static void
read_wild(struct name *target, struct item *out)
{
	memmove(target->wire, target->wire + 2, target->len - 2U);
	target->len = (uint8_t)(target->len - 2);
	out->action = target->len == 1 ? ACTION_NODATA : ACTION_CNAME;
	out->wild = target->len > 1;
}

enum err
rpz_read_target(const struct name *owner, struct item *out, struct name *target)
{
	struct labels l;

	split(target, &l);
	out->wild = false;
	out->action = ACTION_CNAME;
	if (l.count == 0)
		out->action = ACTION_NXDOMAIN;
	else if (is_itself(owner, out, target))
		out->action = ACTION_PASSTHRU;
	else if (label_begins(l.at[l.count - 1], "rpz-"))
		return read_reserved(&l, out);
	else if (label_is(l.at[0], "*"))
		read_wild(target, out);
	return ERR_NONE;
}

/* ---- what stands at one owner ------------------------------------------- */

/* What keeps a zone together, and signatures, say nothing about clients. */
static bool
says_nothing(uint16_t type)
{
	switch (type) {
	case TYPE_SOA:
	case TYPE_NS:
	case TYPE_DNAME:
	case TYPE_DNSKEY:
	case TYPE_DS:
	case TYPE_RRSIG:
	case TYPE_NSEC:
	case TYPE_NSEC3:
	case TYPE_NSEC3PARAM:
	case TYPE_ZONEMD:
		return true;
	default:
		return false;
	}
}

static void
note(const struct rpz *z, enum rpz_note what)
{
	if (z->to->note != NULL)
		z->to->note(z->to->arg, what, &z->owner);
}

static void
take_cname(struct rpz *z, const struct zone_record *r)
{
	struct name target;
	size_t at = 0;

	if (name_read(r->rdata, r->rdata_len, &at, &target) != ERR_NONE)
		return;
	if (!z->has_cname) {
		z->has_cname = true;
		z->target = target;
		z->ttl = r->ttl;
	} else if (!z->cnames && !name_equal(&target, &z->target)) {
		z->cnames = true;
		note(z, RPZ_CNAMES);
	}
}

static void
take_data(struct rpz *z, const struct zone_record *r)
{
	struct writer w = writer_of(z->data, sizeof(z->data));

	w.at = z->len;
	writer_u16(&w, r->type);
	writer_u32(&w, r->ttl);
	writer_u16(&w, r->rdata_len);
	writer_bytes(&w, r->rdata, r->rdata_len);
	z->has_data = true;
	if (!w.full) {
		z->len = w.at;
	} else if (!z->too_much) {
		z->too_much = true;
		note(z, RPZ_LARGE);
	}
}

static enum err
read_entry(struct rpz *z, struct item *item)
{
	struct writer w = writer_of(z->data, sizeof(z->data));

	item->action = ACTION_DATA;
	item->data = z->data;
	item->data_len = z->len;
	if (!z->has_cname)
		return ERR_NONE;
	if (z->has_data)
		note(z, RPZ_BESIDE);
	item->data = NULL;
	item->data_len = 0;
	if (rpz_read_target(&z->owner, item, &z->target) != ERR_NONE)
		return ERR_SYNTAX;
	if (item->action != ACTION_CNAME)
		return ERR_NONE;
	writer_u32(&w, z->ttl);
	writer_bytes(&w, z->target.wire, z->target.len);
	item->data = z->data;
	item->data_len = w.at;
	return ERR_NONE;
}

void
rpz_init(struct rpz *z, const struct rpz_sink *to)
{
	z->to = to;
	z->owner.len = 0;
	z->has_cname = z->has_data = false;
}

enum err
rpz_end(struct rpz *z)
{
	struct item item;
	bool masked;

	if (!z->has_cname && !z->has_data)
		return ERR_NONE;
	if (rpz_read_owner(&z->owner, &item, &masked) != ERR_NONE) {
		note(z, RPZ_TRIGGER);
		return ERR_NONE;
	}
	if (masked)
		note(z, RPZ_HOST_BITS);
	if (read_entry(z, &item) != ERR_NONE) {
		note(z, RPZ_ACTION);
		return ERR_NONE;
	}
	return z->to->item(z->to->arg, &item);
}

static bool
is_same_owner(const struct rpz *z, const struct zone_record *r)
{
	return z->owner.len == r->owner_len + 1 &&
	       memcmp(z->owner.wire, r->owner, r->owner_len) == 0;
}

enum err
rpz_add(struct rpz *z, const struct zone_record *r)
{
	enum err err = ERR_NONE;

	if (r->owner_len == 0 || says_nothing(r->type))
		return ERR_NONE;
	if (!is_same_owner(z, r)) {
		err = rpz_end(z);
		z->has_cname = z->has_data = false;
		z->cnames = z->too_much = false;
		z->len = 0;
		if (!record_owner(r, &z->owner))
			return ERR_TORN;
	}
	if (r->type == TYPE_CNAME)
		take_cname(z, r);
	else
		take_data(z, r);
	return err;
}
