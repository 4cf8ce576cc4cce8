/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The warden's life: sets taken over, power given up, letters answered.
 *
 * It waits in poll(2) for the supervisor and the workers, and looks at the
 * kernel's sets in between. It promises never to read anything but letters
 * of fixed size and the kernel's answers, and to answer a GRANT only when
 * the kernel has acknowledged it. A worker that asks for what it may not
 * have loses its channel after ten times.
 */
#include "firewall/warden.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "firewall/audit.h"
#include "firewall/fixed_keep.h"
#include "firewall/flows.h"
#include "firewall/revoke.h"
#include "firewall/warden_inside.h"
#include "lists/member.h"

enum {
	BAD_LETTERS_MAX = 10,
	LETTERS_AT_ONCE = 16, /* of one worker, before the next has its turn */
	SWEEP_PARTS = 20      /* of the ledger, one a tick */
};

/* ---- workers ------------------------------------------------------------ */

static void
part_from(struct worker *w)
{
	if (w->post.channel != -1)
		close(w->post.channel);
	w->post.channel = -1;
}

/* It does not get another channel: the supervisor ends it. */
static void
accuse(struct worker *w)
{
	struct plain_letter bad = { .seq = w->epoch, .value = w->index };

	part_from(w);
	post_head(&bad.head, POST_BAD_WORKER, 0);
	post_send(w->warden->kit->supervisor, &bad, sizeof(bad), -1);
}

static void
note_refusal(struct worker *w, uint32_t detail)
{
	uint64_t missed;

	w->bad++;
	if (log_may(&w->warden->bad_log, clock_ms(), &missed))
		log_warn("Worker %u asked for a grant that it may not have "
			 "cause=\"%s\" missed=%llu",
			 w->index, judge_detail_text(detail),
			 (unsigned long long)missed);
	if (w->bad < BAD_LETTERS_MAX)
		return;
	log_error("Worker %u sent %u bad letters and is ended",
		  w->index, w->bad);
	accuse(w);
}

static void
on_grant(void *self, const void *letter, size_t size, int fd)
{
	struct worker *w = self;
	struct granted_letter answer;
	enum err err;

	(void)size;
	(void)fd;
	admit(&w->warden->admission, letter, w->epoch, &answer);
	err = post_send(w->post.channel, &answer, sizeof(answer), -1);
	/* A worker that does not read its answers takes them for lost. */
	if (err != ERR_NONE && err != ERR_AGAIN)
		part_from(w);
	else if (answer.status == GRANT_REFUSED)
		note_refusal(w, answer.detail);
}

static void
worker_set(struct warden *wd, uint32_t index, uint32_t epoch, int channel)
{
	struct worker *w = &wd->worker[index];

	part_from(w);
	*w = (struct worker){ .warden = wd, .index = index, .epoch = epoch };
	w->post = (struct post){ .channel = channel,
				 .self = ROLE_WARDEN,
				 .peer = ROLE_WORKER,
				 .arg = w,
				 .handler = { [POST_GRANT] = on_grant } };
}

static void
hear_worker(struct worker *w)
{
	enum err err = post_pump(&w->post, LETTERS_AT_ONCE);

	if (err == ERR_BROKEN) {
		log_error("Worker %u broke the table of letters and is ended",
			  w->index);
		accuse(w);
	} else if (err != ERR_NONE) {
		part_from(w);
	}
}

/* ---- the supervisor ----------------------------------------------------- */

/* Who is shut in by our own chain follows the policy, and so does what rules
 * open to lists. Where that fails nothing
 * is granted until it does not. */
static void
fence_again(struct warden *wd)
{
	struct admission *a = &wd->admission;
	uint32_t placed = a->fixed_placed;

	if (!wd->kit->opt->enforce && fixed_wanted(a->fixed) == placed)
		return;
	if (admission_place(a) != ERR_NONE)
		health_want_rules(&wd->health);
	else if (a->kind->place == NULL && a->fixed_placed != placed)
		wd->health.wish(wd->health.arg, WISH_PLACE);
}

static void
on_policy(struct warden *wd, const struct hand_letter *hand, int fd)
{
	struct judge *judge = &wd->admission.judge;
	struct policy fresh;
	struct lists lists;
	uint32_t gone;
	enum err err = policy_open(fd, hand->generation, &fresh);

	if (err == ERR_NONE)
		err = lists_take(&fresh, &lists);
	if (err != ERR_NONE) {
		log_error("The warden cannot use the new policy: %s",
			  err_text(err));
		return;
	}
	policy_find_interfaces(&fresh, judge->own);
	policy_close(&judge->policy);
	judge->policy = fresh;
	judge->lists = lists;
	fixed_plan(wd->admission.fixed);
	fence_again(wd);
	gone = revoke_not_given(&wd->admission);
	if (gone > 0)
		log_info("Grants revoked that no rule gives any more: %u",
			 gone);
	role_taken(wd->kit, fresh.generation);
}

static void
on_own(struct warden *wd, int fd)
{
	const struct own_addresses *own;

	if (own_open(fd, &own) != ERR_NONE) {
		log_error("The warden cannot use the new own addresses");
		return;
	}
	own_close(wd->admission.judge.own);
	wd->admission.judge.own = own;
	policy_find_interfaces(&wd->admission.judge.policy, own);
	wd->admission.own_ms = clock_ms();
	fixed_plan(wd->admission.fixed);
	fence_again(wd);
	if (revoke_own(&wd->admission) > 0)
		health_new_epoch(&wd->health);
}

static void
on_hand(void *self, const void *letter, size_t size, int fd)
{
	struct warden *wd = self;
	const struct hand_letter *hand = letter;

	(void)size;
	if (hand->hand == HAND_WORKER && hand->index < ROLE_MAX_WORKERS) {
		worker_set(wd, hand->index, hand->generation, fd);
		return;
	}
	if (hand->hand == HAND_POLICY)
		on_policy(wd, hand, fd);
	else if (hand->hand == HAND_OWN)
		on_own(wd, fd);
	close(fd);
}

static void
on_placed(void *self, const void *letter, size_t size, int fd)
{
	const struct plain_letter *word = letter;
	struct warden *wd = self;

	(void)size;
	(void)fd;
	if (word->value < RULES_WORDS)
		health_rules(&wd->health, word->value, clock_ms());
}

static void
on_audit(void *self, const void *letter, size_t size, int fd)
{
	struct warden *wd = self;

	(void)size;
	audit_reply(&wd->admission, letter, fd, wd->kit->supervisor);
	close(fd);
}

static void
on_revoke(void *self, const void *letter, size_t size, int fd)
{
	struct warden *wd = self;
	struct revoked_letter done;

	(void)size;
	(void)fd;
	revoke_wished(&wd->admission, letter, &done);
	post_send(wd->kit->supervisor, &done, sizeof(done), -1);
}

static void
on_stop(void *self, const void *letter, size_t size, int fd)
{
	struct warden *wd = self;

	(void)letter;
	(void)size;
	(void)fd;
	wd->stopping = true;
}

/* ---- the loop ----------------------------------------------------------- */

static void
meet(struct warden *wd)
{
	const struct role_kit *kit = wd->kit;

	wd->supervisor = (struct post){
		.channel = kit->supervisor,
		.self = ROLE_WARDEN,
		.peer = ROLE_SUPERVISOR,
		.arg = wd,
		.handler = { [POST_HAND] = on_hand,
			     [POST_RULES_PLACED] = on_placed,
			     [POST_AUDIT_DO] = on_audit,
			     [POST_REVOKE_DO] = on_revoke,
			     [POST_STOP] = on_stop },
	};
	for (uint32_t i = 0; i < ROLE_MAX_WORKERS; i++) {
		wd->worker[i].post.channel = -1;
		worker_set(wd, i, kit->worker_epoch[i], kit->worker[i]);
	}
}

static void
tick(struct warden *wd)
{
	int64_t now = clock_ms();

	if (now - wd->tick_ms < HEALTH_TICK_MS)
		return;
	wd->tick_ms = now;
	atomic_store_explicit(&wd->kit->board->beat_ms, now,
			      memory_order_relaxed);
	health_tick(&wd->health, now);
	fixed_watch(wd->admission.fixed, now, false);
	if (wd->admission.flows != NULL)
		flows_pump(wd->admission.flows);
	admission_sweep(&wd->admission, &wd->swept_to,
			ledger_top(wd->admission.ledger) / SWEEP_PARTS + 64);
}

static int
wait_ms(const struct warden *wd)
{
	int64_t left = wd->tick_ms + HEALTH_TICK_MS - clock_ms();

	return left > 0 && !wd->busy ? (int)left : 0;
}

enum { POLL_SUPERVISOR, POLL_NEWS, POLL_FLOWS, POLL_WORKERS };

/* Who has a channel, behind the others; poll(2) takes no more entries than
 * there may be descriptors. */
static unsigned
fill_poll(const struct warden *wd, struct pollfd *at, unsigned *who)
{
	const struct flows *flows = wd->admission.flows;
	unsigned n = POLL_WORKERS;

	at[POLL_SUPERVISOR] = (struct pollfd){ .fd = wd->supervisor.channel,
					       .events = POLLIN };
	at[POLL_NEWS] =
	    (struct pollfd){ .fd = admission_watch(&wd->admission),
			     .events = POLLIN };
	at[POLL_FLOWS] =
	    (struct pollfd){ .fd = flows != NULL ? flows_fd(flows) : -1,
			     .events = POLLIN };
	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++) {
		if (wd->worker[i].post.channel == -1)
			continue;
		who[n] = i;
		at[n++] = (struct pollfd){ .fd = wd->worker[i].post.channel,
					   .events = POLLIN };
	}
	return n;
}

/* False: the supervisor is gone, or says that it is enough. */
static bool
hear_all(struct warden *wd)
{
	struct pollfd at[POLL_WORKERS + ROLE_MAX_WORKERS];
	unsigned who[POLL_WORKERS + ROLE_MAX_WORKERS];
	unsigned n = fill_poll(wd, at, who);
	enum err err = ERR_NONE;

	if (poll(at, n, wait_ms(wd)) == -1 && errno != EINTR) {
		log_error("The warden cannot wait: %s", strerror(errno));
		return false;
	}
	if (at[POLL_SUPERVISOR].revents != 0)
		err = post_pump(&wd->supervisor, LETTERS_AT_ONCE);
	if (at[POLL_NEWS].revents != 0 &&
	    wd->admission.kind->heard(wd->admission.backend)) {
		health_alarm(&wd->health, clock_ms());
		fixed_watch(wd->admission.fixed, clock_ms(), true);
	}
	if (at[POLL_FLOWS].revents != 0)
		flows_pump(wd->admission.flows);
	for (unsigned i = POLL_WORKERS; i < n; i++) {
		struct worker *w = &wd->worker[who[i]];

		if (at[i].revents != 0 && at[i].fd == w->post.channel)
			hear_worker(w);
	}
	return err == ERR_NONE && !wd->stopping;
}

int
warden_main(struct role_kit *kit)
{
	struct warden *wd = calloc(1, sizeof(*wd));
	enum err err;

	if (wd == NULL)
		return EXIT_FAILURE;
	wd->kit = kit;
	err = warden_begin(wd);
	if (err != ERR_NONE) {
		log_error("The warden cannot begin: %s", err_text(err));
		return EXIT_FAILURE;
	}
	meet(wd);
	if (role_enter_sandbox(kit) != ERR_NONE || role_ready(kit) != ERR_NONE)
		return EXIT_FAILURE;
	while (hear_all(wd)) {
		tick(wd);
		wd->busy = fixed_work(wd->admission.fixed, clock_ms());
	}
	return EXIT_SUCCESS;
}
