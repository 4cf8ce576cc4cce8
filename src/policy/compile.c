/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text of an ACL to the image of a policy.
 *
 * One error refuses the whole policy: half of what an owner wrote is not
 * what he meant. Reading goes on after an error, so that he sees the others
 * at once. Nothing is opened, read or written here, and nothing of the text
 * is ever taken for a length or a place.
 */
#include "policy/compile.h"

#include <stdbool.h>
#include <string.h>

#include "policy/build.h"
#include "policy/complain.h"
#include "policy/layout.h"
#include "policy/match.h"
#include "policy/parse.h"

struct compilation {
	struct build build;
	struct complaints complaints;
	uint32_t line;
};

static const char byte_order_mark[] = "\xef\xbb\xbf";
enum { BYTE_ORDER_MARK_SIZE = 3 };

static void
refuse_line(struct compilation *c, size_t at, const char *what,
	    const char *right)
{
	complain_error(&c->complaints,
		       &(struct flaw){ .line = c->line,
				       .column = (uint32_t)at + 1,
				       .what = what,
				       .right = right });
}

/* What no line may hold, not even in a comment. */
static bool
line_is_text(struct compilation *c, const char *text, size_t len)
{
	const char *bad;

	if (len > ACL_MAX_LINE) {
		refuse_line(c, ACL_MAX_LINE, "the line is over 4096 bytes long",
			    "write one rule a line");
		return false;
	}
	bad = memchr(text, '\0', len);
	if (bad) {
		refuse_line(c, (size_t)(bad - text), "a NUL byte",
			    "save the file as plain text, in ASCII or UTF-8");
		return false;
	}
	bad = memmem(text, len, byte_order_mark, BYTE_ORDER_MARK_SIZE);
	if (bad) {
		refuse_line(c, (size_t)(bad - text),
			    "a byte order mark inside the file",
			    "remove the bytes \\239\\187\\191");
		return false;
	}
	return true;
}

static void
warn_of_host_bits(struct compilation *c, const struct acl_rule *rule)
{
	char net[NET_TEXT_SIZE];
	char buf[NET_TEXT_SIZE + 16];
	struct text right;

	text_init(&right, buf, sizeof(buf));
	text_printf(&right, "it is read as %s", net_print(&rule->client, net));
	complain_warning(
	    &c->complaints,
	    &(struct flaw){ .line = c->line,
			    .column = rule->client_text.column,
			    .text = rule->client_text.text,
			    .len = rule->client_text.len,
			    .what = "has bits set behind its prefix",
			    .right = buf });
}

static void
warn_of_address(struct compilation *c, const struct acl_rule *rule)
{
	complain_warning(
	    &c->complaints,
	    &(struct flaw){ .line = c->line,
			    .column = rule->domain_text.column,
			    .text = rule->domain_text.text,
			    .len = rule->domain_text.len,
			    .what = "is an address, not a name",
			    .right = "write the name that clients ask for" });
}

static enum err
compile_line(struct compilation *c, const char *text, size_t len)
{
	struct acl_rule rule;
	struct flaw flaw;

	if (len > 0 && text[len - 1] == '\r')
		len--;
	if (!line_is_text(c, text, len))
		return ERR_NONE;
	switch (acl_parse_line(text, len, &rule, &flaw)) {
	case LINE_EMPTY:
		return ERR_NONE;
	case LINE_WRONG:
		flaw.line = c->line;
		complain_error(&c->complaints, &flaw);
		return ERR_NONE;
	case LINE_RULE:
		break;
	}
	if (rule.had_host_bits)
		warn_of_host_bits(c, &rule);
	if (rule.domain_is_addr)
		warn_of_address(c, &rule);
	return build_add(&c->build, &rule, c->line);
}

static enum err
compile_lines(struct compilation *c, const struct policy_source *source)
{
	const char *at = source->text;
	const char *end = at + source->len;

	if (source->len >= BYTE_ORDER_MARK_SIZE &&
	    memcmp(at, byte_order_mark, BYTE_ORDER_MARK_SIZE) == 0)
		at += BYTE_ORDER_MARK_SIZE;
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (!stop)
			stop = end;
		c->line++;
		if (compile_line(c, at, (size_t)(stop - at)) != ERR_NONE)
			return ERR_FULL;
		at = stop + 1;
	}
	return ERR_NONE;
}

/* A verdict holds so many ports and no more; say so before it matters. */
static void
warn_of_ports(struct compilation *c)
{
	const struct build *b = &c->build;
	const struct draft *first = b->draft;

	for (size_t i = 1; i < b->count; i++) {
		const struct draft *d = &b->draft[i];

		if (first->rule.arrow != ARROW_GRANT ||
		    !draft_same_subject(b, first, d))
			first = d;
		if (d - first != VERDICT_MAX_PORTS)
			continue;
		complain_warning(
		    &c->complaints,
		    &(struct flaw){
			.line = d->rule.line,
			.column = d->column,
			.what = "over 256 ports for one client and domain",
			.right = "the others stay shut" });
	}
}

enum err
policy_compile(const struct policy_source *source, void **image_out,
	       size_t *size_out, struct text *complaints)
{
	struct compilation c = { .complaints = { .file = source->name,
						 .out = complaints } };
	enum err err = ERR_NONE;

	build_init(&c.build);
	if (source->len > ACL_MAX_BYTES) {
		c.line = 1;
		refuse_line(&c, 0, "the file is over 64 MiB long",
			    "use nets and wildcards");
	} else {
		err = compile_lines(&c, source);
	}
	if (err == ERR_NONE) {
		build_settle(&c.build, &c.complaints);
		warn_of_ports(&c);
		complain_finish(&c.complaints);
	}
	if (err == ERR_NONE && c.complaints.errors > 0)
		err = ERR_SYNTAX;
	if (err == ERR_NONE)
		err = layout_image(&c.build, source->name, image_out, size_out);
	build_fini(&c.build);
	return err;
}
