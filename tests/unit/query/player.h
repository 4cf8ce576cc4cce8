/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stage for the query room: the real path with the real policy, reader and
 * writer, and between them an upstream, a warden and a clock that do what the
 * story says. A story reads: client says, upstream says, warden is asked,
 * warden says, client hears, log holds.
 *
 * The room's neighbours (upstream_ask(), grant_ask(), the loop's clock) are
 * defined here, so that this header belongs into one source of a program.
 */
#ifndef TESTS_QUERY_PLAYER_H
#define TESTS_QUERY_PLAYER_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/compile.h"
#include "proc/post.h"
#include "query/query.h"
#include "record/access.h"
#include "wire/writer.h"

enum { PLAY_ASKS = 64, PLAY_DUES = 64, PLAY_LOG = 1 << 20 };

/* A question that is with the upstream. */
struct upstream_ask {
	bool open;
	struct question q;
	bool dnssec_ok, checking_disabled, stream;
	upstream_done_fn *done;
	void *owner;
};

/* What the warden does with the next letters. */
enum warden { WARDEN_WAITS, WARDEN_KNOWS, WARDEN_FAILS };

struct play {
	struct query_house house;
	struct options opt;
	struct own_addresses own;
	struct board board;
	struct worker_stats stats;
	struct random random;
	struct recording recording;
	struct policy policy;
	void *image;
	int log_fd;
	int64_t now_ms;
	struct due *due[PLAY_DUES];
	int64_t due_ms[PLAY_DUES]; /* 0: not armed */
	/* upstream */
	struct upstream_ask ask[PLAY_ASKS];
	unsigned asked; /* so far */
	bool upstream_is_full;
	/* warden */
	enum warden warden;
	enum grant_status warden_fails_with;
	struct grant_item item[GRANT_BATCH_MAX];
	struct grant_names names;
	unsigned items;	   /* of the last letter */
	unsigned letters;  /* so far */
	struct grant_wait *wait; /* open */
	/* client */
	struct origin origin;
	uint16_t id;
	uint8_t heard[MESSAGE_MAX];
	size_t heard_len;
	unsigned answers, drops; /* so far */
	bool answered_unacknowledged;
	struct message answer; /* the last, read */
	char log[PLAY_LOG];
};

static struct play play;

/* To be set before play_begin(); no cache where it is not. */
static struct {
	uint32_t cache_mib, stale_s;
	bool prefetch;
} play_wants;

/* ---- the neighbours ---- */

int64_t
loop_now_ms(const struct loop *l)
{
	(void)l;
	return play.now_ms;
}

void
due_init(struct due *d, due_fn *fn, void *owner)
{
	d->fn = fn;
	d->owner = owner;
}

void
due_stop(struct loop *l, struct due *d)
{
	(void)l;
	for (unsigned i = 0; i < PLAY_DUES; i++)
		if (play.due[i] == d)
			play.due_ms[i] = 0;
}

void
due_in(struct loop *l, struct due *d, int64_t wait_ms)
{
	unsigned i = 0;

	due_stop(l, d);
	while (play.due_ms[i] != 0)
		assert(++i < PLAY_DUES);
	play.due[i] = d;
	play.due_ms[i] = play.now_ms + wait_ms;
}

/* Nothing comes by itself. */
void
ready_init(struct ready *r, int fd, ready_fn *fn, void *owner)
{
	(void)fd;
	r->fn = fn;
	r->owner = owner;
}

void
ready_want(struct loop *l, struct ready *r, bool read, bool write)
{
	(void)l, (void)r, (void)read, (void)write;
}

const struct endpoint *
upstream_heard(const struct upstreams *u)
{
	static const struct endpoint at = {
		.addr = { .family = 4, .byte = { 192, 0, 2, 53 } }, .port = 53
	};

	(void)u;
	return &at;
}

enum err
upstream_ask(struct upstreams *u, const struct upstream_question *q,
	     upstream_done_fn *done, void *owner, struct upstream_ask **out)
{
	struct upstream_ask *a = &play.ask[play.asked % PLAY_ASKS];

	(void)u;
	if (play.upstream_is_full)
		return ERR_FULL;
	assert(!a->open);
	*a = (struct upstream_ask){ true, *q->q, q->dnssec_ok,
				    q->checking_disabled, q->stream, done,
				    owner };
	play.asked++;
	*out = a;
	return ERR_NONE;
}

void
upstream_cancel(struct upstreams *u, struct upstream_ask *ask)
{
	(void)u;
	assert(ask->open);
	ask->open = false;
}

enum grant_ask
grant_ask(struct granter *g, struct grant_wait *wait,
	  const struct grant_item *items, unsigned count)
{
	(void)g;
	assert(count > 0 && count <= GRANT_BATCH_MAX);
	memcpy(play.item, items, count * sizeof(*items));
	play.names = *wait->names;
	play.items = count;
	play.letters++;
	if (play.warden == WARDEN_KNOWS)
		return GRANT_ASK_KNOWN;
	if (play.warden == WARDEN_FAILS) {
		wait->status = play.warden_fails_with;
		return GRANT_ASK_FAILED;
	}
	play.wait = wait;
	return GRANT_ASK_WAITING;
}

void
grant_cancel(struct granter *g, struct grant_wait *wait)
{
	(void)g;
	assert(play.wait == wait);
	play.wait = NULL;
}

/* ---- building up and tearing down ---- */

static inline struct addr
play_addr(const char *text)
{
	struct addr a;
	enum err err = addr_parse(text, strlen(text), &a);

	assert(err == ERR_NONE);
	(void)err;
	return a;
}

static inline struct name
play_name(const char *text)
{
	struct name n;
	enum err err = name_parse(text, strlen(text), &n, NULL);

	assert(err == ERR_NONE);
	(void)err;
	return n;
}

static inline void
play_answer(const struct origin *o, const uint8_t *bytes, size_t len)
{
	(void)o;
	assert(len <= sizeof(play.heard));
	memcpy(play.heard, bytes, len);
	play.heard_len = len;
	play.answers++;
	play.answered_unacknowledged = play.wait != NULL;
}

static inline void
play_drop(const struct origin *o)
{
	(void)o;
	play.drops++;
}

/* The policy in force from now on. */
static inline void
play_policy(const char *acl)
{
	struct policy_source source = { .name = "/etc/dns-firewall/acl",
					.text = acl,
					.len = strlen(acl) };
	uint32_t generation = play.house.policy.generation + 1;
	char said[4096];
	struct text complaints;
	size_t size = 0;
	enum err err;

	text_init(&complaints, said, sizeof(said));
	free(play.image);
	err = policy_compile(&source, &play.image, &size, &complaints);
	assert(err == ERR_NONE);
	err = policy_view(play.image, size, generation, &play.house.policy);
	assert(err == ERR_NONE);
	(void)err;
}

static inline void
play_from(const char *client)
{
	play.origin.client.addr = play_addr(client);
}

static inline void
play_begin(const char *acl)
{
	int pair[2];
	enum err err;

	memset(&play, 0, offsetof(struct play, log));
	err = post_pair(pair);
	assert(err == ERR_NONE);
	play.log_fd = pair[0];
	play.now_ms = 1000000;
	play.id = 7;
	play.opt.min_rule_time_s = 5;
	play.opt.max_rule_time_s = 86400;
	play.opt.grace_s = 60;
	play.opt.max_addresses = 32;
	play.opt.cache_size_mib = play_wants.cache_mib;
	play.opt.cache_max_ttl_s = 86400;
	play.opt.serve_stale_s = play_wants.stale_s;
	play.opt.prefetch = play_wants.prefetch;
	random_init(&play.random);
	recording_init(&play.recording, pair[1], &play.stats);
	play.house.opt = &play.opt;
	play.house.own = &play.own;
	play.house.board = &play.board;
	play.house.stats = &play.stats;
	play.house.random = &play.random;
	play.house.recording = &play.recording;
	play_policy(acl);
	err = query_house_init(&play.house);
	assert(err == ERR_NONE);
	(void)err;
	play.origin = (struct origin){ .answer = play_answer,
				       .drop = play_drop };
	play_from("10.0.0.2");
}

static inline void
play_end(void)
{
	query_house_fini(&play.house);
	free(play.image);
	close(play.log_fd);
	close(play.recording.channel);
}

/* ---- messages ---- */

struct packet {
	struct writer w;
	uint16_t count[3];
	uint8_t bytes[MESSAGE_MAX];
};

static inline void
packet_name(struct packet *p, const char *name)
{
	struct name n = play_name(name);

	writer_bytes(&p->w, n.wire, n.len);
}

/* An answer's header and question, as asked. */
static inline void
packet_begin(struct packet *p, const struct question *q, uint16_t flags)
{
	memset(p->count, 0, sizeof(p->count));
	p->w = writer_of(p->bytes, sizeof(p->bytes));
	writer_u16(&p->w, 0x1234);
	writer_u16(&p->w, flags);
	writer_u16(&p->w, 1);
	writer_u16(&p->w, 0);
	writer_u32(&p->w, 0);
	writer_bytes(&p->w, q->name.wire, q->name.len);
	writer_u16(&p->w, q->type);
	writer_u16(&p->w, q->class);
}

/* Sections must come in their order. */
struct packet_rr {
	enum section section;
	const char *owner;
	uint16_t type;
	uint32_t ttl;
};

static inline void
packet_rr(struct packet *p, const struct packet_rr *rr, const void *rdata,
	  size_t len)
{
	packet_name(p, rr->owner);
	writer_u16(&p->w, rr->type);
	writer_u16(&p->w, CLASS_IN);
	writer_u32(&p->w, rr->ttl);
	writer_u16(&p->w, (uint16_t)len);
	writer_bytes(&p->w, rdata, len);
	p->count[rr->section]++;
}

static inline void
packet_address(struct packet *p, enum section section, const char *owner,
	       const char *address, uint32_t ttl)
{
	struct addr a;
	bool six = strchr(address, ':') != NULL;
	struct packet_rr rr = { section, owner, six ? TYPE_AAAA : TYPE_A,
				ttl };

	a = play_addr(address);
	if (six && a.family == 4) { /* a mapped one as AAAA has it */
		uint8_t byte[16] = { [10] = 0xff, [11] = 0xff };

		memcpy(byte + 12, a.byte, 4);
		packet_rr(p, &rr, byte, 16);
		return;
	}
	packet_rr(p, &rr, a.byte, six ? 16 : 4);
}

static inline void
packet_link(struct packet *p, uint16_t type, const char *owner,
	    const char *target, uint32_t ttl)
{
	struct packet_rr rr = { SECTION_ANSWER, owner, type, ttl };
	struct name n = play_name(target);

	packet_rr(p, &rr, n.wire, n.len);
}

static inline void
packet_soa(struct packet *p, const char *owner, uint32_t ttl)
{
	struct packet_rr rr = { SECTION_AUTHORITY, owner, TYPE_SOA, ttl };
	uint8_t rdata[22] = { 0, 0, [5] = 1 };

	packet_rr(p, &rr, rdata, sizeof(rdata));
}

static inline void
packet_end(struct packet *p)
{
	for (unsigned s = 0; s < 3; s++) {
		p->bytes[6 + 2 * s] = (uint8_t)(p->count[s] >> 8);
		p->bytes[7 + 2 * s] = (uint8_t)p->count[s];
	}
}

/* ---- client, upstream, warden, time ---- */

static inline void
client_sends(const void *bytes, size_t len)
{
	query_new(&play.house, &play.origin, bytes, len);
}

struct client_query {
	const char *name;
	uint16_t type;
	uint16_t class;	  /* 0: IN */
	uint16_t flags;	  /* besides RD */
	uint16_t edns;	  /* UDP size; 0: no OPT */
	bool dnssec_ok;
	uint8_t version;
};

static inline size_t
client_query_write(const struct client_query *c, uint8_t *bytes, size_t size)
{
	struct writer w = writer_of(bytes, size);
	struct name n = play_name(c->name);

	writer_u16(&w, play.id);
	writer_u16(&w, FLAG_RD ^ c->flags);
	writer_u16(&w, 1);
	writer_u32(&w, 0);
	writer_u16(&w, c->edns > 0);
	writer_bytes(&w, n.wire, n.len);
	writer_u16(&w, c->type);
	writer_u16(&w, c->class ? c->class : CLASS_IN);
	if (c->edns > 0) {
		writer_u8(&w, 0);
		writer_u16(&w, TYPE_OPT);
		writer_u16(&w, c->edns);
		writer_u8(&w, 0);
		writer_u8(&w, c->version);
		writer_u16(&w, c->dnssec_ok ? EDNS_DO : 0);
		writer_u16(&w, 0);
	}
	assert(!w.full);
	return w.at;
}

static inline void
client_asks(const struct client_query *c)
{
	uint8_t bytes[512];

	client_sends(bytes, client_query_write(c, bytes, sizeof(bytes)));
}

/* With an OPT, as stubs do today. */
static inline void
client_says(const char *name, uint16_t type)
{
	struct client_query c = { .name = name, .type = type, .edns = 1232 };

	client_asks(&c);
}

/* The question that the upstream was asked last. */
static inline struct upstream_ask *
last_ask(void)
{
	return play.asked > 0 ? &play.ask[(play.asked - 1) % PLAY_ASKS] :
				NULL;
}

static inline bool
upstream_has_question(void)
{
	return play.asked > 0 && last_ask()->open;
}

static inline void
upstream_ends(enum upstream_end end, const struct message *m)
{
	struct upstream_ask *a = last_ask();

	assert(a && a->open);
	a->open = false;
	a->done(a->owner, end, m);
}

static inline void
packet_answer(struct packet *p)
{
	packet_begin(p, &last_ask()->q, FLAG_QR | FLAG_RD | FLAG_RA);
}

static inline void
upstream_says(struct packet *p)
{
	static struct message m;
	enum err err;

	packet_end(p);
	err = message_read(p->bytes, p->w.at, &m);
	assert(!p->w.full && err == ERR_NONE);
	(void)err;
	upstream_ends(UPSTREAM_ANSWERED, &m);
	memset(p->bytes, 0xee, p->w.at); /* ours no longer */
}

static inline void
warden_says(enum grant_status status)
{
	struct grant_wait *wait = play.wait;

	assert(wait);
	play.wait = NULL;
	wait->status = status;
	wait->done(wait);
}

/* What is due next, or -1. */
static inline int
next_due(void)
{
	int next = -1;

	for (int i = 0; i < PLAY_DUES; i++)
		if (play.due_ms[i] != 0 &&
		    (next == -1 || play.due_ms[i] < play.due_ms[next]))
			next = i;
	return next;
}

static inline void
time_passes(int64_t ms)
{
	int64_t end = play.now_ms + ms;
	int i;

	while ((i = next_due()) != -1 && play.due_ms[i] <= end) {
		play.now_ms = play.due_ms[i];
		play.due_ms[i] = 0;
		play.due[i]->fn(play.due[i]->owner);
	}
	play.now_ms = end;
}

/* ---- what came of it ---- */

/* Reads the last answer; false where it is no whole message. */
static inline bool
answer_is_whole(void)
{
	return message_read(play.heard, play.heard_len, &play.answer) ==
	       ERR_NONE;
}

/* All lines so far; each is read once. */
static inline const char *
log_lines(void)
{
	struct {
		struct record_letter head;
		struct record_item item[RECORD_BATCH];
	} letter;
	struct text t;

	text_init(&t, play.log, sizeof(play.log));
	recording_flush(&play.recording);
	while (recv(play.log_fd, &letter, sizeof(letter), MSG_DONTWAIT) > 0)
		for (unsigned i = 0; i < letter.head.head.count; i++) {
			assert(record_is_sound(&letter.item[i]));
			if (record_is_event(letter.item[i].kind))
				access_print(&letter.item[i], &t);
		}
	return play.log;
}

#endif
