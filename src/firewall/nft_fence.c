/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom our own table shuts in (--enforce): the clients that the access list
 * names with `->`. What their packets meet is in nft_refuse.c.
 *
 * They are in sets of intervals, one for each family and interface that
 * clients are bound to, and one for those that any interface may bring: so
 * the number of rules does not follow that of the clients. The sets' names
 * alternate: the new ones are filled before the rules turn to them in one
 * batch, and nobody slips out while an access list is replaced. A net that
 * lies in another one of its set is left out, so that no two meet there;
 * nothing is sorted, and no memory taken, however many there are.
 */
/* Before those of the kernel, which define its shapes again. */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "base/clock.h"
#include "base/text.h"
#include "firewall/nft_backend.h"
#include "firewall/nft_element.h"
#include "policy/table.h"

/* Of one message, and of one batch: the kernel is held up by each for the
 * time it takes. */
enum { NETS_A_MESSAGE = 256, MESSAGES_A_BATCH = 16 };
/* What nobody told of is found by then, where looking takes no more than one
 * part of so many of our time. */
enum { LOOK_MS = 10000, LOOK_PARTS = 200 };

/* ---- names --------------------------------------------------------------- */

struct nft_fence_name
nft_fence_name(const struct nft_fence_id *id)
{
	struct nft_fence_name out;
	struct text t;

	text_init(&t, out.text, sizeof(out.text));
	text_printf(&t, "clients-ipv%c-%c", id->family == 4 ? '4' : '6',
		    id->turn == 0 ? 'a' : 'b');
	if (id->interface > 0)
		text_printf(&t, "-%u", id->interface);
	return out;
}

static bool
read_name(const char *name, struct nft_fence_id *out)
{
	struct nft_fence_name again;
	char family, turn;

	*out = (struct nft_fence_id){ 0 };
	if (sscanf(name, "clients-ipv%c-%c-%u", &family, &turn,
		   &out->interface) < 2)
		return false;
	out->family = family == '4' ? 4 : 6;
	out->turn = turn == 'a' ? 0 : 1;
	again = nft_fence_name(out);
	return out->interface < NFT_FENCE_SETS && strcmp(again.text, name) == 0;
}

static bool *
is_there(struct backend *b, const struct nft_fence_id *id)
{
	return &b->fence[id->turn][id->family == 6][id->interface];
}

bool
nft_fence_has(const struct backend *b, uint8_t family, unsigned interface)
{
	return b->fence[b->fence_turn][family == 6][interface];
}

/* ---- whom a set holds ---------------------------------------------------- */

/* One of the nets around it is in the same set. */
static bool
lies_in_another(const struct policy *p, const struct image_net *one)
{
	const struct image_net *net = image_nets(p->head);

	for (uint32_t i = one->parent; i != IMAGE_NONE; i = net[i].parent) {
		if (nft_is_named(&net[i]) &&
		    net[i].interface == one->interface)
			return true;
	}
	return false;
}

static bool
is_of(const struct policy *p, const struct image_net *net,
      const struct nft_fence_id *id)
{
	return nft_is_named(net) && net->interface == id->interface &&
	       net->net.addr.family == id->family && !lies_in_another(p, net);
}

/* The next one from there on; the number of nets: there is none. */
static uint32_t
next_net(const struct policy *p, const struct nft_fence_id *id, uint32_t from)
{
	const struct image_net *net = image_nets(p->head);

	while (from < p->head->nets.count && !is_of(p, &net[from], id))
		from++;
	return from;
}

/* The first address behind the net; false: there is none. */
static bool
find_behind(const struct net *net, uint8_t out[NFT_ADDRESS_MAX])
{
	memcpy(out, net->addr.byte, NFT_ADDRESS_MAX);
	for (unsigned bit = net->bits; bit-- > 0;) {
		out[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
		if ((out[bit / 8] & 0x80u >> bit % 8) != 0)
			return true;
	}
	return false;
}

/* ---- sets of intervals --------------------------------------------------- */

static void
put_set_gone(struct backend *b, const struct nft_fence_id *id)
{
	struct nft_fence_name name = nft_fence_name(id);
	struct nlmsghdr *m = nft_message(&b->paper, NFT_MSG_DELSET, &b->at, 0);

	mnl_attr_put_strz(m, NFTA_SET_TABLE, b->at.table);
	mnl_attr_put_strz(m, NFTA_SET_NAME, name.text);
	nft_done(&b->paper, m);
}

static enum err
put_set(struct backend *b, const struct nft_fence_id *id)
{
	enum { NUMBER = 100 };
	struct nft_fence_name name = nft_fence_name(id);
	struct nftnl_set *s = nftnl_set_alloc();
	struct nlmsghdr *m;

	if (s == NULL)
		return ERR_FULL;
	if (nftnl_set_set_str(s, NFTNL_SET_TABLE, b->at.table) != 0 ||
	    nftnl_set_set_str(s, NFTNL_SET_NAME, name.text) != 0) {
		nftnl_set_free(s);
		return ERR_FULL;
	}
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, b->at.family);
	nftnl_set_set_u32(s, NFTNL_SET_ID, NUMBER);
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, NFT_SET_INTERVAL);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, id->family == 4 ? 4 : 16);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE,
			  id->family == 4 ? NFT_TYPE_IPV4 : NFT_TYPE_IPV6);
	m = nft_message(&b->paper, NFT_MSG_NEWSET, &b->at, NLM_F_CREATE);
	nftnl_set_nlmsg_build_payload(m, s);
	nft_done(&b->paper, m);
	nftnl_set_free(s);
	return ERR_NONE;
}

static void
put_edge(struct backend *b, struct nlmsghdr *m, const struct nft_edge *e)
{
	struct nlattr *nest = mnl_attr_nest_start(m, NFTA_LIST_ELEM);
	struct nlattr *key = mnl_attr_nest_start(m, NFTA_SET_ELEM_KEY);

	mnl_attr_put(m, NFTA_DATA_VALUE, e->len, e->address);
	mnl_attr_nest_end(m, key);
	if (e->is_end)
		mnl_attr_put_u32(m, NFTA_SET_ELEM_FLAGS,
				 htonl(NFT_SET_ELEM_INTERVAL_END));
	mnl_attr_nest_end(m, nest);
	nft_tally_edge(&b->fence_tally, e);
}

static void
put_net(struct backend *b, struct nlmsghdr *m, const struct net *net,
	const struct nft_fence_id *id)
{
	uint8_t behind[NFT_ADDRESS_MAX];
	struct nft_edge edge = { .id = id,
				 .address = net->addr.byte,
				 .len = net->addr.family == 4 ? 4 : 16 };

	put_edge(b, m, &edge);
	edge.address = behind;
	edge.is_end = true;
	if (find_behind(net, behind))
		put_edge(b, m, &edge);
}

/* A message full of them; where the next begins. */
static uint32_t
put_nets(struct backend *b, const struct policy *p,
	 const struct nft_fence_id *id, uint32_t from)
{
	struct nft_fence_name name = nft_fence_name(id);
	struct nlmsghdr *m =
	    nft_message(&b->paper, NFT_MSG_NEWSETELEM, &b->at, NLM_F_CREATE);
	struct nlattr *nest;

	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_TABLE, b->at.table);
	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_SET, name.text);
	nest = mnl_attr_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (int i = 0; i < NETS_A_MESSAGE && from < p->head->nets.count; i++) {
		put_net(b, m, &image_nets(p->head)[from].net, id);
		from = next_net(p, id, from + 1);
	}
	mnl_attr_nest_end(m, nest);
	nft_done(&b->paper, m);
	return from;
}

/* Of clients that are bound to an interface only where there are some. */
static enum err
fill_set(struct backend *b, const struct policy *p,
	 const struct nft_fence_id *id)
{
	uint32_t at = next_net(p, id, 0), count = p->head->nets.count;
	struct netlink_refusal refusal = { 0 };
	enum err err;

	*is_there(b, id) = id->interface == 0 || at < count;
	if (!*is_there(b, id))
		return ERR_NONE;
	nft_begin(&b->paper);
	err = put_set(b, id);
	while (err == ERR_NONE) {
		for (int i = 0; i < MESSAGES_A_BATCH && at < count; i++)
			at = put_nets(b, p, id, at);
		err = nft_send(&b->paper, &b->netlink, &refusal);
		if (at >= count)
			break;
		nft_begin(&b->paper);
	}
	if (err != ERR_NONE)
		nft_complain(b, "fill set", nft_fence_name(id).text,
			     nft_cause(err, &refusal));
	return err;
}

/* ---- whose turn it is ---------------------------------------------------- */

static void
on_set(void *arg, const struct nlmsghdr *part)
{
	struct nftnl_set *s = nftnl_set_alloc();
	struct backend *b = arg;
	struct nft_fence_id id;
	const char *name;

	if (s == NULL)
		return;
	if (nftnl_set_nlmsg_parse(part, s) >= 0) {
		name = nftnl_set_get_str(s, NFTNL_SET_NAME);
		if (name != NULL && read_name(name, &id))
			*is_there(b, &id) = true;
	}
	nftnl_set_free(s);
}

static enum err
look_for_sets(struct backend *b)
{
	struct nlmsghdr *m =
	    nft_question(&b->paper, NFT_MSG_GETSET, &b->at, NLM_F_DUMP);
	struct netlink_question q = { .message = m, .part = on_set, .arg = b };
	struct netlink_refusal refusal;

	memset(b->fence, 0, sizeof(b->fence));
	mnl_attr_put_strz(m, NFTA_SET_TABLE, b->at.table);
	return netlink_ask(&b->netlink, &q, &refusal);
}

/* False: there is none. */
static bool
put_turn_gone(struct backend *b, unsigned turn)
{
	struct nft_fence_id id = { .turn = turn };
	bool some = false;

	for (id.family = 4; id.family <= 6; id.family += 2) {
		for (id.interface = 0; id.interface < NFT_FENCE_SETS;
		     id.interface++) {
			if (!*is_there(b, &id))
				continue;
			put_set_gone(b, &id);
			some = true;
		}
	}
	return some;
}

/* Whether rules refer to sets of that turn: those that none refers to go.
 * What ours refer to is known from the last time they were placed; only
 * otherwise is it tried out, for a deletion that the kernel refuses keeps all
 * else waiting while it is taken back. */
static bool
is_taken(struct backend *b, unsigned turn)
{
	struct netlink_refusal refusal;

	nft_begin(&b->paper);
	if (!put_turn_gone(b, turn))
		return false;
	if ((b->fence_stands && turn == b->fence_turn) ||
	    nft_send(&b->paper, &b->netlink, &refusal) != ERR_NONE)
		return true;
	memset(b->fence[turn], 0, sizeof(b->fence[turn]));
	return false;
}

static enum err
find_turn(struct backend *b)
{
	enum err err = look_for_sets(b);
	bool taken[2];

	if (err != ERR_NONE)
		return err;
	taken[0] = is_taken(b, 0);
	taken[1] = is_taken(b, 1);
	b->fence_stands = false;
	b->fence_turn = taken[0] ? 1 : 0;
	if (!taken[b->fence_turn])
		return ERR_NONE;
	err = nft_make_table_anew(b);
	return err == ERR_NONE ? ERR_AGAIN : err;
}

enum err
nft_raise_fence(struct backend *b, const struct backend_fence *f)
{
	enum err err = find_turn(b);
	struct nft_fence_id id = { .turn = b->fence_turn };
	unsigned sets = f->policy->head->interfaces.count + 1;

	b->fence_tally = (struct nft_tally){ 0 };
	b->fence_doubt = true;
	for (id.family = 4; id.family <= 6; id.family += 2) {
		for (id.interface = 0; id.interface < sets && err == ERR_NONE;
		     id.interface++)
			err = fill_set(b, f->policy, &id);
	}
	return err;
}

void
nft_put_old_fence_gone(struct backend *b)
{
	put_turn_gone(b, 1 - b->fence_turn);
}

/* ---- whether it stands --------------------------------------------------- */

static enum err
tally_all(struct backend *b, struct nft_tally *out)
{
	struct nft_fence_id id = { .turn = b->fence_turn };
	enum err err = ERR_NONE;

	*out = (struct nft_tally){ 0 };
	for (id.family = 4; id.family <= 6; id.family += 2) {
		for (id.interface = 0;
		     id.interface < NFT_FENCE_SETS && err == ERR_NONE;
		     id.interface++)
			if (*is_there(b, &id))
				err = nft_tally_set(b, &id, out);
	}
	return err;
}

enum err
nft_fence_stands(struct backend *b, bool *stands_out)
{
	int64_t now = clock_ms(), rest;
	struct nft_tally there;
	enum err err;

	*stands_out = true;
	if (!b->fence_doubt && now < b->fence_due_ms)
		return ERR_NONE;
	err = tally_all(b, &there);
	*stands_out = err == ERR_NONE && there.sum == b->fence_tally.sum &&
		      there.edges == b->fence_tally.edges;
	b->fence_doubt = !*stands_out;
	rest = (clock_ms() - now) * LOOK_PARTS;
	b->fence_due_ms = now + (rest > LOOK_MS ? rest : LOOK_MS);
	return err;
}
