/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judge of NOTIFY messages.
 *
 * The SOA that one may carry is not looked at: a signed one would be no more
 * than a hint, and the primary is asked in any case. Replies are never longer
 * than what they answer, but for a signature that proves who sends them.
 */
#include "supply/notify.h"

#include "supply/tsig.h"
#include "wire/notify.h"

static const struct {
	uint8_t rcode, error;
	const char *text;
} verdicts[NOTIFY_VERDICTS] = {
#define VERDICT(name, rcode, error, text) \
	[NOTIFY_##name] = { rcode, error, text },
#include "supply/notify.def"
#undef VERDICT
};

const char *
notify_text(enum notify_verdict verdict)
{
	return verdicts[verdict].text;
}

/* Its row, or servers. */
static unsigned
find_server(const struct notify_zone *z, const struct addr *from)
{
	unsigned i = 0;

	while (i < z->servers && !addr_equal(&z->server[i].addr, from))
		i++;
	return i;
}

/* The zone in whose name it may speak; else what is nearest to that. */
static enum notify_verdict
find_zone(const struct notify_zones *zones, const struct name *name,
	  const struct addr *from, struct notify_result *out)
{
	enum notify_verdict verdict = NOTIFY_STRANGER;

	for (unsigned i = 0; i < zones->count; i++) {
		const struct notify_zone *z = &zones->of[i];
		unsigned server = find_server(z, from);

		if (server == z->servers)
			continue;
		verdict = NOTIFY_NO_ZONE;
		if (!name_equal(z->name, name))
			continue;
		out->zone = i;
		out->server = server;
		return NOTIFY_ACCEPTED;
	}
	return verdict;
}

static enum notify_verdict
verdict_of(enum tsig_verdict signature)
{
	switch (signature) {
	case TSIG_VALID:
		return NOTIFY_ACCEPTED;
	case TSIG_MISSING:
		return NOTIFY_UNSIGNED;
	case TSIG_OTHER_KEY:
	case TSIG_OTHER_ALGORITHM:
		return NOTIFY_KEY;
	case TSIG_TIME:
		return NOTIFY_TIME;
	case TSIG_TORN:
		return NOTIFY_MALFORMED;
	default:
		return NOTIFY_SIGNATURE;
	}
}

static enum notify_verdict
judge(const struct notify_letter *letter, const struct notify_zones *zones,
      struct notify_message *m, struct notify_result *out)
{
	switch (notify_read(letter->bytes, letter->len, m)) {
	case ERR_NONE:
		out->name = m->question.name;
		return find_zone(zones, &out->name, &letter->from, out);
	case ERR_TORN:
		return NOTIFY_NOTHING;
	case ERR_MISSING:
		return NOTIFY_OPCODE;
	case ERR_DENIED:
		out->name = m->question.name;
		return NOTIFY_QUESTION;
	default:
		return NOTIFY_MALFORMED;
	}
}

/* An error of the signature is told unsigned, but for one of time, which is
 * worth nothing without (RFC 8945 5.2.3). */
static void
write_error(struct writer *w, const struct notify_letter *letter, uint8_t error,
	    struct tsig *t)
{
	struct signature s;

	if (signature_read(letter->bytes, letter->len, &s) != ERR_NONE)
		return;
	s.mac_len = s.other_len = 0;
	s.error = error;
	if (error != SIGNATURE_BADTIME) {
		signature_write(w, &s);
		return;
	}
	for (unsigned i = 0; i < 6; i++)
		s.other[i] = (uint8_t)(letter->date_s >> (40 - 8 * i));
	s.other_len = 6;
	tsig_sign_as(t, w, &s);
}

static void
write_reply(const struct notify_letter *letter, const struct notify_message *m,
	    struct tsig *t, struct notify_result *out)
{
	struct writer w = writer_of(out->reply, sizeof(out->reply));
	unsigned rcode = verdicts[out->verdict].rcode;
	uint8_t error = verdicts[out->verdict].error;

	if (out->verdict == NOTIFY_NOTHING)
		return;
	notify_write_reply(&w, m, out->name.len > 0, rcode);
	if (error != 0)
		write_error(&w, letter, error, t);
	else if (out->verdict == NOTIFY_ACCEPTED && t->key)
		tsig_sign(t, &w, letter->date_s);
	out->reply_len = w.full ? 0 : w.at;
}

void
notify_judge(const struct notify_letter *letter,
	     const struct notify_zones *zones, struct notify_result *out)
{
	const struct tsig_key *key = NULL;
	struct notify_message m;
	struct tsig t = { 0 };

	out->reply_len = 0;
	out->name.len = 0;
	out->verdict = judge(letter, zones, &m, out);
	if (out->verdict == NOTIFY_ACCEPTED)
		key = zones->of[out->zone].key;
	if (key && tsig_begin(&t, key) != ERR_NONE)
		out->verdict = NOTIFY_NOTHING;
	else if (key)
		out->verdict = verdict_of(tsig_verify(
		    &t, letter->bytes, letter->len, letter->date_s));
	write_reply(letter, &m, &t, out);
	tsig_end(&t);
}
