/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of ipset, spelled with libmnl.
 *
 * Used by ipset.c alone. It promises never to write a timeout of 0, which
 * the kernel takes for "for ever", and to read nothing outside the message
 * it is given. Source: linux/netfilter/ipset/ip_set.h and, for what the
 * kernel makes of it, net/netfilter/ipset/ip_set_core.c.
 */
#include "firewall/ipset_message.h"

#include <arpa/inet.h>
#include <assert.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "base/text.h"
#include "firewall/ipset_attr.h"

enum { HASHSIZE_MIN = 64 };

const char *
ipset_type_of(enum set_index set)
{
	return set_is_local(set) ? "hash:ip,port" : "hash:ip,port,ip";
}

static enum err
put_name(const char *prefix, const char *suffix, char out[IPSET_MAXNAMELEN])
{
	struct text t;

	text_init(&t, out, IPSET_MAXNAMELEN);
	text_str(&t, prefix);
	text_str(&t, suffix);
	return t.cut ? ERR_RANGE : ERR_NONE;
}

enum err
ipset_name(enum set_index set, const char *prefix, char out[IPSET_MAXNAMELEN])
{
	static const char *const suffix[SET_COUNT] = {
		[SET_V4] = "-ipv4-allow",
		[SET_V6] = "-ipv6-allow",
		[SET_V4_LOCAL] = "-ipv4-allow-local",
		[SET_V6_LOCAL] = "-ipv6-allow-local",
	};

	return put_name(prefix, suffix[set], out);
}

enum err
ipset_copy_name(enum set_index set, const char *prefix,
		char out[IPSET_MAXNAMELEN])
{
	static const char *const suffix[SET_COUNT] = {
		[SET_V4] = "-ipv4-copy",
		[SET_V6] = "-ipv6-copy",
		[SET_V4_LOCAL] = "-ipv4-copy-local",
		[SET_V6_LOCAL] = "-ipv6-copy-local",
	};

	return put_name(prefix, suffix[set], out);
}

/* ---- writing ------------------------------------------------------------ */

/* In hash:ip,port,ip the client is the first address; in hash:ip,port there
 * is only the destination. */
static void
put_key(struct nlmsghdr *m, const struct ledger_key *key)
{
	if (set_is_local(key->set)) {
		ipset_put_addr(m, IPSET_ATTR_IP, &key->destination);
	} else {
		ipset_put_addr(m, IPSET_ATTR_IP, &key->client);
		ipset_put_addr(m, IPSET_ATTR_IP2, &key->destination);
	}
	mnl_attr_put_u16(m, IPSET_ATTR_PORT | NLA_F_NET_BYTEORDER,
			 htons(key->port));
	mnl_attr_put_u8(m, IPSET_ATTR_PROTO, key->protocol);
}

struct nlmsghdr *
ipset_ask_protocol(struct ipset_paper *p)
{
	return ipset_begin(p, IPSET_CMD_PROTOCOL, 0);
}

struct nlmsghdr *
ipset_ask_type(struct ipset_paper *p, const char *type, uint8_t family)
{
	struct nlmsghdr *m = ipset_begin(p, IPSET_CMD_TYPE, 0);

	mnl_attr_put_strz(m, IPSET_ATTR_TYPENAME, type);
	mnl_attr_put_u8(m, IPSET_ATTR_FAMILY, ipset_family(family));
	return m;
}

/* Half as many buckets as entries: a bucket holds twelve, so that the table
 * practically never has to be doubled, which would stall the kernel. */
static uint32_t
hashsize_for(uint32_t size)
{
	uint32_t n = HASHSIZE_MIN;

	while (n < size / 2 && n < 1u << 30)
		n *= 2;
	return n;
}

struct nlmsghdr *
ipset_create(struct ipset_paper *p, const struct ipset_shape *shape)
{
	struct nlmsghdr *m =
	    ipset_begin(p, IPSET_CMD_CREATE, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *data;

	mnl_attr_put_strz(m, IPSET_ATTR_SETNAME, shape->name);
	mnl_attr_put_strz(m, IPSET_ATTR_TYPENAME, shape->type);
	mnl_attr_put_u8(m, IPSET_ATTR_REVISION, shape->revision);
	mnl_attr_put_u8(m, IPSET_ATTR_FAMILY, ipset_family(shape->family));
	data = mnl_attr_nest_start(m, IPSET_ATTR_DATA);
	if (!shape->lasting)
		ipset_put_u32(m, IPSET_ATTR_TIMEOUT, BACKEND_DEFAULT_TIMEOUT);
	ipset_put_u32(m, IPSET_ATTR_HASHSIZE, hashsize_for(shape->size));
	ipset_put_u32(m, IPSET_ATTR_MAXELEM, shape->size);
	mnl_attr_nest_end(m, data);
	return m;
}

struct nlmsghdr *
ipset_command(struct ipset_paper *p, enum ipset_cmd cmd, const char *name,
	      const char *second)
{
	struct nlmsghdr *m = ipset_begin(p, cmd, 0);

	mnl_attr_put_strz(m, IPSET_ATTR_SETNAME, name);
	if (second != NULL)
		mnl_attr_put_strz(m, IPSET_ATTR_SETNAME2, second);
	return m;
}

struct nlmsghdr *
ipset_list(struct ipset_paper *p, const char *name, bool header_only)
{
	struct nlmsghdr *m = ipset_begin(p, IPSET_CMD_LIST, NLM_F_DUMP);

	mnl_attr_put_strz(m, IPSET_ATTR_SETNAME, name);
	if (header_only)
		ipset_put_u32(m, IPSET_ATTR_FLAGS, IPSET_FLAG_LIST_HEADER);
	return m;
}

static void
put_entry(struct nlmsghdr *m, enum ipset_cmd cmd,
	  const struct backend_entry *entry, unsigned line)
{
	struct nlattr *data = mnl_attr_nest_start(m, IPSET_ATTR_DATA);

	put_key(m, &entry->key);
	if (cmd == IPSET_CMD_ADD) {
		assert(entry->timeout_s >= 1 &&
		       entry->timeout_s <= BACKEND_MAX_TIMEOUT);
		ipset_put_u32(m, IPSET_ATTR_TIMEOUT, entry->timeout_s);
	}
	if (line > 0)
		mnl_attr_put_u32(m, IPSET_ATTR_LINENO, line);
	mnl_attr_nest_end(m, data);
}

struct nlmsghdr *
ipset_change(struct ipset_paper *p, enum ipset_cmd cmd,
	     const struct ipset_change *change)
{
	struct nlmsghdr *m = ipset_begin(p, cmd, 0);
	struct nlattr *adt;

	assert(change->count >= 1 && change->count <= BACKEND_BATCH);
	mnl_attr_put_strz(m, IPSET_ATTR_SETNAME, change->name);
	/* The kernel writes the failing line here in its copy. */
	mnl_attr_put_u32(m, IPSET_ATTR_LINENO, 0);
	adt = mnl_attr_nest_start(m, IPSET_ATTR_ADT);
	for (unsigned i = 0; i < change->count; i++)
		put_entry(m, cmd, &change->entry[i], i + 1);
	mnl_attr_nest_end(m, adt);
	assert(m->nlmsg_len <= sizeof(p->bytes));
	return m;
}

struct nlmsghdr *
ipset_test(struct ipset_paper *p, const struct ipset_change *change)
{
	struct nlmsghdr *m = ipset_begin(p, IPSET_CMD_TEST, 0);

	mnl_attr_put_strz(m, IPSET_ATTR_SETNAME, change->name);
	put_entry(m, IPSET_CMD_TEST, &change->entry[0], 0);
	return m;
}

/* ---- reading ------------------------------------------------------------ */

static void
get_word(const struct nlattr *a, char out[IPSET_MAXNAMELEN])
{
	size_t len = a != NULL ? mnl_attr_get_payload_len(a) : 0;

	memset(out, 0, IPSET_MAXNAMELEN);
	if (len >= IPSET_MAXNAMELEN)
		len = IPSET_MAXNAMELEN - 1;
	if (len > 0)
		memcpy(out, mnl_attr_get_payload(a), len);
}

static uint8_t
our_family(uint8_t family)
{
	if (family == AF_INET)
		return 4;
	return family == AF_INET6 ? 6 : 0;
}

void
ipset_read_header(const struct nlmsghdr *m, struct ipset_header *out)
{
	struct ipset_attrs top, data = { 0 };

	*out = (struct ipset_header){ 0 };
	ipset_read_top(m, &top);
	get_word(top.at[IPSET_ATTR_SETNAME], out->name);
	get_word(top.at[IPSET_ATTR_TYPENAME], out->type);
	out->family = our_family(ipset_u8(top.at[IPSET_ATTR_FAMILY]));
	out->revision = ipset_u8(top.at[IPSET_ATTR_REVISION]);
	out->protocol = ipset_u8(top.at[IPSET_ATTR_PROTOCOL]);
	out->protocol_min = ipset_u8(top.at[IPSET_ATTR_PROTOCOL_MIN]);
	if (top.at[IPSET_ATTR_DATA] == NULL)
		return;
	ipset_read_nest(top.at[IPSET_ATTR_DATA], &data);
	out->has_timeout = data.at[IPSET_ATTR_TIMEOUT] != NULL;
	out->has_trap = data.at[IPSET_ATTR_NETMASK] != NULL ||
			(ntohl(ipset_u32(data.at[IPSET_ATTR_CADT_FLAGS])) &
			 IPSET_FLAG_WITH_FORCEADD) != 0;
	out->references = ntohl(ipset_u32(data.at[IPSET_ATTR_REFERENCES]));
	out->entries = ntohl(ipset_u32(data.at[IPSET_ATTR_ELEMENTS]));
	out->maxelem = ntohl(ipset_u32(data.at[IPSET_ATTR_MAXELEM]));
}

bool
ipset_is_usable(const struct ipset_header *h, enum set_index set)
{
	return strcmp(h->type, ipset_type_of(set)) == 0 &&
	       h->family == set_family(set) && h->has_timeout && !h->has_trap;
}

uint32_t
ipset_read_line(const struct nlmsghdr *copy)
{
	struct ipset_attrs top;

	if (copy == NULL)
		return 0;
	ipset_read_top(copy, &top);
	return ipset_u32(top.at[IPSET_ATTR_LINENO]);
}

static bool
read_entry(const struct nlattr *nest, enum set_index set,
	   struct backend_entry *out)
{
	struct ledger_key *key = &out->key;
	struct ipset_attrs in;

	*out = (struct backend_entry){ .key.set = (uint8_t)set };
	ipset_read_nest(nest, &in);
	if (set_is_local(set)) {
		if (!ipset_addr(in.at[IPSET_ATTR_IP], &key->destination))
			return false;
	} else if (!ipset_addr(in.at[IPSET_ATTR_IP], &key->client) ||
		   !ipset_addr(in.at[IPSET_ATTR_IP2], &key->destination)) {
		return false;
	}
	key->port = ipset_be16(in.at[IPSET_ATTR_PORT]);
	key->protocol = ipset_u8(in.at[IPSET_ATTR_PROTO]);
	out->timeout_s = ntohl(ipset_u32(in.at[IPSET_ATTR_TIMEOUT]));
	return key->destination.family == set_family(set);
}

struct walk {
	enum set_index set;
	unsigned strange;
	backend_entry_fn *each;
	void *arg;
};

static int
on_entry(const struct nlattr *attr, void *arg)
{
	struct walk *w = arg;
	struct backend_entry entry;

	if (mnl_attr_get_type(attr) != IPSET_ATTR_DATA)
		return MNL_CB_OK;
	if (read_entry(attr, w->set, &entry))
		w->each(w->arg, &entry);
	else
		w->strange++;
	return MNL_CB_OK;
}

unsigned
ipset_read_entries(const struct nlmsghdr *m, enum set_index set,
		   backend_entry_fn *each, void *arg)
{
	struct walk w = { .set = set, .each = each, .arg = arg };
	struct ipset_attrs top;

	ipset_read_top(m, &top);
	if (top.at[IPSET_ATTR_ADT] != NULL)
		mnl_attr_parse_nested(top.at[IPSET_ATTR_ADT], on_entry, &w);
	return w.strange;
}
