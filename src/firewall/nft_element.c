/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Elements, written and read with libmnl: this is what is done for every
 * grant, and nothing is allocated for it.
 *
 * It promises never to write an element without an end: a timeout of 0 would
 * stay for ever.
 */
#include "firewall/nft_element.h"

#include <assert.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

enum { WORD = 4, KEY_MAX = 40 };

/* ---- keys --------------------------------------------------------------- */

static uint32_t
address_len(enum set_index set)
{
	return set_family(set) == 4 ? 4 : 16;
}

uint32_t
nft_key_len(enum set_index set)
{
	uint32_t addresses = set_is_local(set) ? 1 : 2;

	return addresses * address_len(set) + 2 * WORD;
}

uint32_t
nft_key_type(enum set_index set)
{
	uint32_t address = set_family(set) == 4 ? NFT_TYPE_IPV4 : NFT_TYPE_IPV6;
	uint32_t type = set_is_local(set) ? 0 : address;

	type = type << NFT_TYPE_BITS | NFT_TYPE_PROTOCOL;
	type = type << NFT_TYPE_BITS | NFT_TYPE_SERVICE;
	return type << NFT_TYPE_BITS | address;
}

static size_t
write_key(const struct ledger_key *key, uint8_t out[KEY_MAX])
{
	uint32_t len = address_len(key->set);
	uint8_t *at = out;

	memset(out, 0, KEY_MAX);
	if (!set_is_local(key->set)) {
		memcpy(at, key->client.byte, len);
		at += len;
	}
	at[0] = key->protocol;
	at += WORD;
	at[0] = (uint8_t)(key->port >> 8);
	at[1] = (uint8_t)key->port;
	at += WORD;
	memcpy(at, key->destination.byte, len);
	return (size_t)(at - out) + len;
}

static void
read_address(const uint8_t *at, enum set_index set, struct addr *out)
{
	if (set_family(set) == 4)
		addr_from_v4(at, out);
	else
		addr_from_v6(at, out);
}

static bool
read_key(const struct nlattr *a, enum set_index set, struct ledger_key *out)
{
	const uint8_t *at = mnl_attr_get_payload(a);

	if (mnl_attr_get_payload_len(a) != nft_key_len(set))
		return false;
	*out = (struct ledger_key){ .set = (uint8_t)set };
	if (!set_is_local(set)) {
		read_address(at, set, &out->client);
		at += address_len(set);
	}
	out->protocol = at[0];
	at += WORD;
	out->port = (uint16_t)(at[0] << 8 | at[1]);
	read_address(at + WORD, set, &out->destination);
	return true;
}

/* ---- written ------------------------------------------------------------ */

static void
put_time(struct nlmsghdr *m, uint16_t type, uint32_t seconds)
{
	mnl_attr_put_u64(m, type, htobe64((uint64_t)seconds * 1000));
}

static void
put_key(struct nlmsghdr *m, const struct ledger_key *key)
{
	struct nlattr *nest = mnl_attr_nest_start(m, NFTA_SET_ELEM_KEY);
	uint8_t bytes[KEY_MAX];
	size_t len = write_key(key, bytes);

	mnl_attr_put(m, NFTA_DATA_VALUE, len, bytes);
	mnl_attr_nest_end(m, nest);
}

static void
put_element(struct nlmsghdr *m, const struct backend_entry *entry,
	    bool with_time)
{
	struct nlattr *nest = mnl_attr_nest_start(m, NFTA_LIST_ELEM);

	put_key(m, &entry->key);
	if (with_time) {
		assert(entry->timeout_s >= 1 &&
		       entry->timeout_s <= BACKEND_MAX_TIMEOUT);
		put_time(m, NFTA_SET_ELEM_TIMEOUT, entry->timeout_s);
		put_time(m, NFTA_SET_ELEM_EXPIRATION, entry->timeout_s);
	}
	mnl_attr_nest_end(m, nest);
}

static void
put_names(struct nlmsghdr *m, const struct nft_place *at, const char *name)
{
	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_TABLE, at->table);
	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_SET, name);
}

static void
put_all(struct nlmsghdr *m, const struct backend_entry *entry, unsigned count,
	bool with_time)
{
	struct nlattr *nest =
	    mnl_attr_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS);

	for (unsigned i = 0; i < count; i++)
		put_element(m, &entry[i], with_time);
	mnl_attr_nest_end(m, nest);
}

void
nft_put_add(struct nft_paper *p, const struct nft_place *at, const char *name,
	    const struct backend_entry *entry, unsigned count)
{
	struct nlmsghdr *m =
	    nft_message(p, NFT_MSG_NEWSETELEM, at, NLM_F_CREATE);

	put_names(m, at, name);
	put_all(m, entry, count, true);
	nft_done(p, m);
}

void
nft_put_remove(struct nft_paper *p, const struct nft_place *at,
	       const char *name, const struct backend_entry *entry,
	       unsigned count)
{
	struct nlmsghdr *m = nft_message(p, NFT_MSG_DELSETELEM, at, 0);

	put_names(m, at, name);
	put_all(m, entry, count, false);
	nft_done(p, m);
}

/* ---- asked -------------------------------------------------------------- */

struct nlmsghdr *
nft_ask_element(struct nft_paper *p, const struct nft_place *at,
		const char *name, const struct backend_entry *entry)
{
	struct nlmsghdr *m = nft_question(p, NFT_MSG_GETSETELEM, at, NLM_F_ACK);

	put_names(m, at, name);
	put_all(m, entry, 1, false);
	return m;
}

struct nlmsghdr *
nft_ask_elements(struct nft_paper *p, const struct nft_place *at,
		 const char *name)
{
	struct nlmsghdr *m =
	    nft_question(p, NFT_MSG_GETSETELEM, at, NLM_F_DUMP);

	put_names(m, at, name);
	return m;
}

/* ---- read --------------------------------------------------------------- */

int
nft_attr_keep(const struct nlattr *attr, void *attrs)
{
	struct nft_attrs *a = attrs;
	uint16_t type = mnl_attr_get_type(attr);

	if (type < NFT_ATTRS)
		a->at[type] = attr;
	return MNL_CB_OK;
}

/* Rounded up: what stands half a second more must not be taken for ended. */
static uint32_t
read_time(const struct nlattr *a)
{
	uint64_t ms = 0;

	if (a == NULL || mnl_attr_get_payload_len(a) != sizeof(ms))
		return 0;
	memcpy(&ms, mnl_attr_get_payload(a), sizeof(ms));
	ms = (be64toh(ms) + 999) / 1000;
	if (ms == 0)
		ms = 1;
	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

struct walk {
	enum set_index set;
	backend_entry_fn *each;
	void *arg;
	unsigned strange;
};

/* In a set of intervals one address is a range, too: to itself. */
static bool
is_range(const struct nft_attrs *in)
{
	const struct nlattr *low = in->at[NFTA_SET_ELEM_KEY];
	const struct nlattr *high = in->at[NFTA_SET_ELEM_KEY_END];
	uint16_t len = mnl_attr_get_payload_len(low);

	return high != NULL &&
	       (mnl_attr_get_payload_len(high) != len ||
		memcmp(mnl_attr_get_payload(low), mnl_attr_get_payload(high),
		       len) != 0);
}

static bool
read_element(const struct nlattr *nest, enum set_index set,
	     struct backend_entry *out)
{
	struct nft_attrs in = { 0 }, key = { 0 };

	mnl_attr_parse_nested(nest, nft_attr_keep, &in);
	if (in.at[NFTA_SET_ELEM_KEY] == NULL || is_range(&in))
		return false;
	mnl_attr_parse_nested(in.at[NFTA_SET_ELEM_KEY], nft_attr_keep, &key);
	if (key.at[NFTA_DATA_VALUE] == NULL)
		return false;
	out->timeout_s = read_time(in.at[NFTA_SET_ELEM_EXPIRATION]);
	return read_key(key.at[NFTA_DATA_VALUE], set, &out->key);
}

static int
on_element(const struct nlattr *attr, void *arg)
{
	struct walk *w = arg;
	struct backend_entry entry;

	if (read_element(attr, w->set, &entry))
		w->each(w->arg, &entry);
	else
		w->strange++;
	return MNL_CB_OK;
}

unsigned
nft_read_elements(const struct nlmsghdr *m, enum set_index set,
		  backend_entry_fn *each, void *arg)
{
	struct walk w = { .set = set, .each = each, .arg = arg };
	struct nft_attrs top = { 0 };

	if (mnl_nlmsg_get_payload_len(m) < sizeof(struct nfgenmsg))
		return 0;
	mnl_attr_parse(m, sizeof(struct nfgenmsg), nft_attr_keep, &top);
	if (top.at[NFTA_SET_ELEM_LIST_ELEMENTS] != NULL)
		mnl_attr_parse_nested(top.at[NFTA_SET_ELEM_LIST_ELEMENTS],
				      on_element, &w);
	return w.strange;
}
