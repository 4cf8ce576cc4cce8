/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking away what is ours, and only that.
 *
 * A daemon that ends leaves sets and rules, so that what was granted stays
 * granted and what was shut stays shut. Who wants neither any more says so.
 */
#include "firewall/cleanup.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "firewall/backend.h"
#include "firewall/chain.h"
#include "firewall/nft_find.h"
#include "proc/doors.h"

static bool
daemon_runs(const struct options *opt)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct text path;
	bool runs;

	if (fd == -1)
		return false;
	text_init(&path, at.sun_path, sizeof(at.sun_path));
	text_str(&path, opt->control);
	runs = connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0;
	close(fd);
	return runs;
}

static enum err
clear_rules(const struct options *opt, uint32_t *families_out)
{
	struct chain chain;
	enum err err;

	if (opt->firewall == FIREWALL_NFTABLES) {
		*families_out = nft_families(opt);
		return ERR_NONE;
	}
	*families_out = ROLE_IPV4 | ROLE_IPV6;
	err = chain_find(opt, &chain);
	/* Without a chain there are no rules; the sets may be there. */
	if (err != ERR_NONE)
		return err == ERR_MISSING ? ERR_NONE : err;
	return chain_clear(&chain);
}

static enum err
dispose(const struct options *opt, uint32_t families)
{
	const struct backend_kind *kind = opt->firewall == FIREWALL_NFTABLES
					      ? &backend_nftables
					      : &backend_ipset;
	struct backend_setup setup = { .prefix = opt->set_prefix,
				       .set_size = opt->set_size,
				       .families = families,
				       .opt = opt };
	struct backend *b;
	enum err err = kind->open(&setup, &b);

	if (err != ERR_NONE)
		return err;
	err = kind->dispose(b);
	kind->close(b);
	return err;
}

int
cleanup_run(const struct options *opt)
{
	char why[512];
	uint32_t families;
	struct claim claim;
	struct text text;
	enum err err;

	if (opt->firewall == FIREWALL_NONE) {
		log_info("--firewall none: there is nothing to clean up");
		return EXIT_SUCCESS;
	}
	if (daemon_runs(opt)) {
		log_error("--cleanup: a daemon answers at %s; stop it first",
			  opt->control);
		return EXIT_FAILURE;
	}
	text_init(&text, why, sizeof(why));
	if (door_claim(opt, &claim, &text) != ERR_NONE) {
		log_error("--cleanup: %s", why);
		return EXIT_FAILURE;
	}
	err = clear_rules(opt, &families);
	if (err == ERR_NONE)
		err = dispose(opt, families);
	if (err == ERR_NONE)
		log_info("Rules and sets are gone");
	else
		log_error("--cleanup: %s",
			  err == ERR_DENIED ? "what is named above stays, the "
					      "rest is gone"
					    : err_text(err));
	door_let_go(&claim);
	return err == ERR_NONE ? EXIT_SUCCESS : EXIT_FAILURE;
}
