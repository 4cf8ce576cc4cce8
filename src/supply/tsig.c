/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signing and verifying (RFC 8945 4.3, 5).
 *
 * The MAC runs along: it is begun with the MAC before, fed each message as it
 * comes, and ended by the signature that covers them. So a transfer of any
 * length needs no more memory than one message. Until its last message was
 * verified nothing of it may be believed; that is the caller's part.
 *
 * A refusal of our own signature comes unsigned: it is told, and is no more
 * than a reason why an attempt failed.
 */
#include "supply/tsig.h"

#include <openssl/core_names.h>

#include "supply/crypto.h"

enum { VARIABLES_SIZE = 2 * NAME_MAX_WIRE + 32 };

static const char *const texts[TSIG_VERDICTS] = {
#define TSIG(name, text) [TSIG_##name] = text,
#include "supply/tsig.def"
#undef TSIG
};

const char *
tsig_text(enum tsig_verdict verdict)
{
	return texts[verdict];
}

void
tsig_print_off(const struct tsig *t, struct text *out)
{
	bool ahead = t->off_s > 0;

	text_printf(out, " (our clock is %lld s %s)",
		    (long long)(ahead ? t->off_s : -t->off_s),
		    ahead ? "ahead" : "behind");
}

enum err
tsig_prepare(void)
{
	struct tsig_key key = { .algorithm = TSIG_HMAC_SHA256,
				.secret_len = 1 };
	struct tsig t = { 0 };
	enum err err = tsig_begin(&t, &key);

	tsig_end(&t);
	return err;
}

/* Begins the MAC of the next message, with the one before where there is.
 * Without a secret anybody could make one. */
static bool
restart(struct tsig *t)
{
	uint8_t len[2] = { 0, (uint8_t)t->prior_len };

	if (t->key->secret_len == 0 ||
	    !crypto()->EVP_MAC_init(t->mac, t->key->secret, t->key->secret_len,
				    NULL))
		return false;
	if (t->prior_len == 0)
		return true;
	return crypto()->EVP_MAC_update(t->mac, len, sizeof(len)) &&
	       crypto()->EVP_MAC_update(t->mac, t->prior, t->prior_len);
}

/* A digest's name as libcrypto wants it: in memory that it may write to. */
static bool
choose_digest(struct tsig *t)
{
	char digest[16] = "";
	OSSL_PARAM params[2];

	strncpy(digest, key_digest(t->key->algorithm), sizeof(digest) - 1);
	params[0] = crypto()->OSSL_PARAM_construct_utf8_string(
	    OSSL_MAC_PARAM_DIGEST, digest, 0);
	params[1] = crypto()->OSSL_PARAM_construct_end();
	return crypto()->EVP_MAC_CTX_set_params(t->mac, params);
}

enum err
tsig_begin(struct tsig *t, const struct tsig_key *key)
{
	const struct crypto_calls *c = crypto();
	EVP_MAC *hmac = c ? c->EVP_MAC_fetch(NULL, "HMAC", NULL) : NULL;

	tsig_end(t);
	*t = (struct tsig){ .key = key };
	if (hmac == NULL)
		return ERR_FULL;
	t->mac = c->EVP_MAC_CTX_new(hmac);
	c->EVP_MAC_free(hmac);
	if (t->mac && choose_digest(t) && restart(t))
		return ERR_NONE;
	tsig_end(t);
	return ERR_FULL;
}

void
tsig_end(struct tsig *t)
{
	if (t->mac != NULL)
		crypto()->EVP_MAC_CTX_free(t->mac);
	t->mac = NULL;
}

/* A first message, or the only one, has all of them. */
static bool
feed_variables(struct tsig *t, const struct signature *s, bool timers_only)
{
	uint8_t bytes[VARIABLES_SIZE];
	struct writer w = writer_of(bytes, sizeof(bytes));

	if (timers_only)
		signature_timers(&w, s);
	else
		signature_variables(&w, s);
	return !w.full && crypto()->EVP_MAC_update(t->mac, bytes, w.at);
}

/* The MAC that ends here becomes the one before, if it is to count. */
static bool
finish(struct tsig *t, uint8_t mac[SIGNATURE_MAC_MAX], size_t *len_out)
{
	return crypto()->EVP_MAC_final(t->mac, mac, len_out,
				       SIGNATURE_MAC_MAX) &&
	       *len_out == key_mac_size(t->key->algorithm);
}

static bool
carry_on(struct tsig *t, const struct signature *s)
{
	memcpy(t->prior, s->mac, s->mac_len);
	t->prior_len = s->mac_len;
	t->waiting = 0;
	return restart(t);
}

enum err
tsig_sign_as(struct tsig *t, struct writer *w, struct signature *s)
{
	if (!crypto()->EVP_MAC_update(t->mac, w->bytes, w->at) ||
	    !feed_variables(t, s, false) || !finish(t, s->mac, &s->mac_len))
		return ERR_SYSTEM;
	signature_write(w, s);
	if (w->full)
		return ERR_FULL;
	return carry_on(t, s) ? ERR_NONE : ERR_SYSTEM;
}

enum err
tsig_sign(struct tsig *t, struct writer *w, uint64_t now_s)
{
	struct signature s = {
		.key = t->key->name,
		.time_s = now_s,
		.fudge_s = TSIG_FUDGE_S,
		.original_id = (uint16_t)(w->bytes[0] << 8 | w->bytes[1]),
	};

	key_algorithm_name(t->key->algorithm, &s.algorithm);
	return tsig_sign_as(t, w, &s);
}

static enum tsig_verdict
take_unsigned(struct tsig *t, const uint8_t *bytes, size_t len)
{
	if (!t->begun)
		return TSIG_MISSING;
	if (++t->waiting > TSIG_UNSIGNED_MAX)
		return TSIG_RARE;
	return crypto()->EVP_MAC_update(t->mac, bytes, len) ? TSIG_LATER
							    : TSIG_FAILED;
}

static enum tsig_verdict
check_names(const struct tsig *t, const struct signature *s)
{
	struct name algorithm;

	key_algorithm_name(t->key->algorithm, &algorithm);
	if (!name_equal(&s->key, &t->key->name))
		return TSIG_OTHER_KEY;
	if (!name_equal(&s->algorithm, &algorithm))
		return TSIG_OTHER_ALGORITHM;
	if (s->mac_len != key_mac_size(t->key->algorithm))
		return TSIG_SHORT;
	return TSIG_VALID;
}

static enum tsig_verdict
check_mac(struct tsig *t, const uint8_t *bytes, const struct signature *s)
{
	uint8_t header[HEADER_SIZE], mac[SIGNATURE_MAC_MAX];
	size_t len;

	signature_header(bytes, s, header);
	if (!crypto()->EVP_MAC_update(t->mac, header, sizeof(header)) ||
	    !crypto()->EVP_MAC_update(t->mac, bytes + HEADER_SIZE,
				      s->at - HEADER_SIZE) ||
	    !feed_variables(t, s, t->begun) || !finish(t, mac, &len))
		return TSIG_FAILED;
	return crypto()->CRYPTO_memcmp(mac, s->mac, len) == 0 ? TSIG_VALID
							      : TSIG_WRONG;
}

/* Its own idea of tolerance counts where it is narrower than ours. */
static enum tsig_verdict
check_time(struct tsig *t, const struct signature *s, uint64_t now_s)
{
	int64_t fudge = s->fudge_s;

	if (s->error == SIGNATURE_BADTIME && s->other_len == 6) {
		t->off_s = (int64_t)(now_s - signature_other_time(s));
		return TSIG_REMOTE_BADTIME;
	}
	if (s->error != 0)
		return TSIG_REMOTE_OTHER;
	if (fudge > TSIG_FUDGE_S)
		fudge = TSIG_FUDGE_S;
	t->off_s = (int64_t)(now_s - s->time_s);
	return t->off_s > fudge || t->off_s < -fudge ? TSIG_TIME : TSIG_VALID;
}

enum tsig_verdict
tsig_verify(struct tsig *t, const uint8_t *bytes, size_t len, uint64_t now_s)
{
	struct signature s;
	enum err err = signature_read(bytes, len, &s);
	enum tsig_verdict verdict;

	if (err == ERR_MISSING)
		return take_unsigned(t, bytes, len);
	if (err != ERR_NONE)
		return TSIG_TORN;
	if (s.error == SIGNATURE_BADSIG)
		return TSIG_REMOTE_BADSIG;
	if (s.error == SIGNATURE_BADKEY)
		return TSIG_REMOTE_BADKEY;
	verdict = check_names(t, &s);
	if (verdict == TSIG_VALID)
		verdict = check_mac(t, bytes, &s);
	if (verdict != TSIG_VALID)
		return verdict;
	/* What is answered to one of another time is signed, too. */
	if (!carry_on(t, &s))
		return TSIG_FAILED;
	verdict = check_time(t, &s, now_s);
	t->begun |= verdict == TSIG_VALID;
	return verdict;
}

bool
tsig_is_settled(const struct tsig *t)
{
	return t->begun && t->waiting == 0;
}
