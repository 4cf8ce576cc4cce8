/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules open to lists of addresses, without a question: told by the
 * rule, for a set of them may have half a million entries. */
#ifndef CTL_STATICS_H
#define CTL_STATICS_H

#include "base/text.h"
#include "ctl/choice.h"
#include "ctl/view.h"
#include "firewall/doors.h"
#include "firewall/judge.h"

struct statics {
	struct door_told *at;
	size_t count, room;
	size_t bytes; /* to print them, at most */
};

/* What is in force, as the warden judges it; false: there is no policy. */
bool statics_judge(const struct view *v, struct judge *out);
/* They are in the kernel, as far as the warden knows. */
bool statics_stand(const struct view *v, uint8_t family);
/* Those of the clients; ERR_FULL. */
enum err statics_take(const struct view *v, const struct choice *clients,
		      struct statics *out);
void statics_fini(struct statics *s);
/* "static 10.0.0.0/8 @peers TCP:443 entries=812 acl:5" */
void statics_print(const struct view *v, const struct statics *s,
		   struct text *out);
/* An object a line, of which "static" is true. */
void statics_print_json(const struct view *v, const struct statics *s,
			struct text *out);
/* The list's name. */
const char *statics_list(const struct judge *j, uint32_t list);

#endif
