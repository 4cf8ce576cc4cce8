/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A key that a primary and we share (RFC 8945), as a key file has it. */
#ifndef SUPPLY_KEY_H
#define SUPPLY_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "lists/config.h"
#include "wire/name.h"

enum { KEY_SECRET_MAX = 512, KEY_FILE_MAX = 4096 };

struct tsig_key {
	struct name name; /* lower case */
	enum tsig_algorithm algorithm;
	uint8_t secret[KEY_SECRET_MAX];
	size_t secret_len;
};

/* The secret in base64 (RFC 4648 4) with any white space; lines that begin
 * with # are comments. ERR_SYNTAX: it is not base64, or there is none.
 * ERR_FULL: longer than any key. No part of it is ever told. */
enum err key_read_secret(const char *text, size_t len, struct tsig_key *key);
/* Overwrites the secret. */
void key_forget(struct tsig_key *key);

/* As the algorithm is named on the wire, and its digest in libcrypto. */
void key_algorithm_name(enum tsig_algorithm algorithm, struct name *out);
const char *key_digest(enum tsig_algorithm algorithm);
/* Bytes of a whole MAC. */
size_t key_mac_size(enum tsig_algorithm algorithm);

#endif
