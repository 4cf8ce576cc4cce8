# SPDX-License-Identifier: GPL-2.0-or-later
"""A name in the ACL opens the firewall, and nothing else does."""

import pytest

from conftest import both_flavours, every_firewall
from dnsclient import OPEN, REFUSED, addresses, rcode, until

ACL = """\
10.1.0.0/24 -> allowed.test:TCP:443
10.1.0.0/24 -> allowed.test:UDP:8443
10.1.0.2 ~> dns.test
fd00:1::/64 -> allowed.test:TCP:443
"""


@every_firewall
def test_four_outcomes(stage, up):
    stage.daemon(ACL, min_rule_time=1, grace=0)
    client = stage.client()
    up.add("allowed.test", "A", "203.0.113.5", ttl=2)

    assert client.connect("203.0.113.5") == REFUSED
    assert addresses(client.ask("allowed.test")) == ["203.0.113.5"]
    assert client.connect("203.0.113.5") == OPEN

    assert rcode(client.ask("denied.test")) == "REFUSED"
    assert up.count("denied.test") == 0

    assert client.connect("203.0.113.99") == REFUSED

    assert until(lambda: client.connect("203.0.113.5") == REFUSED, 5)
    assert stage.lab.grants() == set()


@every_firewall
def test_only_protocol_port_and_client_of_the_rule(stage, up):
    stage.daemon(ACL)
    client, other = stage.client(2), stage.client(3)
    client.ask("allowed.test")
    assert client.connect("203.0.113.5", 443) == OPEN
    assert client.connect("203.0.113.5", 80) == REFUSED
    assert client.reach("203.0.113.5", 8443) == OPEN
    assert client.reach("203.0.113.5", 443) == REFUSED
    assert client.connect("203.0.113.5", 8443) == REFUSED
    assert other.connect("203.0.113.5", 443) == REFUSED
    assert stage.lab.grants() == {
        ("10.1.0.2", "tcp", 443, "203.0.113.5"),
        ("10.1.0.2", "udp", 8443, "203.0.113.5")}


@every_firewall
def test_ipv6_clients(stage, up):
    stage.daemon(ACL)
    client = stage.client6()
    assert addresses(client.ask("allowed.test", "AAAA")) == ["2001:db8:1::5"]
    assert client.connect("2001:db8:1::5") == OPEN
    assert client.connect("2001:db8:1::5", 80) == REFUSED
    assert stage.lab.grants() == {
        ("fd00:1::2", "tcp", 443, "2001:db8:1::5")}


@every_firewall
def test_asked_over_tcp(stage, up):
    stage.daemon(ACL)
    client = stage.client()
    answer = client.ask("allowed.test", tcp=True)
    assert addresses(answer) == ["203.0.113.5"]
    assert client.connect("203.0.113.5") == OPEN


@every_firewall
def test_dns_only_grants_nothing(stage, up):
    stage.daemon(ACL)
    client = stage.client()
    assert addresses(client.ask("dns.test")) == ["203.0.113.7"]
    assert client.connect("203.0.113.7") == REFUSED
    assert stage.lab.grants() == set()


@every_firewall
def test_every_answer_grants_each_client(stage, up):
    stage.daemon(ACL)
    for number in range(2, 10):
        client = stage.client(number)
        client.ask("allowed.test")
        assert client.connect("203.0.113.5") == OPEN


@both_flavours
def test_the_chain_gets_its_rules(stage, up):
    d = stage.daemon(ACL)
    for family, six in ((4, "ipv4"), (6, "ipv6")):
        rules = stage.lab.chain(family)
        assert len(rules) == 2
        wide = [r for r in rules if f"{six}-allow src,dst,dst" in r]
        local = [r for r in rules if f"{six}-allow-local" in r]
        assert len(wide) == len(local) == 1, rules
        assert "--src-type LOCAL" in local[0]
    assert sorted(stage.lab.sets()) == sorted(
        f"DNSALLOWLIST-{v}-allow{l}" for v in ("ipv4", "ipv6")
        for l in ("", "-local"))
    d.stop()
    assert len(stage.lab.chain(4)) == 2  # stays, as the entries do


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.0.1"])
def test_the_router_itself_uses_the_local_set(stage, up, address):
    stage.daemon(f"{address} -> allowed.test:TCP:443\n",
                 bind=["127.0.0.1", "10.1.0.1"])
    here = stage.here(address, server="127.0.0.1" if address[0:2] == "12"
                      else "10.1.0.1")
    assert addresses(here.ask("allowed.test")) == ["203.0.113.5"]
    assert stage.lab.grants() == {("", "tcp", 443, "203.0.113.5")}
    out = stage.here("172.30.0.1")
    assert out.connect("203.0.113.5", 443) == OPEN
    assert out.connect("203.0.113.6", 443) == REFUSED
    assert stage.client().connect("203.0.113.5") == REFUSED


@every_firewall
def test_the_router_over_ipv6_uses_the_local_set(stage, up):
    stage.daemon("::1 -> allowed.test:TCP:443\n", bind=["::1"])
    here = stage.here("::1", server="::1")
    assert addresses(here.ask("allowed.test", "AAAA")) == ["2001:db8:1::5"]
    assert stage.lab.grants() == {("", "tcp", 443, "2001:db8:1::5")}
    assert stage.here("fd00:2::1").connect("2001:db8:1::5") == OPEN


def test_backend_none_is_dns_policy_only(stage, up):
    stage.daemon(ACL, firewall="none", chain=None)
    client = stage.client()
    assert addresses(client.ask("allowed.test")) == ["203.0.113.5"]
    assert rcode(client.ask("bad.test")) == "REFUSED"
    assert stage.lab.sets() == []
    assert stage.lab.chain() == []


@every_firewall
def test_answers_come_from_the_address_asked(stage, up):
    stage.daemon(ACL, bind=["0.0.0.0", "::"])
    for server in ("10.1.0.1", "172.30.0.1"):
        client = stage.client(server=server)
        assert addresses(client.ask("allowed.test")) == ["203.0.113.5"]
    client = stage.client6(server="fd00:2::1")
    assert addresses(client.ask("allowed.test", "AAAA")) == ["2001:db8:1::5"]


@pytest.mark.parametrize("family", [4, 6])
def test_one_family_missing_works(stage, up, family):
    missing = 10 - family
    with stage.lab.without_chain(missing):
        d = stage.daemon(ACL)
        d.err.wait(rf"\[WARN \].*IPv{missing}")
        client = stage.client() if family == 4 else stage.client6()
        kind, address = (("A", "203.0.113.5") if family == 4
                         else ("AAAA", "2001:db8:1::5"))
        assert addresses(client.ask("allowed.test", kind)) == [address]
        assert client.connect(address) == OPEN
        d.stop()
