/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of options.def as data, and the names they go by.
 *
 * A setting has an option name ("min-rule-time") and an environment name
 * ("MIN_RULE_TIME"; "DNSFW_GRACE" for those the Rust program lacks).
 */
#ifndef CONF_SETTING_H
#define CONF_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_kind {
	SETTING_number,
	SETTING_port,
	SETTING_path,
	SETTING_word,
	SETTING_choice,
	SETTING_flag,
	SETTING_secret,
	SETTING_addrs,
	SETTING_nets,
	SETTING_zones,
	SETTING_forwards
};

enum {
	SETTING_ALIASES = 1,
	SETTING_NAME_SIZE = 64, /* of every name with what is put before it */
	SETTING_COUNT = 0
#define OPT(kind, field, name, env, low, high, fallback, meta, help) +1
#include "conf/options.def"
#undef OPT
};

/* NULL where text is acceptable, else what would be. */
typedef const char *word_accept_fn(const char *text);

struct setting {
	enum setting_kind kind;
	bool ours; /* its environment name begins with DNSFW_ */
	const char *name, *fallback, *meta, *help;
	uint32_t low, high;
	size_t at;		    /* offset of its field in struct options */
	size_t count_at;	    /* of the field's count; lists only */
	const char *const *choices; /* ends in NULL; choices only */
	word_accept_fn *accept;	    /* words only */
};

/* i < SETTING_COUNT. */
const struct setting *setting_at(size_t i);
size_t setting_index(const struct setting *s);
bool setting_is_list(const struct setting *s);
/* Puts the environment name into buf of SETTING_NAME_SIZE and returns it. */
const char *setting_env_name(const struct setting *s, char *buf);

/* i < SETTING_ALIASES: another name in the environment, and what it sets. */
const char *setting_alias(size_t i, const struct setting **setting_out);

/* All return NULL for a name nobody has; text need not end in NUL. */
const struct setting *setting_by_name(const char *name, size_t len);
/* Upper or lower case, not mixed. *file_out: it was the NAME_FILE form. */
const struct setting *setting_by_env(const char *name, size_t len,
				     bool *file_out);
/* The setting whose name is least different, whatever form both have; NULL
 * where none resembles it. For sentences about misspelt names. */
const struct setting *setting_near(const char *name, size_t len);

#endif
