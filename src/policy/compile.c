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
#include <stdlib.h>
#include <string.h>

#include "policy/build.h"
#include "policy/complain.h"
#include "policy/expand.h"
#include "policy/layout.h"
#include "policy/parse.h"
#include "policy/warn.h"

/* A text that rules stand in, until the policy is built. */
struct acl_text {
	struct policy_text text;
	uint32_t name;	 /* its name's offset in files */
	uint32_t parent; /* that includes it; NO_PARENT: the first */
	unsigned depth;
};

struct compilation {
	const struct policy_source *source;
	struct build build;
	struct complaints complaints;
	struct expansion expansion;
	struct named_lists lists;
	struct acl_text *text;
	uint32_t texts, room;
	uint32_t at;  /* the text being read */
	size_t bytes; /* of all texts */
	char *files;  /* names, each with its NUL */
	size_t files_len;
	uint32_t line;
};

enum { NO_PARENT = 0xffffffff };

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
refuse(struct compilation *c, struct flaw *flaw)
{
	flaw->line = c->line;
	complain_error(&c->complaints, flaw);
}

static enum err
take_rule(void *arg, const struct acl_rule *rule)
{
	struct compilation *c = arg;

	return build_add(&c->build, rule, c->line);
}

/* False where it is one list too many. */
static bool
number_list(struct compilation *c, struct acl_rule *rule)
{
	const struct named_list list = { .name = rule->domain,
					 .file = c->text[c->at].name,
					 .line = c->line,
					 .column = rule->domain_text.column };
	struct flaw flaw;

	if (rule->kind != DOMAIN_LIST ||
	    named_add(&c->lists, &list, &rule->list) == ERR_NONE)
		return true;
	wrong(&flaw, &rule->domain_text, "is one list too many",
	      "name at most 64");
	refuse(c, &flaw);
	return false;
}

static enum err
compile_rule(struct compilation *c, struct acl_rule *rule)
{
	struct flaw flaw = { 0 };
	const struct expand_job job = { rule, take_rule, c, &flaw };
	enum err err;

	if (rule->who.had_host_bits)
		warn_of_host_bits(&c->complaints, c->line, &rule->who);
	if (rule->domain_is_addr)
		warn_of_address(&c->complaints, c->line, rule);
	if (rule->domain_was_utf8)
		warn_of_utf8(&c->complaints, c->line, rule);
	if (!number_list(c, rule))
		return ERR_NONE;
	rule->file = c->text[c->at].name;
	err = expand_rule(&c->expansion, &job);
	if (err != ERR_SYNTAX)
		return err;
	refuse(c, &flaw);
	return ERR_NONE;
}

/* The second time through: rules. What else there is has been read. */
static enum err
compile_line(struct compilation *c, const char *text, size_t len)
{
	struct acl_rule rule;
	struct flaw flaw;

	if (!line_is_text(c, text, len) ||
	    acl_line_kind(text, len) != LINE_RULE)
		return ERR_NONE;
	switch (acl_parse_line(text, len, &rule, &flaw)) {
	case LINE_WRONG:
		refuse(c, &flaw);
		return ERR_NONE;
	case LINE_RULE:
		return compile_rule(c, &rule);
	default:
		return ERR_NONE;
	}
}

/* ---- groups, and texts that include others ------------------------------ */

static enum err
add_text(struct compilation *c, const struct policy_text *text, uint32_t parent)
{
	size_t name_len = strlen(text->name) + 1;
	char *files = realloc(c->files, c->files_len + name_len);

	if (!files)
		return ERR_FULL;
	c->files = files;
	if (c->texts == c->room) {
		uint32_t room = c->room ? c->room * 2 : 8;
		void *more = realloc(c->text, room * sizeof(*c->text));

		if (!more)
			return ERR_FULL;
		c->text = more;
		c->room = room;
	}
	memcpy(files + c->files_len, text->name, name_len);
	c->text[c->texts++] = (struct acl_text){
		.text = *text,
		.name = (uint32_t)c->files_len,
		.parent = parent,
		.depth = parent == NO_PARENT ? 0 : c->text[parent].depth + 1,
	};
	c->files_len += name_len;
	c->bytes += text->len;
	return ERR_NONE;
}

static bool
is_same_file(const struct policy_text *a, const struct policy_text *b)
{
	if (a->file.inode != 0 && b->file.inode != 0)
		return a->file.inode == b->file.inode &&
		       a->file.device == b->file.device;
	return strcmp(a->name, b->name) == 0;
}

/* Where the text being read is, or comes to by being included, that one. */
static bool
is_being_read(const struct compilation *c, const struct policy_text *text)
{
	uint32_t at = c->at;

	while (at != NO_PARENT) {
		if (is_same_file(&c->text[at].text, text))
			return true;
		at = c->text[at].parent;
	}
	return false;
}

static bool
is_read_already(const struct compilation *c, const struct policy_text *text)
{
	for (uint32_t i = 0; i < c->texts; i++)
		if (is_same_file(&c->text[i].text, text))
			return true;
	return false;
}

/* One line's wish for files. */
struct inclusion {
	struct compilation *c;
	struct text why;
	char buf[512];
};

static enum err
take_text(void *arg, const struct policy_text *text)
{
	struct inclusion *i = arg;
	struct compilation *c = i->c;

	if (is_being_read(c, text)) {
		text_str(&i->why, "includes ");
		text_escaped(&i->why, text->name, strnlen(text->name, 256));
		text_str(&i->why, ", which includes this file");
		return ERR_SYNTAX;
	}
	if (is_read_already(c, text)) {
		free(text->owned);
		return ERR_NONE;
	}
	if (c->texts == ACL_MAX_FILES || c->bytes + text->len > ACL_MAX_BYTES) {
		text_str(&i->why, "is more than 256 files, or more than 64 "
				  "MiB in all");
		return ERR_SYNTAX;
	}
	return add_text(c, text, c->at);
}

/* The directory's name is no pattern, whatever stands in it. */
static void
put_literally(struct text *out, const char *path, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr("*?[\\", path[i]))
			text_char(out, '\\');
		text_char(out, path[i]);
	}
}

/* A path that does not begin with a slash begins where this file is. */
static bool
pattern_of(const struct compilation *c, const struct token *file,
	   char out[ACL_PATH_SIZE])
{
	const char *here = c->text[c->at].text.name;
	const char *slash = strrchr(here, '/');
	size_t head = 0;
	struct text t;

	text_init(&t, out, ACL_PATH_SIZE);
	if (file->text[0] != '/' && slash)
		head = (size_t)(slash - here) + 1;
	put_literally(&t, here, head);
	text_bytes(&t, file->text, file->len);
	return !t.cut;
}

static enum err
include(struct compilation *c, const struct token *file)
{
	struct inclusion i = { .c = c };
	char pattern[ACL_PATH_SIZE];
	struct flaw flaw;
	enum err err = ERR_SYNTAX;

	text_init(&i.why, i.buf, sizeof(i.buf));
	if (c->text[c->at].depth + 1 > ACL_MAX_DEPTH)
		text_str(&i.why, "is included more than 8 files deep");
	else if (!c->source->include)
		text_str(&i.why, "cannot be included here");
	else if (!pattern_of(c, file, pattern))
		text_str(&i.why, "is too long a path");
	else
		err = c->source->include(c->source->arg, pattern, &i.why,
					 take_text, &i);
	if (err != ERR_SYNTAX && err != ERR_DENIED)
		return err;
	wrong(&flaw, file, i.buf,
	      "include regular files that only their owner can write");
	refuse(c, &flaw);
	return ERR_NONE;
}

static enum err
take_group(struct compilation *c, const struct acl_rule *rule)
{
	const struct group g = { .name = rule->name,
				 .members = rule->members,
				 .file = c->text[c->at].text.name,
				 .line = c->line };
	struct line members = rule->members;
	struct acl_client member;
	struct flaw flaw;
	enum err err = groups_add(&c->expansion.groups, &g, &flaw);

	if (err == ERR_SYNTAX)
		refuse(c, &flaw);
	while (acl_next_member(&members, &member))
		if (member.had_host_bits)
			warn_of_host_bits(&c->complaints, c->line, &member);
	return err == ERR_SYNTAX ? ERR_NONE : err;
}

/* The first time through: what rules may refer to wherever they stand. */
static enum err
gather_line(struct compilation *c, const char *text, size_t len)
{
	struct acl_rule rule;
	struct flaw flaw;

	if (len > ACL_MAX_LINE || acl_line_kind(text, len) == LINE_RULE)
		return ERR_NONE;
	switch (acl_parse_line(text, len, &rule, &flaw)) {
	case LINE_GROUP:
		return take_group(c, &rule);
	case LINE_INCLUDE:
		return include(c, &rule.name);
	case LINE_WRONG:
		refuse(c, &flaw);
		return ERR_NONE;
	default:
		return ERR_NONE;
	}
}

typedef enum err line_fn(struct compilation *c, const char *text, size_t len);

static enum err
each_line(struct compilation *c, line_fn *each)
{
	/* a copy: a line may bring more texts, and move them all */
	const struct policy_text text = c->text[c->at].text;
	const char *at = text.text;
	const char *end = at + text.len;
	enum err err = ERR_NONE;

	c->complaints.file = text.name;
	c->line = 0;
	if (text.len >= BYTE_ORDER_MARK_SIZE &&
	    memcmp(at, byte_order_mark, BYTE_ORDER_MARK_SIZE) == 0)
		at += BYTE_ORDER_MARK_SIZE;
	while (at < end && err == ERR_NONE) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len;

		if (!stop)
			stop = end;
		len = (size_t)(stop - at);
		if (len > 0 && at[len - 1] == '\r')
			len--;
		c->line++;
		err = each(c, at, len);
		at = stop + 1;
	}
	return err;
}

static enum err
each_text(struct compilation *c, line_fn *each)
{
	enum err err = ERR_NONE;

	for (c->at = 0; err == ERR_NONE && c->at < c->texts; c->at++)
		err = each_line(c, each);
	return err;
}

static void
refuse_member(void *arg, const struct group *in, struct flaw *flaw)
{
	struct compilation *c = arg;

	c->complaints.file = in->file;
	c->line = in->line;
	refuse(c, flaw);
}

static enum err
read_all_texts(struct compilation *c)
{
	const struct policy_source *source = c->source;
	const struct policy_text first = { .name = source->name,
					   .file = source->file,
					   .text = source->text,
					   .len = source->len };
	enum err err = add_text(c, &first, NO_PARENT);

	c->complaints.file = source->name;
	if (err == ERR_NONE && source->len > ACL_MAX_BYTES) {
		c->line = 1;
		refuse_line(c, 0, "the file is over 64 MiB long",
			    "use nets and wildcards");
		return ERR_NONE;
	}
	if (err == ERR_NONE)
		err = each_text(c, gather_line);
	if (err == ERR_NONE && source->is_directory && c->texts == 1 &&
	    c->complaints.errors == 0) {
		c->line = 1;
		refuse_line(c, 0, "the directory holds no access list",
			    "put files into it that end in .acl");
	}
	groups_check(&c->expansion.groups, refuse_member, c);
	if (err == ERR_NONE && source->more.name != NULL)
		err = add_text(c, &source->more, NO_PARENT);
	if (err == ERR_NONE)
		err = each_text(c, compile_line);
	return err;
}

static enum err
build_image(struct compilation *c, void **image_out, size_t *size_out)
{
	const struct layout_matter matter = {
		.files = c->files,
		.files_len = c->files_len,
		.interfaces = &c->expansion.interfaces,
		.lists = &c->lists,
		.follows_own = c->expansion.follows_own,
	};

	c->build.interfaces = c->expansion.interfaces.name;
	c->complaints.files = c->files;
	build_settle(&c->build, &c->complaints);
	warn_of_ports(&c->complaints, &c->build);
	c->complaints.file = c->source->name;
	complain_finish(&c->complaints);
	if (c->complaints.errors > 0)
		return ERR_SYNTAX;
	return layout_image(&c->build, &matter, image_out, size_out);
}

enum err
policy_compile(const struct policy_source *source, void **image_out,
	       size_t *size_out, struct text *complaints)
{
	struct compilation c = { .source = source,
				 .complaints = { .out = complaints },
				 .expansion = { .own = source->own } };
	enum err err;

	build_init(&c.build);
	err = read_all_texts(&c);
	if (err == ERR_NONE)
		err = build_image(&c, image_out, size_out);
	for (uint32_t i = 0; i < c.texts; i++)
		free(c.text[i].text.owned);
	free(c.text);
	free(c.files);
	groups_fini(&c.expansion.groups);
	build_fini(&c.build);
	return err;
}
