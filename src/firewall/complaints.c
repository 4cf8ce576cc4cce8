/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Complaints, told apart by their words.
 *
 * Where there are more at one time than are remembered, the one that was
 * said first is forgotten: it is then said again sooner.
 */
#include "firewall/complaints.h"

#include <stddef.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

enum { SAY_AGAIN_MS = 60000 };

static struct complaint *
find(struct complaints *c, const char *text)
{
	for (size_t i = 0; i < COMPLAINTS_MAX; i++)
		if (strcmp(c->at[i].text, text) == 0)
			return &c->at[i];
	return NULL;
}

static struct complaint *
take(struct complaints *c, const char *text, int64_t now_ms)
{
	struct complaint *one = &c->at[0];
	struct text t;

	for (size_t i = 1; i < COMPLAINTS_MAX && one->text[0] != '\0'; i++)
		if (c->at[i].text[0] == '\0' || c->at[i].said_ms < one->said_ms)
			one = &c->at[i];
	*one = (struct complaint){ .began_ms = now_ms, .said_ms = now_ms };
	text_init(&t, one->text, sizeof(one->text));
	text_str(&t, text);
	return one;
}

static void
say_again(struct complaint *one, int64_t now_ms)
{
	one->times++;
	if (now_ms - one->said_ms < SAY_AGAIN_MS)
		return;
	one->said_ms = now_ms;
	log_error("%s times=%u since=%llds", one->text, one->times,
		  (long long)(now_ms - one->began_ms) / 1000);
}

void
complaints_say(struct complaints *c, const char *text, int64_t now_ms)
{
	char cut[COMPLAINT_SIZE];
	struct complaint *one;
	struct text t;

	if (c == NULL) {
		log_error("%s", text);
		return;
	}
	text_init(&t, cut, sizeof(cut));
	text_str(&t, text);
	one = find(c, cut);
	if (one != NULL) {
		say_again(one, now_ms);
		return;
	}
	one = take(c, cut, now_ms);
	one->times = 1;
	log_error("%s", one->text);
}

void
complaints_end(struct complaints *c, int64_t now_ms)
{
	for (size_t i = 0; i < COMPLAINTS_MAX; i++) {
		struct complaint *one = &c->at[i];

		if (one->text[0] != '\0')
			log_info("It is over: %s times=%u since=%llds",
				 one->text, one->times,
				 (long long)(now_ms - one->began_ms) / 1000);
		*one = (struct complaint){ 0 };
	}
}
