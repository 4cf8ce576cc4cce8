/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The unprivileged user that all children share (getpwnam(3)). */
#include "proc/identity.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

enum { NOBODY = 65534 };

static const char service_user[] = "dns-firewall";

static void
become(struct options *opt, uint32_t uid, uint32_t gid)
{
	opt->run_uid = uid;
	opt->run_gid = gid;
}

static bool
is_number(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

enum err
identity_find(struct options *opt)
{
	const char *name = opt->user[0] ? opt->user : service_user;
	const struct passwd *pw;

	if (geteuid() != 0) {
		become(opt, geteuid(), getegid());
		return ERR_NONE;
	}
	pw = is_number(name) ? getpwuid((uid_t)strtoul(name, NULL, 10)) :
			       getpwnam(name);
	if (pw) {
		become(opt, pw->pw_uid, pw->pw_gid);
	} else if (is_number(name)) {
		uint32_t id = (uint32_t)strtoul(name, NULL, 10);

		become(opt, id, id);
	} else if (opt->user[0] == '\0') {
		become(opt, NOBODY, NOBODY);
	} else {
		log_error("--user: there is no user \"%s\"", name);
		return ERR_MISSING;
	}
	if (opt->run_uid == 0) {
		log_error("--user: the children must not be root (uid 0)");
		return ERR_DENIED;
	}
	return ERR_NONE;
}
