/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An upstream on loopback that answers as it is told, on the loop of the
 * test itself. Real sockets, so that the kernel's part is real too.
 */
#ifndef TEST_LIAR_H
#define TEST_LIAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "net/loop.h"
#include "wire/message.h"

/* What one datagram or one message over TCP is. */
enum lie {
	TRUTH,
	SAY_NOTHING,
	WRONG_ID,
	WRONG_CASE, /* the name in lower case */
	WRONG_NAME,
	WRONG_TYPE,
	WRONG_CLASS,
	NO_QUESTION, /* with NOERROR */
	TWO_QUESTIONS,
	NOT_A_RESPONSE,
	WRONG_OPCODE,
	SHORT,		   /* 5 bytes */
	EMPTY,		   /* 0 bytes */
	TORN,		   /* right but for its last byte */
	TRUNCATED,	   /* TC, no records */
	COMPLAINT_REFUSED, /* QDCOUNT 0 */
	FAIL_FORMERR,	   /* without OPT */
	FAIL_NOTIMP,
	FAIL_SERVFAIL,
	FAIL_REFUSED,
	SAY_NXDOMAIN,
	FROM_ELSEWHERE, /* the truth, from another port */
	CLOSE		/* TCP: ends the connection */
};

enum { SCRIPT_MAX = 8, LIAR_CONNECTIONS = 4 };

struct liar_connection {
	int fd;
	struct liar *liar;
	struct ready ready;
	uint8_t bytes[600];
	size_t have;
};

struct liar {
	struct loop *loop;
	struct endpoint at;
	int udp, tcp; /* -1: closed */
	struct ready udp_ready, tcp_ready;
	struct liar_connection connection[LIAR_CONNECTIONS];
	/* what is said to each query, one after the other, all at once */
	enum lie udp_script[SCRIPT_MAX], tcp_script[SCRIPT_MAX];
	unsigned udp_lies, tcp_lies;
	unsigned repeat;	    /* the first lie so often */
	bool edns_unknown;	    /* FORMERR to whoever sends an OPT */
	bool piecewise;		    /* TCP: one byte at a time */
	uint8_t udp_host, tcp_host; /* answers 192.0.2.HOST */
	int64_t late_ms;	    /* UDP: answers after so long */
	struct due late;
	uint8_t kept[600];
	size_t kept_len;
	union sockaddr_any kept_from;
	/* what was seen */
	unsigned udp_asked, tcp_asked;
	struct message seen; /* the last query */
	uint8_t seen_bytes[600];
	struct endpoint seen_from;
};

/* Opens both sockets on one port of 127.0.0.1; then the script is the
 * caller's to write. */
void liar_open(struct liar *l, struct loop *loop);
void liar_close_udp(struct liar *l);
void liar_close_tcp(struct liar *l);
void liar_close(struct liar *l);

#endif
