/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the owner's chain is: under the one flavour of iptables or the other,
 * for each family.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "firewall/chain.h"
#include "firewall/iptables.h"

struct family {
	int version;
	const char *system, *nft, *legacy; /* tools */
	const char *legacy_tables;	   /* those in use, one a line */
};

static const struct family family4 = {
	4,
	"iptables",
	"iptables-nft",
	"iptables-legacy",
	"/proc/net/ip_tables_names",
};
static const struct family family6 = {
	6,
	"ip6tables",
	"ip6tables-nft",
	"ip6tables-legacy",
	"/proc/net/ip6_tables_names",
};

static bool
has_chain(const char *tool, const char *chain)
{
	struct tool_result saved;
	enum err err = iptables_save(tool, &saved);
	bool found = err == ERR_NONE && iptables_has_chain(saved.output, chain);

	/* A tool that is not there has no chain. */
	if (err == ERR_NONE)
		iptables_complain(tool, saved.complaint);
	else if (err != ERR_MISSING)
		iptables_say_why(tool, err, &saved);
	tool_done(&saved);
	return found;
}

/* Asking the legacy tool makes its tables, and with them a warning of the
 * other flavour for ever after: it is asked only where they are in use. What
 * a plain user may not read may be in use. */
static bool
legacy_is_used(const struct family *f)
{
	char names[256];
	ssize_t n;
	int fd = open(f->legacy_tables, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return errno != ENOENT;
	n = read(fd, names, sizeof(names) - 1);
	close(fd);
	if (n <= 0)
		return false;
	names[n] = '\0';
	return strstr(names, "filter") != NULL;
}

/* ---- where the chain is ------------------------------------------------- */

/* The chain under both flavours: packets pass both, our rules stand in one. */
static void
warn_of_both(const struct family *f, const char *chain)
{
	if (legacy_is_used(f) && has_chain(f->legacy, chain) &&
	    has_chain(f->nft, chain))
		log_warn("Chain \"%s\" exists for %s and for %s; the one of "
			 "%s is used. See --iptables",
			 chain, f->nft, f->legacy, f->system);
}

static const char *
find_auto(const struct family *f, const char *chain)
{
	if (has_chain(f->system, chain)) {
		warn_of_both(f, chain);
		return f->system;
	}
	if (has_chain(f->nft, chain))
		return f->nft;
	if (legacy_is_used(f) && has_chain(f->legacy, chain))
		return f->legacy;
	return NULL;
}

static const char *
find_tool(const struct family *f, const struct options *opt)
{
	const char *tool = opt->iptables == IPTABLES_NFT ? f->nft : f->legacy;

	if (opt->iptables == IPTABLES_AUTO)
		tool = find_auto(f, opt->chain);
	else if (!has_chain(tool, opt->chain))
		tool = NULL;
	return tool;
}

enum err
chain_find(const struct options *opt, struct chain *out)
{
	*out = (struct chain){ .name = opt->chain };
	out->prefix = opt->set_prefix[0] != '\0' ? opt->set_prefix : opt->chain;
	out->tool4 = find_tool(&family4, opt);
	out->tool6 = find_tool(&family6, opt);
	if (out->tool4 == NULL && out->tool6 == NULL)
		return ERR_MISSING;
	log_info("Using iptables backend, chain \"%s\"", opt->chain);
	if (out->tool4 == NULL)
		log_warn("No IPv4 rules will be created.");
	if (out->tool6 == NULL)
		log_warn("No IPv6 rules will be created.");
	return ERR_NONE;
}
