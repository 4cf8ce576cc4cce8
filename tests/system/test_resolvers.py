# SPDX-License-Identifier: GPL-2.0-or-later
"""The resolvers that people run, in front of us and behind us."""

import dns.flags
import pytest

from dnsclient import OPEN, Client, addresses, question, rcode
from lab import ROUTER, UPSTREAM, UPSTREAM_2
from resolvers import RESOLVERS, found, running

ACL = """\
10.1.0.2 -> allowed.test:TCP:443
10.1.0.2 -> *.wild.test:TCP:443
10.1.0.2 ~> dns.test
10.1.0.2 ~> ready.test
10.1.0.2 -> big.test:TCP:443
"""

each = pytest.mark.parametrize("name", RESOLVERS)


@pytest.fixture
def world(up):
    up.add("ready.test", "A", "203.0.113.9")
    up.add("chain.wild.test", "CNAME", "www.wild.test.", ttl=60)
    up.add("www.wild.test", "CNAME", "a.wild.test.", ttl=60)
    up.add("big.test", "A", *[f"203.0.113.{n}" for n in range(100, 130)])
    return up


def answers(client, name="ready.test"):
    return client.raw(question(name).to_wire(), 0.5) is not None


def ask_until(client, name, wanted, tries=3, **extra):
    """A forwarder may need a second try after it has found out with whom it
    speaks."""
    for _ in range(tries):
        got = client.ask(name, **extra)
        if rcode(got) == wanted:
            return got
    raise AssertionError(got.to_text())


@each
def test_in_front(stage, world, name, directory):
    """It is our client: what it resolves its own host may reach."""
    if not found(name):
        pytest.skip(f"{name} is not to be had")
    d = stage.daemon(ACL)
    lan = stage.lab.lan
    listen = "127.0.0.53" if name == "systemd-resolved" else "127.0.0.1"
    client = Client(lan, listen, server=listen)
    command = RESOLVERS[name](directory, listen, ROUTER, "10.1.0.2")
    with running(command, lan, lambda: answers(client)):
        got = ask_until(client, "allowed.test", "NOERROR")
        assert addresses(got) == ["203.0.113.5"]
        host = stage.client()
        assert host.connect("203.0.113.5") == OPEN
        got = ask_until(client, "chain.wild.test", "NOERROR")
        assert addresses(got) == ["203.0.113.20"]
        assert host.connect("203.0.113.20") == OPEN
        got = client.ask("bad.test")
        assert rcode(got) in ("REFUSED", "SERVFAIL"), got.to_text()
        assert host.connect("203.0.113.66") != OPEN
        got = ask_until(client, "big.test", "NOERROR", tcp=True)
        assert len(addresses(got)) == 30
        assert host.connect("203.0.113.129") == OPEN
    assert world.count("bad.test") == 0
    assert d.running()


@each
def test_behind(stage, world, name, directory):
    """It is our upstream: its answers open the firewall."""
    if not found(name):
        pytest.skip(f"{name} is not to be had")
    net = stage.lab.net
    stage.upstream(UPSTREAM_2).zone = world.zone
    world.stop()
    at_home = Client(net, UPSTREAM, server=UPSTREAM)
    command = RESOLVERS[name](directory, UPSTREAM, UPSTREAM_2, UPSTREAM_2)
    with running(command, net, lambda: answers(at_home)):
        stage.daemon(ACL)
        client = stage.client()
        for _ in range(2):
            got = client.ask("allowed.test")
            assert addresses(got) == ["203.0.113.5"], got.to_text()
            assert client.connect("203.0.113.5") == OPEN
        got = client.ask("chain.wild.test")
        assert addresses(got) == ["203.0.113.20"], got.to_text()
        assert client.connect("203.0.113.20") == OPEN
        got = client.ask("none.wild.test")
        assert rcode(got) == "NXDOMAIN"
        got = client.ask("big.test")
        assert addresses(got), got.to_text()
        got = client.ask("big.test", tcp=True)
        assert len(addresses(got)) == 30
        got = client.ask("dns.test", "TXT")
        assert got.answer and not got.flags & dns.flags.AA
