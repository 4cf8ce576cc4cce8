/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of an ACL becomes one rule, a group, or a wish for a file. */
#ifndef POLICY_PARSE_H
#define POLICY_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "policy/client.h"
#include "policy/complain.h"
#include "policy/service.h"
#include "policy/token.h"
#include "wire/name.h"

/*
 * A rule as it was written. client, interface, protocol and port are those of
 * one of the rules it comes to: who writes it out (policy/expand.h) sets
 * them; here they are the first of each.
 */
struct acl_rule {
	struct net client;
	struct name domain;  /* lower case, without "*.", "." or "@" before
				it; of a list one label */
	struct addr answer4; /* family 0: none */
	struct addr answer6;
	uint8_t arrow;	  /* enum rule_arrow */
	uint8_t kind;	  /* enum domain_kind */
	uint8_t block;	  /* enum block_answer */
	uint8_t protocol; /* IPPROTO_*; 0 where not ARROW_GRANT */
	uint16_t port;	  /* 0 where not ARROW_GRANT */
	uint16_t interface; /* 0: any; else its number in the image, plus 1 */
	uint16_t list;	    /* of DOMAIN_LIST: its number in the image */
	uint32_t file;	  /* which text it stands in, see compile.c */
	struct acl_client who;
	struct acl_service service; /* count 0 where not ARROW_GRANT */
	struct token domain_text;
	bool domain_is_addr;   /* the domain looks like an IPv4 address */
	bool domain_was_utf8;  /* and is an A-label now */
	struct token name;     /* of a group, or the file to include */
	struct line members;   /* of a group */
};

enum acl_line {
	LINE_EMPTY,
	LINE_RULE,
	LINE_GROUP,   /* only name and members are filled */
	LINE_INCLUDE, /* only name is filled */
	LINE_WRONG
};

/* LINE_GROUP, LINE_INCLUDE, or LINE_RULE for what may be anything else. */
enum acl_line acl_line_kind(const char *text, size_t len);
/* The next client of a group that was read without a flaw. */
bool acl_next_member(struct line *members, struct acl_client *out);

/* text: without line end. LINE_WRONG fills all of the flaw but its line. The
 * tokens and the flaw borrow text. */
enum acl_line acl_parse_line(const char *text, size_t len, struct acl_rule *out,
			     struct flaw *flaw);

#endif
