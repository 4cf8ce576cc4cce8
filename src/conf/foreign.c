/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who moves here from such a container leaves what he has written there as it
 * is, and is told once what of it does nothing. */
#include "conf/foreign.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

static const struct {
	const char *name, *here;
} foreign[] = {
#define FOREIGN(name, here) { #name, here },
#include "conf/foreign.def"
#undef FOREIGN
};

static size_t
without_file(const char *name, size_t len)
{
	return len > 5 && strncasecmp(name + len - 5, "_FILE", 5) == 0
		   ? len - 5
		   : len;
}

void
foreign_add(struct options *opt, const char *name, const char *here)
{
	size_t used = strlen(opt->ignored);
	struct text text;

	if (strstr(opt->ignored, name) != NULL)
		return;
	text_init(&text, opt->ignored + used, sizeof(opt->ignored) - used);
	text_printf(&text, "%s%s (here: %s)", used > 0 ? ", " : "", name, here);
}

bool
foreign_note(struct options *opt, const char *name, size_t len)
{
	len = without_file(name, len);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		if (strlen(foreign[i].name) != len ||
		    strncasecmp(foreign[i].name, name, len) != 0)
			continue;
		foreign_add(opt, foreign[i].name, foreign[i].here);
		return true;
	}
	return false;
}
