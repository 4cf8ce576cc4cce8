# SPDX-License-Identifier: GPL-2.0-or-later
"""Zones with resolvers of their own; upstreams that go and come back."""

import time

import pytest

from daemon import once
from dnsclient import addresses, rcode, until
from lab import UPSTREAM, UPSTREAM_2

ACL = "10.1.0.0/24 ~> *\n"
OTHER = "203.0.113.99"


@pytest.fixture
def other(stage):
    upstream = stage.upstream(UPSTREAM_2)
    upstream.fallback = lambda q: [(q.text, 60, "A", OTHER)]
    return upstream


def test_longest_suffix_wins(stage, up, other):
    up.fallback = lambda q: [(q.text, 60, "A", "203.0.113.1")]
    stage.daemon(ACL, forward=[f"corp.test={UPSTREAM_2}",
                               f"open.corp.test={UPSTREAM}"])
    client = stage.client()
    assert addresses(client.ask("corp.test")) == [OTHER]
    assert addresses(client.ask("a.b.CORP.test")) == [OTHER]
    assert addresses(client.ask("x.open.corp.test")) == ["203.0.113.1"]
    assert addresses(client.ask("notcorp.test")) == ["203.0.113.1"]
    assert addresses(client.ask("test")) == ["203.0.113.1"]


def test_a_zone_never_falls_back(stage, up, other):
    up.fallback = lambda q: [(q.text, 60, "A", "203.0.113.1")]
    other.silent = True
    stage.daemon(ACL, forward=f"corp.test={UPSTREAM_2}")
    assert rcode(stage.client().ask("a.corp.test", timeout=6)) == "SERVFAIL"
    assert up.count("a.corp.test") == 0


def test_two_resolvers_of_a_zone(stage, up, other):
    up.fallback = lambda q: [(q.text, 60, "A", "203.0.113.1")]
    up.silent = True
    stage.daemon(ACL, forward=[f"corp.test={UPSTREAM}",
                               f"corp.test={UPSTREAM_2}"])
    assert addresses(stage.client().ask("a.corp.test")) == [OTHER]


def test_a_special_name_that_is_forwarded(stage, up, other):
    stage.daemon(ACL, forward=[f"local={UPSTREAM_2}",
                               f"168.192.in-addr.arpa={UPSTREAM_2}"])
    client = stage.client()
    assert addresses(client.ask("printer.local")) == [OTHER]
    client.ask("1.1.168.192.in-addr.arpa", "PTR")
    assert other.count("1.1.168.192.in-addr.arpa") == 1


@pytest.mark.parametrize("value", ["corp.test", "=10.0.0.1", "corp.test=",
                                   "*.corp.test=10.0.0.1", "a..b=10.0.0.1",
                                   "corp.test=10.0.0.1@0",
                                   "corp.test=224.0.0.1", "corp.test=x"])
def test_refused(value):
    status, _, err = once("--forward", value, "--upstream", "192.0.2.1",
                          "--acl-file", "/dev/null", "--firewall", "none")
    assert status == 1
    assert "--forward" in err and value in err and "accepted is" in err


def test_a_loop_is_refused():
    status, _, err = once("--forward", "corp.test=127.0.0.1@5300", "--bind",
                          "127.0.0.1@5300", "--upstream", "192.0.2.1",
                          "--acl-file", "/dev/null", "--firewall", "none")
    assert status == 1 and "--forward" in err and "--bind" in err


def ask_many(client, count, stem):
    """Seconds that each of so many different questions took."""
    took = []
    for n in range(count):
        start = time.monotonic()
        assert rcode(client.ask(f"{stem}{n}.test", timeout=6)) == "NOERROR"
        took.append(time.monotonic() - start)
    return took


def test_one_is_dead_and_comes_back(stage, up, other):
    up.fallback = lambda q: [(q.text, 60, "A", "203.0.113.1")]
    d = stage.daemon(ACL, upstream=[UPSTREAM, UPSTREAM_2], workers=1)
    client = stage.client()
    ask_many(client, 5, "warm")
    assert other.count() == 0
    up.silent = True
    ask_many(client, 6, "down")
    assert until(lambda: f"{UPSTREAM}:53 does not answer" in d.err.text)
    took = ask_many(client, 50, "dead")
    assert sum(t > 0.5 for t in took) == 0
    up.silent = False
    asked = up.count()
    assert until(lambda: "answers again" in d.err.text, 4)
    ask_many(client, 5, "back")
    assert up.count() >= asked + 5


def test_the_fastest_is_asked(stage, up, other):
    up.fallback = lambda q: [(q.text, 60, "A", "203.0.113.1")]
    up.delay = 0.12
    stage.daemon(ACL, upstream=[UPSTREAM, UPSTREAM_2], workers=1,
                 upstream_order="fastest")
    client = stage.client()
    ask_many(client, 60, "n")
    assert other.count() > 40


def test_all_are_dead(stage, up):
    up.silent = True
    stage.daemon(ACL, workers=1)
    client = stage.client()
    start = time.monotonic()
    assert rcode(client.ask("a.test", timeout=6)) == "SERVFAIL"
    assert time.monotonic() - start < 4.0
    up.silent = False
    assert until(lambda: rcode(client.ask(f"n{time.monotonic()}.test"))
                 in ("NXDOMAIN", "NOERROR"), 3)
