/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole daemon in one process: real workers and a real warden, with the
 * kernel, the network, the clock and chance around them made by a seed.
 *
 *   test_sim                      the seeds of every check
 *   test_sim --minutes N [--jobs N]   new seeds, on all processors
 *   test_sim --seed N [--verbose]     one run again, with its trace
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clients.h"
#include "oracle.h"
#include "play.h"
#include "world.h"

ssize_t __real_getrandom(void *bytes, size_t len, unsigned flags);
pid_t __real_fork(void);

enum { FIXED_SEEDS = 24, JOBS_MOST = 64 };

/* What all runs came to; shared by those that make them. */
struct sum {
	_Atomic uint64_t runs, steps, asked, answers;
};

struct job {
	pid_t pid;
	uint64_t seed;
};

static struct sum *sum;

/* A run has a process of its own, so that one run is like no other's rest. */
static void
begin(struct job *j, uint64_t seed)
{
	fflush(stdout);
	j->seed = seed;
	j->pid = __real_fork();
	if (j->pid != 0)
		return;
	play(seed, false);
	sum->runs++;
	sum->steps += world_steps();
	sum->asked += clients_asked();
	sum->answers += oracle_answers();
	fflush(stdout);
	_exit(0);
}

/* False: it failed. */
static bool
finish(struct job *jobs, unsigned count)
{
	int status;
	pid_t pid = wait(&status);

	for (unsigned i = 0; i < count; i++) {
		if (jobs[i].pid != pid)
			continue;
		jobs[i].pid = 0;
		if (status == 0)
			return true;
		if (WIFSIGNALED(status))
			printf("ended by signal %d\n", WTERMSIG(status));
		printf("replay: test_sim --seed %" PRIu64 "\n", jobs[i].seed);
		fflush(stdout);
		return false;
	}
	return true;
}

struct plan {
	uint64_t first, count;
	time_t end;
	unsigned jobs;
};

static bool
goes_on(const struct plan *p, uint64_t at)
{
	return p->end != 0 ? time(NULL) < p->end : at < p->count;
}

static unsigned
run_all(const struct plan *p)
{
	struct job jobs[JOBS_MOST] = { 0 };
	unsigned running = 0, failed = 0;

	for (uint64_t at = 0; goes_on(p, at) || running > 0;) {
		unsigned i = 0;

		if (!goes_on(p, at) || running == p->jobs) {
			failed += !finish(jobs, p->jobs);
			running--;
			continue;
		}
		while (jobs[i].pid != 0)
			i++;
		begin(&jobs[i], p->first + at++);
		running++;
	}
	return failed;
}

static uint64_t
number(const char *text)
{
	return strtoull(text, NULL, 10);
}

static int
replay(uint64_t seed, bool verbose)
{
	play(seed, verbose);
	printf("seed %" PRIu64 ": %" PRIu64 " steps, all held\n", seed,
	       world_steps());
	return 0;
}

static void
read_arguments(int argc, char **argv, struct plan *p)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "first", required_argument, NULL, 'f' },
		{ "count", required_argument, NULL, 'c' },
		{ "minutes", required_argument, NULL, 'm' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "verbose", no_argument, NULL, 'v' },
		{ 0 }
	};
	bool verbose = false, one = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's' || c == 'f')
			p->first = number(optarg);
		one |= c == 's';
		verbose |= c == 'v';
		if (c == 'c')
			p->count = number(optarg);
		if (c == 'j')
			p->jobs = (unsigned)number(optarg);
		if (c == 'm') {
			p->end = time(NULL) + 60 * (time_t)number(optarg);
			__real_getrandom(&p->first, 4, 0);
		}
		if (c == '?')
			exit(2);
	}
	if (one)
		exit(replay(p->first, verbose));
}

int
main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct plan plan = { .first = 1,
			     .count = FIXED_SEEDS,
			     .jobs = cpus > 0 ? (unsigned)cpus : 1 };
	unsigned failed;

	read_arguments(argc, argv, &plan);
	if (plan.jobs == 0 || plan.jobs > JOBS_MOST)
		plan.jobs = 1;
	sum = mmap(NULL, sizeof(*sum), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	failed = run_all(&plan);
	printf("%" PRIu64 " runs held, %u did not: %" PRIu64 " steps, %" PRIu64
	       " questions, %" PRIu64 " answers with addresses\n",
	       sum->runs, failed, sum->steps, sum->asked, sum->answers);
	return failed > 0;
}
