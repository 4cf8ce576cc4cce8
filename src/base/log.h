/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The application log: one line an event on standard error, beginning
 * `[INFO ] `, `[WARN ] ` or `[ERROR] `, always printable ASCII.
 *
 * A reader that stalls never stalls the writer: the descriptor does not
 * block, lines that do not fit are counted, and the next line that goes
 * through is preceded by one that says how many were lost.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_INFO, LOG_WARN, LOG_ERROR };

/* Points the log at fd (see base/sink.h); before it, and in tools, the log
 * goes to descriptor 2 as it is. */
void log_to(int fd);
void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)

/* At most one line a second for an event that strangers can cause: true
 * when the caller may log now; *missed_out says how many were held back. */
struct log_limit {
	int64_t last_ms;
	uint64_t missed;
};
bool log_may(struct log_limit *limit, int64_t now_ms, uint64_t *missed_out);

#endif
