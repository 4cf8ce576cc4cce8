/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of a config file: whatever it says, the settings stay within
 * their rows, and a refusal is printable lines. */
#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "conf/file.h"

static void
check_complaint(const struct gather *g)
{
	assert((g->refused > 0) == (g->complaint->len > 0));
	for (size_t i = 0; i < g->complaint->len; i++)
		assert(isprint((unsigned char)g->complaint->buf[i]) ||
		       g->complaint->buf[i] == '\n');
}

static void
check_settings(const struct options *opt)
{
	assert(opt->grace_s <= 86400);
	assert(opt->timeout_s >= 1 && opt->timeout_s <= 3600);
	assert(opt->bind_port >= 1);
	assert(opt->firewall <= FIREWALL_IPTABLES);
	assert(opt->bind_count <= 16 && opt->upstream_count <= 8);
	assert(opt->local_zone_count <= 32 && opt->private_ok_count <= 32);
	assert(strnlen(opt->chain, 29) <= 28);
	assert(strnlen(opt->set_prefix, 15) <= 14);
	assert(strnlen(opt->acl_file, OPTION_TEXT_SIZE) < OPTION_TEXT_SIZE);
	for (uint32_t i = 0; i < opt->local_zone_count; i++)
		assert(opt->local_zone[i].len >= 1 &&
		       opt->local_zone[i].wire[opt->local_zone[i].len - 1] ==
			   0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct content file;
	static struct options opt;
	static char complaint[4096], printed[65536];
	struct text t, p;
	struct gather g;

	if (size > CONTENT_MAX_BYTES)
		return 0;
	memcpy(file.bytes, data, size);
	file.bytes[size] = '\0';
	file.len = size;
	text_init(&t, complaint, sizeof(complaint));
	gather_init(&g, &opt, &t);
	file_parse(&g, "fuzz.conf", &file);
	check_complaint(&g);
	check_settings(&opt);
	text_init(&p, printed, sizeof(printed));
	options_print(&opt, &p);
	assert(!p.cut);
	return 0;
}
