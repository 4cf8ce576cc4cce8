/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NOTIFY messages that came to the address of the clients: the workers pass
 * them on, and give back what they are answered. */
#ifndef SUPPLY_RELAY_H
#define SUPPLY_RELAY_H

#include "supply/notify_socket.h"

struct relays;

/* NULL: no memory. */
struct relays *relays_open(const struct notify_setup *setup);
/* The channel to another worker of that number; it is ours. */
void relays_take(struct relays *r, uint32_t index, int channel);
void relays_close(struct relays *r);

#endif
