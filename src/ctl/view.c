/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the control process has mapped, and how newer versions replace it.
 *
 * It promises never to map anything writable and never to be left without a
 * version it had: the old one is parted from when the new one stands.
 */
#include "ctl/view.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "lists/member.h"

static void
policy_take(struct view *v, int fd, uint32_t generation)
{
	struct policy newer;

	if (policy_open(fd, generation, &newer) != ERR_NONE) {
		log_error("Policy %u cannot be mapped", generation);
		return;
	}
	if (lists_take(&newer, &v->lists) != ERR_NONE)
		log_error("The lists behind policy %u cannot be read",
			  generation);
	if (v->policy.head != NULL)
		policy_close(&v->policy);
	v->policy = newer;
	if (v->own != NULL)
		policy_find_interfaces(&v->policy, v->own);
}

static void
own_take(struct view *v, int fd)
{
	const struct own_addresses *newer;

	if (own_open(fd, &newer) != ERR_NONE) {
		log_error("Own addresses cannot be mapped");
		return;
	}
	if (v->own != NULL)
		own_close(v->own);
	v->own = newer;
	if (v->policy.head != NULL)
		policy_find_interfaces(&v->policy, newer);
}

/* Puts a newer mapping of a whole in the place of the one before. */
static void
whole_take(const void **map, size_t *map_size, int fd, const char *what)
{
	size_t size;
	const void *newer = role_map_whole(fd, 1, &size);

	if (newer == NULL) {
		log_error("%s cannot be mapped", what);
		return;
	}
	if (*map != NULL)
		munmap((void *)(uintptr_t)*map, *map_size);
	*map = newer;
	*map_size = size;
}

static void
ledger_take(struct view *v, int fd)
{
	whole_take(&v->ledger, &v->ledger_size, fd, "Ledger");
}

static void
past_take(struct view *v, int fd)
{
	whole_take(&v->past, &v->past_size, fd, "Past");
}

static void
refusals_take(struct view *v, int fd)
{
	whole_take(&v->refusals, &v->refusals_size, fd, "Refusals");
}

static void
stats_take(struct view *v, int fd, uint32_t worker)
{
	size_t size;
	const struct worker_stats *newer;

	if (worker >= ROLE_MAX_WORKERS)
		return;
	newer = role_map_whole(fd, sizeof(*newer), &size);
	if (newer == NULL) {
		log_error("Counters of worker %u cannot be mapped", worker);
		return;
	}
	if (v->stats[worker] != NULL)
		munmap((void *)(uintptr_t)v->stats[worker], sizeof(*newer));
	v->stats[worker] = newer;
}

enum err
view_open(struct view *v, const struct role_kit *kit)
{
	*v = (struct view){ .opt = kit->opt,
			    .state = kit->state,
			    .board = kit->board,
			    .sources = kit->sources };
	if (v->opt == NULL || v->state == NULL) {
		log_error("Control was not handed options and state");
		return ERR_MISSING;
	}
	for (unsigned i = 0; i < ROLE_MAX_WORKERS; i++)
		v->stats[i] = kit->all_stats[i];
	if (kit->policy != -1) {
		policy_take(v, kit->policy, kit->generation);
		close(kit->policy);
	}
	if (kit->own != -1) {
		own_take(v, kit->own);
		close(kit->own);
	}
	if (kit->ledger != -1) {
		ledger_take(v, kit->ledger);
		close(kit->ledger);
	}
	if (kit->past != -1) {
		past_take(v, kit->past);
		close(kit->past);
	}
	if (kit->refusals != -1) {
		refusals_take(v, kit->refusals);
		close(kit->refusals);
	}
	return ERR_NONE;
}

void
view_take(struct view *v, const struct hand_letter *hand, int fd)
{
	switch ((enum hand)hand->hand) {
	case HAND_POLICY:
		policy_take(v, fd, hand->generation);
		break;
	case HAND_OWN:
		own_take(v, fd);
		break;
	case HAND_LEDGER:
		ledger_take(v, fd);
		break;
	case HAND_STATS:
		stats_take(v, fd, hand->index);
		break;
	default:
		log_error("Control was handed what it has no use for (%u)",
			  hand->hand);
	}
	close(fd);
}

void
view_close(struct view *v)
{
	if (v->policy.head != NULL)
		policy_close(&v->policy);
	if (v->own != NULL)
		own_close(v->own);
	if (v->ledger != NULL)
		munmap((void *)(uintptr_t)v->ledger, v->ledger_size);
	if (v->past != NULL)
		munmap((void *)(uintptr_t)v->past, v->past_size);
	if (v->refusals != NULL)
		munmap((void *)(uintptr_t)v->refusals, v->refusals_size);
}
