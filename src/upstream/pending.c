/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a question: whom it is put to, when the next is asked,
 * what is believed, and when it is over.
 *
 * UDP first, one upstream after the other, earlier sockets staying open for
 * a late answer. What looks forged, and what is truncated, closes all of
 * them: from then on only TCP counts, because a stranger who guesses ports
 * and ids cannot guess his way into a connection (RFC 5452 9.2). An upstream
 * that fails gives way to one that was not asked yet; where there is none,
 * its failure is the answer. The owner is told once, always from the loop.
 */
#include "upstream/pending.h"

#include <assert.h>
#include <string.h>

#include "wire/reply.h"

static bool
speaks_edns(const struct upstream_ask *a, unsigned at)
{
	const struct upstreams *u = a->house;

	if (a->plain && a->plain_at == at)
		return false;
	return loop_now_ms(u->loop) >= u->up[at].plain_until_ms;
}

void
ask_prepare(struct upstream_ask *a, unsigned at, struct sent *out)
{
	struct upstreams *u = a->house;

	out->q = a->q;
	out->id = random_u16(u->random);
	out->edns = speaks_edns(a, at);
	out->cookie = out->edns && u->opt->upstream_cookies && !a->cookieless &&
		      loop_now_ms(u->loop) >= u->up[at].cookieless_until_ms;
	/* A connection needs no secret in the name, and an upstream that does
	 * not keep the case can be understood there. */
	out->exact =
	    !a->stream && u->opt->query_case == QUERY_CASE_RANDOM &&
	    !spelling_is_free(&u->up[at].spelling, loop_now_ms(u->loop));
	if (out->exact)
		name_random_case(&out->q.name, u->random);
}

size_t
ask_write(const struct upstream_ask *a, unsigned at, const struct sent *sent,
	  uint8_t bytes[QUERY_SIZE])
{
	size_t len =
	    query_write(bytes, QUERY_SIZE, sent->id, &sent->q, sent->edns,
			a->dnssec_ok, a->checking_disabled);

	if (!sent->cookie)
		return len;
	return query_add_cookie(bytes, QUERY_SIZE, len,
				&a->house->up[at].cookie);
}

static void
close_udp(struct upstream_ask *a)
{
	for (unsigned i = 0; i < UPSTREAM_TRIES; i++)
		udp_try_close(&a->udp[i]);
}

void
ask_release(struct upstream_ask *a)
{
	due_stop(a->house->loop, &a->due);
	close_udp(a);
	tcp_try_close(a);
	list_remove(&a->link);
	pool_give(&a->house->asks, a);
}

static void
end(struct upstream_ask *a, enum upstream_end how, const struct message *answer)
{
	upstream_done_fn *done = a->done;
	void *owner = a->owner;

	if (how == UPSTREAM_SILENT && !a->is_probe)
		a->house->stats->upstream_timeout++;
	ask_release(a);
	done(owner, how, answer);
}

static void
end_with_answer(struct upstream_ask *a)
{
	struct message *m = &a->house->message;

	m->question = a->q;
	end(a, UPSTREAM_ANSWERED, m);
}

/* Says again what an upstream said before, of which only the code was kept. */
static void
end_with_failure(struct upstream_ask *a)
{
	struct upstreams *u = a->house;
	struct header h = { .flags = FLAG_RD };
	struct reply_spec spec = { .limit = 512, .client = &h, .q = &a->q };
	struct ede none = { .code = -1 };
	struct reply r;
	size_t len;

	reply_begin(&r, u->bytes, &spec);
	len = reply_end(&r, a->failed_rcode, &none);
	if (message_read(u->bytes, len, &u->message) == ERR_NONE)
		end_with_answer(a);
	else
		end(a, UPSTREAM_FAILED, NULL);
}

static void
end_without_answer(struct upstream_ask *a)
{
	if (a->failed)
		end_with_failure(a);
	else if (a->torn)
		end(a, UPSTREAM_TORN, NULL);
	else if (a->forged)
		end(a, UPSTREAM_FORGED, NULL);
	else
		end(a, a->silent ? UPSTREAM_SILENT : UPSTREAM_FAILED, NULL);
}

static bool
is_open(const struct upstream_ask *a)
{
	if (a->tcp != NULL)
		return true;
	for (unsigned i = 0; i < UPSTREAM_TRIES; i++) {
		if (a->udp[i].fd != -1)
			return true;
	}
	return false;
}

static bool
all_were_asked(const struct upstream_ask *a)
{
	return a->tries >= a->choice.count ||
	       (!a->stream && a->tries >= UPSTREAM_TRIES);
}

static bool
may_try_again(const struct upstream_ask *a)
{
	if (a->is_probe)
		return a->tries == 0;
	if (a->stream || a->failed)
		return !all_were_asked(a);
	return a->tries < UPSTREAM_TRIES;
}

static void
wait_for(struct upstream_ask *a, int64_t wait_ms)
{
	int64_t left_ms = a->deadline_ms - loop_now_ms(a->house->loop);

	if (wait_ms > left_ms || (!may_try_again(a) && !a->failed))
		wait_ms = left_ms;
	due_in(a->house->loop, &a->due, wait_ms > 0 ? wait_ms : 0);
}

static void
put_to(struct upstream_ask *a, unsigned at)
{
	enum err err;

	a->latest = at;
	a->latest_ms = loop_now_ms(a->house->loop);
	err = a->stream ? tcp_try_begin(a, at) : udp_try_begin(a, at);
	if (err == ERR_NONE) {
		wait_for(a, a->stream ? STREAM_WAIT_MS
				      : standing_wait_ms(
					    &a->house->up[at].standing,
					    a->tries - 1));
		return;
	}
	a->house->stats->upstream_error++;
	/* Not from here: we may be inside upstream_ask(). */
	due_in(a->house->loop, &a->due, 0);
}

void
ask_go_on(struct upstream_ask *a)
{
	if (may_try_again(a)) {
		unsigned at = a->choice.at[a->tries % a->choice.count];

		a->tries++;
		put_to(a, at);
	} else if (a->failed || !is_open(a)) {
		end_without_answer(a);
	} else {
		wait_for(a, 0);
	}
}

void
on_ask_due(void *owner)
{
	struct upstream_ask *a = owner;

	if (is_open(a)) {
		a->silent = true;
		upstream_silent(a->house, a->latest, a->latest_ms);
	}
	if (loop_now_ms(a->house->loop) >= a->deadline_ms) {
		end_without_answer(a);
		return;
	}
	tcp_try_close(a);
	ask_go_on(a);
}

void
ask_try_failed(struct upstream_ask *a, unsigned at)
{
	a->house->stats->upstream_error++;
	upstream_silent(a->house, at, a->latest_ms);
	ask_go_on(a);
}

/* Nothing that comes by UDP is believed from here on. */
static void
turn_to_stream(struct upstream_ask *a, unsigned at)
{
	close_udp(a);
	a->stream = true;
	a->failed = false;
	choice_begin_with(&a->choice, at);
	a->tries = 0;
	ask_go_on(a);
}

static void
heard_nonsense(struct upstream_ask *a, const struct report *r)
{
	struct worker_stats *stats = a->house->stats;

	if (r->match == MATCH_TORN)
		stats->answers_bad++;
	else
		stats->upstream_mismatch++;
	if (r->match == MATCH_CASE) {
		a->misspelt = true;
		a->misspelt_at = r->at;
		a->misspelt_digest =
		    spelling_digest(&a->house->hash, &a->house->message);
	}
	if (r->kind == TRY_UDP) {
		a->forged = true;
		turn_to_stream(a, r->at);
		return;
	}
	a->torn = a->torn || r->match == MATCH_TORN;
	a->forged = a->forged || r->match == MATCH_NOT;
	tcp_try_close(a);
	ask_go_on(a);
}

/* What an answer that is believed says of its upstream's spelling. */
static void
note_spelling(struct upstream_ask *a, const struct report *r)
{
	struct upstreams *u = a->house;

	if (r->kind == TRY_UDP)
		spelling_kept(&u->up[r->at].spelling, r->sent);
	else if (a->misspelt && a->misspelt_at == r->at &&
		 a->misspelt_digest == spelling_digest(&u->hash, &u->message))
		upstream_proved_spelling(u, r->at);
}

static void
close_try(struct upstream_ask *a, const struct report *r)
{
	if (r->kind == TRY_TCP) {
		tcp_try_close(a);
		return;
	}
	for (unsigned i = 0; i < UPSTREAM_TRIES; i++) {
		if (&a->udp[i].sent == r->sent)
			udp_try_close(&a->udp[i]);
	}
}

static void
heard_failure(struct upstream_ask *a, const struct report *r)
{
	standing_failed(&a->house->up[r->at].standing,
		      loop_now_ms(a->house->loop));
	a->failed = true;
	a->failed_rcode = message_rcode(&a->house->message);
	if (all_were_asked(a) && r->match == MATCH_ANSWER) {
		end_with_answer(a);
		return;
	}
	close_try(a, r);
	ask_go_on(a);
}

/* A server from before EDNS (RFC 6891 7), or one that pretends. */
static bool
wants_no_edns(const struct upstream_ask *a, const struct report *r)
{
	const struct message *m = &a->house->message;
	unsigned rcode = message_rcode(m);

	return r->sent->edns && !a->plain && !m->edns.present &&
	       (rcode == RCODE_FORMERR || rcode == RCODE_NOTIMP);
}

/* What TCP takes is another matter; what a datagram took that was sent again
 * meanwhile, too (RFC 6298 3), but every try has its own socket. */
static int64_t
took_ms(const struct upstream_ask *a, const struct report *r)
{
	for (unsigned i = 0; r->kind == TRY_UDP && i < UPSTREAM_TRIES; i++)
		if (&a->udp[i].sent == r->sent)
			return loop_now_ms(a->house->loop) - a->udp[i].sent_ms;
	return -1;
}

/* Ours must come back; a server that has one of its own shows it always. */
static bool
cookie_is_right(struct upstream *up, const struct report *r,
		const struct cookie *got)
{
	if (!r->sent->cookie)
		return true;
	if (got->len == 0) {
		if (r->kind == TRY_TCP)
			up->knows_cookies = false;
		return !up->knows_cookies;
	}
	if (memcmp(got->bytes, up->cookie.bytes, COOKIE_CLIENT) != 0)
		return false;
	up->knows_cookies = true;
	if (got->len > COOKIE_CLIENT)
		up->cookie = *got;
	return true;
}

/* Again, to the same one. */
static void
repeat(struct upstream_ask *a, const struct report *r)
{
	unsigned at = r->at;

	close_try(a, r);
	put_to(a, at);
}

/* True where the cookie is all that was wrong, and the question is on its way
 * again. */
static bool
mended_cookie(struct upstream_ask *a, const struct report *r)
{
	struct upstreams *u = a->house;
	unsigned rcode = message_rcode(&u->message);
	struct upstream *up = &u->up[r->at];

	if (!r->sent->cookie)
		return false;
	if (rcode == RCODE_BADCOOKIE && !a->cookie_renewed) {
		a->cookie_renewed = true;
		repeat(a, r);
		return true;
	}
	if (rcode == RCODE_BADCOOKIE && r->kind == TRY_UDP) {
		turn_to_stream(a, r->at);
		return true;
	}
	if (rcode != RCODE_FORMERR || up->knows_cookies || a->cookieless ||
	    !u->message.edns.present)
		return false;
	a->cookieless = true;
	up->cookieless_until_ms = loop_now_ms(u->loop) + PLAIN_MS;
	repeat(a, r);
	return true;
}

void
ask_heard(struct upstream_ask *a, const struct report *r)
{
	struct upstreams *u = a->house;
	const struct message *m = &u->message;
	unsigned at = r->at;

	if (r->match == MATCH_NOT || r->match == MATCH_CASE ||
	    r->match == MATCH_TORN) {
		heard_nonsense(a, r);
		return;
	}
	if (!cookie_is_right(&u->up[at], r, &m->edns.cookie)) {
		const struct report forged = { r->kind, at, r->sent,
					       MATCH_NOT };

		heard_nonsense(a, &forged);
		return;
	}
	upstream_heard_of(u, at, took_ms(a, r));
	u->heard = at;
	if (mended_cookie(a, r))
		return;
	if (wants_no_edns(a, r)) {
		a->plain = true;
		a->plain_at = at;
		close_try(a, r);
		put_to(a, at);
	} else if (r->kind == TRY_UDP && (m->header.flags & FLAG_TC)) {
		turn_to_stream(a, at);
	} else if (rcode_is_failure(message_rcode(m))) {
		heard_failure(a, r);
	} else {
		if (a->plain && a->plain_at == at)
			u->up[at].plain_until_ms =
			    loop_now_ms(u->loop) + PLAIN_MS;
		u->up[at].standing.failures = 0;
		note_spelling(a, r);
		end_with_answer(a);
	}
}
