/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a child begins. All children are this binary executed anew with one
 * descriptor, the channel to the supervisor (ROLE_CHANNEL), by which they are
 * handed everything else; then they give up what power they had.
 */
#ifndef PROC_ROLE_H
#define PROC_ROLE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/options.h"
#include "proc/board.h"
#include "proc/post.h"
#include "proc/sources.h"

enum { ROLE_IPV4 = 1, ROLE_IPV6 = 2 };
enum {
	ROLE_CHANNEL = 3,
	ROLE_MAX_WORKERS = 64,
	ROLE_MAX_BINDS = 16,
	ROLE_MAX_KEYS = 16
};

/* Everything a child was handed before POST_START; -1 where it was not. */
struct role_kit {
	enum role role;
	uint32_t index;	 /* of a worker */
	uint32_t epoch;	 /* how often this role was started before */
	int supervisor;	 /* channel */
	int parent;	 /* its process id */
	const struct options *opt;	 /* mapped read-only */
	int policy;			 /* image */
	uint32_t generation;		 /* of the policy */
	int own;			 /* image */
	struct board *board;		 /* mapped; the warden may write */
	struct worker_stats *stats;	 /* worker: mapped, its own */
	/* control: all; worker: those of the others, to read */
	const struct worker_stats *all_stats[ROLE_MAX_WORKERS];
	const struct supervisor_state *state;			/* control */
	uint32_t families; /* warden: ROLE_IPV4 | ROLE_IPV6 that have a chain */
	int ledger;
	int past;     /* memory of queries; the recorder may write */
	int refusals; /* memory of packets; the witness may write */
	int witness;  /* recorder: channel */
	int nflog;    /* witness: the firewall's log */
	int lists_dir;		 /* lists: where copies are kept */
	struct sources *sources; /* mapped; the lists process may write */
	int key[ROLE_MAX_KEYS];	 /* lists: files, as the lists file has them */
	int udp[ROLE_MAX_BINDS], tcp[ROLE_MAX_BINDS];
	int warden, recorder, lists;	 /* channels of a worker */
	int worker[ROLE_MAX_WORKERS];	 /* of warden, recorder and lists */
	uint32_t worker_epoch[ROLE_MAX_WORKERS];
	int output;	  /* recorder: sink of the access log */
	int journal;	  /* recorder: the same, with --log-journal */
	int rpz_log;	  /* recorder: file of --rpz-log */
	int control;	  /* control: listening socket */
	int acl, image, saved, complaints, print; /* compiler */
	char source_name[OPTION_TEXT_SIZE]; /* compiler: argv after role */
};

/* A role's whole life; returns the exit status. It opens what it needs power
 * for, calls role_enter_sandbox(), then role_ready(), then loops until
 * POST_STOP or until the supervisor's channel closes. */
typedef int role_main_fn(struct role_kit *kit);

/* Gives up power for good: user, capabilities (the warden keeps NET_ADMIN),
 * no_new_privs, no core, not dumpable, Landlock, seccomp, death with the
 * parent. On failure it says why and the caller must exit. */
enum err role_enter_sandbox(const struct role_kit *kit);
enum err role_ready(const struct role_kit *kit);
/* Says that a policy which was handed later is in force here. */
void role_taken(const struct role_kit *kit, uint32_t generation);

/* What argv[0] says: "dns-firewall: worker 3" and a channel make a role of
 * this process; false: it was started by a person. */
bool role_from_name(const char *name, enum role *role_out,
		    uint32_t *index_out);
/* Receives everything up to POST_START. argv[1] is source_name. */
enum err role_begin(enum role role, uint32_t index, char **argv,
		    struct role_kit *kit);

/* A shared mapping of a whole descriptor, or NULL. */
void *role_map(int fd, size_t size, bool writable);
/* The whole of a page or image, to be read; NULL where it is shorter than
 * least, or fd is -1. */
const void *role_map_whole(int fd, size_t least, size_t *size_out);
enum err own_open(int fd, const struct own_addresses **out);
void own_close(const struct own_addresses *own);
/* Ours or a broadcast address of our nets; also embedded in IPv6. */
bool own_has(const struct own_addresses *own, const struct addr *a);
/* Ours only (a client that is this host). */
bool own_is_local(const struct own_addresses *own, const struct addr *a);
/* The interface of that name now; 0: there is none. */
uint32_t own_ifindex(const struct own_addresses *own, const char *name);

#endif
