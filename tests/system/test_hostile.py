# SPDX-License-Identifier: GPL-2.0-or-later
"""Worker 0 belongs to an attacker: what it may ask of the warden, and what
becomes of it. (tests/load/hostile.c is the daemon with that worker.)"""

import os
import socket
import time
from pathlib import Path

import pytest

from daemon import SLOW
from dnsclient import OPEN, rcode, until

HOSTILE = Path(os.environ["DNSFW_BUILD"]) / "tests" / "load" / "hostile"
ACL = """\
10.1.0.0/24 -> allowed.test:TCP:443
10.1.0.0/24 -> *.wild.test:TCP:443
"""
OK, STALE, REFUSED = "0", "1", "2"
BAD_AT_MOST = 10

# forgery: its own status and detail
ANSWERS = {
    "pad": (REFUSED, 1), "epoch": (REFUSED, 2), "flags": (REFUSED, 3),
    "address": (REFUSED, 4), "address_pad": (REFUSED, 4),
    "client_none": (REFUSED, 4), "protocol": (REFUSED, 5),
    "port_zero": (REFUSED, 6), "port": (REFUSED, 6),
    "ttl_zero": (REFUSED, 7), "ttl_2_31": (REFUSED, 8),
    "ttl_long": (REFUSED, 8), "rule": (REFUSED, 9),
    "rule_none": (REFUSED, 9), "client": (REFUSED, 10),
    "family": (REFUSED, 11), "not_local": (REFUSED, 12),
    "loopback": (REFUSED, 13), "multicast": (REFUSED, 13),
    "any": (REFUSED, 13), "private": (REFUSED, 14), "own": (REFUSED, 15),
    "broadcast": (REFUSED, 15), "second": (REFUSED, 6),
    "stale": (STALE, 0), "future": (STALE, 0),
}
# what breaks the table of letters
BREAKS = ("magic", "version", "head_pad", "kind", "kind_unknown", "count_0",
          "count_65", "count_more", "short", "long", "one_byte")
ATTEMPTS = ("netlink", "raw", "unix", "packet", "open", "exec", "fork",
            "unshare", "ptrace", "kill", "memory")
GOOD = {("10.1.0.2", "tcp", 443, "203.0.113.5")}


class Attacker:
    """Who gives worker 0 its orders; its client is one of that worker's."""

    def __init__(self, stage, daemon):
        self.daemon = daemon
        clients = [stage.client(n) for n in range(2, 30)]
        self.mine = next(c for c in clients
                         if c.raw(b"good", 0.5) is not None)
        self.honest = next(c for c in clients if c.raw(b"good", 0.5) is None)

    def order(self, what, patience=4.0):
        got = self.mine.raw(what.encode(), patience * SLOW)
        return got and got.decode()

    def pid(self):
        return next((p.pid for p in self.daemon.by_role("worker 0")), None)

    def is_another_than(self, pid):
        return until(lambda: self.pid() not in (None, pid)
                     and self.order("good", 0.5), 8 * SLOW)


@pytest.fixture
def attacker(stage, up):
    d = stage.daemon(ACL, binary=HOSTILE, workers=2)
    return Attacker(stage, d)


def test_each_forgery_has_its_own_answer(stage, attacker):
    assert attacker.order("good") == "0 0 1"
    assert stage.lab.grants() == GOOD
    bad = 0
    for name, (status, detail) in ANSWERS.items():
        pid = attacker.pid()
        assert attacker.order(name) == f"{status} {detail} 0", name
        assert stage.lab.grants() == GOOD, name
        bad += status == REFUSED
        if bad == BAD_AT_MOST - 1:
            attacker.order("port", 0.3)
            assert attacker.is_another_than(pid), name
            bad = 0
    assert rcode(attacker.honest.ask("allowed.test")) == "NOERROR"
    assert attacker.honest.connect("203.0.113.5") == OPEN


def test_after_ten_it_is_ended(attacker):
    pid, others = attacker.pid(), attacker.daemon.by_role("warden")
    for _ in range(BAD_AT_MOST - 1):
        assert attacker.order("port") == "2 6 0"
    time.sleep(0.3)
    assert attacker.pid() == pid
    attacker.order("loopback", 0.5)
    assert attacker.is_another_than(pid)
    attacker.daemon.err.wait(r"^\[ERROR\] Worker 0 sent 10 bad letters and "
                             r"is ended$")
    attacker.daemon.err.wait(r'asked for a grant that it may not have '
                             r'cause="the port"')
    assert [p.pid for p in attacker.daemon.by_role("warden")] \
        == [p.pid for p in others]
    assert rcode(attacker.honest.ask("allowed.test")) == "NOERROR"


@pytest.mark.parametrize("name", BREAKS)
def test_who_breaks_the_table_is_ended(stage, attacker, name):
    pid = attacker.pid()
    warden = attacker.daemon.by_role("warden")[0].pid
    before = stage.lab.grants()
    assert attacker.order(name, 0.3) in (None, "silence")
    assert attacker.is_another_than(pid)
    attacker.daemon.err.wait(r"^\[ERROR\] Worker 0 broke the table of letters"
                             r" and is ended$")
    assert attacker.daemon.by_role("warden")[0].pid == warden
    assert stage.lab.grants() - GOOD == before - GOOD
    assert rcode(attacker.honest.ask("allowed.test")) == "NOERROR"


def test_a_flood_of_letters_holds_up_nobody(attacker):
    """200,000 that are right, one after the other: the others have their
    turn between them."""
    honest = attacker.honest
    honest.ask("allowed.test")
    with attacker.mine.socket(socket.SOCK_DGRAM, 20 * SLOW) as s:
        s.connect((attacker.mine.server, attacker.mine.port))
        s.send(b"flood 200000")
        took = []
        for name in ["a.wild.test"] + ["allowed.test"] * 40:
            began = time.monotonic()
            assert rcode(honest.ask(name)) == "NOERROR"
            took.append(time.monotonic() - began)
        assert sorted(took)[-3] < 0.5 * SLOW, took
        assert int(s.recv(64)) > 0


@pytest.mark.plain
def test_it_has_no_power(attacker):
    pid = attacker.pid()
    for name in ATTEMPTS:
        assert attacker.order("attempt " + name) == "denied", name
    assert attacker.pid() == pid
