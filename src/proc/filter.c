/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System call filters (seccomp(2)), one a role, from filter.def.
 *
 * Arguments matter in a few calls: no memory becomes executable, a worker's
 * sockets are Internet sockets, and a signal can only go to ourselves (so
 * that abort() works). A call that is not listed fails with EPERM; one of
 * another architecture kills.
 */
#include "config.h"

#include "proc/sandbox.h"

#include <errno.h>

#include "base/log.h"

#ifdef HAVE_SECCOMP

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

struct call {
	uint32_t roles;
	int number;
};

static const struct call calls[] = {
#define CALL(roles, name) { roles, SCMP_SYS(name) },
#include "proc/filter.def"
#undef CALL
};

static int
allow_memory(scmp_filter_ctx f)
{
	int bad = 0;

	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return bad;
}

static int
allow_abort(scmp_filter_ctx f)
{
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(),
					0));
}

static int
allow_internet(scmp_filter_ctx f)
{
	static const int families[] = { AF_INET, AF_INET6 };
	static const int types[] = { SOCK_DGRAM, SOCK_STREAM };
	const scmp_datum_t type_bits = 0xf;
	int bad = 0;

	for (unsigned i = 0; i < 2; i++)
		for (unsigned t = 0; t < 2; t++)
			bad |= seccomp_rule_add(
			    f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
			    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i],
				    0),
			    SCMP_A1(SCMP_CMP_MASKED_EQ, type_bits,
				    (scmp_datum_t)types[t]));
	return bad;
}

static int
add_rules(scmp_filter_ctx f, enum role role)
{
	int bad = 0;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].roles & 1u << role)
			bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW,
						calls[i].number, 0);
	bad |= allow_memory(f);
	bad |= allow_abort(f);
	if (role == ROLE_WORKER || role == ROLE_LISTS)
		bad |= allow_internet(f);
	return bad;
}

enum err
filter_enter(enum role role)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int bad;

	if (!f)
		return ERR_FULL;
	bad = add_rules(f, role);
	if (!bad)
		bad = seccomp_load(f);
	seccomp_release(f);
	if (!bad)
		return ERR_NONE;
	log_error("The system call filter of the %s could not be entered; the "
		  "kernel needs CONFIG_SECCOMP_FILTER",
		  role_name(role));
	return ERR_SYSTEM;
}

#else

enum err
filter_enter(enum role role)
{
	if (role == ROLE_WARDEN || role == ROLE_RECORDER)
		log_warn("Built without libseccomp: the %s runs without a "
			 "system call filter",
			 role_name(role));
	return ERR_NONE;
}

#endif
