/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings from the environment, each as NAME or as NAME_FILE. */
#ifndef CONF_ENVIRONMENT_H
#define CONF_ENVIRONMENT_H

#include "conf/gather.h"

/* Says one setting where the environment has it. An empty variable says
 * nothing; of NAME and name, NAME is heard. NAME beside NAME_FILE is
 * refused. */
void environment_say(struct gather *g, char **envp,
		     const struct setting *setting);
/* Says everything but config; a DNSFW_ name that nobody has is refused. */
void environment_read(struct gather *g, char **envp);

#endif
