/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks by UDP, and by TCP where the answer was truncated (RFC 7766 5).
 *
 * The socket is connected and the answer's id is compared, so that what is
 * printed comes from the server that was named.
 */
#include "ctl/resolve.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "conf/value.h"
#include "wire/types.h"

enum { DNS_PORT = 53, UDP_SIZE = 1232, MESSAGE_ROOM = 65535, LINE = 4096 };

bool
server_parse(const char *text, struct endpoint *out)
{
	const char *colon = strrchr(text, ':');
	const char *bracket = strchr(text, ']');
	char buf[128];
	size_t len = strlen(text);

	if (*text != '@' || len >= sizeof(buf))
		return false;
	memcpy(buf, text + 1, len);
	/* The only colon of an IPv4 server, or the one behind the bracket. */
	if (colon != NULL && (colon == strchr(text, ':') ||
			      (bracket != NULL && colon == bracket + 1)))
		buf[colon - text - 1] = '@';
	if (!endpoint_parse(buf, strlen(buf), out))
		return false;
	if (out->port == 0)
		out->port = DNS_PORT;
	return true;
}

/* A conversation with the server. */
struct exchange {
	int fd;
	int64_t deadline_ms;
	uint8_t *bytes; /* MESSAGE_ROOM */
	size_t len;
	bool tcp; /* the answer came by it */
};

static bool
ready(const struct exchange *x, short events)
{
	struct pollfd wait = { .fd = x->fd, .events = events };
	int64_t left = x->deadline_ms - clock_ms();

	if (left > 0 && poll(&wait, 1, (int)left) > 0)
		return true;
	errno = ETIMEDOUT;
	return false;
}

static bool
reach(struct exchange *x, const struct endpoint *server, int type)
{
	union sockaddr_any at;
	socklen_t len = endpoint_to_sockaddr(server, &at);
	int cause = 0;
	socklen_t cause_len = sizeof(cause);

	x->deadline_ms = clock_ms() + RESOLVE_WAIT_MS;
	x->fd = socket(at.sa.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0);
	if (x->fd == -1)
		return false;
	if (connect(x->fd, &at.sa, len) == -1 && errno != EINPROGRESS)
		return false;
	if (!ready(x, POLLOUT) ||
	    getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &cause, &cause_len) == -1)
		return false;
	errno = cause;
	return cause == 0;
}

static bool
is_answer(const struct exchange *x, const uint8_t *question)
{
	return x->len >= LDNS_HEADER_SIZE &&
	       memcmp(x->bytes, question, 2) == 0;
}

static bool
ask_udp(struct exchange *x, const uint8_t *question, size_t len)
{
	if (send(x->fd, question, len, MSG_NOSIGNAL) != (ssize_t)len)
		return false;
	while (ready(x, POLLIN)) {
		ssize_t n = recv(x->fd, x->bytes, MESSAGE_ROOM, 0);

		if (n == -1)
			return false;
		x->len = (size_t)n;
		if (is_answer(x, question))
			return true;
	}
	return false;
}

static bool
read_whole(struct exchange *x, size_t want)
{
	for (x->len = 0; x->len < want;) {
		ssize_t n;

		if (!ready(x, POLLIN))
			return false;
		n = recv(x->fd, x->bytes + x->len, want - x->len, 0);
		if (n == 0)
			errno = ECONNRESET;
		if (n <= 0)
			return false;
		x->len += (size_t)n;
	}
	return true;
}

static bool
ask_tcp(struct exchange *x, const uint8_t *question, size_t len)
{
	uint8_t framed[2 + UDP_SIZE];

	if (len > UDP_SIZE) {
		errno = EMSGSIZE;
		return false;
	}
	framed[0] = (uint8_t)(len >> 8);
	framed[1] = (uint8_t)len;
	memcpy(framed + 2, question, len);
	if (send(x->fd, framed, len + 2, MSG_NOSIGNAL) !=
		(ssize_t)(len + 2) ||
	    !read_whole(x, 2) ||
	    !read_whole(x, (size_t)x->bytes[0] << 8 | x->bytes[1]))
		return false;
	errno = EBADMSG;
	return is_answer(x, question);
}

/* A line of ldns: tabs become blanks, what is not printable an escape. */
static void
print_line(const char *key, const char *line)
{
	char buf[LINE];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	for (; *line != '\0' && *line != '\n'; line++) {
		if (*line == '\t')
			text_char(&t, ' ');
		else
			text_escaped(&t, line, 1);
	}
	printf("%s %s%s\n", key, buf, t.cut ? "..." : "");
}

static void
print_records(const char *key, const ldns_rr_list *records)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
		char *line = ldns_rr2str(ldns_rr_list_rr(records, i));

		if (line != NULL)
			print_line(key, line);
		free(line);
	}
}

static const char *
ede_name(unsigned code)
{
	switch (code) {
#define EDE(name, number) \
	case number:      \
		return #name;
#include "wire/types.def"
	default:
		return "";
	}
}

/* The Extended DNS Errors of the answer (RFC 8914 2). */
typedef void error_fn(void *arg, unsigned code, const char *text);

static void
each_error(ldns_pkt *answer, error_fn *each, void *arg)
{
	ldns_edns_option_list *list = ldns_pkt_edns_get_option_list(answer);
	size_t count = list ? ldns_edns_option_list_get_count(list) : 0;

	for (size_t i = 0; i < count; i++) {
		ldns_edns_option *o =
		    ldns_edns_option_list_get_option(list, i);
		const uint8_t *data = ldns_edns_get_data(o);
		size_t len = ldns_edns_get_size(o);
		char buf[LINE];
		struct text t;

		if (ldns_edns_get_code(o) != LDNS_EDNS_EDE || len < 2)
			continue;
		text_init(&t, buf, sizeof(buf));
		text_escaped(&t, (const char *)data + 2, len - 2);
		each(arg, (unsigned)(data[0] << 8 | data[1]), buf);
	}
}

static void
print_error(void *arg, unsigned code, const char *text)
{
	(void)arg;
	printf("ede %u %s%s%s\n", code, ede_name(code),
	       text[0] != '\0' ? ": " : "", text);
}

static void
print_answer(ldns_pkt *answer, const struct endpoint *server,
	     const char *transport)
{
	char at[ENDPOINT_TEXT_SIZE];
	unsigned rcode = (unsigned)ldns_pkt_get_rcode(answer) |
			 (unsigned)ldns_pkt_edns_extended_rcode(answer) << 4;
	char *status = ldns_pkt_rcode2str((ldns_pkt_rcode)(rcode & 15));

	print_records("question", ldns_pkt_question(answer));
	printf("server %s %s\n", endpoint_print(server, at), transport);
	if (rcode < 16 && status != NULL)
		printf("status %s\n", status);
	else
		printf("status RCODE%u\n", rcode);
	free(status);
	each_error(answer, print_error, NULL);
	print_records("answer", ldns_pkt_answer(answer));
	print_records("authority", ldns_pkt_authority(answer));
}

/* The answer's packet, or NULL with errno: the server said nothing. */
static ldns_pkt *
converse(struct exchange *x, const struct resolve *r, const uint8_t *question,
	 size_t len)
{
	bool tcp = false;
	ldns_pkt *answer = NULL;

	for (;; tcp = true) {
		bool heard = reach(x, &r->server,
				   tcp ? SOCK_STREAM : SOCK_DGRAM) &&
			     (tcp ? ask_tcp : ask_udp)(x, question, len);
		int cause = errno; /* close() may spoil it */

		if (x->fd != -1)
			close(x->fd);
		errno = cause;
		if (!heard)
			return NULL;
		if (ldns_wire2pkt(&answer, x->bytes, x->len) !=
		    LDNS_STATUS_OK) {
			errno = EBADMSG;
			return NULL;
		}
		if (tcp || !ldns_pkt_tc(answer))
			break;
		ldns_pkt_free(answer);
	}
	x->tcp = tcp;
	return answer;
}

/* The question in wire form, malloc()ed, or NULL where it cannot be asked. */
static uint8_t *
question_new(const struct resolve *r, size_t *len_out)
{
	ldns_rr_type type = ldns_get_rr_type_by_name(r->type);
	ldns_rdf *name = ldns_dname_new_frm_str(r->name);
	uint8_t *bytes = NULL;
	ldns_pkt *question;

	if (type == 0 || name == NULL) {
		fprintf(stderr, "dns-firewallctl: \"%s\" is not a %s\n",
			type == 0 ? r->type : r->name,
			type == 0 ? "record type" : "domain name");
		ldns_rdf_deep_free(name);
		return NULL;
	}
	question = ldns_pkt_query_new(name, type, LDNS_RR_CLASS_IN, LDNS_RD);
	ldns_pkt_set_random_id(question);
	ldns_pkt_set_edns_udp_size(question, UDP_SIZE);
	if (ldns_pkt2wire(&bytes, question, len_out) != LDNS_STATUS_OK)
		bytes = NULL;
	ldns_pkt_free(question);
	return bytes;
}

bool
resolve_print(const struct resolve *r)
{
	uint8_t room[MESSAGE_ROOM];
	struct exchange x = { .bytes = room };
	char at[ENDPOINT_TEXT_SIZE];
	size_t len = 0;
	uint8_t *question = question_new(r, &len);
	ldns_pkt *answer;

	if (question == NULL)
		return false;
	answer = converse(&x, r, question, len);
	if (answer == NULL)
		fprintf(stderr, "dns-firewallctl: no answer from %s: %s\n",
			endpoint_print(&r->server, at), strerror(errno));
	else
		print_answer(answer, &r->server, x.tcp ? "TCP" : "UDP");
	ldns_pkt_free(answer);
	free(question);
	return answer != NULL;
}

static void
take_address(const ldns_rr *rr, struct resolved *out)
{
	enum { MOST = sizeof(out->address) / sizeof(out->address[0]) };
	const ldns_rdf *rdf = ldns_rr_rdf(rr, 0);

	if (rdf == NULL || out->addresses == MOST)
		return;
	if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_A && ldns_rdf_size(rdf) == 4)
		addr_from_v4(ldns_rdf_data(rdf),
			     &out->address[out->addresses++]);
	if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_AAAA &&
	    ldns_rdf_size(rdf) == 16)
		addr_from_v6(ldns_rdf_data(rdf),
			     &out->address[out->addresses++]);
}

static void
take_error(void *arg, unsigned code, const char *text)
{
	struct resolved *out = arg;

	(void)text;
	out->not_ready |= code == EDE_NOT_READY;
}

void
resolve_probe(const struct resolve *r, struct resolved *out)
{
	uint8_t room[MESSAGE_ROOM];
	struct exchange x = { .bytes = room };
	int64_t from = clock_ms();
	size_t len = 0;
	uint8_t *question = question_new(r, &len);
	ldns_pkt *answer = NULL;

	*out = (struct resolved){ .heard = false };
	if (question != NULL)
		answer = converse(&x, r, question, len);
	free(question);
	if (answer == NULL)
		return;
	out->heard = true;
	out->ms = (unsigned)(clock_ms() - from);
	out->rcode = (unsigned)ldns_pkt_get_rcode(answer);
	for (size_t i = 0; i < ldns_rr_list_rr_count(ldns_pkt_answer(answer));
	     i++)
		take_address(ldns_rr_list_rr(ldns_pkt_answer(answer), i), out);
	each_error(answer, take_error, out);
	ldns_pkt_free(answer);
}
