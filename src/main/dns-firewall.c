/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One binary, every role: what it is says argv[0], and whether the
 * supervisor holds the other end of its channel.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sink.h"
#include "conf/options.h"
#include "ctl/server.h"
#include "firewall/chain.h"
#include "firewall/cleanup.h"
#include "firewall/ledger.h"
#include "firewall/nft_find.h"
#include "firewall/warden.h"
#include "listen/worker.h"
#include "lists/compile.h"
#include "proc/role.h"
#include "proc/supervisor.h"
#include "record/past.h"
#include "record/recorder.h"
#include "supply/supply.h"
#include "witness/witness.h"

#ifdef WITH_SANITIZERS
const char *__asan_default_options(void);

/* Leaks are looked for in the unit tests: here the search would need system
 * calls that no role may make. */
const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

static role_main_fn *const roles[ROLE_COUNT] = {
	[ROLE_WORKER] = worker_main,	 [ROLE_WARDEN] = warden_main,
	[ROLE_RECORDER] = recorder_main, [ROLE_CONTROL] = control_main,
	[ROLE_COMPILER] = compiler_main, [ROLE_WITNESS] = witness_main,
	[ROLE_LISTS] = supply_main,
};

static int
role_live(enum role role, uint32_t index, char **argv)
{
	static struct role_kit kit;

	if (role_begin(role, index, argv, &kit) != ERR_NONE)
		return 1;
	return roles[role](&kit);
}

static enum err
find_chain(void *arg, const struct options *opt, uint32_t *families_out)
{
	struct chain *chain = arg;
	enum err err;

	if (opt->firewall == FIREWALL_NFTABLES)
		return nft_find(opt, families_out);
	err = chain_find(opt, chain);
	if (err == ERR_MISSING)
		log_error("There is no chain \"%s\" in the filter table, "
			  "neither for IPv4 nor for IPv6; make it with "
			  "\"iptables -N %s\"",
			  opt->chain, opt->chain);
	*families_out = (chain->tool4 ? ROLE_IPV4 : 0) |
			(chain->tool6 ? ROLE_IPV6 : 0);
	return err;
}

/* Of nftables the warden places the rules itself. */
static enum err
place_chain(void *arg, bool lists)
{
	struct chain *chain = arg;

	chain->lists = lists;
	return chain->name != NULL ? chain_place(chain) : ERR_NONE;
}

static enum err
clear_chain(void *arg)
{
	struct chain *chain = arg;

	return chain->name != NULL ? chain_clear(chain) : ERR_NONE;
}

static bool
chain_stands(void *arg)
{
	const struct chain *chain = arg;

	return chain->name == NULL || chain_is_whole(chain);
}

static uint64_t
ledger_size(uint32_t set_size)
{
	return ledger_bytes(set_size);
}

static int
run(struct options *opt)
{
	static struct chain chain;
	struct firewall_hooks hooks = { .arg = &chain,
					.find = find_chain,
					.place = place_chain,
					.clear = clear_chain,
					.stand = chain_stands,
					.ledger_bytes = ledger_size,
					.past_bytes = past_bytes(PAST_QUERIES),
					.refusals_bytes =
					    past_bytes(PAST_PACKETS),
					.acl_max_bytes = ACL_MAX_BYTES };

	return supervisor_main(opt, &hooks);
}

static int
refuse(const char *complaint)
{
	while (*complaint) {
		size_t len = strcspn(complaint, "\n");

		if (len > 0)
			log_error("%.*s", (int)len, complaint);
		complaint += len + (complaint[len] == '\n');
	}
	return 1;
}

int
main(int argc, char **argv)
{
	static struct options opt;
	static char complaint[8192];
	struct option_request request;
	struct text text;
	enum role role;
	uint32_t index;

	if (argc > 0 && role_from_name(argv[0], &role, &index))
		return role_live(role, index, argv);
	if (!sink_hold_standard())
		return 1;
	text_init(&text, complaint, sizeof(complaint));
	request = options_gather(argc, argv, environ, &opt, &text);
	switch (request.errand) {
	case ERRAND_HELP:
		options_print_help();
		return 0;
	case ERRAND_VERSION:
		puts(PACKAGE_NAME " " PACKAGE_VERSION);
		return 0;
	case ERRAND_CHECK:
		return supervisor_check(&opt, opt.acl_file, ACL_MAX_BYTES, -1);
	case ERRAND_CHECK_FILE:
		/* It stands by itself: of lists nothing is known. */
		opt.acl_file[0] = opt.lists[0] = '\0';
		return supervisor_check(&opt, request.check_file,
					ACL_MAX_BYTES,
					request.compile ? STDOUT_FILENO : -1);
	case ERRAND_CLEANUP:
		return cleanup_run(&opt);
	case ERRAND_RUN:
		return run(&opt);
	case ERRAND_REFUSED:
	default:
		return refuse(complaint);
	}
}
