# SPDX-License-Identifier: GPL-2.0-or-later
"""One day of a policy zone, from its primary to the packet: it comes, it
changes, the primary dies, we start again."""

import shutil
import threading
import time

import pytest

from conftest import every_firewall
from daemon import SLOW
from dnsclient import OPEN, addresses, rcode, until
from lab import ROUTER, ROUTER6, UPSTREAM_2
from primaries import PORT, SECRET, ZONE, Knot

KEY = ("key.test", "hmac-sha256", SECRET)
HERE = "172.30.0.1"
ACL = "10.1.0.0/24 -> *.test:TCP:443\n"
BAD, GOOD, TURNS_BAD = "203.0.113.80", "203.0.113.81", "203.0.113.82"
LISTED = "32.82.113.0.203.rpz-ip"


@pytest.fixture
def primary(stage):
    if not shutil.which("knotd", path="/usr/sbin"):
        pytest.skip("knotd is not here")
    knot = Knot(stage.lab, stage.directory, key=KEY, notify=f"{HERE}@53")
    yield knot
    knot.stop()


class Machine:
    """How late somebody is who wants to run: other load makes all slow."""

    def __enter__(self):
        self.late, self.over = 0.0, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()
        return self

    def watch(self):
        while not self.over.is_set():
            before = time.monotonic()
            time.sleep(0.01)
            self.late = max(self.late, time.monotonic() - before - 0.01)

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def start(stage):
    here = stage.directory
    (here / "secret").write_text(SECRET + "\n")
    (here / "secret").chmod(0o600)
    (here / "lists").write_text(
        f"key {KEY[0]} {KEY[1]} {here}/secret\n"
        f"list zone rpz {ZONE} primary {UPSTREAM_2}@{PORT} key {KEY[0]}\n")
    (here / "lists").chmod(0o644)
    return stage.daemon(ACL, lists=here / "lists", lists_dir=here / "kept",
                        bind=[ROUTER, ROUTER6, HERE], cut_flows=True)


def is_shut(stage, client):
    """No grant is left, and no packet passes."""
    return (all(TURNS_BAD not in grant for grant in stage.lab.grants())
            and client.connect(TURNS_BAD) != OPEN)


@every_firewall
def test_a_day(stage, up, primary):
    for name, address in (("bad", BAD), ("good", GOOD), ("turns", TURNS_BAD)):
        up.add(f"{name}.test", "A", address, ttl=300)
    client = stage.client()
    primary.publish(1, ["bad.test"])
    d = start(stage)
    assert until(lambda: rcode(client.ask("bad.test")) == "NXDOMAIN",
                 20 * SLOW), d.err.text
    assert addresses(client.ask("good.test")) == [GOOD]
    assert addresses(client.ask("turns.test")) == [TURNS_BAD]
    assert client.connect(TURNS_BAD) == client.connect(GOOD) == OPEN

    # What it says now is there a second later: in the sets, on the wire.
    # NOTIFY is heard once in five seconds.
    time.sleep(5.5)
    primary.publish(2, ["bad.test", f"{LISTED} CNAME ."])
    with Machine() as machine:
        since = time.monotonic()
        assert until(lambda: is_shut(stage, client), 10 * SLOW), d.err.text
        took = time.monotonic() - since
    d.err.wait(r"serial 1 to 2, 1 came")
    assert took < 1 * SLOW + 10 * machine.late, (took, machine.late)
    assert client.connect(GOOD) == OPEN
    assert rcode(client.ask("turns.test")) == "NXDOMAIN"

    # The primary dies; then we start again, without it.
    primary.stop()
    assert rcode(client.ask("bad.test")) == "NXDOMAIN"
    assert is_shut(stage, client)
    d.stop()
    d = start(stage)
    assert rcode(client.ask("bad.test")) == "NXDOMAIN"
    assert rcode(client.ask("turns.test")) == "NXDOMAIN"
    assert addresses(client.ask("good.test")) == [GOOD]
    assert client.connect(GOOD) == OPEN and is_shut(stage, client)
    assert "List zone has come" not in d.err.text
