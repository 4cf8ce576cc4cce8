/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ledger and kernel side by side, for somebody else to compare.
 */
#ifndef FIREWALL_AUDIT_H
#define FIREWALL_AUDIT_H

#include "firewall/admission.h"
#include "proc/letter.h"

/* Writes a struct audit_item to `list` for everything that either of them
 * has, and says so by the channel. What differs is put right at the next look
 * at the sets (admission->suspect). */
void audit_reply(struct admission *a, const struct plain_letter *ask,
		  int list, int channel);

#endif
