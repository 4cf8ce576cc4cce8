/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The start: everything is opened and checked before the first query is
 * answered, and what is wrong is said before anything is touched.
 *
 * The ACL is compiled first; the addresses are bound and the chain is claimed,
 * so that a second instance ends here; then the warden, the rules, and last
 * the workers.
 */
#include "proc/supervise.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sink.h"
#include "proc/doors.h"
#include "proc/identity.h"
#include "proc/sandbox.h"

/* True when every child of the role is ready; false: one has died or it took
 * too long, or we were told to stop. */
static bool
all_ready(struct supervisor *s, enum role role)
{
	int64_t limit = clock_ms() + START_LIMIT_MS;

	for (;;) {
		bool missing = false;

		for (unsigned i = 0; i < s->crew.count; i++) {
			const struct child *child = &s->crew.child[i];

			if (child->role != role)
				continue;
			if (child->pid == 0)
				return false;
			missing |= !child->ready;
		}
		if (!missing)
			return true;
		if (clock_ms() > limit || s->phase >= DRAINING)
			return false;
		supervisor_turn(s);
	}
}

static enum err
start_role(struct supervisor *s, enum role role)
{
	for (unsigned i = 0; i < s->crew.count; i++) {
		if (s->crew.child[i].role != role)
			continue;

		enum err err = crew_start(&s->crew, &s->crew.child[i]);

		if (err != ERR_NONE) {
			log_error("The %s cannot be started: %s",
				  role_name(role), err_text(err));
			return err;
		}
	}
	if (all_ready(s, role))
		return ERR_NONE;
	if (s->phase < DRAINING)
		log_error("The %s did not become ready", role_name(role));
	return ERR_TIMEOUT;
}

static enum err
start_firewall(struct supervisor *s)
{
	enum err err;

	if (s->opt->firewall == FIREWALL_NONE) {
		log_info("Using no firewall: names are filtered, nothing is "
			 "opened");
		return ERR_NONE;
	}
	err = start_role(s, ROLE_WARDEN);
	if (err != ERR_NONE)
		return err;
	return rules_first(s);
}

/* A control socket that cannot be had is only fatal where it was asked for. */
static enum err
open_control(struct supervisor *s)
{
	char why[OPTION_TEXT_SIZE + 128];
	struct text text;

	text_init(&text, why, sizeof(why));
	if (door_control(s->opt->control, s->opt->run_gid, &s->crew.control,
			 &text) == ERR_NONE)
		return ERR_NONE;
	if (s->opt->control_given) {
		log_error("--control: %s", why);
		return ERR_DENIED;
	}
	log_warn("No control socket: %s", why);
	return ERR_NONE;
}

/* Asked for and not there is an error: the lines would be lost. */
static enum err
open_journal(struct supervisor *s)
{
	char why[256];
	struct text text;

	if (!s->opt->log_journal)
		return ERR_NONE;
	text_init(&text, why, sizeof(why));
	if (door_journal(&s->crew.journal, &text) == ERR_NONE)
		return ERR_NONE;
	log_error("--log-journal: %s", why);
	return ERR_DENIED;
}

static enum err
open_rpz_log(struct supervisor *s)
{
	char why[OPTION_TEXT_SIZE + 128];
	struct text text;

	if (s->opt->rpz_log[0] == '\0')
		return ERR_NONE;
	text_init(&text, why, sizeof(why));
	if (door_log_file(s->opt->rpz_log, &s->crew.rpz_log, &text) ==
	    ERR_NONE)
		return ERR_NONE;
	if (s->opt->rpz_log_given) {
		log_error("--rpz-log: %s", why);
		return ERR_DENIED;
	}
	log_warn("No log of what lists have: %s; make the directory, or name "
		 "a file by --rpz-log",
		 why);
	return ERR_NONE;
}

static void
warn_of_ignored(const struct supervisor *s)
{
	if (s->opt->ignored[0] != '\0')
		log_warn("Settings that mean nothing here: %s",
			 s->opt->ignored);
}

/* An address may come later (IP_FREEBIND); a mistyped one never does. */
static void
warn_of_absent(const struct supervisor *s)
{
	const struct own_addresses *own;
	char at[ADDR_TEXT_SIZE];

	if (own_open(s->crew.own, &own) != ERR_NONE)
		return;
	for (uint32_t i = 0; i < s->opt->bind_count; i++) {
		const struct addr *a = &s->opt->bind[i].addr;

		if (!addr_is_wildcard(a) && !own_is_local(own, a))
			log_warn("%s is not an address of this machine yet; "
				 "nobody is answered there until it is",
				 addr_print(a, at));
	}
	own_close(own);
}

static enum err
open_nflog(struct supervisor *s)
{
	char why[256];
	struct text text;

	if (s->opt->nflog_group == 0)
		return ERR_NONE;
	text_init(&text, why, sizeof(why));
	if (door_nflog((uint16_t)s->opt->nflog_group, &s->crew.nflog, &text) ==
	    ERR_NONE)
		return ERR_NONE;
	log_error("--nflog: %s", why);
	return ERR_DENIED;
}

/* Nobody should learn of it from what it lets through. */
static void
warn_of_audit(const struct supervisor *s)
{
	if (s->opt->mode == MODE_AUDIT)
		log_warn("Mode audit: every query is answered, and what the "
			 "access list refuses is only logged");
}

static enum err
claim_firewall(struct supervisor *s)
{
	char why[512];
	struct text text;
	enum err err;

	text_init(&text, why, sizeof(why));
	err = door_claim(s->opt, &s->claim, &text);
	if (err != ERR_NONE)
		log_error("--firewall: %s", text.len > 0 ? why : err_text(err));
	return err;
}

static enum err
open_all(struct supervisor *s)
{
	char why[256];
	struct text text;
	enum err err;

	err = open_journal(s);
	if (err == ERR_NONE)
		err = open_rpz_log(s);
	if (err == ERR_NONE)
		err = open_nflog(s);
	if (err != ERR_NONE)
		return err;
	text_init(&text, why, sizeof(why));
	err = crew_bind(&s->crew, &text);
	if (err != ERR_NONE) {
		log_error("%s", why);
		return err;
	}
	err = claim_firewall(s);
	/* Whose port it was need not be found out any more. */
	if (err == ERR_NONE)
		err = supervisor_shed(false);
	if (err != ERR_NONE)
		return err;
	warn_of_absent(s);
	warn_of_ignored(s);
	warn_of_audit(s);
	return open_control(s);
}

/* The log and the access log through descriptors that never stall us. */
static enum err
open_sinks(struct crew *c)
{
	c->log_fd = sink_open(STDERR_FILENO);
	c->output = sink_open(STDOUT_FILENO);
	if (c->log_fd == -1 || c->output == -1) {
		log_error("Standard output and error must be open");
		return ERR_SYSTEM;
	}
	log_to(c->log_fd);
	return ERR_NONE;
}

static uint32_t
cpu_count(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (n < 1)
		return 1;
	return n > ROLE_MAX_WORKERS ? ROLE_MAX_WORKERS : (uint32_t)n;
}

/* Every worker costs two sockets a bind address and a few channels. */
static void
raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

enum err
supervisor_prepare(struct supervisor *s)
{
	struct crew_memory memory = { .past = s->hooks->past_bytes };
	enum err err;

	if (s->opt->workers == 0)
		s->opt->workers = cpu_count();
	if (s->opt->firewall != FIREWALL_NONE)
		memory.ledger = s->hooks->ledger_bytes(s->opt->set_size);
	if (s->opt->nflog_group != 0)
		memory.refusals = s->hooks->refusals_bytes;
	err = identity_find(s->opt);
	if (err != ERR_NONE)
		return err;
	raise_descriptors();
	err = supervisor_shed(true);
	if (err == ERR_NONE)
		err = crew_init(&s->crew, s->opt, &memory);
	if (err == ERR_NONE)
		err = open_sinks(&s->crew);
	if (err == ERR_NONE)
		err = door_sealed_copy("options", s->opt, sizeof(*s->opt),
				       &s->crew.options);
	if (err == ERR_NONE)
		err = own_watch_open(
		    s->opt->source_check == SOURCE_CHECK_ROUTES, &s->own);
	if (err == ERR_NONE)
		err = own_watch_image(s->own, &s->crew.own);
	if (err != ERR_NONE) {
		log_error("Start failed: %s", err_text(err));
		return err;
	}
	s->crew.state->pid = (uint32_t)getpid();
	s->crew.state->started_ms = clock_ms();
	s->crew.state->landlock = (uint32_t)landlock_version();
	return ERR_NONE;
}

/* Without it nothing can be fetched; lists in files need it not. */
static void
open_lists_dir(struct supervisor *s)
{
	char why[OPTION_TEXT_SIZE + 160];
	struct text text;

	if (!options_have_lists(s->opt))
		return;
	text_init(&text, why, sizeof(why));
	if (door_lists_dir(s->opt->lists_dir, s->opt->run_uid, s->opt->run_gid,
			   &s->crew.lists_dir, &text) != ERR_NONE ||
	    door_copies_dir(s->crew.lists_dir, s->opt->run_uid,
			    s->opt->run_gid, &s->crew.copies_dir,
			    &text) != ERR_NONE)
		log_warn("No directory for copies of lists, so that none is "
			 "fetched: %s",
			 why);
}

enum err
supervisor_start(struct supervisor *s)
{
	enum err err;

	open_lists_dir(s);
	err = door_secret(&s->crew.secret);
	if (err == ERR_NONE)
		err = reload_first(s);

	if (err == ERR_NONE && s->opt->firewall != FIREWALL_NONE)
		err = s->hooks->find(s->hooks->arg, s->opt, &s->crew.families);
	if (err == ERR_NONE)
		err = open_all(s);
	if (err == ERR_NONE)
		err = start_role(s, ROLE_RECORDER);
	if (err == ERR_NONE)
		err = start_firewall(s);
	if (err == ERR_NONE && s->opt->nflog_group != 0)
		err = start_role(s, ROLE_WITNESS);
	if (err == ERR_NONE)
		err = start_role(s, ROLE_WORKER);
	if (err == ERR_NONE && options_have_lists(s->opt))
		err = start_role(s, ROLE_LISTS);
	if (err == ERR_NONE && s->crew.control != -1)
		err = start_role(s, ROLE_CONTROL);
	return err;
}
