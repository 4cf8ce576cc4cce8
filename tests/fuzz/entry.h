/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds of every entry, whoever wrote it. */
#ifndef FUZZ_ENTRY_H
#define FUZZ_ENTRY_H

#include "lists/rpz.h"

void must(bool holds);
/* Names whole and lower-cased, nets without host bits, data well-formed. */
void must_be_entry(const struct item *item);
/* Of struct rpz_sink. */
enum err take_entry(void *arg, const struct item *item);
void take_note(void *arg, enum rpz_note note, const struct name *owner);

#endif
