/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --help, in the form the Rust program printed it: the option, below it
 * what it does, the environment name and the default.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conf/options.h"
#include "conf/setting.h"

enum { HELP_INDENT = 10, HELP_COLUMNS = 80 };

/* Prints text in lines of words that end before the last column. */
static void
print_wrapped(const char *text)
{
	size_t column = HELP_INDENT;

	printf("%*s", HELP_INDENT, "");
	while (*text != '\0') {
		const size_t len = strcspn(text, " ");

		if (column + len > HELP_COLUMNS - 1) {
			printf("\n%*s", HELP_INDENT, "");
			column = HELP_INDENT;
		}
		printf("%.*s", (int)len, text);
		column += len + 1;
		text += len;
		if (*text == ' ')
			text++;
		if (*text != '\0' &&
		    column + strcspn(text, " ") <= HELP_COLUMNS - 1)
			putchar(' ');
	}
	putchar('\n');
}

static void
print_setting(const struct setting *s)
{
	char buf[1024], env[SETTING_NAME_SIZE];
	struct text t;

	bool is_flag = s->kind == SETTING_flag;
	bool is_on = is_flag && strcmp(s->fallback, "yes") == 0;

	if (is_flag)
		printf("      --%s%s\n", s->name, is_on ? "[=no]" : "");
	else
		printf("      --%s <%s>\n", s->name, s->meta);
	text_init(&t, buf, sizeof(buf));
	text_printf(&t, "%s [env: %s=]", s->help, setting_env_name(s, env));
	if (s->fallback[0] != '\0' && (!is_flag || is_on))
		text_printf(&t, " [default: %s]", s->fallback);
	for (size_t i = 0; s->choices != NULL && s->choices[i] != NULL; i++)
		text_printf(&t, "%s%s", i == 0 ? " [possible values: " : ", ",
			    s->choices[i]);
	if (s->choices != NULL)
		text_char(&t, ']');
	print_wrapped(buf);
}

static const char usage[] =
    "Usage: dns-firewall [OPTIONS] --acl-file <PATH> --upstream <ADDRESS> "
    "--firewall <BACKEND>\n\n";

static const char errands[] =
    "  -h, --help\n"
    "          Print help\n"
    "  -V, --version\n"
    "          Print version\n\n"
    "Each environment name is also read in lower case, and with _FILE behind\n"
    "it as the path of a file that holds the value. The manual is\n"
    "dns-firewall(8).\n";

void
options_print_help(void)
{
	fputs(usage, stdout);
	for (size_t i = 0; i < SETTING_COUNT; i++)
		print_setting(setting_at(i));
	puts("      --check [<FILE>]");
	print_wrapped("Check the options and the access list together, or the "
		      "access list FILE alone; print its canonical form, or "
		      "what is wrong");
	puts("      --compile <FILE>");
	print_wrapped("As --check FILE, but write the compiled form, for "
		      "dns-firewallctl diff");
	puts("      --cleanup");
	print_wrapped("Take away the rules and sets, or with --enforce the "
		      "table, that a daemon with these options has left");
	fputs(errands, stdout);
}
