/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Service bindings (RFC 9460).
 *
 * A browser connects to the addresses that it finds in a record's hints, so
 * the record is read with the same mistrust as an address: whatever RFC 9460
 * 2.2 calls malformed is an error, and nothing of it is used. What goes to
 * the client is written anew, parameter by parameter, in the order it came.
 */
#include "wire/svcb.h"

#include <string.h>

#include "wire/reader.h"

enum { PORT_HTTPS = 443, PARAM_HEAD = 4 };

/* ---- reading ---- */

/* Never packed (RFC 9460 2.2), so that a pointer is a label that is too
 * long. */
static void
read_target(struct reader *r, struct name *out)
{
	const uint8_t *label;
	uint8_t len;
	size_t used = 0;

	do {
		len = reader_u8(r);
		label = reader_take(r, len);
		if (label == NULL || len > LABEL_MAX ||
		    used + len + 1U > NAME_MAX_WIRE) {
			r->torn = true;
			return;
		}
		out->wire[used] = len;
		memcpy(out->wire + used + 1, label, len);
		used += len + 1U;
	} while (len > 0);
	out->len = (uint8_t)used;
}

static struct reader
value_reader(const struct svcb_value *v)
{
	return reader_of(v->bytes, v->len);
}

/* Strings, none of them empty, that fill the value. */
static bool
is_alpn(const struct svcb_value *v)
{
	struct reader r = value_reader(v);

	while (reader_left(&r) > 0) {
		uint8_t len = reader_u8(&r);

		if (len == 0)
			return false;
		reader_take(&r, len);
	}
	return !r.torn && v->len > 0;
}

/* Moves behind the parameter; false where it is none of those ahead. */
static bool
find_key(struct reader *params, uint16_t wanted)
{
	while (reader_left(params) > 0) {
		uint16_t key = reader_u16(params);

		reader_take(params, reader_u16(params));
		if (key == wanted)
			return true;
	}
	return false;
}

/* Rising keys, all of them there, and not its own (RFC 9460 8). Both lists
 * rise, so that one pass over each suffices. */
static bool
mandatory_is_right(const struct svcb *s)
{
	struct reader r = value_reader(&s->mandatory);
	struct reader params = value_reader(&s->params);
	unsigned last = SVCB_MANDATORY;

	while (reader_left(&r) > 0) {
		uint16_t key = reader_u16(&r);

		if (r.torn || key <= last || !find_key(&params, key))
			return false;
		last = key;
	}
	return s->mandatory.len > 0;
}

static bool
is_mandatory(const struct svcb *s, uint16_t wanted)
{
	struct reader r = value_reader(&s->mandatory);

	while (reader_left(&r) > 0)
		if (reader_u16(&r) == wanted)
			return true;
	return false;
}

static bool
take_port(struct svcb *s, const struct svcb_value *v)
{
	struct reader r = value_reader(v);

	s->has_port = true;
	s->port = reader_u16(&r);
	return v->len == 2;
}

static bool
take_value(struct svcb *s, uint16_t key, const struct svcb_value *v)
{
	switch (key) {
	case SVCB_MANDATORY:
		s->mandatory = *v;
		return true;
	case SVCB_ALPN:
		s->alpn = *v;
		return is_alpn(v);
	case SVCB_NO_DEFAULT_ALPN:
		s->no_default_alpn = true;
		return v->len == 0 && s->alpn.bytes != NULL;
	case SVCB_PORT:
		return take_port(s, v);
	case SVCB_IPV4HINT:
		s->hint4 = *v;
		return v->len > 0 && v->len % 4 == 0;
	case SVCB_ECH:
		return v->len > 0;
	case SVCB_IPV6HINT:
		s->hint6 = *v;
		return v->len > 0 && v->len % 16 == 0;
	case SVCB_INVALID:
		return false;
	default:
		return true;
	}
}

static bool
read_params(struct svcb *s)
{
	struct reader r = value_reader(&s->params);
	int32_t last = -1;

	while (reader_left(&r) > 0) {
		uint16_t key = reader_u16(&r), len = reader_u16(&r);
		struct svcb_value v = { reader_take(&r, len), len };

		if (r.torn || key <= last || !take_value(s, key, &v))
			return false;
		last = key;
	}
	return !r.torn && (s->mandatory.bytes == NULL || mandatory_is_right(s));
}

enum err
svcb_read(const uint8_t *rdata, size_t len, struct svcb *out)
{
	struct reader r = reader_of(rdata, len);

	out->priority = reader_u16(&r);
	read_target(&r, &out->target);
	if (r.torn)
		return ERR_TORN;
	out->has_port = false;
	out->port = 0;
	out->no_default_alpn = false;
	out->mandatory = out->alpn = out->hint4 = out->hint6 =
	    (struct svcb_value){ 0 };
	out->params.len = reader_left(&r);
	out->params.bytes = reader_take(&r, out->params.len);
	return read_params(out) ? ERR_NONE : ERR_TORN;
}

enum err
rr_service(const struct message *m, const struct rr *rr, struct svcb *out)
{
	if (rr->class != CLASS_IN ||
	    (rr->type != TYPE_SVCB && rr->type != TYPE_HTTPS))
		return ERR_MISSING;
	return svcb_read(m->bytes + rr->rdata_at, rr->rdata_len, out);
}

/* ---- hints and ports ---- */

static size_t
hint_size(uint8_t family)
{
	return family == 4 ? 4 : 16;
}

unsigned
svcb_hint_count(const struct svcb *s, uint8_t family)
{
	const struct svcb_value *v = family == 4 ? &s->hint4 : &s->hint6;
	size_t count = v->len / hint_size(family);

	return count < SVCB_HINTS_MAX ? (unsigned)count : SVCB_HINTS_MAX;
}

void
svcb_hint(const struct svcb *s, uint8_t family, unsigned i, struct addr *out)
{
	if (family == 4)
		addr_from_v4(s->hint4.bytes + i * 4, out);
	else
		addr_from_v6(s->hint6.bytes + i * 16, out);
}

/* h3 and its drafts (RFC 9114 3.1). */
static bool
is_quic(const uint8_t *alpn, uint8_t len)
{
	return len >= 2 && alpn[0] == 'h' && alpn[1] == '3';
}

static unsigned
count_alpn(const struct svcb *s, bool quic)
{
	struct reader r = value_reader(&s->alpn);
	unsigned count = 0;

	while (reader_left(&r) > 0) {
		uint8_t len = reader_u8(&r);

		count += is_quic(reader_take(&r, len), len) == quic;
	}
	return count;
}

bool
svcb_offers_tcp(const struct svcb *s)
{
	return !s->no_default_alpn || count_alpn(s, false) > 0;
}

bool
svcb_offers_quic(const struct svcb *s)
{
	return count_alpn(s, true) > 0;
}

/* The number behind the underscore of the first label, or 0. */
static uint16_t
prefix_port(struct reader *r)
{
	uint8_t len = reader_u8(r);
	const uint8_t *label = reader_take(r, len);
	unsigned port = 0;

	if (label == NULL || len < 2 || len > 6 || label[0] != '_')
		return 0;
	for (unsigned i = 1; i < len; i++) {
		if (label[i] < '0' || label[i] > '9')
			return 0;
		port = port * 10 + (unsigned)(label[i] - '0');
	}
	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

static bool
is_https_label(struct reader *r)
{
	static const uint8_t https[] = "_https";
	uint8_t len = reader_u8(r);
	const uint8_t *label = reader_take(r, len);

	if (label == NULL || len != sizeof(https) - 1)
		return false;
	for (unsigned i = 0; i < len; i++)
		if (name_fold(label[i]) != https[i])
			return false;
	return true;
}

/* The port in front, with r behind the prefix; 0: there is none. */
static uint16_t
read_prefix(struct reader *r)
{
	uint16_t port = prefix_port(r);

	return port > 0 && is_https_label(r) ? port : 0;
}

uint16_t
svcb_default_port(const struct name *qname, uint16_t type)
{
	struct reader r = reader_of(qname->wire, qname->len);
	uint16_t port;

	if (type != TYPE_HTTPS)
		return 0;
	port = read_prefix(&r);
	return port > 0 ? port : PORT_HTTPS;
}

bool
svcb_plain_name(const struct name *qname, struct name *out)
{
	struct reader r = reader_of(qname->wire, qname->len);
	size_t left;

	if (read_prefix(&r) == 0)
		return false;
	left = reader_left(&r);
	out->len = (uint8_t)left;
	memmove(out->wire, reader_take(&r, left), left);
	return true;
}

/* ---- writing ---- */

static void
write_param(struct writer *w, uint16_t key, const struct svcb_value *v)
{
	writer_u16(w, key);
	writer_u16(w, (uint16_t)v->len);
	writer_bytes(w, v->bytes, v->len);
}

/* False where none was kept. */
static bool
write_hints(const struct svcb *s, uint8_t family, const struct svcb_edit *edit,
	    struct writer *w)
{
	size_t start = w->at, len;
	uint8_t *head;

	writer_u16(w, family == 4 ? SVCB_IPV4HINT : SVCB_IPV6HINT);
	head = writer_room(w, 2);
	for (unsigned i = 0; i < svcb_hint_count(s, family); i++) {
		struct addr a;

		svcb_hint(s, family, i, &a);
		if (edit->keep(edit->arg, &a))
			writer_bytes(w, a.byte, hint_size(family));
	}
	if (w->full)
		return true;
	len = w->at - start - PARAM_HEAD;
	head[0] = (uint8_t)(len >> 8);
	head[1] = (uint8_t)len;
	if (len == 0)
		writer_back(w, start);
	return len > 0;
}

/* False where it was left out. */
static bool
edit_param(const struct svcb *s, uint16_t key, const struct svcb_value *v,
	   const struct svcb_edit *edit, struct writer *w)
{
	if (key == SVCB_ECH && edit->strip_ech)
		return false;
	if (key == SVCB_IPV4HINT && edit->keep)
		return write_hints(s, 4, edit, w);
	if (key == SVCB_IPV6HINT && edit->keep)
		return write_hints(s, 6, edit, w);
	write_param(w, key, v);
	return true;
}

enum err
svcb_write(const struct svcb *s, const struct svcb_edit *edit, struct writer *w)
{
	struct reader r = value_reader(&s->params);

	writer_u16(w, s->priority);
	writer_bytes(w, s->target.wire, s->target.len);
	while (s->priority > 0 && reader_left(&r) > 0) {
		uint16_t key = reader_u16(&r), len = reader_u16(&r);
		struct svcb_value v = { reader_take(&r, len), len };

		if (!edit_param(s, key, &v, edit, w) && is_mandatory(s, key))
			return ERR_MISSING;
	}
	return w->full ? ERR_FULL : ERR_NONE;
}
