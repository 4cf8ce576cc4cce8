/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker process: listeners, path and upstreams on one loop.
 *
 * It reads what strangers send and holds no power: handed sockets, mapped
 * images, letters to the warden and the recorder, sockets to the upstreams.
 */
#ifndef LISTEN_WORKER_H
#define LISTEN_WORKER_H

struct role_kit;
int worker_main(struct role_kit *kit);

#endif
