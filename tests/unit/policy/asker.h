/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_POLICY_ASKER_H
#define TESTS_POLICY_ASKER_H

#include "policy/match.h"

/* Somebody with that address, by no interface in particular. */
#define asker(a) (&(const struct policy_client){ .addr = (a) })

#endif
