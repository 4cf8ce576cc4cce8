/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request becomes one answer: "ok", "no" or "error: TEXT" as the first
 * line, then lines of text, all printable ASCII. With "no" what was asked for
 * was done, and what it found is not as it should be.
 */
#ifndef CTL_ANSWER_H
#define CTL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "ctl/view.h"
#include "proc/letter.h"

enum { ANSWER_SMALL = 1024, ANSWER_ROOM = 1 << 20 };

struct request;

/* Must not be moved: text may lie in small. */
struct answer {
	struct text text;
	char *heap;	   /* what text lies in, or NULL: in small */
	/* Not an answer yet: the supervisor is to be asked by this letter,
	 * and its word goes to one of the functions below. */
	enum answer_wish {
		WISH_NONE,
		WISH_RELOAD,
		WISH_CONFIRM,
		WISH_CACHE,
		WISH_REVOKE,
		WISH_SOURCE,
		WISH_AUDIT
	} wish;
	union {
		struct reload_letter reload;
		struct plain_letter plain; /* of the others */
		struct cache_letter cache;
		struct revoke_letter revoke;
		struct source_letter source;
	} letter;
	uint32_t uid; /* who asks; set by the caller */
	int image;    /* that came along, the caller's; or -1 */
	char small[ANSWER_SMALL];
};

/* line: without its '\n'. */
void answer_request(struct answer *a, const struct view *v, const char *line,
		    size_t len);
void answer_reloaded(struct answer *a, const struct reloaded_letter *letter);
void answer_confirmed(struct answer *a, const struct plain_letter *letter);
void answer_revoked(struct answer *a, const struct revoked_letter *letter);
void answer_sourced(struct answer *a, const struct plain_letter *letter);
/* dump: descriptor of what the workers wrote, the caller's; or -1. */
void answer_cached(struct answer *a, const struct cached_letter *letter,
		   int dump);
/* list: descriptor of what the warden wrote, the caller's; or -1. */
void answer_audited(struct answer *a, const struct audited_letter *letter,
		    int list);
/* The whole answer is one "error: ..." line. */
void answer_error(struct answer *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Every begun answer is freed once. */
void answer_free(struct answer *a);

/* ---- for those who write answers --------------------------------------- */

/* Makes what was written fit to leave: whole lines, printable ASCII. */
void answer_seal(struct answer *a);
/* Room for that many bytes behind "ok"; false: the answer has become an
 * error. */
bool answer_room(struct answer *a, size_t size);
/* The lists in force; false: there are none, and the answer says so. */
struct lists;
bool answer_lists(struct answer *a, const struct view *v, struct lists *out);
/* What was begun with answer_room() becomes "no". */
void answer_no(struct answer *a);

/* One a row of commands.def that the daemon answers, named like it. What
 * does not fit is cut at a line, and the last line says so. */
typedef void answer_fn(struct answer *a, const struct view *v,
		       const struct request *r);
#define ANSWER_DAEMON(name) answer_fn name##_answer;
#define ANSWER_TOOL(name)
#define COMMAND(name, arguments, least, most, doer, help) ANSWER_##doer(name)
#include "ctl/commands.def"
#undef COMMAND
#undef ANSWER_DAEMON
#undef ANSWER_TOOL

#endif
