/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the keeper of the sets of lists says: on the board, which status
 * reads, and in the log.
 */
#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "firewall/fixed_inside.h"

_Static_assert((unsigned)FIXED_COUNT == (unsigned)BOARD_FIXED_SETS,
	       "the board has a place for each");

void
fixed_show(struct fixed_keeper *k, enum fixed_index set)
{
	const struct part *p = &k->part[set];
	struct board *b = k->a->board;
	uint32_t state = FIXED_ABSENT;

	if (p->present || p->wants)
		state = p->busy || !p->known ? FIXED_FILLING : FIXED_STANDS;
	if (!p->wants && p->have.count == 0)
		state = FIXED_ABSENT;
	if (p->refused)
		state = FIXED_REFUSED;
	atomic_store_explicit(&b->fixed_state[set], state,
			      memory_order_relaxed);
	atomic_store_explicit(&b->fixed_entries[set],
			      (uint32_t)(p->busy ? p->to : p->have.count),
			      memory_order_relaxed);
}

static const char *
cause_of(enum fixed_index set, enum err err)
{
	if (err == ERR_BUSY)
		return "one of another type has its name, and a rule refers "
		       "to it";
	if (err == ERR_RANGE)
		return "its clients, ports and addresses come to more than "
		       "524288 entries";
	if (err == ERR_DENIED && fixed_is_for(set))
		return "the kernel has no sets of type hash:net,net "
		       "(CONFIG_IP_SET_HASH_NETNET)";
	return err_text(err);
}

void
fixed_say_failure(struct fixed_keeper *k, enum fixed_index set, enum err err)
{
	char line[COMPLAINT_SIZE];
	struct text text;

	/* It was changed under our hands: no more than a reason to look. */
	if (err == ERR_MISSING)
		return;
	text_init(&text, line, sizeof(line));
	text_printf(&text, "The set %s of lists cannot be kept: %s",
		    fixed_name(set), cause_of(set, err));
	if (k->part[set].refused)
		text_str(&text, fixed_blocks(set)
				    ? "; what is in it is blocked for everybody"
				    : "; none of it is opened");
	complaints_say(&k->a->complaints, line, clock_ms());
}

void
fixed_say_done(const struct part *p, enum fixed_index set)
{
	if (p->added + p->removed > 0)
		log_info("Set %s of lists: %llu entries came, %llu went, "
			 "%zu are in it",
			 fixed_name(set), (unsigned long long)p->added,
			 (unsigned long long)p->removed, p->wanted.count);
}
