/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internationalized names (IDNA2008, RFC 5891), where built with libidn2. */
#ifndef POLICY_IDN_H
#define POLICY_IDN_H

#include <stdbool.h>
#include <stddef.h>

enum { DOMAIN_ASCII_SIZE = 256 };

/* True where a byte of it is not ASCII. */
bool domain_is_utf8(const char *text, size_t len);
/* Writes its A-labels and returns NULL, or returns what is wrong with it. */
const char *domain_to_ascii(const char *text, size_t len,
			    char out[DOMAIN_ASCII_SIZE]);

#endif
