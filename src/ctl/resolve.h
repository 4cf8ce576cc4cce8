/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `query`: one question to a DNS server, as any client would ask it, and its
 * answer in lines. ldns makes and reads the messages, so that what we say of
 * ourselves is seen with other eyes.
 */
#ifndef CTL_RESOLVE_H
#define CTL_RESOLVE_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/text.h"

enum { RESOLVE_WAIT_MS = 5000 }; /* each by UDP and by TCP */

/* "@192.0.2.1", "@192.0.2.1:53", "@[2001:db8::1]:53", "@192.0.2.1@53";
 * port 53 where none is named. */
bool server_parse(const char *text, struct endpoint *out);

struct resolve {
	struct endpoint server;
	const char *name, *type;
};

/* Prints question, status and answers to standard output; what failed, to
 * standard error. False: no answer, or the name or type cannot be asked. */
bool resolve_print(const struct resolve *r);

/* What a server said to one question, without printing it. */
struct resolved {
	bool heard;	   /* false: nothing came, errno says why */
	unsigned rcode, ms;
	bool not_ready; /* by EDE 14 */
	struct addr address[8];
	unsigned addresses;
};
void resolve_probe(const struct resolve *r, struct resolved *out);

#endif
