# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory that is not to be had at the start, and a date that jumps.
(tests/load/shaken.c is the daemon on such ground.)"""

import contextlib
import os
import re
import shutil
import socket
import struct
import time
from pathlib import Path

import pytest

from daemon import SLOW
from dnsclient import OPEN, addresses, question, until

pytestmark = pytest.mark.plain

SHAKEN = Path(os.environ["DNSFW_BUILD"]) / "tests" / "load" / "shaken"
RULE = "10.1.0.0/24 -> *.wild.test:TCP:443\n"
ROLES = ("supervisor", "worker", "warden", "recorder", "control", "compiler")
ROLES_AT = {name: at for at, name in enumerate(ROLES)}  # as enum role
PLAN = struct.Struct("=5q")
NEVER = 1 << 60
DAY = 86400
SIGNAL = re.compile(r"by signal|libev|Assertion|assert")


class Ground:
    """A copy of the binary with a plan beside it."""

    def __init__(self, directory):
        self.binary = directory / "shaken"
        shutil.copy(SHAKEN, self.binary)
        self.path = directory / "shaken.plan"
        self.write()

    def write(self, fail_at=0, role=0, skew=0):
        self.path.write_bytes(PLAN.pack(fail_at, role, 0, skew, 0))

    def set_date(self, skew):
        with self.path.open("r+b") as f:
            f.seek(24)
            f.write(struct.pack("=q", skew))

    def read(self):
        _, _, allocations, _, dates = PLAN.unpack(self.path.read_bytes())
        return allocations, dates


@pytest.fixture
def ground(directory):
    return Ground(directory)


@pytest.fixture
def zone(up):
    up.fallback = lambda q: [
        (q.text, 300, "A", f"45.0.0.{int(q.text[1:].split('.')[0])}")]


# --- memory ---------------------------------------------------------------

def start(stage, ground):
    return stage.daemon(RULE, binary=ground.binary, workers=1, wait=False)


def ended_or_started(d):
    """True: it answers."""
    assert until(lambda: d.popen.poll() is not None
                 or d.err.has("Server started"), 15 * SLOW), d.err.text
    return d.popen.poll() is None


def allocations_of(stage, ground, role):
    ground.write(NEVER, role)
    d = start(stage, ground)
    assert ended_or_started(d)
    assert until(lambda: "state ok" in d.ctl("status"), 10 * SLOW)
    d.stop()
    return ground.read()[0]


def chosen(count, most):
    """Some of 1..count, the first and the last among them."""
    if count <= most:
        return range(1, count + 1)
    return sorted({1 + round(n * (count - 1) / (most - 1))
                   for n in range(most)})


def answers(client):
    got = client.raw(question("n1.wild.test").to_wire(), 1)
    return got and got[3] & 15 == 0


def fail_one(stage, ground, role, number):
    """What came of it where that allocation failed."""
    ground.write(number, role)
    d = start(stage, ground)
    if ended_or_started(d):
        # a worker may end over its first query, and the query with it
        assert until(lambda: answers(stage.client()), 10 * SLOW), number
        d.stop()
        came = "started"
    else:
        status = d.expect_end()
        assert status == 1, (number, status, d.err.text)
        d.err.wait(r"^\[ERROR\]")
        came = "refused"
    assert not SIGNAL.search(d.err.text), (number, d.err.text)
    return came


def campaign(stage, ground, role, most):
    number = ROLES_AT[role]
    count = allocations_of(stage, ground, number)
    return [fail_one(stage, ground, number, n)
            for n in chosen(count, most)]


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_an_allocation_fails_at_the_start(stage, zone, ground, role):
    """It says so and ends, or does without; it never falls over."""
    assert campaign(stage, ground, role, 12)


# --- the date -------------------------------------------------------------

def asked_for_the_date(ground):
    """Somebody of the daemon has seen it since."""
    _, before = ground.read()
    return lambda: ground.read()[1] > before


def test_a_day_more_or_less_changes_nothing(stage, zone, ground):
    d = stage.daemon(RULE, binary=ground.binary, log_format="json",
                     grace=60, max_rule_time=3600)
    client = stage.client()
    for number, skew in enumerate((0, DAY, -DAY, 0)):
        before = stage.lab.entries()
        ground.set_date(skew)
        seen = asked_for_the_date(ground)
        assert addresses(client.ask(f"n{number}.wild.test")) \
            == [f"45.0.0.{number}"]
        assert until(seen, 3), "nobody asked for the date"
        after = stage.lab.entries()
        for key, left in before.items():
            assert left - 5 * SLOW <= after[key] <= left, (skew, key)
        fresh = after["10.1.0.2", "tcp", 443, f"45.0.0.{number}"]
        assert 360 - 5 * SLOW <= fresh <= 360, skew
        assert client.connect(f"45.0.0.{number}") == OPEN
    # what was cached lives as long as it was to
    asked = len(stage.upstreams[0].seen)
    answer = client.ask("n0.wild.test")
    assert len(stage.upstreams[0].seen) == asked
    assert 300 - 20 * SLOW <= answer.answer[0].ttl <= 300
    assert "state ok" in d.ctl("status")
    assert len({p.pid for p in d.children()}) == len(d.children())


def test_timers_do_not_follow_the_date(stage, zone, ground, up):
    """Four seconds stay four, whatever it does meanwhile."""
    d = stage.daemon(RULE, binary=ground.binary, workers=1)
    stage.client().ask("n1.wild.test")
    pids = {p.pid for p in d.children()}
    up.silent = True
    began, took = time.monotonic(), None
    query = question("n2.wild.test").to_wire()
    client = stage.client()
    with client.socket(socket.SOCK_DGRAM, 0.2) as s:
        s.connect((client.server, client.port))
        s.send(query)
        skew = DAY
        while took is None and time.monotonic() - began < 8 * SLOW:
            ground.set_date(skew)
            skew = -skew
            with contextlib.suppress(TimeoutError):
                got = s.recv(4096)
                took = time.monotonic() - began
                assert got[3] & 15 == 2
    assert 3.0 < took < 4.6 * SLOW, took
    assert {p.pid for p in d.children()} == pids
