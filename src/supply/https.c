/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Feeds, by libcurl on our own loop.
 *
 * curl speaks HTTP and TLS and decides nothing else: hosts are resolved by
 * host.c and pinned, redirects are followed here, so that each is looked at
 * like the first URL, and no proxy, cookie or file of the environment counts.
 * HTTP/1.1 is enough for one file.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "supply/https_inside.h"

enum {
	CONNECT_MS = 10000,
	SLOW_BYTES = 100, /* a second, for */
	SLOW_S = 30,
	STATUS_SAME = 304
};

/* ---- its end ------------------------------------------------------------ */

/* What belongs to one request. */
static void
end_request(struct fetch *f)
{
	const struct curl_calls *c = &f->house->curl;

	host_cancel(f->host);
	f->host = NULL;
	if (f->easy != NULL) {
		c->multi_remove_handle(f->house->multi, f->easy);
		c->easy_cleanup(f->easy);
	}
	f->easy = NULL;
	fetch_body_end(f);
	c->slist_free_all(f->pins);
	c->slist_free_all(f->lines);
	f->pins = f->lines = NULL;
}

void
https_cancel(struct fetch *f)
{
	if (f == NULL)
		return;
	end_request(f);
	due_stop(f->house->setup.loop, &f->due);
	free(f);
}

static void
finish(struct fetch *f, enum https_end end)
{
	struct https_news news = { .end = end,
				   .why = f->why,
				   .known = f->known };

	end_request(f);
	f->wish.done(f->wish.owner, &news);
	https_cancel(f);
}

/* "HOST: REASON" */
static void fail(struct fetch *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
fail(struct fetch *f, const char *format, ...)
{
	char reason[HTTPS_WHY_SIZE];
	struct text t;
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	text_init(&t, f->why, sizeof(f->why));
	text_escaped(&t, f->name, strlen(f->name));
	text_str(&t, f->name[0] != '\0' ? ": " : "");
	text_escaped(&t, reason, strlen(reason));
	finish(f, HTTPS_FAILED);
}

/* ---- what is said of it -------------------------------------------------- */

/* A value that we shall send back: whole, printable, or not at all. */
static void
keep_value(const char *value, size_t len, char out[HTTPS_TAG_SIZE])
{
	while (len > 0 && (*value == ' ' || *value == '\t')) {
		value++;
		len--;
	}
	while (len > 0 && (value[len - 1] == '\r' || value[len - 1] == '\n' ||
			   value[len - 1] == ' '))
		len--;
	out[0] = '\0';
	for (size_t i = 0; i < len; i++) {
		if (value[i] < ' ' || value[i] > '~')
			return;
	}
	if (len >= HTTPS_TAG_SIZE)
		return;
	memcpy(out, value, len);
	out[len] = '\0';
}

/* What follows "NAME:" where the line is one of that name, else NULL. */
static const char *
value_of(const char *line, size_t len, const char *name)
{
	size_t begin = strlen(name);

	return len > begin + 1 && strncasecmp(line, name, begin) == 0
		       ? line + begin
		       : NULL;
}

/* A status line begins another answer: what was before it was none. */
static size_t
on_header(char *bytes, size_t size, size_t count, void *owner)
{
	struct fetch *f = owner;
	size_t len = size * count;
	const char *end = bytes + len, *value;

	if (len > 5 && memcmp(bytes, "HTTP/", 5) == 0)
		f->encoded = false;
	value = value_of(bytes, len, "etag:");
	if (value != NULL)
		keep_value(value, (size_t)(end - value), f->known.etag);
	value = value_of(bytes, len, "last-modified:");
	if (value != NULL)
		keep_value(value, (size_t)(end - value), f->known.modified);
	value = value_of(bytes, len, "content-encoding:");
	if (value != NULL)
		f->encoded = true;
	return len;
}

/* The last wall: whatever leads curl here, it goes where host.c said. */
static curl_socket_t
on_socket_wish(void *owner, curlsocktype purpose, struct curl_sockaddr *to)
{
	const struct fetch *f = owner;
	union sockaddr_any at = { 0 };
	struct endpoint e;

	if (purpose != CURLSOCKTYPE_IPCXN || to->addrlen > sizeof(at))
		return CURL_SOCKET_BAD;
	memcpy(&at, &to->addr, to->addrlen);
	if (endpoint_from_sockaddr(&at, &e) != ERR_NONE)
		return CURL_SOCKET_BAD;
	for (unsigned i = 0; i < f->found.count; i++) {
		if (addr_equal(&e.addr, &f->found.addr[i]))
			return socket(to->family,
				      to->socktype | SOCK_CLOEXEC |
					  SOCK_NONBLOCK,
				      to->protocol);
	}
	return CURL_SOCKET_BAD;
}

/* ---- a request ---------------------------------------------------------- */

static void
set_limits(struct fetch *f)
{
	const struct curl_calls *c = &f->house->curl;
	CURL *e = f->easy;

	c->easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https");
	c->easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	c->easy_setopt(e, CURLOPT_PROXY, "");
	c->easy_setopt(e, CURLOPT_NOPROXY, "*");
	c->easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	c->easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	c->easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	c->easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	c->easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	c->easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	c->easy_setopt(e, CURLOPT_CAPATH, NULL);
	c->easy_setopt(e, CURLOPT_CAINFO_BLOB, &f->house->certificates);
	c->easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE,
		       (curl_off_t)HTTPS_WIRE_MAX);
	c->easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	c->easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
	c->easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S);
}

static void
set_callbacks(struct fetch *f)
{
	const struct curl_calls *c = &f->house->curl;
	CURL *e = f->easy;

	c->easy_setopt(e, CURLOPT_PRIVATE, f);
	c->easy_setopt(e, CURLOPT_ERRORBUFFER, f->curl_why);
	c->easy_setopt(e, CURLOPT_WRITEFUNCTION, fetch_on_body);
	c->easy_setopt(e, CURLOPT_WRITEDATA, f);
	c->easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	c->easy_setopt(e, CURLOPT_HEADERDATA, f);
	c->easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket_wish);
	c->easy_setopt(e, CURLOPT_OPENSOCKETDATA, f);
}

/* One more line, or the list as it was. */
static bool
append(const struct fetch *f, struct curl_slist **list, const char *line)
{
	struct curl_slist *more = f->house->curl.slist_append(*list, line);

	if (more == NULL)
		return false;
	*list = more;
	return true;
}

static bool
add_condition(struct fetch *f, const char *header, const char *value)
{
	char line[HTTPS_TAG_SIZE + 32];

	if (value[0] == '\0')
		return true;
	snprintf(line, sizeof(line), "%s: %s", header, value);
	return append(f, &f->lines, line);
}

/* "HOST:PORT:ADDRESS,ADDRESS..." */
static bool
pin(struct fetch *f)
{
	char buf[sizeof(f->name) + 16 + HOST_ADDRESSES_MAX * ADDR_TEXT_SIZE];
	char addr[ADDR_TEXT_SIZE];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	text_printf(&t, "%s:%ld:", f->name, f->port);
	for (unsigned i = 0; i < f->found.count; i++)
		text_printf(&t, "%s%s", i > 0 ? "," : "",
			    addr_print(&f->found.addr[i], addr));
	return append(f, &f->pins, buf);
}

static bool
set_request(struct fetch *f)
{
	const struct curl_calls *c = &f->house->curl;
	CURL *e = f->easy;

	if (!add_condition(f, "If-None-Match", f->wish.known.etag) ||
	    !add_condition(f, "If-Modified-Since", f->wish.known.modified) ||
	    (strchr(f->name, ':') == NULL && !pin(f)))
		return false;
	set_limits(f);
	set_callbacks(f);
	c->easy_setopt(e, CURLOPT_USERAGENT, "dns-firewall");
	/* curl would take a body that was cut for a whole one. */
	if (gzip_is_there())
		c->easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip");
	c->easy_setopt(e, CURLOPT_HTTP_CONTENT_DECODING, 0L);
	c->easy_setopt(e, CURLOPT_HTTPHEADER, f->lines);
	c->easy_setopt(e, CURLOPT_RESOLVE, f->pins);
	return c->easy_setopt(e, CURLOPT_URL, f->url) == CURLE_OK;
}

static void
on_host(void *owner, const struct host_news *news)
{
	struct fetch *f = owner;
	const struct curl_calls *c = &f->house->curl;

	f->host = NULL;
	f->found = *news;
	if (news->why != NULL) {
		fail(f, "%s", news->why);
		return;
	}
	f->easy = c->easy_init();
	if (f->easy == NULL || !set_request(f)) {
		fail(f, "%s", err_text(ERR_FULL));
		return;
	}
	if (c->multi_add_handle(f->house->multi, f->easy) == CURLM_OK)
		return;
	c->easy_cleanup(f->easy);
	f->easy = NULL;
	fail(f, "%s", err_text(ERR_FULL));
}

/* Scheme, host and port of the URL; false: it is none that is fetched. */
static bool
take_apart(struct fetch *f)
{
	const struct curl_calls *c = &f->house->curl;
	CURLU *url = c->url();
	char *scheme = NULL, *name = NULL, *port = NULL, *user = NULL;
	bool good;

	good = url != NULL && strlen(f->url) < sizeof(f->url) - 1 &&
	       c->url_set(url, CURLUPART_URL, f->url, 0) == CURLUE_OK &&
	       c->url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	       strcmp(scheme, "https") == 0 &&
	       c->url_get(url, CURLUPART_USER, &user, 0) != CURLUE_OK &&
	       c->url_get(url, CURLUPART_HOST, &name, 0) == CURLUE_OK &&
	       strlen(name) < sizeof(f->name) &&
	       c->url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
		   CURLUE_OK;
	if (good) {
		strcpy(f->name, name);
		f->port = strtol(port, NULL, 10);
	}
	c->free(scheme);
	c->free(name);
	c->free(port);
	c->free(user);
	c->url_cleanup(url);
	return good;
}

static void
begin_request(struct fetch *f)
{
	if (!take_apart(f))
		fail(f, "it leads to what is no URL of https");
	else if (host_begin(&f->house->setup, f->name, on_host, f, &f->host) !=
		 ERR_NONE)
		fail(f, "%s", err_text(ERR_FULL));
}

/* ---- how a request ends ------------------------------------------------- */

static void
redirect(struct fetch *f, const char *to)
{
	size_t len = strlen(to);

	if (++f->redirects > HTTPS_REDIRECTS) {
		fail(f, "it redirects more than %d times", HTTPS_REDIRECTS);
		return;
	}
	if (len >= sizeof(f->url)) {
		fail(f, "it redirects to a URL that is too long");
		return;
	}
	memcpy(f->url, to, len + 1);
	end_request(f);
	memset(&f->known, 0, sizeof(f->known));
	begin_request(f);
}

static void
on_status(struct fetch *f, long status)
{
	const struct curl_calls *c = &f->house->curl;
	char *to = NULL;

	c->easy_getinfo(f->easy, CURLINFO_REDIRECT_URL, &to);
	if (status == STATUS_OK && !fetch_body_is_whole(f))
		fail(f, "its gzip is cut off");
	else if (status == STATUS_OK)
		finish(f, HTTPS_NEW);
	else if (status == STATUS_SAME && f->lines != NULL)
		finish(f, HTTPS_SAME);
	else if (status >= 300 && status < 400 && to != NULL)
		redirect(f, to);
	else
		fail(f, "the server answers %ld", status);
}

/* Whoever signed it is nobody that we know: X509_V_ERR_* of OpenSSL, from
 * DEPTH_ZERO_SELF_SIGNED_CERT to UNABLE_TO_VERIFY_LEAF_SIGNATURE. */
static bool
has_unknown_authority(const struct fetch *f)
{
	long verdict = 0;

	f->house->curl.easy_getinfo(f->easy, CURLINFO_SSL_VERIFYRESULT,
				    &verdict);
	return verdict >= 18 && verdict <= 21;
}

void
fetch_on_end(struct fetch *f, CURLcode code)
{
	const struct curl_calls *c = &f->house->curl;
	long status = 0;

	c->easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	if (f->stopped)
		finish(f, HTTPS_STOPPED);
	else if (code == CURLE_OK ||
		 (code == CURLE_WRITE_ERROR && status != STATUS_OK))
		on_status(f, status);
	else if (f->excess != NULL)
		fail(f, "%s", f->excess);
	else if (code == CURLE_FILESIZE_EXCEEDED)
		fail(f, "it sends more than 64 MiB");
	else
		fail(f, "%s%s",
		     f->curl_why[0] != '\0' ? f->curl_why
					    : c->easy_strerror(code),
		     has_unknown_authority(f)
			 ? "; an authority of your own is named by --feed-ca"
			 : "");
}

/* ---- beginning ---------------------------------------------------------- */

static void
on_time_over(void *owner)
{
	struct fetch *f = owner;

	fail(f, "it takes longer than %u s", f->house->setup.opt->feed_timeout);
}

enum err
https_begin(struct https *h, const struct https_wish *wish, struct fetch **out)
{
	struct fetch *f = calloc(1, sizeof(*f));
	enum err err;

	*out = NULL;
	if (f == NULL)
		return ERR_FULL;
	f->house = h;
	f->wish = *wish;
	strncpy(f->url, wish->url, sizeof(f->url) - 1);
	if (h->multi == NULL)
		err = ERR_MISSING;
	else if (!take_apart(f))
		err = ERR_SYNTAX;
	else
		err = host_begin(&h->setup, f->name, on_host, f, &f->host);
	if (err != ERR_NONE) {
		free(f);
		return err;
	}
	due_init(&f->due, on_time_over, f);
	due_in(h->setup.loop, &f->due,
	       1000 * (int64_t)h->setup.opt->feed_timeout);
	*out = f;
	return ERR_NONE;
}
