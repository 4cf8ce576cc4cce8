/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of feeds by HTTPS share; for them only. */
#ifndef SUPPLY_HTTPS_INSIDE_H
#define SUPPLY_HTTPS_INSIDE_H

#include "supply/curl.h"
#include "supply/gzip.h"
#include "supply/https.h"

enum { STATUS_OK = 200 };

struct https {
	struct host_setup setup;
	struct curl_calls curl;
	CURLM *multi;	/* NULL: there is no libcurl */
	struct due due; /* curl's */
	struct curl_blob certificates;
};

struct layer {
	bool begun, packed; /* something has come; it is gzip */
	struct gzip gzip;
};

struct fetch {
	struct https *house;
	struct https_wish wish;
	char url[HTTPS_URL_SIZE]; /* that is being fetched */
	char name[256];		  /* of its host */
	long port;
	unsigned redirects;
	struct host *host; /* being looked for */
	struct host_news found;
	CURL *easy; /* NULL: not yet */
	struct curl_slist *pins, *lines;
	struct https_known known; /* of what comes */
	uint64_t text;		  /* bytes given */
	bool encoded;		  /* its server has packed it, as it says */
	struct layer encoding, file; /* gzip around gzip, at most */
	bool stopped;
	const char *excess; /* why no more of it is wanted */
	char curl_why[CURL_ERROR_SIZE];
	char why[HTTPS_WHY_SIZE];
	struct due due; /* for all of it */
};

/* A request of curl's is over, one way or the other. */
void fetch_on_end(struct fetch *f, CURLcode code);

/* What comes, as curl gives it. */
size_t fetch_on_body(char *bytes, size_t size, size_t count, void *owner);
/* All that belongs to it has come. */
bool fetch_body_is_whole(const struct fetch *f);
void fetch_body_end(struct fetch *f);

/* Certificates of authorities, in PEM, behind one another; malloc()ed.
 * ERR_MISSING: --feed-ca cannot be read (errno). */
enum err certificates_read(const struct https *h, struct curl_blob *out);

#endif
