/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only code that opens things with power: listening sockets, the ACL,
 * the control socket. It runs in the supervisor and parses nothing.
 */
#ifndef PROC_DOORS_H
#define PROC_DOORS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/text.h"
#include "conf/options.h"

/* One UDP and one TCP socket a worker for one address, bound to it (the
 * address first alone, without SO_REUSEPORT, so that a second instance is
 * refused), steered by client address, with the packet information a reply
 * needs (IP_PKTINFO, IPV6_RECVPKTINFO), non-blocking, TCP listening.
 * dual_stack: an IPv6 wildcard that also takes IPv4. On failure complaint
 * says which address and why, and nothing stays open. */
struct door_bind {
	struct endpoint at;
	bool dual_stack;
	unsigned workers;
	int *udp; /* workers of them */
	int *tcp;
};
enum err door_bind(const struct door_bind *b, struct text *complaint);

/* Opens an ACL: a regular file, not writable by group or others, of at most
 * max bytes; complaint names the path and what would be right. */
enum err door_text_file(const char *path, uint64_t max, int *fd_out,
			struct text *complaint);

/* The directory where copies of lists are kept: a missing one is made (0700)
 * and given to that user, and so is one of root's that is shut to others; else
 * it must be his, and nobody else may write there. */
enum err door_lists_dir(const char *path, uint32_t uid, uint32_t gid,
			int *fd_out, struct text *complaint);
/* In it, the one that the lists process writes to, likewise; what stands
 * beside that is out of its reach. */
enum err door_copies_dir(int dir, uint32_t uid, uint32_t gid, int *fd_out,
			 struct text *complaint);
/* The image of last time, beside the copies: ours, and nobody else's to
 * write; -1: there is none. */
int door_saved(int dir);
/* Where the next one is written; -1: nowhere. door_saved_end() has it take
 * the place of the last one, where all went well and there is anything in it;
 * it closes. */
int door_saved_new(int dir);
void door_saved_end(int dir, int fd, bool good);
/* A copy there: a regular file of that user, no link. ERR_MISSING: there is
 * none, which is no fault; ERR_DENIED. */
enum err door_kept(int dir, const char *name, uint32_t uid, int *fd_out,
		   struct text *complaint);
/* The file of a key: only its owner may read it. */
enum err door_key(const char *path, int *fd_out, struct text *complaint);

/* The secret of the options (conf/secret.h) as such a file; -1: there is
 * none. It is forgotten here. */
enum err door_secret(int *fd_out);

/* The control socket: a missing directory is made (0750), a socket without
 * a living daemon behind it replaced. mode 0660, group gid. */
enum err door_control(const char *path, uint32_t gid, int *fd_out,
		      struct text *complaint);

/* Keeps other daemons of this network namespace away from the chain and the
 * sets of the options, for as long as the descriptors are open; -1: there is
 * nothing to keep, or somebody else has the name. ERR_BUSY: a daemon of ours
 * has it. */
struct claim {
	int chain, sets;
};
enum err door_claim(const struct options *opt, struct claim *out,
		    struct text *complaint);
void door_let_go(struct claim *c);

/* A file to append to, regular and no link; a missing one is made (0640). */
enum err door_log_file(const char *path, int *fd_out, struct text *complaint);

/* A socket connected to the systemd journal (systemd.journal-fields(7)). */
enum err door_journal(int *fd_out, struct text *complaint);

/* A socket of the kernel's nfnetlink_log (linux/netfilter/nfnetlink_log.h),
 * bound to a group and told how much of a packet we want; to be read and no
 * more. It stays bound for as long as anybody holds the descriptor. */
enum { DOOR_NFLOG_BYTES = 160 };
enum err door_nflog(uint16_t group, int *fd_out, struct text *complaint);

/* A memfd of that size, sealed against shrinking; sealed_copy also against
 * writing. */
enum err door_memory(const char *name, uint64_t size, int *fd_out);
enum err door_sealed_copy(const char *name, const void *bytes, uint64_t size,
			  int *fd_out);
/* Nobody writes to it any more. */
enum err door_seal(int fd);
/* The same memory through a descriptor that cannot be mapped writable. */
enum err door_read_only(int fd, int *fd_out);

#endif
