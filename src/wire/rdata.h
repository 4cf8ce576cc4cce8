/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RDATA carried from one message to another. */
#ifndef WIRE_RDATA_H
#define WIRE_RDATA_H

#include "base/err.h"
#include "wire/message.h"
#include "wire/pack.h"
#include "wire/writer.h"

/* Writes the RDATA of a record of class IN, names unpacked, and packed again
 * where the type allows. ERR_TORN: it does not fill its layout exactly; the
 * caller undoes what was written. */
enum err rdata_copy(struct packer *p, struct writer *w,
		    const struct message *from, const struct rr *rr);

/* The same into RDATA alone, with every name unpacked. */
enum err rdata_unpack(struct writer *w, const uint8_t *message,
		      const struct rr *rr);

#endif
