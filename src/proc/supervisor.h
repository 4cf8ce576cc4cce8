/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor: the only process with power, and the only one that never
 * reads what a stranger wrote.
 */
#ifndef PROC_SUPERVISOR_H
#define PROC_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "conf/options.h"

/* What the supervisor does for the firewall, without knowing how. */
struct firewall_hooks {
	void *arg;
	/* Finds the chains; ERR_MISSING where no family has one. */
	enum err (*find)(void *arg, const struct options *opt,
			 uint32_t *families_out);
	/* Puts our rules in place; harmless where they stand. lists: with
	 * those for addresses of lists. ERR_MISSING: there is no chain for
	 * them. */
	enum err (*place)(void *arg, bool lists);
	/* Takes all rules out of the chain. */
	enum err (*clear)(void *arg);
	/* Whether the chain holds our rules and nothing else. */
	bool (*stand)(void *arg);
	uint64_t (*ledger_bytes)(uint32_t set_size);
	/* of the memory of queries, and of that of packets */
	uint64_t past_bytes, refusals_bytes;
	uint64_t acl_max_bytes;
};

/* Runs until SIGTERM or SIGINT; the exit status. opt->run_uid and run_gid are
 * filled in. */
int supervisor_main(struct options *opt, const struct firewall_hooks *hooks);

/* --check: compiles the ACL, prints its canonical form on standard output
 * and complaints on standard error; the exit status. image_out: where the
 * image is written instead, or -1. */
int supervisor_check(struct options *opt, const char *path,
		     uint64_t acl_max_bytes, int image_out);

#endif
