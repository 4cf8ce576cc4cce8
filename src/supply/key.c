/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys: the algorithms of RFC 8945 6, and secrets out of their files.
 *
 * Only the lists process ever holds a secret, and it never prints one, not
 * even where its file is wrong.
 */
#include "supply/key.h"

#include <string.h>

struct algorithm {
	const char *name;
	const char *digest;
	size_t mac_size;
};

static const struct algorithm algorithms[TSIG_ALGORITHMS] = {
	[TSIG_HMAC_MD5] = { "hmac-md5.sig-alg.reg.int", "MD5", 16 },
	[TSIG_HMAC_SHA1] = { "hmac-sha1", "SHA1", 20 },
	[TSIG_HMAC_SHA224] = { "hmac-sha224", "SHA224", 28 },
	[TSIG_HMAC_SHA256] = { "hmac-sha256", "SHA256", 32 },
	[TSIG_HMAC_SHA384] = { "hmac-sha384", "SHA384", 48 },
	[TSIG_HMAC_SHA512] = { "hmac-sha512", "SHA512", 64 },
};

void
key_algorithm_name(enum tsig_algorithm algorithm, struct name *out)
{
	const char *text = algorithms[algorithm].name;

	name_parse(text, strlen(text), out, NULL);
}

const char *
key_digest(enum tsig_algorithm algorithm)
{
	return algorithms[algorithm].digest;
}

size_t
key_mac_size(enum tsig_algorithm algorithm)
{
	return algorithms[algorithm].mac_size;
}

/* Six bits, or -1. */
static int
sextet(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at ? (int)(at - digits) : -1;
}

struct decoder {
	struct tsig_key *key;
	uint32_t bits;
	unsigned digits;  /* of the group of four so far, padding too */
	unsigned padding; /* '=' that came */
};

static enum err
put_byte(struct tsig_key *key, uint32_t byte)
{
	if (key->secret_len == sizeof(key->secret))
		return ERR_FULL;
	key->secret[key->secret_len++] = (uint8_t)byte;
	return ERR_NONE;
}

/* Four digits are three bytes, less what was padded. */
static enum err
end_group(struct decoder *d)
{
	enum err err = ERR_NONE;

	for (unsigned i = 0; err == ERR_NONE && i + d->padding < 3; i++)
		err = put_byte(d->key, d->bits >> (16 - 8 * i));
	d->bits = 0;
	d->digits = 0;
	return err;
}

static enum err
take_digit(struct decoder *d, char c)
{
	int value = sextet(c);

	if (c == '=' && d->digits >= 2)
		d->padding++;
	else if (value == -1 || d->padding > 0)
		return ERR_SYNTAX;
	d->bits = d->bits << 6 | (value == -1 ? 0 : (uint32_t)value);
	return ++d->digits == 4 ? end_group(d) : ERR_NONE;
}

enum err
key_read_secret(const char *text, size_t len, struct tsig_key *key)
{
	struct decoder d = { .key = key };
	enum err err = ERR_NONE;
	bool comment = false, begun = false;

	key->secret_len = 0;
	for (size_t i = 0; err == ERR_NONE && i < len; i++) {
		char c = text[i];

		if (c == '\n')
			comment = begun = false;
		else if (c == '#' && !begun)
			comment = true;
		if (comment || c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		begun = true;
		err = take_digit(&d, c);
	}
	if (err == ERR_NONE && (d.digits != 0 || key->secret_len == 0))
		err = ERR_SYNTAX;
	if (err != ERR_NONE)
		key_forget(key);
	return err;
}

void
key_forget(struct tsig_key *key)
{
	explicit_bzero(key->secret, sizeof(key->secret));
	key->secret_len = 0;
}
