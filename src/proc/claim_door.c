/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What only one daemon of a network namespace may keep: a chain, and the sets
 * of one name. Two would take each other's rules for those of strangers, and
 * revoke what the other has granted.
 *
 * Each is a socket of a name that the kernel knows in that namespace alone,
 * and lets go with the process. Who has it first is asked for his user: a
 * stranger who took the name does not keep us from starting.
 */
#include "proc/doors.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/hash.h"

enum { THING_SIZE = 256 };

static struct sockaddr_un
name_of(const char *thing, socklen_t *len_out)
{
	static const struct hash_key key = { 0 };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct text name;

	/* Behind a NUL: it is in no directory (unix(7)). */
	text_init(&name, at.sun_path + 1, sizeof(at.sun_path) - 1);
	text_printf(&name, "dns-firewall/%016" PRIx64,
		    hash_bytes(&key, thing, strlen(thing)));
	*len_out = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			       name.len);
	return at;
}

/* False: it is nobody of ours, or cannot be found out. */
static bool
find_holder(const struct sockaddr_un *at, socklen_t len, struct ucred *out)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = sizeof(*out);
	bool found;

	if (fd == -1)
		return false;
	found = connect(fd, (const struct sockaddr *)at, len) == 0 &&
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, out, &size) == 0 &&
		(out->uid == 0 || out->uid == geteuid());
	close(fd);
	return found;
}

/* -1 in fd_out where nobody of ours has it, and it cannot be had. */
static enum err
claim(const char *thing, int *fd_out, struct text *complaint)
{
	socklen_t len;
	const struct sockaddr_un at = name_of(thing, &len);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct ucred holder;

	*fd_out = -1;
	if (fd == -1)
		return ERR_SYSTEM;
	if (bind(fd, (const struct sockaddr *)&at, len) == 0 &&
	    listen(fd, 1) == 0) {
		*fd_out = fd;
		return ERR_NONE;
	}
	close(fd);
	if (!find_holder(&at, len, &holder))
		return ERR_NONE;
	text_printf(complaint,
		    "another dns-firewall (pid %d) keeps %s; stop it first, or "
		    "give each of them its own",
		    (int)holder.pid, thing);
	return ERR_BUSY;
}

/* In words that a user knows. */
static void
put_sets(const struct options *opt, struct text *out)
{
	if (opt->firewall == FIREWALL_NFTABLES)
		text_printf(out, "the sets \"%s\" of table \"%s\"",
			    opt->set_prefix, opt->nft_table);
	else
		text_printf(out, "the sets \"%s\"", opt->set_prefix);
}

static void
put_chain(const struct options *opt, struct text *out)
{
	if (opt->firewall == FIREWALL_NFTABLES)
		text_printf(out, "chain \"%s\" of table \"%s\"", opt->chain,
			    opt->nft_table);
	else
		text_printf(out, "chain \"%s\" of iptables", opt->chain);
}

enum err
door_claim(const struct options *opt, struct claim *out,
	   struct text *complaint)
{
	char things[2][THING_SIZE];
	struct text sets, chain;
	enum err err;

	*out = (struct claim){ -1, -1 };
	if (opt->firewall == FIREWALL_NONE)
		return ERR_NONE;
	if (opt->enforce)
		return claim("table \"inet dns_firewall\"", &out->chain,
			     complaint);
	text_init(&sets, things[0], sizeof(things[0]));
	put_sets(opt, &sets);
	text_init(&chain, things[1], sizeof(things[1]));
	put_chain(opt, &chain);
	err = claim(things[1], &out->chain, complaint);
	if (err == ERR_NONE)
		err = claim(things[0], &out->sets, complaint);
	if (err != ERR_NONE)
		door_let_go(out);
	return err;
}

void
door_let_go(struct claim *c)
{
	if (c->chain != -1)
		close(c->chain);
	if (c->sets != -1)
		close(c->sets);
	*c = (struct claim){ -1, -1 };
}
