/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A classic BPF program on each socket (SO_ATTACH_FILTER, socket(7)), over
 * the source address. It lets through by chance what comes near the fair
 * rate, so that the client is served on and its next excess is seen. The gate
 * is opened now and then, and where the flood goes on shut again for longer.
 */
#include "listen/gate.h"

#include <linux/filter.h>
#include <sys/socket.h>

enum { CODE_MOST = 128, RATE_MOST = 1 << 16 };

struct code {
	struct sock_filter line[CODE_MOST];
	unsigned count;
};

static void
put(struct code *c, unsigned what, uint32_t k, unsigned if_not)
{
	c->line[c->count++] = (struct sock_filter){
		.code = (uint16_t)what, .jf = (uint8_t)if_not, .k = k
	};
}

static uint32_t
word_of(const uint8_t *byte)
{
	return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 |
	       (uint32_t)byte[2] << 8 | byte[3];
}

/* A power of two, less one: of so many datagrams one is let through. */
static uint32_t
mask_of(const struct share_heavy *client)
{
	uint32_t one_of = 1;

	while (one_of < RATE_MOST &&
	       client->a_second / one_of > SHARE_WHEN_BEHIND)
		one_of *= 2;
	return one_of - 1;
}

/* What is not of this client goes on behind these lines. The version stands
 * in the packet: a socket of both families sees both. */
static void
put_client(struct code *c, const struct share_heavy *client)
{
	const struct addr *a = &client->client;
	unsigned words = a->family == 4 ? 1 : 4;
	uint32_t at = (uint32_t)SKF_NET_OFF + (a->family == 4 ? 12 : 8);
	unsigned lines = 3 + 2 * words + 5;

	put(c, BPF_LD | BPF_B | BPF_ABS, (uint32_t)SKF_NET_OFF, 0);
	put(c, BPF_ALU | BPF_RSH | BPF_K, 4, 0);
	put(c, BPF_JMP | BPF_JEQ | BPF_K, a->family, lines - 3);
	for (unsigned i = 0; i < words; i++) {
		put(c, BPF_LD | BPF_W | BPF_ABS, at + 4 * i, 0);
		put(c, BPF_JMP | BPF_JEQ | BPF_K, word_of(a->byte + 4 * i),
		    lines - 3 - 2 * (i + 1));
	}
	put(c, BPF_LD | BPF_W | BPF_ABS,
	    (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM), 0);
	put(c, BPF_ALU | BPF_AND | BPF_K, mask_of(client), 0);
	put(c, BPF_JMP | BPF_JEQ | BPF_K, 0, 1);
	/* both ways lead on: let through, or dropped */
	put(c, BPF_RET | BPF_K, UINT32_MAX, 0);
	put(c, BPF_RET | BPF_K, 0, 0);
}

void
gate_apply(const struct gate *g, int fd)
{
	struct code code = { .count = 0 };
	struct sock_fprog program = { .filter = code.line };
	int none = 0;

	if (!g->shut) {
		setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none,
			   sizeof(none));
		return;
	}
	for (unsigned i = 0; i < g->count; i++)
		put_client(&code, &g->client[i]);
	put(&code, BPF_RET | BPF_K, UINT32_MAX, 0);
	program.len = (unsigned short)code.count;
	setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		   sizeof(program));
}

/* Known already, or one more; the last makes room where there are too many. */
static struct share_heavy *
place_for(struct gate *g, const struct addr *client)
{
	for (unsigned i = 0; i < g->count; i++)
		if (addr_equal(&g->client[i].client, client))
			return &g->client[i];
	if (g->count < SHARE_HEAVY)
		g->count++;
	return &g->client[g->count - 1];
}

static void
shut_for(struct gate *g, const struct share_heavy *client, int64_t now_ms)
{
	if (!g->shut)
		share_hold_on(&g->hold, now_ms, SHARE_HOLD_MS,
			      SHARE_HOLD_MOST_MS);
	*place_for(g, &client->client) = *client;
	g->shut = g->changed = true;
}

void
gate_turn(struct gate *g, struct shares *s, int64_t now_ms)
{
	if (g->shut && now_ms >= g->hold.until_ms) {
		g->shut = false;
		g->changed = true;
		g->opened_ms = now_ms;
		g->count = 0;
	}
	for (unsigned i = 0; i < SHARE_HEAVY; i++) {
		if (s->heavy[i].refused < SHARE_HEAVY_AFTER)
			continue;
		shut_for(g, &s->heavy[i], now_ms);
		s->heavy[i] = (struct share_heavy){ .refused = 0 };
	}
}

bool
gate_was_shut(const struct gate *g, int64_t now_ms)
{
	return g->shut ||
	       (g->opened_ms != 0 && now_ms - g->opened_ms < GATE_TRACE_MS);
}

bool
gate_has_changed(struct gate *g)
{
	bool changed = g->changed;

	g->changed = false;
	return changed;
}
