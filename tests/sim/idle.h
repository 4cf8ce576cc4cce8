/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recorder and control, who only listen here. */
#ifndef TESTS_SIM_IDLE_H
#define TESTS_SIM_IDLE_H

struct role_kit;
int idle_main(struct role_kit *kit);

#endif
