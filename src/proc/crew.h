/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The crew: every process of one daemon, and everything they are equipped
 * with. The supervisor keeps each descriptor for as long as it lives, so
 * that a child that dies is replaced by one that has the same.
 */
#ifndef PROC_CREW_H
#define PROC_CREW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "conf/options.h"
#include "proc/board.h"
#include "proc/child.h"
#include "proc/role.h"

/* Bytes of what is shared and outlives a child; 0: not needed. */
struct crew_memory {
	uint64_t ledger;   /* 0: no warden either */
	uint64_t past;	   /* of queries */
	uint64_t refusals; /* of packets; 0: no witness either */
};

struct crew {
	const struct options *opt;
	uint32_t workers;
	uint32_t families;   /* ROLE_IPV4 | ROLE_IPV6 with a chain */
	uint32_t generation; /* of the policy */
	int log_fd, output, journal, rpz_log, options, policy, own, control;
	int before; /* the policy before this one, until all have let go */
	int board, board_ro, ledger, ledger_ro, state_ro; /* -1: none */
	int past, past_ro, refusals, refusals_ro, nflog;  /* -1: none */
	int lists_dir, copies_dir, sources, sources_ro;	  /* -1: none */
	int key[ROLE_MAX_KEYS];				  /* -1: none */
	int secret; /* the options' own, -1: none */
	int stats[ROLE_MAX_WORKERS], stats_ro[ROLE_MAX_WORKERS];
	int udp[ROLE_MAX_BINDS][ROLE_MAX_WORKERS];
	int tcp[ROLE_MAX_BINDS][ROLE_MAX_WORKERS];
	int notify_udp[ROLE_MAX_BINDS], notify_tcp[ROLE_MAX_BINDS];
	struct supervisor_state *state; /* ours to write */
	struct child child[STATE_MAX_CHILDREN];
	unsigned count;
};

/* Memory and places for all of them; nothing runs yet. */
enum err crew_init(struct crew *c, const struct options *opt,
		   const struct crew_memory *memory);
/* Opens every listening socket. */
enum err crew_bind(struct crew *c, struct text *complaint);
/* Starts a child (again) and equips it; its peers get their ends. */
enum err crew_start(struct crew *c, struct child *child);
/* The one child of a role, or NULL. */
struct child *crew_find(struct crew *c, enum role role);
/* Hands a new version to all that have a use for it. fd becomes the crew's.
 * The old one stays open until crew_close_before(): whoever is the last to let
 * go of an image pays for its pages, and that must not be a worker. */
void crew_new_policy(struct crew *c, int fd);
void crew_close_before(struct crew *c);
/* Key files for the lists process, with the policy that follows; -1 where
 * there is none. They become the crew's. */
void crew_new_keys(struct crew *c, const int fd[ROLE_MAX_KEYS]);
void crew_new_own(struct crew *c, int fd);
void crew_new_journal(struct crew *c, int fd);
void crew_new_rpz_log(struct crew *c, int fd);
/* One who has a policy and does not yet work by the latest; NULL: all do. */
const struct child *crew_has_not_taken(const struct crew *c);
/* Says the crew's state on the page that status reads. */
void crew_publish(struct crew *c);

#endif
