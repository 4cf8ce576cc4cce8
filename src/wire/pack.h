/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names written with compression (RFC 1035 4.1.4).
 *
 * Each packed name leaves its suffixes in a small table; a later name that
 * ends alike, in whatever case, points there. Work per name is bounded, also
 * for names that were chosen to collide.
 */
#ifndef WIRE_PACK_H
#define WIRE_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "wire/name.h"
#include "wire/writer.h"

struct packer {
	uint16_t at[64];  /* where a suffix lies, by its hash; 0: free */
	uint16_t tag[64]; /* more of its hash */
};

void pack_init(struct packer *p);
void pack_name(struct packer *p, struct writer *w, const struct name *n);
/* Forgets every name written at or behind `at`, which is to be undone. */
void pack_forget(struct packer *p, size_t at);

#endif
