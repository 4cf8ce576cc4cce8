/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of lists, the image made of them, and what it says. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lists/compile.h"
#include "lists/match.h"

/* ---- lines -------------------------------------------------------------- */

struct heard {
	unsigned count;
	struct item item[64];
};

static enum err
hear(void *arg, const struct item *item)
{
	struct heard *h = arg;

	assert_in_range(h->count, 0, 63);
	h->item[h->count++] = *item;
	return ERR_NONE;
}

static struct heard
read_line(enum list_form form, const char *line, enum err expected)
{
	struct heard h = { 0 };
	const struct item_sink sink = { hear, &h };

	assert_int_equal(item_read(form, line, strlen(line), &sink), expected);
	return h;
}

static const char *
text_of(const struct name *n)
{
	static char buf[NAME_TEXT_SIZE];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	name_print(n, &t);
	return buf;
}

static void
test_hosts(void **state)
{
	struct heard h;

	(void)state;
	h = read_line(FORM_HOSTS, "0.0.0.0 Ads.Example  track.example # no",
		      ERR_NONE);
	assert_int_equal(h.count, 2);
	assert_string_equal(text_of(&h.item[0].name), "ads.example.");
	assert_int_equal(h.item[0].reach, REACH_EXACT);
	assert_int_equal(
	    read_line(FORM_HOSTS, "127.0.0.1 localhost", ERR_NONE).count, 0);
	read_line(FORM_HOSTS, "", ERR_NONE);
	read_line(FORM_HOSTS, "  # only words", ERR_NONE);
	read_line(FORM_HOSTS, "ads.example", ERR_SYNTAX);
	read_line(FORM_HOSTS, "0.0.0.0", ERR_SYNTAX);
	read_line(FORM_HOSTS, "0.0.0.0 a..b", ERR_SYNTAX);
	read_line(FORM_HOSTS, "0.0.0.0 com", ERR_SYNTAX);
}

static void
test_domains(void **state)
{
	(void)state;
	assert_int_equal(
	    read_line(FORM_DOMAINS, "bad.example", ERR_NONE).item[0].reach,
	    REACH_TREE);
	assert_int_equal(
	    read_line(FORM_DOMAINS, "*.bad.example.", ERR_NONE).item[0].reach,
	    REACH_BELOW);
	read_line(FORM_DOMAINS, ".bad.example", ERR_NONE);
	read_line(FORM_DOMAINS, "com", ERR_SYNTAX);
	read_line(FORM_DOMAINS, "*", ERR_SYNTAX);
	read_line(FORM_DOMAINS, "*.com", ERR_SYNTAX);
	read_line(FORM_DOMAINS, "<html>", ERR_SYNTAX);
	read_line(FORM_DOMAINS, "two words.example", ERR_SYNTAX);
	read_line(FORM_DOMAINS, "192.0.2.7", ERR_SYNTAX);
}

static void
test_adblock(void **state)
{
	(void)state;
	assert_string_equal(
	    text_of(&read_line(FORM_ADBLOCK, "||Ads.example^", ERR_NONE)
			 .item[0]
			 .name),
	    "ads.example.");
	assert_true(read_line(FORM_ADBLOCK, "@@||ok.ads.example^", ERR_NONE)
			.item[0]
			.exception);
	read_line(FORM_ADBLOCK, "! a comment", ERR_NONE);
	read_line(FORM_ADBLOCK, "[Adblock Plus]", ERR_NONE);
	read_line(FORM_ADBLOCK, "||com^", ERR_SYNTAX);
	read_line(FORM_ADBLOCK, "||a..example^", ERR_SYNTAX);
}

/* Half of what browsers are given is nothing for a resolver; what other forms
 * have is another matter. */
static void
test_adblock_of_browsers(void **state)
{
	static const char *const beside[] = {
		"||ads.example^$third-party", "@@||ads.example^$script",
		"||ads.example/path^",	      "||ads.example/path",
		"a.example,b.example##.ad",   "  ads.example#@#.ad",
		"a.example#?#div:has(.ad)",   "a.example#$#hide",
		"a.example#%#//scriptlet()",  "||",
		"|https://ads.example/",      "/banner/*/img^",
		"-ad-300x250.",		      "&ad_box_",
		"ads.$image",		      "*$ping",
	};
	static const char *const other[] = {
		"ads.example", "0.0.0.0 ads.example", "address=/ads.example/",
		"192.0.2.1",   "<html>",	      "Not found",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
		read_line(FORM_ADBLOCK, beside[i], ERR_MISSING);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		read_line(FORM_ADBLOCK, other[i], ERR_SYNTAX);
	read_line(FORM_DOMAINS, "a.example##.ad", ERR_NONE);
}

static void
test_dnsmasq(void **state)
{
	struct heard h;

	(void)state;
	h = read_line(FORM_DNSMASQ, "address=/a.example/b.example/0.0.0.0",
		      ERR_NONE);
	assert_int_equal(h.count, 2);
	assert_int_equal(h.item[1].reach, REACH_TREE);
	read_line(FORM_DNSMASQ, "local=/a.example/", ERR_NONE);
	read_line(FORM_DNSMASQ, "server=/a.example/", ERR_NONE);
	assert_int_equal(
	    read_line(FORM_DNSMASQ, "server=/a.example/192.0.2.1", ERR_SYNTAX)
		.count,
	    0);
	read_line(FORM_DNSMASQ, "address=/a.example", ERR_SYNTAX);
	read_line(FORM_DNSMASQ, "cache-size=100", ERR_SYNTAX);
}

static void
assert_net(const struct item *item, const char *text)
{
	char buf[NET_TEXT_SIZE];

	assert_string_equal(net_print(&item->net, buf), text);
}

static void
test_addresses(void **state)
{
	struct heard h;

	(void)state;
	h = read_line(FORM_IPS, "192.0.2.0/24 ; SBL1", ERR_NONE);
	assert_net(&h.item[0], "192.0.2.0/24");
	h = read_line(FORM_IPS, "2001:db8::1", ERR_NONE);
	assert_net(&h.item[0], "2001:db8::1/128");
	h = read_line(FORM_IPS, "10.0.0.1-10.0.0.6", ERR_NONE);
	assert_int_equal(h.count, 4);
	assert_net(&h.item[0], "10.0.0.1/32");
	assert_net(&h.item[1], "10.0.0.2/31");
	assert_net(&h.item[2], "10.0.0.4/31");
	assert_net(&h.item[3], "10.0.0.6/32");
	h = read_line(FORM_IPS, "255.255.255.254-255.255.255.255", ERR_NONE);
	assert_int_equal(h.count, 1);
	h = read_line(FORM_IPS, "10.0.0.0-10.255.255.255", ERR_NONE);
	assert_net(&h.item[0], "10.0.0.0/8");
	h = read_line(FORM_IPS, "10.0.0.0\t10.0.0.255\t24\t7\tNAME\tUS",
		      ERR_NONE);
	assert_int_equal(h.count, 1);
	assert_net(&h.item[0], "10.0.0.0/24");
	h = read_line(FORM_IPS, "192.0.2.0/24 192.0.2.9", ERR_NONE);
	assert_net(&h.item[0], "192.0.2.0/24");
	read_line(FORM_IPS, "Start\tEnd\tNetmask", ERR_SYNTAX);
	read_line(FORM_IPS, "10.0.0.9 10.0.0.1 24", ERR_SYNTAX);
	read_line(FORM_IPS, "0.0.0.0/0", ERR_SYNTAX);
	read_line(FORM_IPS, "::/0", ERR_SYNTAX);
	read_line(FORM_IPS, "10.0.0.9-10.0.0.1", ERR_SYNTAX);
	read_line(FORM_IPS, "10.0.0.9-::1", ERR_SYNTAX);
	read_line(FORM_IPS, "a.example", ERR_SYNTAX);
}

/* ---- an image ------------------------------------------------------------ */

struct file {
	const char *path, *text;
};

static const struct file *files;

static enum err
open_file(void *arg, const char *what, struct text *why, int *fd_out)
{
	(void)arg;
	for (const struct file *f = files; f->path != NULL; f++) {
		if (strcmp(f->path, what + strcspn(what, ":") + 1) != 0)
			continue;
		*fd_out = memfd_create("list", 0);
		assert_int_not_equal(*fd_out, -1);
		assert_int_equal(write(*fd_out, f->text, strlen(f->text)),
				 strlen(f->text));
		lseek(*fd_out, 0, SEEK_SET);
		return ERR_NONE;
	}
	text_str(why, "cannot be read: there is none");
	return strncmp(what, "kept:", 5) == 0 ? ERR_NONE : ERR_DENIED;
}

struct made {
	struct lists lists;
	void *image;
	char complaints[4096];
	enum err err;
};

static struct made *
make(const char *text, const struct file *with)
{
	static struct made m;
	struct lists_source source = { .name = "lists",
				       .text = text,
				       .len = strlen(text),
				       .open = open_file };
	struct text complaints;
	size_t size;

	free(m.image);
	m = (struct made){ 0 };
	files = with;
	text_init(&complaints, m.complaints, sizeof(m.complaints));
	m.err = lists_compile(&source, &m.image, &size, &complaints);
	if (m.err == ERR_NONE)
		assert_int_equal(lists_view(m.image, size, &m.lists), ERR_NONE);
	return &m;
}

static const struct lists_ask by_name = { TRIGGER_QNAME, LISTS_ALL };
static const struct lists_ask by_addr = { TRIGGER_IP, LISTS_ALL };

/* "list/action", or "" where no list has it. */
static const char *
says(const struct made *m, const char *what)
{
	static char buf[64];
	struct lists_hit hit;
	struct addr a;
	bool listed;

	if (addr_parse(what, strlen(what), &a) == ERR_NONE) {
		listed = lists_match_addr(&m->lists, &by_addr, &a, &hit, NULL);
	} else {
		struct name n;

		assert_int_equal(name_parse(what, strlen(what), &n, NULL),
				 ERR_NONE);
		listed = lists_match_name(&m->lists, &by_name, &n, &hit, NULL);
	}
	if (!listed)
		return "";
	snprintf(buf, sizeof(buf), "%s/%s",
		 lists_text(&m->lists, lists_at(&m->lists, hit.list)->name),
		 action_word(hit.action));
	return buf;
}

static void
test_lists_in_order(void **state)
{
	static const struct file with[] = {
		{ "/ok", "good.bad.example\n" },
		{ "/bad", "bad.example\nworse.example\n*.below.example\n" },
		{ "/hosts", "0.0.0.0 one.example bad.example\n" },
		{ "/ips", "192.0.2.0/24\n2001:db8::/32\n" },
		{ "/ip", "192.0.2.7\n" },
		{ NULL, NULL },
	};
	struct made *m = make("list ok domains /ok action passthru\n"
			      "# a comment\n"
			      "list bad domains /bad\n"
			      "list hosts hosts /hosts action nodata\n"
			      "list nets ips \"/ips\" action drop\r\n"
			      "list one ips /ip action refused\n",
			      with);

	(void)state;
	assert_string_equal(m->complaints, "");
	assert_int_equal(m->err, ERR_NONE);
	assert_string_equal(says(m, "good.bad.example"), "ok/passthru");
	assert_string_equal(says(m, "A.GOOD.bad.example"), "ok/passthru");
	assert_string_equal(says(m, "bad.example"), "bad/nxdomain");
	assert_string_equal(says(m, "x.y.bad.example"), "bad/nxdomain");
	assert_string_equal(says(m, "below.example"), "");
	assert_string_equal(says(m, "x.below.example"), "bad/nxdomain");
	assert_string_equal(says(m, "one.example"), "hosts/nodata");
	assert_string_equal(says(m, "x.one.example"), "");
	assert_string_equal(says(m, "notbad.example"), "");
	assert_string_equal(says(m, "example"), "");
	assert_string_equal(says(m, "."), "");
	/* The earlier list, though the later one says more of it. */
	assert_string_equal(says(m, "192.0.2.7"), "nets/drop");
	assert_string_equal(says(m, "192.0.3.7"), "");
	assert_string_equal(says(m, "2001:db8:1::"), "nets/drop");
	assert_string_equal(says(m, "2001:db9::"), "");
}

static void
test_an_exception_is_of_its_list_alone(void **state)
{
	static const struct file with[] = {
		{ "/a", "||ads.example^\n@@||ok.ads.example^\n"
			"||bad.ok.ads.example^\n" },
		{ "/b", "ok.ads.example\n" },
		{ NULL, NULL },
	};
	struct made *m = make("list a adblock /a\n", with);

	(void)state;
	assert_string_equal(says(m, "ads.example"), "a/nxdomain");
	assert_string_equal(says(m, "ok.ads.example"), "");
	assert_string_equal(says(m, "x.ok.ads.example"), "");
	assert_string_equal(says(m, "bad.ok.ads.example"), "a/nxdomain");
	m = make("list a adblock /a\nlist b domains /b action refused\n", with);
	assert_string_equal(says(m, "ok.ads.example"), "b/refused");
}

static void
test_a_list_that_only_logs(void **state)
{
	static const struct file with[] = { { "/a", "bad.example\n" },
					    { NULL, NULL } };
	struct made *m = make("list seen domains /a action log\n"
			      "list bad domains /a\n",
			      with);
	struct lists_hit hit, log;
	struct name n;

	(void)state;
	assert_int_equal(name_parse("bad.example", 11, &n, NULL), ERR_NONE);
	assert_true(lists_match_name(&m->lists, &by_name, &n, &hit, &log));
	assert_int_equal(hit.list, 1);
	assert_int_equal(log.list, 0);
	m = make("list seen domains /a action log\n", with);
	assert_false(lists_match_name(&m->lists, &by_name, &n, &hit, &log));
	assert_int_equal(log.list, 0);
}

static void
test_wrong_lines_of_the_lists_file(void **state)
{
	static const struct file with[] = { { "/a", "bad.example\n" },
					    { NULL, NULL } };
	static const struct {
		const char *text, *said;
	} wrong[] = {
		{ "lists a domains /a\n", "lists:1:1: error: \"lists\" is not "
					  "known here" },
		{ "list\n", "the name of the list is missing" },
		{ "list a\n", "the form of the list is missing" },
		{ "list a rows /a\n", "lists:1:8: error: \"rows\" is not a "
				      "form" },
		{ "list a domains\n", "the source of the list is missing" },
		{ "list a domains a\n", "\"a\" is not an absolute path" },
		{ "list a domains /b\n", "there is none" },
		{ "list a domains \"/a\n",
		  "the source of the list is missing" },
		{ "list a domains /a action\n", "the action is missing" },
		{ "list a domains /a action shoot\n", "is not an action" },
		{ "list a domains /a verdict\n", "is not known here" },
		{ "list a/b domains /a\n", "is not a name for a list" },
		{ "list a domains /a\nlist a domains /a\n",
		  "lists:2:6: error: \"a\" names two lists" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct made *m = make(wrong[i].text, with);

		assert_int_equal(m->err, ERR_SYNTAX);
		if (strstr(m->complaints, wrong[i].said) == NULL)
			fail_msg("%s: %s", wrong[i].said, m->complaints);
	}
}

static void
test_wrong_lines_of_a_list(void **state)
{
	static const struct file with[] = {
		{ "/a", "one.example\ntwo words\ntwo.example\n!\n" },
		{ "/html", "<html>\n<head>\n<title>Not found</title>\n" },
		{ NULL, NULL },
	};
	struct made *m = make("list a domains /a\n", with);

	(void)state;
	assert_int_equal(m->err, ERR_NONE);
	assert_non_null(strstr(m->complaints,
			       "/a:2:1: warning: \"two words\" is left out"));
	assert_int_equal(lists_at(&m->lists, 0)->bad, 2);
	assert_int_equal(lists_at(&m->lists, 0)->names, 2);
	assert_string_equal(says(m, "two.example"), "a/nxdomain");
	m = make("list a domains /html\n", with);
	assert_int_equal(m->err, ERR_SYNTAX);
	assert_non_null(strstr(m->complaints, "is not the form of this list"));
	m = make("list a rpz /html\n", with);
	assert_int_equal(m->err, ERR_SYNTAX);
	assert_non_null(strstr(m->complaints, "is not a zone"));
	assert_non_null(strstr(m->complaints, "/html:1:1: warning: "));
}

static void
test_no_list_at_all(void **state)
{
	static const struct file none[] = { { NULL, NULL } };
	struct made *m = make("# nothing\n\n", none);
	struct lists nothing = { 0 };
	struct lists_hit hit;
	struct name n;

	(void)state;
	assert_int_equal(m->err, ERR_NONE);
	assert_string_equal(says(m, "a.example"), "");
	assert_string_equal(says(m, "192.0.2.1"), "");
	assert_int_equal(name_parse("a.example", 9, &n, NULL), ERR_NONE);
	assert_false(lists_match_name(&nothing, &by_name, &n, &hit, NULL));
}

/* Every byte of an image changed in turn: refused, or used without harm. */
static void
test_a_damaged_image(void **state)
{
	static const struct file with[] = { { "/a", "one.example\n" },
					    { NULL, NULL } };
	struct made *m = make("list a domains /a\n", with);
	size_t size = m->lists.size;
	uint64_t *copy = malloc(size);

	(void)state;
	assert_non_null(copy);
	for (size_t i = 0; i < size; i++) {
		struct lists l;
		struct lists_hit hit;
		struct name n;

		memcpy(copy, m->image, size);
		((uint8_t *)copy)[i] ^= 0xff;
		if (lists_view(copy, size, &l) != ERR_NONE)
			continue;
		name_parse("x.one.example", 13, &n, NULL);
		lists_match_name(&l, &by_name, &n, &hit, NULL);
	}
	assert_int_equal(lists_view(m->image, size - 8, &m->lists), ERR_IMAGE);
	free(copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_adblock),
		cmocka_unit_test(test_adblock_of_browsers),
		cmocka_unit_test(test_dnsmasq),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_lists_in_order),
		cmocka_unit_test(test_an_exception_is_of_its_list_alone),
		cmocka_unit_test(test_a_list_that_only_logs),
		cmocka_unit_test(test_wrong_lines_of_the_lists_file),
		cmocka_unit_test(test_wrong_lines_of_a_list),
		cmocka_unit_test(test_no_list_at_all),
		cmocka_unit_test(test_a_damaged_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
