/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recorder process: letters become lines of the access log. */
#ifndef RECORD_RECORDER_H
#define RECORD_RECORDER_H

struct role_kit;
int recorder_main(struct role_kit *kit);

#endif
