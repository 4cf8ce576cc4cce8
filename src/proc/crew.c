/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who gets what. A row of the tables below is one descriptor that a role is
 * handed at its start; the channels between peers are made fresh each time.
 */
#include "proc/crew.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "proc/doors.h"

#define ONE(role) (1u << ROLE_##role)
#define OWN_READERS                                                        \
	(ONE(WARDEN) | ONE(WORKER) | ONE(CONTROL) | ONE(WITNESS) | ONE(LISTS))

/* Of one worker's records: 50,000 wait while the recorder has no CPU. It is
 * the kernel's memory, taken only by what waits, and twice what is asked for
 * (socket(7)); where there is little memory it is less. */
enum { RECORDS_ROOM = 16 << 20, RECORDS_PART = 128 };

static int
records_room(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	long part = pages / RECORDS_PART * size;

	return part < RECORDS_ROOM ? (int)part : RECORDS_ROOM;
}

static enum err
shared_page(const char *name, size_t size, int *rw_out, int *ro_out)
{
	enum err err = door_memory(name, size, rw_out);

	return err == ERR_NONE ? door_read_only(*rw_out, ro_out) : err;
}

static enum err
make_pages(struct crew *c, const struct crew_memory *memory)
{
	int state;
	enum err err = shared_page("board", sizeof(struct board), &c->board,
				   &c->board_ro);

	if (err == ERR_NONE)
		err = shared_page("state", sizeof(*c->state), &state,
				  &c->state_ro);
	if (err == ERR_NONE) {
		c->state = role_map(state, sizeof(*c->state), true);
		close(state);
		err = c->state ? ERR_NONE : ERR_SYSTEM;
	}
	for (uint32_t i = 0; err == ERR_NONE && i < c->workers; i++)
		err = shared_page("stats", sizeof(struct worker_stats),
				  &c->stats[i], &c->stats_ro[i]);
	if (err == ERR_NONE && memory->ledger > 0)
		err = shared_page("ledger", memory->ledger, &c->ledger,
				  &c->ledger_ro);
	if (err == ERR_NONE && memory->past > 0)
		err = shared_page("past", memory->past, &c->past, &c->past_ro);
	if (err == ERR_NONE && memory->refusals > 0)
		err = shared_page("refusals", memory->refusals, &c->refusals,
				  &c->refusals_ro);
	if (err == ERR_NONE && options_have_lists(c->opt))
		err = shared_page("sources", sizeof(struct sources),
				  &c->sources, &c->sources_ro);
	return err;
}

static void
add_child(struct crew *c, enum role role, uint32_t index)
{
	child_init(&c->child[c->count++], role, index);
}

enum err
crew_init(struct crew *c, const struct options *opt,
	  const struct crew_memory *memory)
{
	*c = (struct crew){ .opt = opt, .workers = opt->workers };
	c->log_fd = c->output = c->journal = c->options = -1;
	c->policy = c->before = c->own = c->rpz_log = -1;
	c->control = c->board = c->board_ro = c->ledger = -1;
	c->ledger_ro = c->state_ro = -1;
	c->past = c->past_ro = c->refusals = c->refusals_ro = c->nflog = -1;
	c->lists_dir = c->copies_dir = c->secret = -1;
	c->sources = c->sources_ro = -1;
	for (unsigned i = 0; i < ROLE_MAX_KEYS; i++)
		c->key[i] = -1;
	add_child(c, ROLE_RECORDER, 0);
	if (memory->ledger > 0)
		add_child(c, ROLE_WARDEN, 0);
	if (memory->refusals > 0)
		add_child(c, ROLE_WITNESS, 0);
	if (options_have_lists(opt))
		add_child(c, ROLE_LISTS, 0);
	add_child(c, ROLE_CONTROL, 0);
	for (uint32_t i = 0; i < c->workers; i++)
		add_child(c, ROLE_WORKER, i);
	return make_pages(c, memory);
}

/* "::" takes IPv4 too, unless 0.0.0.0 is bound to the same port. */
static bool
takes_both(const struct options *opt, const struct endpoint *at)
{
	if (at->addr.family != 6 || !addr_is_wildcard(&at->addr))
		return false;
	for (uint32_t i = 0; i < opt->bind_count; i++)
		if (opt->bind[i].addr.family == 4 &&
		    opt->bind[i].port == at->port)
			return false;
	return true;
}

/* One process hears them all. */
static enum err
bind_notify(struct crew *c, struct text *complaint)
{
	enum err err = ERR_NONE;

	for (uint32_t i = 0; err == ERR_NONE && i < c->opt->notify_bind_count;
	     i++) {
		const struct endpoint *at = &c->opt->notify_bind[i];
		struct door_bind b = { .at = *at,
				       .dual_stack = takes_both(c->opt, at),
				       .workers = 1,
				       .udp = &c->notify_udp[i],
				       .tcp = &c->notify_tcp[i] };

		err = door_bind(&b, complaint);
	}
	return err;
}

enum err
crew_bind(struct crew *c, struct text *complaint)
{
	for (uint32_t i = 0; i < c->opt->bind_count; i++) {
		struct door_bind b = {
			.at = c->opt->bind[i],
			.dual_stack = takes_both(c->opt, &c->opt->bind[i]),
			.workers = c->workers,
			.udp = c->udp[i],
			.tcp = c->tcp[i]
		};
		enum err err = door_bind(&b, complaint);

		if (err != ERR_NONE)
			return err;
		c->state->bind[i] = b.at;
	}
	c->state->bind_count = c->opt->bind_count;
	return bind_notify(c, complaint);
}

struct child *
crew_find(struct crew *c, enum role role)
{
	for (unsigned i = 0; i < c->count; i++)
		if (c->child[i].role == role)
			return &c->child[i];
	return NULL;
}

/* ---- equipment --------------------------------------------------------- */

struct item {
	enum hand what;
	unsigned roles;
	int fd;
};

static enum err
hand_items(struct crew *c, struct child *child)
{
	const struct item items[] = {
		{ HAND_OPTIONS, ~0u, c->options },
		{ HAND_BOARD, ONE(WARDEN), c->board },
		{ HAND_BOARD, ONE(WORKER) | ONE(CONTROL), c->board_ro },
		{ HAND_POLICY, ~ONE(COMPILER), c->policy },
		{ HAND_OWN, OWN_READERS, c->own },
		{ HAND_LEDGER, ONE(WARDEN), c->ledger },
		{ HAND_LEDGER, ONE(CONTROL) | ONE(WITNESS), c->ledger_ro },
		{ HAND_PAST, ONE(RECORDER), c->past },
		{ HAND_PAST, ONE(CONTROL) | ONE(WITNESS), c->past_ro },
		{ HAND_REFUSALS, ONE(WITNESS), c->refusals },
		{ HAND_REFUSALS, ONE(CONTROL), c->refusals_ro },
		{ HAND_NFLOG, ONE(WITNESS), c->nflog },
		{ HAND_SOURCES, ONE(LISTS), c->sources },
		{ HAND_SOURCES, ONE(CONTROL), c->sources_ro },
		{ HAND_LISTS_DIR, ONE(LISTS), c->copies_dir },
		{ HAND_STATE, ONE(CONTROL), c->state_ro },
		{ HAND_CONTROL, ONE(CONTROL), c->control },
		{ HAND_OUTPUT, ONE(RECORDER), c->output },
		{ HAND_JOURNAL, ONE(RECORDER), c->journal },
		{ HAND_RPZ_LOG, ONE(RECORDER), c->rpz_log },
	};
	enum err err = ERR_NONE;

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		if (err == ERR_NONE && items[i].fd != -1 &&
		    items[i].roles & 1u << child->role)
			err = child_hand(child, items[i].what, 0,
					 c->generation, items[i].fd);
	return err;
}

static enum err
hand_keys(struct crew *c, struct child *child)
{
	enum err err = ERR_NONE;

	for (uint32_t i = 0; err == ERR_NONE && i < ROLE_MAX_KEYS; i++)
		if (c->key[i] != -1)
			err = child_hand(child, HAND_KEY, i, c->generation,
					 c->key[i]);
	return err;
}

static enum err
hand_notify(struct crew *c, struct child *child)
{
	enum err err = ERR_NONE;

	for (uint32_t i = 0; err == ERR_NONE && i < c->opt->notify_bind_count;
	     i++) {
		err = child_hand(child, HAND_UDP, i, 0, c->notify_udp[i]);
		if (err == ERR_NONE)
			err = child_hand(child, HAND_TCP, i, 0,
					 c->notify_tcp[i]);
	}
	return err == ERR_NONE ? hand_keys(c, child) : err;
}

static enum err
hand_indexed(struct crew *c, struct child *child)
{
	enum err err = ERR_NONE;
	uint32_t w = child->index;

	if (child->role == ROLE_LISTS)
		return hand_notify(c, child);
	if (child->role != ROLE_CONTROL && child->role != ROLE_WORKER)
		return ERR_NONE;
	for (uint32_t i = 0; err == ERR_NONE && i < c->workers; i++) {
		bool own = child->role == ROLE_WORKER && i == w;

		err = child_hand(child, HAND_STATS, i, 0,
				 own ? c->stats[i] : c->stats_ro[i]);
	}
	if (child->role != ROLE_WORKER)
		return err;
	for (uint32_t i = 0; err == ERR_NONE && i < c->opt->bind_count; i++) {
		err = child_hand(child, HAND_UDP, i, 0, c->udp[i][w]);
		if (err == ERR_NONE)
			err = child_hand(child, HAND_TCP, i, 0, c->tcp[i][w]);
	}
	return err;
}

/* A fresh channel from one child to another. Where one of
 * them cannot be reached it is ended, and comes back equipped. */
static enum err
join(struct child *from, struct child *peer)
{
	enum hand whose = from->role == ROLE_WITNESS ? HAND_WITNESS
						     : HAND_WORKER;
	enum hand what = peer->role == ROLE_WARDEN  ? HAND_WARDEN
			 : peer->role == ROLE_LISTS ? HAND_LISTS
						    : HAND_RECORDER;
	int end[2];
	enum err err = post_pair(end);

	if (err != ERR_NONE)
		return err;
	if (what == HAND_RECORDER)
		post_widen(end[0], records_room());
	if (child_hand(from, what, 0, 0, end[0]) != ERR_NONE)
		child_kill(from);
	if (child_hand(peer, whose, from->index, from->starts, end[1]) !=
	    ERR_NONE)
		child_kill(peer);
	close(end[0]);
	close(end[1]);
	return ERR_NONE;
}

/* One has a channel to the other. */
static bool
tells(const struct child *from, const struct child *to)
{
	return (from->role == ROLE_WORKER &&
		(to->role == ROLE_WARDEN || to->role == ROLE_LISTS)) ||
	       (to->role == ROLE_RECORDER &&
		(from->role == ROLE_WORKER || from->role == ROLE_WITNESS));
}

static enum err
join_peers(struct crew *c, struct child *child)
{
	enum err err = ERR_NONE;

	for (unsigned i = 0; err == ERR_NONE && i < c->count; i++) {
		struct child *other = &c->child[i];

		if (other->pid == 0 || other->stopping)
			continue;
		if (tells(child, other))
			err = join(child, other);
		else if (tells(other, child))
			err = join(other, child);
	}
	return err;
}

enum err
crew_start(struct crew *c, struct child *child)
{
	enum err err = child_start(child, c->log_fd, NULL);

	if (err != ERR_NONE)
		return err;
	err = hand_items(c, child);
	if (err == ERR_NONE)
		err = hand_indexed(c, child);
	if (err == ERR_NONE)
		err = join_peers(c, child);
	if (err == ERR_NONE)
		err = child_tell(child, POST_START, child->starts,
				 c->families);
	if (err != ERR_NONE)
		child_kill(child);
	child->taken = c->generation;
	crew_publish(c);
	return err;
}

static void
hand_to(struct crew *c, unsigned roles, enum hand what, int fd)
{
	for (unsigned i = 0; i < c->count; i++) {
		struct child *child = &c->child[i];

		if (child->pid > 0 && !child->stopping &&
		    roles & 1u << child->role &&
		    child_hand(child, what, 0, c->generation, fd) != ERR_NONE)
			child_kill(child);
	}
}

void
crew_close_before(struct crew *c)
{
	if (c->before != -1)
		close(c->before);
	c->before = -1;
}

void
crew_new_policy(struct crew *c, int fd)
{
	crew_close_before(c);
	c->before = c->policy;
	c->policy = fd;
	c->generation++;
	/* The warden first: a worker that is still behind is told so by it,
	 * never the other way round. The recorder too: it names rules that
	 * workers know. */
	hand_to(c, ONE(WARDEN) | ONE(RECORDER), HAND_POLICY, fd);
	hand_to(c, ONE(WORKER) | ONE(CONTROL) | ONE(WITNESS) | ONE(LISTS),
		HAND_POLICY, fd);
	crew_publish(c);
}

const struct child *
crew_has_not_taken(const struct crew *c)
{
	unsigned roles = ONE(WARDEN) | ONE(WORKER) | ONE(CONTROL);

	for (unsigned i = 0; i < c->count; i++)
		if (c->child[i].channel != -1 &&
		    roles & 1u << c->child[i].role &&
		    c->child[i].taken != c->generation)
			return &c->child[i];
	return NULL;
}

void
crew_new_keys(struct crew *c, const int fd[ROLE_MAX_KEYS])
{
	struct child *lists = crew_find(c, ROLE_LISTS);

	for (unsigned i = 0; i < ROLE_MAX_KEYS; i++) {
		if (c->key[i] != -1)
			close(c->key[i]);
		c->key[i] = fd[i];
	}
	if (lists != NULL && lists->pid > 0 && !lists->stopping &&
	    hand_keys(c, lists) != ERR_NONE)
		child_kill(lists);
}

void
crew_new_own(struct crew *c, int fd)
{
	if (c->own != -1)
		close(c->own);
	c->own = fd;
	hand_to(c, OWN_READERS, HAND_OWN, fd);
}

void
crew_new_journal(struct crew *c, int fd)
{
	if (c->journal != -1)
		close(c->journal);
	c->journal = fd;
	hand_to(c, ONE(RECORDER), HAND_JOURNAL, fd);
}

void
crew_new_rpz_log(struct crew *c, int fd)
{
	if (c->rpz_log != -1)
		close(c->rpz_log);
	c->rpz_log = fd;
	hand_to(c, ONE(RECORDER), HAND_RPZ_LOG, fd);
}

void
crew_publish(struct crew *c)
{
	c->state->generation = c->generation;
	c->state->children = c->count;
	for (unsigned i = 0; i < c->count; i++) {
		const struct child *child = &c->child[i];

		c->state->child[i].pid = (uint32_t)child->pid;
		c->state->child[i].role = child->role;
		c->state->child[i].index = child->index;
		c->state->child[i].restarts =
		    child->starts > 0 ? child->starts - 1 : 0;
		c->state->child[i].ready = child->ready;
	}
}
