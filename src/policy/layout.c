/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the image of a policy: first what is counted, then one block of
 * memory, then each section in turn.
 *
 * Every byte of the block is set, padding too: the image is shared with
 * processes of other powers, and nothing of this one's memory may ride along.
 */
#include "policy/layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "policy/table.h"

struct layout {
	struct build *b;
	struct image_head *h;
	/* how much of each section is written */
	uint32_t nets, entries, rules, names, ports;
};

static void *
section(struct image_head *h, const struct image_section *s)
{
	return (char *)h + s->at;
}

static bool
same_net(const struct draft *one, const struct draft *other)
{
	return one->interface == other->interface &&
	       memcmp(&one->client, &other->client, sizeof(one->client)) == 0;
}

static bool
same_name(const struct build *b, const struct draft *one,
	  const struct draft *other)
{
	const uint8_t *name = draft_name(b, one);

	return draft_is_of_list(one) == draft_is_of_list(other) &&
	       memcmp(name, draft_name(b, other), name[0] + 1U) == 0;
}

static void
count_lists(const struct named_lists *lists, struct image_head *h)
{
	h->lists.count = lists->count;
	for (uint16_t i = 0; i < lists->count; i++)
		h->names.count += lists->at[i].name.len + 1U;
}

/* Counts the elements of every section but the slots. */
static void
count_sections(const struct build *b, struct image_head *h)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct draft *d = &b->draft[i];
		const struct draft *before = i > 0 ? d - 1 : NULL;
		bool new_net = !before || !same_net(d, before);

		h->nets.count += new_net;
		if (new_net || !same_name(b, d, before)) {
			h->entries.count++;
			h->names.count += draft_name(b, d)[0] + 1U;
		}
		h->ports.count += d->rule.arrow == ARROW_GRANT;
	}
	h->rules.count = (uint32_t)b->count;
	h->identities.count = (uint32_t)b->count;
}

/* The power of two that leaves at least half the slots free. */
static uint32_t
slots_for(uint32_t count)
{
	uint32_t slots = 2;

	while (slots < 2 * count)
		slots *= 2;
	return slots;
}

static void
place(struct image_head *h, struct image_section *s, size_t element)
{
	s->at = (uint32_t)h->size;
	h->size += (s->count * element + 7) & ~(uint64_t)7;
}

static enum err
place_sections(struct image_head *h, const struct layout_matter *matter)
{
	h->size = (sizeof(*h) + 7) & ~(uint64_t)7;
	h->net_slots.count = slots_for(h->nets.count);
	h->entry_slots.count = slots_for(h->entries.count);
	h->files.count = (uint32_t)matter->files_len;
	h->interfaces.count = matter->interfaces->count;
	place(h, &h->nets, sizeof(struct image_net));
	place(h, &h->net_slots, sizeof(struct image_slot));
	place(h, &h->entries, sizeof(struct image_entry));
	place(h, &h->entry_slots, sizeof(struct image_slot));
	place(h, &h->rules, sizeof(struct image_rule));
	place(h, &h->names, 1);
	place(h, &h->files, 1);
	place(h, &h->identities, sizeof(uint32_t));
	place(h, &h->ports, sizeof(struct image_port));
	place(h, &h->interfaces, sizeof(struct image_interface));
	place(h, &h->lists, sizeof(struct image_list));
	return h->size > UINT32_MAX ? ERR_FULL : ERR_NONE;
}

static int
compare_ports(const void *one, const void *other)
{
	const struct image_port *a = one, *b = other;

	if (a->protocol != b->protocol)
		return a->protocol - b->protocol;
	return a->port - b->port;
}

/* Sorts the ports of the net written last and drops repetitions. */
static void
close_net(struct layout *l)
{
	struct image_net *net = section(l->h, &l->h->nets);
	struct image_port *port = section(l->h, &l->h->ports);
	uint32_t kept = 0;

	if (l->nets == 0)
		return;
	net += l->nets - 1;
	port += net->first_port;
	net->port_count = l->ports - net->first_port;
	if (net->port_count > 0)
		qsort(port, net->port_count, sizeof(*port), compare_ports);
	for (uint32_t i = 0; i < net->port_count; i++)
		if (kept == 0 || compare_ports(&port[kept - 1], &port[i]) != 0)
			port[kept++] = port[i];
	memset(port + kept, 0, (net->port_count - kept) * sizeof(*port));
	net->port_count = kept;
	l->ports = net->first_port + kept;
}

static void
put_net(struct layout *l, const struct draft *d)
{
	struct image_net *net = section(l->h, &l->h->nets);
	uint64_t length = (uint64_t)1 << d->client.bits % 64;

	close_net(l);
	net += l->nets++;
	net->net = d->client;
	net->interface = d->interface;
	net->first_port = l->ports;
	net->first_list = l->entries;
	if (d->client.addr.family == 4)
		l->h->lengths4 |= length;
	else
		l->h->lengths6[d->client.bits / 64] |= length;
}

/* The length byte stands before it. */
static uint32_t
put_name(struct layout *l, const uint8_t *name)
{
	uint8_t *names = section(l->h, &l->h->names);
	uint32_t at = l->names;

	memcpy(names + at, name, name[0] + 1U);
	l->names += name[0] + 1U;
	return at;
}

static void
put_entry(struct layout *l, const struct draft *d)
{
	struct image_entry *entry = section(l->h, &l->h->entries);
	struct image_net *net = section(l->h, &l->h->nets);

	entry += l->entries++;
	entry->net = l->nets - 1;
	entry->name = put_name(l, draft_name(l->b, d));
	entry->list = draft_is_of_list(d) ? d->list : IMAGE_NONE;
	net[entry->net].list_count += draft_is_of_list(d);
}

static void
put_lists(struct layout *l, const struct named_lists *lists)
{
	struct image_list *list = section(l->h, &l->h->lists);

	for (uint16_t i = 0; i < lists->count; i++) {
		const struct named_list *from = &lists->at[i];
		uint8_t name[1 + NAME_MAX_WIRE];

		name[0] = from->name.len;
		memcpy(name + 1, from->name.wire, from->name.len);
		list[i] = (struct image_list){ .name = put_name(l, name),
					       .file = from->file,
					       .line = from->line,
					       .column = from->column };
	}
}

static void
put_rule(struct layout *l, const struct draft *d)
{
	struct image_entry *entry = section(l->h, &l->h->entries);
	struct image_rule *rule = section(l->h, &l->h->rules);
	struct image_port *port = section(l->h, &l->h->ports);
	uint8_t kind = d->rule.kind;

	entry += l->entries - 1;
	if (entry->count[kind]++ == 0)
		entry->first[kind] = l->rules;
	rule += l->rules++;
	memcpy(rule, &d->rule, sizeof(*rule));
	rule->net = l->nets - 1;
	rule->name = entry->name;
	if (rule->arrow == ARROW_GRANT)
		port[l->ports++] =
		    (struct image_port){ .protocol = rule->protocol,
					 .port = rule->port };
}

static void
put_all(struct layout *l)
{
	for (size_t i = 0; i < l->b->count; i++) {
		const struct draft *d = &l->b->draft[i];
		bool new_net = i == 0 || !same_net(d, d - 1);

		if (new_net)
			put_net(l, d);
		if (new_net || !same_name(l->b, d, d - 1))
			put_entry(l, d);
		put_rule(l, d);
	}
	close_net(l);
	l->h->ports.count = l->ports;
}

static void
fill_slots(struct image_head *h)
{
	struct image_slot *net_slots = section(h, &h->net_slots);
	struct image_slot *entry_slots = section(h, &h->entry_slots);

	memset(net_slots, 0xff, h->net_slots.count * sizeof(*net_slots));
	memset(entry_slots, 0xff, h->entry_slots.count * sizeof(*entry_slots));
	for (uint32_t i = 0; i < h->nets.count; i++)
		table_put(net_slots, h->net_slots.count,
			  table_net_hash(h, &image_nets(h)[i].net), i);
	for (uint32_t i = 0; i < h->entries.count; i++) {
		const struct image_entry *e = &image_entries(h)[i];
		const uint8_t *name = image_name(h, e->name);
		struct suffix s = table_suffix(h, name + 1, name[0]);

		if (e->list != IMAGE_NONE)
			continue;
		table_put(entry_slots, h->entry_slots.count,
			  table_entry_hash(&s, e->net), i);
	}
}

static void
find_parents(struct image_head *h)
{
	struct image_net *nets = section(h, &h->nets);

	/* The same net stands together, whatever its interfaces, and the table
	 * finds the first of it. */
	for (uint32_t i = 0; i < h->nets.count; i++) {
		bool next_is_same = i + 1 < h->nets.count &&
				    memcmp(&nets[i].net, &nets[i + 1].net,
					   sizeof(nets[i].net)) == 0;

		nets[i].parent =
		    next_is_same ? i + 1
				 : table_longest_net(h, &nets[i].net.addr,
						     nets[i].net.bits - 1);
	}
}

static int
compare_identities(const void *one, const void *other, void *head)
{
	const struct image_rule *rules = image_rules(head);
	uint64_t a = rules[*(const uint32_t *)one].identity;
	uint64_t b = rules[*(const uint32_t *)other].identity;

	return (a > b) - (a < b);
}

static void
sort_identities(struct image_head *h)
{
	uint32_t *identities = section(h, &h->identities);

	for (uint32_t i = 0; i < h->identities.count; i++)
		identities[i] = i;
	if (h->identities.count > 0)
		qsort_r(identities, h->identities.count, sizeof(*identities),
			compare_identities, h);
}

enum err
layout_image(struct build *b, const struct layout_matter *matter,
	     void **image_out, size_t *size_out)
{
	struct image_head head = { .magic = IMAGE_MAGIC,
				   .version = IMAGE_VERSION };
	struct layout l = { .b = b };
	struct random random;

	random_init(&random);
	head.follows_own = matter->follows_own;
	head.key.k0 = random_u64(&random);
	head.key.k1 = random_u64(&random);
	count_sections(b, &head);
	count_lists(matter->lists, &head);
	if (b->count > UINT32_MAX / 4 ||
	    place_sections(&head, matter) != ERR_NONE)
		return ERR_FULL;
	l.h = calloc(1, head.size);
	if (!l.h)
		return ERR_FULL;
	*l.h = head;
	memcpy(section(l.h, &head.files), matter->files, head.files.count);
	memcpy(section(l.h, &head.interfaces), matter->interfaces->name,
	       head.interfaces.count * sizeof(struct image_interface));
	put_all(&l);
	put_lists(&l, matter->lists);
	fill_slots(l.h);
	find_parents(l.h);
	sort_identities(l.h);
	*image_out = l.h;
	*size_out = head.size;
	return ERR_NONE;
}
