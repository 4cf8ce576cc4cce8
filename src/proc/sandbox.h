/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walls of a child, each one function; role_enter_sandbox() puts them up
 * in their order. */
#ifndef PROC_SANDBOX_H
#define PROC_SANDBOX_H

#include <stdbool.h>

#include "base/err.h"
#include "proc/role.h"

/* Which system calls the role may make (filter.def). Built without
 * libseccomp: says so in the log and returns ERR_NONE. */
enum err filter_enter(enum role role);

/* The kernel's Landlock version, 0 for none. */
int landlock_version(void);

/* No file at all, but for the lists process its copies; TCP connections only
 * to the upstreams' ports, and only for workers; for the lists process any.
 * What the kernel is too old for is left out: *abi_out is its Landlock
 * version, 0 for none. */
enum err landlock_enter(const struct role_kit *kit, int *abi_out);

/* The supervisor keeps power, but no more than it uses: no core, no new
 * privileges, and as root only the capabilities that its work takes;
 * may_look_around: and the one to see whose port it is that we wanted, until
 * this is called again. */
enum err supervisor_shed(bool may_look_around);

#endif
