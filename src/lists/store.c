/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block is known by its number: a quarter of where it begins, plus one.
 */
#include "lists/store.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 4096, HEAD = sizeof(uint32_t) };

void
store_fini(struct store *s)
{
	free(s->bytes);
}

static enum err
make_room(struct store *s, size_t more)
{
	size_t room = s->room != 0 ? s->room : ROOM_FIRST;
	void *bytes;

	if (s->room - s->len >= more)
		return ERR_NONE;
	while (room - s->len < more)
		room *= 2;
	if (room / 4 >= UINT32_MAX)
		return ERR_FULL;
	bytes = realloc(s->bytes, room);
	if (bytes == NULL)
		return ERR_FULL;
	s->bytes = bytes;
	s->room = room;
	return ERR_NONE;
}

static uint32_t
append(struct store *s, const void *bytes, uint32_t len)
{
	size_t at = s->len, whole = (HEAD + (size_t)len + 3) & ~(size_t)3;

	memset(s->bytes + at, 0, whole);
	memcpy(s->bytes + at, &len, HEAD);
	if (len > 0)
		memcpy(s->bytes + at + HEAD, bytes, len);
	s->len += whole;
	return (uint32_t)(at / 4) + 1;
}

/* Where two blocks want one place the later one has it. */
enum err
store_keep(struct store *s, const void *bytes, size_t len, uint32_t *number_out)
{
	static const struct hash_key key = { 0x9e3779b97f4a7c15u, 1 };
	uint32_t *share = &s->share[hash_bytes(&key, bytes, len) >> 52];
	const uint8_t *kept;
	size_t kept_len;

	*number_out = *share;
	kept = store_at(s, *share, &kept_len);
	if (kept != NULL && kept_len == len && memcmp(kept, bytes, len) == 0)
		return ERR_NONE;
	if (len > UINT32_MAX / 2 || make_room(s, len + HEAD + 4) != ERR_NONE)
		return ERR_FULL;
	*number_out = *share = append(s, bytes, (uint32_t)len);
	return ERR_NONE;
}

const uint8_t *
store_at(const struct store *s, uint32_t number, size_t *len_out)
{
	return store_block(s->bytes, s->len, number, len_out);
}

const uint8_t *
store_block(const uint8_t *bytes, size_t size, uint32_t number, size_t *len_out)
{
	size_t at = ((size_t)number - 1) * 4;
	uint32_t len;

	*len_out = 0;
	if (number == 0 || size < HEAD || at > size - HEAD)
		return NULL;
	memcpy(&len, bytes + at, HEAD);
	if (len > size - HEAD - at)
		return NULL;
	*len_out = len;
	return bytes + at + HEAD;
}
