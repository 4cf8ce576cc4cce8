/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists as domains: whether a list has a name or an address at all, whatever
 * it would have done to whoever asks.
 */
#ifndef LISTS_MEMBER_H
#define LISTS_MEMBER_H

#include "lists/image.h"
#include "policy/image.h"

/* Which of the lists (a bit each) have it. What an entry lets pass is not
 * what its list has, unless the list itself lets all of it pass. */
uint64_t lists_with_name(const struct lists *l, const struct name *name,
			 uint64_t among);
uint64_t lists_with_addr(const struct lists *l, const struct addr *addr,
			 uint64_t among);

/* Its number, whatever the case of the name; LISTS_NONE. */
uint32_t lists_find(const struct lists *l, const char *name, size_t len);
/* The rules of the policy that name lists mean these from now on; they stay
 * the caller's, and where they are. */
void lists_name(const struct lists *l, struct policy *p);
/* Opens those behind the policy, and has its rules mean them: what lists_of()
 * says. */
enum err lists_take(struct policy *p, struct lists *out);

#endif
