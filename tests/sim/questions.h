/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What clients ask: names of the universe mostly, and some nonsense. */
#ifndef TESTS_SIM_QUESTIONS_H
#define TESTS_SIM_QUESTIONS_H

#include <stddef.h>
#include <stdint.h>

enum { QUESTION_MOST = 320 };

/* The length; it begins with the id, where it is that long. */
size_t question_draw(uint16_t id, uint8_t bytes[QUESTION_MOST]);

#endif
