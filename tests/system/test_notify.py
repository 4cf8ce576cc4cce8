# SPDX-License-Identifier: GPL-2.0-or-later
"""NOTIFY at the address of the clients, with nothing else set."""

import contextlib
import os
import signal
import socket
import struct
import time

import dns.message
import pytest

from daemon import SLOW
from dnsclient import question, rcode, read_frame, until
from lab import ROUTER, ROUTER6, UPSTREAM, UPSTREAM6
from primaries import ACL, PORT, SECRET, ZONE, Knot, Named, keyring, signed
from test_source import unchecked

KEY = ("key.test", "hmac-sha256", SECRET)
OTHER = SECRET.replace("AQID", "AQIE")
HERE, HERE6 = "172.30.0.1@53", "fd00:2::1@53"
BOUND = [ROUTER, ROUTER6, *(at.partition("@")[0] for at in (HERE, HERE6))]
RATE, SECONDS = 10000, 2


@pytest.fixture
def port53(house):
    """Its daemon hears at port 53 alone."""
    begin = house.start

    def start(*args, **options):
        return begin(*args, **{"notify_bind": None, "bind": BOUND, **options})
    house.start = start
    return house


@contextlib.contextmanager
def frozen(daemon):
    """The lists process does not run."""
    process, = daemon.by_role("lists")
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield process
    finally:
        os.kill(process.pid, signal.SIGCONT)


def counter(d, name):
    return d.counters().get(name, 0)


@pytest.mark.parametrize("kind, bound", (
    (Knot, BOUND), (Named, BOUND), (Knot, ["::"]), (Named, ["0.0.0.0"])))
def test_a_primary_notifies_port_53(port53, kind, bound):
    primary = port53.primary(kind, notify=HERE)
    primary.publish(1, ["bad.test", "x.test"])
    d = port53.start(key=KEY[:2], bind=bound)
    port53.becomes(bad=True, worse=False)
    primary.publish(2, ["worse.test", "x.test"])
    port53.becomes(bad=False, worse=True)
    d.err.wait(r"List zone has .*: serial (1 to )?2, ")
    assert counter(d, "notifies") >= 1


@pytest.mark.parametrize("tcp", (False, True), ids=("udp", "tcp"))
def test_it_is_judged_there_as_anywhere(port53, tcp):
    primary = port53.scripted(keyring=keyring(*KEY))
    primary.records = ["bad.test"]
    d = port53.start(key=KEY[:2])
    port53.becomes(bad=True)

    def refused(rcode_, said, **how):
        assert primary.notify(HERE, tcp=tcp, **how) == rcode_
        d.err.wait(rf"NOTIFY from {primary.address} about .* is refused: "
                   rf".*{said}")
        until(lambda: False, 1.1)   # one line a second
    refused(5, "it is not signed")
    refused(9, "it is signed with another key", key=("x.test", *KEY[1:]))
    refused(9, "its signature is wrong", key=(*KEY[:2], OTHER))
    refused(9, "it was signed at another time", key=KEY, offset=-310)
    refused(9, "its sender is no primary of this zone", key=KEY,
            zone="other.test")
    assert [t for _, t in primary.asked] == ["AXFR"]
    primary.records, primary.serial = ["fine.test"], 2
    assert primary.notify(HERE, key=KEY, tcp=tcp) == 0
    port53.becomes(bad=False, fine=True)
    assert counter(d, "notifies") == 6


def test_from_an_address_of_ipv6(port53):
    primary = port53.scripted(address=UPSTREAM6, keyring=keyring(*KEY))
    primary.records = ["bad.test"]
    port53.start([f"{UPSTREAM6}@{PORT}"], key=KEY[:2])
    port53.becomes(bad=True)
    primary.records, primary.serial = ["fine.test"], 2
    assert primary.notify(HERE6, key=KEY) == 0
    port53.becomes(bad=False, fine=True)


@contextlib.contextmanager
def also_at(namespace, address):
    namespace.run("ip", "addr", "add", f"{address}/32", "dev", "lo")
    try:
        yield
    finally:
        namespace.run("ip", "addr", "del", f"{address}/32", "dev", "lo")


def test_others_get_no_further_than_the_worker(port53):
    """Neither who is no primary, nor a client; nor by another interface who
    says that he is one."""
    primary = port53.scripted(keyring=keyring(*KEY))
    other = port53.scripted(address=UPSTREAM, port=5300)
    primary.records = ["bad.test"]
    d = port53.start(key=KEY[:2])
    port53.becomes(bad=True)
    news = primary.news()
    for who in (other.notify(HERE), other.notify(HERE, tcp=True),
                port53.client.send(news).rcode(),
                port53.client.send(news, tcp=True).rcode()):
        assert who == 5
    lab = port53.stage.lab
    with unchecked(lab), also_at(lab.lan, primary.address), \
            lab.lan.socket() as s:
        s.bind((primary.address, 0))
        s.sendto(news.to_wire(), (ROUTER, 53))
        assert until(lambda: counter(d, "dropped_source") == 1)
    assert counter(d, "notifies") == 0
    assert "NOTIFY from" not in d.err.text
    assert [t for _, t in primary.asked] == ["AXFR"]


def test_where_no_zone_is_transferred_it_is_not_implemented(stage):
    (stage.directory / "lists").write_text("list a domains =bad.test\n")
    (stage.directory / "lists").chmod(0o644)
    stage.daemon(ACL, lists=stage.directory / "lists",
                 lists_dir=stage.directory / "kept")
    news = question(ZONE, "SOA")
    news.set_opcode(4)
    assert rcode(stage.client().send(news)) == "NOTIMP"


def test_a_late_answer_reaches_nobody_else(port53):
    """Its connection is gone; another may have its place."""
    primary = port53.scripted(keyring=keyring(*KEY))
    primary.records = ["bad.test"]
    d = port53.start(key=KEY[:2], workers=1)
    port53.becomes(bad=True)
    message = primary.news()
    message.use_tsig(keyring(*KEY))
    wire = signed(message)[0]

    def call():
        s = port53.stage.lab.net.socket(kind=socket.SOCK_STREAM)
        s.settimeout(5 * SLOW)
        s.bind((primary.address, 0))
        s.connect(("172.30.0.1", 53))
        return s
    with frozen(d), call() as gone:
        gone.sendall(struct.pack("!H", len(wire)) + wire)
        assert until(lambda: counter(d, "notifies") == 1)
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
        gone.close()
        assert until(lambda: counter(d, "tcp_closed") == 1)
        next_ = call()
        message = primary.news("next.test")
        mine = message.to_wire()
        next_.sendall(struct.pack("!H", len(mine)) + mine)
        assert until(lambda: counter(d, "notifies") == 2)
    with next_:
        answer = dns.message.from_wire(read_frame(next_))
        assert answer.id == message.id and answer.rcode() == 9
        next_.settimeout(0.5)
        assert read_frame(next_) is None
    assert until(lambda: len(primary.asked) > 1, 10 * SLOW)


def test_nobody_waits_for_a_judge_that_does_not_come(port53):
    primary = port53.scripted()
    primary.records = ["bad.test"]
    d = port53.start(workers=1)
    port53.becomes(bad=True)
    with frozen(d), port53.stage.lab.net.socket() as s:
        s.bind((primary.address, 0))
        for n in range(40):
            message = primary.news()
            message.id = n
            s.sendto(message.to_wire(), ("172.30.0.1", 53))
        assert until(lambda: counter(d, "dropped_notify") == 24)
        assert counter(d, "notifies") == 16
        assert port53.blocked("bad.test")
        # what has waited for four seconds is forgotten
        assert until(lambda: primary_hears(s, d), 10 * SLOW)
    assert primary.notify(HERE) == 0
    process, = d.by_role("lists")
    os.kill(process.pid, signal.SIGKILL)
    assert until(lambda: d.by_role("lists")
                 and d.by_role("lists")[0].pid != process.pid, 10 * SLOW)

    def is_heard():
        with contextlib.suppress(TimeoutError):
            return primary.notify(HERE) == 0
    assert until(is_heard, 20 * SLOW)


def primary_hears(s, d):
    """There is a place again."""
    message = dns.message.make_query(ZONE, "SOA")
    message.set_opcode(4)
    before = counter(d, "notifies")
    s.sendto(message.to_wire(), ("172.30.0.1", 53))
    return until(lambda: counter(d, "notifies") > before, 0.2)


def ticks(process):
    """CPU that it has used."""
    fields = (process.path / "stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def storm(s, wire, client):
    """So many a second, and a query between them now and then: how many were
    sent, and how long the answers took."""
    took, sent = [], 0
    begin = time.monotonic()
    while (now := time.monotonic() - begin) < SECONDS:
        while sent < now * RATE:
            s.sendto(wire, ("172.30.0.1", 53))
            sent += 1
        asked = time.monotonic()
        assert rcode(client.ask("allowed.test")) == "NOERROR"
        took.append(time.monotonic() - asked)
    return sent, sorted(took)


@pytest.mark.plain
@pytest.mark.parametrize("who", ("stranger", "primary"))
def test_a_storm_slows_nobody(port53, who):
    primary = port53.scripted(keyring=keyring(*KEY))
    primary.records = ["bad.test"]
    d = port53.start(key=KEY[:2])
    port53.becomes(bad=True)
    process, = d.by_role("lists")
    wire = primary.news().to_wire()
    before = ticks(process)
    with port53.stage.lab.net.socket() as s:
        s.bind((primary.address if who == "primary" else UPSTREAM, 0))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        sent, took = storm(s, wire, port53.client)
    assert sent > RATE / 4 * SECONDS
    heard = counter(d, "notifies")
    if who == "primary":
        assert 50 <= heard <= 50 * (SECONDS + 2), heard
        assert counter(d, "dropped_notify") > 0
    else:
        assert heard == 0
    assert ticks(process) - before < 0.2
    assert took[len(took) // 2] < 0.05 * SLOW, took
    # and who is right is heard afterwards
    until(lambda: False, 1.1)
    assert primary.notify(HERE, key=KEY) == 0
    assert until(lambda: len(primary.asked) > 1, 10 * SLOW)
