/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lies where in the memory of a ledger; for ledger.c and the reader's
 * half of it. */
#ifndef FIREWALL_LEDGER_SHAPE_H
#define FIREWALL_LEDGER_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "firewall/ledger.h"
#include "firewall/names.h"

struct ledger_shape {
	struct ledger_head *head;
	struct ledger_element *element;
	struct ledger_reason *reason;
	struct names_block *block;
	uint32_t capacity, reasons, blocks;
};

/* False: that size has no room for anything. */
bool shape_of(void *map, size_t size, struct ledger_shape *out);
/* A ledger of another shape is begun anew: the kernel's list fills it. */
void shape_begin(const struct ledger_shape *s, size_t size);

#endif
