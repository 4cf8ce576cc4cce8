/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/list.h"

struct item {
	int number;
	struct list link;
};

static void
keeps_the_order(void **state)
{
	struct item item[3] = { { .number = 1 }, { .number = 2 },
				{ .number = 3 } };
	struct list head;
	int next = 1;

	(void)state;
	list_init(&head);
	assert_true(list_is_empty(&head));
	for (size_t i = 0; i < 3; i++)
		list_append(&head, &item[i].link);
	assert_false(list_is_empty(&head));
	for (struct list *l = head.next; l != &head; l = l->next)
		assert_int_equal(LIST_OWNER(l, struct item, link)->number,
				 next++);
	assert_int_equal(next, 4);
}

static void
removing_twice_is_harmless(void **state)
{
	struct item a = { .number = 1 }, b = { .number = 2 };
	struct list head;

	(void)state;
	list_init(&head);
	list_append(&head, &a.link);
	list_append(&head, &b.link);
	list_remove(&a.link);
	list_remove(&a.link);
	assert_ptr_equal(head.next, &b.link);
	assert_ptr_equal(head.prev, &b.link);
	list_remove(&b.link);
	assert_true(list_is_empty(&head));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_order),
		cmocka_unit_test(removing_twice_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
