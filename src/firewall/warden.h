/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The warden: the only process that changes the kernel's sets.
 *
 * It reads letters of fixed size, checks each grant against the policy, the
 * guard and the quotas, writes it to the kernel through netlink, and answers
 * when the kernel has acknowledged. It parses nothing a stranger sent.
 */
#ifndef FIREWALL_WARDEN_H
#define FIREWALL_WARDEN_H

struct role_kit;
int warden_main(struct role_kit *kit);

#endif
