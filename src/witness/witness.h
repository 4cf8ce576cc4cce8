/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The witness process (--nflog): it sees what the firewall refused, finds out
 * why, and says so. It can change nothing.
 */
#ifndef WITNESS_WITNESS_H
#define WITNESS_WITNESS_H

struct role_kit;
int witness_main(struct role_kit *kit);

#endif
