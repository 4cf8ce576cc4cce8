/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of settings, made from options.def by the preprocessor: nothing
 * about an option is written anywhere else. Command line, environment,
 * config files, --help and the print of the settings all walk it.
 */
#include "conf/setting.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "conf/options.h"
#include "conf/word.h"

#define OPT(kind, field, name, env, low, high, fallback, meta, help)
#define CHOICES(field, ...) \
	static const char *const choices_##field[] = { __VA_ARGS__, NULL };
#include "conf/options.def"
#undef CHOICES
#undef OPT

#define CHOICES_OF_number(f) NULL
#define CHOICES_OF_port(f)   NULL
#define CHOICES_OF_path(f)   NULL
#define CHOICES_OF_word(f)   NULL
#define CHOICES_OF_choice(f) choices_##f
#define CHOICES_OF_secret(f) NULL
#define CHOICES_OF_flag(f)   NULL
#define CHOICES_OF_addrs(f)  NULL
#define CHOICES_OF_nets(f)   NULL
#define CHOICES_OF_zones(f)  NULL
#define CHOICES_OF_forwards(f) NULL

#define ACCEPT_OF_number(f) NULL
#define ACCEPT_OF_port(f)   NULL
#define ACCEPT_OF_path(f)   NULL
#define ACCEPT_OF_word(f)   word_##f
#define ACCEPT_OF_choice(f) NULL
#define ACCEPT_OF_secret(f) NULL
#define ACCEPT_OF_flag(f)   NULL
#define ACCEPT_OF_addrs(f)  NULL
#define ACCEPT_OF_nets(f)   NULL
#define ACCEPT_OF_zones(f)  NULL
#define ACCEPT_OF_forwards(f) NULL

#define COUNT_OF_number(f) 0
#define COUNT_OF_port(f)   0
#define COUNT_OF_path(f)   0
#define COUNT_OF_word(f)   0
#define COUNT_OF_choice(f) 0
#define COUNT_OF_secret(f) 0
#define COUNT_OF_flag(f)   0
#define COUNT_OF_addrs(f)  offsetof(struct options, f##_count)
#define COUNT_OF_nets(f)   offsetof(struct options, f##_count)
#define COUNT_OF_zones(f)  offsetof(struct options, f##_count)
#define COUNT_OF_forwards(f) offsetof(struct options, f##_count)

enum { BARE, OURS };

static const struct setting settings[SETTING_COUNT] = {
#define OPT(kind, field, name, env, low, high, fallback, meta, help) \
	{ SETTING_##kind,                                            \
	  env == OURS,                                               \
	  name,                                                      \
	  fallback,                                                  \
	  meta,                                                      \
	  help,                                                      \
	  low,                                                       \
	  high,                                                      \
	  offsetof(struct options, field),                           \
	  COUNT_OF_##kind(field),                                    \
	  CHOICES_OF_##kind(field),                                  \
	  ACCEPT_OF_##kind(field) },
#include "conf/options.def"
#undef OPT
};

static const char ours_prefix[] = "DNSFW_";
static const char file_suffix[] = "_FILE";

const struct setting *
setting_at(size_t i)
{
	assert(i < SETTING_COUNT);
	return &settings[i];
}

size_t
setting_index(const struct setting *s)
{
	return (size_t)(s - settings);
}

bool
setting_is_list(const struct setting *s)
{
	return s->kind == SETTING_addrs || s->kind == SETTING_nets ||
	       s->kind == SETTING_zones || s->kind == SETTING_forwards;
}

const char *
setting_env_name(const struct setting *s, char *buf)
{
	snprintf(buf, SETTING_NAME_SIZE, "%s%s", s->ours ? ours_prefix : "",
		 s->name);
	for (char *c = buf; *c != '\0'; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	return buf;
}

const struct setting *
setting_by_name(const char *name, size_t len)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (strlen(settings[i].name) == len &&
		    memcmp(settings[i].name, name, len) == 0)
			return &settings[i];
	return NULL;
}

/* Names that the container of a policy zone's publisher has for settings of
 * ours. */
static const struct {
	const char *env, *name;
} aliases[SETTING_ALIASES] = {
	{ "TRUSTED_ACL", "trusted" },
};

const char *
setting_alias(size_t i, const struct setting **setting_out)
{
	*setting_out =
	    setting_by_name(aliases[i].name, strlen(aliases[i].name));
	return aliases[i].env;
}

static const struct setting *
by_alias(const char *upper)
{
	for (size_t i = 0; i < SETTING_ALIASES; i++)
		if (strcmp(aliases[i].env, upper) == 0)
			return setting_by_name(aliases[i].name,
					       strlen(aliases[i].name));
	return NULL;
}

/* name as upper case in buf; false where it mixes cases or is too long. */
static bool
upper_case(const char *name, size_t len, char *buf)
{
	bool upper = false, lower = false;

	if (len >= SETTING_NAME_SIZE)
		return false;
	for (size_t i = 0; i < len; i++) {
		upper |= isupper((unsigned char)name[i]) != 0;
		lower |= islower((unsigned char)name[i]) != 0;
		buf[i] = (char)toupper((unsigned char)name[i]);
	}
	buf[len] = '\0';
	return !(upper && lower);
}

static const struct setting *
by_upper(const char *upper)
{
	char env[SETTING_NAME_SIZE];

	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (strcmp(setting_env_name(&settings[i], env), upper) == 0)
			return &settings[i];
	return by_alias(upper);
}

const struct setting *
setting_by_env(const char *name, size_t len, bool *file_out)
{
	char upper[SETTING_NAME_SIZE];
	const size_t suffix = strlen(file_suffix);
	const struct setting *found;

	*file_out = false;
	if (!upper_case(name, len, upper))
		return NULL;
	found = by_upper(upper);
	if (found != NULL || len <= suffix ||
	    strcmp(upper + len - suffix, file_suffix) != 0)
		return found;
	/* ACL_FILE never comes here: it is an option of its own. */
	*file_out = true;
	upper[len - suffix] = '\0';
	return by_upper(upper);
}

/* Both forms of a name made alike: MIN_RULE_TIME, without DNSFW_. */
static size_t
bare_form(const char *name, size_t len, char *buf)
{
	const size_t prefix = strlen(ours_prefix);
	size_t n = 0;

	for (size_t i = 0; i < len && n < SETTING_NAME_SIZE - 1; i++)
		buf[n++] = name[i] == '-'
			       ? '_'
			       : (char)toupper((unsigned char)name[i]);
	buf[n] = '\0';
	if (strncmp(buf, ours_prefix, prefix) != 0)
		return n;
	memmove(buf, buf + prefix, n - prefix + 1);
	return n - prefix;
}

/* How many letters must be put in, taken out or changed (Levenshtein). */
static size_t
difference(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[SETTING_NAME_SIZE + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b_len];
}

const struct setting *
setting_near(const char *name, size_t len)
{
	char wanted[SETTING_NAME_SIZE], have[SETTING_NAME_SIZE];
	const size_t wanted_len = bare_form(name, len, wanted);
	const struct setting *near = NULL;
	size_t least = wanted_len / 2 + 1;

	for (size_t i = 0; i < SETTING_COUNT; i++) {
		size_t have_len =
		    bare_form(settings[i].name, strlen(settings[i].name), have);
		size_t d = difference(wanted, wanted_len, have, have_len);

		if (d < least) {
			least = d;
			near = &settings[i];
		}
	}
	return near;
}
