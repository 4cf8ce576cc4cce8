/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers of types.def, and the words that stand for them. */
#ifndef WIRE_TYPES_H
#define WIRE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dns_number {
#define TYPE(name, number, layout) TYPE_##name = number,
#include "wire/types.def"
#define RCODE(name, number, log_text) RCODE_##name = number,
#include "wire/types.def"
#define OPCODE(name, number, log_text) OPCODE_##name = number,
#include "wire/types.def"
#define EDE(name, number) EDE_##name = number,
#include "wire/types.def"
	CLASS_IN = 1,
	CLASS_ANY = 255
};

/* Text of an RCODE or OPCODE for the access log; "Reserved(N)" otherwise. */
const char *rcode_log_text(unsigned rcode, char buf[16]);
const char *opcode_log_text(unsigned opcode, char buf[16]);
/* "NXDOMAIN", "RCODE24" */
const char *rcode_text(unsigned rcode, char buf[16]);
/* "AAAA", "TYPE65280" (RFC 3597 5); and back, any case, also "TYPE1".
 * type_parse() is false for an unknown word. */
const char *type_text(unsigned type, char buf[16]);
bool type_parse(const char *text, size_t len, uint16_t *out);
/* How RDATA of this type is made, in the letters of types.def; "*" for a
 * type that has no row. */
const char *type_layout(unsigned type);

#endif
