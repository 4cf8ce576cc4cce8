/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages, each behind its length in two bytes, as the answer to a question
 * of ours that was signed. The first byte says with which algorithm.
 *
 * Oracle: nobody without the secret can make one that is right, so none is;
 * and one that was read is written again as the same bytes.
 */
#include <stdlib.h>

#include "supply/tsig.h"

enum { DATE = 1700000000 };

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
sign_question(struct tsig *t)
{
	static const uint8_t question[] = { 0x12, 0x34, 0,   0, 0, 1, 0,
					    0,	  0,	0,   0, 0, 1, 'z',
					    0,	  0,	252, 0, 1 };
	uint8_t bytes[TSIG_ROOM + sizeof(question)];
	struct writer w = writer_of(bytes, sizeof(bytes));

	writer_bytes(&w, question, sizeof(question));
	require(tsig_sign(t, &w, DATE) == ERR_NONE);
}

/* Names that came compressed are written out: read again, all is the same. */
static void
write_again(const uint8_t *bytes, size_t len)
{
	static uint8_t copy[MESSAGE_MAX + TSIG_ROOM];
	struct writer w = writer_of(copy, sizeof(copy));
	struct signature s, again;

	if (signature_read(bytes, len, &s) != ERR_NONE)
		return;
	require(s.at < len && s.mac_len <= SIGNATURE_MAC_MAX);
	writer_bytes(&w, bytes, s.at);
	signature_header(bytes, &s, copy);
	signature_write(&w, &s);
	if (w.full || w.at > MESSAGE_MAX)
		return;
	require(signature_read(copy, w.at, &again) == ERR_NONE);
	require(again.at == s.at && again.time_s == s.time_s &&
		again.mac_len == s.mac_len && again.error == s.error &&
		name_equal(&again.key, &s.key) &&
		memcmp(again.mac, s.mac, s.mac_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tsig_key key = { .secret_len = 32 };
	struct tsig t = { 0 };

	if (size < 1)
		return 0;
	name_parse("key.test", 8, &key.name, NULL);
	for (unsigned i = 0; i < key.secret_len; i++)
		key.secret[i] = (uint8_t)(0xa5 ^ i * 7);
	key.algorithm = data[0] % TSIG_ALGORITHMS;
	require(tsig_begin(&t, &key) == ERR_NONE);
	sign_question(&t);
	data++;
	size--;
	while (size >= 2) {
		size_t len = (size_t)data[0] << 8 | data[1];
		enum tsig_verdict verdict;

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		write_again(data, len);
		verdict = tsig_verify(&t, data, len, DATE);
		require(verdict != TSIG_VALID && verdict != TSIG_LATER);
		data += len;
		size -= len;
	}
	tsig_end(&t);
	return 0;
}
