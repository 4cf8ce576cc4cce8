/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first moments of a child: it is handed what it will ever have.
 *
 * Up to POST_START nothing but the supervisor's letters is read, so the
 * order in which hands arrive does not matter.
 */
#include "proc/role.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

static const char role_prefix[] = "dns-firewall: ";

bool
role_from_name(const char *name, enum role *role_out, uint32_t *index_out)
{
	int type = 0;
	socklen_t len = sizeof(type);
	char word[16];
	unsigned index = 0;

	if (!name || strncmp(name, role_prefix, sizeof(role_prefix) - 1) != 0)
		return false;
	if (sscanf(name + sizeof(role_prefix) - 1, "%15s %u", word, &index) < 1)
		return false;
	if (getsockopt(ROLE_CHANNEL, SOL_SOCKET, SO_TYPE, &type, &len) == -1 ||
	    type != SOCK_SEQPACKET)
		return false;
	for (enum role role = ROLE_WORKER; role < ROLE_ANY; role++) {
		if (strcmp(word, role_name(role)) == 0) {
			*role_out = role;
			*index_out = index;
			return true;
		}
	}
	return false;
}

/* Maps a page that was handed; the descriptor is of no more use. */
static void *
map_page(int fd, size_t size, bool writable)
{
	struct stat st;
	void *map = NULL;

	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size >= size)
		map = role_map(fd, size, writable);
	close(fd);
	return map;
}

struct beginning {
	struct role_kit *kit;
	bool started;
};

/* Where a descriptor of one of the indexed kinds belongs, or NULL. */
static int *
indexed_place(struct role_kit *kit, const struct hand_letter *hand)
{
	switch ((enum hand)hand->hand) {
	case HAND_UDP:
		return hand->index < ROLE_MAX_BINDS ? &kit->udp[hand->index]
						    : NULL;
	case HAND_TCP:
		return hand->index < ROLE_MAX_BINDS ? &kit->tcp[hand->index]
						    : NULL;
	case HAND_KEY:
		return hand->index < ROLE_MAX_KEYS ? &kit->key[hand->index]
						   : NULL;
	case HAND_WORKER:
		if (hand->index >= ROLE_MAX_WORKERS)
			return NULL;
		kit->worker_epoch[hand->index] = hand->generation;
		return &kit->worker[hand->index];
	default:
		return NULL;
	}
}

static int *
single_place(struct role_kit *kit, const struct hand_letter *hand)
{
	switch ((enum hand)hand->hand) {
	case HAND_POLICY:
		kit->generation = hand->generation;
		return &kit->policy;
	case HAND_OWN:
		return &kit->own;
	case HAND_LEDGER:
		return &kit->ledger;
	case HAND_WARDEN:
		return &kit->warden;
	case HAND_RECORDER:
		return &kit->recorder;
	case HAND_LISTS:
		return &kit->lists;
	case HAND_OUTPUT:
		return &kit->output;
	case HAND_JOURNAL:
		return &kit->journal;
	case HAND_RPZ_LOG:
		return &kit->rpz_log;
	case HAND_CONTROL:
		return &kit->control;
	case HAND_ACL:
		return &kit->acl;
	case HAND_IMAGE:
		return &kit->image;
	case HAND_SAVED:
		return &kit->saved;
	case HAND_COMPLAINTS:
		return &kit->complaints;
	case HAND_PRINT:
		return &kit->print;
	case HAND_PAST:
		return &kit->past;
	case HAND_REFUSALS:
		return &kit->refusals;
	case HAND_WITNESS:
		return &kit->witness;
	case HAND_NFLOG:
		return &kit->nflog;
	case HAND_LISTS_DIR:
		return &kit->lists_dir;
	default:
		return indexed_place(kit, hand);
	}
}

/* True where the hand was a page and has been mapped. */
static bool
take_page(struct role_kit *kit, const struct hand_letter *hand, int fd)
{
	switch ((enum hand)hand->hand) {
	case HAND_OPTIONS:
		kit->opt = map_page(fd, sizeof(*kit->opt), false);
		return true;
	case HAND_BOARD:
		kit->board = map_page(fd, sizeof(*kit->board),
				      kit->role == ROLE_WARDEN);
		return true;
	case HAND_STATE:
		kit->state = map_page(fd, sizeof(*kit->state), false);
		return true;
	case HAND_SOURCES:
		kit->sources = map_page(fd, sizeof(*kit->sources),
					kit->role == ROLE_LISTS);
		return true;
	case HAND_STATS:
		if (kit->role == ROLE_WORKER && hand->index == kit->index)
			kit->stats = map_page(fd, sizeof(*kit->stats), true);
		else if (hand->index < ROLE_MAX_WORKERS)
			kit->all_stats[hand->index] = map_page(
			    fd, sizeof(*kit->stats), false);
		else
			close(fd);
		return true;
	default:
		return false;
	}
}

static void
on_hand(void *self, const void *letter, size_t size, int fd)
{
	struct beginning *b = self;
	struct hand_letter hand;

	(void)size;
	memcpy(&hand, letter, sizeof(hand));
	if (take_page(b->kit, &hand, fd))
		return;

	int *place = single_place(b->kit, &hand);

	if (!place || *place != -1)
		close(fd);
	else
		*place = fd;
}

static void
on_start(void *self, const void *letter, size_t size, int fd)
{
	struct beginning *b = self;
	struct plain_letter start;

	(void)size;
	(void)fd;
	memcpy(&start, letter, sizeof(start));
	b->kit->epoch = start.seq;
	b->kit->families = start.value;
	b->started = true;
}

static void
kit_clear(struct role_kit *kit)
{
	memset(kit, 0, sizeof(*kit));
	for (unsigned i = 0; i < ROLE_MAX_BINDS; i++)
		kit->udp[i] = kit->tcp[i] = -1;
	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++)
		kit->worker[i] = -1;
	kit->policy = kit->own = kit->ledger = kit->warden = -1;
	kit->recorder = kit->output = kit->control = kit->acl = -1;
	kit->journal = kit->image = kit->complaints = kit->print = -1;
	kit->past = kit->refusals = kit->nflog = kit->witness = -1;
	kit->lists = kit->lists_dir = kit->rpz_log = kit->saved = -1;
	for (unsigned i = 0; i < ROLE_MAX_KEYS; i++)
		kit->key[i] = -1;
}

/* The supervisor alone decides when a child ends, and says so by letter; a
 * terminal sends its signals to the whole group. */
static void
ignore_signals(void)
{
	static const int ignored[] = { SIGINT, SIGHUP, SIGTERM, SIGPIPE };

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
}

enum err
role_begin(enum role role, uint32_t index, char **argv, struct role_kit *kit)
{
	struct beginning b = { .kit = kit };
	struct post post = { .channel = ROLE_CHANNEL,
			     .self = role,
			     .peer = ROLE_SUPERVISOR,
			     .arg = &b,
			     .handler = { [POST_HAND] = on_hand,
					  [POST_START] = on_start } };
	char name[16];

	ignore_signals();
	kit_clear(kit);
	kit->role = role;
	kit->index = index;
	kit->supervisor = ROLE_CHANNEL;
	kit->parent = getppid();
	if (argv[1])
		snprintf(kit->source_name, sizeof(kit->source_name), "%s",
			 argv[1]);
	snprintf(name, sizeof(name), "dnsfw-%s", role_name(role));
	prctl(PR_SET_NAME, name);
	while (!b.started) {
		struct pollfd wait = { .fd = ROLE_CHANNEL, .events = POLLIN };

		if (poll(&wait, 1, -1) == -1 && errno != EINTR)
			return ERR_SYSTEM;

		enum err err = post_pump(&post, 1);

		if (err != ERR_NONE)
			return err;
	}
	return kit->opt ? ERR_NONE : ERR_MISSING;
}

enum err
role_ready(const struct role_kit *kit)
{
	struct plain_letter ready = { 0 };

	post_head(&ready.head, POST_READY, 0);
	return post_send(kit->supervisor, &ready, sizeof(ready), -1);
}

void
role_taken(const struct role_kit *kit, uint32_t generation)
{
	struct plain_letter taken = { .value = generation };

	/* Where it is lost a reload is reported seconds later. */
	post_head(&taken.head, POST_TAKEN, 0);
	post_send(kit->supervisor, &taken, sizeof(taken), -1);
}
