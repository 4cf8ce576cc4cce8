/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One client's query on its way: a pool slot that holds all it needs, from
 * the bytes that came to the bytes that go back.
 */
#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/pool.h"
#include "base/random.h"
#include "conf/options.h"
#include "firewall/grant.h"
#include "lists/match.h"
#include "lists/tally.h"
#include "net/loop.h"
#include "policy/match.h"
#include "policy/special.h"
#include "proc/board.h"
#include "proc/role.h"
#include "query/allowance.h"
#include "query/flight.h"
#include "query/limit.h"
#include "query/servers.h"
#include "query/shares.h"
#include "query/strangers.h"
#include "record/record.h"
#include "upstream/upstream.h"
#include "wire/message.h"
#include "wire/reply.h"

enum {
	QUERY_POOL = 2048,
	/* a client that floods leaves the rest to others */
	QUERY_CLIENT_MOST = QUERY_POOL / 4 * 3,
	QUERY_WIDE_POOL = 64,	  /* answers over EDNS_UDP_SIZE, being built */
	QUERY_DEADLINE_MS = 3900, /* no client waits over 4 s */
	QUERY_TICK_MS = 50,
	QUERY_STALE_MS = 1800, /* then a stale answer has to do (RFC 8767) */
	QUERY_MAX_ADDRESSES = 64, /* as --max-addresses */
	QUERY_TRAIL_BYTES = 1024, /* of names on the way to the addresses */
	KERNEL_MAX_S = 2147483	  /* ipset's longest timeout */
};

/* Where a query came from and how its answer goes back. The listener embeds
 * nothing: it is told its own key again. */
struct origin {
	struct endpoint client; /* IPv4-mapped already IPv4 */
	struct addr local;	/* the address asked */
	uint32_t ifindex;	/* ingress interface, 0: not known */
	bool stream;		/* TCP: answers up to 65,535 bytes */
	uint16_t idle_100ms;	/* how long it may be idle; of a stream */
	void *listener;		/* struct udp or struct tcp_client */
	uint64_t key;		/* listener's: which connection, socket */
	/* bytes are only valid during the call, in which the query is no
	 * longer among those that query_forget_origin() ends */
	void (*answer)(const struct origin *o, const uint8_t *bytes,
		       size_t len);
	/* no answer will come (dropped): the listener frees what it kept */
	void (*drop)(const struct origin *o);
};

/* AGAIN: the policy changed under us, judge and ask anew. ASK: the cache and
 * the upstreams are asked, for whatever is to be asked now. LATER: the same,
 * as soon as what it waits for is there. */
enum step_result {
	STEP_GO_ON,
	STEP_WAIT,
	STEP_ANSWER,
	STEP_AGAIN,
	STEP_ASK,
	STEP_LATER,
	STEP_DROP
};

struct relay;	      /* relay.h */
struct query_scratch; /* memory that one step uses at a time; scratch.h */

/* What belongs to a worker, once; every step reaches it by q->house. The
 * worker fills the first part; it may put another policy or table of own
 * addresses in their place between two queries. */
struct query_house {
	struct loop *loop;
	const struct options *opt;
	struct policy policy;
	struct lists lists; /* those behind the policy */
	const struct own_addresses *own;
	const struct board *board;
	struct upstreams *upstreams;
	struct granter *granter;
	struct recording *recording;
	struct relay *relay; /* NULL: none */
	struct worker_stats *stats;
	struct random *random;
	unsigned index, workers; /* which worker of how many */
	/* from here on by query_house_init() */
	struct pool queries;
	struct pool wide;
	struct cache *cache;
	struct flights flights;
	struct servers_book *servers;
	struct tally tally;
	struct allowances *allowances;
	struct specials specials;
	struct list live; /* of struct query, oldest first */
	unsigned again;	  /* live queries that wait for a new policy */
	struct due tick;
	bool ticking;
	struct strangers strangers;
	struct shares shares;
	struct limits limits;
	struct query_scratch *scratch;
};

/* How a query ended: what the client is told, and what the log says. */
struct ending {
	unsigned rcode;
	int ede;	  /* EDE_*, or NO_EDE */
	const char *text; /* of the EDE, or NULL */
	enum record_kind note;
	enum record_reason reason;
};
enum { NO_EDE = -1 };

/* What the lists say of a query (query/threat.h). */
struct threat {
	uint64_t among; /* lists that it is held against: a bit each */
	uint64_t veto;	/* and an address that is to be granted */
	uint64_t logged; /* that had it, only log, and did */
	struct lists_hit first; /* of the question; list LISTS_NONE: none */
	bool decided;	 /* they have nothing more to say */
	bool redirected; /* one has `instead` asked in its place: */
	uint8_t at;	 /* for that name of the chain */
	uint32_t number; /* of the hit, in the log; 0: it has none */
	uint32_t chain_ttl_s;
	struct lists_hit hit;
	struct question instead;
};

/* An address that the answer keeps and the firewall is to admit. */
struct kept_address {
	struct addr addr;
	bool exact_only; /* private: for ports of rules that name it alone */
};

struct query {
	struct list link;
	struct query_house *house;
	struct origin origin;
	unsigned step;	      /* index into the path */
	uint32_t share;	      /* place in house->shares */
	int64_t born_ms;      /* loop_now_ms() */
	int64_t born_us;      /* clock_us(), where the log wants it; or 0 */
	const uint8_t *bytes; /* as they came; parse step only */
	size_t len;
	struct query_message in; /* header, question, EDNS of the client */

	/* what the policy says */
	bool judged;
	bool owns_ports; /* its own name has some */
	bool borrowed; /* it has those of names that led to it: */
	uint8_t origin_count;
	uint16_t origins_len;
	uint8_t origins[GRANT_NAMES_SIZE]; /* in wire form, one by one */
	uint32_t generation; /* of the policy the verdict was made with */
	struct verdict verdict;
	struct threat threat;
	bool widened; /* --mode audit: `~>` is not of the policy */
	bool audited; /* it would have been refused, and is noted so */
	bool said[2]; /* `->` or `~>` is in the log already */
	uint32_t log_rule; /* that the log names; IMAGE_NONE: none */

	/* what it waits for */
	struct flight *flight;
	struct list flight_link;
	struct servers_search *search;
	struct list search_link;
	uint8_t searches; /* that it has waited for */
	int64_t search_since_ms;
	bool tried_stale;
	enum upstream_end upstream_end;
	const struct message *upstream; /* inspect step only */
	enum record_source source;
	struct endpoint upstream_at; /* that answered; family 0: none */
	struct grant_wait wait;
	bool waiting_for_grant;
	bool waiting_for_policy;
	bool relayed; /* it is a NOTIFY, and waits for its judge */

	/* what is to be granted */
	struct kept_address kept[QUERY_MAX_ADDRESSES];
	unsigned kept_count;
	bool client_is_local;
	uint32_t rule_time_s;
	bool granted; /* the kernel has acknowledged all of it */

	/* what the answer will be */
	struct ending ending;
	uint16_t number;   /* for the log's reason */
	struct addr local; /* answered from the policy: `= address` */
	char ede_text[160];
	/* the names that the answer led to, see trail.h */
	uint32_t chain_number; /* 0: the log has none of them yet */
	uint8_t trail_count;
	uint8_t trail_links; /* of them: stand on the chain of aliases */
	uint16_t trail_len;
	uint8_t trail[QUERY_TRAIL_BYTES];
	uint8_t *answer; /* NULL: not built; narrow, or a slot of wide */
	size_t answer_len;
	uint8_t narrow[EDNS_UDP_SIZE];
};

enum err query_house_init(struct query_house *h);
/* Live queries end without a call to answer() or drop(). */
void query_house_fini(struct query_house *h);
/* Other lists are in force from now on. */
void query_take_lists(struct query_house *h, const struct lists *l);

/* Takes a slot and starts the walk; the bytes are read before it returns.
 * A full pool drops the query, and so does a client that asks too much; that
 * is counted. */
void query_new(struct query_house *h, const struct origin *origin,
	       const uint8_t *bytes, size_t len);
/* Whether some net of the policy contains the client. */
bool query_knows(const struct query_house *h, const struct addr *client,
		 uint32_t ifindex);
/* The connection is gone: whatever its queries wait for is cancelled. Neither
 * answer() nor drop() is called for them. */
void query_forget_origin(struct query_house *h, const void *listener,
			 uint64_t key);
/* Who asks, as the policy wants to know it. */
struct policy_client query_client(const struct query *q);
/* Lets go of a query: nothing of it is left. For path.c. */
void query_end(struct query *q);

#endif
