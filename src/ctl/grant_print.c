/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A grant and the reasons for it. The names came from strangers; as text they
 * are letters, digits, and \DDD for the rest, so that nothing but the
 * backslash needs a second one in JSON.
 */
#include "ctl/grant_print.h"

#include <inttypes.h>
#include <string.h>

#include "firewall/names.h"
#include "policy/match.h"
#include "policy/print.h"

enum {
	LINE_ROOM = 256,   /* two addresses, numbers of up to 20 digits */
	REASON_ROOM = 160, /* words around the names */
	BYTE_ROOM = 5	   /* a byte of a name as \\DDD */
};

struct reasons_at {
	const struct view *view;
	const struct grant_copy *grant;
	struct ledger_told told;
};

static struct reasons_at
reasons_of(const struct view *v, const struct grant_copy *g)
{
	return (struct reasons_at){
		.view = v,
		.grant = g,
		.told.reason.next = g->element.reason,
	};
}

/* The next one; its names are in told. */
static bool
reason_next(struct reasons_at *r)
{
	struct ledger_view whole = { r->view->ledger, r->view->ledger_size };

	return ledger_read_reason(&whole, r->grant->at, &r->grant->element,
				  &r->told);
}

/* "acl" is the access list itself; of one that includes others, or is a
 * directory, it is said which. */
static const char *
file_of(const struct view *v, const struct ledger_reason *reason)
{
	const struct image_rule *rule = NULL;
	const char *file;

	if (v->policy.head != NULL && reason->identity != 0)
		rule = policy_rule(&v->policy,
				   policy_find_identity(&v->policy,
							reason->identity));
	if (rule == NULL)
		return "acl";
	file = policy_rule_file(&v->policy, rule);
	return strcmp(file, v->opt->acl_file) == 0 ? "acl" : file;
}

size_t
grant_room(const struct view *v, const struct grant_copy *g)
{
	struct reasons_at r = reasons_of(v, g);
	size_t room = LINE_ROOM;

	for (unsigned i = 0; i < LEDGER_REASONS && reason_next(&r); i++)
		room += REASON_ROOM + (size_t)r.told.names.len * BYTE_ROOM +
			strlen(file_of(v, &r.told.reason)) * BYTE_ROOM;
	return room;
}

static int64_t
seconds_left(int64_t end_ms, int64_t now_ms)
{
	return end_ms > now_ms ? (end_ms - now_ms + 999) / 1000 : 0;
}

static const char *
client_text(const struct ledger_element *e, char buf[ADDR_TEXT_SIZE])
{
	return e->client.family == 0 ? "local" : addr_print(&e->client, buf);
}

/* ---- for people ---------------------------------------------------------- */

static void
print_place(const struct view *v, const struct ledger_reason *reason,
	    struct text *out)
{
	const char *file = file_of(v, reason);

	text_char(out, ' ');
	text_escaped(out, file, strlen(file));
	text_char(out, ':');
	if (reason->line == 0)
		text_str(out, "unknown");
	else
		text_u64(out, reason->line);
}

/* The one asked, whose alias it is, and the last it leads to. */
static void
print_names(const struct grant_names *n, struct text *out)
{
	unsigned last = n->borrowed + n->links;
	struct name name;
	size_t at = 0;

	for (unsigned i = 0; i <= last && names_next(n, &at, &name); i++) {
		if (i > n->borrowed && i != last)
			continue;
		text_str(out, i == 0		? " "
			      : i > n->borrowed ? " via "
			      : i == 1		? " of "
						: ", ");
		name_print(&name, out);
	}
}

static bool
find_last(const struct view *v, const struct grant_copy *g,
	  struct ledger_told *out)
{
	struct ledger_view whole = { v->ledger, v->ledger_size };

	return ledger_read_last(&whole, g->at, &g->element, out);
}

static void
print_others(const struct view *v, const struct grant_copy *g, int64_t now_ms,
	     struct text *out)
{
	struct reasons_at r = reasons_of(v, g);
	struct ledger_told last;

	if (!find_last(v, g, &last))
		return;
	for (unsigned i = 0; i < LEDGER_REASONS && reason_next(&r); i++) {
		const struct ledger_reason *one = &r.told.reason;

		if (one->end_ms <= now_ms ||
		    (one->identity == last.reason.identity &&
		     one->names == last.reason.names))
			continue;
		text_printf(out, "    also %" PRId64 "s",
			    seconds_left(one->end_ms, now_ms));
		print_place(v, one, out);
		print_names(&r.told.names, out);
		text_char(out, '\n');
	}
}

void
grant_print(const struct view *v, const struct grant_copy *g, int64_t now_ms,
	    struct text *out)
{
	const struct ledger_element *e = &g->element;
	char client[ADDR_TEXT_SIZE], destination[ADDR_TEXT_SIZE];
	struct ledger_told last = { .reason.line = e->line };
	bool known = find_last(v, g, &last);

	text_printf(out, "%s %s %s:%u %" PRId64 "s", client_text(e, client),
		    addr_print(&e->destination, destination),
		    protocol_text(e->protocol),
		    port_number(e->protocol, e->port),
		    seconds_left(e->end_ms, now_ms));
	print_place(v, &last.reason, out);
	if (known)
		print_names(&last.names, out);
	text_char(out, '\n');
	print_others(v, g, now_ms, out);
}

/* ---- for programs -------------------------------------------------------- */

/* Printable ASCII. */
static void
json_text(const char *plain, struct text *out)
{
	text_char(out, '"');
	for (const char *c = plain; *c != '\0'; c++) {
		if (*c == '\\' || *c == '"')
			text_char(out, '\\');
		text_char(out, *c);
	}
	text_char(out, '"');
}

static void
json_name(const struct name *name, struct text *out)
{
	char buf[NAME_TEXT_SIZE];
	struct text text;

	text_init(&text, buf, sizeof(buf));
	name_print(name, &text);
	json_text(buf, out);
}

static void
json_file(const struct view *v, const struct ledger_reason *reason,
	  struct text *out)
{
	const char *file = file_of(v, reason);
	char buf[4 * OPTION_TEXT_SIZE];
	struct text text;

	if (reason->line == 0)
		return;
	text_init(&text, buf, sizeof(buf));
	text_escaped(&text, file, strlen(file));
	text_str(out, ",\"file\":");
	json_text(buf, out);
}

/* So many of them as a list; 0: all that are left. */
static void
json_list(const struct grant_names *n, size_t *at, unsigned count,
	  struct text *out)
{
	struct name name;

	text_char(out, '[');
	for (unsigned i = 0;
	     (count == 0 || i < count) && names_next(n, at, &name); i++) {
		if (i > 0)
			text_char(out, ',');
		json_name(&name, out);
	}
	text_char(out, ']');
}

static void
json_names(const struct grant_names *n, struct text *out)
{
	struct name name;
	size_t at = 0;

	if (!names_next(n, &at, &name))
		return;
	text_str(out, ",\"name\":");
	json_name(&name, out);
	if (n->borrowed && names_next(n, &at, &name)) {
		text_str(out, ",\"alias_of\":");
		json_name(&name, out);
	}
	if (n->borrowed > 1) {
		text_str(out, ",\"also_alias_of\":");
		json_list(n, &at, n->borrowed - 1u, out);
	}
	if (n->links > 0) {
		text_str(out, ",\"chain\":");
		json_list(n, &at, n->links, out);
	}
	if (at < n->len) {
		text_str(out, ",\"services\":");
		json_list(n, &at, 0, out);
	}
}

void
grant_print_json(const struct view *v, const struct grant_copy *g,
		 int64_t now_ms, struct text *out)
{
	const struct ledger_element *e = &g->element;
	char client[ADDR_TEXT_SIZE], destination[ADDR_TEXT_SIZE];
	struct reasons_at r = reasons_of(v, g);

	text_printf(
	    out,
	    "{\"client\":\"%s\",\"destination\":\"%s\","
	    "\"protocol\":\"%s\",\"port\":%u,"
	    "\"seconds\":%" PRId64 ",\"reasons\":[",
	    client_text(e, client), addr_print(&e->destination, destination),
	    protocol_text(e->protocol), port_number(e->protocol, e->port),
	    seconds_left(e->end_ms, now_ms));
	for (unsigned i = 0; i < LEDGER_REASONS && reason_next(&r); i++) {
		text_printf(out, "%s{\"rule\":%u,\"seconds\":%" PRId64,
			    i > 0 ? "," : "", r.told.reason.line,
			    seconds_left(r.told.reason.end_ms, now_ms));
		json_file(v, &r.told.reason, out);
		json_names(&r.told.names, out);
		text_char(out, '}');
	}
	text_str(out, "]}\n");
}
