/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random lists and random questions, held against an oracle that keeps names
 * as text and looks through all of them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lists/build.h"
#include "lists/match.h"

enum {
	WORLDS = 3000,
	LISTS = 5,
	ENTRIES = 40,
	QUESTIONS = 60,
	TEXT = 64,
	NOTHING = -1
};

/* Fixed, so that a failure comes again. */
static uint64_t seed;

static unsigned
draw(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

/* Few labels and few of them different: names meet each other. */
static void
draw_name(char out[TEXT], unsigned least)
{
	unsigned labels = least + draw(5 - least);

	out[0] = '\0';
	for (unsigned i = 0; i < labels; i++) {
		char label[3] = { (char)('a' + draw(3)), '.', '\0' };

		strcat(out, label);
	}
	if (out[0] == '\0')
		strcpy(out, ".");
}

static void
draw_net(struct net *out)
{
	static const uint8_t lengths[] = { 8, 16, 24, 31, 32 };

	*out = (struct net){ .addr = { .family = 4 } };
	for (unsigned i = 0; i < 4; i++)
		out->addr.byte[i] = (uint8_t)draw(3);
	out->bits = lengths[draw(sizeof(lengths))];
	addr_mask(&out->addr, out->bits);
}

/* ---- the oracle ----------------------------------------------------------
 */

struct fact {
	unsigned list;
	enum trigger trigger;
	bool is_net, exception;
	enum item_reach reach;
	char name[TEXT];
	struct net net;
	enum list_action action;
};

struct world {
	struct fact fact[ENTRIES];
	unsigned facts;
	bool zone[LISTS]; /* a policy zone; else a plain list */
	enum list_action action[LISTS];
};

static bool
is_below(const char *name, const char *above)
{
	size_t a = strlen(name), b = strlen(above);

	if (strcmp(above, ".") == 0)
		return strcmp(name, ".") != 0;
	return a > b && strcmp(name + a - b, above) == 0 &&
	       name[a - b - 1] == '.';
}

/* What there is in the zone at exactly this name: RFC 4592 says that names
 * exist that only stand above others, and a wildcard is below its parent. */
static bool
exists(const struct world *w, unsigned list, enum trigger trigger,
       const char *name)
{
	for (unsigned i = 0; i < w->facts; i++) {
		const struct fact *f = &w->fact[i];

		if (f->list == list && f->trigger == trigger && !f->is_net &&
		    (strcmp(f->name, name) == 0 || is_below(f->name, name)))
			return true;
	}
	return false;
}

static int
entry_at(const struct world *w, unsigned list, enum trigger trigger,
	 enum item_reach reach, const char *name)
{
	for (unsigned i = 0; i < w->facts; i++) {
		const struct fact *f = &w->fact[i];

		if (f->list == list && f->trigger == trigger && !f->is_net &&
		    f->reach == reach && strcmp(f->name, name) == 0)
			return (int)i;
	}
	return NOTHING;
}

static const char *
parent(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot == NULL || dot[1] == '\0' ? "." : dot + 1;
}

static int
zone_says(const struct world *w, unsigned list, enum trigger trigger,
	  const char *name)
{
	const char *encloser = name;

	if (exists(w, list, trigger, name))
		return entry_at(w, list, trigger, REACH_EXACT, name);
	while (strcmp(encloser, ".") != 0) {
		encloser = parent(encloser);
		if (exists(w, list, trigger, encloser))
			break;
	}
	return entry_at(w, list, trigger, REACH_BELOW, encloser);
}

/* The longest entry that reaches the name; of its kind an exception first. */
static int
plain_says(const struct world *w, unsigned list, const char *name)
{
	int best = NOTHING;

	for (unsigned i = 0; i < w->facts; i++) {
		const struct fact *f = &w->fact[i];
		const struct fact *b = &w->fact[best == NOTHING ? 0 : best];
		bool same = strcmp(f->name, name) == 0;

		if (f->list != list || f->is_net ||
		    !(same || is_below(name, f->name)) ||
		    (f->reach == REACH_EXACT && !same) ||
		    (f->reach == REACH_BELOW && same))
			continue;
		if (best == NOTHING || strlen(f->name) > strlen(b->name) ||
		    (strcmp(f->name, b->name) == 0 &&
		     (f->reach < b->reach ||
		      (f->reach == b->reach && f->exception && !b->exception))))
			best = (int)i;
	}
	return best;
}

static int
nets_say(const struct world *w, unsigned list, enum trigger trigger,
	 const struct addr *a)
{
	int best = NOTHING;

	for (unsigned i = 0; i < w->facts; i++) {
		const struct fact *f = &w->fact[i];
		const struct fact *b = &w->fact[best == NOTHING ? 0 : best];

		if (f->list == list && f->trigger == trigger && f->is_net &&
		    addr_in_net(a, &f->net) &&
		    (best == NOTHING || f->net.bits > b->net.bits))
			best = (int)i;
	}
	return best;
}

struct expected {
	int log, hit; /* facts */
	enum list_action action;
};

static void
expect(const struct world *w, const struct lists_ask *ask, const char *name,
       const struct addr *a, struct expected *out)
{
	*out = (struct expected){ .log = NOTHING, .hit = NOTHING };
	for (unsigned list = 0; list < LISTS; list++) {
		int says = NOTHING;

		if ((ask->among >> list & 1) == 0)
			continue;
		if (a != NULL)
			says = nets_say(w, list, ask->trigger, a);
		else if (w->zone[list])
			says = zone_says(w, list, ask->trigger, name);
		else if (ask->trigger == TRIGGER_QNAME)
			says = plain_says(w, list, name);
		if (says == NOTHING || w->fact[says].exception)
			continue;
		if (w->action[list] == ACTION_LOG) {
			if (out->log == NOTHING)
				out->log = says;
			continue;
		}
		out->hit = says;
		out->action = w->action[list] != ACTION_GIVEN
				  ? w->action[list]
				  : w->fact[says].action;
		return;
	}
}

/* ---- worlds -------------------------------------------------------------- */

static bool
is_there(const struct world *w, const struct fact *new)
{
	for (unsigned i = 0; i < w->facts; i++) {
		const struct fact *f = &w->fact[i];

		if (f->list == new->list && f->trigger == new->trigger &&
		    f->is_net == new->is_net && f->reach == new->reach &&
		    f->exception == new->exception &&
		    (new->is_net
			 ? memcmp(&f->net, &new->net, sizeof(f->net)) == 0
			 : strcmp(f->name, new->name) == 0))
			return true;
	}
	return false;
}

static void
draw_zone_fact(struct fact *f)
{
	static const enum list_action actions[] = {
		ACTION_NXDOMAIN,
		ACTION_NODATA,
		ACTION_PASSTHRU,
		ACTION_DROP,
	};

	f->trigger = draw(TRIGGER_COUNT);
	f->is_net =
	    f->trigger != TRIGGER_QNAME && f->trigger != TRIGGER_NSDNAME;
	f->reach = draw(2) == 0 ? REACH_EXACT : REACH_BELOW;
	f->action = actions[draw(4)];
	draw_name(f->name, f->reach == REACH_EXACT);
}

static void
draw_plain_fact(struct fact *f)
{
	f->is_net = draw(4) == 0;
	f->trigger = f->is_net ? TRIGGER_IP : TRIGGER_QNAME;
	f->reach = draw(3);
	f->exception = !f->is_net && draw(4) == 0;
	draw_name(f->name, 1);
}

static void
draw_world(struct world *w)
{
	static const enum list_action actions[] = {
		ACTION_GIVEN, ACTION_GIVEN,   ACTION_NXDOMAIN,
		ACTION_LOG,   ACTION_REFUSED,
	};

	memset(w, 0, sizeof(*w));
	for (unsigned i = 0; i < LISTS; i++) {
		w->zone[i] = draw(3) > 0;
		w->action[i] = actions[w->zone[i] ? draw(5) : 2 + draw(3)];
	}
	for (unsigned i = 0; i < ENTRIES; i++) {
		struct fact f = { .list = i * LISTS / ENTRIES };

		if (w->zone[f.list])
			draw_zone_fact(&f);
		else
			draw_plain_fact(&f);
		draw_net(&f.net);
		if (f.is_net)
			f.reach = REACH_EXACT;
		if (!is_there(w, &f))
			w->fact[w->facts++] = f;
	}
}

static void
read_name(const char *text, struct name *out)
{
	assert_int_equal(name_parse(text, strlen(text), out, NULL), ERR_NONE);
}

static void
build(const struct world *w, void **image_out, struct lists *out)
{
	static struct lists_build b;
	size_t size;
	unsigned next = 0;

	lists_build_init(&b);
	for (unsigned i = 0; i < LISTS; i++) {
		const struct lists_about about = { .name = "a",
						   .file = "/a",
						   .form = w->zone[i]
							       ? FORM_RPZ
							       : FORM_HOSTS,
						   .action = w->action[i] };

		assert_int_equal(lists_build_list(&b, &about), ERR_NONE);
		for (; next < w->facts && w->fact[next].list == i; next++) {
			const struct fact *f = &w->fact[next];
			struct item item = { .trigger = f->trigger,
					     .exception = f->exception,
					     .is_net = f->is_net,
					     .reach = f->reach,
					     .net = f->net,
					     .action = (uint8_t)f->action };

			read_name(f->name, &item.name);
			assert_int_equal(lists_build_add(&b, &item), ERR_NONE);
		}
	}
	assert_int_equal(lists_build_image(&b, image_out, &size), ERR_NONE);
	assert_int_equal(lists_view(*image_out, size, out), ERR_NONE);
	lists_build_fini(&b);
}

static void
print_world(const struct world *w)
{
	static const char *const reaches[] = { "exact", "below", "tree" };
	char buf[NET_TEXT_SIZE];

	for (unsigned i = 0; i < w->facts; i++) {
		const struct fact *f = &w->fact[i];

		print_error("%u: list %u%s %s trigger %d %s%s %s\n", i, f->list,
			    w->zone[f->list] ? " (zone)" : "",
			    action_word(w->action[f->list]), (int)f->trigger,
			    f->exception ? "not " : "",
			    f->is_net ? "net" : reaches[f->reach],
			    f->is_net ? net_print(&f->net, buf) : f->name);
	}
}

/* The list, and of a name how long the entry is and which kind. */
static bool
is_fact(const struct world *w, int fact, const struct lists_hit *hit)
{
	const struct fact *f = &w->fact[fact == NOTHING ? 0 : fact];
	struct name name;

	if (fact == NOTHING)
		return hit->list == LISTS_NONE;
	if (hit->list != f->list || hit->trigger != f->trigger)
		return false;
	if (f->is_net)
		return memcmp(&hit->net, &f->net, sizeof(f->net)) == 0;
	read_name(f->name, &name);
	return hit->labels == name_labels(&name) &&
	       hit->wild_entry == (f->reach == REACH_BELOW);
}

static void
ask(const struct world *w, const struct lists *l)
{
	struct lists_ask ask = { .trigger = draw(TRIGGER_COUNT),
				 .among = draw(2) == 0 ? LISTS_ALL
						       : draw(1u << LISTS) };
	bool by_name =
	    ask.trigger == TRIGGER_QNAME || ask.trigger == TRIGGER_NSDNAME;
	struct lists_hit hit, log;
	struct expected x;
	char text[TEXT];
	struct name name;
	struct net net;
	bool found;

	draw_name(text, 0);
	draw_net(&net);
	read_name(text, &name);
	expect(w, &ask, text, by_name ? NULL : &net.addr, &x);
	found = by_name ? lists_match_name(l, &ask, &name, &hit, &log)
			: lists_match_addr(l, &ask, &net.addr, &hit, &log);
	if (found == (x.hit != NOTHING) && is_fact(w, x.hit, &hit) &&
	    is_fact(w, x.log, &log) && (!found || hit.action == x.action))
		return;
	print_world(w);
	fail_msg("trigger %d, %s: list %u, not fact %d (logged: %u, %d)",
		 (int)ask.trigger, text, hit.list, x.hit, log.list, x.log);
}

static void
test_random_lists(void **state)
{
	struct world w;
	struct lists l;
	void *image;

	(void)state;
	for (unsigned i = 0; i < WORLDS; i++) {
		seed = i;
		draw_world(&w);
		build(&w, &image, &l);
		for (unsigned k = 0; k < QUESTIONS; k++)
			ask(&w, &l);
		free(image);
	}
}

/* ---- empty names --------------------------------------------------------- */

static struct lists_build one;

static void
begin_one(enum list_form form, enum list_action action)
{
	const struct lists_about about = {
		.name = "a", .file = "/a", .form = form, .action = action
	};

	lists_build_init(&one);
	assert_int_equal(lists_build_list(&one, &about), ERR_NONE);
}

static void
add(const char *name, enum item_reach reach, enum list_action action)
{
	struct item item = { .trigger = TRIGGER_QNAME,
			     .reach = reach,
			     .action = (uint8_t)action };

	read_name(name, &item.name);
	assert_int_equal(lists_build_add(&one, &item), ERR_NONE);
}

static void *
end_one(struct lists *out)
{
	void *image;
	size_t size;

	assert_int_equal(lists_build_image(&one, &image, &size), ERR_NONE);
	assert_int_equal(lists_view(image, size, out), ERR_NONE);
	lists_build_fini(&one);
	return image;
}

static uint64_t
keys_of(const struct lists *l)
{
	const struct lists_key *key =
	    (const void *)((const char *)l->head + l->head->keys.at);
	uint64_t used = 0;

	for (uint64_t i = 0; i < l->head->keys.count; i++)
		used += key[i].meaning != 0;
	return used;
}

/* They cost room only where they matter. */
static void
test_empty_names_are_kept_below_wildcards_alone(void **state)
{
	struct lists l;
	void *image;

	(void)state;
	begin_one(FORM_RPZ, ACTION_GIVEN);
	add("a.b.c.example", REACH_EXACT, ACTION_NXDOMAIN);
	add("d.other", REACH_BELOW, ACTION_NXDOMAIN);
	image = end_one(&l);
	assert_int_equal(keys_of(&l), 2);
	free(image);
	begin_one(FORM_RPZ, ACTION_GIVEN);
	add("a.b.c.example", REACH_EXACT, ACTION_NXDOMAIN);
	add("example", REACH_BELOW, ACTION_NXDOMAIN);
	image = end_one(&l);
	assert_int_equal(keys_of(&l), 3);
	free(image);
	begin_one(FORM_DOMAINS, ACTION_NXDOMAIN);
	add("a.b.c.example", REACH_EXACT, ACTION_GIVEN);
	add("example", REACH_BELOW, ACTION_GIVEN);
	image = end_one(&l);
	assert_int_equal(keys_of(&l), 2);
	free(image);
}

/* ---- data ---------------------------------------------------------------- */

static const struct lists_ask by_name = { TRIGGER_QNAME, LISTS_ALL };

static bool
has(const struct lists *l, const char *text, struct lists_hit *hit)
{
	struct name name;

	read_name(text, &name);
	return lists_match_name(l, &by_name, &name, hit, NULL);
}

static void
add_data(const char *name, const char *data)
{
	struct item item = { .trigger = TRIGGER_QNAME,
			     .action = ACTION_DATA,
			     .data = (const uint8_t *)data,
			     .data_len = strlen(data) };

	read_name(name, &item.name);
	assert_int_equal(lists_build_add(&one, &item), ERR_NONE);
}

static void
expect_data(const struct lists *l, const char *text, const char *data)
{
	struct lists_hit hit;
	const uint8_t *bytes;
	size_t len;

	assert_true(has(l, text, &hit));
	bytes = lists_data(l, hit.data, &len);
	if (data == NULL) {
		assert_null(bytes);
		return;
	}
	assert_non_null(bytes);
	assert_int_equal(len, strlen(data));
	assert_memory_equal(bytes, data, len);
}

static void
test_data(void **state)
{
	struct lists l;
	size_t len;
	void *image;

	(void)state;
	begin_one(FORM_RPZ, ACTION_GIVEN);
	add_data("one.example", "first");
	add_data("two.example", "second");
	add_data("one.example", ", and more");
	add("both.example", REACH_EXACT, ACTION_NXDOMAIN);
	add_data("both.example", "beside");
	add_data("three.example", "second");
	image = end_one(&l);
	expect_data(&l, "one.example", "first, and more");
	expect_data(&l, "two.example", "second");
	expect_data(&l, "three.example", "second");
	expect_data(&l, "both.example", NULL);
	assert_null(lists_data(&l, 0, &len));
	assert_null(lists_data(&l, 0xffffffff, &len));
	assert_null(lists_data(&l, (uint32_t)l.head->data.count, &len));
	/* Shared: the same bytes once. */
	assert_in_range(l.head->data.count, 1, 20 + 12);
	free(image);
}

static void
test_data_of_the_list_itself(void **state)
{
	const struct lists_about about = { .name = "a",
					   .file = "/a",
					   .form = FORM_RPZ,
					   .action = ACTION_CNAME,
					   .wild = true,
					   .data = (const uint8_t *)"garden",
					   .data_len = 6 };
	struct lists_hit hit;
	struct lists l;
	void *image;

	(void)state;
	lists_build_init(&one);
	assert_int_equal(lists_build_list(&one, &about), ERR_NONE);
	add("ok.example", REACH_EXACT, ACTION_PASSTHRU);
	add_data("one.example", "first");
	image = end_one(&l);
	expect_data(&l, "one.example", "garden");
	expect_data(&l, "ok.example", "garden");
	assert_true(has(&l, "ok.example", &hit));
	assert_int_equal(hit.action, ACTION_CNAME);
	assert_int_equal(hit.given, ACTION_PASSTHRU);
	assert_true(hit.wild);
	free(image);
}

/* ---- clients and nets -----------------------------------------------------
 */

/* A hundred labels each, no two names with one above them: what they need is
 * bounded by how many they are. */
static void
test_deep_names_cost_little(void **state)
{
	const struct lists_about about = { .name = "a",
					   .file = "/a",
					   .form = FORM_RPZ };
	enum { NAMES = 20000, DEEP = 100 };
	struct item item = { .trigger = TRIGGER_QNAME,
			     .reach = REACH_EXACT,
			     .action = ACTION_NXDOMAIN };
	struct lists_hit hit;
	struct lists l;
	void *image;

	(void)state;
	lists_build_init(&one);
	assert_int_equal(lists_build_list(&one, &about), ERR_NONE);
	for (unsigned i = 0; i < NAMES; i++) {
		char text[2 * DEEP + 16], *at = text;

		for (unsigned k = 0; k < DEEP; k++)
			at += sprintf(at, "a.");
		sprintf(at, "n%u.x", i);
		read_name(text, &item.name);
		assert_int_equal(lists_build_add(&one, &item), ERR_NONE);
	}
	assert_in_range(one.entries.count, NAMES,
			NAMES + NAMES * NODES_A_NAME + NODES_MORE);
	image = end_one(&l);
	assert_true(lists_match_name(&l, &by_name, &item.name, &hit, NULL));
	free(image);
}

static struct net
net_of(const char *text)
{
	struct net net;

	assert_int_equal(net_parse(text, strlen(text), &net, NULL), ERR_NONE);
	return net;
}

static void
test_lists_of_some_clients(void **state)
{
	const struct net some[] = { net_of("10.0.0.0/24"), net_of("::1") };
	const struct lists_about all = { .name = "a", .file = "/a" };
	const struct lists_about few = {
		.name = "b", .file = "/b", .client = some, .clients = 2
	};
	const struct net in = net_of("10.0.0.9"), out = net_of("10.0.1.9");
	const struct lists none = { .head = NULL };
	struct lists l;
	void *image;

	(void)state;
	lists_build_init(&one);
	assert_int_equal(lists_build_list(&one, &few), ERR_NONE);
	assert_int_equal(lists_build_list(&one, &all), ERR_NONE);
	image = end_one(&l);
	assert_int_equal(lists_for_client(&l, &in.addr), 3);
	assert_int_equal(lists_for_client(&l, &some[1].addr), 3);
	assert_int_equal(lists_for_client(&l, &out.addr), 2);
	assert_int_equal(lists_for_client(&none, &in.addr), 0);
	free(image);
}

static void
add_net(const char *text, enum list_action action)
{
	const struct item item = { .trigger = TRIGGER_IP,
				   .is_net = true,
				   .net = net_of(text),
				   .action = (uint8_t)action };

	assert_int_equal(lists_build_add(&one, &item), ERR_NONE);
}

static void
test_nets_for_the_kernel(void **state)
{
	static const char *const want[] = { "10.0.0.0/24", "10.0.2.0/24",
					    "192.0.2.7/32", "2001:db8::/32" };
	const struct lists_about names = { .name = "a",
					   .file = "/a",
					   .form = FORM_RPZ };
	const struct lists_about set = { .name = "b",
					 .file = "/b",
					 .form = FORM_RPZ,
					 .flags = LISTS_BLOCK_SET };
	char buf[NET_TEXT_SIZE];
	const struct net *net;
	struct lists l;
	size_t count;
	void *image;

	(void)state;
	lists_build_init(&one);
	assert_int_equal(lists_build_list(&one, &names), ERR_NONE);
	add_net("203.0.113.0/24", ACTION_NXDOMAIN);
	assert_int_equal(lists_build_list(&one, &set), ERR_NONE);
	add_net("2001:db8::/32", ACTION_NXDOMAIN);
	add_net("10.0.0.7", ACTION_NXDOMAIN);
	add_net("10.0.2.0/24", ACTION_DROP);
	add_net("10.0.0.0/24", ACTION_NXDOMAIN);
	add_net("192.0.2.7", ACTION_NXDOMAIN);
	add_net("192.0.2.7", ACTION_NXDOMAIN);
	add_net("198.51.100.0/24", ACTION_PASSTHRU);
	image = end_one(&l);
	lists_nets(&l, 0, &count);
	assert_int_equal(count, 0);
	net = lists_nets(&l, 1, &count);
	assert_int_equal(count, 4);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(net_print(&net[i], buf), want[i]);
	lists_nets(&l, 2, &count);
	assert_int_equal(count, 0);
	free(image);
}

/* ---- many ------------------------------------------------------------------
 */

/* A feed that says one name again and again, in all ways, is as fast as any
 * other: what a quadratic sort would need is hours. */
static void
test_one_name_a_million_times(void **state)
{
	struct lists_hit hit;
	struct lists l;
	void *image;

	(void)state;
	begin_one(FORM_DOMAINS, ACTION_NXDOMAIN);
	for (unsigned i = 0; i < 1000000; i++)
		add("one.example", i % 3, ACTION_GIVEN);
	image = end_one(&l);
	assert_int_equal(keys_of(&l), 1);
	assert_true(has(&l, "one.example", &hit));
	free(image);
}

static void
test_what_a_name_costs(void **state)
{
	enum { MANY = 200000 };
	char text[32];
	struct lists l;
	void *image;

	(void)state;
	begin_one(FORM_RPZ, ACTION_GIVEN);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "name%u.example", i);
		add(text, REACH_EXACT, ACTION_NXDOMAIN);
	}
	image = end_one(&l);
	assert_int_equal(keys_of(&l), MANY);
	assert_in_range(l.size / MANY, 12, 17);
	for (unsigned i = 0; i < MANY; i++) {
		struct lists_hit hit;

		snprintf(text, sizeof(text), "name%u.example", i);
		assert_true(has(&l, text, &hit));
	}
	free(image);
}

/* What was read of a list that is then refused is gone. */
static void
test_a_list_that_is_emptied(void **state)
{
	const struct lists_about second = { .name = "b",
					    .file = "/b",
					    .form = FORM_RPZ };
	struct lists_hit hit;
	struct lists l;
	void *image;

	(void)state;
	begin_one(FORM_RPZ, ACTION_GIVEN);
	for (unsigned i = 0; i < 70000; i++)
		add("one.example", REACH_EXACT, ACTION_NODATA);
	assert_int_equal(lists_build_list(&one, &second), ERR_NONE);
	for (unsigned i = 0; i < 200000; i++)
		add("two.example", REACH_BELOW, ACTION_NXDOMAIN);
	lists_build_empty(&one);
	add("x.y.two.example", REACH_EXACT, ACTION_DROP);
	add("two.example", REACH_BELOW, ACTION_DROP);
	image = end_one(&l);
	assert_int_equal(lists_at(&l, 1)->names, 2);
	assert_false(has(&l, "y.two.example", &hit));
	assert_true(has(&l, "one.example", &hit));
	assert_int_equal(hit.action, ACTION_NODATA);
	free(image);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_lists),
		cmocka_unit_test(
		    test_empty_names_are_kept_below_wildcards_alone),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_data_of_the_list_itself),
		cmocka_unit_test(test_lists_of_some_clients),
		cmocka_unit_test(test_nets_for_the_kernel),
		cmocka_unit_test(test_deep_names_cost_little),
		cmocka_unit_test(test_one_name_a_million_times),
		cmocka_unit_test(test_what_a_name_costs),
		cmocka_unit_test(test_a_list_that_is_emptied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
