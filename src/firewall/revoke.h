/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking back what was granted: what a new policy does not give any more,
 * what leads to an address that has become ours, and what somebody wishes
 * gone. Entries go within the call; where flows are cut, theirs soon after.
 */
#ifndef FIREWALL_REVOKE_H
#define FIREWALL_REVOKE_H

#include <stdint.h>

#include "firewall/admission.h"
#include "proc/letter.h"

/* Where flows are to be cut, opens what that needs; it logs why it cannot. */
enum err revoke_prepare(struct admission *a);

/* Each says how many elements that were. What has another reason to stand
 * stays until that one's end. */
uint32_t revoke_not_given(struct admission *a);
/* This one logs it where there were any. */
uint32_t revoke_own(struct admission *a);
/* wish: checked against its row. done_out is filled whole. */
void revoke_wished(struct admission *a, const struct revoke_letter *wish,
		   struct revoked_letter *done_out);

#endif
