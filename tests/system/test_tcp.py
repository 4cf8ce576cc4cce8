# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections, their limits, and clients that ask for too much."""

import contextlib
import itertools
import os
import selectors
import socket
import struct
import threading
import time

import dns.edns
import dns.message
import pytest

from dnsclient import question, rcode, read_frame, until
from lab import ROUTER

ACL = """\
10.1.0.0/16 -> allowed.test:TCP:443
10.1.0.0/16 -| fixed.test = 192.0.2.1
10.1.0.0/16 ~> slow.test
10.1.0.0/16 ~> *.slow.test
"""

KEEPALIVE = 11


def frame(message):
    wire = message if isinstance(message, bytes) else message.to_wire()
    return struct.pack("!H", len(wire)) + wire


def keepalive(value=b""):
    return question("fixed.test",
                    options=[dns.edns.GenericOption(KEEPALIVE, value)])


def told(message):
    """Our idle time in an answer, in units of 100 ms; None: not there."""
    for option in message.options:
        if int(option.otype) == KEEPALIVE:
            return struct.unpack("!H", option.to_wire())[0]
    return None


def stats(d):
    found = {}
    for line in d.ctl("status").splitlines():
        words = line.split()
        if len(words) >= 2 and words[1].isdigit():
            found[words[0]] = int(words[1])
    return found


def closed(s, seconds):
    """Whether the other side ends the connection within that time."""
    s.settimeout(seconds)
    try:
        while s.recv(65536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


# --- edns-tcp-keepalive --------------------------------------------------

def test_keepalive_is_told_over_tcp(stage, up):
    stage.daemon(ACL)
    client = stage.client()
    assert told(client.send(keepalive(), tcp=True)) == 100
    assert told(client.ask("fixed.test", tcp=True, edns=1232)) is None
    assert told(client.send(keepalive())) is None


def test_keepalive_tells_the_option_timeout(stage, up):
    stage.daemon(ACL, timeout=37)
    assert told(stage.client().send(keepalive(), tcp=True)) == 370


def test_keepalive_with_a_value(stage, up):
    stage.daemon(ACL)
    client = stage.client()
    assert rcode(client.send(keepalive(b"\0\1"), tcp=True)) == "FORMERR"
    assert rcode(client.send(keepalive(b"\0\1"))) == "NOERROR"


def test_keepalive_goes_no_further(stage, up):
    stage.daemon(ACL)
    message = question("allowed.test",
                       options=[dns.edns.GenericOption(KEEPALIVE, b"")])
    assert rcode(stage.client().send(message, tcp=True)) == "NOERROR"
    assert up.seen
    for query in up.seen:
        assert not any(int(o.otype) == KEEPALIVE
                       for o in query.message.options)


# --- connections ---------------------------------------------------------

def test_strangers_do_not_take_the_places_of_clients(stage, up):
    d = stage.daemon(ACL, max_connections=8)
    with contextlib.ExitStack() as stack:
        strange = [stack.enter_context(stage.stranger().stream(5))
                   for _ in range(4)]
        assert until(lambda: stats(d)["tcp_refused_stranger"] == 2)
        assert [closed(s, 0.2) for s in strange[2:]] == [True, True]
        for number in range(2, 8):
            s = stack.enter_context(stage.client(number).stream(5))
            s.sendall(frame(question("fixed.test")))
            assert read_frame(s)
    d.err.wait("too many TCP connections to take one of a client in no net; "
               "client=10.66.0.2")


@pytest.mark.parametrize("workers", (1, 2, 4))
def test_the_33rd_of_one_client_is_refused(stage, up, workers):
    d = stage.daemon(ACL, workers=workers)
    client, other = stage.client(), stage.client(3)
    with contextlib.ExitStack() as stack:
        def ask(who):
            s = stack.enter_context(who.stream(3))
            with contextlib.suppress(OSError):
                s.sendall(frame(question("fixed.test")))
                return read_frame(s) is not None
            return False
        assert [ask(client) for _ in range(40)] == [True] * 32 + [False] * 8
        assert all(ask(other) for _ in range(32))
        assert rcode(client.ask("fixed.test", timeout=1)) == "NOERROR"
    assert stats(d)["tcp_refused_client"] == 8
    d.err.wait(r"^\[WARN \] Limit reached: too many TCP connections of one "
               r"client; client=10\.1\.0\.2 ")


def test_two_hundred_do_not_touch_udp(stage, up):
    """A client that opens all it can, and sends a byte now and then."""
    d = stage.daemon(ACL)
    client, other = stage.client(), stage.client(3)
    quiet, busy = [], []

    def times(into, many=200):
        for _ in range(many):
            began = time.monotonic()
            assert rcode(other.ask("fixed.test", timeout=1)) == "NOERROR"
            into.append(time.monotonic() - began)
    times(quiet)
    with contextlib.ExitStack() as stack:
        held = []
        for _ in range(200):
            with contextlib.suppress(OSError):
                held.append(stack.enter_context(client.stream(1)))
        for s in held:
            with contextlib.suppress(OSError):
                s.send(b"\0")
        times(busy)
        began = time.monotonic()
        assert all(closed(s, 4) for s in held)
        assert time.monotonic() - began < 4
    assert stats(d)["tcp_refused_client"] >= 160
    assert sorted(busy)[197] < max(5 * sorted(quiet)[197], 0.02)


def test_max_connections_is_of_all_workers(stage, up):
    d = stage.daemon(ACL, workers=4, max_connections=8)
    with contextlib.ExitStack() as stack:
        taken = 0
        for number in range(2, 22):
            s = stack.enter_context(stage.client(number).stream(2))
            with contextlib.suppress(OSError):
                s.sendall(frame(question("fixed.test")))
                taken += read_frame(s) is not None
        assert taken == 8
    assert stats(d)["tcp_refused"] == 12
    assert until(lambda: stats(d)["tcp_closed"] == stats(d)["tcp_accepted"])


def test_a_worker_that_dies_gives_its_places_back(stage, up):
    d = stage.daemon(ACL, workers=1, max_connections=4)
    with contextlib.ExitStack() as stack:
        for number in (2, 3, 4, 5):
            s = stack.enter_context(stage.client(number).stream(2))
            s.sendall(frame(question("fixed.test")))
            assert read_frame(s)
        worker, = d.by_role("worker")
        os.kill(worker.pid, 9)
        assert until(lambda: any(p.pid != worker.pid
                                 for p in d.by_role("worker")))
        assert until(lambda: stage.client(6).raw_tcp(
            question("fixed.test").to_wire(), 1), 5)


@pytest.mark.slow
def test_a_slow_trickle_is_closed(stage, up):
    """The idle time counts from the last whole query."""
    stage.daemon(ACL)
    with stage.client().stream(15) as s:
        s.sendall(frame(question("fixed.test")))
        assert read_frame(s)
        began = time.monotonic()
        s.send(b"\0")
        while not closed(s, 2.5):
            assert time.monotonic() - began < 12
            with contextlib.suppress(OSError):
                s.send(b"\40")
        assert 9 < time.monotonic() - began < 12.5


@pytest.mark.parametrize("length, answered", (
    (0, False), (1, False), (11, False), (12, True), (65535, False)))
def test_lengths(stage, up, length, answered):
    stage.daemon(ACL)
    client = stage.client()
    with client.stream(1) as s:
        s.sendall(struct.pack("!H", length))
        with contextlib.suppress(OSError):
            s.sendall(b"\1" * min(length, 12) + b"\0" * max(length - 12, 0))
        if answered:
            got = read_frame(s)
            assert got and got[3] & 15 in (1, 4)
        else:
            assert closed(s, 1.5)
    assert rcode(client.ask("fixed.test", tcp=True)) == "NOERROR"


def test_ten_thousand_pipelined(stage, up):
    """A thousand are answered, whatever lies unread behind them."""
    d = stage.daemon(ACL)
    client = stage.client()
    wire = b"".join(frame(question("fixed.test", id=n)) for n in range(10000))
    ids = set()
    with client.stream(5) as s:
        def send():
            with contextlib.suppress(OSError):
                s.sendall(wire)
        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        while (got := read_frame(s)) is not None:
            assert got[3] & 15 == 0
            ids.add(struct.unpack("!H", got[:2])[0])
        sender.join(5)
    assert ids == set(range(1000))
    assert stats(d)["tcp_spent"] == 1
    assert rcode(client.ask("fixed.test", tcp=True)) == "NOERROR"


def test_answers_come_when_they_are_ready(stage, up):
    """What is slow does not hold up what is not."""
    up.add("slow.test", "A", "203.0.113.9")
    up.script["slow.test"] = lambda q: threading.Timer(
        0.5, lambda: q.send(q.answer())).start()
    stage.daemon(ACL)
    with stage.client().stream(3) as s:
        s.sendall(frame(question("slow.test", id=1))
                  + frame(question("fixed.test", id=2)))
        ids = [struct.unpack("!H", read_frame(s)[:2])[0] for _ in range(2)]
    assert ids == [2, 1]


def test_reset_in_the_middle_of_answers(stage, up):
    d = stage.daemon(ACL)
    client = stage.client()
    wire = b"".join(frame(question("allowed.test", id=n)) for n in range(90))
    for _ in range(30):
        with client.stream(2) as s:
            s.sendall(wire)
            s.recv(10)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
    assert rcode(client.ask("fixed.test", tcp=True)) == "NOERROR"
    assert until(lambda: stats(d)["tcp_closed"] == stats(d)["tcp_accepted"])
    assert len(d.by_role("worker")) == 2


def test_half_closed_still_hears(stage, up):
    stage.daemon(ACL)
    with stage.client().stream(3) as s:
        s.sendall(frame(question("allowed.test", id=5)))
        s.shutdown(socket.SHUT_WR)
        got = dns.message.from_wire(read_frame(s))
        assert got.id == 5 and rcode(got) == "NOERROR"
        assert s.recv(1) == b""


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        words = f.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def test_without_descriptors_it_does_not_spin(stage, up):
    few = ("sh", "-c", 'ulimit -n 48; exec "$@"', "sh")
    d = stage.daemon(ACL, workers=1, prefix=few)
    other = stage.client(9)
    worker, = d.by_role("worker")
    with contextlib.ExitStack() as stack:
        for number in range(60):
            s = stack.enter_context(stage.client(2 + number % 5).stream(2))
            s.send(frame(question("fixed.test")))
        d.err.wait(r"^\[WARN \] Limit reached: too many open descriptors")
        used = cpu_seconds(worker.pid)
        time.sleep(1)
        assert cpu_seconds(worker.pid) - used < 0.05
        assert rcode(other.ask("fixed.test", timeout=1)) == "NOERROR"
        assert rcode(other.ask("allowed.test", timeout=4.5)) == "SERVFAIL"
        assert stats(d)["tcp_refused_descriptor"] > 0
    assert until(lambda: other.raw_tcp(question("fixed.test").to_wire(), 1), 5)


# --- strangers and floods ------------------------------------------------

@contextlib.contextmanager
def strangers(stage, count):
    """A socket for each of so many clients of one net nobody knows."""
    lan = stage.lab.lan
    addresses = [f"10.66.0.{number}" for number in range(3, 3 + count)]
    with contextlib.ExitStack() as stack:
        made = []
        for address in addresses:
            lan.run("ip", "addr", "add", f"{address}/32", "dev", "eth0")
            stack.callback(lan.run, "ip", "addr", "del", f"{address}/32",
                           "dev", "eth0")
            s = stack.enter_context(
                lan.socket(socket.AF_INET, socket.SOCK_DGRAM))
            s.bind((address, 0))
            s.connect((ROUTER, 53))
            s.setblocking(False)
            made.append(s)
        yield made


def test_strangers_hear_five_a_second_of_all_workers(stage, up):
    d = stage.daemon(ACL, workers=4)
    query = question("allowed.test", edns=1232).to_wire()
    answers, watched = [], selectors.DefaultSelector()
    with strangers(stage, 30) as asking:
        for s in asking:
            watched.register(s, selectors.EVENT_READ)
        began = time.monotonic()
        while time.monotonic() - began < 4:
            for s in asking:
                s.send(query)
            for key, _ in watched.select(0.02):
                answers.append(key.fileobj.recv(4096))
        lasted = time.monotonic() - began
        while late := watched.select(0.3):
            answers += [key.fileobj.recv(4096) for key, _ in late]
    assert 10 <= len(answers) <= 5 * (lasted + 1), len(answers)
    assert all(len(a) <= len(query) for a in answers)
    assert all(a[3] & 15 == 5 for a in answers)
    found = stats(d)
    assert found["dropped_rate"] > 1000
    assert found["strangers"] == found["dropped_rate"] + len(answers)
    d.err.wait(r"^\[INFO \] Limit reached: too many queries of clients in no "
               r"net; client=10\.66\.0\.")


def flood(stage, number, wires, seconds):
    """One client, some 10,000 queries a second, without listening. (More
    would fill queues of the kernel that the tests beside us use too.)"""
    client = stage.client(number)
    end = time.monotonic() + seconds
    with client.socket(socket.SOCK_DGRAM, 1) as s:
        s.connect((client.server, client.port))
        s.setblocking(False)
        for at in itertools.cycle(range(0, len(wires), 20)):
            if time.monotonic() > end:
                return
            for wire in wires[at:at + 20]:
                with contextlib.suppress(OSError):
                    s.send(wire)
            time.sleep(0.002)


@pytest.mark.slow
@pytest.mark.plain
@pytest.mark.parametrize("rate", (0, 1000))
def test_a_flood_leaves_others_their_answers(stage, up, rate):
    """Both on one worker; the flood asks what is slow to come."""
    d = stage.daemon(ACL, workers=1, max_client_queries=rate)
    up.silent = True
    wires = [question(f"n{n}.slow.test").to_wire() for n in range(10000)]
    flooder = threading.Thread(target=flood, args=(stage, 2, wires, 4.5))
    victim = stage.client(3)
    query = question("fixed.test").to_wire()
    got = asked = 0
    flooder.start()
    time.sleep(0.5)
    with victim.socket(socket.SOCK_DGRAM, 1) as s:
        s.connect((victim.server, victim.port))
        for _ in range(350):
            s.send(query)
            asked += 1
            with contextlib.suppress(TimeoutError):
                got += len(s.recv(4096)) > 0
            time.sleep(0.01)
    flooder.join()
    assert got >= asked * 0.999, (got, asked, stats(d))
    name = "dropped_client_rate" if rate else "dropped_client_share"
    assert stats(d)[name] > 1000
    d.err.wait(r"^\[WARN \] Limit reached: too many queries (a second )?of "
               r"one client")


def test_a_rate_for_each_client(stage, up):
    d = stage.daemon(ACL, max_client_queries=20)
    client = stage.client()
    wire = question("fixed.test").to_wire()
    answers = 0
    with client.socket(socket.SOCK_DGRAM, 0.3) as s:
        s.connect((client.server, client.port))
        for _ in range(100):
            s.send(wire)
        with contextlib.suppress(TimeoutError):
            while s.recv(4096):
                answers += 1
    assert 20 <= answers <= 30
    assert stats(d)["dropped_client_rate"] == 100 - answers
    assert rcode(stage.client(3).ask("fixed.test")) == "NOERROR"
    assert until(lambda: client.raw(wire, 0.5))
