/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the workers have kept of answers: shown, or forgotten. They do both
 * themselves; what they wrote is only passed on here.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "ctl/answer.h"
#include "ctl/commands.h"
#include "wire/name.h"

enum { DUMP_ROOM = 4 << 20 };

static bool
take_name(struct answer *a, const char *text)
{
	struct name name;

	if (name_parse(text, strlen(text), &name, NULL) != ERR_NONE) {
		answer_error(a, "\"%.64s\" is not a domain name", text);
		return false;
	}
	a->letter.cache.name_len = name.len;
	memcpy(a->letter.cache.name, name.wire, name.len);
	return true;
}

void
cache_answer(struct answer *a, const struct view *v, const struct request *r)
{
	const char *deed = r->argument[0], *name = r->argument[1];
	bool flush = strcmp(deed, "flush") == 0;

	(void)v;
	memset(&a->letter, 0, sizeof(a->letter));
	if (!flush && strcmp(deed, "dump") != 0) {
		answer_error(a, "\"%.64s\" is neither dump nor flush", deed);
		return;
	}
	if (flush && r->count < 2) {
		answer_error(a, "flush needs a name, or --all");
		return;
	}
	if (r->count == 2 && strcmp(name, "--all") != 0 && !take_name(a, name))
		return;
	a->letter.cache.deed = flush ? CACHE_DEED_FLUSH : CACHE_DEED_DUMP;
	a->wish = WISH_CACHE;
}

static void
copy_dump(struct answer *a, int dump)
{
	char piece[4096];
	ssize_t n;

	if (lseek(dump, 0, SEEK_SET) == -1)
		return;
	while ((n = read(dump, piece, sizeof(piece))) > 0)
		text_bytes(&a->text, piece, (size_t)n);
}

void
answer_cached(struct answer *a, const struct cached_letter *letter, int dump)
{
	uint32_t deed = a->letter.cache.deed;

	if (letter->workers == 0) {
		answer_error(a, "no worker has answered within two seconds");
		return;
	}
	if (!answer_room(a, DUMP_ROOM))
		return;
	if (deed == CACHE_DEED_FLUSH) {
		text_printf(&a->text, "%" PRIu64 " answers forgotten\n",
			    letter->count);
	} else {
		text_str(&a->text, "# NAME TYPE TTL RCODE HITS BYTES\n");
		if (dump != -1)
			copy_dump(a, dump);
		if (letter->cut > 0)
			text_printf(&a->text,
				    "# and %" PRIu64 " more\n", letter->cut);
	}
	answer_seal(a);
}
