/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `revoke` and `flush`: what was granted is taken back. The warden does it. */
#include <string.h>

#include "ctl/answer.h"
#include "ctl/choice.h"
#include "ctl/commands.h"
#include "wire/name.h"

static bool
read_name(struct answer *a, const char *text, struct revoke_letter *out)
{
	struct name name;

	if (text == NULL)
		return true;
	if (name_parse(text, strlen(text), &name, NULL) != ERR_NONE) {
		answer_error(a, "\"%.64s\" is not a domain name", text);
		return false;
	}
	out->name_len = name.len;
	memcpy(out->name, name.wire, name.len);
	return true;
}

static void
ask(struct answer *a, const struct view *v, const struct revoke_letter *wish)
{
	if (v->ledger == NULL) {
		answer_error(a, "there is no ledger: the firewall is none");
		return;
	}
	a->letter.revoke = *wish;
	a->letter.revoke.uid = a->uid;
	a->wish = WISH_REVOKE;
}

void
revoke_answer(struct answer *a, const struct view *v, const struct request *r)
{
	struct revoke_letter wish = { .scope = REVOKE_NET };
	struct choice choice;

	if (!choice_read(a, r->argument[0], &choice) ||
	    !read_name(a, r->argument[1], &wish))
		return;
	if (choice.local)
		wish.scope = REVOKE_LOCAL;
	else
		wish.net = choice.net;
	ask(a, v, &wish);
}

void
flush_answer(struct answer *a, const struct view *v, const struct request *r)
{
	const struct revoke_letter wish = { .scope = REVOKE_ALL };

	(void)r;
	ask(a, v, &wish);
}

void
answer_revoked(struct answer *a, const struct revoked_letter *letter)
{
	a->wish = WISH_NONE;
	if (letter->ok == 0) {
		answer_error(a, "there is no warden now: nothing was revoked");
		return;
	}
	if (!answer_room(a, ANSWER_SMALL))
		return;
	text_printf(&a->text, "grants revoked: %u\n", letter->count);
	answer_seal(a);
}
