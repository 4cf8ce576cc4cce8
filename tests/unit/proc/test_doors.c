/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listening sockets: refused twice, steered by client; files that may be
 * read as text, and the control socket. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proc/doors.h"

enum { WORKERS = 4, SOURCES = 40, ROUNDS = 3 };

static int udp[WORKERS], tcp[WORKERS];
static char why[1024];
static struct text complaint;

/* A port nobody has: the kernel's choice, given back. */
static uint16_t
free_port(int family)
{
	struct endpoint any = { .addr.family = (uint8_t)family };
	union sockaddr_any sa;
	socklen_t len = endpoint_to_sockaddr(&any, &sa);
	int fd = socket(sa.sa.sa_family, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, &sa.sa, len), 0);
	assert_int_equal(getsockname(fd, &sa.sa, &len), 0);
	close(fd);
	return family == 4 ? ntohs(sa.in.sin_port) : ntohs(sa.in6.sin6_port);
}

static struct door_bind
door_at(const char *address)
{
	struct door_bind b = { .workers = WORKERS, .udp = udp, .tcp = tcp };

	text_init(&complaint, why, sizeof(why));
	assert_int_equal(addr_parse(address, strlen(address), &b.at.addr),
			 ERR_NONE);
	b.at.port = free_port(b.at.addr.family);
	return b;
}

static void
shut(void)
{
	for (unsigned i = 0; i < WORKERS; i++) {
		close(udp[i]);
		close(tcp[i]);
	}
}

static void
a_second_instance_is_refused(void **state)
{
	struct door_bind b = door_at("127.0.0.1");
	int udp2[WORKERS], tcp2[WORKERS];
	struct door_bind again = b;

	(void)state;
	assert_int_equal(door_bind(&b, &complaint), ERR_NONE);
	again.udp = udp2;
	again.tcp = tcp2;
	assert_int_equal(door_bind(&again, &complaint), ERR_SYSTEM);
	assert_non_null(strstr(why, "127.0.0.1"));
	assert_non_null(strstr(why, "or --bind another address or port"));
	for (unsigned i = 0; i < WORKERS; i++)
		assert_int_equal(udp2[i], -1);
	shut();
}

/* Sends one datagram from a client address and says which worker got it. */
static int
worker_of(const struct door_bind *b, const char *client)
{
	union sockaddr_any to, from;
	socklen_t to_len = endpoint_to_sockaddr(&b->at, &to), from_len;
	struct endpoint source = { 0 };
	char byte = 'x';
	int fd, got = -1;

	assert_int_equal(addr_parse(client, strlen(client), &source.addr),
			 ERR_NONE);
	from_len = endpoint_to_sockaddr(&source, &from);
	fd = socket(to.sa.sa_family, SOCK_DGRAM, 0);
	assert_int_equal(bind(fd, &from.sa, from_len), 0);
	assert_int_equal(sendto(fd, &byte, 1, 0, &to.sa, to_len), 1);
	for (int i = 0; i < WORKERS; i++)
		if (recv(udp[i], &byte, 1, MSG_DONTWAIT) == 1)
			got = i;
	close(fd);
	return got;
}

static int
worker_of_stream(const struct door_bind *b, const char *client)
{
	union sockaddr_any to, from;
	socklen_t to_len = endpoint_to_sockaddr(&b->at, &to), from_len;
	struct endpoint source = { 0 };
	int fd, got = -1;

	assert_int_equal(addr_parse(client, strlen(client), &source.addr),
			 ERR_NONE);
	from_len = endpoint_to_sockaddr(&source, &from);
	fd = socket(to.sa.sa_family, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, &from.sa, from_len), 0);
	assert_int_equal(connect(fd, &to.sa, to_len), 0);
	for (int i = 0; i < WORKERS; i++) {
		int c = accept(tcp[i], NULL, NULL);

		if (c != -1) {
			got = i;
			close(c);
		}
	}
	close(fd);
	return got;
}

static void
a_client_always_meets_one_worker(void **state)
{
	struct door_bind b = door_at("127.0.0.1");
	unsigned seen[WORKERS] = { 0 };

	(void)state;
	assert_int_equal(door_bind(&b, &complaint), ERR_NONE);
	for (int i = 0; i < SOURCES; i++) {
		char client[20];
		int first;

		snprintf(client, sizeof(client), "127.0.%d.%d", i / 7, i + 1);
		first = worker_of(&b, client);
		assert_in_range(first, 0, WORKERS - 1);
		seen[first]++;
		for (int r = 0; r < ROUNDS; r++)
			assert_int_equal(worker_of(&b, client), first);
		assert_int_equal(worker_of_stream(&b, client), first);
	}
	for (int i = 0; i < WORKERS; i++)
		assert_true(seen[i] > 0);
	shut();
}

/* On a dual-stack socket IPv4 clients are steered by their IPv4 address. */
static void
dual_stack_steers_both(void **state)
{
	struct door_bind b = door_at("::");
	struct door_bind v4 = b;
	unsigned seen[WORKERS] = { 0 };

	(void)state;
	b.dual_stack = true;
	assert_int_equal(door_bind(&b, &complaint), ERR_NONE);
	addr_parse("127.0.0.1", 9, &v4.at.addr);
	for (int i = 1; i <= SOURCES; i++) {
		char client[20];
		int first;

		snprintf(client, sizeof(client), "127.0.3.%d", i);
		first = worker_of(&v4, client);
		assert_in_range(first, 0, WORKERS - 1);
		seen[first]++;
		assert_int_equal(worker_of(&v4, client), first);
		assert_int_equal(worker_of_stream(&v4, client), first);
	}
	for (int i = 0; i < WORKERS; i++)
		assert_true(seen[i] > 0);
	addr_parse("::1", 3, &v4.at.addr);
	assert_in_range(worker_of(&v4, "::1"), 0, WORKERS - 1);
	shut();
}

/* ---- files ------------------------------------------------------------- */

static char dir[] = "/tmp/dnsfw-doors-XXXXXX";
static char path[128];

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int
remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static const char *
in_dir(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static enum err
try_text(const char *name, uint64_t max)
{
	int fd = -1;
	enum err err;

	text_init(&complaint, why, sizeof(why));
	err = door_text_file(in_dir(name), max, &fd, &complaint);
	if (err == ERR_NONE)
		close(fd);
	else
		assert_non_null(strstr(why, name));
	return err;
}

static void
only_plain_files_are_text(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(try_text("missing", 100), ERR_DENIED);
	assert_int_equal(mkdir(in_dir("dir"), 0700), 0);
	assert_int_equal(try_text("dir", 100), ERR_DENIED);
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	assert_int_equal(try_text("fifo", 100), ERR_DENIED);
	fd = open(in_dir("file"), O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "0123456789", 10), 10);
	assert_int_equal(try_text("file", 10), ERR_NONE);
	assert_int_equal(try_text("file", 9), ERR_DENIED);
	assert_non_null(strstr(why, "too large"));
	assert_int_equal(fchmod(fd, 0620), 0);
	assert_int_equal(try_text("file", 10), ERR_DENIED);
	assert_non_null(strstr(why, "chmod go-w"));
	close(fd);
	unlink(in_dir("file"));
	unlink(in_dir("fifo"));
	rmdir(in_dir("dir"));
}

static enum err
try_control(const char *name, int *fd_out)
{
	text_init(&complaint, why, sizeof(why));
	return door_control(in_dir(name), getegid(), fd_out, &complaint);
}

static void
control_socket_is_one_daemons(void **state)
{
	struct stat st;
	int fd = -1, second = -1;

	(void)state;
	assert_int_equal(try_control("run/control", &fd), ERR_NONE);
	assert_int_equal(stat(in_dir("run/control"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(stat(in_dir("run"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
	assert_int_equal(try_control("run/control", &second), ERR_DENIED);
	assert_non_null(strstr(why, "held by another dns-firewall"));
	/* its owner is dead: the path is free again */
	close(fd);
	assert_int_equal(try_control("run/control", &second), ERR_NONE);
	close(second);
	unlink(in_dir("run/control"));
	fd = open(in_dir("run/control"), O_CREAT | O_WRONLY, 0600);
	close(fd);
	assert_int_equal(try_control("run/control", &fd), ERR_DENIED);
	assert_non_null(strstr(why, "not a socket"));
	unlink(in_dir("run/control"));
	rmdir(in_dir("run"));
}

static void
a_long_control_path_is_refused(void **state)
{
	char name[120];
	int fd;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	text_init(&complaint, why, sizeof(why));
	assert_int_equal(door_control(name, getegid(), &fd, &complaint),
			 ERR_DENIED);
	assert_non_null(strstr(why, "too long"));
}

/* ---- memory ------------------------------------------------------------ */

static void
sealed_memory_stays_as_it_is(void **state)
{
	int fd, only;
	char byte = 'y';

	(void)state;
	assert_int_equal(door_sealed_copy("t", "abc", 3, &fd), ERR_NONE);
	assert_int_equal(pwrite(fd, &byte, 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	close(fd);
	assert_int_equal(door_memory("t", 4096, &fd), ERR_NONE);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(door_read_only(fd, &only), ERR_NONE);
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
			      only, 0),
			 MAP_FAILED);
	close(only);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_instance_is_refused),
		cmocka_unit_test(a_client_always_meets_one_worker),
		cmocka_unit_test(dual_stack_steers_both),
		cmocka_unit_test(only_plain_files_are_text),
		cmocka_unit_test(control_socket_is_one_daemons),
		cmocka_unit_test(a_long_control_path_is_refused),
		cmocka_unit_test(sealed_memory_stays_as_it_is),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
