/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `why` takes for an address and a port, and what `suggest` writes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "ctl/answer.h"
#include "pages.h"
#include "record/past.h"

static const char acl[] = "10.0.0.0/24 -> a.test:TCP:443\n"
			  "10.0.0.0/24 -| bad.test\n";

enum { MANY = 9000 };

struct lab {
	struct pages pages;
	struct past queries, packets;
	struct answer answer;
	bool begun;
};

static void *
a_past(struct past *p, uint32_t entries, const void **map_out, size_t *size_out)
{
	*size_out = past_bytes(entries);
	*map_out = calloc(1, *size_out);
	if (!*map_out || past_open((void *)(uintptr_t)*map_out, *size_out,
				   p) != ERR_NONE)
		return NULL;
	return p;
}

static int
begin(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));
	struct view *v = &l->pages.view;

	*state = l;
	if (!l || !pages_init(&l->pages, acl))
		return -1;
	pages_ledger(&l->pages);
	return a_past(&l->queries, MANY, &v->past, &v->past_size) &&
			       a_past(&l->packets, MANY, &v->refusals,
				      &v->refusals_size)
		   ? 0
		   : -1;
}

static int
end(void **state)
{
	struct lab *l = *state;

	if (l->begun)
		answer_free(&l->answer);
	free((void *)(uintptr_t)l->pages.view.past);
	free((void *)(uintptr_t)l->pages.view.refusals);
	pages_fini(&l->pages);
	free(l);
	return 0;
}

static const char *
ask(struct lab *l, const char *line)
{
	if (l->begun)
		answer_free(&l->answer);
	answer_request(&l->answer, &l->pages.view, line, strlen(line));
	l->begun = true;
	return l->answer.text.buf;
}

static void
forms_of_an_address(void **state)
{
	static const struct {
		const char *said, *understood;
	} good[] = {
		{ "203.0.113.5", "\naddress [203.0.113.5]\n" },
		{ "203.0.113.5:443", "\naddress [203.0.113.5]:TCP:443\n" },
		{ "203.0.113.5:udp:53", "\naddress [203.0.113.5]:UDP:53\n" },
		{ "203.0.113.5:SCTP", "\naddress [203.0.113.5]:SCTP\n" },
		{ "[203.0.113.5]:TCP:1", "\naddress [203.0.113.5]:TCP:1\n" },
		{ "203.0.113.5:ICMP", "\naddress [203.0.113.5]:ICMP:8\n" },
		{ "2001:db8::5", "\naddress [2001:db8::5]\n" },
		{ "[2001:db8::5]:65535",
		  "\naddress [2001:db8::5]:TCP:65535\n" },
		{ "[2001:db8::5]:ICMP", "\naddress [2001:db8::5]:ICMP:128\n" },
	};
	static const char *const bad[] = {
		"203.0.113.5:",	      "203.0.113.5:0",	 "203.0.113.5:65536",
		"203.0.113.5:443x",   "203.0.113.5:TCP:", "203.0.113.5:FTP:1",
		"[203.0.113.5",	      "[203.0.113.5]443", "[]:443",
		"203.0.113.5:ICMP:8", "a.test",		  "203.0.113.5:-1",
		"203.0.113.5:000443", "::5]:443",
	};
	char line[128];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(line, sizeof(line), "why 10.0.0.2 %s", good[i].said);
		if (!strstr(ask(*state, line), good[i].understood))
			fail_msg("%s: %s", line, ask(*state, line));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "why 10.0.0.2 %s", bad[i]);
		if (strncmp(ask(*state, line), "error: ", 7) != 0)
			fail_msg("%s: %s", line, ask(*state, line));
	}
	assert_non_null(strstr(ask(*state, "why local 203.0.113.5"),
			       "client 127.0.0.1 (this host) (in no net"));
	assert_non_null(strstr(ask(*state, "why x 203.0.113.5"), "error: "));
}

static void
deny(struct lab *l, unsigned number)
{
	struct record_item item = { .kind = RECORD_BLOCKED, .type = 1 };
	char text[64];
	struct name n;

	snprintf(text, sizeof(text), "n%u.test", number);
	assert_int_equal(name_parse(text, strlen(text), &n, NULL), ERR_NONE);
	item.name_len = n.len;
	memcpy(item.name, n.wire, n.len);
	item.reason = 1;
	addr_parse("10.0.0.2", 8, &item.client);
	past_note(&l->queries, &item, 60, clock_ms());
}

static unsigned
lines_with(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

/* However much was refused, the answer is whole lines of rules and comments,
 * and says what it has no room for. */
static void
more_than_there_is_room_for(void **state)
{
	struct lab *l = *state;
	const char *text;

	for (unsigned i = 0; i < 3 * MANY; i++)
		deny(l, i);
	text = ask(l, "suggest");
	assert_memory_equal(text, "ok\n", 3);
	assert_int_equal(lines_with(text, " -> n"), 4096);
	assert_int_equal(lines_with(text, "more found no room here."), 1);
	assert_null(strstr(text, "... and more"));
}

static void
times(void **state)
{
	static const char *const good[] = { "0", "90", "90s", "15m", "12h",
					    "7d" };
	static const char *const bad[] = { "", "x", "1y", "1hh", "-1", "h",
					   "99999999999d" };
	char line[64];

	deny(*state, 1);
	for (size_t i = 1; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(line, sizeof(line), "suggest --since %s", good[i]);
		assert_int_equal(lines_with(ask(*state, line), " -> n1.test"),
				 1);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "suggest --since %s", bad[i]);
		assert_memory_equal(ask(*state, line), "error: ", 7);
	}
}

#define LAB_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(forms_of_an_address),
		LAB_TEST(more_than_there_is_room_for),
		LAB_TEST(times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
