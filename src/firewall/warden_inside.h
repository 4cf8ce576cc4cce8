/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The warden from inside: what its chapters (warden.c, warden_begin.c) share.
 * Nobody else includes this.
 */
#ifndef FIREWALL_WARDEN_INSIDE_H
#define FIREWALL_WARDEN_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "firewall/admission.h"
#include "firewall/health.h"
#include "proc/post.h"
#include "proc/role.h"

struct warden;

struct worker {
	struct warden *warden;
	uint32_t index, epoch;
	unsigned bad;
	struct post post; /* channel -1: none */
};

struct warden {
	struct role_kit *kit;
	struct admission admission;
	struct health health;
	struct post supervisor;
	struct worker worker[ROLE_MAX_WORKERS];
	uint32_t swept_to;
	int64_t tick_ms;
	bool stopping;
	bool busy; /* there is work that may go on at once */
	struct log_limit bad_log;
};

/* Sets and ledger taken over, and made one; nothing is granted yet. It has
 * logged what is wrong. */
enum err warden_begin(struct warden *wd);

#endif
