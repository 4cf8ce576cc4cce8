/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * curl on our loop: it says which sockets it waits for and how long, and is
 * told what came of it. Whatever a request decides is in https.c.
 */
#include <stdlib.h>

#include "supply/https_inside.h"

/* A socket of curl's. */
struct watch {
	struct https *house;
	struct ready ready;
	curl_socket_t fd;
};

static void
move(struct https *h, curl_socket_t fd, int events)
{
	const struct curl_calls *c = &h->curl;
	int running, left;
	CURLMsg *m;

	c->multi_socket_action(h->multi, fd, events, &running);
	while ((m = c->multi_info_read(h->multi, &left)) != NULL) {
		char *f = NULL;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		c->easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &f);
		fetch_on_end((struct fetch *)(void *)f, code);
	}
}

static void
on_ready(void *owner, bool readable, bool writable)
{
	struct watch *w = owner;

	/* w may be gone when this returns */
	move(w->house, w->fd,
	     (readable ? CURL_CSELECT_IN : 0) |
		 (writable ? CURL_CSELECT_OUT : 0));
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *owner, void *own)
{
	struct https *h = owner;
	struct watch *w = own;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL)
			ready_want(h->setup.loop, &w->ready, false, false);
		free(w);
		return 0;
	}
	if (w == NULL) {
		w = malloc(sizeof(*w));
		if (w == NULL)
			return -1;
		w->house = h;
		w->fd = fd;
		ready_init(&w->ready, fd, on_ready, w);
		h->curl.multi_assign(h->multi, fd, w);
	}
	ready_want(h->setup.loop, &w->ready, what & CURL_POLL_IN,
		   what & CURL_POLL_OUT);
	return 0;
}

static void
on_due(void *owner)
{
	move(owner, CURL_SOCKET_TIMEOUT, 0);
}

static int
on_timer(CURLM *multi, long wait_ms, void *owner)
{
	struct https *h = owner;

	(void)multi;
	if (wait_ms < 0)
		due_stop(h->setup.loop, &h->due);
	else
		due_in(h->setup.loop, &h->due, wait_ms);
	return 0;
}

void
https_free(struct https *h)
{
	if (h == NULL)
		return;
	if (h->multi != NULL) {
		h->curl.multi_cleanup(h->multi);
		h->curl.global_cleanup();
	}
	due_stop(h->setup.loop, &h->due);
	free(h->certificates.data);
	free(h);
}

static enum err
begin_curl(struct https *h)
{
	const struct curl_calls *c = &h->curl;

	if (c->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return ERR_FULL;
	h->multi = c->multi_init();
	if (h->multi == NULL) {
		c->global_cleanup();
		return ERR_FULL;
	}
	c->multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	c->multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	c->multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	c->multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	return certificates_read(h, &h->certificates);
}

enum err
https_new(const struct host_setup *setup, struct https **out)
{
	struct https *h = calloc(1, sizeof(*h));
	enum err err = ERR_NONE;

	*out = NULL;
	if (h == NULL)
		return ERR_FULL;
	h->setup = *setup;
	h->certificates.flags = CURL_BLOB_NOCOPY;
	due_init(&h->due, on_due, h);
	if (curl_load(&h->curl) == ERR_NONE)
		err = begin_curl(h);
	if (err != ERR_NONE) {
		https_free(h);
		return err;
	}
	*out = h;
	return ERR_NONE;
}
