/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line holds what BIND's does, in its order: time, client, the name asked,
 * trigger, what was done, the name that it was done for, and the owner in the
 * policy zone. A list that is no policy zone has its own name for one. Times
 * are UTC. The number behind the at sign, in BIND a place in memory, says
 * nothing.
 */
#include "record/rpz_log.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "lists/image.h"
#include "record/access.h"
#include "record/hit.h"
#include "wire/types.h"

enum { LINE_SIZE = 6 * NAME_TEXT_SIZE };

enum err
rpz_log_init(struct rpz_log *l, int fd)
{
	*l = (struct rpz_log){ .fd = fd };
	return fd == -1 ? ERR_NONE : queue_init(&l->queue, false);
}

void
rpz_log_fini(struct rpz_log *l)
{
	if (l->fd == -1)
		return;
	queue_fini(&l->queue);
	close(l->fd);
	l->fd = -1;
}

void
rpz_log_take(struct rpz_log *l, int fd)
{
	if (l->fd == -1) {
		close(fd);
		return;
	}
	rpz_log_write(l);
	close(l->fd);
	l->fd = fd;
}

/* ---- the line ---------------------------------------------------------- */

/* 21-Nov-2026 10:20:58.127 */
static void
print_time(uint64_t time_ms, struct text *out)
{
	static const char *const month[] = { "Jan", "Feb", "Mar", "Apr",
					     "May", "Jun", "Jul", "Aug",
					     "Sep", "Oct", "Nov", "Dec" };
	unsigned second = (unsigned)(time_ms / 1000 % 86400);
	struct date date;

	date_of(time_ms / 1000 / 86400, &date);
	text_printf(out, "%02u-%s-%04u %02u:%02u:%02u.%03u", date.day,
		    month[date.month - 1], date.year, second / 3600,
		    second / 60 % 60, second % 60, (unsigned)(time_ms % 1000));
}

static const char *
policy_word(uint8_t action)
{
	switch ((enum list_action)action) {
	case ACTION_PASSTHRU:
		return "PASSTHRU";
	case ACTION_DROP:
		return "DROP";
	case ACTION_TCP_ONLY:
		return "TCP-ONLY";
	case ACTION_NODATA:
		return "NODATA";
	case ACTION_CNAME:
		return "CNAME";
	case ACTION_NULL:
	case ACTION_ADDRESS:
	case ACTION_DATA:
		return "Local-Data";
	case ACTION_REFUSED:
		return "REFUSED";
	default:
		return "NXDOMAIN";
	}
}

/* Without the dot at its end; the root keeps it. */
static void
drop_dot(struct text *out)
{
	if (out->len > 1 && out->buf[out->len - 1] == '.' &&
	    out->buf[out->len - 2] != '(' && out->buf[out->len - 2] != ' ')
		out->buf[--out->len] = '\0';
}

static void
print_bare_name(const struct record_item *item, struct text *out)
{
	access_print_name(item, out);
	drop_dot(out);
}

static void
print_zone(const struct lists *lists, const struct lists_list *list,
	   struct text *out)
{
	size_t len, at = 0;
	const uint8_t *wire = lists_data(lists, list->zone, &len);
	struct name zone;

	if (wire == NULL || name_read(wire, len, &at, &zone) != ERR_NONE) {
		text_str(out, lists_text(lists, list->name));
		return;
	}
	name_print(&zone, out);
	drop_dot(out);
}

/* Of a server's name the rewritten one is that asked. */
static const struct record_item *
rewritten(const struct event *e)
{
	return e->hit->trigger == TRIGGER_NSDNAME ? e->item : e->hit;
}

static void
print_line(const struct event *e, const struct lists *lists, struct text *out)
{
	const struct record_item *hit = e->hit;
	const struct endpoint client = { .addr = hit->client };
	char addr[ADDR_TEXT_SIZE], number[16];
	bool logged = hit->action == ACTION_LOG;

	print_time(e->time_ms, out);
	text_printf(out, " rpz: info: client @0x%08x %s#%u (",
		    (unsigned)hit->hit, addr_print(&client.addr, addr),
		    hit->port);
	print_bare_name(e->item, out);
	text_printf(out, "): %srpz %s %s rewrite ", logged ? "disabled " : "",
		    hit_trigger(hit),
		    policy_word(logged ? hit->would : hit->action));
	print_bare_name(rewritten(e), out);
	text_printf(out, "/%s/IN via ", type_text(e->item->type, number));
	hit_print_owner(hit, out);
	print_zone(lists, lists_at(lists, hit->number), out);
	text_char(out, '\n');
}

void
rpz_log_print(const struct event *e, struct text *out)
{
	struct lists lists;

	if (e->hit == NULL || e->policy == NULL ||
	    lists_of(e->policy, &lists) != ERR_NONE ||
	    lists_at(&lists, e->hit->number) == NULL)
		return;
	print_line(e, &lists, out);
}

/* ---- the file ---------------------------------------------------------- */

void
rpz_log_event(struct rpz_log *l, const struct event *e)
{
	char buf[LINE_SIZE];
	struct text line;

	if (l->fd == -1)
		return;
	text_init(&line, buf, sizeof(buf));
	rpz_log_print(e, &line);
	if (line.len > 0 && !line.cut)
		queue_add(&l->queue, line.buf, line.len);
}

void
rpz_log_write(struct rpz_log *l)
{
	enum err err;
	uint64_t missed;

	if (l->fd == -1)
		return;
	err = queue_write(&l->queue, l->fd);
	if (err == ERR_SYSTEM && log_may(&l->say_failed, clock_ms(), &missed))
		log_error("--rpz-log cannot be written: %s", err_text(err));
	if (l->queue.dropped > 0 &&
	    log_may(&l->say_failed, clock_ms(), &missed)) {
		log_warn("%llu lines of --rpz-log dropped",
			 (unsigned long long)l->queue.dropped);
		l->queue.dropped = 0;
	}
}
