/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A role that reads its letters, holds them against the table, and does
 * nothing. Each worker's records are read as they come, or never.
 */
#include "idle.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "proc/role.h"
#include "world.h"

struct idle {
	struct role_kit *kit;
	struct post supervisor;
	struct post worker[ROLE_MAX_WORKERS];
	bool stopping;
};

static void
on_record(void *self, const void *letter, size_t size, int fd)
{
	(void)self, (void)letter, (void)size, (void)fd;
}

static void
meet_worker(struct idle *idle, uint32_t index, int channel)
{
	struct post *p = &idle->worker[index];

	if (p->channel != -1)
		close(p->channel);
	*p = (struct post){ .channel = channel,
			    .self = ROLE_RECORDER,
			    .peer = ROLE_WORKER,
			    .handler = { [POST_RECORD] = on_record } };
}

static void
on_hand(void *self, const void *letter, size_t size, int fd)
{
	struct idle *idle = self;
	struct hand_letter hand;

	(void)size;
	memcpy(&hand, letter, sizeof(hand));
	if (hand.hand == HAND_WORKER) {
		meet_worker(idle, hand.index, fd);
		return;
	}
	close(fd);
	if (hand.hand == HAND_POLICY && idle->kit->role == ROLE_CONTROL)
		role_taken(idle->kit, hand.generation);
}

static void
on_stop(void *self, const void *letter, size_t size, int fd)
{
	struct idle *idle = self;

	(void)letter, (void)size, (void)fd;
	idle->stopping = true;
}

static void
hear(struct idle *idle)
{
	struct pollfd at[1 + ROLE_MAX_WORKERS];
	unsigned who[1 + ROLE_MAX_WORKERS], n = 1;

	at[0] = (struct pollfd){ idle->kit->supervisor, POLLIN, 0 };
	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++) {
		if (idle->worker[i].channel == -1)
			continue;
		who[n] = i;
		at[n++] = (struct pollfd){ idle->worker[i].channel, POLLIN, 0 };
	}
	poll(at, n, -1);
	for (unsigned i = 1; i < n; i++) {
		enum err err = ERR_NONE;

		if (at[i].revents != 0)
			err = post_pump(&idle->worker[who[i]], 64);
		if (err == ERR_BROKEN)
			broken("a worker's record breaks the table");
		if (err == ERR_NONE)
			continue;
		close(idle->worker[who[i]].channel);
		idle->worker[who[i]].channel = -1;
	}
	if (at[0].revents != 0 && post_pump(&idle->supervisor, 64) != ERR_NONE)
		idle->stopping = true;
}

int
idle_main(struct role_kit *kit)
{
	struct idle idle = { .kit = kit };

	idle.supervisor = (struct post){
		.channel = kit->supervisor,
		.self = kit->role,
		.peer = ROLE_SUPERVISOR,
		.arg = &idle,
		.handler = { [POST_HAND] = on_hand, [POST_STOP] = on_stop },
	};
	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++) {
		idle.worker[i].channel = -1;
		if (kit->role == ROLE_RECORDER && kit->worker[i] != -1)
			meet_worker(&idle, i, kit->worker[i]);
	}
	role_ready(kit);
	while (!idle.stopping)
		hear(&idle);
	return 0;
}
