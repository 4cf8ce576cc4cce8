/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a transfer, and of a copy that nobody confirms any more;
 * with real files, and primaries that are not there.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "supply/inflow.h"
#include "supply/supply.h"
#include "wire/types.h"

#define FILE_NAME "zone.kept"

enum { MANY = 3000, DAY_S = 86400 };

static char dir_path[64];
static int dir = -1;
static struct name zone;

/* A transfer, the copy that it changes, and what was thought of it. */
static struct {
	struct keep keep;
	struct inflow in;
	enum safety_flaw flaw;
} f;

/* ns.rpz.test. root.rpz.test., serial, and what an hour is to it */
static const uint8_t soa_rdata[] = { 0, 0, 0,  0, 0, 7,	 0,   0, 14, 16, 0,
				     0, 2, 88, 0, 1, 81, 128, 0, 0,  0,	 60 };

static struct zone_rr
soa(void)
{
	return (struct zone_rr){ .owner = zone,
				 .type = TYPE_SOA,
				 .rdata_len = sizeof(soa_rdata),
				 .rdata = soa_rdata };
}

static struct zone_rr
entry(unsigned n)
{
	struct zone_rr rr = { .type = TYPE_CNAME,
			      .ttl = 60,
			      .rdata_len = 1,
			      .rdata = (const uint8_t *)"" };
	char text[64];

	snprintf(text, sizeof(text), "n%u.bad.rpz.test", n);
	assert_int_equal(name_parse(text, strlen(text), &rr.owner, NULL),
			 ERR_NONE);
	return rr;
}

/* The zone's own, which is no entry. */
static struct zone_rr
own_record(void)
{
	struct zone_rr rr = entry(0);

	rr.owner = zone;
	rr.type = TYPE_NS;
	return rr;
}

static int
set_up(void **state)
{
	(void)state;
	snprintf(dir_path, sizeof(dir_path), "/tmp/primary.XXXXXX");
	assert_non_null(mkdtemp(dir_path));
	dir = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_not_equal(dir, -1);
	return name_parse("rpz.test", 8, &zone, NULL) != ERR_NONE;
}

static int
tear_down(void **state)
{
	(void)state;
	unlinkat(dir, FILE_NAME, 0);
	close(dir);
	return rmdir(dir_path);
}

static void
open_keep(struct keep *k)
{
	bool damaged;

	assert_int_equal(keep_open(k, dir, FILE_NAME, &damaged), ERR_NONE);
	assert_false(damaged);
}

static int
begin(void **state)
{
	int result = set_up(state);

	open_keep(&f.keep);
	inflow_init(&f.in, &f.keep, &zone);
	return result;
}

static int
end(void **state)
{
	keep_close(&f.keep);
	return tear_down(state);
}

static uint64_t
entries_kept(void)
{
	return f.keep.kept.about.entries;
}

static void
start(bool is_whole)
{
	assert_int_equal(f.in.sink.begin(f.in.sink.arg, is_whole), ERR_NONE);
}

static enum err
take(bool add, struct zone_rr rr)
{
	return f.in.sink.take(f.in.sink.arg, add, &rr);
}

static void
give(bool add, struct zone_rr rr)
{
	assert_int_equal(take(add, rr), ERR_NONE);
}

static enum inflow_end
end_of(bool waive)
{
	static struct transfer t = { .soa_len = sizeof(soa_rdata) };
	const struct inflow_wish wish = { .transfer = &t,
					  .source = "192.0.2.1:53",
					  .held_file = "zone.held",
					  .date_s = 1700000000,
					  .waive = waive };
	struct inflow_result result;
	enum inflow_end how;

	memcpy(t.soa, soa_rdata, sizeof(soa_rdata));
	how = inflow_end(&f.in, &wish, &result);
	f.flaw = result.flaw;
	return how;
}

/* A whole zone with that many entries. */
static enum inflow_end
whole(unsigned entries, bool waive)
{
	start(true);
	give(true, soa());
	give(true, own_record());
	for (unsigned i = 0; i < entries; i++)
		give(true, entry(i));
	return end_of(waive);
}

/* The file beside the copy in force. */
static void
held_has(uint64_t entries)
{
	struct keep held;
	bool damaged;

	assert_int_equal(keep_open(&held, dir, "zone.held", &damaged),
			 ERR_NONE);
	assert_true(held.is_here);
	assert_int_equal(held.kept.about.entries, entries);
	keep_close(&held);
	unlinkat(dir, "zone.held", 0);
}

static void
a_zone_that_looks_wrong_is_held(void **state)
{
	(void)state;
	assert_int_equal(whole(0, false), INFLOW_HELD);
	assert_int_equal(f.flaw, SAFETY_EMPTY);
	assert_false(f.keep.is_here);
	held_has(1);
	assert_int_equal(whole(MANY, false), INFLOW_KEPT);
	assert_int_equal(entries_kept(), MANY + 1);
	assert_int_equal(whole(10, false), INFLOW_HELD);
	assert_int_equal(f.flaw, SAFETY_SHRUNK);
	assert_int_equal(f.in.before, MANY);
	assert_int_equal(f.in.now, 10);
	assert_int_equal(entries_kept(), MANY + 1);
	held_has(11);
	assert_int_equal(whole(10, true), INFLOW_KEPT);
	assert_int_equal(entries_kept(), 11);
	assert_int_equal(whole(0, true), INFLOW_KEPT);
}

/* Removes the entries from..below of those that there are. */
static enum inflow_end
without(unsigned from, unsigned below)
{
	start(false);
	give(false, soa());
	for (unsigned i = from; i < below; i++)
		give(false, entry(i));
	give(true, soa());
	return end_of(false);
}

static void
changes_are_judged_as_a_zone_is(void **state)
{
	(void)state;
	assert_int_equal(whole(MANY, false), INFLOW_KEPT);
	assert_int_equal(without(0, 100), INFLOW_KEPT);
	assert_int_equal(entries_kept(), MANY - 99);
	/* what is held back is a whole zone */
	assert_int_equal(without(100, 2000), INFLOW_ASK_ALL);
	assert_int_equal(f.flaw, SAFETY_SHRUNK);
	assert_int_equal(entries_kept(), MANY - 99);
	/* few are left: the whole zone is counted */
	assert_int_equal(without(100, MANY - 3), INFLOW_ASK_ALL);
	assert_int_equal(entries_kept(), MANY - 99);
	/* nothing is left of what was dropped */
	assert_int_equal(without(100, 200), INFLOW_KEPT);
	assert_int_equal(entries_kept(), MANY - 199);
}

static void
what_does_not_fit_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(whole(10, false), INFLOW_KEPT);
	start(false);
	assert_int_equal(take(false, entry(MANY)), ERR_MISSING);
	inflow_drop(&f.in);
	start(false);
	assert_int_equal(take(true, entry(1)), ERR_BUSY);
	inflow_drop(&f.in);
	inflow_drop(&f.in);
	assert_int_equal(entries_kept(), 11);
}

static enum err
endless(bool is_whole)
{
	unsigned n = MANY;
	enum err err;

	start(is_whole);
	do
		err = take(true, entry(n));
	while (err == ERR_NONE && ++n < 10 * MANY);
	inflow_drop(&f.in);
	return err;
}

/* What others have is lacking, but for a little that is everybody's. */
static void
memory_is_shared(void **state)
{
	struct inflow_pool pool = { .used = 9000, .most = 10000, .each = 2000 };

	(void)state;
	f.in.pool = &pool;
	assert_int_equal(endless(true), ERR_RANGE);
	assert_int_equal(pool.used, 9000);
	assert_int_equal(whole(10, false), INFLOW_KEPT);
	assert_int_equal(endless(false), ERR_RANGE);
	assert_int_equal(pool.used, 9000);
	pool.used = 0;
	assert_int_equal(whole(100, false), INFLOW_KEPT);
	assert_int_equal(pool.used, 0);
}

static void
memory_has_an_end(void **state)
{
	(void)state;
	assert_int_equal(whole(10, false), INFLOW_KEPT);
	f.in.max_bytes = 100000;
	assert_int_equal(endless(true), ERR_RANGE);
	assert_int_equal(endless(false), ERR_RANGE);
	assert_int_equal(entries_kept(), 11);
}

/* ---- expired ------------------------------------------------------------ */

struct stage {
	struct role_kit kit;
	struct sources page;
	struct supply supply;
	struct source source;
	struct due due;
	int letters;
};

static void
on_late(void *owner)
{
	struct stage *s = owner;

	loop_stop(s->supply.loop);
}

/* A copy that was confirmed so long ago. */
static void
keep_old(int64_t age_s)
{
	struct kept_about about = { .form = FORM_RPZ };
	struct zone_rr first = soa(), second = entry(1);
	struct content c;
	struct keep k;

	about.changed_s = about.checked_s =
	    (int64_t)(clock_date_ms() / 1000) - age_s;
	open_keep(&k);
	content_init(&c, &zone, 1 << 20);
	assert_int_equal(content_add(&c, &first), ERR_NONE);
	assert_int_equal(content_add(&c, &second), ERR_NONE);
	content_sort(&c);
	assert_int_equal(keep_put_zone(&k, &about, &c), ERR_NONE);
	content_fini(&c);
	keep_close(&k);
}

/* Runs until the primary, which is not there, has failed; the row of the
 * page is left in s->page. */
static void
live(struct stage *s, bool removes)
{
	int pair[2];

	memset(s, 0, sizeof(*s));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	s->letters = pair[0];
	s->kit.supervisor = pair[1];
	s->kit.lists_dir = dir;
	s->kit.sources = &s->page;
	s->supply.kit = &s->kit;
	s->supply.loop = loop_new();
	random_init(&s->supply.random);
	s->source.supply = &s->supply;
	s->source.state = &s->page.of[0];
	s->source.config.zone = zone;
	s->source.config.servers = 1;
	s->source.config.server[0].port = 1;
	s->source.config.expire_removes = removes;
	memcpy(s->source.config.name, "zone", 5);
	assert_int_equal(
	    addr_parse("127.0.0.1", 9, &s->source.config.server[0].addr),
	    ERR_NONE);
	s->source.kind = source_kind_of(SOURCE_PRIMARY);
	assert_true(s->source.kind->begin(&s->source));
	s->source.kind->refresh(&s->source);
	due_init(&s->due, on_late, s);
	while (s->page.of[0].failed == 0) {
		due_in(s->supply.loop, &s->due, 20);
		loop_run(s->supply.loop);
	}
	s->source.kind->end(&s->source);
	loop_free(s->supply.loop);
}

static bool
said_changed(const struct stage *s)
{
	struct plain_letter letter;
	bool said = recv(s->letters, &letter, sizeof(letter), MSG_DONTWAIT) ==
		    sizeof(letter);

	assert_true(!said || letter.head.kind == POST_LISTS_CHANGED);
	close(s->letters);
	close(s->kit.supervisor);
	return said;
}

static void
an_expired_zone_stays_or_goes(void **state)
{
	struct stage s;

	(void)state;
	keep_old(DAY_S / 2);
	live(&s, true);
	assert_int_equal(s.page.of[0].phase, SOURCE_RETRY);
	assert_int_equal(s.page.of[0].serial, 7);
	assert_false(said_changed(&s));
	assert_int_equal(faccessat(dir, FILE_NAME, F_OK, 0), 0);
	keep_old(DAY_S + 3600);
	live(&s, false);
	assert_int_equal(s.page.of[0].phase, SOURCE_EXPIRED);
	assert_false(said_changed(&s));
	assert_int_equal(faccessat(dir, FILE_NAME, F_OK, 0), 0);
	live(&s, true);
	assert_int_equal(s.page.of[0].phase, SOURCE_EXPIRED);
	assert_true(said_changed(&s));
	assert_int_equal(faccessat(dir, FILE_NAME, F_OK, 0), -1);
}

#define TRANSFER(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TRANSFER(a_zone_that_looks_wrong_is_held),
		TRANSFER(changes_are_judged_as_a_zone_is),
		TRANSFER(what_does_not_fit_is_an_error),
		TRANSFER(memory_is_shared),
		TRANSFER(memory_has_an_end),
		cmocka_unit_test_setup_teardown(an_expired_zone_stays_or_goes,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
