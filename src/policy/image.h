/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compiled policy: one block of bytes without pointers, built once by a
 * child without power, sealed, and mapped read-only by everybody else.
 *
 * Layout: struct image_head, then the sections it names. All numbers are in
 * host order (the image never leaves the machine or outlives the binary).
 *
 *   nets     every distinct client net, IPv4 first, in a family the longest
 *            prefix first, and the same net with an interface before that
 *            without; `parent` is the next net of the list that contains it
 *            (the same net of another interface, or a shorter one), so it
 *            always stands further down
 *   interfaces  the names that nets are bound to
 *   net_slots   hash table (net -> index), open addressing
 *   entries  what one (net, domain suffix) or (net, list) says: up to three
 *            runs of rules, one per kind of domain; or one, of the list. Those
 *            of a net's lists stand together
 *   entry_slots hash table (net index, lower-cased suffix) -> entry; lists
 *            are not in it
 *   rules    in the order of the canonical form: by net as above, by domain,
 *            by kind; a run holds one block, or allows, ~> before ->
 *   names    lower-cased wire names, each with its length byte before it
 *   identities  indices of all rules, by rising identity
 *   ports    what the -> rules of a net give together: distinct, rising
 *   lists    the lists that rules name; what they hold is elsewhere
 */
#ifndef POLICY_IMAGE_H
#define POLICY_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"
#include "wire/name.h"

enum { IMAGE_VERSION = 3, IMAGE_MAX_INTERFACES = 64, IMAGE_INTERFACE_SIZE = 16,
        IMAGE_MAX_LISTS = 64, IMAGE_NONE = 0xffffffff };
#define IMAGE_MAGIC 0x64667069u /* "dfpi" */

enum rule_arrow { ARROW_GRANT, ARROW_DNS, ARROW_BLOCK };
/* In the order they stand before each other at one length. `*` is the tree of
 * the root; the root has no other kind. A list has a rank of its own: behind
 * the exact name, before every wildcard. */
enum domain_kind {
	DOMAIN_EXACT,
	DOMAIN_BELOW, /* *.x */
	DOMAIN_TREE,  /* .x */
	DOMAIN_LIST   /* @x: the name is one label, x */
};
enum domain_kind_count { DOMAIN_KINDS = 4 };

/* What a blocked client is told, where no address is answered. */
enum block_answer { BLOCK_REFUSED, BLOCK_NXDOMAIN, BLOCK_NODATA, BLOCK_DROP };

struct image_rule {
	uint64_t identity; /* hash of net, domain, arrow, protocol, ports,
			      block answer: the same rule in another policy */
	uint32_t net;	   /* index into nets */
	uint32_t name;	   /* offset into names */
	uint32_t file;	   /* offset into files */
	uint32_t line;	   /* first line is 1 */
	uint8_t arrow;	   /* enum rule_arrow */
	uint8_t kind;	   /* enum domain_kind */
	uint8_t protocol;  /* IPPROTO_TCP, _UDP, _SCTP, _ICMP, _ICMPV6; 0 where
			      not GRANT */
	uint8_t has_answer4, has_answer6; /* -| ... = address */
	uint8_t block; /* enum block_answer; 0 where not BLOCK */
	uint16_t port; /* 1..65535, of ICMP type and code; 0 where not GRANT */
	uint8_t answer4[4];
	uint8_t answer6[16];
};

/* 1 to 31 letters, digits, '-', '_', '.'. */
enum { LIST_NAME_MAX = 31 };
bool list_name_is_good(const char *text, size_t len);

/* One of those a `->` may name. */
bool protocol_is_known(uint8_t protocol);

struct image_entry {
	uint32_t net;
	uint32_t name;
	uint32_t list; /* index into lists; IMAGE_NONE: a domain */
	uint32_t first[DOMAIN_KINDS]; /* index into rules */
	uint32_t count[DOMAIN_KINDS];
};

struct image_net {
	struct net net;
	uint32_t parent; /* IMAGE_NONE: none */
	uint32_t interface; /* 0: any; else its number in interfaces, plus 1 */
	uint32_t first_port, port_count; /* its run of ports */
	uint32_t first_list, list_count; /* its run of entries of lists */
};

/* Where it is named first is for those who find that there is no such list. */
struct image_list {
	uint32_t name; /* offset into names */
	uint32_t file, line, column;
};

struct image_port {
	uint8_t protocol;
	uint8_t pad;
	uint16_t port;
};

/* Of both hash tables; index IMAGE_NONE: free. Tables hold a power of two of
 * slots, at most half of them taken. */
struct image_slot {
	uint32_t index;
	uint32_t tag; /* upper half of the hash: spares most comparisons */
};

struct image_section {
	uint32_t at;	/* bytes from the start of the image, 8-aligned */
	uint32_t count; /* of its elements */
};

struct image_head {
	uint32_t magic, version;
	uint64_t size; /* of the whole image in bytes */
	struct image_section nets, net_slots, entries, entry_slots, rules,
	    names, files; /* both counted in bytes; files end in NUL each */
	struct image_section identities, ports, interfaces, lists;
	uint32_t follows_own; /* 1: localhost or localnets is in it, so it is
				 made anew when our addresses change */
	uint32_t pad;
	/* which prefix lengths occur, so that a look-up tries no others */
	uint64_t lengths4, lengths6[3];
	struct hash_key key; /* of the tables, drawn anew for each image */
};

struct image_interface {
	char name[IMAGE_INTERFACE_SIZE]; /* ends in NUL */
};

/* The lists that rules name, in use. bit[i]: that of the i-th list of the
 * image among theirs; 0: there is no such list. */
struct policy_lists {
	/* Which of them have the name; NULL: there are none. */
	uint64_t (*with_name)(const void *lists, const struct name *name,
			      uint64_t among);
	const void *lists;
	uint64_t bit[IMAGE_MAX_LISTS];
};

/* A policy in use. */
struct policy {
	const struct image_head *head; /* the mapping */
	size_t size;
	uint32_t generation;
	/* What follows the policy in the same memory (lists/image.h). */
	const void *behind;
	size_t behind_size;
	/* Of each interface the index it has now, or 0; set by
	 * policy_find_interfaces(). */
	uint32_t ifindex[IMAGE_MAX_INTERFACES];
	/* Set by who opens the lists behind it (lists/image.h). */
	struct policy_lists named;
};

/* Looks at an image in memory, 8-aligned, that stays the caller's: checks all
 * that policy_open() checks. Something else may follow it. There is nothing
 * to close. */
enum err policy_view(const void *image, size_t size, uint32_t generation,
		     struct policy *out);
/* Maps the image in fd (closing nothing) after checking magic, version and
 * that every offset, index and name lies inside. ERR_IMAGE, ERR_SYSTEM. */
enum err policy_open(int fd, uint32_t generation, struct policy *out);
void policy_close(struct policy *p);
struct own_addresses;
/* Looks up the interfaces that the policy names; to be called again whenever
 * they change. Until then no net that is bound to one contains anybody. */
void policy_find_interfaces(struct policy *p, const struct own_addresses *own);

#endif
