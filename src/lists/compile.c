/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lists file, read line by line, and every list as soon as it is named.
 *
 * The lists file is the owner's, and so are the lists that are files of his:
 * what is wrong there is an error, and nothing takes force. What was fetched
 * is somebody else's: what is wrong there is a warning, and whatever it is,
 * it must not keep the owner's name server from working.
 */
#include "lists/compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lists/about.h"
#include "lists/build.h"
#include "lists/config.h"
#include "lists/config_word.h"
#include "lists/identity.h"
#include "lists/reading.h"
#include "lists/saved.h"
#include "policy/complain.h"

enum { KEYS_MAX = 16 };

struct job {
	const struct lists_source *source;
	struct lists_build build;
	struct complaints complaints;
	struct text *out;
	struct guard guard;
	struct list_config config; /* of the line */
	struct key_config key[KEYS_MAX];
	unsigned keys;
	uint32_t line;
	bool has_saved; /* only keys are looked at */
};

/* One line of the lists file, and the words of it that are complained of. */
struct wish {
	const char *text;
	size_t len;
	struct token name, source;
};

static void
refuse(struct job *j, struct flaw *flaw)
{
	flaw->line = j->line;
	complain_error(&j->complaints, flaw);
}

static void
find_words(struct wish *w)
{
	struct line l = { .text = w->text, .len = w->len };

	line_word(&l, "");
	w->name = line_word(&l, "");
	line_word(&l, "");
	w->source = word_or_quoted(&l);
}

/* ---- keys ---------------------------------------------------------------- */

static bool
key_is_there(const struct job *j, const char *name)
{
	for (unsigned i = 0; i < j->keys; i++) {
		if (strcmp(j->key[i].name, name) == 0)
			return true;
	}
	return false;
}

/* They are not ours to read: somebody looks whether they may be used, and
 * keeps them for who fetches. */
static enum err
open_key(struct job *j, const struct key_config *key, const struct wish *w)
{
	char what[ACL_PATH_SIZE + 8], buf[512];
	struct flaw flaw;
	struct text why;
	int fd = -1;
	enum err err = ERR_NONE;

	text_init(&why, buf, sizeof(buf));
	snprintf(what, sizeof(what), "key:%s", key->file);
	if (j->source->before == NULL)
		err = j->source->open(j->source->arg, what, &why, &fd);
	if (err != ERR_DENIED)
		return err;
	wrong(&flaw, &w->source, buf,
	      "name a regular file that only its owner can read");
	refuse(j, &flaw);
	return ERR_NONE;
}

static enum err
take_key(struct job *j, const struct key_config *key, const struct wish *w)
{
	struct flaw flaw;

	if (key_is_there(j, key->name))
		wrong(&flaw, &w->name, "names two keys",
		      "give each key a name of its own");
	else if (j->keys == KEYS_MAX)
		wrong(&flaw, &w->name, "is one key too many",
		      "name at most 16");
	else {
		j->key[j->keys++] = *key;
		return open_key(j, key, w);
	}
	refuse(j, &flaw);
	return ERR_NONE;
}

/* ---- lists ---------------------------------------------------------------
 */

static bool
is_named_already(const struct job *j)
{
	for (uint32_t i = 0; i < j->build.lists; i++) {
		const char *name = j->build.texts + j->build.list[i].name;

		if (strcmp(name, j->config.name) == 0)
			return true;
	}
	return false;
}

static enum err
begin_list(struct job *j, const struct wish *w)
{
	struct about about;
	char *line = strndup(w->text, w->len);
	enum err err;

	if (line == NULL)
		return ERR_FULL;
	about_list(&j->config, &about);
	about.lists.line = line;
	err = lists_build_list(&j->build, &about.lists);
	free(line);
	return err;
}

/* How the supervisor knows what the list is made of. */
static void
name_content(const struct list_config *c, char *out, size_t size)
{
	if (c->source == SOURCE_FILE)
		snprintf(out, size, "list:%s", c->where);
	else
		snprintf(out, size, "kept:%s.kept", c->name);
}

static const char *
fault_of(const struct list_config *c, enum err err, const char **right_out)
{
	*right_out = "name the form that it has";
	switch (err) {
	case ERR_RANGE:
		*right_out = "name lists of 16777216 at most, all together, "
			     "and of 32 a line";
		return "has too many entries";
	case ERR_SYNTAX:
		return c->form == FORM_RPZ
			   ? "is not a zone"
		       : c->source == SOURCE_INLINE
			   ? "has what is not of the form of this list"
			   : "is not the form of this list: most of its lines "
			     "are not understood";
	case ERR_IMAGE:
		return "is damaged";
	default:
		return err_text(err);
	}
}

static bool
has_it_in_force(const struct lists *before, const char *name)
{
	for (uint32_t i = 0; before != NULL && i < lists_count(before); i++) {
		const struct lists_list *l = lists_at(before, i);

		if (strcmp(lists_text(before, l->name), name) == 0)
			return (uint64_t)l->names + l->nets > 0;
	}
	return false;
}

/* A list that was fetched and cannot be read is as one that was not; but it
 * takes nothing away that is in force. */
static void
tell_unread(struct job *j, const struct wish *w, const char *fault)
{
	struct flaw flaw;

	lists_build_empty(&j->build);
	if (has_it_in_force(j->source->before, j->config.name)) {
		wrong(&flaw, &w->name, fault,
		      "what was fetched of it before stays in force");
		refuse(j, &flaw);
		return;
	}
	text_printf(j->out, "%s:%u:1: warning: what was fetched of list %s ",
		    j->source->name, j->line, j->config.name);
	text_printf(j->out, "%s; it is fetched again\n", fault);
}

static enum err
end_reading(struct job *j, const struct wish *w, enum err err)
{
	struct flaw flaw;
	const char *right, *fault;

	if (err == ERR_NONE || err == ERR_FULL)
		return err;
	fault = fault_of(&j->config, err, &right);
	if (j->config.source != SOURCE_FILE) {
		tell_unread(j, w, fault);
		return ERR_NONE;
	}
	wrong(&flaw, &w->source, fault, right);
	refuse(j, &flaw);
	return ERR_NONE;
}

static enum err
read_inline(struct job *j, const struct wish *w)
{
	struct reading r = { .build = &j->build,
			     .guard = &j->guard,
			     .is_own = true,
			     .config = &j->config,
			     .file = j->source->name,
			     .out = j->out };
	enum err err = reading_take_inline(&r);
	const char *right;
	struct flaw flaw;

	if (err == ERR_NONE || err == ERR_FULL)
		return err;
	wrong(&flaw, &w->source, fault_of(&j->config, err, &right),
	      "write =ENTRY[,ENTRY...] in the form of the list");
	refuse(j, &flaw);
	return ERR_NONE;
}

static enum err
read_content(struct job *j, const struct wish *w)
{
	bool own = j->config.source == SOURCE_FILE;
	char what[ACL_PATH_SIZE + 8], buf[512] = "is not there";
	struct reading r = { .build = &j->build,
			     .config = &j->config,
			     .guard = &j->guard,
			     .is_own = own,
			     .out = j->out };
	struct flaw flaw;
	struct text why;
	int fd = -1;
	enum err err;

	text_init(&why, buf, sizeof(buf));
	name_content(&j->config, what, sizeof(what));
	r.file = own ? j->config.where : what + strlen("kept:");
	err = j->source->open(j->source->arg, what, &why, &fd);
	if (err == ERR_NONE && fd != -1)
		err = end_reading(j, w, reading_take(&r, fd));
	else if (own && (err == ERR_NONE || err == ERR_DENIED)) {
		wrong(&flaw, &w->source, buf,
		      "name a regular file that only its owner can write");
		refuse(j, &flaw);
		err = ERR_NONE;
	} else if (err == ERR_DENIED) {
		tell_unread(j, w, buf);
		err = ERR_NONE;
	}
	if (fd != -1)
		close(fd);
	return err;
}

static enum err
take_list(struct job *j, const struct wish *w)
{
	struct flaw flaw;
	enum err err;

	if (j->has_saved)
		return ERR_NONE;
	if (is_named_already(j))
		wrong(&flaw, &w->name, "names two lists",
		      "give each list a name of its own");
	else if (j->build.lists == LISTS_MAX)
		wrong(&flaw, &w->name, "is one list too many",
		      "name at most 64");
	else if (j->config.key[0] != '\0' && !key_is_there(j, j->config.key))
		wrong(&flaw, &w->name, "has a key that no line before names",
		      "write \"key NAME ALGORITHM FILE\" above it");
	else {
		err = begin_list(j, w);
		if (err != ERR_NONE)
			return err;
		return j->config.source == SOURCE_INLINE ? read_inline(j, w)
							 : read_content(j, w);
	}
	refuse(j, &flaw);
	return ERR_NONE;
}

/* ---- lines ---------------------------------------------------------------
 */

static enum err
take_line(struct job *j, const char *text, size_t len)
{
	struct wish w = { .text = text, .len = len };
	struct key_config key;
	struct flaw flaw;

	find_words(&w);
	switch (config_read_line(text, len, &j->config, &key, &flaw)) {
	case CONFIG_LIST:
		return take_list(j, &w);
	case CONFIG_KEY:
		return take_key(j, &key, &w);
	case CONFIG_WRONG:
		refuse(j, &flaw);
		break;
	case CONFIG_NOTHING:
		break;
	}
	return ERR_NONE;
}

static enum err
take_lines(struct job *j)
{
	const char *at = j->source->text, *end = at + j->source->len;
	enum err err = ERR_NONE;

	while (at < end && err == ERR_NONE) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len;

		if (stop == NULL)
			stop = end;
		len = (size_t)(stop - at);
		if (len > 0 && at[len - 1] == '\r')
			len--;
		j->line++;
		err = take_line(j, at, len);
		at = stop + 1;
	}
	return err;
}

/* ---- the image of last time ----------------------------------------------
 */

static int
open_quietly(struct job *j, const char *what)
{
	char buf[512];
	struct text why;
	int fd = -1;

	text_init(&why, buf, sizeof(buf));
	return j->source->open(j->source->arg, what, &why, &fd) == ERR_NONE
		   ? fd
		   : -1;
}

static void
identify_list(struct job *j, struct identity *id)
{
	char what[ACL_PATH_SIZE + 8];
	int fd;

	name_content(&j->config, what, sizeof(what));
	fd = open_quietly(j, what);
	identity_content(id, &j->config, fd);
	if (fd != -1)
		close(fd);
}

static void
identify(struct job *j)
{
	const char *at = j->source->text, *end = at + j->source->len;
	struct identity id;
	struct key_config key;
	struct flaw flaw;

	identity_init(&id, j->source->name, at, j->source->len);
	identity_guard(&id, &j->guard);
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (stop == NULL)
			stop = end;
		if (config_read_line(at, (size_t)(stop - at), &j->config, &key,
				     &flaw) == CONFIG_LIST)
			identify_list(j, &id);
		at = stop + 1;
	}
	j->build.identity = id.is_unsure ? 0 : id.number;
}

static void
find_saved(struct job *j, void **image_out, size_t *size_out)
{
	int fd;

	identify(j);
	if (j->build.identity == 0)
		return;
	fd = open_quietly(j, "saved:");
	if (fd == -1)
		return;
	j->has_saved =
	    saved_read(fd, j->build.identity, image_out, size_out) == ERR_NONE;
	close(fd);
}

static enum err
compile(struct job *j, void **image_out, size_t *size_out)
{
	enum err err = lists_build_source(&j->build, j->source->name,
					  j->source->text, j->source->len);

	find_saved(j, image_out, size_out);
	if (err == ERR_NONE)
		err = take_lines(j);
	complain_finish(&j->complaints);
	if (err == ERR_NONE && j->complaints.errors > 0)
		err = ERR_SYNTAX;
	if (err == ERR_NONE && !j->has_saved)
		err = lists_build_image(&j->build, image_out, size_out);
	if (err != ERR_NONE && j->has_saved) {
		free(*image_out);
		*image_out = NULL;
	}
	return err;
}

enum err
lists_compile(const struct lists_source *source, void **image_out,
	      size_t *size_out, struct text *complaints)
{
	struct job *j = calloc(1, sizeof(*j));
	enum err err;

	if (j == NULL)
		return ERR_FULL;
	j->source = source;
	j->out = complaints;
	j->complaints =
	    (struct complaints){ .file = source->name, .out = complaints };
	lists_build_init(&j->build);
	guard_init(&j->guard, source->opt, source->text, source->len);
	err = compile(j, image_out, size_out);
	lists_build_fini(&j->build);
	free(j);
	return err;
}
