/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a value of each kind looks like. Every kind is strict: what is not
 * wholly understood is refused with what would be accepted, never guessed,
 * cut or rounded.
 */
#include "conf/value.h"
#include "conf/secret.h"

#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/zone.h"

static void *
field_of(const struct setting *s, struct options *opt)
{
	return (char *)opt + s->at;
}

static const void *
field_in(const struct setting *s, const struct options *opt)
{
	return (const char *)opt + s->at;
}

static uint32_t *
count_of(const struct setting *s, struct options *opt)
{
	return (void *)((char *)opt + s->count_at);
}

static uint32_t
count_in(const struct setting *s, const struct options *opt)
{
	uint32_t count;

	memcpy(&count, (const char *)opt + s->count_at, sizeof(count));
	return count;
}

/* Digits and nothing else: no sign, blank, point or other base. */
static bool
number_parse(const char *text, size_t len, uint32_t *out)
{
	uint64_t n = 0;

	if (len < 1 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	*out = (uint32_t)n;
	return n <= UINT32_MAX;
}

static bool
is_link_local(const struct addr *a)
{
	return a->family == 6 && a->byte[0] == 0xfe &&
	       (a->byte[1] & 0xc0) == 0x80;
}

static bool
scope_parse(const char *name, size_t len, uint32_t *out)
{
	char interface[IF_NAMESIZE];

	if (len < 1 || len >= sizeof(interface))
		return false;
	memcpy(interface, name, len);
	interface[len] = '\0';
	*out = if_nametoindex(interface);
	return *out != 0 || (number_parse(name, len, out) && *out != 0);
}

bool
endpoint_parse(const char *text, size_t len, struct endpoint *out)
{
	const char *at = memchr(text, '@', len);
	size_t host = at == NULL ? len : (size_t)(at - text);
	const bool bracket =
	    host >= 2 && text[0] == '[' && text[host - 1] == ']';
	const char *percent;
	uint32_t port = 0;

	memset(out, 0, sizeof(*out));
	if (at != NULL && (!number_parse(at + 1, len - host - 1, &port) ||
			   port < 1 || port > 65535))
		return false;
	out->port = (uint16_t)port;
	if (bracket) {
		text++;
		host -= 2;
	}
	percent = memchr(text, '%', host);
	if (percent != NULL) {
		size_t bare = (size_t)(percent - text);

		if (!scope_parse(percent + 1, host - bare - 1, &out->scope))
			return false;
		host = bare;
	}
	if (addr_parse(text, host, &out->addr) != ERR_NONE)
		return false;
	if (bracket && memchr(text, ':', host) == NULL)
		return false;
	return is_link_local(&out->addr) == (percent != NULL);
}

void
endpoint_show(const struct endpoint *e, struct text *out)
{
	char buf[ADDR_TEXT_SIZE];

	text_str(out, addr_print(&e->addr, buf));
	if (e->scope != 0)
		text_printf(out, "%%%" PRIu32, e->scope);
	if (e->port != 0)
		text_printf(out, "@%u", e->port);
}

/* Nobody can be reached at, or answer on, a group or broadcast address. */
static bool
is_group(const struct addr *a)
{
	if (a->family == 6)
		return a->byte[0] == 0xff;
	return a->byte[0] >= 224;
}

static const char *
addrs_store(const char *text, size_t len, struct endpoint *out)
{
	if (endpoint_parse(text, len, out) && !is_group(&out->addr))
		return NULL;
	return "an IPv4 or IPv6 address of one host, alone or as "
	       "ADDRESS@PORT; a link-local one as ADDRESS%INTERFACE";
}

static const char *
nets_store(const char *text, size_t len, struct net *out)
{
	if (net_parse(text, len, out, NULL) == ERR_NONE)
		return NULL;
	return "an IPv4 or IPv6 address or net, like 10.0.0.0/8";
}

static const char *
zones_store(const char *text, size_t len, struct option_zone *out)
{
	if (zone_parse(text, len, out))
		return NULL;
	return "the name of a zone, like home.example, without '*'";
}

static const char *
forwards_store(const char *text, size_t len, struct option_forward *out)
{
	const char *equals = memchr(text, '=', len);
	size_t zone = equals ? (size_t)(equals - text) : len;

	memset(out, 0, sizeof(*out));
	if (!equals || !zone_parse(text, zone, &out->zone))
		return "ZONE=ADDRESS, the zone in ASCII and without '*', "
		       "like home.example=10.0.0.1";
	return addrs_store(equals + 1, len - zone - 1, &out->at);
}

static void
forward_show(const struct option_forward *f, struct text *out)
{
	zone_print(&f->zone, out);
	text_char(out, '=');
	endpoint_show(&f->at, out);
}

/* Puts an item behind the list's last, which must have room. */
static const char *
item_store(const struct setting *s, const char *text, size_t len,
	   struct options *opt)
{
	uint32_t *count = count_of(s, opt);
	void *list = field_of(s, opt);
	const char *fault;

	if (len >= OPTION_TEXT_SIZE)
		return "at most 511 bytes";
	if (s->kind == SETTING_addrs)
		fault =
		    addrs_store(text, len, (struct endpoint *)list + *count);
	else if (s->kind == SETTING_nets)
		fault = nets_store(text, len, (struct net *)list + *count);
	else if (s->kind == SETTING_forwards)
		fault = forwards_store(text, len,
				       (struct option_forward *)list + *count);
	else
		fault =
		    zones_store(text, len, (struct option_zone *)list + *count);
	if (fault == NULL)
		++*count;
	return fault;
}

/* One item, blanks around it removed; false where the list is full. */
static bool
item_take(struct gather *g, const struct saying *s, size_t len)
{
	char item[OPTION_TEXT_SIZE], most[64];
	struct saying of_item = { s->setting, s->where, item, false };
	const char *text = s->value, *fault;

	for (; len > 0 && (*text == ' ' || *text == '\t'); len--)
		text++;
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	snprintf(item, sizeof(item), "%.*s", (int)len, text);
	if (*count_of(s->setting, g->out) == s->setting->high) {
		snprintf(most, sizeof(most), "a list of at most %" PRIu32,
			 s->setting->high);
		gather_refuse_value(g, &of_item, most);
		return false;
	}
	fault = item_store(s->setting, text, len, g->out);
	if (fault != NULL)
		gather_refuse_value(g, &of_item, fault);
	return true;
}

static bool
is_all_blank(const char *text, size_t len)
{
	return strspn(text, " \t") >= len;
}

static void
list_store(struct gather *g, const struct saying *s)
{
	struct saying item = *s;

	for (;;) {
		const size_t len = strcspn(item.value, ",;");

		/* "A; B;" is two, as other programs write lists. */
		if (item.value[len] == ';' && is_all_blank(item.value, len)) {
			item.value += len + 1;
			continue;
		}
		if (item.value != s->value && item.value[-1] == ';' &&
		    item.value[len] == '\0' && is_all_blank(item.value, len))
			return;
		if (!item_take(g, &item, len) || item.value[len] == '\0')
			return;
		item.value += len + 1;
	}
}

static void
refuse_number(struct gather *g, const struct saying *s)
{
	char accepted[80];

	snprintf(accepted, sizeof(accepted),
		 "a whole number from %" PRIu32 " to %" PRIu32, s->setting->low,
		 s->setting->high);
	gather_refuse_value(g, s, accepted);
}

static void
number_store(struct gather *g, const struct saying *s)
{
	const struct setting *setting = s->setting;
	void *field = field_of(setting, g->out);
	uint32_t n;

	if (!number_parse(s->value, strlen(s->value), &n) || n < setting->low ||
	    n > setting->high)
		refuse_number(g, s);
	else if (setting->kind == SETTING_port)
		*(uint16_t *)field = (uint16_t)n;
	else
		*(uint32_t *)field = n;
}

static void
choice_store(struct gather *g, const struct saying *s)
{
	const char *const *choices = s->setting->choices;
	char accepted[128];
	struct text list;

	text_init(&list, accepted, sizeof(accepted));
	for (uint32_t i = 0; choices[i] != NULL; i++) {
		if (strcasecmp(choices[i], s->value) == 0) {
			*(uint32_t *)field_of(s->setting, g->out) = i;
			return;
		}
		text_printf(&list, "%s%s", i > 0 ? " or " : "", choices[i]);
	}
	gather_refuse_value(g, s, accepted);
}

static void
flag_store(struct gather *g, const struct saying *s)
{
	static const char *const yes[] = { "1", "yes", "true", "on" };
	static const char *const no[] = { "0", "no", "false", "off" };
	bool *field = field_of(s->setting, g->out);

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcasecmp(yes[i], s->value) == 0) {
			*field = true;
			return;
		}
		if (strcasecmp(no[i], s->value) == 0) {
			*field = false;
			return;
		}
	}
	gather_refuse_value(g, s,
			    "yes or no, true or false, on or off, 1 or 0");
}

/* Who can list processes reads their command lines. */
static void
secret_store(struct gather *g, const struct saying *s)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789+/=";

	if (strncmp(s->where, "--", 2) == 0)
		gather_refuse(g, s->where,
			      "everybody on this machine can read a command "
			      "line; accepted is TSIG_KEY in the environment, "
			      "or TSIG_KEY_FILE");
	else if (strspn(s->value, letters) != strlen(s->value))
		gather_refuse(g, s->where,
			      "the key is not base64; accepted is what the "
			      "primary has as its secret");
	else
		*(bool *)field_of(s->setting, g->out) = secret_keep(s->value);
}

static bool
has_control_byte(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static void
string_store(struct gather *g, const struct saying *s)
{
	const char *fault = NULL;

	if (s->setting->kind == SETTING_word)
		fault = s->setting->accept(s->value);
	else if (has_control_byte(s->value))
		fault = "a path without control characters";
	if (fault != NULL)
		gather_refuse_value(g, s, fault);
	else
		strcpy(field_of(s->setting, g->out), s->value);
}

void
value_clear(const struct setting *s, struct options *out)
{
	*count_of(s, out) = 0;
}

void
value_store(struct gather *g, const struct saying *s)
{
	if (setting_is_list(s->setting)) {
		list_store(g, s);
		return;
	}
	if (strlen(s->value) >= OPTION_TEXT_SIZE) {
		gather_refuse_value(g, s, "at most 511 bytes");
		return;
	}
	switch (s->setting->kind) {
	case SETTING_number:
	case SETTING_port:
		number_store(g, s);
		break;
	case SETTING_choice:
		choice_store(g, s);
		break;
	case SETTING_flag:
		flag_store(g, s);
		break;
	case SETTING_secret:
		secret_store(g, s);
		break;
	default:
		string_store(g, s);
	}
}

static void
item_print(const struct setting *s, const void *list, uint32_t i,
	   struct text *out)
{
	char buf[NET_TEXT_SIZE];

	if (i > 0)
		text_char(out, ',');
	if (s->kind == SETTING_addrs)
		endpoint_show((const struct endpoint *)list + i, out);
	else if (s->kind == SETTING_nets)
		text_str(out, net_print((const struct net *)list + i, buf));
	else if (s->kind == SETTING_forwards)
		forward_show((const struct option_forward *)list + i, out);
	else
		zone_print((const struct option_zone *)list + i, out);
}

void
value_print(const struct setting *s, const struct options *opt,
	    struct text *out)
{
	const void *field = field_in(s, opt);

	if (setting_is_list(s))
		for (uint32_t i = 0; i < count_in(s, opt); i++)
			item_print(s, field, i, out);
	else if (s->kind == SETTING_number)
		text_u64(out, *(const uint32_t *)field);
	else if (s->kind == SETTING_port)
		text_u64(out, *(const uint16_t *)field);
	else if (s->kind == SETTING_choice)
		text_str(out, s->choices[*(const uint32_t *)field]);
	else if (s->kind == SETTING_flag)
		text_str(out, *(const bool *)field ? "yes" : "no");
	else if (s->kind == SETTING_secret)
		text_str(out, *(const bool *)field ? "(not shown)" : "");
	else
		text_str(out, field);
}
