/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that reads ACLs and lists: text comes in by descriptors, an
 * image and complaints go out by others.
 *
 * The text may come from anybody who can write the owner's files, or from
 * those whose lists he takes, so it is read only after all power is gone.
 * Nothing but exit status 0 makes an image good; whoever maps it checks it
 * all the same (policy_open(), lists_of()).
 */
#include "lists/compile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lists/accord.h"
#include "lists/ldns.h"
#include "lists/policy_zone.h"
#include "lists/saved.h"
#include "policy/fetch.h"
#include "policy/match.h"
#include "policy/print.h"
#include "policy/trusted.h"
#include "proc/compilation.h"
#include "proc/role.h"

/* Each of its characters may be a client, and make a rule. */
enum { PAGE = 65536, TRUSTED_TEXT_SIZE = OPTION_TEXT_SIZE * 32 };

static const char trusted_name[] = "--trusted";

static enum err
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return ERR_SYSTEM;
		bytes += n;
		len -= (size_t)n;
	}
	return ERR_NONE;
}

static enum err
print_policy(int fd, const void *image, size_t size)
{
	char buf[PAGE];
	struct policy p;
	struct text out;
	enum err err = policy_view(image, size, 0, &p);

	text_init(&out, buf, sizeof(buf));
	for (uint32_t i = 0; err == ERR_NONE && i < policy_rule_count(&p);) {
		i += rules_print(&p, i, &out);
		text_char(&out, '\n');
		if (out.size - out.len > RULES_TEXT_SIZE)
			continue;
		err = write_all(fd, out.buf, out.len);
		text_init(&out, buf, sizeof(buf));
	}
	return err == ERR_NONE ? write_all(fd, out.buf, out.len) : err;
}

static enum err
hand_out(const struct role_kit *kit, const void *image, size_t size)
{
	enum err err = write_all(kit->image, image, size);

	if (err == ERR_NONE && kit->print != -1)
		err = print_policy(kit->print, image, size);
	return err;
}

/* Errors of the ACL are told already; this is for those of the machine. */
static void
tell_failure(const struct role_kit *kit, enum err err, struct text *complaints)
{
	if (err == ERR_NONE || err == ERR_SYNTAX)
		return;
	text_escaped(complaints, kit->source_name,
		     strnlen(kit->source_name, 256));
	text_printf(complaints, ": error: cannot be compiled: %s\n",
		    err_text(err));
}

/* The file that was handed; or, of a directory, one that includes all; or
 * nothing, where --trusted is all there is. */
static enum err
read_source(const struct role_kit *kit, struct policy_source *source,
	    char **owned_out)
{
	static const char all[] = "include \"*.acl\"\n";
	enum err err;

	source->name = kit->source_name;
	source->include = fetch_included;
	source->text = "";
	if (kit->source_name[0] == '\0') {
		source->name = trusted_name;
		return ERR_NONE;
	}
	if (kit->acl == -1) {
		source->is_directory = true;
		source->text = all;
		source->len = sizeof(all) - 1;
		return ERR_NONE;
	}
	err = fetch_bytes(kit->acl, 0, owned_out, &source->len);
	source->text = *owned_out;
	source->file = fetch_identity(kit->acl);
	return err;
}

/* The rules of --trusted, behind those of the access list. */
static void
add_trusted(const struct role_kit *kit, struct policy_source *source)
{
	static char buf[TRUSTED_TEXT_SIZE];
	struct text text;

	if (kit->opt == NULL || kit->opt->trusted[0] == '\0')
		return;
	text_init(&text, buf, sizeof(buf));
	trusted_rules(kit->opt->trusted, &text);
	source->more = (struct policy_text){ .name = trusted_name,
					     .text = buf,
					     .len = text.len };
}

/* ---- lists -------------------------------------------------------------- */

/* What the lists file says, and behind it what options say. */
struct listing {
	const struct role_kit *kit;
	struct policy policy; /* that they follow */
	struct text *complaints;
	char *text; /* malloc()ed */
	size_t len;
	void *image;
	size_t size;
	bool found;
};

static enum err
append(struct listing *l, const char *text, size_t len)
{
	char *more = realloc(l->text, l->len + len + 1);

	if (more == NULL)
		return ERR_FULL;
	memcpy(more + l->len, text, len);
	more[l->len + len] = '\n';
	l->text = more;
	l->len += len + 1;
	return ERR_NONE;
}

static enum err
take_lists(void *arg, const struct policy_text *t)
{
	struct listing *l = arg;
	enum err err = l->found ? ERR_NONE : append(l, t->text, t->len);

	l->found = true;
	free(t->owned);
	return err;
}

static enum err
read_lists_file(struct listing *l)
{
	const struct role_kit *kit = l->kit;
	char buf[512] = "is not there";
	struct text why;
	enum err err;

	if (kit->opt->lists[0] == '\0')
		return ERR_NONE;
	text_init(&why, buf, sizeof(buf));
	err = fetch_included((void *)(uintptr_t)kit, kit->opt->lists, &why,
			     take_lists, l);
	if (l->found || (err != ERR_DENIED && err != ERR_NONE))
		return err;
	text_escaped(l->complaints, kit->opt->lists,
		     strnlen(kit->opt->lists, 256));
	text_printf(l->complaints, ": error: the lists file %s\n", buf);
	return ERR_SYNTAX;
}

/* The zone of --dns-policy is one more list, behind those of the owner; so is
 * the name of --test-blocked. */
static enum err
add_policy_zone(struct listing *l)
{
	char buf[4 * OPTION_TEXT_SIZE];
	struct text text;

	text_init(&text, buf, sizeof(buf));
	policy_zone_lines(l->kit->opt, &text);
	return text.len > 0 ? append(l, text.buf, text.len) : ERR_NONE;
}

/* The next start needs no text then. Without it all works. */
static void
save(const struct role_kit *kit, const struct lists *lists,
     struct text *complaints)
{
	char buf[512];
	struct text why;
	bool is_there;
	int last = -1;

	if (kit->saved == -1 || lists->head->identity == 0)
		return;
	text_init(&why, buf, sizeof(buf));
	fetch_opened((void *)(uintptr_t)kit, "saved:", &why, &last);
	is_there = last != -1 && saved_is(last, lists);
	if (last != -1)
		close(last);
	if (!is_there && saved_write(kit->saved, lists) != ERR_NONE)
		text_printf(complaints,
			    "%s:1:1: warning: the image of the lists cannot "
			    "be saved: %s\n",
			    lists_text(lists, lists->head->source_name),
			    strerror(errno));
}

/* Those that the options name. */
static enum err
read_lists(struct listing *l)
{
	const struct options *opt = l->kit->opt;
	struct lists_source source = { .open = fetch_opened,
				       .opt = opt,
				       .arg = (void *)(uintptr_t)l->kit };
	enum err err = read_lists_file(l);

	if (err == ERR_NONE)
		err = add_policy_zone(l);
	if (err != ERR_NONE || !options_have_lists(opt))
		return err;
	source.name = opt->lists[0] != '\0' ? opt->lists : "--dns-policy";
	source.text = l->text;
	source.len = l->len;
	return lists_compile(&source, &l->image, &l->size, l->complaints);
}

/* What the rules say of lists must be true of these. An access list that is
 * checked by itself may mean any. */
static enum err
agree(const struct listing *l)
{
	const struct options *opt = l->kit->opt;
	struct lists lists = { 0 };
	enum err err = ERR_NONE;

	if (l->image != NULL)
		err = lists_view(l->image, l->size, &lists);
	if (err == ERR_NONE && l->image != NULL)
		save(l->kit, &lists, l->complaints);
	if (err != ERR_NONE || opt->acl_file[0] == '\0')
		return err;
	return lists_accord(&l->policy, &lists, opt->lists, l->complaints);
}

/* Behind the policy in that image. */
static enum err
add_lists(const struct role_kit *kit, const void *image, size_t size,
	  struct text *complaints)
{
	struct listing l = { .kit = kit, .complaints = complaints };
	enum err err = policy_view(image, size, 0, &l.policy);

	if (err != ERR_NONE || kit->opt == NULL)
		return err;
	err = read_lists(&l);
	if (err == ERR_NONE)
		err = agree(&l);
	if (err == ERR_NONE && l.image != NULL)
		err = write_all(kit->image, l.image, l.size);
	free(l.image);
	free(l.text);
	return err;
}

/* The policy as it is, and its lists from what there is of them now. */
static enum err
make_lists_anew(const struct role_kit *kit, struct text *complaints)
{
	struct lists_source source = { .open = fetch_opened,
				       .opt = kit->opt,
				       .arg = (void *)(uintptr_t)kit };
	struct policy policy;
	struct lists lists;
	void *image = NULL;
	size_t size = 0;
	enum err err = policy_open(kit->policy, 0, &policy);

	if (err != ERR_NONE)
		return err;
	err = lists_of(&policy, &lists);
	if (err == ERR_NONE && lists.head == NULL)
		err = ERR_MISSING;
	if (err == ERR_NONE) {
		source.before = &lists;
		source.name = lists_text(&lists, lists.head->source_name);
		source.text = lists_source_text(&lists, &source.len);
		err = lists_compile(&source, &image, &size, complaints);
	}
	if (err == ERR_NONE)
		err = write_all(kit->image, (const char *)policy.head,
				policy.head->size);
	if (err == ERR_NONE)
		err = write_all(kit->image, image, size);
	if (err == ERR_NONE && lists_view(image, size, &lists) == ERR_NONE)
		save(kit, &lists, complaints);
	free(image);
	policy_close(&policy);
	return err;
}

/* 0 or COMPILER_FOLLOWS. */
static int
status_of(const void *image)
{
	const struct image_head *h = image;

	return h->follows_own ? COMPILER_FOLLOWS : 0;
}

/* Of the owner's files; the exit status. */
static enum err
make_all(struct role_kit *kit, struct policy_source *source,
	 struct text *complaints, int *status_out)
{
	char *text = NULL;
	void *image = NULL;
	size_t size = 0;
	enum err err = read_source(kit, source, &text);

	add_trusted(kit, source);
	if (err == ERR_NONE)
		err = policy_compile(source, &image, &size, complaints);
	if (err == ERR_NONE)
		err = hand_out(kit, image, size);
	if (err == ERR_NONE)
		err = add_lists(kit, image, size, complaints);
	if (err == ERR_NONE)
		*status_out = status_of(image);
	free(image);
	free(text);
	return err;
}

int
compiler_main(struct role_kit *kit)
{
	static char buf[ACL_COMPLAINTS_SIZE];
	struct policy_source source = { .arg = kit };
	struct text complaints;
	int status = 1;
	enum err err;

	/* For text of policy zones; its file cannot be opened later. */
	if (kit->opt == NULL || kit->opt->lists[0] != '\0')
		ldns();
	if ((kit->own != -1 && own_open(kit->own, &source.own) != ERR_NONE) ||
	    role_enter_sandbox(kit) != ERR_NONE || role_ready(kit) != ERR_NONE)
		return 1;
	text_init(&complaints, buf, sizeof(buf));
	if (kit->policy == -1) {
		err = make_all(kit, &source, &complaints, &status);
	} else {
		err = make_lists_anew(kit, &complaints);
		status = err == ERR_NONE ? 0 : 1;
	}
	tell_failure(kit, err, &complaints);
	if (write_all(kit->complaints, complaints.buf, complaints.len) !=
	    ERR_NONE)
		status = 1;
	return status;
}
