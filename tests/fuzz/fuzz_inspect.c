/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any answer of an upstream against the whole walk. The first byte says who
 * asks what, the second what the warden does and whether services are asked
 * for; the rest is the upstream's message, taken for the answer to that
 * question.
 *
 * What must hold: a granted address stands in the answer where aliases lead
 * from the question, in a record of the type asked or in a hint of one, is not
 * guarded, lives within the bounds, and there are at most 32; nothing is
 * answered before the warden has spoken; what is answered reads as a message
 * within the client's limit, and under `->` holds no address that was not
 * granted, in a hint neither, nor any record that RFC 9460 calls malformed.
 */

#include "check.h"
#include "query/player.h"
#include "wire/svcb.h"

enum {
	WHO_AAAA = 1,
	WHO_NAMES = 6, /* two bits: which name */
	WHO_STREAM = 8,
	WHO_EDNS = 16,
	WHO_DO = 32,
	WHO_LOCAL = 64,
	WHO_GUARDED = 128,
	HOW_WARDEN = 31,
	HOW_STRIP_ECH = 32,
	HOW_SERVICES = 64,
	HOW_REFUSED = 128,
	NAMES = 512
};

static const char acl[] = "0.0.0.0/0 -> a.test:TCP:443\n"
			  "0.0.0.0/0 -> *.wild.test:TCP:443\n"
			  "0.0.0.0/0 -> *.wild.test:UDP:443\n"
			  "0.0.0.0/0 -> b.both.test:TCP:80\n"
			  "0.0.0.0/0 ~> *.both.test\n"
			  "0.0.0.0/0 ~> dns.test\n"
			  "0.0.0.0/0 -| *.bad.test\n"
			  "::/0 -> *.wild.test:TCP:443\n";

static const char *const names[] = { "a.test", "x.wild.test", "b.both.test",
				     "dns.test" };

static struct message said;
static struct name reached[NAMES];
static unsigned reached_count;

static bool
is_reached(const struct name *n)
{
	for (unsigned i = 0; i < reached_count; i++)
		if (name_equal(&reached[i], n))
			return true;
	return false;
}

static void
reach(const struct name *n)
{
	if (!is_reached(n) && reached_count < NAMES)
		reached[reached_count++] = *n;
}

/* Where one alias record leads from one name. */
static void
reach_by(const struct rr *rr, const struct name *from)
{
	struct name owner, target, to = { 0 };
	unsigned kept;

	if (rr->section != SECTION_ANSWER || rr->class != CLASS_IN ||
	    (rr->type != TYPE_CNAME && rr->type != TYPE_DNAME) ||
	    rr_owner(&said, rr, &owner) != ERR_NONE ||
	    rr_target(&said, rr, &target) != ERR_NONE)
		return;
	if (rr->type == TYPE_CNAME) {
		if (name_equal(&owner, from))
			reach(&target);
		return;
	}
	if (!name_is_under(from, &owner) || name_equal(from, &owner))
		return;
	kept = (unsigned)(from->len - owner.len);
	if (kept + target.len > NAME_MAX_WIRE)
		return;
	memcpy(to.wire, from->wire, kept);
	memcpy(to.wire + kept, target.wire, target.len);
	to.len = (uint8_t)(kept + target.len);
	reach(&to);
}

static void
reach_all(const struct name *qname)
{
	reached_count = 0;
	reach(qname);
	for (unsigned at = 0; at < reached_count && at < 32; at++)
		for (unsigned i = 0; i < said.rr_count; i++)
			reach_by(&said.rr[i], &reached[at]);
}

static bool
is_hint(const struct svcb *s, const struct addr *a)
{
	struct addr here;

	for (unsigned i = 0; i < svcb_hint_count(s, a->family); i++) {
		svcb_hint(s, a->family, i, &here);
		if (addr_equal(&here, a))
			return true;
	}
	return false;
}

static bool
holds_address(const struct rr *rr, const struct addr *a)
{
	struct svcb service;
	struct addr here;

	if (rr_address(&said, rr, &here))
		return addr_equal(&here, a);
	return rr_service(&said, rr, &service) == ERR_NONE &&
	       service.priority > 0 && is_hint(&service, a);
}

static bool
stands_in_the_answer(const struct addr *a, uint16_t type)
{
	struct name owner;

	for (unsigned i = 0; i < said.rr_count; i++) {
		const struct rr *rr = &said.rr[i];

		if (rr->section == SECTION_ANSWER && rr->type == type &&
		    holds_address(rr, a) &&
		    rr_owner(&said, rr, &owner) == ERR_NONE &&
		    is_reached(&owner))
			return true;
	}
	return false;
}

static bool
is_granted(const struct addr *a)
{
	for (unsigned i = 0; i < play.items; i++)
		if (addr_equal(&play.item[i].destination, a))
			return true;
	return false;
}

static void
check_item(const struct grant_item *item, const struct question *asked)
{
	const struct image_rule *rule =
	    policy_rule(&play.house.policy, item->rule);
	enum addr_class class = addr_class_of(&item->destination);

	CHECK(rule && rule->arrow == ARROW_GRANT);
	CHECK(rule->port == item->port && rule->protocol == item->protocol);
	CHECK(stands_in_the_answer(&item->destination, asked->type));
	CHECK(class != ADDR_NEVER);
	CHECK(class != ADDR_PRIVATE || rule->kind == DOMAIN_EXACT);
	CHECK(item->ttl_s >= 1 && item->ttl_s <= 86400 + 60);
	CHECK(item->flags == GRANT_LOCAL ||
	      item->destination.family == item->client.family);
}

static void
check_grants(const struct question *asked)
{
	unsigned destinations = 0;

	reach_all(&asked->name);
	for (unsigned i = 0; i < play.items; i++) {
		check_item(&play.item[i], asked);
		destinations +=
		    i == 0 || !addr_equal(&play.item[i].destination,
					  &play.item[i - 1].destination);
	}
	CHECK(destinations <= 32);
}

static size_t
limit(uint8_t who)
{
	if (who & WHO_STREAM)
		return MESSAGE_MAX;
	return who & WHO_EDNS ? EDNS_UDP_SIZE : 512;
}

static void
check_service(const struct rr *rr, bool dns_only)
{
	struct svcb service;
	struct addr a;

	if (rr_service(&play.answer, rr, &service) != ERR_NONE) {
		CHECK(dns_only && !play.opt.strip_ech &&
		      !play.opt.guard_dns_only);
		return;
	}
	for (unsigned i = 0; i < svcb_hint_count(&service, 4); i++) {
		svcb_hint(&service, 4, i, &a);
		CHECK(dns_only || is_granted(&a));
	}
	for (unsigned i = 0; i < svcb_hint_count(&service, 6); i++) {
		svcb_hint(&service, 6, i, &a);
		CHECK(dns_only || is_granted(&a));
	}
}

static void
check_heard(uint8_t who, const struct question *asked)
{
	bool dns_only = (who & WHO_NAMES) >= 4;
	const struct message *m = &play.answer;
	struct addr a;

	CHECK(play.answers == 1 && play.drops == 0);
	CHECK(!play.answered_unacknowledged);
	CHECK(play.heard_len <= limit(who));
	CHECK(message_read(play.heard, play.heard_len, &play.answer) ==
	      ERR_NONE);
	CHECK(m->header.qdcount == 1 && m->header.id == play.id);
	CHECK(name_equal(&m->question.name, &asked->name));
	CHECK(m->edns.present == ((who & WHO_EDNS) != 0));
	for (unsigned i = 0; i < m->rr_count; i++) {
		CHECK(m->rr[i].class == CLASS_IN);
		if (rr_address(m, &m->rr[i], &a))
			CHECK(dns_only || is_granted(&a));
		if (m->rr[i].type == TYPE_HTTPS || m->rr[i].type == TYPE_SVCB)
			check_service(&m->rr[i], dns_only);
		if (play.items > 0)
			CHECK(m->rr[i].ttl <= 86400);
	}
}

static uint16_t
type_of(uint8_t who, uint8_t how)
{
	if (how & HOW_SERVICES)
		return who & WHO_AAAA ? TYPE_SVCB : TYPE_HTTPS;
	return who & WHO_AAAA ? TYPE_AAAA : TYPE_A;
}

static void
ask(uint8_t who, uint8_t how)
{
	struct client_query c = {
		.name = names[(who & WHO_NAMES) / 2],
		.type = type_of(who, how),
		.edns = who & WHO_EDNS ? 4096 : 0,
		.dnssec_ok = (who & WHO_DO) != 0,
	};

	play.answers = play.drops = play.items = play.letters = 0;
	play.origin.stream = (who & WHO_STREAM) != 0;
	play.opt.strip_ech = (how & HOW_STRIP_ECH) != 0;
	play.opt.guard_dns_only = (who & WHO_GUARDED) != 0;
	play_from(who & WHO_LOCAL ? "127.0.0.1" : "10.0.0.2");
	client_asks(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct question asked;

	if (size < 2 || size - 2 > MESSAGE_MAX)
		return 0;
	if (play.image == NULL)
		play_begin(acl);
	play.warden = (data[1] & HOW_WARDEN) % 3;
	play.warden_fails_with = GRANT_KERNEL;
	if (message_read(data + 2, size - 2, &said) != ERR_NONE)
		return 0;
	ask(data[0], data[1]);
	if (!upstream_has_question())
		abort();
	asked = last_ask()->q;
	said.header.qdcount = 1;
	said.question = asked;
	upstream_ends(UPSTREAM_ANSWERED, &said);
	check_grants(&asked);
	if (play.wait)
		warden_says(data[1] & HOW_REFUSED ? GRANT_DOWN : GRANT_OK);
	if (play.letters > 0 &&
	    (play.warden == WARDEN_FAILS ||
	     (play.warden == WARDEN_WAITS && (data[1] & HOW_REFUSED))))
		play.items = 0;
	check_heard(data[0], &asked);
	CHECK(play.house.queries.in_use == 0);
	log_lines();
	return 0;
}
