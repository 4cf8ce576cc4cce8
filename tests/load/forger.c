/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stranger who writes answers in the name of an upstream.
 *
 *   forger UPSTREAM TARGET RATE
 *
 * On standard input come lines "PORT ANSWER", the answer in hexadecimal: from
 * then on it is sent to that port, from UPSTREAM and port 53, with every id
 * but its own in turn, RATE a second, until the next line. At the end of the
 * input it says how many were sent. Needs CAP_NET_RAW.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum { LINE_MOST = 4096, ANSWER_MOST = 1400, BURST = 50 };

struct packet {
	struct iphdr ip;
	struct udphdr udp;
	uint8_t answer[ANSWER_MOST];
};

struct forger {
	int fd;
	struct sockaddr_in to;
	struct packet packet;
	size_t size; /* 0: nothing to say yet */
	uint16_t right, next;
	unsigned long sent;
	char line[LINE_MOST];
	size_t have;
};

static void
take_line(struct forger *f, const char *line)
{
	size_t len = 0;
	unsigned port, byte;
	int at;

	if (sscanf(line, "%u %n", &port, &at) != 1)
		errx(2, "lines are PORT ANSWER");
	for (line += at; len < ANSWER_MOST && sscanf(line, "%2x", &byte) == 1;
	     line += 2)
		f->packet.answer[len++] = (uint8_t)byte;
	if (len < 12)
		errx(2, "an answer has a header");
	f->right = (uint16_t)(f->packet.answer[0] << 8 | f->packet.answer[1]);
	f->packet.udp.dest = htons((uint16_t)port);
	f->packet.udp.len = htons((uint16_t)(sizeof(f->packet.udp) + len));
	f->size = sizeof(f->packet.ip) + sizeof(f->packet.udp) + len;
}

/* False: the input has ended. */
static bool
read_lines(struct forger *f)
{
	ssize_t got = read(STDIN_FILENO, f->line + f->have,
			   sizeof(f->line) - 1 - f->have);
	char *end;

	if (got <= 0)
		return false;
	f->have += (size_t)got;
	f->line[f->have] = '\0';
	while ((end = strchr(f->line, '\n')) != NULL) {
		*end++ = '\0';
		take_line(f, f->line);
		f->have -= (size_t)(end - f->line);
		memmove(f->line, end, f->have + 1);
	}
	return true;
}

static void
forge(struct forger *f)
{
	if (f->next == f->right)
		f->next++;
	f->packet.answer[0] = (uint8_t)(f->next >> 8);
	f->packet.answer[1] = (uint8_t)f->next;
	f->next++;
	if (sendto(f->fd, &f->packet, f->size, MSG_DONTWAIT,
		   (struct sockaddr *)&f->to, sizeof(f->to)) > 0)
		f->sent++;
}

int
main(int argc, char **argv)
{
	static struct forger f = { .to.sin_family = AF_INET };
	struct pollfd in = { STDIN_FILENO, POLLIN, 0 };
	unsigned long rate, due = 0;
	int64_t began_ms = clock_ms();

	if (argc != 4 ||
	    inet_pton(AF_INET, argv[2], &f.to.sin_addr) != 1 ||
	    inet_pton(AF_INET, argv[1], &f.packet.ip.saddr) != 1)
		errx(2, "usage: forger UPSTREAM TARGET RATE");
	rate = strtoul(argv[3], NULL, 10);
	f.fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (f.fd == -1)
		err(1, "raw socket");
	f.packet.ip.version = 4;
	f.packet.ip.ihl = sizeof(f.packet.ip) / 4;
	f.packet.ip.ttl = 64;
	f.packet.ip.protocol = IPPROTO_UDP;
	f.packet.ip.daddr = f.to.sin_addr.s_addr;
	f.packet.udp.source = htons(53);
	for (;;) {
		if (poll(&in, 1, f.size == 0 ? -1 : 0) == 1 && !read_lines(&f))
			break;
		for (unsigned i = 0; i < BURST && f.size > 0; i++, due++)
			forge(&f);
		while (f.size > 0 &&
		       due > (unsigned long)(clock_ms() - began_ms) * rate /
				 1000)
			usleep(50);
	}
	printf("%lu\n", f.sent);
	return 0;
}
