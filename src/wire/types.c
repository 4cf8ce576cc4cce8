/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables that types.def describes, indexed by number. */
#include "wire/types.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const type_names[] = {
#define TYPE(name, number, layout) [number] = #name,
#include "wire/types.def"
};

static const char *const type_layouts[] = {
#define TYPE(name, number, layout) [number] = layout,
#include "wire/types.def"
};

static const char *const rcode_names[] = {
#define RCODE(name, number, log_text) [number] = #name,
#include "wire/types.def"
};

static const char *const rcode_texts[] = {
#define RCODE(name, number, log_text) [number] = log_text,
#include "wire/types.def"
};

static const char *const opcode_texts[] = {
#define OPCODE(name, number, log_text) [number] = log_text,
#include "wire/types.def"
};

#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

static const char *
reserved(unsigned number, char buf[16])
{
	snprintf(buf, 16, "Reserved(%u)", number & 0xffff);
	return buf;
}

const char *
rcode_log_text(unsigned rcode, char buf[16])
{
	if (rcode < LENGTH(rcode_texts) && rcode_texts[rcode])
		return rcode_texts[rcode];
	return reserved(rcode, buf);
}

const char *
rcode_text(unsigned rcode, char buf[16])
{
	if (rcode < LENGTH(rcode_names) && rcode_names[rcode])
		return rcode_names[rcode];
	snprintf(buf, 16, "RCODE%u", rcode & 0xffff);
	return buf;
}

const char *
opcode_log_text(unsigned opcode, char buf[16])
{
	if (opcode < LENGTH(opcode_texts) && opcode_texts[opcode])
		return opcode_texts[opcode];
	return reserved(opcode, buf);
}

const char *
type_text(unsigned type, char buf[16])
{
	if (type < LENGTH(type_names) && type_names[type])
		return type_names[type];
	snprintf(buf, 16, "TYPE%u", type & 0xffff);
	return buf;
}

static bool
parse_number(const char *text, size_t len, uint16_t *out)
{
	unsigned value = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	*out = (uint16_t)value;
	return value <= UINT16_MAX;
}

bool
type_parse(const char *text, size_t len, uint16_t *out)
{
	for (unsigned i = 0; i < LENGTH(type_names); i++) {
		const char *name = type_names[i];

		if (name && strlen(name) == len &&
		    strncasecmp(name, text, len) == 0) {
			*out = (uint16_t)i;
			return true;
		}
	}
	return len > 4 && strncasecmp(text, "TYPE", 4) == 0 &&
	       parse_number(text + 4, len - 4, out);
}

const char *
type_layout(unsigned type)
{
	if (type < LENGTH(type_layouts) && type_layouts[type])
		return type_layouts[type];
	return "*";
}
