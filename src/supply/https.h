/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A feed by HTTPS (RFC 9110), and nothing but that: certificates are checked,
 * redirects lead to https only, and never to our own nets (supply/host.h).
 *
 * Whatever the other end sends is bounded: bytes on the way, bytes after
 * unpacking, their ratio, and time.
 */
#ifndef SUPPLY_HTTPS_H
#define SUPPLY_HTTPS_H

#include "supply/host.h"

enum {
	HTTPS_REDIRECTS = 3,
	HTTPS_WIRE_MAX = 64 << 20, /* bytes as they travel */
	HTTPS_TEXT_MAX = 512 << 20, /* and as they are meant */
	/* text may have so many times the bytes that travelled, and the slack
	 * more: what is just being unpacked counts later */
	HTTPS_RATIO = 200,
	HTTPS_SLACK = 4 << 20,
	HTTPS_URL_SIZE = 2048,
	HTTPS_TAG_SIZE = 256,
	HTTPS_WHY_SIZE = 256
};

/* What a server said of the copy that it sent, so that it need not send the
 * same again (RFC 9110 8.8); empty: it said nothing. */
struct https_known {
	char etag[HTTPS_TAG_SIZE];
	char modified[HTTPS_TAG_SIZE];
};

enum https_end {
	HTTPS_NEW,     /* all of it has been given */
	HTTPS_SAME,    /* what is known is still so */
	HTTPS_STOPPED, /* whom it was given to wanted no more */
	HTTPS_FAILED   /* why says it */
};

/* Valid during the call only. */
struct https_news {
	enum https_end end;
	const char *why;	  /* a clause for people */
	struct https_known known; /* of HTTPS_NEW */
};

/* The text in pieces; false: no more. */
typedef bool https_body_fn(void *owner, const char *bytes, size_t len);
typedef void https_done_fn(void *owner, const struct https_news *news);

struct https_wish {
	const char *url;
	struct https_known known;
	https_body_fn *body;
	https_done_fn *done;
	void *owner;
};

struct https; /* all of a process */
struct fetch;

/* Loads libcurl, where it is installed, and reads the certificates, which
 * later nobody may: those of the system, and --feed-ca. The setup is copied.
 * ERR_FULL; ERR_MISSING: --feed-ca cannot be read (errno). Once a process. */
enum err https_new(const struct host_setup *setup, struct https **out);
/* No fetch may be under way. NULL is harmless. */
void https_free(struct https *h);

/* done is called once, never from within this. ERR_FULL: no memory.
 * ERR_SYNTAX: that is no URL of https. ERR_MISSING: libcurl is not
 * installed. */
enum err https_begin(struct https *h, const struct https_wish *wish,
		     struct fetch **out);
/* done will not be called; NULL is harmless. Not from within done or body. */
void https_cancel(struct fetch *f);

#endif
