/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iptables-save and iptables-restore of one flavour and family ("tool":
 * "iptables-nft", "ip6tables-legacy" ...), and what they print.
 */
#ifndef FIREWALL_IPTABLES_H
#define FIREWALL_IPTABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"
#include "firewall/tool.h"

/* The filter table as text. ERR_MISSING: there is no such tool. ERR_DENIED:
 * it says no. Others as of tool_run(); tool_done() in any case. */
enum err iptables_save(const char *tool, struct tool_result *out);
/* Takes the script without flushing what it does not name. */
enum err iptables_restore(const char *tool, const char *script,
			  struct tool_result *out);

/* Logs what a tool wrote to its standard error, but for the harmless. */
void iptables_complain(const char *tool, const char *complaint);
/* Logs why one of the above failed. */
void iptables_say_why(const char *tool, enum err err,
		      const struct tool_result *r);

/* The next line, without its end; NULL after the last one. */
const char *iptables_line(const char **at, size_t *len_out);
bool iptables_begins(const char *line, size_t len, const struct text *what);
/* The text of iptables_save() has a chain of that name. */
bool iptables_has_chain(const char *saved, const char *chain);

#endif
