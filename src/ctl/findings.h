/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the doctor knows of the daemon, and how a finding is said. */
#ifndef CTL_FINDINGS_H
#define CTL_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/ruleset.h"

enum verdict { PASS, WARN, FAIL };
enum kind { KIND_NONE, KIND_IPTABLES, KIND_NFTABLES, KIND_ENFORCE };
enum { SETTING_SIZE = 1024, LIST_SETS_MAX = 10 };

struct doctor {
	bool failed;	       /* anything was */
	bool answers, healthy; /* the daemon */
	enum kind kind;
	bool guards_itself;			 /* --enforce-output */
	bool only_watches;			 /* --mode audit */
	char chain[RULE_NAME], table[RULE_NAME]; /* table: "inet filter" */
	char bind[SETTING_SIZE]; /* "10.1.0.1@53,fd00:1::1@53" */
	char notify[SETTING_SIZE];
	char sets[RULE_NAME];	 /* --set-prefix */
	/* Sets of lists, without a prefix. */
	char list_set[LIST_SETS_MAX][RULE_NAME];
	unsigned list_sets;
	struct ruleset *rules;	 /* one after the other */
};

struct family {
	const char *name;
	uint8_t number;
	const char *forwarding; /* of the kernel */
};

enum { FAMILIES = 2 };
extern const struct family families[FAMILIES];

/* One line; a FAIL makes the doctor's exit status. */
void say(struct doctor *d, enum verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The number that a file of the kernel begins with; -1: there is none. */
long number_in(const char *path);
bool is_forwarded(const struct family *f);

/* The rounds that he makes; each says what it found. */
void see_iptables(struct doctor *d);
void see_nftables(struct doctor *d);
void see_enforced(struct doctor *d);
void see_kernel(struct doctor *d);
void see_binds(struct doctor *d);
void see_journal(struct doctor *d);
/* A line of `status`, of a set of lists or of something else. */
void see_list_set(struct doctor *d, const char *line);
/* In the ruleset that was read last. */
void see_list_sets_of_nft(struct doctor *d);
void see_list_sets_of_iptables(struct doctor *d, const struct family *f);

#endif
