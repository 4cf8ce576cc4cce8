/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which rule decides: random zones, chains, addresses and servers, and an
 * oracle that knows nothing of tables. It tries every rule at every place and
 * takes the first in order. Each rule answers an address of its own, so that
 * the answer says which it was.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "query/zones.h"

enum {
	ROUNDS = 20000,
	RULES = 6,
	LISTS = 4,
	LINKS = 4,
	PASSES = 7,
	LEVELS = 3,
	SERVERS = 4, /* two of each zone, and zones in turn have others */
};

/* What a list makes of all its rules. */
enum override { GIVEN, PASSTHRU, NXDOMAIN, NODATA, OVERRIDES };

/* Everything that can be told of a rule. */
struct rule {
	enum trigger trigger;
	struct name name; /* without its asterisk */
	bool wild;
	struct net net;
	char owner[NAME_TEXT_SIZE];
	bool passes, only_logs;
};

static struct {
	struct rule rule[LISTS][RULES];
	unsigned rules[LISTS], lists;
	bool logs[LISTS], absent[LISTS]; /* absent: for other clients */
	unsigned levels[LISTS];
	enum override override[LISTS];
	/* the answer */
	unsigned names, addresses;
	char name[LINKS][64];
	struct addr address[4];
	/* servers, named by a first label of their own */
	char server[SERVERS][64];
	struct addr server_address[SERVERS];
} w;

static uint64_t seed;

static unsigned
chance(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33) % n;
}

/* "a.b.z.test" and the like: few, so that they meet. */
static void
some_name(char *out, unsigned least)
{
	unsigned labels = least + chance(3);

	*out = '\0';
	while (labels-- > 0) {
		char label[3] = { (char)('a' + chance(2)), '.', '\0' };

		strcat(out, label);
	}
	strcat(out, "test");
}

static struct addr
some_address(void)
{
	static const char *const some[] = { "192.0.2.1", "192.0.2.2",
					    "192.0.2.3", "192.0.2.130",
					    "192.0.3.1" };

	return play_addr(some[chance(5)]);
}

/* ---- rules ----------------------------------------------------------------
 */

static char
first_letter(unsigned server)
{
	return (char)('s' + server);
}

static void
name_rule(struct rule *r)
{
	char text[64];

	some_name(text + 2, 0);
	text[0] = first_letter(chance(SERVERS));
	text[1] = '.';
	if (r->trigger != TRIGGER_NSDNAME || chance(2) == 0)
		memmove(text, text + 2, strlen(text + 2) + 1);
	r->name = play_name(text);
	r->wild = chance(2) == 0;
	snprintf(r->owner, sizeof(r->owner), "%s%s%s", r->wild ? "*." : "",
		 text, r->trigger == TRIGGER_NSDNAME ? ".rpz-nsdname" : "");
}

static void
net_rule(struct rule *r)
{
	static const uint8_t bits[] = { 32, 32, 31, 25, 24, 16 };
	static const char *const suffix[] = {
		[TRIGGER_CLIENT_IP] = "rpz-client-ip",
		[TRIGGER_IP] = "rpz-ip",
		[TRIGGER_NSIP] = "rpz-nsip",
	};
	const uint8_t *b = r->net.addr.byte;

	r->net.addr = r->trigger == TRIGGER_CLIENT_IP ? play_addr("10.0.0.2")
						      : some_address();
	r->net.bits = bits[chance(6)];
	addr_mask(&r->net.addr, r->net.bits);
	snprintf(r->owner, sizeof(r->owner), "%u.%u.%u.%u.%u.%s", r->net.bits,
		 b[3], b[2], b[1], b[0], suffix[r->trigger]);
}

static bool
is_new(const struct rule *r, unsigned list)
{
	for (unsigned i = 0; i < w.rules[list]; i++)
		if (strcmp(w.rule[list][i].owner, r->owner) == 0)
			return false;
	return true;
}

static void
add_rule(unsigned list)
{
	static const enum trigger often[] = {
		TRIGGER_QNAME, TRIGGER_QNAME,	TRIGGER_QNAME, TRIGGER_IP,
		TRIGGER_IP,    TRIGGER_NSDNAME, TRIGGER_NSIP,
	};
	struct rule r = { 0 };

	r.trigger = chance(20) == 0 ? TRIGGER_CLIENT_IP : often[chance(7)];
	r.passes = chance(PASSES) == 0;
	if (r.trigger == TRIGGER_QNAME || r.trigger == TRIGGER_NSDNAME)
		name_rule(&r);
	else
		net_rule(&r);
	if (is_new(&r, list))
		w.rule[list][w.rules[list]++] = r;
}

/* Before the rules, what the lists file says. */
static size_t
say_settings(unsigned l, char *text)
{
	static const char *const word[OVERRIDES] = { "", "!passthru ",
						     "!nxdomain ", "!nodata " };

	w.rules[l] = 0;
	w.logs[l] = chance(5) == 0;
	w.absent[l] = chance(8) == 0;
	w.levels[l] = 1 + chance(LEVELS);
	w.override[l] = chance(5) == 0 ? chance(OVERRIDES) : GIVEN;
	return (size_t)sprintf(text, "%s%s!ns-levels %u ",
			       w.logs[l] ? "!log " : word[w.override[l]],
			       w.absent[l] ? "!net 10.9.0.0/16 " : "",
			       w.levels[l]);
}

static void
make_list(unsigned l, char *text)
{
	size_t len = say_settings(l, text);

	for (unsigned n = 1 + chance(RULES); n > 0; n--)
		add_rule(l);
	for (unsigned i = 0; i < w.rules[l]; i++) {
		const struct rule *r = &w.rule[l][i];

		len += (size_t)sprintf(text + len, "%s ", r->owner);
		len +=
		    r->passes
			? (size_t)sprintf(text + len, "CNAME rpz-passthru.|")
			: (size_t)sprintf(text + len, "A 198.18.%u.%u|", l, i);
	}
}

static void
make_lists(void)
{
	static char text[LISTS][ZONE_TEXT];
	const char *zone[ZONES_MOST] = { NULL };

	w.lists = 1 + chance(LISTS);
	for (unsigned l = 0; l < w.lists; l++) {
		make_list(l, text[l]);
		zone[l] = text[l];
	}
	zones_are(zone);
}

/* ---- the oracle -----------------------------------------------------------
 */

static const uint8_t *
above(const uint8_t *wire)
{
	return wire + wire[0] + 1;
}

static size_t
wire_len(const uint8_t *wire)
{
	size_t len = 1;

	for (; *wire != 0; wire = above(wire))
		len += *wire + 1u;
	return len;
}

static bool
same_wire(const uint8_t *a, const uint8_t *b)
{
	return wire_len(a) == wire_len(b) && memcmp(a, b, wire_len(a)) == 0;
}

/* Whether a name stands in a list's tree of that trigger: as an owner, or
 * above one. */
static bool
stands(unsigned list, enum trigger trigger, const uint8_t *wire)
{
	if (*wire == 0)
		return true;
	for (unsigned i = 0; i < w.rules[list]; i++) {
		const struct rule *r = &w.rule[list][i];
		const uint8_t *at = r->name.wire;

		if (r->trigger != trigger)
			continue;
		for (;; at = above(at)) {
			if (same_wire(at, wire))
				return true;
			if (*at == 0)
				break;
		}
	}
	return false;
}

static const struct rule *
find_rule(unsigned list, enum trigger trigger, const uint8_t *wire, bool wild)
{
	for (unsigned i = 0; i < w.rules[list]; i++) {
		const struct rule *r = &w.rule[list][i];

		if (r->trigger == trigger && r->wild == wild &&
		    same_wire(r->name.wire, wire))
			return r;
	}
	return NULL;
}

/* As a zone answers (RFC 1034 4.3.2, RFC 4592). */
static const struct rule *
by_name(unsigned list, enum trigger trigger, const struct name *name)
{
	const uint8_t *at = name->wire;
	const struct rule *r = find_rule(list, trigger, at, false);

	if (r != NULL || stands(list, trigger, at))
		return r;
	do
		at = above(at);
	while (!stands(list, trigger, at));
	return find_rule(list, trigger, at, true);
}

static const struct rule *
by_address(unsigned list, enum trigger trigger, const struct addr *a,
	   unsigned count)
{
	const struct rule *best = NULL;

	for (unsigned n = 0; n < count; n++)
		for (unsigned i = 0; i < w.rules[list]; i++) {
			const struct rule *r = &w.rule[list][i];

			if (r->trigger != trigger ||
			    !addr_in_net(&a[n], &r->net))
				continue;
			if (best == NULL || r->net.bits > best->net.bits ||
			    (r->net.bits == best->net.bits &&
			     memcmp(r->net.addr.byte, best->net.addr.byte, 4) <
				 0))
				best = r;
		}
	return best;
}

/* Its labels from the root on; all of them sort as text does. */
static void
turn_round(const char *name, char *out)
{
	const char *dot = strrchr(name, '.');
	char front[64];

	if (dot == NULL) {
		strcpy(out, name);
		return;
	}
	snprintf(front, sizeof(front), "%.*s", (int)(dot - name), name);
	sprintf(out, "%s.", dot + 1);
	turn_round(front, out + strlen(out));
}

static bool
stands_behind(unsigned server, unsigned other)
{
	char a[64], b[64];

	turn_round(w.server[server], a);
	turn_round(w.server[other], b);
	return strcmp(a, b) > 0;
}

static unsigned
labels_of(const char *name)
{
	unsigned labels = 1;

	for (; *name != '\0'; name++)
		labels += *name == '.';
	return labels;
}

/* The first of the two that a zone of so many labels has. */
static unsigned
first_server(unsigned labels)
{
	return labels % 2 * 2;
}

/* Of all servers that the list looks at that which is last, whatever rule it
 * has. */
static const struct rule *
by_server(unsigned list, unsigned at)
{
	const struct rule *best = NULL;
	unsigned labels = labels_of(w.name[at]), last = 0;

	for (unsigned n = 0; n < w.levels[list] && labels - n > 1; n++)
		for (unsigned i = 0; i < 2; i++) {
			unsigned server = first_server(labels - n) + i;
			struct name name = play_name(w.server[server]);
			const struct rule *r =
			    by_name(list, TRIGGER_NSDNAME, &name);

			if (r == NULL ||
			    (best != NULL && !stands_behind(server, last)))
				continue;
			best = r;
			last = server;
		}
	return best;
}

static const struct rule *
by_server_address(unsigned list, unsigned at)
{
	unsigned labels = labels_of(w.name[at]), count = 0;
	struct addr a[2 * LEVELS];

	for (unsigned n = 0; n < w.levels[list] && labels - n > 1; n++)
		for (unsigned i = 0; i < 2; i++)
			a[count++] =
			    w.server_address[first_server(labels - n) + i];
	return by_address(list, TRIGGER_NSIP, a, count);
}

static const struct rule *
by_trigger(unsigned list, enum trigger trigger, unsigned at)
{
	struct addr client = play_addr("10.0.0.2");
	struct name name = play_name(w.name[at]);

	switch (trigger) {
	case TRIGGER_CLIENT_IP:
		return at == 0 ? by_address(list, trigger, &client, 1) : NULL;
	case TRIGGER_QNAME:
		return by_name(list, trigger, &name);
	case TRIGGER_IP:
		return at + 1 == w.names
			   ? by_address(list, trigger, w.address, w.addresses)
			   : NULL;
	case TRIGGER_NSDNAME:
		return by_server(list, at);
	case TRIGGER_NSIP:
		return by_server_address(list, at);
	default:
		return NULL;
	}
}

static bool
takes_part(unsigned list)
{
	return !w.logs[list] && !w.absent[list];
}

/* The rule that decides, and for which name; NULL: none does. */
static const struct rule *
decides(unsigned *at_out)
{
	for (unsigned at = 0; at < w.names; at++)
		for (unsigned l = 0; l < w.lists; l++)
			for (unsigned t = 0; takes_part(l) && t < TRIGGER_COUNT;
			     t++) {
				const struct rule *r =
				    by_trigger(l, (enum trigger)t, at);

				*at_out = at;
				if (r != NULL)
					return r;
			}
	return NULL;
}

/* Whether the question alone decides: no list before that which has it could
 * have something to say of an answer. */
static bool
decides_early(void)
{
	for (unsigned l = 0; l < w.lists; l++) {
		if (!takes_part(l))
			continue;
		if (by_trigger(l, TRIGGER_CLIENT_IP, 0) != NULL ||
		    by_trigger(l, TRIGGER_QNAME, 0) != NULL)
			return true;
		for (unsigned i = 0; i < w.rules[l]; i++)
			if (w.rule[l][i].trigger > TRIGGER_QNAME)
				return false;
	}
	return false;
}

/* ---- the answer -----------------------------------------------------------
 */

static void
make_answer(void)
{
	w.names = 1 + chance(LINKS);
	for (unsigned i = 0; i < w.names; i++) {
		some_name(w.name[i], 1);
		for (unsigned k = 0; k < i; k++)
			if (strcmp(w.name[i], w.name[k]) == 0)
				w.names = i;
	}
	w.addresses = chance(4);
	for (unsigned i = 0; i < w.addresses; i++)
		w.address[i] = some_address();
	for (unsigned i = 0; i < SERVERS; i++) {
		w.server[i][0] = first_letter(i);
		w.server[i][1] = '.';
		some_name(w.server[i] + 2, 0);
		w.server_address[i] = some_address();
	}
}

static void
say_answer(struct upstream_ask *a)
{
	char text[ZONE_TEXT] = "", addr[ADDR_TEXT_SIZE];

	for (unsigned i = 0; i + 1 < w.names; i++)
		sprintf(text + strlen(text), "%s CNAME %s; ", w.name[i],
			w.name[i + 1]);
	for (unsigned i = 0; i < w.addresses; i++)
		sprintf(text + strlen(text), "%s A %s; ", w.name[w.names - 1],
			addr_print(&w.address[i], addr));
	if (w.addresses == 0)
		strcat(text, "test SOA");
	ask_is_told(a, text);
}

/* Every name is a zone. */
static void
say_servers(struct upstream_ask *a)
{
	char text[ZONE_TEXT], owner[NAME_TEXT_SIZE], addr[ADDR_TEXT_SIZE];
	unsigned first = first_server(name_labels(&a->q.name));
	struct text t;

	text_init(&t, owner, sizeof(owner));
	name_print(&a->q.name, &t);
	if (a->q.type == TYPE_NS)
		snprintf(text, sizeof(text), "%s NS %s; %s NS %s", owner,
			 w.server[first + 1], owner, w.server[first]);
	else if (a->q.type == TYPE_A)
		snprintf(text, sizeof(text), "%s A %s", owner,
			 addr_print(&w.server_address[owner[0] - 's'], addr));
	else
		snprintf(text, sizeof(text), "test SOA");
	ask_is_told(a, text);
}

static bool
is_for_servers(const struct question *q)
{
	return q->type == TYPE_NS || q->name.wire[1] >= first_letter(0);
}

static void
upstream_answers(void)
{
	bool again = true;

	while (again) {
		again = false;
		time_passes(0);
		for (unsigned i = 0; i < PLAY_ASKS; i++) {
			struct upstream_ask *a = &play.ask[i];

			if (!a->open)
				continue;
			again = true;
			if (is_for_servers(&a->q))
				say_servers(a);
			else
				say_answer(a);
		}
	}
}

/* The list of a rule. */
static unsigned
list_of(const struct rule *r)
{
	unsigned l = 0;

	while (r < w.rule[l] || r >= w.rule[l] + RULES)
		l++;
	return l;
}

static bool
lets_pass(const struct rule *r)
{
	enum override o = r != NULL ? w.override[list_of(r)] : PASSTHRU;

	return o == PASSTHRU || (o == GIVEN && r->passes);
}

static void
print_way(unsigned at, char *out)
{
	for (unsigned i = 0; i < at; i++)
		out +=
		    sprintf(out, "; %s. CNAME %s.", w.name[i], w.name[i + 1]);
}

static void
print_truth(char *out)
{
	char addr[ADDR_TEXT_SIZE];

	print_way(w.names - 1, out);
	out += strlen(out);
	for (unsigned i = 0; i < w.addresses; i++)
		out += sprintf(out, "; %s. A %s", w.name[w.names - 1],
			       addr_print(&w.address[i], addr));
	if (w.addresses == 0)
		strcpy(out, "; AUTHORITY test. SOA");
}

static const char *
wanted(const struct rule *r, unsigned at)
{
	static char text[ZONE_TEXT];
	unsigned list;

	strcpy(text, "NOERROR");
	if (lets_pass(r)) {
		print_truth(text + strlen(text));
		return text;
	}
	list = list_of(r);
	if (w.override[list] == NXDOMAIN)
		strcpy(text, "NXDOMAIN");
	print_way(at, text + strlen(text));
	if (w.override[list] == GIVEN)
		sprintf(text + strlen(text), "; %s. A 198.18.%u.%u", w.name[at],
			list, (unsigned)(r - w.rule[list]));
	sprintf(text + strlen(text), "; ADDITIONAL z%u. SOA", list);
	return text;
}

static void
print_lists(void)
{
	for (unsigned l = 0; l < w.lists; l++)
		for (unsigned i = 0; i < w.rules[l]; i++)
			print_message("list %u%s%s, override %d, levels %u: "
				      "%s%s\n",
				      l, w.logs[l] ? " (log)" : "",
				      w.absent[l] ? " (absent)" : "",
				      (int)w.override[l], w.levels[l],
				      w.rule[l][i].owner,
				      w.rule[l][i].passes ? " passes" : "");
	for (unsigned i = 0; i < SERVERS; i++)
		print_message("server %s\n", w.server[i]);
}

/* What was known in the round before is forgotten. */
static void
play_round(unsigned n)
{
	const char *got, *want;
	const struct rule *r;
	unsigned at = 0;
	bool asked;

	seed = n;
	make_answer();
	time_passes(2 * SERVERS_LONGEST_S * 1000ll);
	make_lists();
	play.asked = 0;
	client_asks_text(w.name[0]);
	asked = play.asked > 0;
	upstream_answers();
	r = decides(&at);
	want = wanted(r, at);
	got = heard();
	if (strcmp(got, want) != 0 ||
	    asked != (lets_pass(r) || !decides_early())) {
		print_lists();
		fail_msg("round %u, %sasked: %s, not %s", n,
			 asked ? "" : "not ", got, want);
	}
	assert_int_equal(play.stats.servers_missing, 0);
	zones_end();
	log_lines();
}

static void
every_rule_in_its_order(void **state)
{
	(void)state;
	play_wants.cache_mib = 1;
	play_begin("10.0.0.0/8 ~> *\n");
	for (unsigned n = 1; n <= ROUNDS; n++)
		play_round(n);
	play_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_in_its_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
