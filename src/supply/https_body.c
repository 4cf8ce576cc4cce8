/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of a feed, on its way to who wants it: unpacked, where it is a
 * file of gzip or its server has packed it, and counted behind that. One that
 * is packed has an end that it says itself.
 */
#include "supply/https_inside.h"

struct layer_piece {
	const char *bytes;
	size_t len;
};

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
begin(struct fetch *f, struct layer *l, const char *bytes, size_t len)
{
	l->begun = true;
	if (!gzip_begins(bytes, len))
		return true;
	l->packed = gzip_begin(&l->gzip) == ERR_NONE;
	if (!l->packed)
		f->excess = "it is gzip, and libz.so.1 is not there (Debian: "
			    "zlib1g)";
	return l->packed;
}

static bool
unpack(struct fetch *f, struct layer *l, const struct layer_piece *p,
       gzip_text_fn *text)
{
	if (!l->begun && !begin(f, l, p->bytes, p->len))
		return false;
	if (!l->packed)
		return text(f, p->bytes, p->len);
	if (gzip_feed(&l->gzip, p->bytes, p->len, text, f) == ERR_NONE)
		return true;
	if (f->excess == NULL && !f->stopped)
		f->excess = "its gzip is damaged";
	return false;
}

static bool
take_file(void *owner, const char *bytes, size_t len)
{
	const struct layer_piece piece = { bytes, len };
	struct fetch *f = owner;

	return unpack(f, &f->file, &piece, give);
}

size_t
fetch_on_body(char *bytes, size_t size, size_t count, void *owner)
{
	const struct layer_piece piece = { bytes, size * count };
	struct fetch *f = owner;
	bool good;
	long status = 0;

	f->house->curl.easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != STATUS_OK) /* its message; of no interest */
		return 0;
	if (piece.len == 0)
		return 0;
	good = f->encoded ? unpack(f, &f->encoding, &piece, take_file)
			  : take_file(f, piece.bytes, piece.len);
	return good ? piece.len : 0;
}

static bool
is_whole(const struct layer *l)
{
	return !l->packed || gzip_is_whole(&l->gzip);
}

bool
fetch_body_is_whole(const struct fetch *f)
{
	return is_whole(&f->encoding) && is_whole(&f->file);
}

static void
end(struct layer *l)
{
	if (l->packed)
		gzip_end(&l->gzip);
	l->begun = l->packed = false;
}

void
fetch_body_end(struct fetch *f)
{
	end(&f->encoding);
	end(&f->file);
	f->encoded = false;
}
