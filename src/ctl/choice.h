/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which clients a command is about: an address, a net, or this host. */
#ifndef CTL_CHOICE_H
#define CTL_CHOICE_H

#include <stdbool.h>

#include "base/addr.h"
#include "ctl/answer.h"

struct choice {
	bool all, local;
	struct net net;
};

/* text NULL: all. False: the answer has become an error. */
bool choice_read(struct answer *a, const char *text, struct choice *out);
/* client: of family 0 where it is this host. */
bool choice_has(const struct choice *c, const struct addr *client);

#endif
