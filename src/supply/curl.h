/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libcurl, for the one process that uses it. It brings some thirty libraries
 * along, which every other process would carry too if we were linked with it.
 */
#ifndef SUPPLY_CURL_H
#define SUPPLY_CURL_H

#include <curl/curl.h>

#include "base/err.h"

struct curl_calls {
#define CALL(name) __typeof__(curl_##name) *name;
#include "supply/curl.def"
#undef CALL
};

/* Loads it, once a process, before power is given up, for its files cannot be
 * opened later. ERR_MISSING: it is not installed, or too old; *out is as it
 * was. */
enum err curl_load(struct curl_calls *out);

#endif
