/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image of lists that somebody has damaged: the input is patches, each an
 * offset in 16 bits and a byte. What lists_view() lets through is asked for
 * all that it has, and must not lead outside.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lists/build.h"
#include "lists/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char *const names[] = { "one.example",	  "x.two.example",
				     "x.y.three.example", "data.example",
				     "example",		  "." };
static const char *const addrs[] = { "192.0.2.7", "198.51.100.1", "2001:db8::1",
				     "64:ff9b::c000:207" };

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
add_name(struct lists_build *b, const char *text, enum item_reach reach,
	 enum list_action action)
{
	struct item item = { .trigger = TRIGGER_QNAME,
			     .reach = reach,
			     .action = (uint8_t)action };

	must(name_parse(text, strlen(text), &item.name, NULL) == ERR_NONE);
	if (action == ACTION_DATA) {
		item.data = (const uint8_t *)"\0\1\0\0\0\74\0\4\300\0\2\1";
		item.data_len = 12;
	}
	must(lists_build_add(b, &item) == ERR_NONE);
	item.trigger = TRIGGER_NSDNAME;
	must(lists_build_add(b, &item) == ERR_NONE);
}

static void
add_net(struct lists_build *b, const char *text, enum trigger trigger)
{
	struct item item = { .trigger = trigger, .is_net = true };

	must(net_parse(text, strlen(text), &item.net, NULL) == ERR_NONE);
	must(lists_build_add(b, &item) == ERR_NONE);
}

/* Nothing in it is drawn, so that an input means the same every time. */
static void *
make(size_t *size_out)
{
	static struct lists_build b;
	struct net client = { .addr = { .family = 4, .byte = { 10 } },
			      .bits = 8 };
	struct lists_about about = { .name = "zone",
				     .file = "/z",
				     .form = FORM_RPZ,
				     .client = &client,
				     .clients = 1,
				     .flags = LISTS_BLOCK_SET };
	void *image;

	lists_build_init(&b);
	b.key = (struct hash_key){ 1, 2 };
	must(lists_build_source(&b, "lists", "list", 4) == ERR_NONE);
	must(lists_build_list(&b, &about) == ERR_NONE);
	add_name(&b, "one.example", REACH_EXACT, ACTION_NXDOMAIN);
	add_name(&b, "two.example", REACH_BELOW, ACTION_DROP);
	add_name(&b, "data.example", REACH_EXACT, ACTION_DATA);
	add_name(&b, ".", REACH_BELOW, ACTION_PASSTHRU);
	add_net(&b, "192.0.2.0/24", TRIGGER_IP);
	add_net(&b, "2001:db8::/32", TRIGGER_NSIP);
	add_net(&b, "198.51.100.0/24", TRIGGER_CLIENT_IP);
	about.form = FORM_HOSTS;
	about.client = NULL;
	about.clients = 0;
	must(lists_build_list(&b, &about) == ERR_NONE);
	add_name(&b, "three.example", REACH_TREE, ACTION_GIVEN);
	must(lists_build_image(&b, &image, size_out) == ERR_NONE);
	lists_build_fini(&b);
	return image;
}

/* So that a reader outside is seen. */
static unsigned
touch(const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	unsigned sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += b[i];
	return sum;
}

static void
look_at(const struct lists *l, const struct lists_hit *hit)
{
	const struct lists_list *list = lists_at(l, hit->list);
	volatile unsigned sum;
	const uint8_t *data;
	size_t len;

	must(list != NULL && hit->action < ACTION_COUNT);
	must(hit->action != ACTION_GIVEN);
	sum = (unsigned)strlen(lists_text(l, list->name));
	sum += (unsigned)strlen(lists_text(l, list->contact));
	data = lists_data(l, hit->data, &len);
	sum += touch(data, len);
	data = lists_data(l, list->zone, &len);
	sum += touch(data, len);
	data = lists_data(l, list->soa, &len);
	sum += touch(data, len);
	(void)sum;
}

static void
ask(const struct lists *l, enum trigger trigger)
{
	const struct lists_ask ask = { trigger, LISTS_ALL };
	struct lists_hit hit;
	struct name name;
	struct addr addr;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		name_parse(names[i], strlen(names[i]), &name, NULL);
		if (lists_match_name(l, &ask, &name, &hit, NULL))
			look_at(l, &hit);
	}
	for (size_t i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
		addr_parse(addrs[i], strlen(addrs[i]), &addr);
		if (lists_match_addr(l, &ask, &addr, &hit, NULL))
			look_at(l, &hit);
		(void)lists_for_client(l, &addr);
	}
}

static void
use(const struct lists *l)
{
	unsigned sum = 0;
	size_t count;

	for (unsigned t = 0; t < TRIGGER_COUNT; t++)
		ask(l, t);
	for (uint32_t i = 0; i < lists_count(l); i++) {
		const struct net *net = lists_nets(l, i, &count);

		sum += touch(net, count * sizeof(*net));
		for (size_t k = 0; k < count; k++)
			must(net[k].bits <= 128);
	}
	(void)lists_source_text(l, &count);
	(void)sum;
	/* Nobody looks at it, but nobody may leave out the look either. */
	__asm__ volatile("" : : "r"(sum));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static void *whole;
	static size_t len;
	struct lists l;
	uint8_t *image;

	if (whole == NULL)
		whole = make(&len);
	image = malloc(len);
	must(image != NULL);
	memcpy(image, whole, len);
	for (; size >= 3; size -= 3, bytes += 3)
		image[(bytes[0] << 8 | bytes[1]) % (int)len] = bytes[2];
	if (lists_view(image, len, &l) == ERR_NONE)
		use(&l);
	free(image);
	return 0;
}
