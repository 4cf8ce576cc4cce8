/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists do not keep the names that they have. What was held against one, and
 * how many labels of it are the entry's, tell the entry all the same.
 */
#include "record/hit.h"

#include <string.h>

#include "lists/item.h"
#include "wire/name.h"

const char *
hit_trigger(const struct record_item *hit)
{
	static const char *const word[TRIGGER_COUNT] = {
		[TRIGGER_CLIENT_IP] = "CLIENT-IP",
		[TRIGGER_QNAME] = "QNAME",
		[TRIGGER_IP] = "IP",
		[TRIGGER_NSDNAME] = "NSDNAME",
		[TRIGGER_NSIP] = "NSIP",
	};

	return word[hit->trigger];
}

static void
print_name(const struct record_item *hit, struct text *out)
{
	struct name entry = { .len = hit->name_len };
	unsigned labels;

	memcpy(entry.wire, hit->name, hit->name_len);
	for (labels = name_labels(&entry); labels > hit->labels; labels--) {
		uint8_t skip = (uint8_t)(entry.wire[0] + 1);

		entry.len = (uint8_t)(entry.len - skip);
		memmove(entry.wire, entry.wire + skip, entry.len);
	}
	if (hit->wild)
		text_str(out, entry.len > 1 ? "*." : "*");
	name_print(&entry, out);
}

void
hit_print_entry(const struct record_item *hit, struct text *out)
{
	struct net net = { .addr = hit->address, .bits = hit->bits };
	char buf[NET_TEXT_SIZE];

	if (hit->bits > 0)
		text_str(out, net_print(&net, buf));
	else if (hit->name_len > 0)
		print_name(hit, out);
}

/* The last byte comes first. */
static void
print_bytes(const struct addr *a, struct text *out)
{
	for (int i = 3; i >= 0; i--)
		text_printf(out, ".%u", a->byte[i]);
}

static unsigned
word_at(const struct addr *a, int i)
{
	return (unsigned)(a->byte[2 * i] << 8 | a->byte[2 * i + 1]);
}

/* Where the longest run of words that are zero begins, and its length; one
 * alone is none. */
static int
zero_run(const struct addr *a, int *len_out)
{
	int best = -1, len = 1;

	for (int i = 0, run = 0; i < 8; i++) {
		run = word_at(a, i) == 0 ? run + 1 : 0;
		if (run > len) {
			len = run;
			best = i + 1 - run;
		}
	}
	*len_out = len;
	return best;
}

static void
print_words(const struct addr *a, struct text *out)
{
	int len, run = zero_run(a, &len);

	for (int i = 7; i >= 0; i--) {
		if (run != -1 && i == run + len - 1) {
			text_str(out, ".zz");
			i = run;
		} else {
			text_printf(out, ".%x", word_at(a, i));
		}
	}
}

void
hit_print_owner(const struct record_item *hit, struct text *out)
{
	static const char *const suffix[TRIGGER_COUNT] = {
		[TRIGGER_CLIENT_IP] = ".rpz-client-ip.",
		[TRIGGER_QNAME] = "",
		[TRIGGER_IP] = ".rpz-ip.",
		[TRIGGER_NSDNAME] = "rpz-nsdname.",
		[TRIGGER_NSIP] = ".rpz-nsip.",
	};

	if (hit->bits == 0) {
		print_name(hit, out);
	} else {
		text_u64(out, hit->bits);
		if (hit->address.family == 4)
			print_bytes(&hit->address, out);
		else
			print_words(&hit->address, out);
	}
	text_str(out, suffix[hit->trigger]);
}
