/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Only records that are about what was asked count: anybody can put others
 * beside them.
 */
#include "query/servers_read.h"

#include <string.h>

void
servers_lower_ttl(struct servers_search *s, const struct rr *rr)
{
	if (rr_ttl(rr) < s->ttl_s)
		s->ttl_s = rr_ttl(rr);
}

static bool
is_of(const struct message *m, const struct rr *rr, const struct name *owner)
{
	struct name n;

	return rr->class == CLASS_IN && rr_owner(m, rr, &n) == ERR_NONE &&
	       name_equal(&n, owner);
}

static void
take_server(struct servers *found, const struct name *server)
{
	if (server->len > sizeof(found->names) - found->names_len) {
		found->more_names = true;
		return;
	}
	memcpy(found->names + found->names_len, server->wire, server->len);
	found->names_len = (uint16_t)(found->names_len + server->len);
}

unsigned
servers_take(struct servers_search *s, const struct message *m)
{
	struct name server, lower;
	unsigned count = 0;

	for (unsigned i = 0; i < m->rr_count; i++) {
		const struct rr *rr = &m->rr[i];

		if (rr->section != SECTION_ANSWER || rr->type != TYPE_NS ||
		    !is_of(m, rr, &s->at) ||
		    rr_target(m, rr, &server) != ERR_NONE)
			continue;
		name_lower(&server, &lower);
		take_server(&s->found, &lower);
		servers_lower_ttl(s, rr);
		count++;
	}
	return count;
}

bool
servers_is_alias(const struct message *m)
{
	for (unsigned i = 0; i < m->rr_count; i++)
		if (m->rr[i].section == SECTION_ANSWER &&
		    (m->rr[i].type == TYPE_CNAME ||
		     m->rr[i].type == TYPE_DNAME))
			return true;
	return false;
}

bool
servers_take_zone(struct servers_search *s, const struct message *m,
		  struct name *zone)
{
	struct name owner;

	for (unsigned i = 0; i < m->rr_count; i++) {
		const struct rr *rr = &m->rr[i];

		if (rr->section != SECTION_AUTHORITY || rr->type != TYPE_SOA ||
		    rr->class != CLASS_IN ||
		    rr_owner(m, rr, &owner) != ERR_NONE ||
		    !name_is_under(&s->at, &owner))
			continue;
		name_lower(&owner, zone);
		servers_lower_ttl(s, rr);
		return true;
	}
	return false;
}
