/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at what surrounds the daemon, from the owner's shell: is everything
 * shut that the access list does not open? It changes nothing.
 */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include "ctl/client.h"

/* Prints a line for each thing it looked at, PASS, WARN or FAIL, and what to
 * do. CLIENT_FAILED where anything is FAIL. */
enum client_end doctor_print(const char *control);

#endif
