/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shapes of all letters (rows in post.def). Host byte order; every pad
 * byte is zero and checked, so a letter carries nothing but its fields.
 */
#ifndef PROC_LETTER_H
#define PROC_LETTER_H

#include <stdint.h>

#include "base/addr.h"
#include "proc/board.h"
#include "proc/sources.h"

enum { LETTER_MAGIC = 0x6466, LETTER_VERSION = 1 };

/* First in every letter. */
struct letter_head {
	uint16_t magic;	  /* LETTER_MAGIC */
	uint8_t version;  /* LETTER_VERSION */
	uint8_t kind;	  /* enum letter_kind */
	uint16_t count;	  /* items behind the fixed part */
	uint16_t pad;
};

struct nothing {
	char none;
};

struct plain_letter {
	struct letter_head head;
	uint32_t seq;	/* where the row has an answer: said back in it */
	uint32_t value; /* meaning belongs to the row */
};

/* What a descriptor is for. */
enum hand {
	HAND_NONE,
	HAND_OPTIONS,	 /* image of struct options */
	HAND_POLICY,	 /* policy image; generation in the letter */
	HAND_OWN,	 /* image of struct own_addresses */
	HAND_BOARD,	 /* shared page, struct board: warden writes */
	HAND_STATS,	 /* one a worker, its own to write */
	HAND_STATE,	 /* shared page, struct supervisor_state */
	HAND_LEDGER,	 /* warden's memory; control maps it read-only */
	HAND_UDP,	 /* listening socket, index = bind */
	HAND_TCP,	 /* listening socket, index = bind */
	HAND_WARDEN,	 /* channel to the warden */
	HAND_RECORDER,	 /* channel to the recorder */
	HAND_WORKER,	 /* channel to worker number index */
	HAND_OUTPUT,	 /* sink of the access log */
	HAND_JOURNAL,	 /* connected socket of the systemd journal */
	HAND_RPZ_LOG,	 /* file of --rpz-log, to append to */
	HAND_CONTROL,	 /* listening socket of the control tool */
	HAND_ACL,	 /* compiler: text */
	HAND_IMAGE,	 /* compiler: where the image is written */
	HAND_SAVED,	 /* compiler: where the lists' image is saved */
	HAND_COMPLAINTS, /* compiler: pipe */
	HAND_PRINT,	 /* compiler: pipe for the canonical form */
	HAND_PAST,	 /* recorder's memory of queries; others read it */
	HAND_REFUSALS,	 /* witness's memory of packets; control reads it */
	HAND_WITNESS,	 /* channel to the witness */
	HAND_NFLOG,	 /* witness: bound socket of the firewall's log */
	HAND_LISTS_DIR,	 /* lists: directory of the kept copies */
	HAND_SOURCES,	 /* shared page, struct sources: lists writes */
	HAND_LISTS,	 /* channel to the lists process */
	HAND_KEY,	 /* lists: file of key number index of the lists file */
	HAND_COUNT
};

struct hand_letter {
	struct letter_head head;
	uint32_t hand;	     /* enum hand */
	uint32_t index;	     /* which bind or worker */
	uint32_t generation; /* of a policy; of a worker: its epoch */
	uint32_t pad;
};

/* ---- supervisor and compiler ------------------------------------------- */

enum { INCLUDE_PATH_SIZE = 1024 };

/* File number index of those that the pattern of glob(7) matches; or a list,
 * "list:PATH", which may be larger; or the copy "kept:NAME" of the lists'
 * directory; or "key:PATH", which is opened for the lists process and handed
 * to nobody else: INCLUDED_END says that it was. */
struct include_letter {
	struct letter_head head;
	uint32_t index;
	uint32_t pad;
	char pattern[INCLUDE_PATH_SIZE]; /* zero behind */
};

enum included_state {
	INCLUDED_END,	 /* there is none of that number */
	INCLUDED_FILE,	 /* its path; the descriptor comes along */
	INCLUDED_REFUSED /* why */
};

struct included_letter {
	struct letter_head head;
	uint32_t state; /* enum included_state */
	uint32_t pad;
	char text[INCLUDE_PATH_SIZE]; /* zero behind */
};

/* ---- worker and warden ------------------------------------------------ */

/* One (client, protocol, port, destination) to be admitted. */
struct grant_item {
	uint32_t rule;	  /* index in the policy of the letter's generation */
	uint32_t ttl_s;	  /* kernel timeout asked for: rule time + grace */
	uint32_t ifindex; /* ingress interface of the query, 0: not known */
	uint16_t port;
	uint8_t protocol;
	uint8_t flags; /* GRANT_LOCAL */
	struct addr client, destination;
};

enum grant_flag {
	GRANT_LOCAL = 1 /* client is this host: -local sets, no client in key */
};

enum { GRANT_NAMES_SIZE = 508, GRANT_ORIGINS = 4 };

/* Why it is granted: names on the wire, whole, in lower case, one behind the
 * other. First the one asked; then, where that was allowed as an alias, those
 * that led to it; then those that it leads to, its chain of aliases
 * before names of services. What does not fit is left out, the
 * last of the chain last. */
struct grant_names {
	uint16_t len;	  /* of bytes; 0: not known */
	uint8_t links;	  /* names of the chain behind the one asked */
	uint8_t borrowed; /* so many led to it, each with its ports */
	uint8_t bytes[GRANT_NAMES_SIZE]; /* zero behind len */
};

struct grant_letter {
	struct letter_head head;
	uint32_t seq;
	uint32_t generation; /* of the policy the worker asked */
	uint32_t epoch;	     /* of the worker: how often it was started */
	uint32_t pad;
	struct grant_names names;
};

enum grant_status {
	GRANT_OK,
	GRANT_STALE,	/* take the new policy and ask it again */
	GRANT_REFUSED,	/* rule, guard, ttl or shape is wrong: a bad letter */
	GRANT_RATE,	/* this client's quota of new pairs a second */
	GRANT_FULL,	/* 75 % of the set, or the kernel says full */
	GRANT_NO_FAMILY,/* no rules for this family */
	GRANT_KERNEL,	/* netlink failed; detail is errno or ipset's code */
	GRANT_DOWN,	/* sets or rules are gone, repair is under way */
	GRANT_BUSY	/* never in a letter: too many are on their way */
};

/* Why a letter was GRANT_REFUSED: granted_letter.detail. */
enum grant_detail {
	DETAIL_NONE,
	DETAIL_PAD,	 /* a pad byte is not zero, or the letter is empty */
	DETAIL_EPOCH,	 /* not the worker that this channel belongs to */
	DETAIL_FLAGS,	 /* a flag that does not exist */
	DETAIL_ADDRESS,	 /* no address, or not in its one shape */
	DETAIL_PROTOCOL, /* none that a rule may name */
	DETAIL_PORT,	 /* 0, or not one of the rule's */
	DETAIL_TTL_ZERO, /* would stay for ever */
	DETAIL_TTL_LONG, /* longer than max-rule-time and grace */
	DETAIL_RULE,	 /* no such rule, or not a `->` */
	DETAIL_CLIENT,	 /* not in the rule's net */
	DETAIL_FAMILY,	 /* client and destination are of two families */
	DETAIL_NOT_LOCAL,/* GRANT_LOCAL for a client that is not this host */
	DETAIL_GUARDED,	 /* loopback, multicast ... never a destination */
	DETAIL_PRIVATE,	 /* a private destination, matched by a wildcard */
	DETAIL_OWN,	 /* the router itself, or a broadcast address */
	DETAIL_NAMES	 /* names that are none, or of another number */
};

struct granted_letter {
	struct letter_head head;
	uint32_t seq;
	uint32_t status;      /* enum grant_status of the whole letter */
	uint32_t first_bad;   /* item, where status is not GRANT_OK */
	uint32_t applied;     /* items that stand in the kernel */
	uint32_t lowest_ttl_s;/* shortest kernel timeout now in force */
	uint32_t set_epoch;   /* see struct board */
	uint32_t detail;      /* GRANT_REFUSED: enum grant_detail;
				 GRANT_KERNEL: errno or the kernel's code */
	uint32_t pad;
};

/* ---- warden and supervisor --------------------------------------------- */

/* PLACE_LISTS: with the rules for what the access list opens to addresses of
 * lists. */
enum rules_wish { WISH_PLACE, WISH_CLEAR, WISH_PLACE_LISTS };

/* ---- worker and recorder ---------------------------------------------- */

enum record_kind {
	RECORD_ALLOWED,	 /* ->  */
	RECORD_DNS_ONLY, /* ~>  */
	RECORD_BLOCKED,	 /* |>  */
	RECORD_LOCAL,	 /* |> name = address */
	RECORD_BAD_QUERY,/* !>  */
	RECORD_BAD_ANSWER,/* <! */
	RECORD_FORWARDED,/* <~  */
	RECORD_GRANTED,	 /* <-  */
	RECORD_GRANT_FAILED, /* <! ... Firewall configuration failed */
	RECORD_ALIAS, /* no event: a name that the next items' name led to */
	RECORD_REFUSED, /* a packet, by the firewall; of the witness alone */
	RECORD_RESOLVED, /* no event: an address it was told, not granted */
	RECORD_HIT,	 /* no event: what a list has, for the next items */
	RECORD_LISTED,	 /* |~  a list has it, and lets it pass, or logs it */
	RECORD_KINDS
};

/* Where an answer came from. */
enum record_source {
	SOURCE_LOCAL, /* from ourselves: the policy, or a failure */
	SOURCE_UPSTREAM,
	SOURCE_CACHE,
	SOURCE_STALE, /* from the cache, past its time */
	SOURCE_COUNT
};

/* Instead of a code, where the client was told nothing. */
enum { RECORD_DROPPED = 0xffff };

/* What is of no use to the form of the log that was asked for stays zero. An
 * ALIAS has nothing but chain, chain_count (its place, from 1) and a name; a
 * RESOLVED has client, name, address and interface. A HIT has the client and
 * its port, the name that was held against the list (of a server, too), and
 * the entry: labels behind an asterisk or none, or address and bits. */
struct record_item {
	struct addr client;
	struct addr address; /* GRANTED, GRANT_FAILED, LOCAL */
	struct endpoint upstream; /* that answered */
	uint32_t ttl_s;
	uint32_t rule;	     /* IMAGE_NONE: none */
	uint32_t ifindex;    /* ingress interface, 0: not known */
	uint32_t latency_us; /* until it ended */
	uint32_t chain;	     /* number of the chain, 0: none */
	uint32_t hit;	     /* number of the HIT, 0: none */
	uint16_t id;	     /* the client's */
	uint16_t port;
	uint16_t type;	/* asked; 0: no question */
	uint16_t rcode;	 /* of what has ended; or RECORD_DROPPED */
	uint16_t number; /* of the reason: rcode, opcode, type ... */
	uint8_t kind;	 /* enum record_kind */
	uint8_t has_id;
	uint8_t protocol;
	uint8_t reason;	     /* enum record_reason (record/record.h) */
	uint8_t source;	     /* enum record_source */
	uint8_t chain_count; /* names of the chain behind the one asked */
	uint8_t name_len;    /* 0: no name */
	uint8_t name[256];   /* wire, as the client wrote it; zero behind */
	uint8_t ended;	     /* 1: rcode, source and latency are meant */
	uint8_t audit;	     /* 1: so it would have been (--mode audit) */
	uint8_t borrowed;    /* GRANTED: 1: with the ports of a name that led
				here, none of its own */
	/* HIT: number is that of the list */
	uint8_t trigger;     /* enum trigger (lists/item.h) */
	uint8_t action;	     /* enum list_action */
	uint8_t would;	     /* of LOG: what else it would have been */
	uint8_t wild;	     /* 1: the entry begins with an asterisk */
	uint8_t labels;
	uint8_t bits;	     /* of the net; 0: the entry is a name */
};

struct record_letter {
	struct letter_head head;
	uint32_t generation; /* of the policy the rules belong to */
	uint32_t lost;	     /* records dropped since the last letter */
	uint64_t time_ms;    /* since 1970, of its events; 0: not needed */
};

/* ---- worker and lists --------------------------------------------------- */

enum { RELAY_BYTES = 2048 };

struct relay_letter {
	struct letter_head head;
	uint32_t seq; /* said back in the answer */
	uint32_t len; /* of bytes; of an answer 0: there is none */
	struct addr from; /* RELAY: who sent it */
	uint8_t bytes[RELAY_BYTES];
};

/* ---- witness and recorder ---------------------------------------------- */

enum { REFUSED_TEXT_SIZE = 2048 };

/* Texts are printable ASCII, zero behind. */
struct refused_letter {
	struct letter_head head;
	uint32_t generation; /* of the policy that item.rule belongs to */
	uint32_t times;	     /* it came since it was last told of */
	uint64_t time_ms;    /* since 1970 */
	struct record_item item; /* REFUSED: client, address, protocol, port,
				    ifindex, and name and rule where known */
	char cause[32];		 /* WRONG PORT */
	char reason[REFUSED_TEXT_SIZE / 4]; /* WRONG PORT (allowed: ...) */
	char line[REFUSED_TEXT_SIZE / 4];   /* that would allow it, or empty */
	char text[REFUSED_TEXT_SIZE];	    /* all of it as one sentence */
};

/* ---- supervisor and control ------------------------------------------- */

struct reload_letter {
	struct letter_head head;
	uint32_t seq;
	uint32_t confirm_s; /* the policy before it comes back if nobody
			       confirms in that time; 0: it is kept */
};

/* Of the new policy. LATE: not every process has taken it yet. */
enum reload_word { RELOAD_REFUSED, RELOAD_DONE, RELOAD_LATE };

struct reloaded_letter {
	struct letter_head head;
	uint32_t seq;
	uint32_t ok;	     /* enum reload_word */
	uint32_t generation;
	uint32_t confirm_s;  /* left to confirm it; 0: there is no need */
	uint32_t text_len;
	char text[2048];     /* complaints, not NUL-terminated */
};

/* ---- control, supervisor and warden: grants are taken back ------------- */

enum revoke_scope { REVOKE_ALL, REVOKE_LOCAL, REVOKE_NET };

struct revoke_letter {
	struct letter_head head;
	uint32_t seq;
	uint32_t scope;	  /* enum revoke_scope: of the clients */
	struct net net;	  /* of REVOKE_NET */
	uint32_t uid;	  /* who wishes it */
	uint8_t name_len; /* 0: all names */
	uint8_t pad[3];
	uint8_t name[256]; /* wire; zero behind */
};

struct revoked_letter {
	struct letter_head head;
	uint32_t seq;
	uint32_t ok;	/* 0: there is no warden */
	uint32_t count; /* entries */
	uint32_t pad;
};

/* ---- control, supervisor and lists: what is fetched --------------------- */

enum source_deed { SOURCE_DEED_NONE, SOURCE_DEED_REFRESH, SOURCE_DEED_ACCEPT };

struct source_letter {
	struct letter_head head;
	uint32_t seq;
	uint32_t deed; /* enum source_deed */
	char name[SOURCE_NAME_SIZE]; /* of the list; zero behind */
};

enum source_outcome {
	SOURCE_OUT_NOBODY, /* there is no lists process now */
	SOURCE_OUT_DONE,   /* or begun */
	SOURCE_OUT_NONE,   /* no list of that name is fetched */
	SOURCE_OUT_NOTHING /* no copy of it is held back */
};

/* ---- control, supervisor and workers: the caches ----------------------- */

enum cache_deed {
	CACHE_DEED_NONE,
	CACHE_DEED_DUMP,
	CACHE_DEED_FLUSH
};

struct cache_letter {
	struct letter_head head;
	uint32_t seq;
	uint32_t deed;	    /* enum cache_deed */
	uint8_t name_len;   /* 0: all names; else this one and those below */
	uint8_t pad[7];
	uint8_t name[256];  /* wire; zero behind */
};

struct cached_letter {
	struct letter_head head;
	uint32_t seq;
	uint32_t workers; /* that have answered; a worker says 1 */
	uint64_t count;	  /* entries dumped, or forgotten */
	uint64_t cut;	  /* entries that found no room in the dump */
};

/* ---- control, supervisor and warden: the audit -------------------------- */

/* What both know of one (client, protocol, port, destination). Of a set of
 * lists (set AUDITED_LISTS and its number) there are differences only: what
 * has no ledger_ms is not of the lists. */
struct audit_item {
	int64_t ledger_ms; /* until its end; 0: not in the ledger */
	uint32_t kernel_s; /* until its end; see below */
	uint32_t line;	   /* of the rule, 0: not known */
	uint16_t port;
	uint8_t protocol;
	uint8_t set; /* enum set_index */
	struct addr client, destination;
	uint8_t client_bits, destination_bits; /* of sets of lists */
	uint8_t pad[2];
};

enum {
	AUDITED_FOR_EVER = 0, /* audit_item.kernel_s: it has no end */
	AUDITED_NONE = 0x7fffffff, /* it is not there */
	AUDITED_LISTS = 16, /* audit_item.set: of the first set of lists */
	AUDITED_ITEMS_MAX = 8192 /* of one set of lists; more are counted */
};

enum audited_status {
	AUDITED_NO_WARDEN, /* none has answered in time */
	AUDITED_DONE,
	AUDITED_UNREADABLE, /* the kernel did not list its sets */
	AUDITED_NO_MEMORY	  /* for the list */
};

/* Of a set of lists; all zero: there is none, and none is wanted. */
struct audited_set {
	uint32_t status; /* enum audited_set_status */
	uint32_t lists, kernel; /* entries that belong there, and are there */
	uint32_t differences;
};

enum audited_set_status {
	AUDITED_SET_NONE,
	AUDITED_SET_COMPARED,
	AUDITED_SET_FILLING, /* being written: there is nothing to compare */
	AUDITED_SET_GONE,
	AUDITED_SET_LARGE,   /* too large to be listed: not compared */
	AUDITED_SET_REFUSED, /* what belongs there cannot be there */
	AUDITED_SET_ODD /* compared; holds entries of another shape, too */
};

struct audited_letter {
	struct letter_head head;
	uint32_t seq;
	uint32_t status; /* enum audited_status */
	uint32_t items;	 /* struct audit_item in the descriptor */
	uint32_t pad;
	struct audited_set set[BOARD_FIXED_SETS];
};

#endif
