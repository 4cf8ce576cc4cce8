/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any course of things against the whole walk with lists in force: policy
 * zones with all triggers and all actions, lists of names and of addresses,
 * and rules that name lists. The first three bytes say who asks what, by
 * which lists, and what the warden does. What follows is a script: each step
 * answers a question that is with the upstream, with records or with bytes as
 * they stand, fails it, lets time pass, or has the client ask again.
 *
 * What must hold: every query ends, once, within its deadline, and leaves
 * nothing behind; nothing is answered before the warden has spoken; what is
 * answered reads as a message within the client's limit; what the first list
 * has is never granted by a wildcard, and what a list has clients told never
 * at all.
 */
#include <stdio.h>
#include <sys/mman.h>

#include "check.h"
#include "lists/compile.h"
#include "lists/member.h"
#include "query/player.h"

enum {
	WHO_NAME = 15,
	WHO_STREAM = 16,
	WHO_EDNS = 32,
	WHO_DO = 64,
	WHO_NO_RD = 128,
	HOW_CLIENT = 3,
	HOW_TYPE = 28,
	HOW_WARDEN = 96,
	HOW_AUDIT = 128,
	FORGOTTEN_MS = 3 * 86400 * 1000,
	ASKS_MOST = 8,
};

static const char acl[] = "0.0.0.0/0 -> exact.test:TCP:443\n"
			  "0.0.0.0/0 -> *.wild.test:TCP:443\n"
			  "0.0.0.0/0 ~> *.dns.test\n"
			  "0.0.0.0/0 -| *.bad.test\n"
			  "0.0.0.0/0 -| @shut\n"
			  "10.0.0.0/8 -> @open:TCP:80\n"
			  "::/0 -> *.wild.test:TCP:443\n";

static const char zone[] =
    "$TTL 60\n@ SOA ns. host. 1 60 60 60 30\n"
    "nx.wild.test CNAME .\nnodata.wild.test CNAME *.\n"
    "pass.wild.test CNAME rpz-passthru.\ndrop.wild.test CNAME rpz-drop.\n"
    "tcp.wild.test CNAME rpz-tcp-only.\ndata.wild.test A 192.0.2.1\n"
    "data.wild.test AAAA 2001:db8:9::1\ndata.wild.test TXT told\n"
    "alias.wild.test CNAME x.garden.test.\n"
    "*.w.wild.test CNAME *.garden.test.\nx.dns.test CNAME y.wild.test.\n"
    "28.0.113.0.203.rpz-ip CNAME .\n28.16.113.0.203.rpz-ip CNAME *.\n"
    "28.32.113.0.203.rpz-ip CNAME rpz-passthru.\n"
    "28.48.113.0.203.rpz-ip A 192.0.2.2\n"
    "28.80.113.0.203.rpz-ip CNAME x.garden.test.\n"
    "28.96.113.0.203.rpz-ip CNAME rpz-drop.\n"
    "28.112.113.0.203.rpz-ip CNAME rpz-tcp-only.\n"
    "124.0.zz.1.db8.2001.rpz-ip CNAME *.garden.test.\n"
    "24.0.9.0.10.rpz-client-ip CNAME .\n"
    "128.2.zz.db8.2001.rpz-client-ip CNAME rpz-passthru.\n"
    "*.evil.test.rpz-nsdname CNAME .\nns.data.test.rpz-nsdname A 192.0.2.3\n"
    "ns.pass.test.rpz-nsdname CNAME rpz-passthru.\n"
    "ns.alias.test.rpz-nsdname CNAME x.garden.test.\n"
    "28.128.113.0.203.rpz-nsip CNAME .\n"
    "28.144.113.0.203.rpz-nsip CNAME rpz-drop.\n";

static const char *const files[] = {
	"list first ips =203.0.113.64/28,2001:db8:1::40/124\n"
	"list zone rpz /zone zone z.rpz ns-levels all\n"
	"list ads hosts /hosts nickname \"A list\"\n"
	"list shut domains =shut.wild.test\n"
	"list open domains =open.test action passthru\n"
	"list seen rpz /zone zone s.rpz action log\n",
	"list zone rpz /zone zone z.rpz ns-missing block soa authority\n"
	"list over rpz /zone zone o.rpz action cname *.garden.test\n"
	"list shut adblock =||shut.wild.test^ action address 192.0.2.9\n"
	"list open ips =203.0.113.160/28 action null ede none\n"
	"list gone dnsmasq =local=/ads.wild.test/ action drop\n",
	"list seen rpz /zone zone s.rpz action log\n"
	"list open rpz /zone zone z.rpz ns-levels 2 clients 10.0.0.0/24\n"
	"list shut rpz /zone zone t.rpz action tcp-only\n",
	"list open rpz /zone zone z.rpz action passthru clients 10.0.0.2/32\n"
	"list shut ips =203.0.113.64/28 action nodata soa none\n"
	"list last rpz /zone zone l.rpz action refused ns-levels 3\n",
};

static const char *const names[] = {
	"nx.wild.test",
	"nodata.wild.test",
	"pass.wild.test",
	"drop.wild.test",
	"tcp.wild.test",
	"data.wild.test",
	"alias.wild.test",
	"x.w.wild.test",
	"exact.test",
	"x.dns.test",
	"ads.wild.test",
	"shut.wild.test",
	"y.open.test",
	"y.wild.test",
	"a.b.deep.wild.test",
	"y.dns.test",
	"x.garden.test",
	"y.w.wild.test.garden.test",
	"a.bad.test",
	"ns.evil.test",
	"ns.data.test",
	"ns.pass.test",
	"ns.alias.test",
	"ns.kind.test",
	"wild.test",
	"deep.wild.test",
	"b.deep.wild.test",
	"dns.test",
	"test",
	"evil.test",
	".",
	"w.wild.test",
};

static const char *const clients[] = { "10.0.0.2", "10.0.9.1", "2001:db8::2",
				       "127.0.0.1" };

static struct lists lists[4];

/* ---- lists --------------------------------------------------------------- */

static enum err
open_list(void *arg, const char *what, struct text *why, int *fd_out)
{
	const char *text =
	    strcmp(what, "list:/zone") == 0 ? zone : "0.0.0.0 ads.wild.test\n";
	size_t len = strlen(text);

	(void)arg;
	(void)why;
	if (strncmp(what, "list:", 5) != 0)
		return ERR_NONE;
	*fd_out = memfd_create("list", MFD_CLOEXEC);
	CHECK(write(*fd_out, text, len) == (ssize_t)len);
	CHECK(lseek(*fd_out, 0, SEEK_SET) == 0);
	return ERR_NONE;
}

static void
compile(const char *file, struct lists *out)
{
	const struct lists_source source = { .name = "lists",
					     .text = file,
					     .len = strlen(file),
					     .open = open_list };
	static void *image[4];
	static unsigned count;
	char said[4096];
	struct text complaints;
	size_t size;

	text_init(&complaints, said, sizeof(said));
	if (lists_compile(&source, &image[count], &size, &complaints) !=
	    ERR_NONE) {
		fputs(said, stderr);
		abort();
	}
	CHECK(lists_view(image[count++], size, out) == ERR_NONE);
}

static void
begin(void)
{
	play_wants.cache_mib = 1;
	play_begin(acl);
	for (unsigned i = 0; i < 4; i++)
		compile(files[i], &lists[i]);
}

/* ---- the upstream --------------------------------------------------------
 */

struct script {
	struct reader r;
	bool raw; /* bytes as they stand have been told */
	uint8_t who, how, which;
	unsigned asked, answers, drops;
};

static void
put_name(struct writer *w, const char *text)
{
	struct name n = play_name(text);

	writer_bytes(w, n.wire, n.len);
}

static void
put_address(struct writer *w, uint16_t type, uint8_t data)
{
	const uint8_t v4[] = { 203, 0, 113, data };
	const uint8_t v6[] = { 0x20, 1, 0xd, 0xb8, 0, 1, [15] = data };

	writer_bytes(w, type == TYPE_A ? v4 : v6, type == TYPE_A ? 4 : 16);
}

static void
put_rdata(struct writer *w, uint16_t type, uint8_t data)
{
	static const uint8_t rest[20];
	const char *name = names[data & 31];

	if (type == TYPE_A || type == TYPE_AAAA) {
		put_address(w, type, data);
		return;
	}
	if (type == TYPE_TXT) {
		writer_u16(w, 0x0174);
		return;
	}
	if (type == TYPE_HTTPS)
		writer_u16(w, 1);
	put_name(w, type == TYPE_SOA ? "." : name);
	if (type == TYPE_SOA) {
		writer_u8(w, 0);
		writer_bytes(w, rest, sizeof(rest));
	} else if (type == TYPE_HTTPS) {
		writer_u16(w, 4);
		writer_u16(w, 4);
		put_address(w, TYPE_A, data);
	}
}

/* One record from two bytes: type and owner, data. */
static void
put_record(struct packet *p, const struct question *q, struct script *s)
{
	static const uint16_t types[] = { TYPE_A,   TYPE_AAAA, TYPE_CNAME,
					  TYPE_NS,  TYPE_SOA,  TYPE_HTTPS,
					  TYPE_TXT, TYPE_DNAME };
	uint8_t head = reader_u8(&s->r), data = reader_u8(&s->r);
	uint16_t type = types[head >> 5];
	size_t length_at;

	if ((head & 31) == 31)
		writer_bytes(&p->w, q->name.wire, q->name.len);
	else
		put_name(&p->w, names[head & 31]);
	writer_u16(&p->w, type);
	writer_u16(&p->w, CLASS_IN);
	writer_u32(&p->w, data);
	length_at = p->w.at;
	writer_u16(&p->w, 0);
	put_rdata(&p->w, type, data);
	p->bytes[length_at + 1] = (uint8_t)(p->w.at - length_at - 2);
	/* sections come in their order */
	p->count[type == TYPE_SOA || p->count[1] > 0]++;
}

static void
told(struct upstream_ask *a, const void *bytes, size_t len)
{
	static struct message m;

	if (message_read(bytes, len, &m) != ERR_NONE) {
		a->done(a->owner, UPSTREAM_TORN, NULL);
		return;
	}
	m.header.qdcount = 1;
	m.question = a->q;
	a->done(a->owner, UPSTREAM_ANSWERED, &m);
}

static void
tell_records(struct upstream_ask *a, struct script *s, unsigned op)
{
	static struct packet p;

	packet_begin(
	    &p, &a->q,
	    (uint16_t)(FLAG_QR | FLAG_RA | (op % 8 == 1 ? RCODE_NXDOMAIN : 0)));
	for (unsigned n = op / 8; n > 0 && reader_left(&s->r) >= 2; n--)
		put_record(&p, &a->q, s);
	packet_end(&p);
	told(a, p.bytes, p.w.at);
}

static void
tell_bytes(struct upstream_ask *a, struct script *s)
{
	size_t len = reader_u16(&s->r);

	if (len > reader_left(&s->r))
		len = reader_left(&s->r);
	s->raw = true;
	told(a, s->r.bytes + s->r.at, len);
	reader_take(&s->r, len);
}

static struct upstream_ask *
open_ask(void)
{
	for (unsigned i = 0; i < PLAY_ASKS; i++)
		if (play.ask[i].open)
			return &play.ask[i];
	return NULL;
}

/* ---- the client and the warden ------------------------------------------- */

static void
ask(struct script *s)
{
	static const uint16_t types[] = { TYPE_A,   TYPE_AAAA, TYPE_HTTPS,
					  TYPE_TXT, TYPE_ANY,  TYPE_CNAME,
					  TYPE_NS,  TYPE_SVCB };
	const struct client_query c = {
		.name = names[s->who & WHO_NAME],
		.type = types[(s->how & HOW_TYPE) / 4],
		.edns = s->who & WHO_EDNS ? 4096 : 0,
		.dnssec_ok = (s->who & WHO_DO) != 0,
		.flags = s->who & WHO_NO_RD ? FLAG_RD : 0,
	};

	/* The warden of the stage has one letter before him at a time. */
	if (s->asked == ASKS_MOST ||
	    (play.warden == WARDEN_WAITS && play.house.queries.in_use > 0))
		return;
	s->asked++;
	play.id++;
	client_asks(&c);
}

static void
check_items(const struct script *s)
{
	const struct addr first = play_addr("203.0.113.64");
	const struct net net = { .addr = first, .bits = 28 };
	bool exact = (s->who & WHO_NAME) == 8; /* exact.test */

	for (unsigned i = 0; i < play.items; i++) {
		const struct addr *a = &play.item[i].destination;

		if ((s->which & 3) == 0 && !exact)
			CHECK(!addr_in_net(a, &net));
		if (a->family == 4 && !s->raw)
			CHECK(a->byte[0] == 203);
	}
	play.items = 0;
}

static size_t
limit(const struct script *s)
{
	if (s->who & WHO_STREAM)
		return MESSAGE_MAX;
	return s->who & WHO_EDNS ? EDNS_UDP_SIZE : 512;
}

static void
check_heard(const struct script *s)
{
	const struct name asked = play_name(names[s->who & WHO_NAME]);
	const struct message *m = &play.answer;

	if (play.answers == 0)
		return;
	CHECK(!play.answered_unacknowledged);
	CHECK(play.heard_len <= limit(s));
	CHECK(answer_is_whole());
	CHECK(m->header.qdcount == 1);
	CHECK(name_equal(&m->question.name, &asked));
	CHECK(m->edns.present == ((s->who & WHO_EDNS) != 0));
}

static void
step(struct script *s)
{
	struct upstream_ask *a = open_ask();
	unsigned op = reader_u8(&s->r);

	if (op % 8 == 7)
		ask(s);
	else if (op % 8 == 6 || a == NULL)
		time_passes(op / 8 * 20);
	else {
		a->open = false;
		if (op % 8 == 5)
			a->done(a->owner, UPSTREAM_SILENT, NULL);
		else if (op % 8 == 4)
			tell_bytes(a, s);
		else
			tell_records(a, s, op);
	}
}

static void
go_on(struct script *s)
{
	check_items(s);
	if (play.wait)
		warden_says(s->which & 4 ? GRANT_DOWN : GRANT_OK);
	time_passes(0);
	check_heard(s);
	s->answers += play.answers;
	s->drops += play.drops;
	play.answers = play.drops = 0;
}

/* ---- a run --------------------------------------------------------------- */

static void
set_up(const struct script *s)
{
	play.house.lists = lists[s->which & 3];
	lists_name(&play.house.lists, &play.house.policy);
	play.opt.mode = s->how & HOW_AUDIT ? MODE_AUDIT : MODE_ENFORCE;
	play.warden = (s->how & HOW_WARDEN) / 32 % 3;
	play.warden_fails_with = GRANT_KERNEL;
	play.origin.stream = (s->who & WHO_STREAM) != 0;
	play_from(clients[s->how & HOW_CLIENT]);
	play.items = play.answers = play.drops = 0;
	time_passes(FORGOTTEN_MS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script s = { .r = reader_of(data, size) };

	if (size < 3 || size > MESSAGE_MAX)
		return 0;
	if (play.image == NULL)
		begin();
	s.who = reader_u8(&s.r);
	s.how = reader_u8(&s.r);
	s.which = reader_u8(&s.r);
	set_up(&s);
	ask(&s);
	go_on(&s);
	while (reader_left(&s.r) > 0) {
		step(&s);
		go_on(&s);
	}
	time_passes(QUERY_DEADLINE_MS + QUERY_TICK_MS);
	go_on(&s);
	CHECK(play.house.queries.in_use == 0);
	CHECK(s.answers + s.drops == s.asked);
	for (struct upstream_ask *a = open_ask(); a; a = open_ask()) {
		a->open = false;
		a->done(a->owner, UPSTREAM_SILENT, NULL);
		time_passes(0);
	}
	CHECK(play.house.servers->searches.in_use == 0);
	log_lines();
	return 0;
}
