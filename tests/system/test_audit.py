# SPDX-License-Identifier: GPL-2.0-or-later
"""--mode audit: everybody is answered, what would have been refused is noted,
and the firewall opens no further than the access list says."""

import json
import re

import pytest

from conftest import every_firewall
from dnsclient import OPEN, REFUSED, addresses, rcode

ACL = """\
10.1.0.0/24 -> allowed.test:TCP:443
10.1.0.0/24 -| bad.test
10.1.0.0/24 -| drop.test drop
10.1.0.0/24 -| here.test = 192.0.2.9
10.1.0.0/24 -| sink.test = 0.0.0.0
10.1.0.0/24 -> alias.test:TCP:443
10.1.0.0/24 -> *.wild.test:TCP:443
10.1.0.0/24 ~> dns.test
"""


@pytest.fixture
def audited(stage, up):
    up.add("drop.test", "A", "203.0.113.67", ttl=300)
    up.add("sink.test", "A", "203.0.113.68", ttl=300)
    up.add("other.test", "A", "203.0.113.69", ttl=300)
    up.add("other.test", "TXT", '"text"', ttl=300)
    up.add("alias.test", "CNAME", "bad.test.", ttl=300)
    up.add("p.wild.test", "A", "10.9.0.1", ttl=300)

    def start(acl=ACL, **options):
        return stage.daemon(acl, **{"mode": "audit", **options})
    return start


def passes(stage, d, name, address, why, kind="A"):
    """Forwarded, answered as it came, marked, and nothing granted."""
    answer = stage.client().ask(name, kind)
    assert rcode(answer) == "NOERROR"
    assert addresses(answer) == address
    d.out.wait(why)
    assert all(g[3] not in address for g in stage.lab.grants())


def shut(stage):
    """The owner's own rules still refuse; ours let pass."""
    return OPEN if stage.lab.flavour == "enforce" else REFUSED


@every_firewall
def test_what_would_be_refused_is_answered_and_marked(stage, audited):
    d = audited()
    for name, address, why in (
            ("other.test", ["203.0.113.69"],
             r"^10\.1\.0\.2 \|> \[\d+\] other\.test\. \(audit: passed\)$"),
            ("bad.test", ["203.0.113.66"],
             r"\|> \[\d+\] bad\.test\. \(audit: passed\)$"),
            ("drop.test", ["203.0.113.67"],
             r"\|> \[\d+\] drop\.test\. \(audit: passed\)$"),
            ("sink.test", ["203.0.113.68"],
             r"\|> \[\d+\] sink\.test\. \(audit: passed\)$"),
            ("alias.test", ["203.0.113.66"],
             r"<! \[\d+\] Answer leads to a blocked name \(audit: passed\)$"),
            ("p.wild.test", ["10.9.0.1"],
             r"<! \[\d+\] rebind: .* \(audit: passed\)$")):
        passes(stage, d, name, address, why)
    passes(stage, d, "allowed.test", [], r"!> \[\d+\] Unexpected QTYPE TXT "
           r".* \(audit: passed\)$", kind="TXT")
    assert stage.lab.grants() == set()
    d.err.wait(r"\[WARN \] Mode audit: every query is answered")
    assert "audited 7" in d.ctl("status")
    assert stage.client().connect("203.0.113.69") == shut(stage)


@every_firewall
def test_grants_are_those_of_the_rules(stage, audited):
    d = audited()
    client = stage.client()
    assert addresses(client.ask("allowed.test")) == ["203.0.113.5"]
    assert client.connect("203.0.113.5") == OPEN
    assert client.connect("203.0.113.5", 80) == shut(stage)
    client.ask("other.test")
    client.ask("dns.test")
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 443, "203.0.113.5")}
    assert "(audit" not in "\n".join(
        line for line in d.out.lines() if "allowed.test" in line)


def test_answers_of_rules_stay(stage, audited):
    """An address that a rule gives is an answer, and nothing is refused."""
    d = audited()
    assert addresses(stage.client().ask("here.test")) == ["192.0.2.9"]
    d.out.wait(r"\|> \[\d+\] here\.test\. = 192\.0\.2\.9$")
    assert rcode(stage.client().ask("x.onion")) == "NXDOMAIN"


def test_only_neighbours_are_answered(stage, audited):
    """A client in no net is answered where it is ours; nobody far away."""
    audited("10.1.0.2 ~> dns.test\n", private_ok="192.0.2.0/24")
    assert addresses(stage.client(9).ask("other.test")) == ["203.0.113.69"]
    assert rcode(stage.stranger().ask("other.test")) == "REFUSED"


def test_it_is_said_wherever_one_looks(stage, audited):
    d = audited()
    assert re.search(r"^mode audit: every query", d.ctl("status"), re.M)
    assert "answered all the same" in d.ctl("explain", "10.1.0.2", "bad.test")
    assert "all the same" not in d.ctl("explain", "10.1.0.2", "allowed.test")
    assert "WARN  the daemon only watches" in d.ctl("doctor", check=False)[1]


def test_json_and_counts(stage, audited):
    d = audited(log_format="json")
    stage.client().ask("bad.test")
    d.out.wait(r'"event":"blocked".*"audit":true')
    line = next(json.loads(line) for line in d.out.lines()
                if "audit" in line)
    assert line["name"] == "bad.test."
    assert line["rule"].endswith("acl:2")


@pytest.mark.parametrize("option", [{"guard_dns_only": True},
                                    {"log_hits_only": True},
                                    {"env": {"DNSFW_SPECIAL_NAMES": "no"}}])
def test_with_other_options(stage, audited, option):
    audited(**option)
    client = stage.client()
    for name in ("other.test", "bad.test", "p.wild.test", "localhost",
                 "1.0.0.10.in-addr.arpa"):
        for kind in ("A", "AAAA", "HTTPS", "PTR", "ANY"):
            client.ask(name, kind)
    assert addresses(client.ask("other.test")) == ["203.0.113.69"]
