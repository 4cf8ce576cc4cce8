/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes wrong again and again, while it is tried again and again: said
 * when it begins, once a minute while it lasts, and when it is over.
 */
#ifndef FIREWALL_COMPLAINTS_H
#define FIREWALL_COMPLAINTS_H

#include <stdint.h>

enum { COMPLAINTS_MAX = 8, COMPLAINT_SIZE = 200 };

struct complaint {
	char text[COMPLAINT_SIZE]; /* "": none */
	int64_t began_ms, said_ms;
	uint32_t times;
};

/* All zero: nothing is wrong. */
struct complaints {
	struct complaint at[COMPLAINTS_MAX];
};

/* Logs it as an error, with how many times it was by then, unless it was said
 * less than a minute ago. c may be NULL: nothing is remembered then. */
void complaints_say(struct complaints *c, const char *text, int64_t now_ms);
/* All of them are over, and each is said to be. */
void complaints_end(struct complaints *c, int64_t now_ms);

#endif
