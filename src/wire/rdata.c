/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RDATA by the layouts of types.def.
 *
 * A compressed name means something only in the message it came in, so a
 * record cannot be moved as bytes where RFC 1035 let its names be packed.
 * Types of later times must be sent unpacked (RFC 3597 4), and a type that
 * we do not know is bytes.
 */
#include "wire/rdata.h"

#include "wire/reader.h"

/* What is left of the layout and of the RDATA. */
struct copy {
	const char *layout;
	struct reader r; /* ends where the RDATA ends */
};

static size_t
read_number(const char **layout)
{
	size_t n = 0;

	for (; **layout >= '0' && **layout <= '9'; ++*layout)
		n = n * 10 + (size_t)(**layout - '0');
	return n;
}

static void
copy_bytes(struct reader *r, struct writer *w, size_t n)
{
	const uint8_t *p = reader_take(r, n);

	if (p)
		writer_bytes(w, p, n);
}

static void
copy_string(struct reader *r, struct writer *w)
{
	uint8_t n = reader_u8(r);

	writer_u8(w, n);
	copy_bytes(r, w, n);
}

static void
copy_name(struct reader *r, struct writer *w, struct packer *p)
{
	struct name name;

	if (r->torn || name_read(r->bytes, r->len, &r->at, &name)) {
		r->torn = true;
		return;
	}
	if (p)
		pack_name(p, w, &name);
	else
		writer_bytes(w, name.wire, name.len);
}

static void
copy_field(struct copy *c, struct packer *p, struct writer *w)
{
	if (*c->layout >= '0' && *c->layout <= '9') {
		copy_bytes(&c->r, w, read_number(&c->layout));
		return;
	}
	switch (*c->layout++) {
	case 'N':
		copy_name(&c->r, w, p);
		break;
	case 'n':
		copy_name(&c->r, w, NULL);
		break;
	case 'S':
		copy_string(&c->r, w);
		break;
	default:
		copy_bytes(&c->r, w, reader_left(&c->r));
	}
}

static enum err
copy_rdata(struct packer *p, struct writer *w, const uint8_t *message,
	   const struct rr *rr)
{
	struct copy c = {
		.layout = type_layout(rr->type),
		.r = reader_of(message, (size_t)rr->rdata_at + rr->rdata_len),
	};

	c.r.at = rr->rdata_at;
	while (*c.layout != '\0' && !c.r.torn)
		copy_field(&c, p, w);
	return c.r.torn || reader_left(&c.r) > 0 ? ERR_TORN : ERR_NONE;
}

enum err
rdata_copy(struct packer *p, struct writer *w, const struct message *from,
	   const struct rr *rr)
{
	return copy_rdata(p, w, from->bytes, rr);
}

enum err
rdata_unpack(struct writer *w, const uint8_t *message, const struct rr *rr)
{
	return copy_rdata(NULL, w, message, rr);
}
