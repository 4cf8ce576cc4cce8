/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of a feed, on its way to who wants it: unpacked, where it is a
 * file of gzip (what a server packs on its own account curl unpacks), and
 * counted behind that, so that the same bounds hold for both.
 */
#include "supply/https_inside.h"

/* Why there is too much of it, or NULL. */
static const char *
excess_of(const struct fetch *f)
{
	const struct curl_calls *c = &f->house->curl;
	curl_off_t wire = 0;

	c->easy_getinfo(f->easy, CURLINFO_SIZE_DOWNLOAD_T, &wire);
	if (wire > HTTPS_WIRE_MAX)
		return "it sends more than 64 MiB";
	if (f->text > HTTPS_TEXT_MAX)
		return "it unpacks to more than 512 MiB";
	if (f->text > HTTPS_SLACK + (uint64_t)wire * HTTPS_RATIO)
		return "it unpacks to more than 200 times its size";
	return NULL;
}

static bool
give(void *owner, const char *bytes, size_t len)
{
	struct fetch *f = owner;

	f->text += len;
	f->excess = excess_of(f);
	if (f->excess == NULL && !f->wish.body(f->wish.owner, bytes, len))
		f->stopped = true;
	return f->excess == NULL && !f->stopped;
}

static bool
begin(struct fetch *f, const char *bytes, size_t len)
{
	f->begun = true;
	if (!gzip_begins(bytes, len))
		return true;
	f->packed = gzip_begin(&f->gzip) == ERR_NONE;
	if (!f->packed)
		f->excess = "it is gzip, and libz.so.1 is not there (Debian: "
			    "zlib1g)";
	return f->packed;
}

static bool
unpack(struct fetch *f, const char *bytes, size_t len)
{
	if (gzip_feed(&f->gzip, bytes, len, give, f) == ERR_NONE)
		return true;
	if (f->excess == NULL && !f->stopped)
		f->excess = "its gzip is damaged";
	return false;
}

size_t
fetch_on_body(char *bytes, size_t size, size_t count, void *owner)
{
	struct fetch *f = owner;
	size_t len = size * count;
	bool good;
	long status = 0;

	f->house->curl.easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != STATUS_OK) /* its message; of no interest */
		return 0;
	if (len == 0)
		return 0;
	if (!f->begun && !begin(f, bytes, len))
		return 0;
	good = f->packed ? unpack(f, bytes, len) : give(f, bytes, len);
	return good ? len : 0;
}

bool
fetch_body_is_whole(const struct fetch *f)
{
	return !f->packed || gzip_is_whole(&f->gzip);
}

void
fetch_body_end(struct fetch *f)
{
	if (f->packed)
		gzip_end(&f->gzip);
	f->begun = f->packed = false;
}
