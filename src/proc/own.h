/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The supervisor's half of the own-address table (readers: proc/role.h). */
#ifndef PROC_OWN_H
#define PROC_OWN_H

#include <stdbool.h>

#include "base/err.h"

struct own_watch;

/* routed: what lies behind other routers is of interest too. */
enum err own_watch_open(bool routed, struct own_watch **out);
void own_watch_close(struct own_watch *w);
/* Readable when addresses came or went. */
int own_watch_fd(const struct own_watch *w);
/* Drains the news; true where there was any. */
bool own_watch_changed(struct own_watch *w);
/* Asks the kernel and seals the table (struct own_addresses) into an image.
 * ERR_AGAIN: it is the same as in the last one. */
enum err own_watch_image(struct own_watch *w, int *fd_out);

#endif
