/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a finding is said: PASS, WARN or FAIL, and a sentence. */
#include "ctl/findings.h"

#include <stdarg.h>
#include <stdio.h>

const struct family families[FAMILIES] = {
	{ "IPv4", 4, "/proc/sys/net/ipv4/ip_forward" },
	{ "IPv6", 6, "/proc/sys/net/ipv6/conf/all/forwarding" },
};

void
say(struct doctor *d, enum verdict verdict, const char *format, ...)
{
	static const char *const word[] = { "PASS", "WARN", "FAIL" };
	va_list args;

	d->failed |= verdict == FAIL;
	printf("%s  ", word[verdict]);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

long
number_in(const char *path)
{
	FILE *file = fopen(path, "re");
	long number = -1;

	if (file == NULL)
		return -1;
	if (fscanf(file, "%ld", &number) != 1)
		number = -1;
	fclose(file);
	return number;
}

bool
is_forwarded(const struct family *f)
{
	return number_in(f->forwarding) == 1;
}
