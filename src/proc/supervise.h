/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor from inside: what its chapters (supervisor.c, start.c,
 * reload.c) share. Nobody else includes this.
 */
#ifndef PROC_SUPERVISE_H
#define PROC_SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>

#include "proc/audits.h"
#include "proc/caches.h"
#include "proc/compilation.h"
#include "proc/crew.h"
#include "proc/doors.h"
#include "proc/own.h"
#include "proc/supervisor.h"

enum { MOST_WAITING = 8, LONGEST_SLEEP_MS = 1000 };
enum { START_LIMIT_MS = 20000 }; /* of a child, until it is ready */
/* Routes may change all the time; that must not keep us busy. */
enum { OWN_PAUSE_MS = 1000 };

enum phase { STARTING, RUNNING, DRAINING, LEAVING, ENDED };

struct supervisor {
	struct options *opt;
	const struct firewall_hooks *hooks;
	struct crew crew;
	struct own_watch *own;
	int64_t own_pause_ms; /* its news are not heard until then */
	int signals;
	enum phase phase;
	int64_t phase_ends_ms;
	struct compilation compilation;
	bool compiling, compile_again;
	bool follows_own; /* the policy depends on our addresses */
	int64_t settle_until_ms; /* a new policy is being taken; 0: none */
	bool unasked; /* what is compiled or taken is no reload of anybody's */
	/* Copies of lists that have changed. */
	struct {
		bool changed, building;
		int64_t begun_ms, due_ms; /* the last one, the next one */
	} listing;
	/* who asked for a reload by letter and waits for its end */
	struct waiting {
		struct reload_letter ask;
		bool later; /* it was asked for while another was under way */
	} waiting[MOST_WAITING];
	unsigned waiting_count;
	/* A policy that waits to be confirmed. */
	struct {
		int before;	    /* image that comes back; -1: none waits */
		bool follows_own;   /* and what it depended on */
		bool refused;	    /* the access list was not confirmed */
		int64_t end_ms;	    /* it comes back then; 0: none waits */
	} trial;
	int64_t watchdog_ms, watchdog_next_ms;
	struct {
		bool place, clear; /* is to be done */
		bool lists; /* with rules for addresses of lists */
		int64_t check_ms;  /* look then whether they stand; 0: no */
	} rules;
	struct caches caches;
	struct audits audits;
	struct claim claim; /* to the chain and the sets */
};

/* One round of the loop: waits, hears, reaps, restarts. */
void supervisor_turn(struct supervisor *s);

/* start.c: options to a crew, a crew to answers. They say what is wrong. */
enum err supervisor_prepare(struct supervisor *s);
enum err supervisor_start(struct supervisor *s);

/* rules.c: the rules that lead to the sets. */
enum err rules_first(struct supervisor *s);
/* The warden has begun. */
void rules_greet(struct supervisor *s);
/* Does what is to be done, and tells the warden. */
void rules_serve(struct supervisor *s);
/* Looks whether they still stand, from time to time. */
void rules_check(struct supervisor *s, int64_t now_ms);

/* reload.c: the first policy, and each later one. */
enum err reload_first(struct supervisor *s);
void reload_begin(struct supervisor *s);
/* A control client asks for a reload and waits for POST_RELOADED. */
void reload_ask(struct supervisor *s, const struct reload_letter *ask);
/* An image takes the place of the policy in force, in every process. */
void reload_take(struct supervisor *s, int image);
/* The compiler has said its last word. */
void reload_on_compiled(struct supervisor *s);
/* A reload is over when everybody works by the new policy. */
void reload_settle(struct supervisor *s, int64_t now_ms);

/* The compiler begins; only_lists: of the policy in force. */
enum err compile_begin(struct supervisor *s, bool only_lists);
bool reload_is_busy(const struct supervisor *s);
/* Says in the log what the compiler said. */
void reload_complaints(const struct supervisor *s);
/* What nobody asked for is over: what was asked for meanwhile begins. */
void reload_unasked_end(struct supervisor *s);

/* listing.c: lists that change by themselves. */
void listing_changed(struct supervisor *s);
/* The compiler has said its last word of them. */
void listing_on_compiled(struct supervisor *s);
/* Has them built where that is due. */
void listing_tick(struct supervisor *s, int64_t now_ms);

/* trial.c: a policy that has to be confirmed. */
void trial_init(struct supervisor *s);
/* Before a new policy is taken for a trial of that many seconds. */
void trial_begin(struct supervisor *s, uint32_t confirm_s);
/* False: none waits. */
bool trial_confirm(struct supervisor *s, uint32_t uid);
/* Seconds that are left; 0: none waits. */
uint32_t trial_left_s(const struct supervisor *s, int64_t now_ms);
/* Goes back where the time is over. */
void trial_tick(struct supervisor *s, int64_t now_ms);

/* hear.c: letters of a child; one that breaks their table is ended. */
void supervisor_hear(struct supervisor *s, struct child *child);

/* ending.c: workers first, then those they talk to. */
void ending_begin(struct supervisor *s);
void ending_proceed(struct supervisor *s, int64_t now_ms);
/* Waits until everybody has gone. */
void ending_farewell(struct supervisor *s);

/* errands.c: what local users wish of us. */
struct sender {
	struct supervisor *s;
	struct child *child;
};
/* Handlers whose first argument is a struct sender. */
void errands_take(struct post *post);

#endif
