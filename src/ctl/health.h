/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does all of it work, from one end to the other? It asks the daemon how it
 * is, its upstreams whether they answer, and itself what a client would be
 * told.
 */
#ifndef CTL_HEALTH_H
#define CTL_HEALTH_H

#include "ctl/client.h"

/* Prints a line for each thing it looked at, PASS, WARN or FAIL.
 * CLIENT_FAILED where anything is FAIL. */
enum client_end health_print(const char *control);

#endif
