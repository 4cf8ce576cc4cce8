/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is accepted for each setting of the kind `word`: NULL where text is
 * acceptable, else what would be. Named like the fields of options.def. */
#ifndef CONF_WORD_H
#define CONF_WORD_H

enum {
	/* XT_EXTENSION_MAXNAMELEN is 29 with the NUL. */
	WORD_CHAIN_MAX = 28,
	/* IPSET_MAXNAMELEN is 32 with the NUL, and the longest name of a set
	 * ends in "-ipv4-allow-local". */
	WORD_SET_PREFIX_MAX = 14,
	/* nftables takes 255; more than this nobody writes. */
	WORD_NFT_TABLE_MAX = 63,
	WORD_DEVICE_MAX = 64
};

const char *word_chain(const char *text);
const char *word_set_prefix(const char *text);
/* "inet filter": a family that nftables has, and a name. */
const char *word_nft_table(const char *text);
/* A name of the user database or a number; never uid 0. */
const char *word_user(const char *text);
const char *word_device_id(const char *text);
/* Names of a zone, and of a key. */
const char *word_dns_policy(const char *text);
const char *word_tsig_key_name(const char *text);
/* trusted.c */
const char *word_trusted(const char *text);

#endif
