/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared memory that more than one process maps: each page has one writer.
 *
 * Numbers are written with atomic stores (relaxed) and read the same way;
 * nothing here is ever trusted as an index.
 */
#ifndef PROC_BOARD_H
#define PROC_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

/* What a look at a set finds. */
enum set_finding {
	SET_SOUND,
	SET_UNKNOWN, /* the kernel does not say */
	SET_GONE,
	SET_OTHER,   /* there is one of another type, or without timeout */
	SET_HELD,    /* the same, and something else refers to it */
	SET_EMPTIED,
	SET_UNUSED,  /* no rule refers to it */
	SET_FINDINGS
};

/* How it is with the rules that lead to the sets. */
enum rules_word {
	RULES_MISSING, /* as far as is known: they are to be placed */
	RULES_STAND,
	RULES_CHANGED,	/* others stand in their chain, or some do not */
	RULES_NO_CHAIN, /* the owner has removed it */
	RULES_REFUSED,	/* they could not be placed */
	RULES_CLEARED,	/* the chain was emptied, for the sets' sake */
	RULES_WORDS
};

/* How it is with a set that lists have in the kernel. */
enum fixed_state {
	FIXED_ABSENT,
	FIXED_FILLING,
	FIXED_STANDS,
	FIXED_REFUSED /* what belongs there cannot be there */
};
enum { BOARD_FIXED_SETS = 10 };

/* A warden that has not looked for so long has stopped, or is held up: what it
 * said of the sets is old. */
enum { BOARD_OLD_MS = 800 };

/* Written by the warden, read by workers and control. */
struct board {
	/* grows whenever entries may have been lost: workers forget what
	 * they granted */
	_Atomic uint32_t set_epoch;
	_Atomic uint32_t firewall_up;	   /* 0: sets or rules are gone */
	_Atomic int64_t beat_ms; /* clock_ms() of its last look at the sets */
	_Atomic uint32_t family4, family6; /* 1: rules exist for the family */
	_Atomic uint32_t references[4];	   /* of v4, v6, v4-local, v6-local */
	/* of the same sets: elements, how many there may be, and when one was
	 * refused for that last (clock_ms(), 0: never) */
	_Atomic uint32_t set_live[4], set_limit[4];
	_Atomic int64_t full_ms[4];
	_Atomic uint64_t live, granted, refreshed, refused, failed, evicted,
	    adopted, repairs, revoked, flows_cut,
	    comparisons, put_back, cut_short;
	_Atomic uint32_t finding[4];	   /* enum set_finding */
	/* Sets of lists (enum fixed_index): enum fixed_state, entries, and
	 * rules that refer to them; UINT32_MAX: nobody knows */
	_Atomic uint32_t fixed_state[BOARD_FIXED_SETS],
	    fixed_entries[BOARD_FIXED_SETS],
	    fixed_references[BOARD_FIXED_SETS];
	_Atomic uint32_t rules;		   /* enum rules_word */
};

/* 0: it has not begun. */
static inline bool
board_is_old(const struct board *b, int64_t now_ms)
{
	int64_t beat = b->beat_ms;

	return beat != 0 && now_ms - beat > BOARD_OLD_MS;
}

/* One a worker, written by it. Counters only grow, those of lists until
 * another list has the place (lists/tally.h). */
enum { STATS_LISTS = 64 };
struct worker_stats {
#define STAT(name, help) _Atomic uint64_t name;
#include "proc/stats.def"
#undef STAT
	struct {
		_Atomic uint64_t hits;
		_Atomic uint32_t mark; /* of the list's name; 0: free */
	} list[STATS_LISTS];
};

/* Written by the supervisor, read by control. */
enum { STATE_MAX_CHILDREN = 80 };
struct supervisor_state {
	_Atomic int64_t started_ms; /* clock_ms() */
	_Atomic int64_t measured_ms;
	_Atomic uint32_t pid, generation, children;
	_Atomic uint32_t landlock; /* version of the kernel, 0: none */
	_Atomic uint32_t reloads, reloads_refused;
	/* clock_ms() when the policy before comes back; 0: it does not */
	_Atomic int64_t trial_end_ms;
	_Atomic uint32_t bind_count;
	struct endpoint bind[16];
	struct {
		_Atomic uint32_t pid, role, index, restarts, ready;
		/* its memory (proc/measure.h); 0: not known */
		_Atomic uint32_t resident_kib, most_kib, measured_pid;
	} child[STATE_MAX_CHILDREN];
};

/* The router's own addresses, with the broadcast addresses of its nets; the
 * nets themselves, without loopback; and its interfaces. */
enum {
	OWN_MAX = 1024,
	OWN_MAX_INTERFACES = 512,
	OWN_NAME_SIZE = 16,
	OWN_HOME_INTERFACES = 4
};
struct own_addresses {
	uint32_t count;
	uint32_t net_count;
	uint32_t interface_count;
	uint32_t home_count;
	struct net net[OWN_MAX];
	struct own_interface {
		uint32_t index;
		char name[OWN_NAME_SIZE]; /* ends in NUL */
	} interface[OWN_MAX_INTERFACES];
	/* where nets live (proc/home.h); zero behind the last interface */
	struct own_home {
		struct net net;
		uint32_t parent;
		uint32_t ifindex[OWN_HOME_INTERFACES];
	} home[OWN_MAX];
	struct addr addr[OWN_MAX];   /* sorted by memcmp */
	uint8_t broadcast[OWN_MAX];  /* 1: a broadcast address, not ours */
};

#endif
