/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of ipset's netlink protocol (linux/netfilter/ipset/ip_set.h,
 * versions 6 and 7): bytes to and from our words, nothing else.
 */
#ifndef FIREWALL_IPSET_MESSAGE_H
#define FIREWALL_IPSET_MESSAGE_H

#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/ipset/ip_set_hash.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "firewall/backend.h"

enum { IPSET_MESSAGE_SIZE = 8192, IPSET_CODE_FULL = IPSET_ERR_HASH_FULL };

/* Where messages are written: one at a time. */
struct ipset_paper {
	uint8_t protocol; /* version spoken */
	_Alignas(8) uint8_t bytes[IPSET_MESSAGE_SIZE];
};

struct ipset_shape {
	const char *name, *type;
	uint8_t family;	  /* 4 or 6 */
	uint8_t revision; /* of the type */
	uint32_t size;	  /* entries: maxelem; hashsize follows from it */
	bool lasting;	  /* entries have no end */
};

/* What the kernel says of a set, or of a type. */
struct ipset_header {
	char name[IPSET_MAXNAMELEN], type[IPSET_MAXNAMELEN];
	uint8_t family; /* 4 or 6; 0: another */
	uint8_t revision;
	uint8_t protocol, protocol_min;
	bool has_timeout;
	bool has_trap; /* forceadd or netmask: not what it seems to be */
	uint32_t references, entries, maxelem;
};

const char *ipset_type_of(enum set_index set);
/* The name of a set, and of the one that shall take its place. ERR_RANGE: it
 * is too long, and cut. */
enum err ipset_name(enum set_index set, const char *prefix,
		    char out[IPSET_MAXNAMELEN]);
enum err ipset_copy_name(enum set_index set, const char *prefix,
			 char out[IPSET_MAXNAMELEN]);

struct nlmsghdr *ipset_ask_protocol(struct ipset_paper *p);
struct nlmsghdr *ipset_ask_type(struct ipset_paper *p, const char *type,
				uint8_t family);
struct nlmsghdr *ipset_create(struct ipset_paper *p,
			      const struct ipset_shape *shape);
/* DESTROY, and with a second name SWAP and RENAME. */
struct nlmsghdr *ipset_command(struct ipset_paper *p, enum ipset_cmd cmd,
			       const char *name, const char *second);
struct nlmsghdr *ipset_list(struct ipset_paper *p, const char *name,
			    bool header_only);

struct ipset_change {
	const char *name;
	const struct backend_entry *entry;
	unsigned count; /* 1..BACKEND_BATCH */
};

/* ADD sends timeouts (never 0), DEL none; both in one message with a line
 * number an entry: 1 is the first. */
struct nlmsghdr *ipset_change(struct ipset_paper *p, enum ipset_cmd cmd,
			      const struct ipset_change *change);
/* Whether the first entry is there: refused with IPSET_ERR_EXIST if not. */
struct nlmsghdr *ipset_test(struct ipset_paper *p,
			    const struct ipset_change *change);

/* All read what a message has and leave the rest zero. */
void ipset_read_header(const struct nlmsghdr *m, struct ipset_header *out);
/* Of the right type and family, and its entries end and are not evicted. */
bool ipset_is_usable(const struct ipset_header *h, enum set_index set);
/* The line number in the kernel's copy of a refused message, or 0. */
uint32_t ipset_read_line(const struct nlmsghdr *copy);
/* Calls each for every entry of a part of a list that has the shape of the
 * set; returns how many had not. */
unsigned ipset_read_entries(const struct nlmsghdr *m, enum set_index set,
			    backend_entry_fn *each, void *arg);

#endif
