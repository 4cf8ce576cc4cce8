/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries that came out of a stranger's bytes, looked at. */
#include "entry.h"

#include <stdlib.h>
#include <string.h>

void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
must_be_name(const struct name *n)
{
	struct name again, lower;
	size_t at = 0;

	must(n->len > 0 && name_read(n->wire, n->len, &at, &again) == 0);
	must(at == n->len && again.len == n->len);
	name_lower(n, &lower);
	must(memcmp(lower.wire, n->wire, n->len) == 0);
}

static void
must_be_net(const struct net *n)
{
	struct addr a = n->addr;

	must(a.family == 4 || a.family == 6);
	must(n->bits > 0 && n->bits <= (a.family == 4 ? 32 : 128));
	addr_mask(&a, n->bits);
	must(addr_equal(&a, &n->addr));
}

static void
must_be_records(const struct item *item)
{
	struct reader r = reader_of(item->data, item->data_len);

	must(item->data_len > 0 && item->data_len <= RPZ_DATA_MAX);
	while (reader_left(&r) > 0) {
		reader_u16(&r);
		reader_u32(&r);
		reader_take(&r, reader_u16(&r));
	}
	must(!r.torn);
}

static void
must_be_target(const struct item *item)
{
	struct name target = { .len = (uint8_t)(item->data_len - 4) };

	must(item->data_len > 4 && item->data_len <= 4 + NAME_MAX_WIRE);
	memcpy(target.wire, item->data + 4, target.len);
	must_be_name(&target);
	must(target.len > 1);
}

void
must_be_entry(const struct item *item)
{
	must(item->trigger < TRIGGER_COUNT && !item->exception);
	must(item->is_net == (item->trigger != TRIGGER_QNAME &&
			      item->trigger != TRIGGER_NSDNAME));
	if (item->is_net)
		must_be_net(&item->net);
	else
		must_be_name(&item->name);
	must(item->reach != REACH_TREE);
	must(item->action != ACTION_GIVEN && item->action < ACTION_COUNT);
	if (item->action == ACTION_DATA)
		must_be_records(item);
	else if (item->action == ACTION_CNAME)
		must_be_target(item);
	else
		must(item->data_len == 0 && !item->wild);
}

enum err
take_entry(void *arg, const struct item *item)
{
	(void)arg;
	must_be_entry(item);
	return ERR_NONE;
}

void
take_note(void *arg, enum rpz_note note, const struct name *owner)
{
	(void)arg;
	must(note < RPZ_NOTE_COUNT);
	must_be_name(owner);
}
