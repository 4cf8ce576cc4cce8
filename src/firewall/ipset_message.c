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

enum { ATTR_MAX = 32, HASHSIZE_MIN = 64 };

struct attrs {
	const struct nlattr *at[ATTR_MAX];
};

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

static struct nlmsghdr *
begin(struct ipset_paper *p, enum ipset_cmd cmd, uint16_t flags)
{
	struct nlmsghdr *m;
	struct nfgenmsg *g;

	/* What pads an attribute shall not be what was written before. */
	memset(p->bytes, 0, sizeof(p->bytes));
	m = mnl_nlmsg_put_header(p->bytes);
	m->nlmsg_type = (uint16_t)(NFNL_SUBSYS_IPSET << 8 | cmd);
	m->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	g = mnl_nlmsg_put_extra_header(m, sizeof(*g));
	g->nfgen_family = AF_INET;
	g->version = NFNETLINK_V0;
	g->res_id = 0;
	mnl_attr_put_u8(m, IPSET_ATTR_PROTOCOL, p->protocol);
	return m;
}

static uint8_t
kernel_family(uint8_t family)
{
	return family == 4 ? AF_INET : AF_INET6;
}

static void
put_u32(struct nlmsghdr *m, uint16_t attr, uint32_t value)
{
	mnl_attr_put_u32(m, attr | NLA_F_NET_BYTEORDER, htonl(value));
}

static void
put_addr(struct nlmsghdr *m, uint16_t attr, const struct addr *a)
{
	struct nlattr *nest = mnl_attr_nest_start(m, attr);

	if (a->family == 4)
		mnl_attr_put(m, IPSET_ATTR_IPADDR_IPV4 | NLA_F_NET_BYTEORDER, 4,
			     a->byte);
	else
		mnl_attr_put(m, IPSET_ATTR_IPADDR_IPV6 | NLA_F_NET_BYTEORDER,
			     16, a->byte);
	mnl_attr_nest_end(m, nest);
}

/* In hash:ip,port,ip the client is the first address; in hash:ip,port there
 * is only the destination. */
static void
put_key(struct nlmsghdr *m, const struct ledger_key *key)
{
	if (set_is_local(key->set)) {
		put_addr(m, IPSET_ATTR_IP, &key->destination);
	} else {
		put_addr(m, IPSET_ATTR_IP, &key->client);
		put_addr(m, IPSET_ATTR_IP2, &key->destination);
	}
	mnl_attr_put_u16(m, IPSET_ATTR_PORT | NLA_F_NET_BYTEORDER,
			 htons(key->port));
	mnl_attr_put_u8(m, IPSET_ATTR_PROTO, key->protocol);
}

struct nlmsghdr *
ipset_ask_protocol(struct ipset_paper *p)
{
	return begin(p, IPSET_CMD_PROTOCOL, 0);
}

struct nlmsghdr *
ipset_ask_type(struct ipset_paper *p, const char *type, uint8_t family)
{
	struct nlmsghdr *m = begin(p, IPSET_CMD_TYPE, 0);

	mnl_attr_put_strz(m, IPSET_ATTR_TYPENAME, type);
	mnl_attr_put_u8(m, IPSET_ATTR_FAMILY, kernel_family(family));
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
	    begin(p, IPSET_CMD_CREATE, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *data;

	mnl_attr_put_strz(m, IPSET_ATTR_SETNAME, shape->name);
	mnl_attr_put_strz(m, IPSET_ATTR_TYPENAME, shape->type);
	mnl_attr_put_u8(m, IPSET_ATTR_REVISION, shape->revision);
	mnl_attr_put_u8(m, IPSET_ATTR_FAMILY, kernel_family(shape->family));
	data = mnl_attr_nest_start(m, IPSET_ATTR_DATA);
	put_u32(m, IPSET_ATTR_TIMEOUT, BACKEND_DEFAULT_TIMEOUT);
	put_u32(m, IPSET_ATTR_HASHSIZE, hashsize_for(shape->size));
	put_u32(m, IPSET_ATTR_MAXELEM, shape->size);
	mnl_attr_nest_end(m, data);
	return m;
}

struct nlmsghdr *
ipset_command(struct ipset_paper *p, enum ipset_cmd cmd, const char *name,
	      const char *second)
{
	struct nlmsghdr *m = begin(p, cmd, 0);

	mnl_attr_put_strz(m, IPSET_ATTR_SETNAME, name);
	if (second != NULL)
		mnl_attr_put_strz(m, IPSET_ATTR_SETNAME2, second);
	return m;
}

struct nlmsghdr *
ipset_list(struct ipset_paper *p, const char *name, bool header_only)
{
	struct nlmsghdr *m = begin(p, IPSET_CMD_LIST, NLM_F_DUMP);

	mnl_attr_put_strz(m, IPSET_ATTR_SETNAME, name);
	if (header_only)
		put_u32(m, IPSET_ATTR_FLAGS, IPSET_FLAG_LIST_HEADER);
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
		put_u32(m, IPSET_ATTR_TIMEOUT, entry->timeout_s);
	}
	if (line > 0)
		mnl_attr_put_u32(m, IPSET_ATTR_LINENO, line);
	mnl_attr_nest_end(m, data);
}

struct nlmsghdr *
ipset_change(struct ipset_paper *p, enum ipset_cmd cmd,
	     const struct ipset_change *change)
{
	struct nlmsghdr *m = begin(p, cmd, 0);
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
	struct nlmsghdr *m = begin(p, IPSET_CMD_TEST, 0);

	mnl_attr_put_strz(m, IPSET_ATTR_SETNAME, change->name);
	put_entry(m, IPSET_CMD_TEST, &change->entry[0], 0);
	return m;
}

/* ---- reading ------------------------------------------------------------ */

static int
keep(const struct nlattr *attr, void *arg)
{
	struct attrs *a = arg;
	uint16_t type = mnl_attr_get_type(attr);

	if (type < ATTR_MAX)
		a->at[type] = attr;
	return MNL_CB_OK;
}

static void
read_top(const struct nlmsghdr *m, struct attrs *out)
{
	*out = (struct attrs){ 0 };
	if (mnl_nlmsg_get_payload_len(m) >= sizeof(struct nfgenmsg))
		mnl_attr_parse(m, sizeof(struct nfgenmsg), keep, out);
}

static void
read_nest(const struct nlattr *nest, struct attrs *out)
{
	*out = (struct attrs){ 0 };
	mnl_attr_parse_nested(nest, keep, out);
}

static uint8_t
get_u8(const struct nlattr *a)
{
	return a != NULL && mnl_attr_get_payload_len(a) >= 1
		   ? *(const uint8_t *)mnl_attr_get_payload(a)
		   : 0;
}

static uint16_t
get_be16(const struct nlattr *a)
{
	uint16_t value = 0;

	if (a != NULL && mnl_attr_get_payload_len(a) >= sizeof(value))
		memcpy(&value, mnl_attr_get_payload(a), sizeof(value));
	return ntohs(value);
}

static uint32_t
get_u32(const struct nlattr *a)
{
	uint32_t value = 0;

	if (a != NULL && mnl_attr_get_payload_len(a) >= sizeof(value))
		memcpy(&value, mnl_attr_get_payload(a), sizeof(value));
	return value;
}

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

static bool
get_addr(const struct nlattr *a, struct addr *out)
{
	struct attrs in;
	const struct nlattr *v4, *v6;

	if (a == NULL)
		return false;
	read_nest(a, &in);
	v4 = in.at[IPSET_ATTR_IPADDR_IPV4];
	v6 = in.at[IPSET_ATTR_IPADDR_IPV6];
	if (v4 != NULL && mnl_attr_get_payload_len(v4) == 4)
		addr_from_v4(mnl_attr_get_payload(v4), out);
	else if (v6 != NULL && mnl_attr_get_payload_len(v6) == 16)
		addr_from_v6(mnl_attr_get_payload(v6), out);
	else
		return false;
	return true;
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
	struct attrs top, data = { 0 };

	*out = (struct ipset_header){ 0 };
	read_top(m, &top);
	get_word(top.at[IPSET_ATTR_SETNAME], out->name);
	get_word(top.at[IPSET_ATTR_TYPENAME], out->type);
	out->family = our_family(get_u8(top.at[IPSET_ATTR_FAMILY]));
	out->revision = get_u8(top.at[IPSET_ATTR_REVISION]);
	out->protocol = get_u8(top.at[IPSET_ATTR_PROTOCOL]);
	out->protocol_min = get_u8(top.at[IPSET_ATTR_PROTOCOL_MIN]);
	if (top.at[IPSET_ATTR_DATA] == NULL)
		return;
	read_nest(top.at[IPSET_ATTR_DATA], &data);
	out->has_timeout = data.at[IPSET_ATTR_TIMEOUT] != NULL;
	out->has_trap = data.at[IPSET_ATTR_NETMASK] != NULL ||
			(ntohl(get_u32(data.at[IPSET_ATTR_CADT_FLAGS])) &
			 IPSET_FLAG_WITH_FORCEADD) != 0;
	out->references = ntohl(get_u32(data.at[IPSET_ATTR_REFERENCES]));
	out->entries = ntohl(get_u32(data.at[IPSET_ATTR_ELEMENTS]));
	out->maxelem = ntohl(get_u32(data.at[IPSET_ATTR_MAXELEM]));
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
	struct attrs top;

	if (copy == NULL)
		return 0;
	read_top(copy, &top);
	return get_u32(top.at[IPSET_ATTR_LINENO]);
}

static bool
read_entry(const struct nlattr *nest, enum set_index set,
	   struct backend_entry *out)
{
	struct ledger_key *key = &out->key;
	struct attrs in;

	*out = (struct backend_entry){ .key.set = (uint8_t)set };
	read_nest(nest, &in);
	if (set_is_local(set)) {
		if (!get_addr(in.at[IPSET_ATTR_IP], &key->destination))
			return false;
	} else if (!get_addr(in.at[IPSET_ATTR_IP], &key->client) ||
		   !get_addr(in.at[IPSET_ATTR_IP2], &key->destination)) {
		return false;
	}
	key->port = get_be16(in.at[IPSET_ATTR_PORT]);
	key->protocol = get_u8(in.at[IPSET_ATTR_PROTO]);
	out->timeout_s = ntohl(get_u32(in.at[IPSET_ATTR_TIMEOUT]));
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
	struct attrs top;

	read_top(m, &top);
	if (top.at[IPSET_ATTR_ADT] != NULL)
		mnl_attr_parse_nested(top.at[IPSET_ATTR_ADT], on_entry, &w);
	return w.strange;
}
