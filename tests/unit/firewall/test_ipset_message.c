/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Byte for byte as linux/netfilter/ipset/ip_set.h has it: attributes of the
 * host's order, numbers in them in that of the network. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <endian.h>

#include "firewall/ipset_message.h"
#include "kit.h"

static struct ipset_paper paper = { .protocol = 7 };

/* From text of two digits a byte; blanks between do not matter. */
static size_t
bytes_of(const char *text, uint8_t *out)
{
	size_t n = 0;
	unsigned byte;
	int used;

	while (sscanf(text, " %2x%n", &byte, &used) == 1) {
		out[n++] = (uint8_t)byte;
		text += used;
	}
	return n;
}

/* Behind the sequence number and port of the header. */
static void
expect(const struct nlmsghdr *m, const char *text)
{
	uint8_t wanted[1024];
	size_t len = bytes_of(text, wanted);

	assert_int_equal(m->nlmsg_len, len + 16);
	assert_memory_equal((const uint8_t *)m + 16, wanted, len);
}

static struct backend_entry
entry4(void)
{
	return (struct backend_entry){
		.key = { .set = SET_V4,
			 .protocol = IPPROTO_TCP,
			 .port = 443,
			 .client = kit_addr("10.0.0.2"),
			 .destination = kit_addr("203.0.113.5") },
		.timeout_s = 100,
	};
}

static void
test_create(void **state)
{
	struct ipset_shape shape = { .name = "T-ipv4-allow",
				     .type = "hash:ip,port,ip",
				     .family = 4,
				     .revision = 6,
				     .size = 65536 };
	struct nlmsghdr *m = ipset_create(&paper, &shape);

	(void)state;
	assert_int_equal(m->nlmsg_type, 0x0602);
	assert_int_equal(m->nlmsg_flags,
			 NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	expect(m, "02 00 00 00"
		  "05 00 01 00 07 00 00 00"
		  "11 00 02 00 54 2d 69 70 76 34 2d 61 6c 6c 6f 77 00"
		  "00 00 00"
		  "14 00 03 00 68 61 73 68 3a 69 70 2c 70 6f 72 74 2c 69"
		  "70 00"
		  "05 00 04 00 06 00 00 00"
		  "05 00 05 00 02 00 00 00"
		  "1c 00 07 80"
		  "08 00 06 40 00 00 00 3c"
		  "08 00 12 40 00 00 80 00"
		  "08 00 13 40 00 01 00 00");
}

static void
test_add(void **state)
{
	struct backend_entry entry[2] = { entry4(), entry4() };
	struct ipset_change change = { .name = "T",
				       .entry = entry,
				       .count = 2 };
	struct nlmsghdr *m;

	(void)state;
	entry[1].key.destination = kit_addr("203.0.113.6");
	entry[1].timeout_s = 2147483;
	m = ipset_change(&paper, IPSET_CMD_ADD, &change);
	assert_int_equal(m->nlmsg_type, 0x0609);
	assert_int_equal(m->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
	expect(m, "02 00 00 00"
		  "05 00 01 00 07 00 00 00"
		  "06 00 02 00 54 00 00 00"
		  "08 00 09 00 00 00 00 00"
		  "7c 00 08 80"
		  "3c 00 07 80"
		  "0c 00 01 80 08 00 01 40 0a 00 00 02"
		  "0c 00 14 80 08 00 01 40 cb 00 71 05"
		  "06 00 04 40 01 bb 00 00"
		  "05 00 07 00 06 00 00 00"
		  "08 00 06 40 00 00 00 64"
		  "08 00 09 00 01 00 00 00"
		  "3c 00 07 80"
		  "0c 00 01 80 08 00 01 40 0a 00 00 02"
		  "0c 00 14 80 08 00 01 40 cb 00 71 06"
		  "06 00 04 40 01 bb 00 00"
		  "05 00 07 00 06 00 00 00"
		  "08 00 06 40 00 20 c4 9b"
		  "08 00 09 00 02 00 00 00");
}

static void
test_local_sets_have_no_client(void **state)
{
	struct backend_entry entry = { .key = { .set = SET_V6_LOCAL,
						.protocol = IPPROTO_UDP,
						.port = 53,
						.destination =
						    kit_addr("2001:db8::5") } };
	struct ipset_change change = { .name = "T",
				       .entry = &entry,
				       .count = 1 };

	(void)state;
	expect(ipset_test(&paper, &change),
	       "02 00 00 00"
	       "05 00 01 00 07 00 00 00"
	       "06 00 02 00 54 00 00 00"
	       "2c 00 07 80"
	       "18 00 01 80 14 00 02 40 20 01 0d b8 00 00 00 00 00 00 00 00"
	       "00 00 00 05"
	       "06 00 04 40 00 35 00 00"
	       "05 00 07 00 11 00 00 00");
}

static void
test_a_batch_fits_the_paper(void **state)
{
	struct backend_entry entry[BACKEND_BATCH];
	struct ipset_change change = {
		.name = "ABCDEFGHIJKLMN-ipv6-allow-local",
		.entry = entry,
		.count = BACKEND_BATCH,
	};

	(void)state;
	for (unsigned i = 0; i < BACKEND_BATCH; i++) {
		entry[i] = entry4();
		entry[i].key.set = SET_V6;
		entry[i].key.client = kit_addr("2001:db8::1");
		entry[i].key.destination = kit_addr("2001:db8::2");
	}
	assert_in_range(ipset_change(&paper, IPSET_CMD_ADD, &change)->nlmsg_len,
			4096, IPSET_MESSAGE_SIZE);
	assert_in_range(ipset_change(&paper, IPSET_CMD_DEL, &change)->nlmsg_len,
			4096, IPSET_MESSAGE_SIZE);
}

/* A message of the kernel's: header, and what the text says. */
static const struct nlmsghdr *
message(const char *text)
{
	static _Alignas(8) uint8_t buf[1024];
	struct nlmsghdr *m = (void *)buf;

	memset(buf, 0, sizeof(buf));
	m->nlmsg_len = (uint32_t)(16 + bytes_of(text, buf + 16));
	return m;
}

static void
test_a_header_is_read(void **state)
{
	struct ipset_header h;

	(void)state;
	ipset_read_header(
	    message("02 00 00 00"
		    "05 00 01 00 07 00 00 00"
		    "06 00 02 00 54 00 00 00"
		    "11 00 03 00 68 61 73 68 3a 69 70 2c 70 6f 72 74 00"
		    "00 00 00"
		    "05 00 05 00 0a 00 00 00"
		    "05 00 04 00 07 00 00 00"
		    "34 00 07 80"
		    "08 00 12 40 00 00 04 00"
		    "08 00 13 40 00 01 00 00"
		    "08 00 06 40 00 00 00 3c"
		    "08 00 19 40 00 00 00 02"
		    "08 00 1a 40 00 00 01 00"
		    "08 00 18 40 00 00 00 05"),
	    &h);
	assert_string_equal(h.name, "T");
	assert_string_equal(h.type, "hash:ip,port");
	assert_int_equal(h.family, 6);
	assert_int_equal(h.revision, 7);
	assert_true(h.has_timeout);
	assert_false(h.has_trap);
	assert_int_equal(h.references, 2);
	assert_int_equal(h.entries, 5);
	assert_int_equal(h.maxelem, 65536);
}

static void
test_traps_are_seen(void **state)
{
	struct ipset_header h;

	(void)state;
	/* forceadd, and no timeout */
	ipset_read_header(message("02 00 00 00 0c 00 07 80"
				  "08 00 08 40 00 00 00 20"),
			  &h);
	assert_true(h.has_trap);
	assert_false(h.has_timeout);
	/* with a comment only */
	ipset_read_header(message("02 00 00 00 0c 00 07 80"
				  "08 00 08 40 00 00 00 10"),
			  &h);
	assert_false(h.has_trap);
}

struct seen {
	unsigned count;
	struct backend_entry last;
};

static void
on_entry(void *arg, const struct backend_entry *entry)
{
	struct seen *s = arg;

	s->count++;
	s->last = *entry;
}

static const char listed[] = "02 00 00 00"
			     "40 00 08 80"
			     "3c 00 07 80"
			     "0c 00 01 80 08 00 01 40 0a 00 00 02"
			     "06 00 04 40 01 bb 00 00"
			     "05 00 07 00 06 00 00 00"
			     "0c 00 14 80 08 00 01 40 cb 00 71 05"
			     "08 00 06 40 00 00 00 2a"
			     "08 00 09 00 00 00 00 00";

static void
test_entries_are_read(void **state)
{
	struct backend_entry wanted = entry4();
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(
	    ipset_read_entries(message(listed), SET_V4, on_entry, &seen), 0);
	assert_int_equal(seen.count, 1);
	wanted.timeout_s = 42;
	assert_memory_equal(&seen.last, &wanted, sizeof(wanted));
	/* Addresses of the other family are none of this set. */
	assert_int_equal(
	    ipset_read_entries(message(listed), SET_V6, on_entry, &seen), 1);
	assert_int_equal(seen.count, 1);
}

static void
test_torn_messages_are_read_no_further(void **state)
{
	struct ipset_header h;

	(void)state;
	for (uint32_t len = 16; len < 16 + 68; len += 4) {
		struct nlmsghdr *m =
		    (struct nlmsghdr *)(uintptr_t)message(listed);
		struct nlmsghdr *copy = malloc(len);
		struct seen seen = { 0 };

		memcpy(copy, m, len);
		copy->nlmsg_len = len;
		ipset_read_entries(copy, SET_V4, on_entry, &seen);
		ipset_read_header(copy, &h);
		ipset_read_line(copy);
		assert_int_equal(seen.count, 0);
		free(copy);
	}
}

static void
test_the_failing_line_is_read(void **state)
{
	(void)state;
	assert_int_equal(ipset_read_line(message("02 00 00 00"
						 "05 00 01 00 07 00 00 00"
						 "08 00 09 00 03 00 00 00")),
			 3);
	assert_int_equal(ipset_read_line(message("02 00 00 00")), 0);
	assert_int_equal(ipset_read_line(NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_local_sets_have_no_client),
		cmocka_unit_test(test_a_batch_fits_the_paper),
		cmocka_unit_test(test_a_header_is_read),
		cmocka_unit_test(test_traps_are_seen),
		cmocka_unit_test(test_entries_are_read),
		cmocka_unit_test(test_torn_messages_are_read_no_further),
		cmocka_unit_test(test_the_failing_line_is_read),
	};

	/* The line number and the heads of attributes are the host's. */
	if (BYTE_ORDER != LITTLE_ENDIAN)
		return EXIT_SKIP;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
