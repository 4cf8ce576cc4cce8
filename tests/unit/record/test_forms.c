/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON and journal entries, what is left out, and queues of parcels. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "record/journal.h"
#include "record/json.h"
#include "record/queue.h"
#include "record/record.h"
#include "record/repeat.h"

static char buf[JSON_LINE_SIZE];
static struct text out;

static struct record_item
item(enum record_kind kind)
{
	struct record_item i = { .kind = (uint8_t)kind,
				 .id = 7,
				 .has_id = 1,
				 .type = 1,
				 .rule = IMAGE_NONE,
				 .name_len = 11 };

	memcpy(i.name, "\001a\007example", 11);
	addr_parse("10.0.0.2", 8, &i.client);
	return i;
}

static const char *
json_of(const struct event *e)
{
	text_init(&out, buf, sizeof(buf));
	json_print(e, &out);
	assert_false(out.cut);
	return buf;
}

static void
a_field_that_does_not_apply_is_left_out(void **state)
{
	struct record_item i = item(RECORD_ALLOWED);
	struct event e = { .item = &i };

	(void)state;
	assert_string_equal(
	    json_of(&e),
	    "{\"time\":\"1970-01-01T00:00:00.000Z\",\"event\":\"asked\","
	    "\"client\":\"10.0.0.2\",\"id\":7,\"name\":\"a.example.\","
	    "\"type\":\"A\"}\n");
}

static void
all_fields(void **state)
{
	struct name chain[2] = { { 3, "\001b" }, { 3, "\001\"" } };
	struct record_item i = item(RECORD_GRANTED);
	struct event e = { .item = &i, .chain = chain, .chain_count = 2,
			   .repeated = 9, .time_ms = 1709164799999 };

	(void)state;
	i.ended = 1;
	i.ifindex = 3;
	i.type = 65280;
	addr_parse("2001:db8::1", 11, &i.address);
	addr_parse("192.0.2.53", 10, &i.upstream.addr);
	i.upstream.port = 53;
	i.protocol = IPPROTO_UDP;
	i.port = 53;
	i.ttl_s = 20;
	i.rcode = 24;
	i.source = SOURCE_STALE;
	i.latency_us = 4294967295;
	assert_string_equal(
	    json_of(&e),
	    "{\"time\":\"2024-02-28T23:59:59.999Z\",\"event\":\"granted\","
	    "\"client\":\"10.0.0.2\",\"ifindex\":3,\"id\":7,"
	    "\"name\":\"a.example.\",\"type\":\"TYPE65280\","
	    "\"chain\":[\"b.\",\"\\\\034.\"],\"address\":\"2001:db8::1\","
	    "\"protocol\":\"UDP\",\"port\":53,\"ttl\":20,\"rcode\":\"RCODE24\","
	    "\"source\":\"stale\",\"upstream\":\"192.0.2.53:53\","
	    "\"latency_us\":4294967295,\"repeated\":9}\n");
}

static void
dates(void **state)
{
	static const struct {
		uint64_t s;
		const char *text;
	} known[] = { { 951782400, "2000-02-29T00:00:00.000Z" },
		      { 951868800, "2000-03-01T00:00:00.000Z" },
		      { 1704067199, "2023-12-31T23:59:59.000Z" },
		      { 1704067200, "2024-01-01T00:00:00.000Z" },
		      { 4107542400, "2100-03-01T00:00:00.000Z" },
		      { 4107542399, "2100-02-28T23:59:59.000Z" } };
	struct record_item i = item(RECORD_FORWARDED);

	(void)state;
	for (size_t n = 0; n < sizeof(known) / sizeof(known[0]); n++) {
		struct event e = { .item = &i, .time_ms = known[n].s * 1000 };

		assert_memory_equal(json_of(&e) + 9, known[n].text, 24);
	}
}

/* The longest chain of the longest names, all of them escaped. */
static void
the_longest_object_is_whole(void **state)
{
	struct record_item i = item(RECORD_GRANT_FAILED);
	struct name chain[RECORD_ALIASES_MAX];
	struct event e = { .item = &i, .chain = chain,
			   .chain_count = RECORD_ALIASES_MAX };

	(void)state;
	memset(i.name, 0, sizeof(i.name));
	for (unsigned at = 0; at < 192; at += 64) {
		i.name[at] = 63;
		memset(i.name + at + 1, 0xff, 63);
	}
	i.name[192] = 61;
	memset(i.name + 193, 0xff, 61);
	i.name_len = 255;
	i.ended = 1;
	for (unsigned n = 0; n < RECORD_ALIASES_MAX; n++) {
		chain[n].len = 255;
		memcpy(chain[n].wire, i.name, 255);
	}
	assert_true(record_is_sound(&i));
	json_of(&e);
	assert_true(out.len > 20000);
	assert_string_equal(buf + out.len - 2, "}\n");
	for (size_t n = 0; n + 1 < out.len; n++)
		assert_in_range(buf[n], 0x20, 0x7e);
}

static void
journal_fields(void **state)
{
	struct record_item i = item(RECORD_BAD_ANSWER);
	struct event e = { .item = &i, .repeated = 2 };

	(void)state;
	i.ended = 1;
	i.rcode = 2;
	i.reason = REASON_UPSTREAM_SILENT;
	i.latency_us = 3500000;
	text_init(&out, buf, sizeof(buf));
	journal_begin(&out);
	text_str(&out, "line\n");
	journal_end(&e, &out);
	assert_string_equal(
	    buf, "MESSAGE=line\nPRIORITY=4\nSYSLOG_IDENTIFIER=dns-firewall\n"
		 "DNSFW_VERDICT=bad_answer\nDNSFW_CLIENT=10.0.0.2\n"
		 "DNSFW_NAME=a.example.\nDNSFW_TYPE=A\nDNSFW_RCODE=SERVFAIL\n"
		 "DNSFW_REASON=Receiving response from upstream timed out\n"
		 "DNSFW_SOURCE=local\nDNSFW_LATENCY_US=3500000\n"
		 "DNSFW_REPEATED=2\n");
}

static void
what_is_the_same_is_left_out(void **state)
{
	struct record_item i = item(RECORD_BLOCKED), other;
	struct repeat r;
	uint64_t n;

	(void)state;
	assert_int_equal(repeat_init(&r, 10), ERR_NONE);
	assert_true(repeat_may(&r, &i, 1000, &n));
	assert_int_equal(n, 0);
	i.id = 8;
	i.name[1] = 'A';
	assert_false(repeat_may(&r, &i, 1001, &n));
	assert_false(repeat_may(&r, &i, 10999, &n));
	other = i;
	other.client.byte[3] = 3;
	assert_true(repeat_may(&r, &other, 1001, &n));
	other = i;
	other.kind = RECORD_FORWARDED;
	assert_true(repeat_may(&r, &other, 1001, &n));
	other = i;
	other.port = 1;
	assert_true(repeat_may(&r, &other, 1001, &n));
	other = i;
	other.address.family = 4;
	assert_true(repeat_may(&r, &other, 1001, &n));
	other = i;
	other.name[1] = 'b';
	assert_true(repeat_may(&r, &other, 1001, &n));
	assert_int_equal(r.left_out, 2);
	assert_true(repeat_may(&r, &i, 11000, &n));
	assert_int_equal(n, 2);
	assert_true(repeat_may(&r, &i, 21000, &n));
	assert_int_equal(n, 0);
	repeat_fini(&r);
}

/* However many there are, the memory stays, and what is new is written. */
static void
more_than_it_remembers(void **state)
{
	struct record_item i = item(RECORD_BLOCKED);
	struct repeat r;
	uint64_t n, again = 0;

	(void)state;
	assert_int_equal(repeat_init(&r, 10), ERR_NONE);
	for (uint32_t k = 0; k < 100000; k++) {
		memcpy(i.client.byte, &k, 4);
		assert_true(repeat_may(&r, &i, 1000, &n));
	}
	for (uint32_t k = 90000; k < 100000; k++) {
		memcpy(i.client.byte, &k, 4);
		again += repeat_may(&r, &i, 1001, &n);
	}
	assert_in_range(again, 1, 9999);
	repeat_fini(&r);
}

static void
parcels_go_whole_and_wait_for_another_reader(void **state)
{
	struct line_queue q;
	int pair[2], next[2];
	char got[64];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, next), 0);
	assert_int_equal(queue_init(&q, true), ERR_NONE);
	queue_add(&q, "one\ntwo\n", 8);
	assert_int_equal(queue_write(&q, pair[0]), ERR_NONE);
	assert_int_equal(recv(pair[1], got, sizeof(got), MSG_DONTWAIT), 8);
	assert_memory_equal(got, "one\ntwo\n", 8);
	close(pair[1]);
	queue_add(&q, "three", 5);
	queue_add(&q, "4", 1);
	assert_int_equal(queue_write(&q, pair[0]), ERR_CLOSED);
	assert_int_equal(queue_write(&q, next[0]), ERR_NONE);
	assert_int_equal(recv(next[1], got, sizeof(got), MSG_DONTWAIT), 5);
	assert_int_equal(recv(next[1], got, sizeof(got), MSG_DONTWAIT), 1);
	assert_int_equal(q.dropped, 0);
	queue_fini(&q);
	close(pair[0]);
	close(next[0]);
	close(next[1]);
}

/* A reader that takes half a line and goes: the next one's first line begins
 * on its own. */
static void
half_a_line_is_ended_before_the_next(void **state)
{
	static char line[6000];
	struct line_queue q;
	int pipes[2][2];
	char got[64];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pipe2(pipes[i], O_NONBLOCK), 0);
	assert_true(fcntl(pipes[0][1], F_SETPIPE_SZ, 4096) >= 4096);
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	assert_int_equal(queue_init(&q, false), ERR_NONE);
	queue_add(&q, line, sizeof(line));
	assert_int_equal(queue_write(&q, pipes[0][1]), ERR_AGAIN);
	close(pipes[0][0]);
	assert_int_equal(queue_write(&q, pipes[0][1]), ERR_SYSTEM);
	assert_int_equal(q.dropped, 1);
	queue_add(&q, "next\n", 5);
	queue_add(&q, "last\n", 5);
	assert_int_equal(queue_write(&q, pipes[1][1]), ERR_NONE);
	assert_int_equal(read(pipes[1][0], got, sizeof(got)), 11);
	assert_memory_equal(got, "\nnext\nlast\n", 11);
	queue_fini(&q);
	close(pipes[0][1]);
	close(pipes[1][0]);
	close(pipes[1][1]);
}

static void
parcels_without_a_reader_are_bounded(void **state)
{
	enum { SIZE = 1000, MORE = QUEUE_PARCEL_BYTES / SIZE + 5000 };
	static char parcel[SIZE];
	struct line_queue q;
	unsigned sent = 0;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	assert_int_equal(queue_init(&q, true), ERR_NONE);
	for (unsigned i = 0; i < MORE; i++) {
		memcpy(parcel, &i, sizeof(i));
		queue_add(&q, parcel, sizeof(parcel));
		queue_write(&q, pair[0]);
	}
	assert_true(q.dropped > 0);
	for (;;) {
		unsigned number;

		queue_write(&q, pair[0]);
		if (recv(pair[1], parcel, sizeof(parcel), MSG_DONTWAIT) == -1)
			break;
		memcpy(&number, parcel, sizeof(number));
		assert_int_equal(number, sent);
		sent++;
	}
	assert_int_equal(sent + q.dropped, MORE);
	queue_fini(&q);
	close(pair[0]);
	close(pair[1]);
}

static void
only_some_are_hits(void **state)
{
	(void)state;
	assert_true(record_is_hit(RECORD_BLOCKED));
	assert_true(record_is_hit(RECORD_LOCAL));
	assert_true(record_is_hit(RECORD_BAD_QUERY));
	assert_true(record_is_hit(RECORD_BAD_ANSWER));
	assert_true(record_is_hit(RECORD_GRANT_FAILED));
	assert_false(record_is_hit(RECORD_ALLOWED));
	assert_false(record_is_hit(RECORD_DNS_ONLY));
	assert_false(record_is_hit(RECORD_FORWARDED));
	assert_false(record_is_hit(RECORD_GRANTED));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_field_that_does_not_apply_is_left_out),
		cmocka_unit_test(all_fields),
		cmocka_unit_test(dates),
		cmocka_unit_test(the_longest_object_is_whole),
		cmocka_unit_test(journal_fields),
		cmocka_unit_test(what_is_the_same_is_left_out),
		cmocka_unit_test(more_than_it_remembers),
		cmocka_unit_test(half_a_line_is_ended_before_the_next),
		cmocka_unit_test(parcels_go_whole_and_wait_for_another_reader),
		cmocka_unit_test(parcels_without_a_reader_are_bounded),
		cmocka_unit_test(only_some_are_hits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
