/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings on their way into struct options, one source after the other.
 *
 * Within a source a list adds up and anything else may be said once; what a
 * source says replaces what the sources before it said.
 */
#ifndef CONF_GATHER_H
#define CONF_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "conf/options.h"
#include "conf/setting.h"

struct gather {
	struct options *out;
	struct text *complaint;
	unsigned refused;
	bool said[SETTING_COUNT]; /* by this source */
	bool ever[SETTING_COUNT]; /* by any but the defaults */
};

/* One value as somebody gave it. */
struct saying {
	const struct setting *setting;
	const char *where; /* as complaints shall call it: "--grace" */
	const char *value;
	bool in_file; /* value is the path of a file that holds it */
};

/* out gets the defaults; complaint gets a line for each refusal. */
void gather_init(struct gather *g, struct options *out, struct text *complaint);
/* What follows comes from another, stronger source. */
void gather_begin(struct gather *g);
/* An empty value counts as not said. */
void gather_say(struct gather *g, const struct saying *s);
/* Some source but the defaults has said the setting of this field. */
bool gather_has(const struct gather *g, size_t field_offset);

/* "where: sentence" as the next line of the complaint. */
void gather_refuse(struct gather *g, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* where: "value" is not accepted; accepted is ... */
void gather_refuse_value(struct gather *g, const struct saying *s,
			 const char *accepted);
/* where: there is no such setting; near it is ... `prefix` stands before
 * the name that is proposed ("--", or "" for the environment name). */
void gather_refuse_name(struct gather *g, const char *where,
			const struct setting *near, const char *prefix);

#endif
