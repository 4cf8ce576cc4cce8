/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens a compiled policy, and believes nothing in it that it has not seen.
 *
 * The image was written by a process without power, but by one that reads
 * text; those who map it hold the firewall and the clients. So every offset,
 * index and name is checked here once, and the readers (match, print) may go
 * wherever the image leads. What the checks cannot tell is whether the policy
 * is the one that was meant; they keep its readers inside its bytes.
 */
#include "policy/image.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "policy/table.h"
#include "proc/role.h"
#include "wire/name.h"

static bool
section_is_inside(const struct image_head *h, const struct image_section *s,
		  size_t element)
{
	return s->at % 8 == 0 && s->at >= sizeof(*h) && s->at <= h->size &&
	       s->count <= (h->size - s->at) / element;
}

static bool
sections_are_inside(const struct image_head *h)
{
	return section_is_inside(h, &h->nets, sizeof(struct image_net)) &&
	       section_is_inside(h, &h->net_slots, sizeof(struct image_slot)) &&
	       section_is_inside(h, &h->entries, sizeof(struct image_entry)) &&
	       section_is_inside(h, &h->entry_slots,
				 sizeof(struct image_slot)) &&
	       section_is_inside(h, &h->rules, sizeof(struct image_rule)) &&
	       section_is_inside(h, &h->names, 1) &&
	       section_is_inside(h, &h->files, 1) &&
	       section_is_inside(h, &h->identities, sizeof(uint32_t)) &&
	       section_is_inside(h, &h->ports, sizeof(struct image_port)) &&
	       section_is_inside(h, &h->interfaces,
				 sizeof(struct image_interface)) &&
	       section_is_inside(h, &h->lists, sizeof(struct image_list));
}

static bool
run_is_inside(uint32_t first, uint32_t count, uint32_t of)
{
	return count <= of && first <= of - count;
}

static bool
net_is_sound(const struct net *n)
{
	struct addr masked = n->addr;

	if (n->addr.family != 4 && n->addr.family != 6)
		return false;
	if (n->bits > (n->addr.family == 4 ? 32 : 128))
		return false;
	addr_mask(&masked, n->bits);
	return addr_equal(&masked, &n->addr);
}

/* Parents stand further down, so that no walk over them can go in rings. */
static bool
nets_are_sound(const struct image_head *h)
{
	const struct image_net *nets = image_nets(h);

	for (uint32_t i = 0; i < h->nets.count; i++) {
		uint32_t parent = nets[i].parent;

		if (!net_is_sound(&nets[i].net) ||
		    nets[i].interface > h->interfaces.count ||
		    !run_is_inside(nets[i].first_port, nets[i].port_count,
				   h->ports.count) ||
		    !run_is_inside(nets[i].first_list, nets[i].list_count,
				   h->entries.count) ||
		    nets[i].list_count > IMAGE_MAX_LISTS)
			return false;
		if (parent == IMAGE_NONE)
			continue;
		if (parent <= i || parent >= h->nets.count ||
		    !addr_in_net(&nets[i].net.addr, &nets[parent].net))
			return false;
	}
	return true;
}

static bool
slots_are_sound(const struct image_head *h, const struct image_section *s,
		uint32_t limit)
{
	const struct image_slot *slots = image_at(h, s);
	uint32_t taken = 0;

	if (s->count == 0 || (s->count & (s->count - 1)) != 0)
		return false;
	for (uint32_t i = 0; i < s->count; i++) {
		taken += slots[i].index != IMAGE_NONE;
		if (slots[i].index != IMAGE_NONE && slots[i].index >= limit)
			return false;
	}
	/* A search ends at a free one. */
	return taken <= s->count / 2;
}

/* A length byte, then labels of 1 to 63 bytes in lower case up to the root
 * label, which is the last of them. */
static bool
name_is_sound(const struct image_head *h, uint32_t name)
{
	const uint8_t *wire;
	size_t at = 0;
	uint8_t len;

	if (name >= h->names.count)
		return false;
	len = image_name(h, name)[0];
	wire = image_name(h, name) + 1;
	if (len == 0 || len > h->names.count - name - 1)
		return false;
	while (at < len && wire[at] != 0) {
		size_t end = at + 1 + wire[at];

		if (wire[at] > LABEL_MAX || end >= len)
			return false;
		while (++at < end)
			if (wire[at] != name_fold(wire[at]))
				return false;
	}
	return at == len - 1U;
}

/* One label of what names of lists are made of. */
static bool
list_name_is_sound(const struct image_head *h, uint32_t name)
{
	const uint8_t *n;

	if (!name_is_sound(h, name))
		return false;
	n = image_name(h, name);
	return n[0] == n[1] + 2U &&
	       list_name_is_good((const char *)n + 2, n[1]);
}

static bool
lists_are_sound(const struct image_head *h)
{
	const struct image_list *l = image_lists(h);

	if (h->lists.count > IMAGE_MAX_LISTS)
		return false;
	for (uint32_t i = 0; i < h->lists.count; i++)
		if (!list_name_is_sound(h, l[i].name) ||
		    l[i].file >= h->files.count)
			return false;
	return true;
}

static bool
entries_are_sound(const struct image_head *h)
{
	const struct image_entry *e = image_entries(h);

	for (uint32_t i = 0; i < h->entries.count; i++) {
		if (e[i].net >= h->nets.count || !name_is_sound(h, e[i].name))
			return false;
		if (e[i].list != IMAGE_NONE && (e[i].list >= h->lists.count ||
						e[i].count[DOMAIN_LIST] == 0))
			return false;
		for (int kind = 0; kind < DOMAIN_KINDS; kind++)
			if (!run_is_inside(e[i].first[kind], e[i].count[kind],
					   h->rules.count))
				return false;
	}
	return true;
}

/* What a net's run holds are lists. */
static bool
runs_of_lists_are_sound(const struct image_head *h)
{
	const struct image_net *nets = image_nets(h);

	for (uint32_t i = 0; i < h->nets.count; i++) {
		const struct image_entry *e =
		    image_entries(h) + nets[i].first_list;

		for (uint32_t k = 0; k < nets[i].list_count; k++)
			if (e[k].list == IMAGE_NONE)
				return false;
	}
	return true;
}

bool
protocol_is_known(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
	       protocol == IPPROTO_SCTP || protocol == IPPROTO_ICMP ||
	       protocol == IPPROTO_ICMPV6;
}

static bool
deed_is_sound(const struct image_rule *r)
{
	if (r->arrow > ARROW_BLOCK || r->kind >= DOMAIN_KINDS ||
	    r->block > BLOCK_DROP ||
	    r->has_answer4 > 1 || r->has_answer6 > 1)
		return false;
	if ((r->arrow != ARROW_BLOCK || r->block != BLOCK_REFUSED) &&
	    (r->has_answer4 || r->has_answer6))
		return false;
	if (r->arrow != ARROW_BLOCK && r->block != BLOCK_REFUSED)
		return false;
	if (r->arrow != ARROW_GRANT)
		return r->protocol == 0 && r->port == 0;
	return protocol_is_known(r->protocol) && r->port != 0;
}

static bool
rules_are_sound(const struct image_head *h)
{
	const struct image_rule *r = image_rules(h);
	const char *files = image_at(h, &h->files);

	if (h->files.count == 0 || files[h->files.count - 1] != '\0')
		return false;
	for (uint32_t i = 0; i < h->rules.count; i++) {
		if (r[i].net >= h->nets.count || !name_is_sound(h, r[i].name))
			return false;
		if (r[i].file >= h->files.count || !deed_is_sound(&r[i]))
			return false;
		if (image_name(h, r[i].name)[0] == 1 &&
		    r[i].kind != DOMAIN_TREE)
			return false;
		if (r[i].kind == DOMAIN_LIST &&
		    !list_name_is_sound(h, r[i].name))
			return false;
	}
	return true;
}

static bool
interfaces_are_sound(const struct image_head *h)
{
	const struct image_interface *i = image_interfaces(h);

	if (h->interfaces.count > IMAGE_MAX_INTERFACES)
		return false;
	for (uint32_t n = 0; n < h->interfaces.count; n++)
		if (i[n].name[IMAGE_INTERFACE_SIZE - 1] != '\0')
			return false;
	return true;
}

static bool
identities_are_sound(const struct image_head *h)
{
	const uint32_t *identities = image_identities(h);

	if (h->identities.count != h->rules.count)
		return false;
	for (uint32_t i = 0; i < h->identities.count; i++)
		if (identities[i] >= h->rules.count)
			return false;
	return true;
}

enum err
policy_view(const void *image, size_t size, uint32_t generation,
	    struct policy *out)
{
	const struct image_head *h = image;

	if (size < sizeof(*h) || h->magic != IMAGE_MAGIC ||
	    h->version != IMAGE_VERSION || h->size > size ||
	    h->size % 8 != 0)
		return ERR_IMAGE;
	if (!sections_are_inside(h) || !interfaces_are_sound(h) ||
	    !nets_are_sound(h) ||
	    !slots_are_sound(h, &h->net_slots, h->nets.count) ||
	    !slots_are_sound(h, &h->entry_slots, h->entries.count) ||
	    !lists_are_sound(h) || !entries_are_sound(h) ||
	    !runs_of_lists_are_sound(h) || !rules_are_sound(h) ||
	    !identities_are_sound(h))
		return ERR_IMAGE;
	*out = (struct policy){ .head = h,
				.size = size,
				.generation = generation,
				.behind = (const char *)image + h->size,
				.behind_size = size - h->size };
	return ERR_NONE;
}

enum err
policy_open(int fd, uint32_t generation, struct policy *out)
{
	struct stat st;
	void *image;
	size_t size;
	enum err err;

	if (fstat(fd, &st) == -1)
		return ERR_SYSTEM;
	size = (size_t)st.st_size;
	if (size < sizeof(struct image_head))
		return ERR_IMAGE;
	image = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (image == MAP_FAILED)
		return ERR_SYSTEM;
	err = policy_view(image, size, generation, out);
	if (err != ERR_NONE)
		munmap(image, size);
	return err;
}

void
policy_close(struct policy *p)
{
	if (p->head)
		munmap((void *)(uintptr_t)p->head, p->size);
	p->head = NULL;
}

void
policy_find_interfaces(struct policy *p, const struct own_addresses *own)
{
	const struct image_interface *i = image_interfaces(p->head);

	for (uint32_t n = 0; n < p->head->interfaces.count; n++)
		p->ifindex[n] = own_ifindex(own, i[n].name);
}
