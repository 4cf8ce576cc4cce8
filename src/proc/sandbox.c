/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up power, in the one order that works.
 *
 * User and capabilities first, for it takes power to drop power; then death
 * with the parent, because a change of user clears that; then nobody may
 * trace us or read our memory; then the two walls. What fails here ends the
 * child: it must not run with more than its row in the table says.
 */
#include "config.h"

#include "proc/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "proc/measure.h"

static enum err
failed(const struct role_kit *kit, const char *what)
{
	log_error("The %s could not give up its power: %s: %s",
		  role_name(kit->role), what, strerror(errno));
	return ERR_SYSTEM;
}

static bool
drop_user(const struct role_kit *kit)
{
	unsigned flags = CAPNG_DROP_SUPP_GRP;

	/* A container may withhold SETPCAP; then the bounding set stays, and
	 * no_new_privs makes it worthless. */
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		flags |= CAPNG_CLEAR_BOUNDING;
	capng_clear(CAPNG_SELECT_BOTH);
	if (kit->role == ROLE_WARDEN)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			     CAP_NET_ADMIN);
	return capng_change_id((int)kit->opt->run_uid,
			       (int)kit->opt->run_gid,
			       (capng_flags_t)flags) == 0;
}

static bool
drop_capabilities(const struct role_kit *kit)
{
	/* Ambient capabilities would come back with the next execve(). */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1)
		return false;
	capng_clear(CAPNG_SELECT_CAPS);
	if (kit->role == ROLE_WARDEN)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			     CAP_NET_ADMIN);
	return capng_apply(CAPNG_SELECT_CAPS) == 0;
}

static bool
die_with_parent(const struct role_kit *kit)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		return false;
	/* The parent may have died before the line above. */
	if (getppid() != kit->parent)
		_exit(0);
	return true;
}

static bool
hide(void)
{
	struct rlimit none = { 0, 0 };

	return setrlimit(RLIMIT_CORE, &none) == 0 &&
	       prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

/* Said once, by the one process that there is always exactly one of. */
static void
say_what_is_missing(const struct role_kit *kit, int abi)
{
	if (kit->role != ROLE_RECORDER || kit->epoch > 0)
		return;
	if (abi == 0)
		log_warn("This kernel has no Landlock: files are kept shut by "
			 "the system call filter alone");
	else if (abi < 4)
		log_info("Landlock version %d of this kernel has no TCP "
			 "rules",
			 abi);
}

enum err
role_enter_sandbox(const struct role_kit *kit)
{
	int abi = 0;

	capng_get_caps_process();
	if (geteuid() == 0 && !drop_user(kit))
		return failed(kit, "change of user");
	if (geteuid() != 0 && !drop_capabilities(kit))
		return failed(kit, "capabilities");
	if (geteuid() == 0)
		return failed(kit, "it is still root");
	if (!die_with_parent(kit))
		return failed(kit, "death with the parent");
	if (!hide())
		return failed(kit, "no_new_privs");
	/* What they need they have by now. */
	if (kit->role == ROLE_WORKER || kit->role == ROLE_WARDEN)
		measure_bind();
	if (landlock_enter(kit, &abi) != ERR_NONE)
		return failed(kit, "Landlock");
	say_what_is_missing(kit, abi);
	return filter_enter(kit->role);
}

/* To bind, to place rules, to make and end children of another user, and to
 * read an access list and give away a socket whoever owns them. */
static const unsigned supervisor_needs[] = {
	CAP_NET_ADMIN, CAP_NET_RAW,	 CAP_NET_BIND_SERVICE, CAP_SETUID,
	CAP_SETGID,    CAP_SETPCAP,	 CAP_KILL,	       CAP_CHOWN,
	CAP_FOWNER,    CAP_DAC_OVERRIDE
};

enum err
supervisor_shed(bool may_look_around)
{
	struct rlimit none = { 0, 0 };
	unsigned kept = 0;

	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return ERR_SYSTEM;
	/* As a plain user it has the ambient ones and no more. */
	if (geteuid() != 0)
		return ERR_NONE;
	capng_get_caps_process();
	for (size_t i = 0;
	     i < sizeof(supervisor_needs) / sizeof(supervisor_needs[0]); i++)
		if (capng_have_capability(CAPNG_EFFECTIVE,
					  supervisor_needs[i]))
			kept |= 1u << i;
	may_look_around &=
	    capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_PTRACE);
	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0;
	     i < sizeof(supervisor_needs) / sizeof(supervisor_needs[0]); i++)
		if (kept & 1u << i)
			capng_update(CAPNG_ADD,
				     CAPNG_EFFECTIVE | CAPNG_PERMITTED |
					 CAPNG_BOUNDING_SET,
				     supervisor_needs[i]);
	/* For the start alone; the bounding set is without it at once. */
	if (may_look_around)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			     CAP_SYS_PTRACE);
	/* The bounding set can only be cut with SETPCAP, which a container
	 * may withhold. */
	if (capng_apply(CAPNG_SELECT_BOTH) != 0 &&
	    capng_apply(CAPNG_SELECT_CAPS) != 0)
		return ERR_SYSTEM;
	return ERR_NONE;
}
