/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The OPT record: what a neighbour says of himself, and what we say.
 *
 * Only the DO bit, the size, the first Extended DNS Error, a cookie and
 * whether a keepalive is asked for are read; every other option ends here, so
 * that nothing a client adds reaches an upstream. RFC 6891 6.1, RFC 7828 3,
 * RFC 7873 4, RFC 8914 2.
 */
#include "wire/edns.h"

#include <string.h>

#include "wire/message.h"
#include "wire/reader.h"

static void
read_ede(const uint8_t *data, size_t len, struct edns *out)
{
	size_t text_len = len - 2;

	if (text_len > sizeof(out->ede_text))
		text_len = sizeof(out->ede_text);
	out->ede_present = true;
	out->ede_code = (uint16_t)(data[0] << 8 | data[1]);
	out->ede_text_len = (uint8_t)text_len;
	memcpy(out->ede_text, data + 2, text_len);
}

static void
read_cookie(const uint8_t *data, size_t len, struct cookie *out)
{
	if (len != COOKIE_CLIENT && (len < 16 || len > COOKIE_MOST))
		return;
	out->len = (uint8_t)len;
	memcpy(out->bytes, data, len);
}

enum err
edns_read(const uint8_t *rdata, size_t len, struct edns *out)
{
	struct reader r = reader_of(rdata, len);

	out->ede_present = false;
	out->ede_text_len = 0;
	out->keepalive = KEEPALIVE_NONE;
	out->cookie.len = 0;
	while (reader_left(&r) > 0) {
		uint16_t code = reader_u16(&r);
		uint16_t size = reader_u16(&r);
		const uint8_t *data = reader_take(&r, size);

		if (data == NULL)
			return ERR_TORN;
		if (code == OPTION_EDE && size >= 2 && !out->ede_present)
			read_ede(data, size, out);
		if (code == OPTION_COOKIE && out->cookie.len == 0)
			read_cookie(data, size, &out->cookie);
		if (code == OPTION_KEEPALIVE && out->keepalive != KEEPALIVE_BAD)
			out->keepalive =
			    size == 0 ? KEEPALIVE_ASKED : KEEPALIVE_BAD;
	}
	return r.torn ? ERR_TORN : ERR_NONE;
}

static size_t
ede_size(const struct ede *ede)
{
	if (ede == NULL || ede->code < 0)
		return 0;
	return EDE_OVERHEAD + (ede->text ? strlen(ede->text) : 0);
}

static void
write_ede(struct writer *w, const struct ede *ede)
{
	size_t size = ede_size(ede);

	if (size == 0)
		return;
	writer_u16(w, OPTION_EDE);
	writer_u16(w, (uint16_t)(size - 4));
	writer_u16(w, (uint16_t)ede->code);
	writer_bytes(w, ede->text, size - EDE_OVERHEAD);
}

void
edns_write(struct writer *w, const struct edns_reply *e)
{
	writer_u8(w, 0);
	writer_u16(w, TYPE_OPT);
	writer_u16(w, EDNS_UDP_SIZE);
	writer_u8(w, (uint8_t)(e->rcode >> 4));
	writer_u8(w, 0);
	writer_u16(w, e->dnssec_ok ? EDNS_DO : 0);
	writer_u16(w, (uint16_t)(ede_size(e->ede) +
				 (e->keepalive ? KEEPALIVE_SIZE : 0)));
	if (e->keepalive) {
		writer_u16(w, OPTION_KEEPALIVE);
		writer_u16(w, 2);
		writer_u16(w, e->idle_100ms);
	}
	write_ede(w, e->ede);
}
