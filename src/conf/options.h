/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The settings of one run, gathered from defaults, config files,
 * environment and command line (each beats those before it).
 *
 * struct options holds no pointer: the supervisor seals it into an image
 * that every child maps.
 */
#ifndef CONF_OPTIONS_H
#define CONF_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/text.h"

enum { OPTION_TEXT_SIZE = 512 };

enum firewall_kind { FIREWALL_NONE, FIREWALL_IPTABLES, FIREWALL_NFTABLES };
enum enforce_action { ENFORCE_REJECT, ENFORCE_DROP };
enum iptables_flavour { IPTABLES_AUTO, IPTABLES_NFT, IPTABLES_LEGACY };
enum query_case { QUERY_CASE_RANDOM, QUERY_CASE_PLAIN };
enum policy_mode { MODE_ENFORCE, MODE_AUDIT };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };
enum upstream_order { UPSTREAM_STRICT, UPSTREAM_FASTEST };
enum source_check {
	SOURCE_CHECK_OFF,
	SOURCE_CHECK_CONNECTED,
	SOURCE_CHECK_ROUTES
};
enum bind_mode { BIND_MODE_UNSET, BIND_MODE_RECURSION, BIND_MODE_FORWARD };
enum compat { COMPAT_NONE, COMPAT_RUST };

/* A zone as lower-cased wire labels with the root label. */
struct option_zone {
	uint8_t len;
	uint8_t wire[255];
};

/* Where a zone is asked for. */
struct option_forward {
	struct option_zone zone;
	struct endpoint at;
};

#define OPTION_FIELD_number(f, n) uint32_t f;
#define OPTION_FIELD_port(f, n)	  uint16_t f;
#define OPTION_FIELD_path(f, n)	  char f[OPTION_TEXT_SIZE];
#define OPTION_FIELD_word(f, n)	  char f[OPTION_TEXT_SIZE];
#define OPTION_FIELD_choice(f, n) uint32_t f;
#define OPTION_FIELD_flag(f, n)	  bool f;
#define OPTION_FIELD_secret(f, n) bool f;
#define OPTION_FIELD_addrs(f, n)     \
	struct endpoint f[n];        \
	uint32_t f##_count;
#define OPTION_FIELD_nets(f, n)      \
	struct net f[n];             \
	uint32_t f##_count;
#define OPTION_FIELD_zones(f, n)     \
	struct option_zone f[n];     \
	uint32_t f##_count;
#define OPTION_FIELD_forwards(f, n)  \
	struct option_forward f[n];  \
	uint32_t f##_count;

struct options {
#define OPT(kind, field, name, env, low, high, fallback, meta, help) \
	OPTION_FIELD_##kind(field, high)
#include "conf/options.def"
#undef OPT
	/* names of settings that are another program's, and what we have
	 * instead; empty: there were none */
	char ignored[OPTION_TEXT_SIZE];
	bool rpz_log_given; /* it was said, so its failure is fatal */
	bool control_given; /* --control was said, so its failure is fatal */
	/* filled in by the supervisor: who the children become */
	uint32_t run_uid, run_gid;
};

/* What the command line asks for besides running. */
enum option_errand {
	ERRAND_RUN,
	ERRAND_HELP,
	ERRAND_VERSION,
	ERRAND_CHECK,	   /* --check: options and ACL together */
	ERRAND_CHECK_FILE, /* --check FILE: an ACL alone */
	ERRAND_CLEANUP,	   /* --cleanup: what was left behind goes */
	ERRAND_REFUSED	   /* complaint holds why */
};

struct option_request {
	enum option_errand errand;
	char check_file[OPTION_TEXT_SIZE];
	bool compile; /* --compile FILE: the image goes out, not the text */
};

/* Fills out from everything; upstreams and binds end up with their port.
 * Complaints are sentences that name the option, the value, and what is
 * accepted; several are separated by '\n'. envp like environ. */
struct option_request options_gather(int argc, char **argv, char **envp,
				     struct options *out,
				     struct text *complaint);

/* Something is listed, by a file of the owner, a policy zone or a test. */
bool options_have_lists(const struct options *opt);

/* --help to standard output; the list of the manual in mdoc. */
void options_print_help(void);

/* Each setting as NAME=value lines, for `dns-firewallctl status`. */
void options_print(const struct options *opt, struct text *out);

#endif
