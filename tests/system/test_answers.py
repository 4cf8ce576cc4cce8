# SPDX-License-Identifier: GPL-2.0-or-later
"""What policy zones have clients told, on the wire."""

import json
import re
import signal
import struct

import dns.flags
import dns.message
import dns.rdatatype
import pytest

from daemon import SLOW, once
from dnsclient import (addresses, ede, ede_text, question, rcode, read_frame,
                       until)
from authorities import knot, recursive
from lab import UPSTREAM
from resolvers import found, running

ACL = """\
10.1.0.0/24 -> *.test:TCP:443
10.1.0.3 ~> *
"""
HEAD = "$TTL 120\n@ SOA ns.rpz. host.rpz. 7 60 60 60 30\n"
both = pytest.mark.parametrize("tcp", (False, True), ids=("udp", "tcp"))


@pytest.fixture
def zones(stage, up):
    """Starts a daemon with policy zones: {name: (records, words...)}."""
    up.add("good.test", "A", "203.0.113.80", ttl=300)
    up.add("bad.test", "A", "203.0.113.81", ttl=300)
    up.add("alias.test", "CNAME", "bad.test.", ttl=77)
    up.add("garden.test", "A", "203.0.113.90", ttl=900)

    def start(zones, acl=ACL, **options):
        path = stage.directory
        for name, (records, *_) in zones.items():
            (path / f"{name}.zone").write_text(HEAD + records)
            (path / f"{name}.zone").chmod(0o644)
        (path / "lists").write_text("".join(
            f"list {name} rpz {path}/{name}.zone zone {name}.rpz "
            f"{' '.join(rest)}\n" for name, (_, *rest) in zones.items()))
        return stage.daemon(acl, lists=path / "lists", **options)
    return start


def records(message, section="answer"):
    return [" ".join(line.split()) for rrset in getattr(message, section)
            for line in rrset.to_text().splitlines()]


RULES = """\
nxdomain.test CNAME .
nodata.test CNAME *.
drop.test CNAME rpz-drop.
tcp.test CNAME rpz-tcp-only.
pass.test CNAME rpz-passthru.
local.test A 192.0.2.1
local.test A 192.0.2.2
local.test AAAA 2001:db8::1
local.test TXT "see here"
bad.test CNAME *.
*.wild.test CNAME *.garden.test.
moved.test CNAME garden.test.
nowhere.test CNAME missing.test.
"""
SOA = ["all.rpz. {ttl} IN SOA ns.rpz. host.rpz. 7 60 60 60 30"]


def is_ours(answer, asked):
    """A rewritten answer: nobody's authority, nobody's signature, and the
    zone's SOA."""
    assert answer.id == asked.id and answer.question == asked.question
    assert not answer.flags & (dns.flags.AA | dns.flags.AD)
    assert answer.flags & dns.flags.RA and answer.flags & dns.flags.RD
    assert records(answer, "authority") == []
    assert records(answer, "additional") == [SOA[0].format(ttl=30)]


@both
def test_what_a_zone_says_is_told(stage, up, zones, tcp):
    up.add("x.wild.test.garden.test", "A", "203.0.113.91", ttl=900)
    zones({"all": (RULES,)})

    def ask(name, kind="A", client=2):
        asked = question(name, kind, do=True)
        answer = stage.client(client).send(asked, tcp)
        is_ours(answer, asked)
        return rcode(answer), records(answer), ede(answer)

    assert ask("nxdomain.test") == ("NXDOMAIN", [], [15])
    assert ask("nodata.test") == ("NOERROR", [], [15])
    assert ask("LOCAL.test") == ("NOERROR", [
        "LOCAL.test. 120 IN A 192.0.2.1", "LOCAL.test. 120 IN A 192.0.2.2"],
        [4])
    assert ask("local.test", "AAAA")[1] == [
        "local.test. 120 IN AAAA 2001:db8::1"]
    assert ask("local.test", "HTTPS") == ("NOERROR", [], [4])
    assert ask("local.test", "TXT", 3)[1] == [
        'local.test. 120 IN TXT "see here"']
    assert ask("local.test", "CNAME", 3)[1] == []
    assert len(ask("local.test", "ANY", 3)[1]) == 4
    assert ask("alias.test") == ("NOERROR", [
        "alias.test. 77 IN CNAME bad.test."], [15])
    assert ask("moved.test") == ("NOERROR", [
        "moved.test. 120 IN CNAME garden.test.",
        "garden.test. 300 IN A 203.0.113.90"], [4])
    assert ask("moved.test", "CNAME", 3)[1] == [
        "moved.test. 120 IN CNAME garden.test."]
    assert ask("nowhere.test") == ("NXDOMAIN", [
        "nowhere.test. 120 IN CNAME missing.test."], [4])
    assert ask("x.wild.test")[1] == [
        "x.wild.test. 120 IN CNAME x.wild.test.garden.test.",
        "x.wild.test.garden.test. 300 IN A 203.0.113.91"]
    for name in ("nxdomain", "nodata", "local", "moved", "x.wild"):
        assert up.count(f"{name}.test") == 0
    assert stage.lab.grants() == set()


def test_tcp_only_is_the_truth_by_tcp(stage, up, zones):
    up.add("tcp.test", "A", "203.0.113.85", ttl=300)
    d = zones({"all": (RULES,)})
    client = stage.client()
    answer = client.ask("tcp.test")
    assert answer.flags & dns.flags.TC and not answer.answer
    assert up.count("tcp.test") == 0 and stage.lab.grants() == set()
    assert addresses(client.ask("tcp.test", tcp=True)) == ["203.0.113.85"]
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 443, "203.0.113.85")}
    assert "\nlisted 1\n" in d.ctl("status")


def test_what_is_dropped_by_tcp_leaves_the_connection(stage, up, zones):
    zones({"all": (RULES,)})
    with stage.client().stream() as s:
        for name in ("drop.test", "good.test"):
            wire = question(name).to_wire()
            s.sendall(struct.pack("!H", len(wire)) + wire)
        answer = dns.message.from_wire(read_frame(s))
        assert addresses(answer) == ["203.0.113.80"]
    assert stage.client().raw(question("drop.test").to_wire(), 0.4) is None


def test_questions_without_rd_are_judged_too(stage, up, zones):
    zones({"all": (RULES,)})
    asked = question("nxdomain.test")
    asked.flags &= ~dns.flags.RD
    answer = stage.client().send(asked)
    assert rcode(answer) == "NXDOMAIN" and not answer.flags & dns.flags.RD


@pytest.mark.parametrize("words,code,text,soa", [
    (("soa none",), 15, "list all", ([], [])),
    (("soa authority",), 15, "list all", ([SOA[0].format(ttl=30)], [])),
    (("ede censored", 'nickname "By order"'), 16, "By order",
     ([], [SOA[0].format(ttl=30)])),
    (("ede none", "max-ttl 5"), None, "", ([], [SOA[0].format(ttl=5)])),
])
def test_what_a_list_says_of_itself(stage, up, zones, words, code, text, soa):
    zones({"all": (RULES, *words)})
    answer = stage.client().ask("nxdomain.test", edns=1232)
    assert ede(answer) == ([code] if code else [])
    assert ede_text(answer) == text
    assert (records(answer, "authority"), records(answer, "additional")) == soa


@pytest.mark.parametrize("action,answer", [
    ("nxdomain", ("NXDOMAIN", [])),
    ("nodata", ("NOERROR", [])),
    ("refused", ("REFUSED", [])),
    ("null", ("NOERROR", ["local.test. 300 IN A 0.0.0.0"])),
    ("passthru", ("NOERROR", ["local.test. 300 IN A 203.0.113.99"])),
    ("log", ("NOERROR", ["local.test. 300 IN A 203.0.113.99"])),
    ("address 198.51.100.7,2001:db8::7",
     ("NOERROR", ["local.test. 300 IN A 198.51.100.7"])),
    ("cname garden.test",
     ("NOERROR", ["local.test. 300 IN CNAME garden.test.",
                  "garden.test. 300 IN A 203.0.113.90"])),
])
def test_a_list_may_have_an_action_of_its_own(stage, up, zones, action,
                                              answer):
    up.add("local.test", "A", "203.0.113.99", ttl=300)
    zones({"all": (RULES, f"action {action}")})
    got = stage.client(3).ask("local.test", edns=1232)
    assert (rcode(got), records(got)) == answer


def test_the_order_of_lists_is_waited_for(stage, up, zones):
    d = zones({"ips": ("32.80.113.0.203.rpz-ip CNAME .\n",),
               "names": ("good.test CNAME *.\nbad.test CNAME *.\n",)})
    client = stage.client()
    assert rcode(client.ask("good.test")) == "NXDOMAIN"
    assert rcode(client.ask("bad.test")) == "NOERROR"
    assert up.count("good.test") == up.count("bad.test") == 1
    assert rcode(client.ask("bad.test", "HTTPS")) == "NOERROR"
    assert up.count("bad.test") == 1
    assert stage.lab.grants() == set()
    assert "\nlisted 3\n" in d.ctl("status")


def test_lists_are_for_whom_they_say(stage, up, zones):
    zones({"some": ("good.test CNAME .\n", "clients 10.1.0.2/32"),
           "who": ("32.4.0.1.10.rpz-client-ip CNAME .\n",)})
    assert rcode(stage.client(2).ask("good.test")) == "NXDOMAIN"
    assert addresses(stage.client(3).ask("good.test")) == ["203.0.113.80"]
    answer = stage.client(4).ask("bad.test", edns=1232)
    assert rcode(answer) == "NXDOMAIN" and ede(answer) == [18]


def test_a_failure_is_no_way_round(stage, up, zones):
    """An earlier list's addresses are waited for, and do not come."""
    zones({"ips": ("32.80.113.0.203.rpz-ip CNAME .\n",),
           "names": ("good.test CNAME *.\n",)})
    up.script["good.test"] = lambda q: q.send(q.answer(rcode=2))
    assert rcode(stage.client().ask("good.test")) == "NOERROR"


# --- the log -----------------------------------------------------------------

def hits(d, count):
    """The events that lists caused, without what differs each time."""
    def found():
        events = [json.loads(line) for line in d.out.lines()]
        return [{k: e[k] for k in ("event", "name", "list", "trigger",
                                   "entry", "action", "would", "category")
                 if k in e} for e in events if "list" in e]
    assert until(lambda: len(found()) >= count, 3 * SLOW), d.out.text
    assert len(found()) == count
    return found()


def test_the_log_says_what_was_hit(stage, up, zones):
    up.add("pass.test", "A", "203.0.113.83", ttl=300)
    up.add("six.test", "AAAA", "2001:db8:1::5", ttl=300)
    d = zones({"seen": ("*.test CNAME rpz-drop.\n", "action log"),
               "all": (RULES + "24.0.113.0.203.rpz-ip CNAME .\n"
                       "48.zz.1.db8.2001.rpz-ip CNAME .\n",
                       "category malware")},
              log_format="json")
    client = stage.client()
    client.ask("Bad.test")
    assert hits(d, 2) == [
        {"event": "listed", "name": "Bad.test.", "list": "seen",
         "trigger": "QNAME", "entry": "*.test.", "action": "log",
         "would": "drop"},
        {"event": "blocked", "name": "Bad.test.", "list": "all",
         "category": "malware", "trigger": "QNAME", "entry": "Bad.test.",
         "action": "nodata"}]
    client.ask("pass.test")
    assert hits(d, 4)[-1] == {
        "event": "listed", "name": "pass.test.", "list": "all",
        "category": "malware", "trigger": "QNAME", "entry": "pass.test.",
        "action": "passthru"}
    client.ask("good.test")
    assert hits(d, 6)[-1] == {
        "event": "bad_answer", "name": "good.test.", "list": "all",
        "category": "malware", "trigger": "IP", "entry": "203.0.113.0/24",
        "action": "nxdomain"}
    client.ask("alias.test")
    assert hits(d, 8)[-1] == {
        "event": "bad_answer", "name": "alias.test.", "list": "all",
        "category": "malware", "trigger": "QNAME", "entry": "bad.test.",
        "action": "nodata"}
    client.ask("local.test")
    last = hits(d, 10)[-1]
    assert (last["event"], last["action"]) == ("local", "data")
    client.ask("six.test", "AAAA")
    assert hits(d, 12)[-1]["entry"] == "2001:db8:1::/48"


def test_the_text_form_marks_what_passed(stage, up, zones):
    d = zones({"seen": ("good.test CNAME .\n", "action log")})
    stage.client().ask("good.test")
    d.out.wait(r"10.1.0.2 \|~ \[", 3)


def test_hits_are_counted_by_list(stage, up, zones):
    lists = {"one": ("bad.test CNAME .\n",),
             "two": ("good.test CNAME rpz-passthru.\n",)}
    d = zones(lists, workers=2)

    def counted(name):
        line, = [line for line in d.ctl("lists").splitlines()
                 if line.startswith(name + " ")]
        return int(re.search(r" hits=(\d+)", line)[1])

    for client in range(2, 10):
        stage.client(client).ask("bad.test")
    stage.client().ask("good.test")
    assert (counted("one"), counted("two")) == (8, 1)
    path = stage.directory / "lists"
    text = path.read_text().splitlines()
    path.write_text("\n".join(reversed(text)) + "\n")
    d.reload()
    assert (counted("one"), counted("two")) == (8, 1)
    stage.client().ask("bad.test")
    assert (counted("one"), counted("two")) == (9, 1)


def bare(line):
    """A line of the file of hits without time, number and port."""
    found = re.fullmatch(
        r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d\.\d{3} rpz: info: "
        r"client @0x[0-9a-f]+ (\S+)#\d+ (.*)", line)
    assert found, line
    return " ".join(found.groups())


def test_hits_go_to_a_file_as_bind_writes_them(stage, up, zones):
    log = stage.directory / "hits.log"
    up.add("pass.test", "A", "203.0.113.83", ttl=300)
    up.add("six.test", "AAAA", "2001:db8:1::5", ttl=300)
    d = zones({"seen": ("*.test CNAME rpz-drop.\n", "action log"),
               "all": (RULES + "24.0.113.0.203.rpz-ip CNAME .\n"
                       "48.zz.1.db8.2001.rpz-ip CNAME .\n"
                       "32.9.0.1.10.rpz-client-ip CNAME *.\n",)},
              rpz_log=log)

    def lines(count):
        assert until(lambda: log.read_text().count("\n") >= count,
                     3 * SLOW), log.read_text()
        return [bare(line) for line in log.read_text().splitlines()]

    client = stage.client()
    client.ask("Bad.test")
    client.ask("pass.test")
    client.ask("alias.test")
    client.ask("six.test", "AAAA")
    client.ask("good.test")
    stage.client(9).ask("x.test")
    client.ask("moved.test")
    seen = "(%s): disabled rpz QNAME DROP rewrite %s/%s/IN via *.test.seen.rpz"
    assert [line for line in lines(14) if "disabled" not in line] == [
        "10.1.0.2 (Bad.test): rpz QNAME NODATA rewrite Bad.test/A/IN via "
        "Bad.test.all.rpz",
        "10.1.0.2 (pass.test): rpz QNAME PASSTHRU rewrite pass.test/A/IN via "
        "pass.test.all.rpz",
        "10.1.0.2 (alias.test): rpz QNAME NODATA rewrite bad.test/A/IN via "
        "bad.test.all.rpz",
        "10.1.0.2 (six.test): rpz IP NXDOMAIN rewrite six.test/AAAA/IN via "
        "48.zz.1.db8.2001.rpz-ip.all.rpz",
        "10.1.0.2 (good.test): rpz IP NXDOMAIN rewrite good.test/A/IN via "
        "24.0.113.0.203.rpz-ip.all.rpz",
        "10.1.0.9 (x.test): rpz CLIENT-IP NODATA rewrite x.test/A/IN via "
        "32.9.0.1.10.rpz-client-ip.all.rpz",
        "10.1.0.2 (moved.test): rpz QNAME CNAME rewrite moved.test/A/IN via "
        "moved.test.all.rpz"]
    assert "10.1.0.2 " + seen % ("Bad.test", "Bad.test", "A") in lines(14)
    old = stage.directory / "hits.1"
    log.rename(old)
    d.signal(signal.SIGUSR1)
    # Those that come before it is handed on go to the old one.
    assert until(lambda: client.ask("nodata.test") and log.exists() and
                 "(nodata.test)" in log.read_text(), 5 * SLOW, 0.2)
    assert "|> [" in d.out.text and "rpz: info" not in d.out.text


def test_a_file_of_hits_that_cannot_be(stage):
    (stage.directory / "acl").write_text(ACL)
    status, _, err = once("--acl-file", stage.directory / "acl",
                          "--upstream", UPSTREAM, "--bind", "10.1.0.1",
                          "--firewall", "none", "--rpz-log", "/dev/null",
                          lab=stage.lab)
    assert status == 1 and "/dev/null is not a regular file" in err


# --- name servers, behind a resolver that follows delegations ---------------

ROOT, CHILD, OTHER = "198.51.100.53", "203.0.113.53", "203.0.113.54"
WORLD = {
    ROOT: {".": "@ SOA a. b. 1 60 60 60 60\n@ NS ns.root.\n"
                f"ns.root. A {ROOT}\ntest. NS ns.root.\n",
           "test.": "@ SOA a. b. 1 60 60 60 60\n@ NS ns.root.\n"
                    f"evil NS ns1.evil\nns1.evil A {CHILD}\n"
                    f"kind NS ns1.kind\nns1.kind A {OTHER}\n"
                    "shared NS ns1.evil\n"},
    CHILD: {"evil.test.": "@ SOA a. b. 1 60 60 60 60\n@ NS ns1\n"
                          f"ns1 A {CHILD}\nwww A 203.0.113.81\n"
                          "alias CNAME www.kind.test.\n"
                          "deep NS ns1.kind.test.\n",
            "shared.test.": "@ SOA a. b. 1 60 60 60 60\n"
                            "@ NS ns1.evil.test.\nx.y A 203.0.113.82\n"},
    OTHER: {"kind.test.": "@ SOA a. b. 1 60 60 60 60\n@ NS ns1\n"
                          f"ns1 A {OTHER}\nwww A 203.0.113.80\n",
            "deep.evil.test.": "@ SOA a. b. 1 60 60 60 60\n"
                               "@ NS ns1.kind.test.\n"
                               "www A 203.0.113.83\n"},
}


@pytest.fixture
def world(stage):
    """Root, test and the zones below it, and a resolver that finds them."""
    if not found("knotd") or not found("unbound"):
        pytest.skip("knotd or unbound is not installed")

    def answers(address, name):
        wire = question(name).to_wire()
        with stage.lab.net.socket() as s:
            s.settimeout(0.3)
            s.connect((address, 53))
            s.send(wire)
            try:
                answer = dns.message.from_wire(s.recv(4096))
            except OSError:
                return False
            return rcode(answer) == "NOERROR"

    with running(knot(stage.directory, ROOT, WORLD[ROOT]), stage.lab.net,
                 lambda: answers(ROOT, "ns.root.")), \
            running(knot(stage.directory, CHILD, WORLD[CHILD]),
                    stage.lab.net, lambda: answers(CHILD, "www.evil.test")), \
            running(knot(stage.directory, OTHER, WORLD[OTHER]),
                    stage.lab.net, lambda: answers(OTHER, "www.kind.test")), \
            running(recursive(stage.directory, ROOT), stage.lab.net,
                    lambda: answers(UPSTREAM, "www.kind.test")):
        yield


def start_world(stage, rules, *words):
    path = stage.directory
    (path / "ns.zone").write_text(HEAD + rules)
    (path / "ns.zone").chmod(0o644)
    (path / "lists").write_text(
        f"list ns rpz {path}/ns.zone zone ns.rpz {' '.join(words)}\n")
    return stage.daemon("10.1.0.0/24 -> *.test:TCP:443\n",
                        lists=path / "lists")


@pytest.mark.parametrize("rule", [
    "ns1.evil.test.rpz-nsdname CNAME .\n",
    "*.evil.test.rpz-nsdname CNAME .\n",
    "32.53.113.0.203.rpz-nsip CNAME .\n"],
    ids=("nsdname", "wildcard", "nsip"))
def test_name_servers_are_triggers(stage, world, rule):
    d = start_world(stage, rule)
    client = stage.client()

    def blocked(name):
        """At the latest when its servers are known: they are waited for
        only so long."""
        return until(lambda: rcode(client.ask(name)) == "NXDOMAIN", 5 * SLOW)

    for name in ("www.evil.test", "x.y.shared.test", "alias.evil.test"):
        assert blocked(name), (name, d.ctl("status"))
    for _ in range(3):
        assert addresses(client.ask("www.kind.test")) == ["203.0.113.80"]
    assert ("10.1.0.2", "tcp", 443, "203.0.113.80") in stage.lab.grants()


@pytest.mark.parametrize("rule", [
    "ns1.evil.test.rpz-nsdname CNAME .\n",
    "32.53.113.0.203.rpz-nsip CNAME .\n"], ids=("nsdname", "nsip"))
def test_servers_of_zones_above_are_triggers(stage, world, rule):
    """The name's own zone has servers that nobody lists."""
    d = start_world(stage, rule)
    client = stage.client()
    for _ in range(3):
        assert addresses(client.ask("www.deep.evil.test")) == ["203.0.113.83"]
    (stage.directory / "lists").write_text(
        (stage.directory / "lists").read_text().replace(
            "ns.rpz", "ns.rpz ns-levels all"))
    d.reload()
    assert until(lambda: rcode(client.ask("www.deep.evil.test")) ==
                 "NXDOMAIN", 5 * SLOW), d.ctl("status")
    assert addresses(client.ask("www.kind.test")) == ["203.0.113.80"]
