# SPDX-License-Identifier: GPL-2.0-or-later
"""Aliases that the client asks itself: it may, as long as the answer that
led there lives, and with the ports of the name that a rule allows."""

import pytest

from conftest import every_firewall
from dnsclient import OPEN, REFUSED, addresses, ede, rcode, until

ACL = """\
10.1.0.0/24 -> site.test:TCP:443
10.1.0.0/24 -> deep.test:TCP:443
10.1.0.0/24 ~> dns.test
10.1.0.0/24 -| bad.cdn.test
"""


def target_of(answer):
    return answer.answer[-1][0].target.to_text()


class Stub:
    """Is given one link an answer, and chases the rest itself."""

    def __init__(self, client, tcp=False):
        self.client, self.tcp, self.asked = client, tcp, []

    def resolve(self, name, kind="A"):
        for _ in range(32):
            self.asked.append(name)
            answer = self.client.ask(name, kind, tcp=self.tcp)
            if rcode(answer) != "NOERROR" or addresses(answer):
                return answer
            name = target_of(answer)
        raise AssertionError(self.asked)


def one_link_at_a_time(up):
    """An upstream that never follows a CNAME."""
    def records(q):
        kind = "CNAME" if up.records(q.text, "CNAME") else q.kind
        own = [r for r in up.records(q.text, kind) or ()
               if r[0].lower() == q.text.lower()]
        q.send(q.answer(records=own))

    return records


def split(up, *names, address="203.0.113.5", ttl=300):
    for name, target in zip(names, names[1:]):
        up.add(name, "CNAME", target + ".", ttl=ttl)
    up.add(names[-1], "A", address, ttl=ttl)
    for name in names:
        up.script[name] = one_link_at_a_time(up)


@every_firewall
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_a_chain_of_sixteen_links_is_asked_link_by_link(stage, up, tcp):
    names = ["deep.test"] + [f"l{n}.cdn.test" for n in range(16)]
    split(up, *names)
    d = stage.daemon(ACL)
    client, stub = stage.client(), Stub(stage.client(), tcp)
    assert rcode(client.ask("l15.cdn.test")) == "REFUSED"
    assert addresses(stub.resolve("deep.test")) == ["203.0.113.5"]
    assert [n.rstrip(".") for n in stub.asked] == names
    assert client.connect("203.0.113.5") == OPEN
    assert client.connect("203.0.113.5", 80) == REFUSED
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 443, "203.0.113.5")}
    assert d.out.wait(r"10\.1\.0\.2 -> \[\d+\] l15\.cdn\.test\.")
    assert d.out.wait(r"10\.1\.0\.2 <- \[\d+\] l15\.cdn\.test\. "
                      r"\[203\.0\.113\.5\]:TCP:443 TTL:300")
    assert rcode(stage.client(3).ask("l15.cdn.test")) == "REFUSED"


@every_firewall
def test_a_seventeenth_link_is_refused(stage, up):
    split(up, "deep.test", *[f"l{n}.cdn.test" for n in range(17)])
    stage.daemon(ACL)
    assert rcode(Stub(stage.client()).resolve("deep.test")) == "REFUSED"
    assert stage.lab.grants() == set()


@every_firewall
def test_names_of_a_whole_chain_may_be_asked_too(stage, up):
    up.add("site.test", "CNAME", "a.cdn.test.")
    up.add("a.cdn.test", "CNAME", "b.cdn.test.")
    up.add("b.cdn.test", "A", "203.0.113.5")
    stage.daemon(ACL)
    client = stage.client()
    client.ask("site.test")
    up.add("b.cdn.test", "A", "203.0.113.6")
    for name in ("a.cdn.test", "b.cdn.test"):
        assert addresses(client.ask(name)) == ["203.0.113.6"]
    assert client.connect("203.0.113.6") == OPEN
    assert rcode(client.ask("c.cdn.test")) == "REFUSED"


@every_firewall
def test_a_cached_answer_leads_each_client_on(stage, up):
    split(up, "site.test", "a.cdn.test")
    stage.daemon(ACL)
    for number in (2, 3, 4):
        client = stage.client(number)
        Stub(client).resolve("site.test")
        assert client.connect("203.0.113.5") == OPEN
    assert {g[0] for g in stage.lab.grants()} == {
        "10.1.0.2", "10.1.0.3", "10.1.0.4"}


@every_firewall
def test_it_ends_with_the_rule_time(stage, up):
    split(up, "site.test", "a.cdn.test", ttl=2)
    stage.daemon(ACL, min_rule_time=1)
    client = stage.client()
    Stub(client).resolve("site.test")
    assert rcode(client.ask("a.cdn.test")) == "NOERROR"
    assert until(lambda: rcode(client.ask("a.cdn.test")) == "REFUSED", 5)


@every_firewall
def test_a_local_zone_is_that_of_the_name_that_led_there(stage, up):
    """Else whoever owns a name under a wildcard could point into the LAN."""
    split(up, "web.lan.test", "far.cdn.test", address="10.9.0.1")
    split(up, "x.wild.test", "nas.lan.test", address="10.9.0.2")
    stage.daemon("10.1.0.0/24 -> *.lan.test:TCP:443\n"
                 "10.1.0.3/32 -> *.wild.test:TCP:443\n",
                 local_zone="lan.test")
    client, other = stage.client(), stage.client(3)
    assert addresses(Stub(client).resolve("web.lan.test")) == ["10.9.0.1"]
    assert client.connect("10.9.0.1") == OPEN
    other.ask("x.wild.test")
    other.ask("nas.lan.test")
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 443, "10.9.0.1"),
                                  ("10.1.0.3", "tcp", 443, "10.9.0.2")}
    stage.daemons[-1].reload("10.1.0.0/24 -> *.wild.test:TCP:443\n")
    assert rcode(Stub(other).resolve("x.wild.test")) == "REFUSED"
    assert until(lambda: stage.lab.grants() == set())


@every_firewall
def test_a_block_of_the_alias_wins(stage, up):
    split(up, "site.test", "a.cdn.test", "bad.cdn.test")
    stage.daemon(ACL)
    client = stage.client()
    client.ask("site.test")
    answer = client.ask("a.cdn.test", edns=1232)
    assert rcode(answer) == "REFUSED" and ede(answer) == [15]
    answer = client.ask("bad.cdn.test", edns=1232)
    assert rcode(answer) == "REFUSED" and ede(answer) == [15]
    assert stage.lab.grants() == set()


@every_firewall
def test_dns_only_leads_nowhere(stage, up):
    split(up, "dns.test", "a.cdn.test")
    stage.daemon(ACL)
    assert rcode(Stub(stage.client()).resolve("dns.test")) == "REFUSED"


@every_firewall
def test_an_alias_under_dns_only_is_granted(stage, up):
    """`~> *` beside a grant rule is the usual policy."""
    split(up, "site.test", "a.cdn.test")
    stage.daemon("10.1.0.0/24 -> site.test:TCP:443\n10.1.0.0/24 ~> *\n")
    client = stage.client()
    client.ask("a.cdn.test")
    assert client.connect("203.0.113.5") == REFUSED
    Stub(client).resolve("site.test")
    assert client.connect("203.0.113.5") == OPEN


@every_firewall
def test_a_reload_counts(stage, up):
    split(up, "site.test", "a.cdn.test")
    d = stage.daemon(ACL)
    client = stage.client()
    Stub(client).resolve("site.test")
    d.reload("10.1.0.0/24 -> site.test:TCP:80\n")
    assert rcode(client.ask("a.cdn.test")) == "NOERROR"
    assert client.connect("203.0.113.5", 80) == OPEN
    assert client.connect("203.0.113.5", 443) == REFUSED
    d.reload("10.1.0.0/24 -> other.test:TCP:80\n")
    assert rcode(client.ask("a.cdn.test")) == "REFUSED"


@every_firewall
def test_the_target_of_an_https_record(stage, up):
    """A browser asks for HTTPS of an alias's target, then for its address."""
    up.add("site.test", "HTTPS", "0 svc.cdn.test.")
    up.add("svc.cdn.test", "HTTPS", "1 host.cdn.test. alpn=h2")
    up.add("host.cdn.test", "A", "203.0.113.5")
    stage.daemon(ACL)
    client = stage.client()
    name = "site.test"
    for _ in range(2):
        assert rcode(client.ask("host.cdn.test")) == "REFUSED"
        name = target_of(client.ask(name, "HTTPS"))
    assert addresses(client.ask(name)) == ["203.0.113.5"]
    assert client.connect("203.0.113.5") == OPEN
