/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows of a kernel of its own: those of condemned grants end, others go
 * on; and what a list may hold that is no flow. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <poll.h>

#include "base/clock.h"
#include "firewall/flow_message.h"
#include "firewall/flows.h"
#include "kit.h"

enum { FIRST_PORT = 2000, OTHER_PORT = 3000, MANY = 70000 };

struct scene {
	struct judge judge;
	struct own_addresses own;
	_Atomic uint64_t cut;
	struct flows *flows;
};

static void
set_up_network(void)
{
	assert_int_equal(
	    system("ip link set lo up && ip addr add 10.0.0.1/32 dev lo && "
		   "ip addr add 10.0.0.2/32 dev lo && "
		   "iptables -w -A OUTPUT -m conntrack --ctstate INVALID "
		   "-j ACCEPT"),
	    0);
}

static struct ledger_key
key(const char *client, const char *destination, uint16_t port)
{
	struct ledger_key k = { .set = client ? SET_V4 : SET_V4_LOCAL,
				.protocol = IPPROTO_UDP,
				.port = port,
				.destination = kit_addr(destination) };

	if (client != NULL)
		k.client = kit_addr(client);
	return k;
}

/* A datagram is a flow. */
static void
begin_flow(const char *from, const char *to, uint16_t port)
{
	char line[256];

	snprintf(line, sizeof(line),
		 "python3 -c 'import socket; s = socket.socket(socket.AF_INET, "
		 "socket.SOCK_DGRAM); s.bind((\"%s\", 0)); "
		 "s.sendto(b\"x\", (\"%s\", %u))'",
		 from, to, port);
	assert_int_equal(system(line), 0);
}

static void
run_to_end(struct flows *f)
{
	int64_t end = clock_ms() + 10000;

	while (flows_fd(f) != -1 && clock_ms() < end) {
		struct pollfd at = { .fd = flows_fd(f), .events = POLLIN };

		poll(&at, 1, 100);
		flows_pump(f);
	}
	assert_int_equal(flows_fd(f), -1);
}

static int
set_up(void **state)
{
	static struct scene s;
	struct flows_setup setup = { .judge = &s.judge, .cut = &s.cut };

	s = (struct scene){ 0 };
	s.own = (struct own_addresses){ .count = 1 };
	s.own.addr[0] = kit_addr("10.0.0.1");
	s.judge.own = &s.own;
	assert_int_equal(flows_open(&setup, &s.flows), ERR_NONE);
	*state = &s;
	return 0;
}

static int
tear_down(void **state)
{
	struct scene *s = *state;

	flows_close(s->flows);
	return 0;
}

static void
test_only_the_condemned_end(void **state)
{
	struct scene *s = *state;
	struct ledger_key k = key("10.0.0.2", "10.0.0.1", FIRST_PORT);

	begin_flow("10.0.0.2", "10.0.0.1", FIRST_PORT);
	begin_flow("10.0.0.2", "10.0.0.1", FIRST_PORT + 1);
	begin_flow("127.0.0.1", "10.0.0.1", FIRST_PORT);
	flows_cut(s->flows);
	assert_int_equal(flows_fd(s->flows), -1); /* nobody is condemned */
	flows_condemn(s->flows, &k);
	flows_cut(s->flows);
	run_to_end(s->flows);
	assert_int_equal(s->cut, 1);
	flows_condemn(s->flows, &k);
	flows_cut(s->flows);
	run_to_end(s->flows);
	assert_int_equal(s->cut, 1); /* the others were none of it */
}

/* A grant of this host is not one of a client to the same place. */
static void
test_local_flows(void **state)
{
	struct scene *s = *state;
	struct ledger_key k = key(NULL, "10.0.0.2", FIRST_PORT);

	begin_flow("10.0.0.2", "10.0.0.2", FIRST_PORT);
	flows_condemn(s->flows, &k);
	flows_cut(s->flows);
	run_to_end(s->flows);
	assert_int_equal(s->cut, 0);
	begin_flow("10.0.0.1", "10.0.0.2", FIRST_PORT);
	flows_condemn(s->flows, &k);
	flows_cut(s->flows);
	run_to_end(s->flows);
	assert_int_equal(s->cut, 1);
}

/* More at once than there is room for: the list is gone through between. */
static void
test_more_than_there_is_room_for(void **state)
{
	struct scene *s = *state;
	struct ledger_key k = key("10.0.0.2", "10.0.0.1", OTHER_PORT);

	begin_flow("10.0.0.2", "10.0.0.1", OTHER_PORT);
	begin_flow("10.0.0.2", "10.0.0.1", OTHER_PORT + 1);
	flows_condemn(s->flows, &k);
	for (uint32_t i = 0; i < MANY; i++) {
		k.client.byte[1] = (uint8_t)(1 + i / 65536);
		k.client.byte[2] = (uint8_t)(i / 256);
		k.client.byte[3] = (uint8_t)i;
		flows_condemn(s->flows, &k);
	}
	k = key("10.0.0.2", "10.0.0.1", OTHER_PORT + 1);
	flows_condemn(s->flows, &k);
	flows_cut(s->flows);
	run_to_end(s->flows);
	assert_int_equal(s->cut, 2);
}

/* ---- parts of a list --------------------------------------------------- */

static void
test_what_is_no_flow(void **state)
{
	struct {
		struct nlmsghdr head;
		struct nfgenmsg g;
		uint8_t rest[64];
	} part = { .head = { .nlmsg_len = sizeof(part),
			     .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 |
					   IPCTNL_MSG_CT_NEW } };
	struct flow_paper paper;
	struct flow flow;

	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		/* an attribute of every type and of lengths that lie */
		part.rest[0] = (uint8_t)i;
		part.rest[2] = (uint8_t)(i >> 8);
		assert_false(flow_read(&part.head, &flow));
		assert_null(flow_delete(&paper, &part.head));
	}
	part.head.nlmsg_len = sizeof(part.head);
	assert_false(flow_read(&part.head, &flow));
	assert_null(flow_delete(&paper, &part.head));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_no_flow),
		cmocka_unit_test_setup_teardown(test_only_the_condemned_end,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_local_flows, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
		    test_more_than_there_is_room_for, set_up, tear_down),
	};

	if (!kit_own_network())
		return EXIT_SKIP;
	set_up_network();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
