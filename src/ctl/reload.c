/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `reload` and `confirm`: another policy, for good or on trial. */
#include <stdlib.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/commands.h"

enum { TRIAL_MAX_S = 86400 };

static bool
read_seconds(const char *text, uint32_t *out)
{
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len > 5 || text[len] != '\0')
		return false;
	*out = (uint32_t)strtoul(text, NULL, 10);
	return *out >= 1 && *out <= TRIAL_MAX_S;
}

static bool
read_trial(struct answer *a, const struct request *r, uint32_t *seconds_out)
{
	*seconds_out = 0;
	if (r->count == 0 ||
	    (r->count == 2 && strcmp(r->argument[0], "--confirm") == 0 &&
	     read_seconds(r->argument[1], seconds_out)))
		return true;
	answer_error(a, "reload is followed by nothing, or by --confirm and "
			"seconds from 1 to %d", TRIAL_MAX_S);
	return false;
}

void
reload_answer(struct answer *a, const struct view *v, const struct request *r)
{
	uint32_t seconds;

	(void)v;
	if (!read_trial(a, r, &seconds))
		return;
	a->letter.reload = (struct reload_letter){ .confirm_s = seconds };
	a->wish = WISH_RELOAD;
}

/* Lines as they came, without what is not text. */
static void
print_complaints(struct text *out, const char *s, size_t len)
{
	while (len > 0) {
		const char *end = memchr(s, '\n', len);
		size_t n = end == NULL ? len : (size_t)(end - s);

		text_escaped(out, s, n);
		text_char(out, '\n');
		s += n + (end != NULL);
		len -= n + (end != NULL);
	}
}

static void
print_good(struct answer *a, const struct reloaded_letter *letter)
{
	text_printf(&a->text, "policy generation %u is in force\n",
		    letter->generation);
	if (letter->confirm_s > 0)
		text_printf(&a->text,
			    "the one before comes back in %u s, unless "
			    "dns-firewallctl confirm comes first\n",
			    letter->confirm_s);
}

static void
print_bad(struct answer *a, const struct reloaded_letter *letter)
{
	text_init(&a->text, a->heap, a->text.size);
	text_printf(&a->text,
		    letter->ok == RELOAD_LATE
			? "error: policy generation %u is not yet in force "
			  "everywhere\n"
			: "error: the new policy is refused, generation %u "
			  "stays in force\n",
		    letter->generation);
}

void
answer_reloaded(struct answer *a, const struct reloaded_letter *letter)
{
	size_t len = letter->text_len;

	if (len > sizeof(letter->text))
		len = sizeof(letter->text);
	a->wish = WISH_NONE;
	/* Each byte may become an escape of four. */
	if (!answer_room(a, ANSWER_SMALL + 4 * sizeof(letter->text)))
		return;
	if (letter->ok == RELOAD_DONE)
		print_good(a, letter);
	else
		print_bad(a, letter);
	print_complaints(&a->text, letter->text, len);
	answer_seal(a);
}

void
confirm_answer(struct answer *a, const struct view *v,
	       const struct request *r)
{
	(void)v;
	(void)r;
	a->letter.plain = (struct plain_letter){ .value = a->uid };
	a->wish = WISH_CONFIRM;
}

void
answer_confirmed(struct answer *a, const struct plain_letter *letter)
{
	a->wish = WISH_NONE;
	if (letter->value == 0) {
		answer_error(a, "no policy waits to be confirmed");
		return;
	}
	if (!answer_room(a, ANSWER_SMALL))
		return;
	text_printf(&a->text, "policy generation %u stays\n", letter->value);
	answer_seal(a);
}
