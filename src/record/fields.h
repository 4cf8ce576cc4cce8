/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What those forms of the log say alike that have fields with names: each
 * says how it writes one, and in which order they stand. */
#ifndef RECORD_FIELDS_H
#define RECORD_FIELDS_H

#include <stdbool.h>

#include "base/text.h"
#include "record/event.h"

/* How a field is written. Names are those of dns-firewall(8), JSON; values
 * are printable ASCII. */
struct field_form {
	void (*text)(struct text *out, const char *name, const char *value);
	void (*number)(struct text *out, const char *name, uint64_t value);
	bool folds_names; /* of the DNS, to lower case */
};

/* Each leaves out what the event does not have. */
void field_text(const struct field_form *form, struct text *out,
		const char *name, const char *value);
void field_address(const struct field_form *form, struct text *out,
		   const char *name, const struct addr *a);
/* name and type; rule, as FILE:LINE */
void fields_question(const struct field_form *form, const struct event *e,
		     struct text *out);
/* address, protocol, port, ttl */
void fields_grant(const struct field_form *form, const struct event *e,
		  struct text *out);
/* cause, reason, line */
void fields_refused(const struct field_form *form, const struct event *e,
		    struct text *out);
/* list, category, trigger, entry, action, would */
void fields_list(const struct field_form *form, const struct event *e,
		 struct text *out);
/* rcode, reason, source, upstream, latency_us */
void fields_end(const struct field_form *form, const struct event *e,
		struct text *out);

#endif
