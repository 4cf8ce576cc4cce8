/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is accepted in an access list, and yet worth a word. */
#include "policy/warn.h"

#include "policy/match.h"

void
warn_of_host_bits(struct complaints *c, uint32_t line,
		  const struct acl_client *client)
{
	char net[NET_TEXT_SIZE];
	char buf[NET_TEXT_SIZE + 16];
	struct text right;

	text_init(&right, buf, sizeof(buf));
	text_printf(&right, "it is read as %s", net_print(&client->net, net));
	complain_warning(
	    c, &(struct flaw){ .line = line,
			       .column = client->whole.column,
			       .text = client->whole.text,
			       .len = client->whole.len,
			       .what = "has bits set behind its prefix",
			       .right = buf });
}

void
warn_of_address(struct complaints *c, uint32_t line,
		const struct acl_rule *rule)
{
	complain_warning(
	    c,
	    &(struct flaw){ .line = line,
			    .column = rule->domain_text.column,
			    .text = rule->domain_text.text,
			    .len = rule->domain_text.len,
			    .what = "is an address, not a name",
			    .right = "write the name that clients ask for" });
}

void
warn_of_utf8(struct complaints *c, uint32_t line, const struct acl_rule *rule)
{
	char buf[NAME_TEXT_SIZE + 32];
	struct text right;

	text_init(&right, buf, sizeof(buf));
	text_str(&right, "it is read as ");
	name_print(&rule->domain, &right);
	complain_warning(
	    c, &(struct flaw){ .line = line,
			       .column = rule->domain_text.column,
			       .what = "the domain is internationalized",
			       .right = buf });
}

/* A verdict holds so many ports and no more; say so before it matters. */
void
warn_of_ports(struct complaints *c, const struct build *b)
{
	const struct draft *first = b->draft;

	for (size_t i = 1; i < b->count; i++) {
		const struct draft *d = &b->draft[i];

		if (first->rule.arrow != ARROW_GRANT ||
		    !draft_same_subject(b, first, d))
			first = d;
		if (d - first != VERDICT_MAX_PORTS)
			continue;
		c->file = c->files + d->rule.file;
		complain_warning(
		    c, &(struct flaw){
			   .line = d->rule.line,
			   .column = d->column,
			   .what = "over 256 ports for one client and domain",
			   .right = "the others stay shut" });
	}
}
