/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of text that are fetched: feeds by HTTPS, and addresses of names. */
#ifndef SUPPLY_PLAIN_H
#define SUPPLY_PLAIN_H

#include "supply/source.h"

extern const struct source_kind plain_kind;

#endif
