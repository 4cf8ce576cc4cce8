/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where settings come from: defaults, config files, environment, command
 * line, each beating those before it. The supervisor calls this once, with
 * whatever power it was started with, so nothing but options is read here,
 * and only from regular files.
 */
#include "conf/options.h"

#include <stddef.h>
#include <string.h>

#include "conf/argv.h"
#include "conf/check.h"
#include "conf/environment.h"
#include "conf/file.h"
#include "conf/gather.h"
#include "conf/value.h"

/* --config beats DNSFW_CONFIG, which beats the default; only the default
 * may lead to nothing. */
static void
gather_config(struct gather *g, char **envp)
{
	const size_t at = offsetof(struct options, config);

	if (!gather_has(g, at)) {
		gather_begin(g);
		environment_say(g, envp, setting_by_name("config", 6));
	}
	file_gather(g, g->out->config, gather_has(g, at));
}

struct option_request
options_gather(int argc, char **argv, char **envp, struct options *out,
	       struct text *complaint)
{
	struct option_request request;
	struct gather g;
	bool understood;

	gather_init(&g, out, complaint);
	request = argv_errand(&g, argc, argv);
	understood = g.refused == 0;
	if (request.errand == ERRAND_HELP || request.errand == ERRAND_VERSION)
		return request;
	if (request.errand != ERRAND_CHECK_FILE) {
		gather_config(&g, envp);
		environment_read(&g, envp);
	}
	if (understood)
		argv_read(&g, argc, argv);
	if (g.refused == 0 && request.errand != ERRAND_CHECK_FILE)
		check_together(&g);
	out->rpz_log_given = gather_has(&g, offsetof(struct options, rpz_log));
	out->control_given = gather_has(&g, offsetof(struct options, control));
	if (g.refused > 0)
		request.errand = ERRAND_REFUSED;
	return request;
}

bool
options_have_lists(const struct options *opt)
{
	return opt->lists[0] != '\0' || opt->dns_policy[0] != '\0' ||
	       opt->test_blocked_count > 0;
}

void
options_print(const struct options *opt, struct text *out)
{
	char env[SETTING_NAME_SIZE];

	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = setting_at(i);

		text_printf(out, "%s=", setting_env_name(s, env));
		value_print(s, opt, out);
		text_char(out, '\n');
	}
}
