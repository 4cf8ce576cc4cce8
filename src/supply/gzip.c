/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libz, loaded, and what it is asked for. */
#include "supply/gzip.h"

#include <stdint.h>
#include <string.h>

#include "base/library.h"

enum { PIECE = 16384, FIRST_BYTE = 0x1f, GZIP_ALONE = 16 };

struct calls {
#define CALL(name) __typeof__(name) *name;
#include "supply/gzip.def"
#undef CALL
};

static const char library_name[] = "libz.so.1";

static const char *const names[] = {
#define CALL(name) #name,
#include "supply/gzip.def"
#undef CALL
};

static const struct calls *
libz(void)
{
	static struct calls calls;
	static bool loaded;

	if (!loaded)
		loaded = library_load(library_name, names,
				      sizeof(names) / sizeof(names[0]), &calls);
	return loaded ? &calls : NULL;
}

void
gzip_prepare(void)
{
	libz();
}

bool
gzip_is_there(void)
{
	return libz() != NULL;
}

bool
gzip_begins(const char *bytes, size_t len)
{
	return len > 0 && bytes[0] == FIRST_BYTE;
}

enum err
gzip_begin(struct gzip *g)
{
	memset(g, 0, sizeof(*g));
	if (libz() == NULL)
		return ERR_MISSING;
	return libz()->inflateInit2_(&g->z, MAX_WBITS + GZIP_ALONE,
				     ZLIB_VERSION, sizeof(g->z)) == Z_OK
		   ? ERR_NONE
		   : ERR_FULL;
}

/* Files may stand one behind the other, and are one text then. */
static enum err
go_on(struct gzip *g)
{
	if (!g->whole)
		return ERR_NONE;
	if (*g->z.next_in != FIRST_BYTE) {
		g->z.avail_in = 0;
		return ERR_NONE;
	}
	g->whole = false;
	return libz()->inflateReset(&g->z) == Z_OK ? ERR_NONE : ERR_TORN;
}

enum err
gzip_feed(struct gzip *g, const char *bytes, size_t len, gzip_text_fn *text,
	  void *owner)
{
	char piece[PIECE];
	enum err err = ERR_NONE;

	g->z.next_in = (z_const Bytef *)(uintptr_t)bytes;
	g->z.avail_in = (uInt)len;
	do {
		if (g->z.avail_in > 0)
			err = go_on(g);
		if (err != ERR_NONE || g->whole)
			return err;
		g->z.next_out = (Bytef *)piece;
		g->z.avail_out = sizeof(piece);
		int said = libz()->inflate(&g->z, Z_NO_FLUSH);

		if (said != Z_OK && said != Z_STREAM_END && said != Z_BUF_ERROR)
			return ERR_TORN;
		g->whole = said == Z_STREAM_END;
		if (g->z.avail_out < sizeof(piece) &&
		    !text(owner, piece, sizeof(piece) - g->z.avail_out))
			return ERR_CLOSED;
	} while (g->z.avail_in > 0 || (g->z.avail_out == 0 && !g->whole));
	return ERR_NONE;
}

bool
gzip_is_whole(const struct gzip *g)
{
	return g->whole;
}

void
gzip_end(struct gzip *g)
{
	libz()->inflateEnd(&g->z);
}
