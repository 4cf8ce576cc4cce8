# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known already, and what many ask at the same time."""

import select
import time

import dns.message
import pytest

from dnsclient import OPEN, addresses, ede, question, rcode, until
from lab import ROUTER

RULE = "10.1.0.0/24 -> allowed.test:TCP:443\n"


def test_five_hundred_ask_the_same_at_once(stage, up):
    up.delay = 0.4
    stage.daemon(RULE, workers=1)
    clients = [stage.client(n) for n in range(2, 40)]
    sockets = []
    for number in range(500):
        s = clients[number % len(clients)].socket(2, 5)
        s.connect(("10.1.0.1", 53))
        s.send(question("allowed.test", id=number).to_wire())
        sockets.append(s)
    heard, end = 0, time.monotonic() + 5
    grants = None
    while heard < 500 and time.monotonic() < end:
        for s in select.select(sockets, [], [], 0.5)[0]:
            got = dns.message.from_wire(s.recv(4096))
            assert addresses(got) == ["203.0.113.5"]
            grants = grants or stage.lab.grants()
            sockets.remove(s)
            s.close()
            heard += 1
    assert heard == 500
    assert up.count("allowed.test") == 1
    # Each client's own grant, before its answer.
    assert len(stage.lab.grants()) == len(clients)
    for client in clients[::9]:
        assert client.connect("203.0.113.5") == OPEN


def test_two_of_our_addresses_are_asked_at_once(stage, up):
    """By one socket, with one id, as some forwarders do."""
    up.delay = 0.5
    stage.daemon(RULE, workers=1, bind=[ROUTER, "172.30.0.1"])
    wire = question("allowed.test", id=77).to_wire()
    with stage.lab.lan.socket() as s:
        s.bind(("10.1.0.2", 0))
        s.settimeout(5)
        for address in (ROUTER, "172.30.0.1"):
            s.sendto(wire, (address, 53))
        heard = {s.recvfrom(4096)[1][0] for _ in range(2)}
    assert heard == {ROUTER, "172.30.0.1"}
    assert up.count("allowed.test") == 1


def test_a_hit_grants_again_and_for_others(stage, up):
    d = stage.daemon(RULE, workers=1)
    assert stage.client(2).ask("allowed.test")
    assert stage.client(3).ask("allowed.test")
    assert up.count("allowed.test") == 1
    assert stage.client(3).connect("203.0.113.5") == OPEN
    assert stage.client(4).connect("203.0.113.5") != OPEN
    d.reload("10.1.0.3 -> allowed.test:TCP:443\n")
    assert rcode(stage.client(2).ask("allowed.test")) == "REFUSED"
    assert rcode(stage.client(3).ask("allowed.test")) == "NOERROR"
    assert up.count("allowed.test") == 1


def test_ttl_counts_down(stage, up):
    up.add("short.test", "A", "203.0.113.9", ttl=3)
    stage.daemon("10.1.0.0/24 ~> *\n", workers=1)
    client = stage.client()
    assert client.ask("short.test").answer[0].ttl == 3
    time.sleep(1.2)
    assert client.ask("short.test").answer[0].ttl == 2
    assert up.count("short.test") == 1
    time.sleep(2)
    client.ask("short.test")
    assert up.count("short.test") == 2


def test_what_is_missing_is_remembered(stage, up):
    stage.daemon("10.1.0.0/24 ~> *\n", workers=1)
    client = stage.client()
    for kind in ("A", "AAAA", "TXT"):
        assert rcode(client.ask("none.test", kind)) == "NXDOMAIN"
    assert up.count("none.test") == 1
    for _ in range(2):
        assert rcode(client.ask("bad.test", "AAAA")) == "NOERROR"
    assert up.count("bad.test") == 1


@pytest.mark.parametrize("seconds,wanted", [(0, "SERVFAIL"),
                                            (60, "NOERROR")])
def test_serve_stale(stage, up, seconds, wanted):
    up.add("allowed.test", "A", "203.0.113.5", ttl=1)
    stage.daemon(RULE, workers=1, serve_stale=seconds)
    client = stage.client()
    client.ask("allowed.test")
    up.silent = True
    time.sleep(1.1)
    start = time.monotonic()
    got = client.ask("allowed.test", timeout=6, edns=1232)
    assert rcode(got) == wanted
    assert time.monotonic() - start < (2.5 if seconds else 4)
    if seconds:
        assert ede(got) == [3] and got.answer[0].ttl == 30
        assert client.connect("203.0.113.5") == OPEN


def test_no_cache(stage, up):
    stage.daemon(RULE, workers=1, cache_size=0)
    for _ in range(3):
        stage.client().ask("allowed.test")
    assert until(lambda: up.count("allowed.test") == 3)
