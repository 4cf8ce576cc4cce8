/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of policy zones, in memory and as bytes.
 *
 * A zone of a million records is gathered in one growing block, so that a
 * record costs what it is long and 24 bytes; what sorts them is looked at
 * first in the key, and in the block only where keys are alike. Bytes that
 * come back from a disk are read as carefully as those of strangers.
 */
#include "lists/content.h"

#include <stdlib.h>
#include <string.h>

#include "wire/types.h"
#include "wire/writer.h"

enum { AHEAD = 16 };

struct content_key {
	uint64_t head[2]; /* of the owner; compare as its bytes do */
	uint64_t at;
};

/* ---- one record --------------------------------------------------------- */

/* Moves behind the name at *at. Where there is a copy, the name in it becomes
 * lower case; where there is none it must be that. False where the name is
 * torn or has pointers, which mean nothing here. */
static bool
fold_name(const struct reader *from, uint8_t *copy, size_t *at)
{
	size_t begin = *at;
	struct name name;

	if (name_read(from->bytes, from->len, at, &name) != ERR_NONE ||
	    *at - begin != name.len)
		return false;
	name_lower(&name, &name);
	if (copy == NULL)
		return memcmp(from->bytes + begin, name.wire, name.len) == 0;
	memcpy(copy + begin, name.wire, name.len);
	return true;
}

static bool
skip_bytes(size_t n, size_t len, size_t *at)
{
	if (n > len - *at)
		return false;
	*at += n;
	return true;
}

static size_t
layout_number(const char **layout)
{
	size_t n = 0;

	for (; **layout >= '0' && **layout <= '9'; ++*layout)
		n = n * 10 + (size_t)(**layout - '0');
	return n;
}

/* One field of a layout of types.def. */
static bool
fold_field(const char **layout, const struct reader *from, uint8_t *copy,
	   size_t *at)
{
	if (**layout >= '0' && **layout <= '9')
		return skip_bytes(layout_number(layout), from->len, at);
	switch (*(*layout)++) {
	case 'N':
	case 'n':
		return fold_name(from, copy, at);
	case 'S':
		return *at < from->len &&
		       skip_bytes(1U + from->bytes[*at], from->len, at);
	default:
		*at = from->len;
		return true;
	}
}

/* copy: the same bytes, which are brought to the kept form, or NULL. */
static bool
fold_rdata(const struct zone_record *r, uint8_t *copy)
{
	const struct reader from = reader_of(r->rdata, r->rdata_len);
	const char *layout = type_layout(r->type);
	size_t at = 0;

	while (*layout != '\0') {
		if (!fold_field(&layout, &from, copy, &at))
			return false;
	}
	return at == from.len;
}

enum err
record_from(const struct zone_rr *rr, const struct name *zone, uint8_t *buf,
	    struct zone_record *out)
{
	struct name owner;

	if (!name_is_under(&rr->owner, zone))
		return ERR_RANGE;
	name_lower(&rr->owner, &owner);
	*out = (struct zone_record){
		.owner = buf,
		.owner_len = (uint8_t)(owner.len - zone->len),
		.type = rr->type,
		.ttl = rr->ttl > INT32_MAX ? 0 : rr->ttl,
		.rdata_len = rr->rdata_len,
		.rdata = buf + NAME_MAX_WIRE,
	};
	memcpy(buf, owner.wire, out->owner_len);
	if (rr->rdata_len > 0)
		memcpy(buf + NAME_MAX_WIRE, rr->rdata, rr->rdata_len);
	return fold_rdata(out, buf + NAME_MAX_WIRE) ? ERR_NONE : ERR_TORN;
}

/* Whole labels, each of a length that labels have, in lower case. */
static bool
is_owner(const uint8_t *owner, size_t len)
{
	size_t at = 0;

	while (at < len) {
		size_t end = at + 1 + owner[at];

		if (owner[at] == 0 || owner[at] > LABEL_MAX || end > len)
			return false;
		while (++at < end) {
			if (owner[at] != name_fold(owner[at]))
				return false;
		}
	}
	return len < NAME_MAX_WIRE;
}

void
record_borrow(struct reader *r, struct zone_record *out)
{
	out->owner_len = reader_u8(r);
	out->owner = reader_take(r, out->owner_len);
	out->type = reader_u16(r);
	out->ttl = reader_u32(r);
	out->rdata_len = reader_u16(r);
	out->rdata = reader_take(r, out->rdata_len);
}

bool
record_read(struct reader *r, struct zone_record *out)
{
	size_t begin = r->at;

	record_borrow(r, out);
	if (!r->torn && is_owner(out->owner, out->owner_len) &&
	    fold_rdata(out, NULL))
		return true;
	r->at = begin;
	r->torn = true;
	return false;
}

size_t
record_size(const struct zone_record *r)
{
	return 9U + r->owner_len + r->rdata_len;
}

void
record_write(const struct zone_record *r, uint8_t *to)
{
	struct writer w = writer_of(to, record_size(r));

	writer_u8(&w, r->owner_len);
	writer_bytes(&w, r->owner, r->owner_len);
	writer_u16(&w, r->type);
	writer_u32(&w, r->ttl);
	writer_u16(&w, r->rdata_len);
	writer_bytes(&w, r->rdata, r->rdata_len);
}

static int
compare_bytes(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	size_t len = a_len < b_len ? a_len : b_len;
	int order = len > 0 ? memcmp(a, b, len) : 0;

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

int
record_compare(const struct zone_record *a, const struct zone_record *b)
{
	int order =
	    compare_bytes(a->owner, a->owner_len, b->owner, b->owner_len);

	if (order == 0)
		order = (a->type > b->type) - (a->type < b->type);
	if (order == 0)
		order = compare_bytes(a->rdata, a->rdata_len, b->rdata,
				      b->rdata_len);
	return order;
}

bool
record_owner(const struct zone_record *r, struct name *out)
{
	if (r->owner_len >= NAME_MAX_WIRE)
		return false;
	if (r->owner_len > 0)
		memcpy(out->wire, r->owner, r->owner_len);
	out->wire[r->owner_len] = 0;
	out->len = (uint8_t)(r->owner_len + 1);
	return true;
}

/* ---- SOA ---------------------------------------------------------------- */

bool
soa_read(const struct zone_soa *soa, struct soa_numbers *out)
{
	const struct zone_record record = { .type = TYPE_SOA,
					    .rdata = soa->rdata,
					    .rdata_len = soa->len };
	struct reader r = reader_of(soa->rdata, soa->len);

	if (soa->len > SOA_RDATA_MAX || !fold_rdata(&record, NULL))
		return false;
	r.at = soa->len - 20U;
	out->serial = reader_u32(&r);
	out->refresh = reader_u32(&r);
	out->retry = reader_u32(&r);
	out->expire = reader_u32(&r);
	out->minimum = reader_u32(&r);
	return true;
}

bool
serial_is_later(uint32_t a, uint32_t b)
{
	return a != b && a - b < UINT32_C(0x80000000);
}

/* ---- all of a zone ------------------------------------------------------ */

void
content_init(struct content *c, const struct name *zone, uint64_t max_bytes)
{
	*c = (struct content){ .max_bytes = max_bytes };
	name_lower(zone, &c->zone);
}

void
content_fini(struct content *c)
{
	free(c->bytes);
	free(c->key);
	c->bytes = NULL;
	c->key = NULL;
	c->count = c->len = 0;
}

static enum err
make_room(struct content *c, size_t more)
{
	size_t room =
	    c->room * 2 > c->len + more ? c->room * 2 : (c->len + more) * 2;
	void *bytes;

	if (c->room - c->len >= more)
		return ERR_NONE;
	bytes = realloc(c->bytes, room);
	if (bytes == NULL)
		return ERR_FULL;
	c->bytes = bytes;
	c->room = room;
	return ERR_NONE;
}

static enum err
make_key(struct content *c)
{
	size_t keys = c->keys > 0 ? c->keys * 2 : 1024;
	void *key;

	if (c->count < c->keys)
		return ERR_NONE;
	key = reallocarray(c->key, keys, sizeof(*c->key));
	if (key == NULL)
		return ERR_FULL;
	c->key = key;
	c->keys = keys;
	return ERR_NONE;
}

static uint64_t
eight_of(const struct zone_record *r, size_t from)
{
	uint64_t eight = 0;

	for (size_t i = from; i < from + 8; i++)
		eight = eight << 8 | (i < r->owner_len ? r->owner[i] : 0);
	return eight;
}

static enum err
take_soa(struct content *c, const struct zone_record *r)
{
	struct zone_soa soa = { .ttl = r->ttl, .len = r->rdata_len };

	if (r->rdata_len > sizeof(soa.rdata))
		return ERR_TORN;
	memcpy(soa.rdata, r->rdata, r->rdata_len);
	if (c->soa.len == 0)
		c->soa = soa;
	return c->soa.len == soa.len &&
		       memcmp(c->soa.rdata, soa.rdata, soa.len) == 0
		   ? ERR_NONE
		   : ERR_TORN;
}

uint64_t
content_bytes(const struct content *c)
{
	return c->len + c->count * sizeof(*c->key);
}

static enum err
put(struct content *c, const struct zone_record *r)
{
	size_t size = record_size(r);

	if (c->len + size + (c->count + 1) * sizeof(*c->key) > c->max_bytes)
		return ERR_RANGE;
	if (make_room(c, size) != ERR_NONE || make_key(c) != ERR_NONE)
		return ERR_FULL;
	record_write(r, c->bytes + c->len);
	c->key[c->count++] =
	    (struct content_key){ .head = { eight_of(r, 0), eight_of(r, 8) },
				  .at = c->len };
	c->len += size;
	return ERR_NONE;
}

enum err
content_add(struct content *c, const struct zone_rr *rr)
{
	uint8_t buf[RECORD_MAX];
	struct zone_record r;
	enum err err = record_from(rr, &c->zone, buf, &r);

	if (err == ERR_RANGE) {
		c->outside++;
		return ERR_NONE;
	}
	if (err != ERR_NONE)
		return err;
	if (r.type == TYPE_SOA)
		return r.owner_len == 0 ? take_soa(c, &r) : ERR_NONE;
	return put(c, &r);
}

static void
record_at(const struct content *c, const struct content_key *key,
	  struct zone_record *out)
{
	struct reader r = reader_of(c->bytes, c->len);

	r.at = key->at;
	record_borrow(&r, out);
}

static bool
are_aliases_of_one(const struct zone_record *a, const struct zone_record *b)
{
	return a->type == TYPE_CNAME && b->type == TYPE_CNAME &&
	       compare_bytes(a->owner, a->owner_len, b->owner, b->owner_len) ==
		   0;
}

/* In the order of the keys the records lie anywhere: what will be read soon
 * is fetched while others are. */
static void
look_ahead(const struct content *c, size_t i)
{
	if (i + AHEAD < c->count)
		__builtin_prefetch(c->bytes + c->key[i + AHEAD].at);
}

static bool
heads_are_alike(const struct content_key *a, const struct content_key *b)
{
	return a->head[0] == b->head[0] && a->head[1] == b->head[1];
}

static int
by_record(const void *a, const void *b, void *arg)
{
	const struct content *c = arg;
	const struct content_key *ka = a, *kb = b;
	struct zone_record ra, rb;
	int order;

	if (ka->head[0] != kb->head[0])
		return ka->head[0] < kb->head[0] ? -1 : 1;
	if (ka->head[1] != kb->head[1])
		return ka->head[1] < kb->head[1] ? -1 : 1;
	record_at(c, ka, &ra);
	record_at(c, kb, &rb);
	if (c->first_counts && are_aliases_of_one(&ra, &rb))
		return ka->at < kb->at ? -1 : 1;
	order = record_compare(&ra, &rb);
	return order != 0 ? order : (ra.ttl > rb.ttl) - (ra.ttl < rb.ttl);
}

static bool
are_one(const struct content *c, const struct content_key *a,
	const struct content_key *b)
{
	struct zone_record ra, rb;

	if (!heads_are_alike(a, b))
		return false;
	record_at(c, a, &ra);
	record_at(c, b, &rb);
	return record_compare(&ra, &rb) == 0;
}

void
content_sort(struct content *c)
{
	size_t kept = 0;

	if (c->count == 0)
		return;
	qsort_r(c->key, c->count, sizeof(*c->key), by_record, c);
	for (size_t i = 0; i < c->count; i++) {
		if (kept == 0 || !are_one(c, &c->key[kept - 1], &c->key[i]))
			c->key[kept++] = c->key[i];
	}
	c->count = kept;
}

enum err
content_each(const struct content *c, const struct record_sink *to)
{
	enum err err = ERR_NONE;

	for (size_t i = 0; i < c->count && err == ERR_NONE; i++) {
		struct zone_record r;

		look_ahead(c, i);
		record_at(c, &c->key[i], &r);
		err = to->each(to->arg, &r);
	}
	return err;
}
