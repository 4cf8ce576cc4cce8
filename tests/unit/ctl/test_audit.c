/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What counts as a difference between ledger and kernel, and how it is
 * said. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ctl/answer.h"
#include "firewall/fixed.h"
#include "pages.h"

static struct pages pages;
static struct answer answer;
static struct audit_item items[80];
static uint32_t count;
static struct audited_set sets[BOARD_FIXED_SETS];

static struct audit_item *
add(int64_t ledger_ms, uint32_t kernel_s)
{
	struct audit_item *i = &items[count++];

	*i = (struct audit_item){ .ledger_ms = ledger_ms,
				  .kernel_s = kernel_s,
				  .protocol = 6,
				  .port = 443,
				  .line = 1 };
	addr_parse("10.0.0.2", 8, &i->client);
	addr_parse("203.0.113.5", 11, &i->destination);
	return i;
}

static const char *
audit(uint32_t status)
{
	struct audited_letter letter = { .status = status, .items = count };
	int fd = memfd_create("items", MFD_CLOEXEC);

	memcpy(letter.set, sets, sizeof(sets));
	assert_int_equal(write(fd, items, count * sizeof(items[0])),
			 count * sizeof(items[0]));
	answer_free(&answer);
	answer_request(&answer, &pages.view, "audit", 5);
	assert_int_equal(answer.wish, WISH_AUDIT);
	answer_audited(&answer, &letter, fd);
	close(fd);
	return answer.text.buf;
}

static int
set_up(void **state)
{
	(void)state;
	count = 0;
	memset(sets, 0, sizeof(sets));
	if (!pages_init(&pages, "10.0.0.0/8 -> a.example:TCP:443\n"))
		return -1;
	pages_ledger(&pages);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	answer_free(&answer);
	pages_fini(&pages);
	return 0;
}

static void
nothing_differs(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 70; i++)
		add(64200, 65);
	add(64200, 66);		 /* put back: up to a second more */
	add(64200, 63);		 /* whole seconds */
	add(1900, AUDITED_NONE); /* about to end */
	add(0, 1);
	assert_string_equal(audit(AUDITED_DONE),
			    "ok\n# ledger 73, kernel 73, differences 0 (ends "
			    "may differ by 2 s)\n");
}

static void
each_difference_is_a_line(void **state)
{
	struct audit_item *local;

	(void)state;
	add(64200, AUDITED_NONE);
	add(0, 899)->line = 0;
	add(64200, AUDITED_FOR_EVER);
	add(64200, 70);
	add(64200, 61);
	local = add(5000, AUDITED_NONE);
	local->client = (struct addr){ 0 };
	local->protocol = 17;
	assert_string_equal(
	    audit(AUDITED_DONE),
	    "no\n"
	    "10.0.0.2 203.0.113.5 TCP:443 ledger=65s kernel=none acl:1\n"
	    "10.0.0.2 203.0.113.5 TCP:443 ledger=none kernel=899s "
	    "acl:unknown\n"
	    "10.0.0.2 203.0.113.5 TCP:443 ledger=65s kernel=forever acl:1\n"
	    "10.0.0.2 203.0.113.5 TCP:443 ledger=65s kernel=70s acl:1\n"
	    "10.0.0.2 203.0.113.5 TCP:443 ledger=65s kernel=61s acl:1\n"
	    "local 203.0.113.5 UDP:443 ledger=5s kernel=none acl:1\n"
	    "# ledger 5, kernel 4, differences 6 (ends may differ by 2 s)\n");
}

static struct audit_item *
add_of_set(unsigned set, bool in_kernel)
{
	struct audit_item *i =
	    add(!in_kernel, in_kernel ? AUDITED_FOR_EVER : AUDITED_NONE);

	i->set = (uint8_t)(AUDITED_LISTS + set);
	i->line = 0;
	i->client_bits = 8;
	i->client.byte[3] = 0;
	i->destination_bits = 32;
	return i;
}

static void
sets_of_lists_too(void **state)
{
	struct audit_item *block;

	(void)state;
	add_of_set(FIXED_STATIC4, false);
	add_of_set(FIXED_STATIC4, true)->destination_bits = 30;
	items[1].destination.byte[3] = 4;
	block = add_of_set(FIXED_BLOCK4, false);
	block->client = (struct addr){ 0 };
	block->protocol = 0;
	block->port = 0;
	add_of_set(200, true); /* there is no such set */
	sets[FIXED_BLOCK4] = (struct audited_set){ AUDITED_SET_ODD, 7, 6, 2 };
	sets[FIXED_STATIC4] =
	    (struct audited_set){ AUDITED_SET_COMPARED, 500000, 500000, 2 };
	assert_string_equal(
	    audit(AUDITED_DONE),
	    "no\n"
	    "list-set ipv4-static 10.0.0.0/8 203.0.113.5 TCP:443 lists=yes "
	    "kernel=none\n"
	    "list-set ipv4-static 10.0.0.0/8 203.0.113.4/30 TCP:443 "
	    "lists=none kernel=yes\n"
	    "list-set ipv4-block 203.0.113.5 lists=yes kernel=none\n"
	    "# list-set ipv4-block: lists 7, kernel 6, differences 2, "
	    "entries of another shape among them\n"
	    "# list-set ipv4-static: lists 500000, kernel 500000, "
	    "differences 2\n"
	    "# ledger 0, kernel 0, differences 0 (ends may differ by 2 s)\n");
}

static void
a_set_that_is_not_there_or_not_full(void **state)
{
	(void)state;
	sets[FIXED_BLOCK4] =
	    (struct audited_set){ AUDITED_SET_COMPARED, 7, 7, 0 };
	assert_int_equal(strncmp(audit(AUDITED_DONE), "ok\n", 3), 0);
	sets[FIXED_BLOCK6] =
	    (struct audited_set){ AUDITED_SET_FILLING, 700, 5, 1 };
	assert_non_null(strstr(audit(AUDITED_DONE),
			       "no\n# list-set ipv4-block: lists 7, kernel "
			       "7, differences 0\n# list-set ipv6-block: "
			       "being filled, 5 entries of 700\n"));
	sets[FIXED_BLOCK6] =
	    (struct audited_set){ AUDITED_SET_LARGE, 200000, 0, 0 };
	assert_non_null(strstr(audit(AUDITED_DONE),
			       "# list-set ipv6-block: lists 200000, not "
			       "compared: "));
	assert_int_equal(strncmp(answer.text.buf, "ok\n", 3), 0);
	sets[FIXED_BLOCK6] =
	    (struct audited_set){ AUDITED_SET_REFUSED, 700, 0, 1 };
	assert_non_null(strstr(audit(AUDITED_DONE),
			       "# list-set ipv6-block: refused: its "));
	sets[FIXED_BLOCK6] =
	    (struct audited_set){ AUDITED_SET_GONE, 700, 0, 1 };
	assert_non_null(strstr(audit(AUDITED_DONE),
			       "# list-set ipv6-block: lists 700, and the "
			       "kernel has no such set\n"));
}

static void
what_could_not_be_done(void **state)
{
	(void)state;
	assert_non_null(strstr(audit(AUDITED_NO_WARDEN),
			       "error: the warden has not answered"));
	assert_non_null(strstr(audit(AUDITED_UNREADABLE), "error: the kernel"));
	assert_non_null(strstr(audit(AUDITED_NO_MEMORY), "error: no memory"));
	assert_non_null(strstr(audit(77), "error: "));
	/* More were announced than were written. */
	count++;
	answer_audited(
	    &answer,
	    &(struct audited_letter){ .status = AUDITED_DONE, .items = 1 },
	    open("/dev/null", 0));
	assert_non_null(strstr(answer.text.buf, "error: the list"));
}

static void
without_a_ledger(void **state)
{
	(void)state;
	pages.view.ledger = NULL;
	answer_request(&answer, &pages.view, "audit", 5);
	assert_non_null(strstr(answer.text.buf, "error: there is no ledger"));
}

int
main(void)
{
#define LAB_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		LAB_TEST(nothing_differs),
		LAB_TEST(each_difference_is_a_line),
		LAB_TEST(sets_of_lists_too),
		LAB_TEST(a_set_that_is_not_there_or_not_full),
		LAB_TEST(what_could_not_be_done),
		LAB_TEST(without_a_ledger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
