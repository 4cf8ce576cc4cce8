/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libldns, for the one process of the daemon that uses it: it brings libssl
 * and libcrypto along, and each process that is linked with those has half a
 * megabyte of its own for that.
 */
#ifndef LISTS_LDNS_H
#define LISTS_LDNS_H

#include <ldns/ldns.h>

struct ldns_calls {
#define CALL(name) __typeof__(ldns_##name) *name;
#include "lists/ldns.def"
#undef CALL
};

/* Loads it at the first call, which must come before power is given up, for
 * its files cannot be opened later. NULL: it is not installed. */
const struct ldns_calls *ldns(void);

#endif
