/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control process: answers dns-firewallctl at its socket from what it has
 * mapped, and passes `reload` on to the supervisor. It changes nothing by
 * itself.
 */
#ifndef CTL_SERVER_H
#define CTL_SERVER_H

struct role_kit;
int control_main(struct role_kit *kit);

#endif
