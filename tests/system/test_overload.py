# SPDX-License-Identifier: GPL-2.0-or-later
"""Sets without room, and thousands of connections that say nothing."""

import contextlib
import resource
import time

import pytest

from daemon import SLOW
from dnsclient import OPEN, REFUSED, Client, ede, rcode, until
from priority import put_first
from test_flood import most_added_ms

WILD = "10.1.0.0/24 -> *.wild.test:TCP:443\n"
PLACES = 48  # three quarters of the least --set-size


def wide_zone(up):
    def address(q):
        number = int(q.text[1:].split(".")[0])
        return [(q.text, 300, "A", f"45.0.{number >> 8}.{number & 255}")]
    up.fallback = address


def state(d):
    return next(line for line in d.ctl("status").splitlines()
                if line.startswith("state "))


def test_a_full_set_is_told_and_renewed(stage, up):
    """What is there goes on; what is new is refused, and everybody who looks
    can see why within 5 s."""
    wide_zone(up)
    d = stage.daemon(WILD, set_size=64, cache_size=0)
    for number in range(PLACES):
        assert rcode(stage.client(2 + number % 8).ask(
            f"n{number}.wild.test")) == "NOERROR"
    began = time.monotonic()
    newcomer = stage.client(20)
    answer = newcomer.ask("n100.wild.test", edns=1232)
    assert rcode(answer) == "SERVFAIL" and len(ede(answer)) == 1
    assert newcomer.connect("45.0.0.100") == REFUSED
    d.err.wait(r"^\[ERROR\] No room in a set of IPv4: 48 live grants, limit "
               r"48; new grants are refused")
    assert until(lambda: "ipv4 set is full (48 of 48)" in state(d), 5)
    assert time.monotonic() - began < 5 * SLOW
    for number in range(PLACES):
        client = stage.client(2 + number % 8)
        assert rcode(client.ask(f"n{number}.wild.test")) == "NOERROR"
        assert client.connect(f"45.0.0.{number}") == OPEN
    assert len(stage.lab.grants()) == PLACES


@pytest.mark.slow
def test_room_again_is_told_too(stage, up):
    wide_zone(up)
    d = stage.daemon(WILD, set_size=64, min_rule_time=1, grace=0)
    up.fallback = lambda q: [
        (q.text, 2, "A", f"45.0.0.{int(q.text[1:].split('.')[0])}")]
    for number in range(PLACES):
        stage.client().ask(f"n{number}.wild.test")
    assert rcode(stage.client(3).ask("n100.wild.test")) == "SERVFAIL"
    assert "set is full" in state(d)
    assert until(lambda: rcode(stage.client(3).ask("n101.wild.test"))
                 == "NOERROR", 8)
    assert until(lambda: state(d) == "state ok", 15), state(d)


# --- connections ----------------------------------------------------------

CONNECTIONS = 5000
A_CLIENT = 32


@pytest.fixture
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 1000
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip("needs more descriptors than there may be")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def more_clients(lab, count):
    """10.1.1.1 and so on, for a while."""
    addresses = [f"10.1.{1 + n // 200}.{1 + n % 200}" for n in range(count)]
    for deed in ("add", "del"):
        lab.lan.run("ip", "-batch", "-", stdin="".join(
            f"addr {deed} {a}/32 dev eth0\n" for a in addresses))
        lab.router.run("ip", "-batch", "-", stdin="".join(
            f"route {deed} {a}/32 dev lan0\n" for a in addresses))
        if deed == "add":
            yield addresses


def waits(client, many=150):
    """How long each answer took; every question has one."""
    took = []
    for _ in range(many):
        began = time.monotonic()
        assert rcode(client.ask("fixed.test", timeout=2)) == "NOERROR"
        took.append(time.monotonic() - began)
    return sorted(took)


def hold(stack, client, many):
    """So many connections that never say a whole query."""
    held = []
    for _ in range(many):
        with contextlib.suppress(OSError):
            s = stack.enter_context(client.stream(2))
            s.send(b"\0")
            held.append(s)
    return held


@pytest.mark.slow
@pytest.mark.plain
def test_five_thousand_slow_connections(stage, up, many_descriptors):
    """Of 157 clients, each with all it may have; there is room for them."""
    d = stage.daemon("10.1.0.0/16 -| fixed.test = 192.0.2.1\n", workers=1,
                     max_connections=2 * CONNECTIONS, timeout=60)
    other = stage.client(3)
    quiet = waits(other)
    clients = -(-CONNECTIONS // A_CLIENT)
    with more_clients(stage.lab, clients) as addresses, \
            contextlib.ExitStack() as stack:
        held = []
        for address in addresses:
            held += hold(stack, Client(stage.lab.lan, address), A_CLIENT)
        assert len(held) >= CONNECTIONS
        busy = waits(other)
        tcp = [rcode(other.ask("fixed.test", tcp=True)) for _ in range(20)]
    # all but the slowest tenth, which is of the machine
    assert busy[134] < max(2 * quiet[134], most_added_ms() / 1000 * SLOW), \
        (quiet, busy)
    assert tcp == ["NOERROR"] * 20
    counters = d.counters()
    assert counters["tcp_accepted"] >= CONNECTIONS
    assert until(lambda: (c := d.counters())["tcp_closed"]
                 == c["tcp_accepted"], 8)


@pytest.mark.slow
@pytest.mark.plain
def test_five_thousand_of_one_client(stage, up):
    """One after the other, as fast as it can, beside those it may hold."""
    d = stage.daemon("10.1.0.0/16 -| fixed.test = 192.0.2.1\n", workers=1,
                     timeout=60)  # those held are not to make room
    put_first(*d.by_role("worker"))
    other, greedy = stage.client(3), stage.client()
    with contextlib.ExitStack() as stack:
        held = hold(stack, greedy, A_CLIENT)
        assert len(held) == A_CLIENT
        for turn in range(50):
            with contextlib.ExitStack() as more:
                hold(more, greedy, 100)
            if turn % 5 == 0:
                assert rcode(other.ask("fixed.test", tcp=True)) == "NOERROR"
                assert waits(other, 5)[2] < most_added_ms() / 50 * SLOW
    # Those that are closed before the daemon gets to accept them the kernel
    # forgets: the busier the machine, the more.
    counters = d.counters()
    assert counters["tcp_refused_client"] >= 1000, counters
    assert counters["tcp_accepted"] < A_CLIENT + 100, counters
