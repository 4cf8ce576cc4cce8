/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An address and perhaps a port, as people and logs write them:
 *
 *   203.0.113.5          203.0.113.5:443       203.0.113.5:UDP:53
 *   2001:db8::5          [2001:db8::5]:443     [2001:db8::5]:TCP:443
 *
 * A port without a protocol is one of TCP.
 */
#include "ctl/attempt.h"

#include <string.h>
#include <strings.h>

#include "policy/print.h"
#include "policy/service.h"

static bool
parse_port(const char *text, uint16_t *out)
{
	unsigned long n = 0;

	if (*text == '\0' || strlen(text) > 5)
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (unsigned long)(*text - '0');
	}
	*out = (uint16_t)n;
	return n >= 1 && n <= UINT16_MAX;
}

/* The protocol that begins there, and what follows its colon. */
static const char *
parse_protocol(const char *text, uint8_t *out)
{
	static const uint8_t known[] = { IPPROTO_TCP, IPPROTO_UDP,
					 IPPROTO_SCTP, IPPROTO_ICMP };

	for (size_t i = 0; i < sizeof(known); i++) {
		const char *word = protocol_text(known[i]);
		size_t len = strlen(word);

		if (strncasecmp(text, word, len) != 0 ||
		    (text[len] != ':' && text[len] != '\0'))
			continue;
		*out = known[i];
		return text + len + (text[len] == ':');
	}
	*out = IPPROTO_TCP;
	return text;
}

/* Behind the address: "" or ":443" or ":UDP" or ":UDP:53". */
static bool
parse_service(const char *text, struct attempt *out)
{
	if (*text == '\0')
		return true;
	if (*text++ != ':')
		return false;
	text = parse_protocol(text, &out->protocol);
	if (out->protocol == IPPROTO_ICMP) {
		bool six = out->address.family == 6;

		out->protocol = six ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		out->port = six ? PORT_ECHO6 : PORT_ECHO;
		out->has_port = true;
		return *text == '\0';
	}
	if (*text == '\0')
		return text[-1] != ':';
	out->has_port = true;
	return parse_port(text, &out->port);
}

static bool
parse_address(const char *text, struct attempt *out)
{
	const char *end;

	if (addr_parse(text, strlen(text), &out->address) == ERR_NONE)
		return true;
	if (*text == '[') {
		end = strchr(++text, ']');
		return end != NULL &&
		       addr_parse(text, (size_t)(end - text),
				  &out->address) == ERR_NONE &&
		       parse_service(end + 1, out);
	}
	end = text + strcspn(text, ":");
	return addr_parse(text, (size_t)(end - text), &out->address) ==
		   ERR_NONE &&
	       parse_service(end, out);
}

bool
attempt_parse(struct answer *a, const struct request *r, struct attempt *out)
{
	const char *client = r->argument[0], *address = r->argument[1];

	*out = (struct attempt){ .ifindex = INTERFACE_ANY };
	if (strcmp(client, "local") == 0)
		client = "127.0.0.1";
	if (addr_parse(client, strlen(client), &out->client) != ERR_NONE) {
		answer_error(a,
			     "\"%.64s\" is not an address of a client, nor "
			     "local",
			     client);
		return false;
	}
	if (parse_address(address, out))
		return true;
	answer_error(a,
		     "\"%.64s\" is not ADDRESS, ADDRESS:PORT or "
		     "ADDRESS:PROTOCOL:PORT; an IPv6 address with a port goes "
		     "into brackets",
		     address);
	return false;
}

bool
evidence_take(struct answer *a, const struct view *v, struct evidence *out)
{
	*out = (struct evidence){ .policy = &v->policy,
				  .own = v->own,
				  .ledger = v->ledger,
				  .ledger_size = v->ledger_size,
				  .lists = &v->lists,
				  .opt = v->opt,
				  .board = v->board };
	if (v->past != NULL)
		past_look(v->past, v->past_size, &out->queries);
	if (v->policy.head != NULL)
		return true;
	answer_error(a, "there is no policy");
	return false;
}
