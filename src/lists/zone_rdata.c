/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RDATA from text.
 *
 * Nearly all of a policy zone are CNAMEs, and what is not is addresses: those
 * are read here, in a tenth of the time, and the SOA. libldns knows all other
 * types.
 */
#include "lists/zone_rdata.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "lists/ldns.h"
#include "lists/zone.h"
#include "lists/zone_line.h"
#include "wire/types.h"
#include "wire/writer.h"

/* A dot ends it, and no backslash makes that one of the label. */
static bool
is_absolute(const char *text, size_t len)
{
	size_t escapes = 0;

	if (len == 0 || text[len - 1] != '.')
		return false;
	while (escapes + 1 < len && text[len - 2 - escapes] == '\\')
		escapes++;
	return escapes % 2 == 0;
}

bool
zone_name_read(const char *text, size_t len, const struct name *origin,
	       struct name *out)
{
	if (len == 1 && text[0] == '@') {
		*out = *origin;
		return true;
	}
	if (name_parse(text, len, out, NULL) != ERR_NONE)
		return false;
	if (is_absolute(text, len))
		return true;
	if ((size_t)out->len - 1 + origin->len > NAME_MAX_WIRE)
		return false;
	memcpy(out->wire + out->len - 1, origin->wire, origin->len);
	out->len = (uint8_t)(out->len - 1 + origin->len);
	return true;
}

static bool
read_target(const struct zone_word *w, const struct name *origin,
	    struct zone_rdata *out)
{
	struct name name;

	if (!zone_name_read(w->text, w->len, origin, &name))
		return false;
	memcpy(out->bytes, name.wire, name.len);
	out->len = name.len;
	return true;
}

static bool
read_address(const struct zone_word *w, uint16_t type, struct zone_rdata *out)
{
	char text[ADDR_TEXT_SIZE];

	if (w->len >= sizeof(text))
		return false;
	memcpy(text, w->text, w->len);
	text[w->len] = '\0';
	out->len = type == TYPE_A ? 4 : 16;
	return inet_pton(type == TYPE_A ? AF_INET : AF_INET6, text,
			 out->bytes) == 1;
}

static bool
add_name(const struct zone_word *w, const struct name *origin,
	 struct writer *to)
{
	struct name name;

	if (!zone_name_read(w->text, w->len, origin, &name))
		return false;
	writer_bytes(to, name.wire, name.len);
	return true;
}

/* A serial number may be larger than times are. */
static bool
add_number(const struct zone_word *w, struct writer *to)
{
	uint64_t number = 0;
	uint32_t time_s;

	if (zone_word_ttl(w, &time_s)) {
		writer_u32(to, time_s);
		return true;
	}
	for (size_t i = 0; i < w->len; i++) {
		if (w->text[i] < '0' || w->text[i] > '9' || number > UINT32_MAX)
			return false;
		number = number * 10 + (uint64_t)(w->text[i] - '0');
	}
	writer_u32(to, (uint32_t)number);
	return w->len > 0 && number <= UINT32_MAX;
}

/* Two names and five numbers. */
static bool
read_soa(const char *text, const struct name *origin, struct zone_rdata *out)
{
	struct writer to = writer_of(out->bytes, sizeof(out->bytes));
	struct zone_word word;

	for (unsigned i = 0; i < 7; i++) {
		if (!zone_word_next(&text, &word) ||
		    !(i < 2 ? add_name(&word, origin, &to)
			    : add_number(&word, &to)))
			return false;
	}
	out->len = (uint16_t)to.at;
	return !zone_word_next(&text, &word);
}

/* RFC 6895 3.1: 128 to 255 are of questions and of messages. */
static bool
zones_hold(unsigned type)
{
	return type > 0 && type < UINT16_MAX && type != TYPE_OPT &&
	       (type < 128 || type > 255);
}

bool
zone_type_read(const char *text, size_t len, uint16_t *out)
{
	char word[32];

	if (type_parse(text, len, out))
		return zones_hold(*out);
	if (len >= sizeof(word) || ldns() == NULL)
		return false;
	memcpy(word, text, len);
	word[len] = '\0';
	*out = (uint16_t)ldns()->get_rr_type_by_name(word);
	return zones_hold(*out);
}

/* ---- what libldns knows ------------------------------------------------- */

static bool
gather(const ldns_rr *rr, struct zone_rdata *out)
{
	out->len = 0;

	for (size_t i = 0; i < ldns()->rr_rd_count(rr); i++) {
		const ldns_rdf *field = ldns()->rr_rdf(rr, i);

		if (field == NULL ||
		    ldns()->rdf_size(field) > sizeof(out->bytes) - out->len)
			return false;
		memcpy(out->bytes + out->len, ldns()->rdf_data(field),
		       ldns()->rdf_size(field));
		out->len = (uint16_t)(out->len + ldns()->rdf_size(field));
	}
	return true;
}

/* libldns reads whole records, so ours is given an owner and a TTL. */
static ldns_rr *
record_of(uint16_t type, const char *text, const struct name *origin)
{
	char line[ZONE_LINE_MAX + 32], word[16];
	ldns_rr *rr = NULL;
	ldns_rdf *below;
	int len;

	len = snprintf(line, sizeof(line), ". 1 IN %s %s",
		       type_text(type, word), text);
	below = ldns()->rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, origin->len,
					 origin->wire);
	if (below != NULL && len > 0 && (size_t)len < sizeof(line) &&
	    ldns()->rr_new_frm_str(&rr, line, 1, below, NULL) != LDNS_STATUS_OK)
		rr = NULL;
	ldns()->rdf_deep_free(below);
	return rr;
}

static bool
read_any(uint16_t type, const char *text, const struct name *origin,
	 struct zone_rdata *to)
{
	ldns_rr *rr = ldns() ? record_of(type, text, origin) : NULL;
	bool is_whole =
	    rr != NULL && ldns()->rr_get_type(rr) == type && gather(rr, to);

	if (rr != NULL)
		ldns()->rr_free(rr);
	return is_whole;
}

bool
zone_rdata_read(uint16_t type, const char *text, const struct name *origin,
		struct zone_rdata *out)
{
	const char *at = text;
	struct zone_word word, more;

	if (!zone_word_next(&at, &word))
		return false;
	if (type == TYPE_SOA && !zone_word_is(&word, "\\#"))
		return read_soa(text, origin, out);
	if (zone_word_next(&at, &more))
		return read_any(type, text, origin, out);
	if (strcasecmp(type_layout(type), "n") == 0)
		return read_target(&word, origin, out);
	if (type == TYPE_A || type == TYPE_AAAA)
		return read_address(&word, type, out);
	return read_any(type, text, origin, out);
}
