/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hits of lists in a file of their own, a line each, as BIND 9.18 writes
 * those of its policy zones (category rpz, level info): who reads its log
 * reads ours.
 */
#ifndef RECORD_RPZ_LOG_H
#define RECORD_RPZ_LOG_H

#include "base/log.h"
#include "record/event.h"
#include "record/queue.h"

struct rpz_log {
	int fd; /* -1: there is none, and nothing else is used */
	struct line_queue queue;
	struct log_limit say_failed;
};

/* fd becomes its own, also -1. ERR_SYSTEM. */
enum err rpz_log_init(struct rpz_log *l, int fd);
void rpz_log_fini(struct rpz_log *l);
/* Another file takes the place of the one before. */
void rpz_log_take(struct rpz_log *l, int fd);
/* Where a list has something; its list must be known. */
void rpz_log_event(struct rpz_log *l, const struct event *e);
void rpz_log_write(struct rpz_log *l);

/* The line; nothing where the list is not known. */
void rpz_log_print(const struct event *e, struct text *out);

#endif
