/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several tests of this room need: a policy from text, options, own
 * addresses, and letters. */
#ifndef TESTS_FIREWALL_KIT_H
#define TESTS_FIREWALL_KIT_H

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "firewall/backend.h"
#include "firewall/judge.h"
#include "policy/compile.h"
#include "proc/post.h"

/* Programs that need a kernel of their own leave with this where they may
 * not have it; automake counts them as skipped. */
enum { EXIT_SKIP = 77 };

static inline bool
kit_own_network(void)
{
	if (unshare(CLONE_NEWNET) == 0)
		return true;
	fprintf(stderr, "no network namespace may be made: skipped\n");
	return false;
}

static inline struct addr
kit_addr(const char *text)
{
	struct addr a;

	if (addr_parse(text, strlen(text), &a) != ERR_NONE)
		abort();
	return a;
}

static inline void
kit_shell(const char *line)
{
	if (system(line) != 0) {
		fprintf(stderr, "%s\n", line);
		abort();
	}
}

/* 10.0.0.2 by TCP to port 443 of 203.0.113.n. */
static inline struct backend_entry
kit_entry(unsigned n, uint32_t timeout_s)
{
	struct backend_entry e = {
		.key = { .set = SET_V4,
			 .protocol = IPPROTO_TCP,
			 .port = 443,
			 .client = kit_addr("10.0.0.2"),
			 .destination = kit_addr("203.0.113.0") },
		.timeout_s = timeout_s,
	};

	e.key.destination.byte[3] = (uint8_t)n;
	return e;
}

static inline int
kit_memory(const void *bytes, size_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	if (fd == -1 || ftruncate(fd, (off_t)size) == -1)
		abort();
	if (bytes != NULL && write(fd, bytes, size) != (ssize_t)size)
		abort();
	return fd;
}

/* A descriptor with the image of an ACL. */
static inline int
kit_policy_fd(const char *acl)
{
	struct policy_source source = { .name = "acl",
					.text = acl,
					.len = strlen(acl) };
	char said[4096];
	struct text complaints;
	void *image;
	size_t size;
	int fd;

	text_init(&complaints, said, sizeof(said));
	if (policy_compile(&source, &image, &size, &complaints) != ERR_NONE) {
		fprintf(stderr, "%s\n", said);
		abort();
	}
	fd = kit_memory(image, size);
	free(image);
	return fd;
}

static inline struct options *
kit_options(void)
{
	static struct options opt;

	opt = (struct options){ .max_rule_time_s = 86400,
				.min_rule_time_s = 5,
				.grace_s = 60,
				.set_size = 64,
				.max_client_grants = 4096,
				.max_new_grants = 256,
				.firewall = FIREWALL_IPTABLES,
				.run_uid = 65534,
				.run_gid = 65534 };
	strcpy(opt.chain, "TEST");
	return &opt;
}

/* 10.0.0.1 and its broadcast, and 2001:db8:1::1, in the order of memcmp(). */
static inline const struct own_addresses *
kit_own(void)
{
	static struct own_addresses own;

	own = (struct own_addresses){ .count = 4 };
	own.addr[0] = kit_addr("10.0.0.1");
	own.addr[1] = kit_addr("10.0.0.255");
	own.broadcast[1] = 1;
	own.addr[2] = kit_addr("198.51.100.77");
	own.addr[3] = kit_addr("2001:db8:1::1");
	return &own;
}

static inline void
kit_judge(struct judge *j, const char *acl)
{
	int fd = kit_policy_fd(acl);

	*j = (struct judge){ .opt = kit_options(),
			     .own = kit_own(),
			     .families = ROLE_IPV4 | ROLE_IPV6 };
	if (policy_open(fd, 1, &j->policy) != ERR_NONE)
		abort();
	close(fd);
}

struct kit_letter {
	struct grant_letter letter;
	struct grant_item item[64];
};

static inline void
kit_letter(struct kit_letter *l, unsigned count)
{
	memset(l, 0, sizeof(*l));
	post_head(&l->letter.head, POST_GRANT, count);
	l->letter.generation = 1;
	l->letter.epoch = 1;
}

static inline struct grant_item
kit_item(const char *client, const char *destination)
{
	return (struct grant_item){ .ttl_s = 100,
				    .port = 443,
				    .protocol = IPPROTO_TCP,
				    .client = kit_addr(client),
				    .destination = kit_addr(destination) };
}

#endif
