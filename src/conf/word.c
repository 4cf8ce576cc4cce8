/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that other programs must understand: of the chain, of the sets, of
 * the user. They end up in the input of iptables-restore, so only letters
 * that mean nothing there are accepted (linux/netfilter/x_tables.h and
 * linux/netfilter/ipset/ip_set.h limit the lengths).
 */
#include "conf/word.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char name_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz"
				   "0123456789_.-";

static bool
is_name(const char *text, size_t max)
{
	const size_t len = strlen(text);

	return len >= 1 && len <= max && text[0] != '-' &&
	       strspn(text, name_letters) == len;
}

const char *
word_chain(const char *text)
{
	if (is_name(text, WORD_CHAIN_MAX))
		return NULL;
	return "a name of 1 to 28 letters, digits, '_', '.' and '-' that does "
	       "not begin with '-'";
}

const char *
word_set_prefix(const char *text)
{
	if (is_name(text, WORD_SET_PREFIX_MAX))
		return NULL;
	return "a name of 1 to 14 letters, digits, '_', '.' and '-' that does "
	       "not begin with '-' (the kernel takes 31 for the name of a "
	       "set, and 17 are added)";
}

const char *
word_nft_table(const char *text)
{
	static const char *const families[] = { "inet ", "ip ", "ip6 " };

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		size_t len = strlen(families[i]);

		if (strncmp(text, families[i], len) == 0 &&
		    is_name(text + len, WORD_NFT_TABLE_MAX))
			return NULL;
	}
	return "a family and a name, like \"inet filter\": inet, ip or ip6, "
	       "one blank, and 1 to 63 letters, digits, '_', '.' and '-'";
}

/* Digits alone; uid_t -1 means "no user" to the kernel. */
static bool
is_uid(const char *text)
{
	return strlen(text) <= 10 && strtoull(text, NULL, 10) < UINT32_MAX;
}

const char *
word_user(const char *text)
{
	const bool number = strspn(text, "0123456789") == strlen(text);
	const struct passwd *known;

	if (number && !is_uid(text))
		return "a user's name, or a number from 1 to 4294967294";
	if (number && strtoull(text, NULL, 10) == 0)
		return "a user other than root";
	if (number)
		return NULL;
	known = getpwnam(text);
	if (known == NULL)
		return "a user of this machine, or a number from 1 to "
		       "4294967294";
	if (known->pw_uid == 0)
		return "a user other than root";
	return NULL;
}

/* ---- policy zones -------------------------------------------------------- */

const char *
word_device_id(const char *text)
{
	if (is_name(text, WORD_DEVICE_MAX))
		return NULL;
	return "a name of 1 to 64 letters, digits, '_', '.' and '-' that does "
	       "not begin with '-'";
}

static bool
is_domain(const char *text)
{
	size_t label = 0, len = strlen(text);

	if (len == 0 || len > 253 || text[0] == '.' ||
	    strspn(text, name_letters) != len)
		return false;
	for (; *text != '\0'; text++) {
		label = *text == '.' ? 0 : label + 1;
		if (label > 63 || (text[0] == '.' && text[1] == '.'))
			return false;
	}
	return true;
}

const char *
word_dns_policy(const char *text)
{
	return is_domain(text) ? NULL : "the name of a policy zone";
}

const char *
word_tsig_key_name(const char *text)
{
	return is_domain(text) ? NULL : "the name that the primary has for it";
}
