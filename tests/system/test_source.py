# SPDX-License-Identifier: GPL-2.0-or-later
"""Queries whose source lives on another side than they come from."""

import contextlib
import socket

import pytest

from dnsclient import Client, question, rcode, until
from lab import ROUTER, ROUTER6

ACL = """\
10.1.0.0/24 -> allowed.test:TCP:443
10.66.0.0/24 -> allowed.test:TCP:443
fd00:1::/64 -> allowed.test:TCP:443
localhost -> allowed.test:TCP:443
172.30.0.0/24 ~> allowed.test
fd00:2::/64 ~> allowed.test
"""
SAID = (r"^\[WARN \] Limit reached: too many queries by an interface that "
        r"their source does not live on \(--source-check\); client=")


@contextlib.contextmanager
def unchecked(lab):
    """The kernel lets everything in (rp_filter 0), as many routers do."""
    names = ("all", "lan0", "up0")
    lab.router.sysctl(**{f"ipv4__conf__{n}__rp_filter": 0 for n in names})
    try:
        yield
    finally:
        lab.router.sysctl(**{f"ipv4__conf__{n}__rp_filter": 1
                             for n in names})


@contextlib.contextmanager
def outsider(lab, address):
    """Somebody outside who has taken an address of the inside: a function
    that sends a query from it."""
    six = ":" in address
    size = 128 if six else 32
    lab.net.run("ip", "addr", "add", f"{address}/{size}", "dev", "lo",
                *(["nodad"] if six else []))
    try:
        with lab.net.socket(socket.AF_INET6 if six else socket.AF_INET) as s:
            s.bind((address, 0))
            s.connect((ROUTER6 if six else ROUTER, 53))
            yield lambda: s.send(question("allowed.test").to_wire())
    finally:
        lab.net.run("ip", "addr", "del", f"{address}/{size}", "dev", "lo")


def dropped(d):
    return d.counters()["dropped_source"]


@pytest.mark.parametrize("address", ("10.1.0.2", "fd00:1::2"))
def test_a_source_of_the_inside_from_outside(stage, up, address):
    d = stage.daemon(ACL)
    with unchecked(stage.lab), outsider(stage.lab, address) as send:
        for _ in range(5):
            send()
        assert until(lambda: dropped(d) == 5, 3), d.ctl("status")
    assert up.count() == 0 and stage.lab.grants() == set()
    assert d.counters()["queries_udp"] == 5
    d.err.wait(SAID + address)
    assert " [" not in d.out.text, "forged queries are no events"
    owner = Client(stage.lab.lan, address)
    assert rcode(owner.ask("allowed.test")) == "NOERROR"


def test_without_the_check_it_gets_in(stage, up):
    """The counter-proof: nothing but the check stands between."""
    d = stage.daemon(ACL, source_check="off")
    with unchecked(stage.lab), outsider(stage.lab, "10.1.0.2") as send:
        send()
        assert until(lambda: stage.lab.grants() != set(), 3)
    assert dropped(d) == 0


def test_everybody_else_is_served(stage, up):
    d = stage.daemon(ACL)
    clients = [stage.client(), stage.client6(), stage.stranger(),
               stage.here("10.1.0.1"), stage.here("172.30.0.1"),
               stage.here(ROUTER6), stage.here("fd00:2::1"),
               Client(stage.lab.net, "172.30.0.2"),
               Client(stage.lab.net, "fd00:2::2")]
    for client in clients:
        for tcp in (False, True):
            answer = client.ask("allowed.test", tcp=tcp)
            assert rcode(answer) == "NOERROR", client.address
    assert dropped(d) == 0


def test_nets_behind_other_routers(stage, up):
    """10.66.0.0/24 is routed to lan0; no address of ours is in it."""
    lab = stage.lab
    with unchecked(lab):
        d = stage.daemon(ACL, bind=ROUTER)
        with outsider(lab, "10.66.0.9") as send:
            send()
            assert until(lambda: up.count() == 1, 3)
        assert dropped(d) == 0
        d.stop()
        d = stage.daemon(ACL, bind=ROUTER, source_check="routes",
                         cache_size=0)
        with outsider(lab, "10.66.0.9") as send:
            send()
            assert until(lambda: dropped(d) == 1, 3)
        assert rcode(stage.stranger().ask("allowed.test")) == "NOERROR"
        assert up.count() == 2


def test_routes_that_change_are_followed(stage, up):
    lab = stage.lab
    with unchecked(lab):
        d = stage.daemon(ACL, bind=ROUTER, source_check="routes")
        with outsider(lab, "10.66.0.9") as send:
            lab.router.run("ip", "route", "add", "10.66.0.9/32", "via",
                           "172.30.0.2")
            try:
                assert until(lambda: send() and up.count() > 0, 5)
            finally:
                lab.router.run("ip", "route", "del", "10.66.0.9/32")
            before = dropped(d)
            assert until(lambda: send() and dropped(d) > before, 5)


def test_addresses_that_come_are_followed(stage, up):
    """A second net on the outside; then its hosts may ask from there."""
    lab = stage.lab
    d = stage.daemon("10.1.0.0/16 -> allowed.test:TCP:443\n", bind=ROUTER,
                     cache_size=0)
    lab.router.run("ip", "addr", "add", "10.1.0.129/25", "dev", "up0")
    try:
        with unchecked(lab), outsider(lab, "10.1.0.200") as send:
            assert until(lambda: send() and up.count() > 0, 5)
    finally:
        lab.router.run("ip", "addr", "del", "10.1.0.129/25", "dev", "up0")
    with unchecked(lab), outsider(lab, "10.1.0.200") as send:
        assert until(lambda: send() and dropped(d) > 0, 5)
