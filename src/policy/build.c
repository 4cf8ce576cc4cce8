/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From rules in the order of a file to rules in the order of the canonical
 * form, without repetition or contradiction.
 *
 * The canonical order: clients by family and prefix length as in image.h;
 * in a net the lists by their names, then the domains by their labels from
 * the right, so that a zone stands together, and `*` last; exact before *.x
 * before .x; ~> before ->.
 *
 * What two rules for the same net and domain say must agree: nobody should
 * have to know which of two lines a program prefers.
 */
#include "policy/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "policy/compile.h"

/* What one rule takes of the bytes: its name and what it is sorted by, each
 * with its length byte before it. */
enum { RULE_BYTES_MAX = 2 * (1 + NAME_MAX_WIRE) };

/* Identities must be the same in every image, so their key is fixed: they
 * are not a table that strangers fill. */
static const struct hash_key identity_key = { 0x6e732d6669726577,
					      0x616c6c2072756c65 };

void
build_init(struct build *b)
{
	*b = (struct build){ 0 };
}

void
build_fini(struct build *b)
{
	free(b->draft);
	free(b->bytes);
}

static enum err
make_room(struct build *b)
{
	if (b->count == b->room) {
		size_t room = b->room ? b->room * 2 : 64;
		void *more = realloc(b->draft, room * sizeof(*b->draft));

		if (!more)
			return ERR_FULL;
		b->draft = more;
		b->room = room;
	}
	if (b->size - b->used < RULE_BYTES_MAX) {
		size_t size = b->size ? b->size * 2 : 4096;
		void *more = size > UINT32_MAX ? NULL : realloc(b->bytes, size);

		if (!more)
			return ERR_FULL;
		b->bytes = more;
		b->size = size;
	}
	return ERR_NONE;
}

static uint32_t
put_bytes(struct build *b, const uint8_t *bytes, size_t len)
{
	uint32_t at = (uint32_t)b->used;

	b->bytes[at] = (uint8_t)len;
	memcpy(b->bytes + at + 1, bytes, len);
	b->used += len + 1;
	return at;
}

/* The labels from the right, each closed by a NUL: memcmp() then puts a zone
 * before all below it. */
static uint32_t
put_order(struct build *b, const struct name *name)
{
	uint8_t order[NAME_MAX_WIRE];
	size_t start = sizeof(order);

	for (size_t at = 0; name->wire[at] != 0; at += name->wire[at] + 1U) {
		uint8_t len = name->wire[at];

		order[--start] = 0;
		start -= len;
		memcpy(order + start, name->wire + at + 1, len);
	}
	return put_bytes(b, order + start, sizeof(order) - start);
}

static void
take_answers(struct image_rule *rule, const struct acl_rule *from)
{
	rule->has_answer4 = from->answer4.family == 4;
	rule->has_answer6 = from->answer6.family == 6;
	memcpy(rule->answer4, from->answer4.byte, sizeof(rule->answer4));
	memcpy(rule->answer6, from->answer6.byte, sizeof(rule->answer6));
}

enum err
build_add(struct build *b, const struct acl_rule *rule, uint32_t line)
{
	struct draft *d;

	if (make_room(b) != ERR_NONE)
		return ERR_FULL;
	d = &b->draft[b->count++];
	memset(d, 0, sizeof(*d)); /* the padding goes into the image, too */
	d->client = rule->client;
	d->column = rule->domain_text.column;
	d->order = put_order(b, &rule->domain);
	d->rule.name = put_bytes(b, rule->domain.wire, rule->domain.len);
	d->rule.line = line;
	d->rule.arrow = rule->arrow;
	d->rule.kind = rule->kind;
	d->rule.protocol = rule->protocol;
	d->rule.port = rule->port;
	d->rule.block = rule->block;
	d->rule.file = rule->file;
	d->interface = rule->interface;
	d->list = rule->list;
	take_answers(&d->rule, rule);
	return ERR_NONE;
}

/* With an interface, by its name, before without. */
static int
compare_clients(const struct build *build, const struct draft *a,
		const struct draft *b)
{
	const struct net *one = &a->client, *other = &b->client;
	int difference;

	if (one->addr.family != other->addr.family)
		return one->addr.family - other->addr.family;
	if (one->bits != other->bits)
		return other->bits - one->bits;
	difference = memcmp(one->addr.byte, other->addr.byte,
			    sizeof(one->addr.byte));
	if (difference != 0 || a->interface == b->interface)
		return difference;
	if (a->interface == 0 || b->interface == 0)
		return a->interface == 0 ? 1 : -1;
	return memcmp(&build->interfaces[a->interface - 1],
		      &build->interfaces[b->interface - 1],
		      IMAGE_INTERFACE_SIZE);
}

/* Each with its length byte before it; the empty one comes last. */
static int
compare_orders(const uint8_t *one, const uint8_t *other)
{
	size_t shorter = one[0] < other[0] ? one[0] : other[0];
	int difference = memcmp(one + 1, other + 1, shorter);

	if (difference != 0)
		return difference;
	if (one[0] == 0 || other[0] == 0)
		return other[0] - one[0];
	return one[0] - other[0];
}

/* Of the net and the domain: what rule 4 of the precedence is about. */
static int
compare_subjects(const struct build *b, const struct draft *one,
		 const struct draft *other)
{
	const uint8_t *name = draft_name(b, one);
	int difference = compare_clients(b, one, other);

	if (difference == 0)
		difference = draft_is_of_list(other) - draft_is_of_list(one);
	if (difference == 0)
		difference = compare_orders(b->bytes + one->order,
					    b->bytes + other->order);
	/* labels that hold a NUL may sort alike and yet differ */
	if (difference == 0)
		difference = memcmp(name, draft_name(b, other), name[0] + 1U);
	return difference ? difference : one->rule.kind - other->rule.kind;
}

bool
draft_same_subject(const struct build *b, const struct draft *one,
		   const struct draft *other)
{
	return compare_subjects(b, one, other) == 0;
}

static int
rank_of_arrow(uint8_t arrow)
{
	static const int rank[] = {
		[ARROW_BLOCK] = 0, [ARROW_DNS] = 1, [ARROW_GRANT] = 2
	};

	return rank[arrow];
}

static int
compare_deeds(const struct image_rule *one, const struct image_rule *other)
{
	if (one->arrow != other->arrow)
		return rank_of_arrow(one->arrow) - rank_of_arrow(other->arrow);
	if (one->protocol != other->protocol)
		return one->protocol - other->protocol;
	return one->port - other->port;
}

/* Files are numbered in the order they are read in. */
static bool
stands_before(const struct draft *one, const struct draft *other)
{
	if (one->rule.file != other->rule.file)
		return one->rule.file < other->rule.file;
	return one->rule.line < other->rule.line;
}

static int
compare_drafts(const void *one, const void *other, void *build)
{
	const struct draft *a = one, *b = other;
	int difference = compare_subjects(build, a, b);

	if (difference == 0)
		difference = compare_deeds(&a->rule, &b->rule);
	if (difference == 0)
		difference = stands_before(a, b) ? -1 : 1;
	return difference;
}

/* Whether one block may answer what both say; if so, `into` does. */
static bool
merge_blocks(struct image_rule *into, const struct image_rule *other)
{
	bool one_answers = into->has_answer4 || into->has_answer6;
	bool other_answers = other->has_answer4 || other->has_answer6;

	if (one_answers != other_answers || into->block != other->block)
		return false;
	if (into->has_answer4 && other->has_answer4 &&
	    memcmp(into->answer4, other->answer4, sizeof(into->answer4)) != 0)
		return false;
	if (into->has_answer6 && other->has_answer6 &&
	    memcmp(into->answer6, other->answer6, sizeof(into->answer6)) != 0)
		return false;
	if (other->has_answer4)
		memcpy(into->answer4, other->answer4, sizeof(into->answer4));
	if (other->has_answer6)
		memcpy(into->answer6, other->answer6, sizeof(into->answer6));
	into->has_answer4 |= other->has_answer4;
	into->has_answer6 |= other->has_answer6;
	return true;
}

static void
complain_of_pair(struct complaints *c, const struct draft *one,
		 const struct draft *other, const char *how)
{
	const struct draft *later = one;
	const struct draft *earlier = other;
	char text[512];
	struct text what;

	if (stands_before(one, other)) {
		later = other;
		earlier = one;
	}
	text_init(&what, text, sizeof(text));
	text_str(&what, "this rule and ");
	if (earlier->rule.file != later->rule.file) {
		const char *file = c->files + earlier->rule.file;

		text_escaped(&what, file, strnlen(file, 256));
		text_char(&what, ':');
	} else {
		text_str(&what, "line ");
	}
	text_printf(&what, "%u %s", earlier->rule.line, how);
	c->file = c->files + later->rule.file;
	complain_error(c, &(struct flaw){ .line = later->rule.line,
					  .column = later->column,
					  .what = text,
					  .right = "keep one of the two" });
}

/* Rules of one subject stand at d[0..count-1], blocks first. Packs those that
 * stay to the front and returns how many. */
static size_t
settle_subject(struct draft *d, size_t count, struct complaints *c)
{
	size_t kept = 1;

	for (size_t i = 1; i < count; i++) {
		struct draft *last = &d[kept - 1];

		if (last->rule.arrow != ARROW_BLOCK) {
			if (compare_deeds(&last->rule, &d[i].rule) != 0)
				d[kept++] = d[i];
			continue;
		}
		if (d[i].rule.arrow != ARROW_BLOCK) {
			complain_of_pair(c, last, &d[i],
					 "allow and block the same");
			return kept;
		}
		if (!merge_blocks(&last->rule, &d[i].rule))
			complain_of_pair(c, last, &d[i],
					 "block with different answers");
	}
	return kept;
}

static uint64_t
identity_of(const struct build *b, const struct draft *d)
{
	const struct image_rule *r = &d->rule;
	const uint8_t *name = draft_name(b, d);
	uint8_t said[sizeof(d->client) + 8 + sizeof(r->answer4) +
		     sizeof(r->answer6) + IMAGE_INTERFACE_SIZE + 1 +
		     NAME_MAX_WIRE];
	const uint8_t deeds[8] = { r->arrow,
				   r->kind,
				   r->protocol,
				   r->has_answer4,
				   r->has_answer6,
				   r->block,
				   (uint8_t)(r->port >> 8),
				   (uint8_t)r->port };
	size_t used = 0;

	memcpy(said, &d->client, sizeof(d->client));
	used += sizeof(d->client);
	memcpy(said + used, deeds, sizeof(deeds));
	used += sizeof(deeds);
	memcpy(said + used, r->answer4, sizeof(r->answer4));
	used += sizeof(r->answer4);
	memcpy(said + used, r->answer6, sizeof(r->answer6));
	used += sizeof(r->answer6);
	/* its name, for numbers change from policy to policy */
	if (d->interface != 0) {
		memcpy(said + used, &b->interfaces[d->interface - 1],
		       IMAGE_INTERFACE_SIZE);
		used += IMAGE_INTERFACE_SIZE;
	}
	memcpy(said + used, name, name[0] + 1U);
	used += name[0] + 1U;
	return hash_bytes(&identity_key, said, used);
}

void
build_settle(struct build *b, struct complaints *complaints)
{
	size_t kept = 0;
	size_t start = 0;

	if (b->count > 0)
		qsort_r(b->draft, b->count, sizeof(*b->draft), compare_drafts,
			b);
	while (start < b->count) {
		struct draft *subject = &b->draft[start];
		size_t end = start + 1;

		while (end < b->count &&
		       draft_same_subject(b, subject, &b->draft[end]))
			end++;

		size_t stay = settle_subject(subject, end - start, complaints);

		memmove(&b->draft[kept], subject, stay * sizeof(*subject));
		kept += stay;
		start = end;
	}
	b->count = kept;
	for (size_t i = 0; i < kept; i++)
		b->draft[i].rule.identity = identity_of(b, &b->draft[i]);
}
