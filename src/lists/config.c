/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of the lists file: "key NAME ALGORITHM FILE" and "list NAME FORM
 * SOURCE", and behind the latter words with their values, one row of a table
 * each.
 *
 * The file is the owner's: whatever is not understood is his mistake, and
 * told with what would be right.
 */
#include "lists/config.h"

#include <string.h>

#include "lists/config_word.h"
#include "lists/policy_zone.h"
#include "policy/complain.h"
#include "policy/token.h"

enum { INTERVAL_S = 3600, MAX_TTL_S = 300 };

static const char *const algorithm_words[TSIG_ALGORITHMS] = {
	[TSIG_HMAC_MD5] = "hmac-md5",	    [TSIG_HMAC_SHA1] = "hmac-sha1",
	[TSIG_HMAC_SHA224] = "hmac-sha224", [TSIG_HMAC_SHA256] = "hmac-sha256",
	[TSIG_HMAC_SHA384] = "hmac-sha384", [TSIG_HMAC_SHA512] = "hmac-sha512",
};

const char *
tsig_word(enum tsig_algorithm algorithm)
{
	return algorithm < TSIG_ALGORITHMS ? algorithm_words[algorithm] : "?";
}

/* ---- what both kinds of lines have -------------------------------------- */

static bool
is_short_name(const struct token *t)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

	if (t->len < 1 || t->len > CONFIG_NAME_MAX || t->text[0] == '.')
		return false;
	for (size_t i = 0; i < t->len; i++) {
		if (memchr(letters, t->text[i], sizeof(letters) - 1) == NULL)
			return false;
	}
	return true;
}

static bool
read_path(struct line *l, const char *what, char out[ACL_PATH_SIZE],
	  struct flaw *flaw)
{
	struct token t = word_or_quoted(l);

	if (t.text == NULL || t.len == 0)
		return missing(flaw, t, what,
			       "write the absolute path of a file");
	if (token_is(&t, POLICY_ZONE_SECRET)) {
		strcpy(out, POLICY_ZONE_SECRET);
		return true;
	}
	if (t.text[0] != '/' || t.len >= ACL_PATH_SIZE ||
	    memchr(t.text, '\0', t.len) != NULL)
		return wrong(flaw, &t, "is not an absolute path",
			     "write the absolute path of a file");
	memcpy(out, t.text, t.len);
	out[t.len] = '\0';
	return true;
}

/* ---- key ----------------------------------------------------------------- */

static bool
read_algorithm(struct line *l, struct key_config *out, struct flaw *flaw)
{
	static const char right[] =
	    "write hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, "
	    "hmac-sha384 or hmac-sha512";
	struct token t = line_word(l, "");

	for (unsigned i = 0; i < TSIG_ALGORITHMS; i++) {
		if (token_is(&t, algorithm_words[i])) {
			out->algorithm = i;
			return true;
		}
	}
	if (t.len == 0)
		return missing(flaw, t, "the algorithm of the key is missing",
			       right);
	return wrong(flaw, &t, "is not an algorithm of keys", right);
}

static bool
read_key(struct line *l, struct key_config *out, struct flaw *flaw)
{
	static const char right[] = "write \"key NAME ALGORITHM FILE\"";
	struct token t = line_word(l, "");

	memset(out, 0, sizeof(*out));
	if (t.len == 0)
		return missing(flaw, t, "the name of the key is missing",
			       right);
	if (!word_domain(&t, &out->wire))
		return wrong(flaw, &t, "is not a name for a key",
			     "write it as the primary knows it");
	word_domain_text(&out->wire, out->name);
	if (!read_algorithm(l, out, flaw) ||
	    !read_path(l, "the file of the key is missing", out->file, flaw))
		return false;
	if (line_at_end(l))
		return true;
	t = line_rest(l);
	return wrong(flaw, &t, "is too much here", right);
}

/* ---- list: what it is and whence ----------------------------------------- */

static bool
read_list_name(struct line *l, struct list_config *out, struct flaw *flaw)
{
	struct token t = line_word(l, "");

	if (t.len == 0)
		return missing(flaw, t, "the name of the list is missing",
			       "write \"list NAME FORM SOURCE\"");
	if (!is_short_name(&t))
		return wrong(flaw, &t, "is not a name for a list",
			     "write 1 to 31 letters, digits, '-', '_', '.'");
	memcpy(out->name, t.text, t.len);
	return true;
}

static bool
read_form(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const char right[] =
	    "write rpz, hosts, domains, adblock, dnsmasq, ips or dns";
	struct token t = line_word(l, "");

	if (t.len == 0)
		return missing(flaw, t, "the form of the list is missing",
			       right);
	out->form = form_from_word(t.text, t.len);
	if (out->form == FORM_COUNT)
		return wrong(flaw, &t, "is not a form of lists", right);
	return true;
}

static bool
begins(const struct token *t, const char *with)
{
	size_t len = strlen(with);

	return t->len >= len && memcmp(t->text, with, len) == 0;
}

static bool
read_url(const struct token *t, struct list_config *out, struct flaw *flaw)
{
	static const char right[] = "write https://HOST[:PORT]/PATH";

	if (!begins(t, "https://"))
		return wrong(flaw, t,
			     "is not fetched: anybody on the way "
			     "could change it",
			     right);
	if (out->form == FORM_RPZ)
		return wrong(flaw, t, "is no source of a policy zone",
			     "write the name of the zone, and \"primary "
			     "ADDRESS\", or the path of a zone file");
	if (t->len >= ACL_PATH_SIZE || t->len <= strlen("https://") ||
	    strchr("/:@", t->text[strlen("https://")]) != NULL ||
	    memchr(t->text, '@', t->len) != NULL)
		return wrong(flaw, t, "is not a URL without a user", right);
	memcpy(out->where, t->text, t->len);
	out->source = SOURCE_HTTPS;
	return true;
}

static bool
read_rrsets(const struct token *t, struct list_config *out, struct flaw *flaw)
{
	struct token rest = *t, one;

	while (word_item(&rest, &one)) {
		if (out->rrsets == CONFIG_NAMES_MAX)
			return wrong(flaw, &one, "is one name too many",
				     "name at most 8");
		if (memchr(one.text, '/', one.len) != NULL ||
		    !word_domain(&one, &out->rrset[out->rrsets++]))
			return wrong(flaw, &one, "is not a name",
				     "write NAME[,NAME...], whose A and AAAA "
				     "records are the list");
	}
	out->source = SOURCE_RRSET;
	return true;
}

static bool
read_inline(const struct token *t, struct list_config *out, struct flaw *flaw)
{
	if (out->form == FORM_RPZ || out->form == FORM_DNS)
		return wrong(flaw, t, "has no lines of its own",
			     "write another form: domains, ips");
	if (t->len < 2 || t->len > ACL_PATH_SIZE)
		return wrong(flaw, t, "is empty, or too long",
			     "write =ENTRY[,ENTRY...], or the path of a file");
	memcpy(out->where, t->text + 1, t->len - 1);
	out->source = SOURCE_INLINE;
	return true;
}

static bool
read_source(struct line *l, struct list_config *out, struct flaw *flaw)
{
	static const char right[] =
	    "write the absolute path of a file, https://..., the name of a "
	    "policy zone, or of RRsets";
	struct token t = word_or_quoted(l);

	if (t.text == NULL || t.len == 0 || memchr(t.text, '\0', t.len) != NULL)
		return missing(flaw, t, "the source of the list is missing",
			       right);
	if (out->form == FORM_DNS)
		return read_rrsets(&t, out, flaw);
	if (t.text[0] == '=')
		return read_inline(&t, out, flaw);
	if (memmem(t.text, t.len, "://", 3) != NULL)
		return read_url(&t, out, flaw);
	if (t.text[0] == '/' && t.len < ACL_PATH_SIZE) {
		memcpy(out->where, t.text, t.len);
		out->source = SOURCE_FILE;
		return true;
	}
	if (out->form != FORM_RPZ)
		return wrong(flaw, &t, "is not an absolute path, nor https",
			     "write the absolute path of a file, or "
			     "https://...");
	out->source = SOURCE_PRIMARY;
	if (!word_domain(&t, &out->zone))
		return wrong(flaw, &t, "is not the name of a zone", right);
	return true;
}

/* ---- list: words with values --------------------------------------------- */

static bool
read_words(struct line *l, struct list_config *out, struct flaw *flaw)
{
	struct words_read read = { .line = l };

	while (!line_at_end(l)) {
		if (!config_read_word(&read, out, flaw))
			return false;
	}
	return true;
}

static bool
form_has_addresses(enum list_form form)
{
	return form == FORM_IPS || form == FORM_DNS || form == FORM_RPZ;
}

/* What cannot be together, or must. */
static bool
fits(const struct list_config *c, const struct token *whole, struct flaw *flaw)
{
	if (c->source == SOURCE_PRIMARY && c->servers == 0)
		return wrong(flaw, whole, "does not say whence the zone comes",
			     "write \"primary ADDRESS[@PORT]\" behind it");
	if (c->servers > 0 && c->source != SOURCE_PRIMARY &&
	    c->source != SOURCE_RRSET)
		return wrong(flaw, whole, "has servers that nobody would ask",
			     "leave out \"primary\" and \"server\"");
	if (c->key[0] != '\0' && c->servers == 0)
		return wrong(flaw, whole, "has a key that nobody would see",
			     "leave out \"key\"");
	if (c->column != 0 && c->form != FORM_IPS)
		return wrong(flaw, whole, "has no columns",
			     "leave out \"column\", or write the form ips");
	if (c->action == ACTION_GIVEN && c->form != FORM_RPZ)
		return wrong(flaw, whole, "gives no actions of its own",
			     "write another action");
	if ((c->block_set || c->allow_set) && !form_has_addresses(c->form))
		return wrong(flaw, whole, "has names, and no addresses",
			     "leave out \"block-set\" and \"allow-set\"");
	if (c->block_set && c->allow_set)
		return wrong(flaw, whole, "would be blocked and allowed",
			     "write \"block-set yes\" or \"allow-set yes\"");
	return true;
}

static bool
read_list(struct line *l, struct list_config *out, struct flaw *flaw)
{
	struct token whole = line_rest(l);

	/* All of it, so that two can be compared by their bytes. */
	memset(out, 0, sizeof(*out));
	out->interval_s = INTERVAL_S;
	out->max_ttl_s = MAX_TTL_S;
	out->ns_levels = 1;
	out->ede = CONFIG_EDE_USUAL;
	if (!read_list_name(l, out, flaw) || !read_form(l, out, flaw))
		return false;
	out->action = out->form == FORM_RPZ ? ACTION_GIVEN : ACTION_NXDOMAIN;
	return read_source(l, out, flaw) && read_words(l, out, flaw) &&
	       fits(out, &whole, flaw);
}

enum config_line
config_read_line(const char *text, size_t len, struct list_config *list,
		 struct key_config *key, struct flaw *flaw)
{
	bool dos = len > 0 && text[len - 1] == '\r';
	struct line l = { .text = text, .len = len - dos };
	struct token t;

	if (line_at_end(&l))
		return CONFIG_NOTHING;
	t = line_word(&l, "");
	if (token_is(&t, "list"))
		return read_list(&l, list, flaw) ? CONFIG_LIST : CONFIG_WRONG;
	if (token_is(&t, "key"))
		return read_key(&l, key, flaw) ? CONFIG_KEY : CONFIG_WRONG;
	wrong(flaw, &t, "is not known here",
	      "write \"list NAME FORM SOURCE [WORD VALUE]...\" or \"key NAME "
	      "ALGORITHM FILE\"");
	return CONFIG_WRONG;
}
