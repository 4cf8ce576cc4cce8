/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libcrypto, for the one process that uses it: each process that is linked
 * with it has 400 KB of its own for that.
 */
#ifndef SUPPLY_CRYPTO_H
#define SUPPLY_CRYPTO_H

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

struct crypto_calls {
#define CALL(name) __typeof__(name) *name;
#include "supply/crypto.def"
#undef CALL
};

/* Loads it at the first call, which must come before power is given up, for
 * its files cannot be opened later. NULL: it is not installed. */
const struct crypto_calls *crypto(void);

#endif
