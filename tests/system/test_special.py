# SPDX-License-Identifier: GPL-2.0-or-later
"""Names that are answered here and never sent on."""

import dns.rdatatype
import pytest

from dnsclient import REFUSED, addresses, ede, ede_text, rcode
from lab import UPSTREAM_2

ALL = "10.1.0.0/24 ~> *\n10.1.0.0/24 -> *:TCP:443\n"

NOT_THERE = {
    "x.invalid": "invalid.", "invalid": "invalid.",
    "printer.local": "local.", "expyuzz4wqqyqhjn.onion": "onion.",
    "nas.home.arpa": "home.arpa.",
    "1.0.0.10.in-addr.arpa": "10.in-addr.arpa.",
    "1.0.31.172.in-addr.arpa": "31.172.in-addr.arpa.",
    "1.1.168.192.in-addr.arpa": "168.192.in-addr.arpa.",
    "1.0.0.127.in-addr.arpa": "127.in-addr.arpa.",
    "1.2.64.100.in-addr.arpa": "64.100.in-addr.arpa.",
    "1." + 31 * "0." + "ip6.arpa": None,
    "1.0.0.0.d.f.ip6.arpa": "d.f.ip6.arpa.",
    "0.8.e.f.ip6.arpa": "8.e.f.ip6.arpa.",
    "x.resolver.arpa": "resolver.arpa.",
    "use-application-dns.net": "use-application-dns.net.",
}
EMPTY = ["home.arpa", "10.in-addr.arpa", "resolver.arpa",
         "_dns.resolver.arpa"]
FORWARDED = ["x.test", "example", "32.172.in-addr.arpa", "9.in-addr.arpa",
             "128.100.in-addr.arpa", "8.8.8.8.in-addr.arpa", "net", "arpa",
             "xlocal", "application-dns.net", "mask.icloud.com",
             "www.icloud.com"]


def soa_of(answer):
    record, = [r for r in answer.authority if r.rdtype == dns.rdatatype.SOA]
    assert record.ttl == record[0].minimum == 3600
    return record.name.to_text().lower()


def test_names_that_do_not_exist(stage, up):
    d = stage.daemon(ALL)
    client = stage.client()
    for name, zone in NOT_THERE.items():
        for kind in ("A", "TXT", "PTR"):
            answer = client.ask(name, kind, edns=1232)
            want = "NXDOMAIN" if zone else "NOERROR"
            assert rcode(answer) == want and not answer.answer, name
            if zone:
                assert soa_of(answer) == zone
            canary = name == "use-application-dns.net"
            assert ede(answer) == [17 if canary else 29], name
    assert up.count() == 0
    assert d.out.wait(r"10\.1\.0\.2 \|> \[\d+\] printer\.local\.")
    assert not d.out.has(r"10\.1\.0\.2 [-~]> ")


@pytest.mark.parametrize("kind", ["A", "SVCB", "NS"])
def test_zones_that_hold_nothing(stage, up, kind):
    stage.daemon(ALL)
    for name in EMPTY:
        answer = stage.client().ask(name, kind, edns=1232)
        assert rcode(answer) == "NOERROR" and not answer.answer, name
        assert soa_of(answer) == name + "."
        assert "answered here" in ede_text(answer)
    assert up.count() == 0


def test_localhost(stage, up):
    d = stage.daemon(ALL)
    client = stage.client()
    for name in ("localhost", "LocalHost", "a.b.localhost"):
        assert addresses(client.ask(name)) == ["127.0.0.1"]
        assert addresses(client.ask(name, "AAAA", tcp=True)) == ["::1"]
        answer = client.ask(name, "MX")
        assert rcode(answer) == "NOERROR" and soa_of(answer) == "localhost."
    assert up.count() == 0 and stage.lab.grants() == set()
    assert d.out.wait(r"10\.1\.0\.2 \|> \[\d+\] localhost\. = 127\.0\.0\.1")


def test_their_neighbours_are_forwarded(stage, up):
    up.fallback = lambda q: [(q.text, 60, "TXT", '"there"')]
    stage.daemon(ALL)
    for name in FORWARDED:
        assert stage.client().ask(name, "TXT").answer, name


def test_the_policy_stands_before_them(stage, up):
    stage.daemon("10.1.0.0/24 -> allowed.test:TCP:443\n"
                 "10.1.0.0/24 -| .onion\n")
    client = stage.client()
    for name, code in (("localhost", 18), ("x.local", 18), ("x.onion", 15)):
        answer = client.ask(name, edns=1232)
        assert rcode(answer) == "REFUSED" and ede(answer) == [code]


def test_a_name_that_is_spelled_out_is_forwarded(stage, up):
    up.add("printer.local", "A", "203.0.113.5")
    up.add("1.1.168.192.in-addr.arpa", "PTR", "nas.test.")
    up.add("nas.home.arpa", "A", "203.0.113.6")
    stage.daemon(ALL + "10.1.0.0/24 -> printer.local:TCP:443\n"
                 "10.1.0.0/24 ~> .168.192.in-addr.arpa\n"
                 "10.1.0.0/24 ~> *.arpa\n",
                 local_zone="home.arpa")
    client = stage.client()
    assert client.connect("203.0.113.5") == REFUSED
    assert addresses(client.ask("printer.local")) == ["203.0.113.5"]
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 443, "203.0.113.5")}
    assert client.ask("1.1.168.192.in-addr.arpa", "PTR").answer
    assert addresses(client.ask("nas.home.arpa")) == ["203.0.113.6"]
    assert rcode(client.ask("other.local")) == "NXDOMAIN"
    assert rcode(client.ask("1.0.0.10.in-addr.arpa", "PTR")) == "NXDOMAIN"
    assert up.count("other.local") == up.count("1.0.0.10.in-addr.arpa") == 0


def test_a_forwarded_zone_goes_there(stage, up):
    """The longer zone counts: it is sent on, the rest of local is not."""
    other = stage.upstream(UPSTREAM_2)
    other.add("nas.lab.local", "A", "203.0.113.6")
    d = stage.daemon(ALL, forward=f"lab.local={UPSTREAM_2}")
    client = stage.client()
    assert addresses(client.ask("nas.lab.local")) == ["203.0.113.6"]
    assert rcode(client.ask("x.local")) == "NXDOMAIN"
    assert up.count() == 0
    assert "forwarded" in d.ctl("explain", "10.1.0.2", "nas.lab.local", "A")
    assert "special" in d.ctl("explain", "10.1.0.2", "x.local", "A")


def test_each_has_its_switch(stage, up):
    up.fallback = lambda q: [(q.text, 60, "A", "203.0.113.5")]
    d = stage.daemon(ALL, block_private_relay=True,
                     env={"DNSFW_SPECIAL_NAMES": "no"})
    client = stage.client()
    assert addresses(client.ask("x.local")) == ["203.0.113.5"]
    assert rcode(client.ask("use-application-dns.net")) == "NXDOMAIN"
    for name in ("mask.icloud.com", "mask-h2.icloud.com"):
        answer = client.ask(name, edns=1232)
        assert rcode(answer) == "NXDOMAIN" and ede(answer) == [15]
    d.stop()
    stage.daemon(ALL, env={"DNSFW_CANARY": "no"})
    assert client.ask("use-application-dns.net").answer
    assert client.ask("mask.icloud.com").answer


def test_explain_says_so(stage, up):
    d = stage.daemon(ALL)
    for name, want in (("localhost", "127.0.0.1, special"),
                       ("x.local", "NXDOMAIN, special"),
                       ("home.arpa", "NODATA, special"),
                       ("x.test", "forwarded")):
        assert want in d.ctl("explain", "10.1.0.2", name, "A")
