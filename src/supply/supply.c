/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process around the sources: it follows the lists file of the policy in
 * force, and passes on what the supervisor says.
 *
 * A source whose line stays the same is left alone by a reload; what is under
 * way goes on.
 */
#include "supply/supply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "lists/build.h"
#include "proc/measure.h"
#include "supply/gzip.h"
#include "supply/leftover.h"
#include "supply/tsig.h"

enum { LETTERS_A_WAKE = 16 };

void
supply_changed(struct supply *s)
{
	struct plain_letter changed = { 0 };

	post_head(&changed.head, POST_LISTS_CHANGED, 0);
	post_send(s->kit->supervisor, &changed, sizeof(changed), -1);
}

static void
check(struct source *source)
{
	if (source != NULL && source->kind != NULL)
		source->kind->check(source);
}

/* Of a copy that is damaged no image can be built, and no other list changes
 * until it is whole again. */
static void
on_unbuilt(void *self, const void *letter, size_t size, int fd)
{
	struct supply *s = self;

	(void)letter;
	(void)size;
	(void)fd;
	for (unsigned i = 0; i < SOURCES_MAX; i++)
		check(s->source[i]);
}

const struct key_config *
supply_key(const struct supply *s, const char *name, int *file_out)
{
	for (unsigned i = 0; i < s->keys; i++) {
		if (strcmp(s->key[i].name, name) == 0) {
			*file_out = s->kit->key[i];
			return &s->key[i];
		}
	}
	return NULL;
}

/* ---- the lists file of the policy in force ------------------------------- */

static struct source *
find_source(const struct supply *s, const char *name)
{
	for (unsigned i = 0; i < SOURCES_MAX; i++) {
		if (s->source[i] != NULL &&
		    strcmp(s->source[i]->config.name, name) == 0)
			return s->source[i];
	}
	return NULL;
}

/* All zero behind what is set, so bytes can be compared. */
static enum err
follow_list(void *arg, const struct list_config *config)
{
	struct supply *s = arg;
	struct source *old = find_source(s, config->name);

	if (config->source == SOURCE_FILE || config->source == SOURCE_INLINE)
		return ERR_NONE;
	if (old != NULL && memcmp(&old->config, config, sizeof(*config)) == 0) {
		old->named = true;
		return ERR_NONE;
	}
	if (old != NULL)
		source_free(old);
	if (source_new(s, config) == NULL)
		log_error("List %s cannot be fetched: no memory", config->name);
	return ERR_NONE;
}

static enum err
follow_key(void *arg, const struct key_config *key)
{
	struct supply *s = arg;

	if (s->keys < ROLE_MAX_KEYS)
		s->key[s->keys++] = *key;
	return ERR_NONE;
}

/* What is no longer named is given up. */
static enum err
follow(struct supply *s, const char *text, size_t len)
{
	const struct config_sink sink = { follow_list, follow_key, s };
	enum err err;

	s->keys = 0;
	for (unsigned i = 0; i < SOURCES_MAX; i++) {
		if (s->source[i] != NULL)
			s->source[i]->named = false;
	}
	err = config_each(text, len, &sink);
	for (unsigned i = 0; i < SOURCES_MAX && err == ERR_NONE; i++) {
		if (s->source[i] != NULL && !s->source[i]->named)
			source_free(s->source[i]);
	}
	return err;
}

static void
look_at_image(struct supply *s, const struct lists *lists)
{
	s->lists = lists_count(lists);
	for (uint32_t i = 0; i < s->lists; i++) {
		const struct lists_list *l = lists_at(lists, i);

		snprintf(s->of[i].name, sizeof(s->of[i].name), "%s",
			 lists_text(lists, l->name));
		s->of[i].entries = (uint64_t)l->names + l->nets;
	}
}

/* What was fetched meanwhile counts where it is more. */
uint64_t
supply_room(const struct supply *s, const char *name)
{
	uint64_t used = 0;

	for (uint32_t i = 0; i < s->lists; i++) {
		const struct source *source = find_source(s, s->of[i].name);
		uint64_t entries = s->of[i].entries;

		if (strcmp(s->of[i].name, name) == 0)
			continue;
		if (source != NULL && source->state->entries > entries)
			entries = source->state->entries;
		used += entries;
	}
	return used < LISTS_ENTRIES_MAX ? LISTS_ENTRIES_MAX - used : 0;
}

/* Those of which there is a copy, and nothing in the image. */
static void
check_empty(struct supply *s)
{
	for (uint32_t i = 0; i < s->lists; i++) {
		struct source *source = find_source(s, s->of[i].name);

		if (s->of[i].entries == 0 && source != NULL &&
		    source->state->entries > 0)
			check(source);
	}
}

static enum err
take_policy(struct supply *s, int fd, uint32_t generation)
{
	struct policy policy;
	struct lists lists;
	const char *text;
	size_t len = 0;
	enum err err = policy_open(fd, generation, &policy);

	if (err != ERR_NONE)
		return err;
	err = lists_of(&policy, &lists);
	if (err == ERR_NONE) {
		text = lists_source_text(&lists, &len);
		look_at_image(s, &lists);
		err = follow(s, text, len);
		check_empty(s);
	}
	policy_close(&policy);
	return err;
}

/* ---- the supervisor ------------------------------------------------------ */

static void
take_own(struct supply *s, int fd)
{
	const struct own_addresses *fresh;

	if (own_open(fd, &fresh) != ERR_NONE)
		return;
	if (s->own != NULL)
		own_close(s->own);
	s->own = fresh;
}

static void
take_key(struct supply *s, uint32_t index, int fd)
{
	if (index >= ROLE_MAX_KEYS) {
		close(fd);
		return;
	}
	if (s->kit->key[index] != -1)
		close(s->kit->key[index]);
	s->kit->key[index] = fd;
}

static void
on_hand(void *self, const void *letter, size_t size, int fd)
{
	const struct hand_letter *hand = letter;
	struct supply *s = self;

	(void)size;
	if (hand->hand == HAND_KEY) {
		take_key(s, hand->index, fd);
		return;
	}
	if (hand->hand == HAND_WORKER) {
		relays_take(s->relays, hand->index, fd);
		return;
	}
	if (hand->hand == HAND_OWN)
		take_own(s, fd);
	if (hand->hand == HAND_POLICY) {
		if (take_policy(s, fd, hand->generation) != ERR_NONE)
			log_error("The lists process cannot use the new "
				  "policy");
		role_taken(s->kit, hand->generation);
	}
	close(fd);
}

static enum source_outcome
do_to(struct source *of, enum source_deed deed)
{
	if (of == NULL || of->kind == NULL)
		return SOURCE_OUT_NONE;
	if (deed == SOURCE_DEED_ACCEPT)
		return of->kind->accept(of) ? SOURCE_OUT_DONE
					    : SOURCE_OUT_NOTHING;
	of->kind->refresh(of);
	return SOURCE_OUT_DONE;
}

static void
on_source(void *self, const void *letter, size_t size, int fd)
{
	struct supply *s = self;
	struct source_letter wish;
	struct plain_letter done = { 0 };

	(void)size;
	(void)fd;
	memcpy(&wish, letter, sizeof(wish));
	wish.name[sizeof(wish.name) - 1] = '\0';
	done.seq = wish.seq;
	done.value = do_to(find_source(s, wish.name), wish.deed);
	post_head(&done.head, POST_SOURCE_DONE, 0);
	post_send(s->kit->supervisor, &done, sizeof(done), -1);
}

static void
on_stop(void *self, const void *letter, size_t size, int fd)
{
	struct supply *s = self;

	(void)letter;
	(void)size;
	(void)fd;
	loop_stop(s->loop);
}

static void
on_letter(void *owner, bool readable, bool writable)
{
	struct supply *s = owner;
	enum err err = post_pump(&s->post, LETTERS_A_WAKE);

	(void)readable;
	(void)writable;
	if (err == ERR_NONE || err == ERR_AGAIN)
		return;
	s->status = err != ERR_CLOSED;
	loop_stop(s->loop);
}

/* ---- what is left of others ---------------------------------------------- */

static bool
is_named(const void *owner, const char *list)
{
	return find_source(owner, list) != NULL;
}

static void
sweep(const struct supply *s)
{
	const struct leftover_sweep all = { .dir = s->kit->lists_dir,
					    .now_s = (int64_t)(clock_date_ms() /
							       1000),
					    .is_named = is_named,
					    .owner = s };

	if (all.dir != -1)
		leftover_remove(&all);
}

/* ---- beginning and end --------------------------------------------------- */

/* Certificates are files that only root may be able to read. */
static enum err
begin_https(struct supply *s)
{
	const struct host_setup setup = { .loop = s->loop,
					  .random = &s->random,
					  .opt = s->kit->opt,
					  .own = &s->own };
	enum err err = https_new(&setup, &s->https);

	if (err == ERR_MISSING)
		log_error("--feed-ca: \"%s\" cannot be read: %s; accepted is a "
			  "file of certificates in PEM",
			  s->kit->opt->feed_ca, strerror(errno));
	return err;
}

static enum err
begin_libraries(void)
{
	enum err err = tsig_prepare();

	gzip_prepare();
	if (err != ERR_NONE)
		log_error("libcrypto.so.3 is not there, or without HMAC; "
			  "fetched lists need it (Debian: libssl3)");
	return err;
}

static enum err
begin(struct supply *s)
{
	struct role_kit *kit = s->kit;
	enum err err;

	if (kit->sources == NULL || kit->policy == -1)
		return ERR_MISSING;
	s->loop = loop_new();
	if (s->loop == NULL)
		return ERR_FULL;
	take_own(s, kit->own);
	close(kit->own);
	err = begin_https(s);
	if (err == ERR_NONE)
		err = begin_libraries();
	if (err == ERR_NONE)
		err = news_begin(s);
	if (err == ERR_NONE)
		err = role_enter_sandbox(kit);
	if (err == ERR_NONE)
		err = take_policy(s, kit->policy, kit->generation);
	if (err == ERR_NONE)
		sweep(s);
	close(kit->policy);
	s->post = (struct post){
		.channel = kit->supervisor,
		.self = ROLE_LISTS,
		.peer = ROLE_SUPERVISOR,
		.arg = s,
		.handler = { [POST_HAND] = on_hand,
			     [POST_SOURCE_DO] = on_source,
			     [POST_LISTS_UNBUILT] = on_unbuilt,
			     [POST_STOP] = on_stop }
	};
	ready_init(&s->letters, kit->supervisor, on_letter, s);
	ready_want(s->loop, &s->letters, true, false);
	return err == ERR_NONE ? role_ready(kit) : err;
}

static void
end(struct supply *s)
{
	for (unsigned i = 0; i < SOURCES_MAX; i++) {
		if (s->source[i] != NULL)
			source_free(s->source[i]);
	}
	notify_sockets_close(s->notify);
	relays_close(s->relays);
	https_free(s->https);
	loop_free(s->loop);
}

int
supply_main(struct role_kit *kit)
{
	static struct supply s;
	enum err err;

	s.kit = kit;
	s.inflows.most = (uint64_t)INFLOW_MAX_MB << 20;
	s.inflows.each = (uint64_t)INFLOW_EACH_MB << 20;
	random_init(&s.random);
	err = begin(&s);
	if (err != ERR_NONE) {
		log_error("The lists process cannot start: %s", err_text(err));
		return 1;
	}
	loop_run(s.loop);
	end(&s);
	return s.status;
}
