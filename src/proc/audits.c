/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Audits, passed on and answered. What the warden writes is not looked at
 * here; the control process gets it to read and not to write.
 */
#include "proc/audits.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proc/doors.h"

static struct audits_wish *
find(struct audits *a, uint32_t seq)
{
	for (unsigned i = 0; i < AUDITS_MOST; i++)
		if (a->wish[i].seq == seq)
			return &a->wish[i];
	return NULL;
}

static void
send_answer(struct crew *crew, const struct audits_wish *w,
	    struct audited_letter *letter)
{
	const struct child *control =
	    crew_find(crew, ROLE_CONTROL);
	int list = -1;

	if (w->list != -1 && door_read_only(w->list, &list) != ERR_NONE)
		letter->status = AUDITED_NO_MEMORY;
	post_head(&letter->head, POST_AUDITED, 0);
	letter->seq = w->asked_seq;
	if (control != NULL && control->channel != -1)
		post_send(control->channel, letter, sizeof(*letter), list);
	if (list != -1)
		close(list);
}

static void
answer(struct audits_wish *w, struct crew *crew,
       const struct audited_letter *done)
{
	struct audited_letter letter = *done;

	send_answer(crew, w, &letter);
	if (w->list != -1)
		close(w->list);
	w->seq = 0;
	w->list = -1;
}

void
audits_ask(struct audits *a, struct crew *crew,
	   const struct plain_letter *asked, int64_t now_ms)
{
	static const struct audited_letter none = { .status =
							AUDITED_NO_WARDEN };
	struct audits_wish unheard = { .asked_seq = asked->seq, .list = -1 };
	struct child *warden = crew_find(crew, ROLE_WARDEN);
	struct audits_wish *w = find(a, 0);
	struct plain_letter ask = { 0 };

	if (w == NULL || warden == NULL || !warden->ready) {
		answer(&unheard, crew, &none);
		return;
	}
	*w = unheard;
	w->seq = ask.seq = ++a->seq ? a->seq : ++a->seq;
	w->end_ms = now_ms + AUDITS_MS +
		    1000 * (int64_t)(asked->value < AUDITS_MORE_S
					 ? asked->value
					 : AUDITS_MORE_S);
	w->list = memfd_create("audit", MFD_CLOEXEC);
	post_head(&ask.head, POST_AUDIT_DO, 0);
	if (w->list == -1 || post_send(warden->channel, &ask, sizeof(ask),
				       w->list) != ERR_NONE)
		answer(w, crew, &none);
}

void
audits_hear(struct audits *a, struct crew *crew,
	    const struct audited_letter *letter)
{
	struct audits_wish *w = letter->seq ? find(a, letter->seq) : NULL;

	if (w != NULL)
		answer(w, crew, letter);
}

void
audits_tick(struct audits *a, struct crew *crew, int64_t now_ms)
{
	static const struct audited_letter late = { .status =
							AUDITED_NO_WARDEN };

	for (unsigned i = 0; i < AUDITS_MOST; i++)
		if (a->wish[i].seq != 0 && now_ms >= a->wish[i].end_ms)
			answer(&a->wish[i], crew, &late);
}
