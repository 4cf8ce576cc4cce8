# SPDX-License-Identifier: GPL-2.0-or-later
"""What was given is taken back: entries, and the connections they let in."""

import contextlib
import random
import socket
import time

import pytest

from conftest import every_firewall
from daemon import SLOW
from dnsclient import OPEN, REFUSED, addresses, until

A, B = "203.0.113.5", "203.0.113.7"
A6 = "2001:db8:1::5"
BOTH = ("10.1.0.0/24 -> allowed.test:TCP:443\n"
        "10.1.0.0/24 -> dns.test:TCP:443\n"
        "fd00:1::/64 -> allowed.test:TCP:443\n")
ONLY_B = "10.1.0.0/24 -> dns.test:TCP:443\n"


class Talk:
    """A connection that stays, to an address that says back what it
    hears."""

    def __init__(self, client, address, port=443, kind=socket.SOCK_STREAM):
        self.socket = client.socket(kind, 5)
        self.socket.connect((address, port))
        assert self.goes_on(5)

    def goes_on(self, seconds=0.4):
        token = random.randbytes(8)
        self.socket.settimeout(seconds * SLOW)
        heard = b""
        with contextlib.suppress(OSError):
            self.socket.send(token)
            while token not in heard:
                got = self.socket.recv(64)
                if not got:
                    break
                heard += got
        return token in heard

    def is_cut(self, seconds=1.0):
        """Within that time it stops, and does not begin again."""
        return (until(lambda: not self.goes_on(0.2), seconds * SLOW)
                and not self.goes_on())


@every_firewall
@pytest.fixture
def talk():
    """Makes Talks; closes them at the end."""
    with contextlib.ExitStack() as stack:
        def begin(*args, **options):
            made = Talk(*args, **options)
            stack.callback(made.socket.close)
            return made
        yield begin


def test_flows_are_cut_with_their_grant(stage, up, talk):
    d = stage.daemon(BOTH, cut_flows=True)
    mine, other = stage.client(2), stage.client6(2)
    for name in ("allowed.test", "dns.test"):
        assert addresses(mine.ask(name))
    other.ask("allowed.test", "AAAA")
    going, staying = talk(mine, A), talk(mine, B)
    going6 = talk(other, A6)
    d.reload(ONLY_B)
    assert going.is_cut() and going6.is_cut()
    assert staying.goes_on()
    assert mine.connect(A) == REFUSED and mine.connect(B) == OPEN
    assert "warden_flows_cut 2\n" in d.ctl("status")


@every_firewall
def test_flows_go_on_where_that_is_wished(stage, up, talk):
    d = stage.daemon(BOTH)
    client = stage.client()
    client.ask("allowed.test")
    held = talk(client, A)
    d.reload(ONLY_B)
    assert client.connect(A) == REFUSED
    time.sleep(0.5)
    assert held.goes_on()


@every_firewall
def test_flows_of_other_clients_go_on(stage, up, talk):
    """The same address and port, another client; and another port."""
    acl = ("10.1.0.2 -> allowed.test:TCP:443\n"
           "10.1.0.3 -> allowed.test:TCP:443\n"
           "10.1.0.2 -> allowed.test:TCP:22\n")
    d = stage.daemon(acl, cut_flows=True)
    clients = [stage.client(2), stage.client(3)]
    for client in clients:
        client.ask("allowed.test")
    going = talk(clients[0], A)
    stay = [talk(clients[1], A), talk(clients[0], A, port=22)]
    d.reload("".join(acl.splitlines(keepends=True)[1:]))
    assert going.is_cut()
    assert all(t.goes_on() for t in stay)


@every_firewall
def test_datagrams_are_cut_too(stage, up, talk):
    acl = "10.1.0.0/24 -> allowed.test:UDP:443\n"
    d = stage.daemon(acl, cut_flows=True)
    client = stage.client()
    client.ask("allowed.test")
    held = talk(client, A, kind=socket.SOCK_DGRAM)
    d.reload(ONLY_B)
    assert held.is_cut()


def test_translated_flows_are_cut(stage, up, talk):
    """Behind masquerading, and to a destination that the router moves."""
    nat = ["iptables-nft", "-w", "-t", "nat"]
    rules = [("POSTROUTING", "-o", "up0", "-j", "MASQUERADE"),
             ("PREROUTING", "-d", "198.51.100.9", "-p", "tcp", "--dport",
              "8443", "-j", "DNAT", "--to-destination", A + ":443")]
    d = stage.daemon(BOTH, cut_flows=True)
    client = stage.client()
    client.ask("allowed.test")
    for rule in rules:
        stage.lab.router.run(*nat, "-A", *rule)
    try:
        straight = talk(client, A)
        moved = talk(client, "198.51.100.9", port=8443)
        d.reload(ONLY_B)
        assert straight.is_cut() and moved.is_cut()
    finally:
        for rule in rules:
            stage.lab.router.run(*nat, "-D", *rule)
