# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTPS and SVCB records: what a browser hears of, it can reach."""

import threading
import time

import dns.flags
import dns.rdata
import dns.rdatatype
import pytest

from conftest import every_firewall
from dnsclient import OPEN, REFUSED, addresses, ede, rcode

ACL = """\
10.1.0.0/24 -> allowed.test:TCP:443
10.1.0.0/24 -> allowed.test:UDP:443
10.1.0.0/24 -> web.test:TCP:80
10.1.0.0/24 -> *.wild.test:TCP:443
10.1.0.0/24 ~> dns.test
10.1.0.0/24 -| bad.test
fd00:1::/64 -> allowed.test:TCP:443
"""
BOTH = "1 . alpn=h2,h3 ipv4hint=203.0.113.5 ipv6hint=2001:db8:1::5"
HINT4, HINT6, PORT, ECH = 4, 6, 3, 5


def services(answer):
    """(priority, target, parameters) of each record heard."""
    return sorted((r.priority, r.target.to_text(), r.params)
                  for rrset in answer.answer for r in rrset
                  if rrset.rdtype in (dns.rdatatype.HTTPS,
                                      dns.rdatatype.SVCB))


def hints(answer, key=HINT4):
    return [a for _, _, params in services(answer) if key in params
            for a in params[key].addresses]


@every_firewall
def test_hints_are_granted_by_family(stage, up):
    up.add("allowed.test", "HTTPS", BOTH)
    d = stage.daemon(ACL)
    client, client6 = stage.client(), stage.client6()
    answer = client.ask("allowed.test", "HTTPS")
    assert hints(answer) == ["203.0.113.5"] and not hints(answer, HINT6)
    assert client.connect("203.0.113.5") == OPEN
    assert client.reach("203.0.113.5", 443) == OPEN
    assert client.connect("203.0.113.5", 80) == REFUSED
    answer = client6.ask("allowed.test", "HTTPS")
    assert hints(answer, HINT6) == ["2001:db8:1::5"] and not hints(answer)
    assert client6.connect("2001:db8:1::5") == OPEN
    assert stage.lab.grants() == {
        ("10.1.0.2", "tcp", 443, "203.0.113.5"),
        ("10.1.0.2", "udp", 443, "203.0.113.5"),
        ("fd00:1::2", "tcp", 443, "2001:db8:1::5")}
    for line in (r"10\.1\.0\.2 -> \[\d+\] allowed\.test\.",
                 r"10\.1\.0\.2 <- \[\d+\] allowed\.test\. "
                 r"\[203\.0\.113\.5\]:TCP:443 TTL:300",
                 r"10\.1\.0\.2 <- \[\d+\] allowed\.test\. "
                 r"\[203\.0\.113\.5\]:UDP:443 TTL:300"):
        assert d.out.wait(line)


@every_firewall
def test_what_cannot_be_granted_is_not_heard_of(stage, up):
    up.add("a.wild.test", "HTTPS",
           "1 . ipv4hint=127.0.0.1,10.9.0.1,203.0.113.20,10.1.0.1",
           "2 . port=8443 ipv4hint=203.0.113.21",
           "3 . alpn=h2 ipv4hint=0.0.0.0")
    stage.daemon(ACL)
    answer = stage.client().ask("a.wild.test", "HTTPS")
    assert [s[0] for s in services(answer)] == [1, 3]
    assert hints(answer) == ["203.0.113.20"]
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 443, "203.0.113.20")}


@every_firewall
def test_a_web_server_without_tls_is_not_left(stage, up):
    """A browser that heard of the record would go from port 80 to 443."""
    up.add("web.test", "HTTPS", "1 . alpn=h2 ipv4hint=203.0.113.8")
    up.add("web.test", "A", "203.0.113.8")
    stage.daemon(ACL)
    client = stage.client()
    answer = client.ask("web.test", "HTTPS", edns=1232)
    assert rcode(answer) == "NOERROR" and not answer.answer
    assert ede(answer) == [17] and stage.lab.grants() == set()
    client.ask("web.test")
    assert client.connect("203.0.113.8", 80) == OPEN


@every_firewall
def test_additional_addresses_are_not_believed(stage, up):
    up.script["allowed.test"] = lambda q: q.send(q.answer(
        records=[(q.text, 300, "HTTPS", "1 svc.test.")],
        additional=[("svc.test.", 300, "A", "203.0.113.6")]))
    stage.daemon(ACL)
    answer = stage.client().ask("allowed.test", "HTTPS")
    assert [s[1] for s in services(answer)] == ["svc.test."]
    assert not answer.additional and stage.lab.grants() == set()


@every_firewall
def test_a_blocked_target_blocks(stage, up):
    up.add("allowed.test", "HTTPS", "0 bad.test.")
    up.add("dns.test", "HTTPS", "1 bad.test. ipv4hint=203.0.113.5")
    stage.daemon(ACL)
    for name in ("allowed.test", "dns.test"):
        answer = stage.client().ask(name, "HTTPS", edns=1232)
        assert rcode(answer) == "REFUSED" and ede(answer) == [15]
    assert stage.lab.grants() == set()


MALFORMED = {
    "a packed target": "0001c00c",
    "an empty hint": "00010000040000",
    "three bytes of a hint": "00010000040003cb0071",
    "longer than the record": "0001000004000800cb007105",
    "keys that fall": "0001000003000201bb0001000302" "6832",
}


@every_firewall
@pytest.mark.parametrize("rdata", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_record_is_no_record(stage, up, rdata):
    def malformed(q):
        message = q.answer(records=[(
            q.text, 300, "TYPE65280", rf"\# {len(rdata) // 2} {rdata}")])
        q.send(message.replace(b"\xff\x00\x00\x01", b"\x00\x41\x00\x01"))

    up.script["allowed.test"] = malformed
    d = stage.daemon(ACL)
    answer = stage.client().ask("allowed.test", "HTTPS", edns=1232)
    assert rcode(answer) == "NOERROR" and not answer.answer
    assert ede(answer) == [0] and stage.lab.grants() == set()
    assert d.out.wait("malformed HTTPS or SVCB record")


@every_firewall
def test_dns_only_passes_all_of_it(stage, up):
    up.add("dns.test", "HTTPS",
           "1 . port=9 ipv4hint=127.0.0.1 ech=AAQBAgME")
    stage.daemon(ACL)
    answer = stage.client().ask("dns.test", "HTTPS")
    assert hints(answer) == ["127.0.0.1"]
    assert set(services(answer)[0][2]) == {PORT, HINT4, ECH}
    assert stage.lab.grants() == set()


@every_firewall
def test_ech_is_stripped_where_wanted(stage, up):
    for name in ("allowed.test", "dns.test"):
        up.add(name, "HTTPS", "1 . alpn=h2 ech=AAQBAgME")
    stage.daemon(ACL, strip_ech=True)
    for name in ("allowed.test", "dns.test"):
        heard = services(stage.client().ask(name, "HTTPS"))
        assert [set(s[2]) for s in heard] == [{1}]


class Browser:
    """Asks for A, AAAA and HTTPS at once, and connects to the first address
    that it hears of."""

    def __init__(self, client, name, tcp):
        self.client, self.name, self.tcp = client, name, tcp
        self.reached, self.heard = [], {}
        self.lock = threading.Lock()

    def load(self):
        threads = [threading.Thread(target=self.ask, args=(kind,))
                   for kind in ("A", "AAAA", "HTTPS")]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return self

    def ask(self, kind):
        answer = self.client.ask(self.name, kind, tcp=self.tcp, edns=1232)
        found = hints(answer) + addresses(answer)
        results = [(kind, a, self.client.connect(a),
                    self.client.reach(a, 443)) for a in found]
        with self.lock:
            self.heard[kind] = time.monotonic()
            self.reached += results


@every_firewall
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_a_browser_reaches_by_hint_before_the_address_is_there(
        stage, up, tcp):
    up.add("allowed.test", "HTTPS", BOTH)

    def late(q):
        if q.kind != "HTTPS":
            time.sleep(0.8)
        up.say(q)

    up.script["allowed.test"] = late
    stage.daemon(ACL)
    browser = Browser(stage.client(), "allowed.test", tcp).load()
    assert sorted(browser.reached) == [
        ("A", "203.0.113.5", OPEN, OPEN),
        ("HTTPS", "203.0.113.5", OPEN, OPEN)]
    assert browser.heard["HTTPS"] < browser.heard["A"]


def test_many_browsers_at_once(stage, up):
    """Each page of a site, by each client, the first packet counted."""
    def record(q):
        n = int(q.text.split(".")[0][1:])
        return {"HTTPS": [(q.text, 300, "HTTPS",
                           f"1 . alpn=h2 ipv4hint=203.0.113.{n}")],
                "A": [(q.text, 300, "A", f"203.0.113.{n}")]}.get(q.kind, [])

    up.fallback = record
    acl = "10.1.0.0/24 -> *.wild.test:TCP:443\n" \
          "10.1.0.0/24 -> *.wild.test:UDP:443\n"
    stage.daemon(acl)
    browsers = [Browser(stage.client(c), f"p{n}.wild.test", n % 2 == 0)
                for c in range(2, 6) for n in range(30, 40)]
    threads = [threading.Thread(target=b.load) for b in browsers]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for b in browsers:
        assert len(b.reached) == 2, b.name
        assert all(r[2:] == (OPEN, OPEN) for r in b.reached), b.reached
    assert len(stage.lab.grants()) == 4 * 10 * 2
    for number in range(2, 6):
        client = stage.client(number)
        assert client.connect("203.0.113.29") == REFUSED
        assert client.connect("203.0.113.30", 80) == REFUSED
    assert stage.client(6).connect("203.0.113.30") == REFUSED
    # each worker has a cache; what is late is asked for once more
    assert up.count() < 4 * 10 * 3


@every_firewall
@pytest.mark.parametrize("more", ["", "10.1.0.0/24 ~> *\n"],
                         ids=["alone", "beside dns only"])
def test_a_port_in_front_of_a_name(stage, up, more):
    """A browser on its way to https://site.test:8443."""
    up.add("_8443._https.site.test", "HTTPS",
           "1 site.test. alpn=h2 ipv4hint=203.0.113.9")
    d = stage.daemon("10.1.0.0/24 -> site.test:TCP:8443\n" + more)
    client = stage.client()
    answer = client.ask("_8443._https.site.test", "HTTPS")
    assert hints(answer) == ["203.0.113.9"]
    assert client.connect("203.0.113.9", 8443) == OPEN
    assert client.connect("203.0.113.9", 443) == REFUSED
    said = d.ctl("explain", "10.1.0.2", "_8443._https.site.test", "HTTPS")
    assert "opens TCP:8443" in said and "acl:1" in said


# --- header bits and ANY, beside them ------------------------------------

@every_firewall
def test_any_is_hinfo_under_a_grant_rule(stage, up):
    stage.daemon(ACL)
    answer = stage.client().ask("allowed.test", "ANY")
    record, = answer.answer
    assert record.rdtype == dns.rdatatype.HINFO
    assert record[0].cpu == b"RFC8482" and up.count() == 0


@every_firewall
def test_header_bits(stage, up):
    """AA and AD of a plain upstream are nobody's word; CD and a missing RD
    are the client's wish."""
    up.script["allowed.test"] = lambda q: q.send(q.answer(
        set_flags=dns.flags.AA | dns.flags.AD))
    stage.daemon(ACL)
    client = stage.client()
    for set_, clear in ((dns.flags.CD, 0), (dns.flags.AD, 0),
                        (0, dns.flags.RD)):
        query = dns.message.make_query("allowed.test", "A", use_edns=0,
                                       want_dnssec=True)
        query.flags = (query.flags | set_) & ~clear
        answer = client.send(query)
        assert addresses(answer) == ["203.0.113.5"]
        assert not answer.flags & (dns.flags.AA | dns.flags.AD)
        assert answer.flags & dns.flags.CD == set_ & dns.flags.CD
        assert bool(answer.flags & dns.flags.RD) == (clear == 0)
        seen = up.of("allowed.test")[-1].message
        assert seen.flags & dns.flags.CD == set_ & dns.flags.CD
        assert seen.flags & dns.flags.RD
        assert not seen.flags & dns.flags.AD
