/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list that is fetched, and its row on the page that others read. */
#include "supply/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "supply/plain.h"
#include "supply/primary.h"
#include "supply/supply.h"

const struct source_kind *
source_kind_of(enum list_source source)
{
	static const struct source_kind *const kinds[] = {
		[SOURCE_FILE] = NULL,
		[SOURCE_HTTPS] = &plain_kind,
		[SOURCE_PRIMARY] = &primary_kind,
		[SOURCE_RRSET] = &plain_kind,
	};

	return kinds[source];
}

/* The row that this name had, or a free one. */
static unsigned
find_row(const struct supply *supply, const char *name)
{
	const struct sources *page = supply->kit->sources;
	unsigned row = SOURCES_MAX;

	for (unsigned i = 0; i < SOURCES_MAX; i++) {
		if (supply->source[i] != NULL)
			continue;
		if (strncmp(page->of[i].name, name, SOURCE_NAME_SIZE) == 0)
			return i;
		if (row == SOURCES_MAX || (page->of[i].name[0] == '\0' &&
					   page->of[row].name[0] != '\0'))
			row = i;
	}
	return row;
}

struct source *
source_new(struct supply *supply, const struct list_config *config)
{
	unsigned row = find_row(supply, config->name);
	struct source *s = row < SOURCES_MAX ? calloc(1, sizeof(*s)) : NULL;

	if (s == NULL)
		return NULL;
	s->supply = supply;
	s->config = *config;
	s->kind = source_kind_of(config->source);
	s->named = true;
	s->state = &supply->kit->sources->of[row];
	memset(s->state, 0, sizeof(*s->state));
	memcpy(s->state->name, config->name, sizeof(config->name));
	supply->source[row] = s;
	if (s->kind == NULL || s->kind->begin(s))
		return s;
	source_free(s);
	return NULL;
}

void
source_free(struct source *s)
{
	struct supply *supply = s->supply;

	if (s->kind != NULL && s->own != NULL)
		s->kind->end(s);
	memset(s->state, 0, sizeof(*s->state));
	for (unsigned i = 0; i < SOURCES_MAX; i++) {
		if (supply->source[i] == s)
			supply->source[i] = NULL;
	}
	free(s);
}

const char *
source_file(const struct source *s, char out[64])
{
	snprintf(out, 64, "%s.kept", s->config.name);
	return out;
}

void
source_failed(struct source *s, const char *why)
{
	s->state->failed++;
	s->state->phase = SOURCE_RETRY;
	if (strncmp(s->state->error, why, sizeof(s->state->error) - 1) != 0)
		log_warn("List %s: %s", s->config.name, why);
	snprintf(s->state->error, sizeof(s->state->error), "%s", why);
}

const char *
source_key(const struct source *s, struct tsig_key *out)
{
	char text[KEY_FILE_MAX];
	const struct key_config *key;
	const char *why = NULL;
	int fd = -1;
	ssize_t len;

	if (s->config.key[0] == '\0')
		return NULL;
	key = supply_key(s->supply, s->config.key, &fd);
	if (key == NULL || fd == -1)
		return "its key is not there";
	len = pread(fd, text, sizeof(text), 0);
	if (len == -1)
		return "the file of its key cannot be read";
	name_lower(&key->wire, &out->name);
	out->algorithm = key->algorithm;
	if (key_read_secret(text, (size_t)len, out) != ERR_NONE)
		why = "the file of its key holds no secret in base64 of at "
		      "most 512 bytes";
	explicit_bzero(text, sizeof(text));
	return why;
}
