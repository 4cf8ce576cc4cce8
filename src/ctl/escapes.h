/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the doctor says of the way to our chain, whoever's rules it leads
 * through. */
#ifndef CTL_ESCAPES_H
#define CTL_ESCAPES_H

#include "base/text.h"
#include "ctl/findings.h"
#include "ctl/way.h"

struct passage {
	struct doctor *doctor;
	const struct family *family;
	struct way way; /* found */
	/* Write the command that mends it. */
	void (*delete_rule)(const struct passage *p, const struct rule *r,
			    struct text *out);
	void (*refuse_rest)(const struct passage *p, struct text *out);
	void (*pass_established)(const struct passage *p, struct text *out);
};

void see_passage(const struct passage *p);

#endif
