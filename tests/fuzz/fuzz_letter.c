/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Letters of a worker that a stranger has taken over.
 *
 * The input is letter after letter, each with its length before it (two
 * bytes, little endian). What post_check() lets through is admitted by a
 * warden whose firewall is in memory. Oracle: whatever is in that firewall a
 * rule gives to that client, leads to no guarded address, lives no longer
 * than may be, and is in the ledger with names that are names; no client has
 * more pairs than its quota; and another policy takes back what it does not
 * give.
 */
#include "../unit/firewall/fake.h"
#include "firewall/names.h"
#include "firewall/revoke.h"

enum { LETTERS_MAX = 64, MAX_PAIRS = 6 };

static const char acl[] = "10.0.0.0/8 -> exact.example:TCP:443\n"
			  "10.0.0.0/9 -> *.wild.example:UDP:53\n"
			  "10.0.0.2 ~> dns.example\n"
			  "10.1.0.0/16 -| exact.example\n"
			  "2001:db8::/32 -> six.example:TCP:443\n"
			  "127.0.0.1 -> here.example:TCP:80\n";

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check_entry(const struct fake_warden *w, const struct backend_entry *e)
{
	const struct judge *j = &w->a.judge;
	uint32_t slot = ledger_find(w->a.ledger, &e->key);

	require(judge_gives_any(j, &e->key));
	require(addr_class_of(&e->key.destination) != ADDR_NEVER);
	require(!own_has(j->own, &e->key.destination));
	require(e->timeout_s >= 1 && e->timeout_s <= judge_longest_s(j));
	require(e->key.destination.family == set_family(e->key.set));
	require(set_is_local(e->key.set)
		    ? e->key.client.family == 0
		    : e->key.client.family == e->key.destination.family);
	/* Private addresses: only where the name is written out. */
	require(addr_class_of(&e->key.destination) == ADDR_PUBLIC ||
		e->key.port != 53);
	require(slot != LEDGER_NONE);
	require(quota_pairs(w->a.quota, &e->key.client) <= MAX_PAIRS);
}

/* Nothing is struck out; every reason is looked at. */
static bool
look_at_reason(void *arg, const struct ledger_element *e,
	       struct ledger_told *told)
{
	unsigned *reasons = arg;

	require(told->reason.end_ms > 0 && e->end_ms > 0);
	memset(told->names.bytes + told->names.len, 0,
	       GRANT_NAMES_SIZE - told->names.len);
	require(names_are_sound(&told->names));
	require(++*reasons <= LEDGER_REASONS);
	return false;
}

static void
check_reasons(const struct fake_warden *w)
{
	for (uint32_t i = 0; i < ledger_top(w->a.ledger); i++) {
		unsigned reasons = 0;

		if (ledger_at(w->a.ledger, i) != NULL)
			ledger_strike(w->a.ledger, i, look_at_reason,
				      &reasons);
	}
}

static void
check(const struct fake_warden *w)
{
	uint32_t live = 0;

	for (unsigned i = 0; i < w->backend.count; i++)
		check_entry(w, &w->backend.entry[i]);
	for (unsigned set = 0; set < SET_COUNT; set++) {
		require(ledger_live(w->a.ledger, set) <= w->a.limit[set]);
		live += ledger_live(w->a.ledger, set);
	}
	require(live == w->backend.count);
	check_reasons(w);
}

/* Nobody has anything under this one but a single client. */
static void
change_policy(struct fake_warden *w)
{
	int fd = kit_policy_fd("10.0.0.2 -> exact.example:TCP:443\n");

	w->backend.fail_in = 0;
	policy_close(&w->a.judge.policy);
	require(policy_open(fd, 2, &w->a.judge.policy) == ERR_NONE);
	close(fd);
	revoke_not_given(&w->a);
	check(w);
}

static void
deliver(struct fake_warden *w, const uint8_t *bytes, size_t len)
{
	_Alignas(16) uint8_t letter[POST_MAX_SIZE];
	struct granted_letter answer;
	unsigned adds = w->backend.adds;

	if (len > sizeof(letter))
		return;
	memcpy(letter, bytes, len);
	if (len >= sizeof(struct letter_head))
		letter[3] = POST_GRANT; /* whatever its number is now */
	if (post_check(ROLE_WORKER, ROLE_WARDEN, letter, len) != ERR_NONE)
		return;
	admit(&w->a, (const void *)letter, 1, &answer);
	require(answer.status == GRANT_OK || answer.applied == 0);
	require(answer.status != GRANT_REFUSED ||
		(answer.detail != DETAIL_NONE && w->backend.adds == adds));
	require(answer.status != GRANT_OK || answer.lowest_ttl_s >= 1);
	check(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fake_warden w;
	struct options opt = *kit_options();

	log_to(-1);
	opt.max_client_grants = MAX_PAIRS;
	fake_begin(&w, acl, &opt);
	for (unsigned i = 0; i < LETTERS_MAX && size >= 2; i++) {
		size_t len = (size_t)(data[0] | data[1] << 8);

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		/* The kernel fails now and then. */
		if (i % 8 == 7) {
			w.backend.fail_in = 2;
			w.backend.fail_code = 4097;
		}
		deliver(&w, data, len);
		data += len;
		size -= len;
	}
	change_policy(&w);
	fake_end(&w);
	return 0;
}
