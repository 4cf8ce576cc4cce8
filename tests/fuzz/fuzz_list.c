/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a list, in the form that the first byte names. Whatever is
 * taken from it must be found again in the image that is made of it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lists/build.h"
#include "lists/item.h"
#include "lists/match.h"

enum { KEPT = 64 };

struct taking {
	struct lists_build build;
	struct item item[KEPT];
	unsigned kept, count;
	bool exceptions;
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static enum err
take(void *arg, const struct item *item)
{
	struct taking *t = arg;

	t->exceptions |= item->exception;
	if (t->kept < KEPT)
		t->item[t->kept++] = *item;
	if (++t->count > 100000)
		return ERR_FULL;
	return lists_build_add(&t->build, item);
}

static const struct lists_ask by_name = { TRIGGER_QNAME, LISTS_ALL };
static const struct lists_ask by_addr = { TRIGGER_IP, LISTS_ALL };

static void
look_up(const struct taking *t, const struct lists *l)
{
	struct lists_hit hit;

	for (unsigned i = 0; i < t->kept; i++) {
		const struct item *item = &t->item[i];

		if (item->is_net)
			must(lists_match_addr(l, &by_addr, &item->net.addr,
					      &hit, NULL));
		else if (item->reach != REACH_BELOW && !t->exceptions)
			must(lists_match_name(l, &by_name, &item->name, &hit,
					      NULL));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct taking t;
	static const struct lists_about about = { .name = "a",
						  .file = "/a",
						  .form = FORM_HOSTS,
						  .action = ACTION_NXDOMAIN };
	const struct item_sink sink = { take, &t };
	const char *at = (const char *)bytes + 1;
	const char *end = (const char *)bytes + size;
	struct lists lists;
	void *image;
	size_t len;

	if (size < 1)
		return 0;
	t.kept = t.count = 0;
	t.exceptions = false;
	lists_build_init(&t.build);
	must(lists_build_list(&t.build, &about) == ERR_NONE);
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (stop == NULL)
			stop = end;
		item_read(bytes[0] % FORM_COUNT, at, (size_t)(stop - at),
			  &sink);
		at = stop + 1;
	}
	must(lists_build_image(&t.build, &image, &len) == ERR_NONE);
	must(lists_view(image, len, &lists) == ERR_NONE);
	look_up(&t, &lists);
	free(image);
	lists_build_fini(&t.build);
	return 0;
}
