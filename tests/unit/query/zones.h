/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy zones for a stage of player.h, and answers in one line of text.
 *
 *   zones_are({ "bad.test CNAME .", "!log|*.x.test CNAME *." })
 *
 * A zone is its lines with `|` between them; before those, words that begin
 * with `!` say what the lists file would: !log, !passthru and so on, !net
 * CLIENTS, !ns-block, !ns-levels NUMBER, !soa-none, !soa-authority, !cname
 * NAME, !wild NAME, !address ADDRESS, !ede NUMBER, !nick NAME. Zone n is named
 * zn.
 */
#ifndef TESTS_QUERY_ZONES_H
#define TESTS_QUERY_ZONES_H

#include <stdio.h>

#include "lists/build.h"
#include "lists/rpz_zone.h"
#include "query/story.h"

enum { ZONES_MOST = 6, ZONE_TEXT = 16384 };

static struct {
	void *image;
	struct lists_build build;
} lists_here;

static inline enum err
zone_item(void *arg, const struct item *item)
{
	(void)arg;
	return lists_build_add(&lists_here.build, item);
}

static inline void
zone_note(void *arg, enum rpz_note note, const struct name *owner)
{
	(void)arg;
	(void)owner;
	fail_msg("%s", rpz_note_text(note));
}

static inline void
zone_bad(void *arg, uint32_t line, const char *what)
{
	(void)arg;
	fail_msg("line %u %s", line, what);
}

/* What a word of the lists file sets. */
struct zone_setting {
	struct lists_about about;
	struct net net;
	uint8_t data[300];
};

static inline void
zone_target(struct zone_setting *z, const char *target)
{
	struct name n = play_name(target);

	z->about.action = ACTION_CNAME;
	memcpy(z->data, "\0\0\0\x3c", 4);
	memcpy(z->data + 4, n.wire, n.len);
	z->about.data = z->data;
	z->about.data_len = n.len + 4u;
}

static inline void
zone_address(struct zone_setting *z, const char *text)
{
	static const uint8_t head[] = { 0, 1, 0, 0, 0, 60, 0, 4 };
	struct addr a = play_addr(text);

	z->about.action = ACTION_ADDRESS;
	memcpy(z->data, head, sizeof(head));
	memcpy(z->data + sizeof(head), a.byte, 4);
	z->about.data = z->data;
	z->about.data_len = sizeof(head) + 4;
}

static inline void
zone_set(struct zone_setting *z, const char *word, const char *value)
{
	struct lists_about *a = &z->about;
	bool masked;

	for (unsigned i = 0; i < ACTION_COUNT; i++)
		if (strcmp(word, action_word(i)) == 0)
			a->action = i;
	if (strcmp(word, "net") == 0) {
		assert_int_equal(
		    net_parse(value, strlen(value), &z->net, &masked),
		    ERR_NONE);
		a->client = &z->net;
		a->clients = 1;
	} else if (strcmp(word, "ns-block") == 0) {
		a->flags |= LISTS_NS_BLOCK;
	} else if (strcmp(word, "ns-levels") == 0) {
		a->ns_levels = (uint32_t)atoi(value);
	} else if (strcmp(word, "soa-none") == 0) {
		a->soa_place = LISTS_SOA_NONE;
	} else if (strcmp(word, "soa-authority") == 0) {
		a->soa_place = LISTS_SOA_AUTHORITY;
	} else if (strcmp(word, "cname") == 0 || strcmp(word, "wild") == 0) {
		a->wild = *word == 'w';
		zone_target(z, value);
	} else if (strcmp(word, "address") == 0) {
		zone_address(z, value);
	} else if (strcmp(word, "ede") == 0) {
		a->ede = (uint32_t)atoi(value);
	} else if (strcmp(word, "nick") == 0) {
		a->nickname = value;
	}
}

static inline bool
word_has_value(const char *word)
{
	return strcmp(word, "net") == 0 || strcmp(word, "cname") == 0 ||
	       strcmp(word, "wild") == 0 || strcmp(word, "address") == 0 ||
	       strcmp(word, "ede") == 0 || strcmp(word, "nick") == 0 ||
	       strcmp(word, "ns-levels") == 0;
}

/* Words at the beginning; returns what is behind them. */
static inline char *
zone_settings(struct zone_setting *z, char *text)
{
	while (*text == '!') {
		char *word = text + 1, *value = NULL;

		text += strcspn(text, " |");
		if (*text != '\0')
			*text++ = '\0';
		if (word_has_value(word)) {
			value = text;
			text += strcspn(text, " |");
			if (*text != '\0')
				*text++ = '\0';
		}
		zone_set(z, word, value);
	}
	return text;
}

/* A record as an entry has it. */
static inline void
zone_soa(const struct zone_soa *soa)
{
	uint8_t bytes[600];
	struct writer w = writer_of(bytes, sizeof(bytes));

	writer_u16(&w, TYPE_SOA);
	writer_u32(&w, soa->ttl);
	writer_u16(&w, soa->len);
	writer_bytes(&w, soa->rdata, soa->len);
	assert_int_equal(lists_build_soa(&lists_here.build, bytes, w.at),
			 ERR_NONE);
}

static inline void
zone_records(const char *name, const char *text)
{
	static const struct rpz_sink sink = { zone_item, zone_note, NULL };
	static char zone[ZONE_TEXT + 100];
	struct name origin = play_name(name);
	struct zone_text from = { .text = zone,
				  .zone = &origin,
				  .bad = zone_bad };
	struct rpz_about about;

	snprintf(zone, sizeof(zone),
		 "$TTL 60\n@ SOA ns. host. 1 60 60 60 30\n%s\n", text);
	for (char *c = zone; *c != '\0'; c++)
		if (*c == '|')
			*c = '\n';
	from.len = strlen(zone);
	assert_int_equal(rpz_read_text(&from, 1 << 20, &sink, &about),
			 ERR_NONE);
	assert_int_equal(lists_build_zone(&lists_here.build, &about.zone),
			 ERR_NONE);
	zone_soa(&about.soa);
}

static inline void
zone_is(unsigned number, const char *text)
{
	struct zone_setting z = { 0 };
	char copy[ZONE_TEXT], name[8];
	char *records;

	assert_true(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	snprintf(name, sizeof(name), "z%u", number);
	z.about = (struct lists_about){ .name = name,
					.file = "/zone",
					.line = "list",
					.form = FORM_RPZ,
					.max_ttl_s = 300,
					.ns_levels = 1,
					.ede = LISTS_EDE_USUAL };
	records = zone_settings(&z, copy);
	assert_int_equal(lists_build_list(&lists_here.build, &z.about),
			 ERR_NONE);
	zone_records(name, records);
}

static inline void
zones_end(void)
{
	free(lists_here.image);
	lists_here.image = NULL;
	play.house.lists = (struct lists){ 0 };
}

/* The lists in force from now on; NULL ends them. */
static inline void
zones_are(const char *const zone[ZONES_MOST])
{
	size_t size;

	zones_end();
	lists_build_init(&lists_here.build);
	for (unsigned i = 0; i < ZONES_MOST && zone[i] != NULL; i++)
		zone_is(i, zone[i]);
	assert_int_equal(
	    lists_build_image(&lists_here.build, &lists_here.image, &size),
	    ERR_NONE);
	lists_build_fini(&lists_here.build);
	assert_int_equal(lists_view(lists_here.image, size, &play.house.lists),
			 ERR_NONE);
}

/* ---- what an upstream says ------------------------------------------------
 */

/* "OWNER TYPE DATA" */
static inline void
says_record(struct packet *p, char *text)
{
	char *owner = strtok(text, " "), *type = strtok(NULL, " ");
	char *data = strtok(NULL, " ");

	if (strcmp(type, "CNAME") == 0)
		packet_link(p, TYPE_CNAME, owner, data, 100);
	else if (strcmp(type, "DNAME") == 0)
		packet_link(p, TYPE_DNAME, owner, data, 100);
	else if (strcmp(type, "NS") == 0)
		packet_link(p, TYPE_NS, owner, data, 100);
	else if (strcmp(type, "SOA") == 0)
		packet_soa(p, owner, 100);
	else
		packet_address(p, SECTION_ANSWER, owner, data, 100);
}

static inline unsigned
rcode_at(const char *text)
{
	if (strncmp(text, "NXDOMAIN", 8) == 0)
		return RCODE_NXDOMAIN;
	if (strncmp(text, "SERVFAIL", 8) == 0)
		return RCODE_SERVFAIL;
	return strncmp(text, "REFUSED", 7) == 0 ? RCODE_REFUSED : RCODE_NOERROR;
}

static inline void
says_records(struct packet *p, char *next)
{
	while (*next != '\0') {
		char *record = next;

		next += strcspn(next, ";");
		if (*next != '\0')
			*next++ = '\0';
		while (*next == ' ')
			next++;
		says_record(p, record);
	}
}

/* A response code if not NOERROR, and records with `;` between them. */
static inline void
ask_is_told(struct upstream_ask *a, const char *text)
{
	static struct message m;
	static struct packet p;
	unsigned rcode = rcode_at(text);
	char copy[ZONE_TEXT];
	char *records = copy;

	assert_true(a->open);
	a->open = false;
	packet_begin(&p, &a->q,
		     (uint16_t)(FLAG_QR | FLAG_RD | FLAG_RA | rcode));
	strcpy(copy, text);
	if (rcode != RCODE_NOERROR)
		records += strcspn(copy, " ");
	while (*records == ' ')
		records++;
	says_records(&p, records);
	packet_end(&p);
	assert_int_equal(message_read(p.bytes, p.w.at, &m), ERR_NONE);
	a->done(a->owner, UPSTREAM_ANSWERED, &m);
}

static inline void
upstream_says_text(const char *text)
{
	ask_is_told(last_ask(), text);
}

/* What is known of a name and type; NULL, NULL ends a table. */
struct known {
	const char *asks, *says;
};

static inline const char *
known_of(const struct known *k, const struct question *q)
{
	char buf[NAME_TEXT_SIZE + 20], number[16];
	struct text t;
	struct name lower;

	name_lower(&q->name, &lower);
	text_init(&t, buf, sizeof(buf));
	name_print(&lower, &t);
	buf[--t.len] = '\0';
	text_char(&t, ' ');
	text_str(&t, type_text(q->type, number));
	for (; k->asks != NULL; k++)
		if (strcmp(k->asks, buf) == 0)
			return k->says;
	return NULL;
}

/* Answers all that is asked and known, and what is asked then; unknown
 * questions stay open. */
static inline void
upstream_knows(const struct known *k)
{
	bool again = true;

	while (again) {
		again = false;
		time_passes(0);
		for (unsigned i = 0; i < PLAY_ASKS; i++) {
			struct upstream_ask *a = &play.ask[i];
			const char *says = a->open ? known_of(k, &a->q) : NULL;

			if (says != NULL)
				ask_is_told(a, says);
			again |= says != NULL;
		}
	}
	time_passes(0);
}

/* ---- what the client hears ------------------------------------------------
 */

static inline void
print_heard_record(const struct rr *rr, struct text *out)
{
	const struct message *m = &play.answer;
	char number[16], addr[ADDR_TEXT_SIZE];
	struct name name;
	struct addr a;

	text_str(out, rr->section == SECTION_ANSWER	 ? "; "
		      : rr->section == SECTION_AUTHORITY ? "; AUTHORITY "
							 : "; ADDITIONAL ");
	rr_owner(m, rr, &name);
	name_print(&name, out);
	text_char(out, ' ');
	text_str(out, type_text(rr->type, number));
	if (rr_address(m, rr, &a)) {
		text_char(out, ' ');
		text_str(out, addr_print(&a, addr));
	} else if (rr_target(m, rr, &name) == ERR_NONE) {
		text_char(out, ' ');
		name_print(&name, out);
	}
}

/* "NXDOMAIN; a.test. CNAME b.test.; ADDITIONAL z0. SOA", "TC NOERROR",
 * "silence", "nothing yet". */
static inline const char *
heard(void)
{
	static char buf[ZONE_TEXT];
	char number[16];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	if (play.answers + play.drops == 0)
		return "nothing yet";
	if (play.drops > 0) {
		play.drops = 0;
		return "silence";
	}
	play.answers = 0;
	assert_true(answer_is_whole());
	assert_int_equal(play.answer.header.flags & (FLAG_AA | FLAG_AD), 0);
	if ((play.answer.header.flags & FLAG_TC) != 0)
		text_str(&t, "TC ");
	text_str(&t, rcode_text(message_rcode(&play.answer), number));
	for (unsigned i = 0; i < play.answer.rr_count; i++)
		print_heard_record(&play.answer.rr[i], &t);
	return buf;
}

static inline void
client_asks_text(const char *asks)
{
	char name[NAME_TEXT_SIZE];
	uint16_t type = TYPE_A;
	size_t len = strcspn(asks, " ");

	memcpy(name, asks, len);
	name[len] = '\0';
	if (asks[len] != '\0')
		assert_true(
		    type_parse(asks + len + 1, strlen(asks + len + 1), &type));
	client_says(name, type);
}

#endif
