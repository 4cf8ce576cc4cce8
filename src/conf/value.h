/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One value, from text into its field of struct options and back. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/text.h"
#include "conf/gather.h"

/* "192.0.2.1", "192.0.2.1@53", "2001:db8::1@53", "[2001:db8::1]@53",
 * "fe80::1%eth0@53"; port 0 where none is named. A link-local address needs
 * its interface, no other address may have one. */
bool endpoint_parse(const char *text, size_t len, struct endpoint *out);
/* As endpoint_parse() reads it, the interface as a number. */
void endpoint_show(const struct endpoint *e, struct text *out);

/* Empties a list. */
void value_clear(const struct setting *s, struct options *out);
/* Stores s->value (not empty), or refuses it and leaves the field as it
 * was. A list is given comma-separated and appended. */
void value_store(struct gather *g, const struct saying *s);
/* As value_store() takes it; nothing where it is not set. */
void value_print(const struct setting *s, const struct options *opt,
		 struct text *out);

#endif
