/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The live view asks for `stats` once a second and shows what grew, as a rate.
 * On a terminal each picture takes the place of the one before; elsewhere
 * they follow each other.
 */
#include "ctl/top.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { COUNTERS_MOST = 160, NAME_SIZE = 40, PICTURE_S = 1 };

struct reading {
	unsigned count;
	struct {
		char name[NAME_SIZE];
		uint64_t value;
	} row[COUNTERS_MOST];
};

/* What is always shown, in this order; whatever else grows follows. */
static const char *const first[] = {
	"queries_udp", "queries_tcp", "answers", "cache_hits", "joined",
	"allowed", "dns_only", "blocked", "denied", "upstream_udp",
	"upstream_tcp", "upstream_timeout", "grants_asked", "warden_granted",
};
enum { FIRST_COUNT = sizeof(first) / sizeof(first[0]) };

static void
on_line(void *arg, const char *line)
{
	struct reading *r = arg;

	if (r->count < COUNTERS_MOST &&
	    sscanf(line, "%39s %" SCNu64, r->row[r->count].name,
		   &r->row[r->count].value) == 2)
		r->count++;
}

static uint64_t
value_of(const struct reading *r, const char *name)
{
	for (unsigned i = 0; i < r->count; i++)
		if (strcmp(r->row[i].name, name) == 0)
			return r->row[i].value;
	return 0;
}

static uint64_t
growth(const struct reading *now, const struct reading *before,
       const char *name)
{
	uint64_t old = value_of(before, name), new = value_of(now, name);

	return new > old ? new - old : 0;
}

static bool
is_first(const char *name)
{
	for (unsigned i = 0; i < FIRST_COUNT; i++)
		if (strcmp(first[i], name) == 0)
			return true;
	return strcmp(name, "grants_live") == 0;
}

static void
picture(const struct reading *now, const struct reading *before)
{
	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[J", stdout);
	printf("grants_live %" PRIu64 "\n", value_of(now, "grants_live"));
	for (unsigned i = 0; i < FIRST_COUNT; i++)
		printf("%-20s %10" PRIu64 "/s %14" PRIu64 "\n", first[i],
		       growth(now, before, first[i]),
		       value_of(now, first[i]));
	for (unsigned i = 0; i < now->count; i++) {
		const char *name = now->row[i].name;

		if (!is_first(name) && growth(now, before, name) > 0)
			printf("%-20s %10" PRIu64 "/s %14" PRIu64 "\n", name,
			       growth(now, before, name), now->row[i].value);
	}
	putchar('\n');
	fflush(stdout);
}

enum client_end
top_run(const char *control, unsigned pictures)
{
	static struct reading readings[2];
	struct client_request stats = { .path = control,
					.line = "stats",
					.each = on_line };
	enum client_end end = CLIENT_DONE;

	for (unsigned n = 0; pictures == 0 || n <= pictures; n++) {
		struct reading *now = &readings[n % 2];

		now->count = 0;
		stats.arg = now;
		end = client_ask(&stats);
		if (end != CLIENT_DONE || ferror(stdout))
			return end;
		if (n > 0)
			picture(now, &readings[(n + 1) % 2]);
		if (n < pictures || pictures == 0)
			nanosleep(&(struct timespec){ .tv_sec = PICTURE_S },
				  NULL);
	}
	return end;
}
