/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of lists as ipset keeps them: PREFIX-ipv4-block and -always of type
 * hash:net, -block-for and -always-for of hash:net,net, with the client in
 * front, PREFIX-ipv4-static of hash:net,port,net (or of hash:ip,port,net,
 * with every client by itself, where the kernel does not have that), and the
 * same of IPv6.
 *
 * What comes is added before what goes is taken out, for nets may overlap
 * here: so an address that stays listed is listed all the time. A set that
 * has become too small gets a successor with all that it holds, which takes
 * its place in one step.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "firewall/ipset_attr.h"
#include "firewall/ipset_backend.h"
#include "firewall/netset.h"

enum { LARGE_WAIT_MS = 30000, SIZE_LEAST = 65536, SIZE_MOST = 1 << 24 };

/* ---- names and shapes -------------------------------------------------- */

static const char *
type_of(const struct backend *b, enum fixed_index set)
{
	if (fixed_is_for(set))
		return "hash:net,net";
	if (!fixed_has_clients(set))
		return "hash:net";
	return b->fixed_hosts ? "hash:ip,port,net" : "hash:net,port,net";
}

bool
ipset_fixed_hosts(const struct backend *b)
{
	return b->fixed_hosts;
}

bool
ipset_fixed_lacks_pairs(const struct backend *b)
{
	return b->fixed_lacks_pairs;
}

static bool
lacks(struct backend *b, const char *type)
{
	struct netlink_refusal refusal;

	return ipset_ask(b, ipset_ask_type(&b->paper, type, 4), &refusal) ==
	       ERR_DENIED;
}

/* Not every kernel is built with the types for nets of clients. */
void
ipset_fixed_probe(struct backend *b)
{
	b->fixed_hosts = lacks(b, "hash:net,port,net");
	b->fixed_lacks_pairs = lacks(b, "hash:net,net");
}

static bool
put_name(const char *prefix, const char *name, char out[IPSET_MAXNAMELEN])
{
	struct text t;

	text_init(&t, out, IPSET_MAXNAMELEN);
	text_printf(&t, "%s-%s", prefix, name);
	return !t.cut;
}

enum err
ipset_fixed_names(struct backend *b, const char *prefix)
{
	bool fit = put_name(prefix, "lists-copy", b->fixed_copy);

	for (unsigned i = 0; i < FIXED_COUNT; i++)
		fit = put_name(prefix, fixed_name(i), b->fixed[i]) && fit;
	return fit ? ERR_NONE : ERR_RANGE;
}

static bool
is_usable(const struct backend *b, const struct ipset_header *h,
	  enum fixed_index set)
{
	return strcmp(h->type, type_of(b, set)) == 0 &&
	       h->family == fixed_family(set) && !h->has_timeout &&
	       !h->has_trap;
}

/* With room to grow in. */
static uint32_t
size_for(size_t count)
{
	uint32_t size = SIZE_LEAST;

	while (size < SIZE_MOST && size < 2 * count)
		size *= 2;
	return size;
}

/* ---- messages ---------------------------------------------------------- */

static void
put_net(struct nlmsghdr *m, uint16_t addr, uint16_t bits,
	const struct net *net)
{
	ipset_put_addr(m, addr, &net->addr);
	mnl_attr_put_u8(m, bits, net->bits);
}

/* Of a host only the address: so it fits both types. */
static void
put_client(struct nlmsghdr *m, const struct net *net)
{
	ipset_put_addr(m, IPSET_ATTR_IP, &net->addr);
	if (net->bits < (net->addr.family == 4 ? 32 : 128))
		mnl_attr_put_u8(m, IPSET_ATTR_CIDR, net->bits);
}

static void
put_entry(struct nlmsghdr *m, enum fixed_index set,
	  const struct fixed_entry *e, uint32_t line)
{
	struct nlattr *data = mnl_attr_nest_start(m, IPSET_ATTR_DATA);

	if (fixed_has_clients(set)) {
		put_client(m, &e->client);
		put_net(m, IPSET_ATTR_IP2, IPSET_ATTR_CIDR2, &e->to);
	} else {
		put_net(m, IPSET_ATTR_IP, IPSET_ATTR_CIDR, &e->to);
	}
	if (fixed_has_service(set)) {
		mnl_attr_put_u16(m, IPSET_ATTR_PORT | NLA_F_NET_BYTEORDER,
				 htons(e->port));
		mnl_attr_put_u8(m, IPSET_ATTR_PROTO, e->protocol);
	}
	mnl_attr_put_u32(m, IPSET_ATTR_LINENO, line);
	mnl_attr_nest_end(m, data);
}

/* Up to BACKEND_BATCH entries of one set, by its name. */
struct batch {
	const char *name;
	enum fixed_index set;
	const struct fixed_entry *entry;
	unsigned count;
};

static struct nlmsghdr *
write_batch(struct backend *b, enum ipset_cmd cmd, const struct batch *batch)
{
	struct nlmsghdr *m = ipset_begin(&b->paper, cmd, 0);
	struct nlattr *adt;

	mnl_attr_put_strz(m, IPSET_ATTR_SETNAME, batch->name);
	mnl_attr_put_u32(m, IPSET_ATTR_LINENO, 0);
	adt = mnl_attr_nest_start(m, IPSET_ATTR_ADT);
	for (unsigned i = 0; i < batch->count; i++)
		put_entry(m, batch->set, &batch->entry[i], i + 1);
	mnl_attr_nest_end(m, adt);
	return m;
}

static enum err
apply(struct backend *b, enum ipset_cmd cmd, struct batch batch,
      const struct fixed_entries *entries)
{
	struct netlink_refusal refusal;
	enum err err = ERR_NONE;

	for (size_t i = 0; i < entries->count && err == ERR_NONE;
	     i += batch.count) {
		size_t left = entries->count - i;

		batch.entry = entries->at + i;
		batch.count =
		    left < BACKEND_BATCH ? (unsigned)left : BACKEND_BATCH;
		err = ipset_ask(b, write_batch(b, cmd, &batch), &refusal);
		/* An answer that was lost may be asked for again. */
		if (err == ERR_AGAIN)
			err = ipset_ask(b, write_batch(b, cmd, &batch),
					&refusal);
	}
	if (err != ERR_NONE)
		ipset_complain(b, "change", batch.name,
			       ipset_cause(err, &refusal));
	return err;
}

enum err
ipset_fixed_change(struct backend *b, const struct fixed_change *change)
{
	const struct batch batch = { .name = b->fixed[change->set],
				     .set = change->set };
	enum err err = apply(b, IPSET_CMD_ADD, batch, change->add);

	return err == ERR_NONE ? apply(b, IPSET_CMD_DEL, batch, change->remove)
			       : err;
}

/* ---- what is there ----------------------------------------------------- */

struct listing {
	enum fixed_index set;
	fixed_entry_fn *each;
	void *arg;
	bool odd;
};

static bool
read_net(const struct nlattr *addr, const struct nlattr *bits, uint8_t family,
	 struct net *out)
{
	*out = (struct net){ .bits = family == 4 ? 32 : 128 };
	if (!ipset_addr(addr, &out->addr) || out->addr.family != family)
		return false;
	if (bits != NULL)
		out->bits = ipset_u8(bits);
	return out->bits <= (family == 4 ? 32 : 128);
}

static bool
read_entry(const struct nlattr *nest, enum fixed_index set,
	   struct fixed_entry *out)
{
	uint8_t family = fixed_family(set);
	struct ipset_attrs in;

	*out = (struct fixed_entry){ 0 };
	ipset_read_nest(nest, &in);
	if (in.at[IPSET_ATTR_CADT_FLAGS] != NULL) /* nomatch, say */
		return false;
	if (!fixed_has_clients(set))
		return read_net(in.at[IPSET_ATTR_IP], in.at[IPSET_ATTR_CIDR],
				family, &out->to);
	if (fixed_has_service(set)) {
		out->port = ipset_be16(in.at[IPSET_ATTR_PORT]);
		out->protocol = ipset_u8(in.at[IPSET_ATTR_PROTO]);
	}
	return read_net(in.at[IPSET_ATTR_IP], in.at[IPSET_ATTR_CIDR], family,
			&out->client) &&
	       read_net(in.at[IPSET_ATTR_IP2], in.at[IPSET_ATTR_CIDR2], family,
			&out->to);
}

static int
on_entry(const struct nlattr *attr, void *arg)
{
	struct listing *l = arg;
	struct fixed_entry entry;

	if (mnl_attr_get_type(attr) != IPSET_ATTR_DATA)
		return MNL_CB_OK;
	if (read_entry(attr, l->set, &entry))
		l->each(l->arg, &entry);
	else
		l->odd = true;
	return MNL_CB_OK;
}

static void
on_part(void *arg, const struct nlmsghdr *part)
{
	struct ipset_attrs top;

	ipset_read_top(part, &top);
	if (top.at[IPSET_ATTR_ADT] != NULL)
		mnl_attr_parse_nested(top.at[IPSET_ATTR_ADT], on_entry, arg);
}

enum err
ipset_fixed_list(struct backend *b, enum fixed_index set, fixed_entry_fn *each,
		 void *arg, bool *odd_out)
{
	struct listing l = { .set = set, .each = each, .arg = arg };
	struct netlink_question q = {
		.message = ipset_list(&b->paper, b->fixed[set], false),
		.part = on_part,
		.arg = &l,
	};
	struct netlink_refusal refusal;
	enum err err;

	b->netlink.wait_ms = LARGE_WAIT_MS;
	err = netlink_ask(&b->netlink, &q, &refusal);
	b->netlink.wait_ms = NETLINK_WAIT_MS;
	*odd_out = l.odd;
	return err;
}

enum err
ipset_fixed_look(struct backend *b, enum fixed_index set,
		 struct backend_look *out)
{
	struct ipset_header h;
	enum err err = ipset_look_at(b, b->fixed[set], &h);

	*out = (struct backend_look){ 0 };
	if (err == ERR_MISSING)
		return ERR_NONE;
	if (err != ERR_NONE)
		return err;
	*out = (struct backend_look){ .present = is_usable(b, &h, set),
				      .other = !is_usable(b, &h, set),
				      .counted = true,
				      .references = h.references,
				      .entries = h.entries,
				      .capacity = h.maxelem };
	return ERR_NONE;
}

/* ---- made -------------------------------------------------------------- */

static enum err
command(struct backend *b, enum ipset_cmd cmd, const char *name,
	const char *second)
{
	struct netlink_refusal refusal;
	enum err err =
	    ipset_ask(b, ipset_command(&b->paper, cmd, name, second), &refusal);

	if (err == ERR_DENIED && refusal.code == ENOENT)
		return ERR_MISSING;
	if (err == ERR_DENIED && refusal.code == IPSET_ERR_BUSY)
		return ERR_BUSY;
	return err;
}

static enum err
create(struct backend *b, const struct fixed_shape *shape, const char *name)
{
	struct ipset_shape s = { .name = name,
				 .type = type_of(b, shape->set),
				 .family = fixed_family(shape->set),
				 .size = size_for(shape->count),
				 .lasting = true };
	struct netlink_refusal refusal;
	enum err err = ipset_find_revision(b, s.type, s.family, &s.revision);

	if (err == ERR_NONE)
		err = ipset_ask(b, ipset_create(&b->paper, &s), &refusal);
	else
		return err;
	if (err != ERR_NONE)
		ipset_complain(b, "create", name, ipset_cause(err, &refusal));
	return err;
}

/* Its successor holds what it holds before it is one. */
static enum err
enlarge(struct backend *b, const struct fixed_shape *shape)
{
	const struct batch batch = { .name = b->fixed_copy,
				     .set = shape->set };
	const char *name = b->fixed[shape->set];
	enum err err;

	command(b, IPSET_CMD_DESTROY, b->fixed_copy, NULL);
	err = create(b, shape, b->fixed_copy);
	if (err == ERR_NONE)
		err = apply(b, IPSET_CMD_ADD, batch, shape->have);
	if (err == ERR_NONE)
		err = command(b, IPSET_CMD_SWAP, b->fixed_copy, name);
	command(b, IPSET_CMD_DESTROY, b->fixed_copy, NULL);
	return err;
}

/* One of another type makes room, if nothing holds it. */
static enum err
replace(struct backend *b, const struct fixed_shape *shape)
{
	const char *name = b->fixed[shape->set];
	enum err err = command(b, IPSET_CMD_DESTROY, name, NULL);

	if (err != ERR_NONE)
		return err;
	log_warn("Set %s had another type and was replaced", name);
	return create(b, shape, name);
}

enum err
ipset_fixed_prepare(struct backend *b, const struct fixed_shape *shape,
		    bool *found_out)
{
	struct backend_look look;
	enum err err = ipset_fixed_look(b, shape->set, &look);

	*found_out = err == ERR_NONE && look.present;
	if (err != ERR_NONE)
		return err;
	if (look.other)
		return replace(b, shape);
	if (!look.present)
		return create(b, shape, b->fixed[shape->set]);
	return look.capacity < shape->count ? enlarge(b, shape) : ERR_NONE;
}

enum err
ipset_fixed_clear(struct backend *b, enum fixed_index set)
{
	return command(b, IPSET_CMD_FLUSH, b->fixed[set], NULL);
}
