# SPDX-License-Identifier: GPL-2.0-or-later
"""The access log as JSON, every event of it, as python reads it."""

import datetime
import json
import time

import pytest

from dnsclient import question, rcode, until
from lab import UPSTREAM

ACL = """\
10.1.0.2 -> allowed.test:TCP:443
10.1.0.2 -> *.wild.test:TCP:443
10.1.0.2 ~> dns.test
10.1.0.2 ~> gone.test
10.1.0.2 -| bad.test
10.1.0.2 -| fixed.test = 192.0.2.1
"""

ALWAYS = {"time", "event", "client"}
QUESTION = ALWAYS | {"ifindex", "id", "name", "type"}
RULE = {"rule", "rule_text"}
END = {"rcode", "source", "latency_us"}
GRANT = {"address", "protocol", "port", "ttl"}


def events(d):
    """Every line as an object; none is anything else."""
    found = []
    for line in d.out.raw.split(b"\n")[:-1]:
        assert all(0x20 <= byte < 0x7f for byte in line), line
        found.append(json.loads(line))
    return found


def wait_for(d, count):
    assert until(lambda: d.out.raw.count(b"\n") >= count), d.out.text
    found = events(d)
    assert len(found) == count, found
    return found


@pytest.fixture
def d(stage, up):
    return stage.daemon(ACL, log_format="json")


def test_granted(stage, up, d):
    stage.client().ask("Allowed.test", id=77)
    asked, granted = wait_for(d, 2)
    assert asked.keys() == QUESTION | RULE
    assert asked["event"] == "asked"
    assert granted.keys() == QUESTION | RULE | GRANT | END | {"upstream"}
    assert granted["latency_us"] in range(1, 4000000)
    when = datetime.datetime.fromisoformat(granted["time"])
    now = datetime.datetime.now(datetime.timezone.utc)
    assert granted["time"].endswith("Z") and granted["time"][-5] == "."
    assert abs((now - when).total_seconds()) < 60
    assert granted["ifindex"] > 0
    for volatile in ("time", "latency_us", "ifindex"):
        del granted[volatile]
    assert granted == {
        "event": "granted", "client": "10.1.0.2", "id": 77,
        "name": "Allowed.test.", "type": "A", "rule": f"{d.acl}:1",
        "rule_text": "10.1.0.2 -> allowed.test:TCP:443",
        "address": "203.0.113.5", "protocol": "TCP", "port": 443, "ttl": 300,
        "rcode": "NOERROR", "source": "upstream", "upstream": f"{UPSTREAM}:53"}


def test_forwarded(stage, up, d):
    stage.client().ask("dns.test", "TXT", id=5)
    asked, forwarded = wait_for(d, 2)
    assert asked["event"] == "dns_only" and asked["type"] == "TXT"
    assert forwarded.keys() == QUESTION | RULE | END | {"upstream"}
    assert forwarded["event"] == "forwarded"
    assert forwarded["rule"] == f"{d.acl}:3"


def test_blocked(stage, up, d):
    client = stage.client()
    client.ask("bad.test")
    client.ask("fixed.test")
    client.ask("unknown.test")
    stage.stranger().ask("bad.test")
    blocked, local, denied, stranger = wait_for(d, 4)
    assert blocked.keys() == QUESTION | RULE | END
    assert blocked["event"] == "blocked" and blocked["rcode"] == "REFUSED"
    assert blocked["rule_text"] == "10.1.0.2 -| bad.test"
    assert blocked["source"] == "local"
    assert local.keys() == QUESTION | RULE | END | {"address"}
    assert local["event"] == "local" and local["address"] == "192.0.2.1"
    assert denied.keys() == QUESTION | END | {"reason"}
    assert denied["event"] == "blocked" and denied["reason"] == "No rule"
    assert stranger["reason"] == "Client in no net of the access list"


def test_bad_query(stage, up, d):
    client = stage.client()
    message = question("dns.test", id=9)
    message.set_opcode(4)
    client.raw(message.to_wire())
    client.raw(message.to_wire()[:14])
    opcode, torn = wait_for(d, 2)
    assert opcode["event"] == torn["event"] == "bad_query"
    assert opcode["id"] == 9 and opcode["rcode"] == "NOTIMP"
    assert opcode["reason"] == \
        "Unexpected OPCODE Notify (expected StandardQuery)"
    assert opcode["name"] == "dns.test."


def test_torn_query_has_no_id(stage, up, d):
    stage.client().raw(question("dns.test", id=9).to_wire()[:14])
    torn, = wait_for(d, 1)
    assert torn.keys() == ALWAYS | {"ifindex", "reason"} | END
    assert torn["rcode"] == "FORMERR"


def test_bad_answer(stage, up, d):
    up.add("a.wild.test", "A", "192.168.1.1")
    client = stage.client()
    client.ask("gone.test")
    client.ask("a.wild.test")
    _, gone, _, guarded = wait_for(d, 4)
    assert gone["event"] == guarded["event"] == "bad_answer"
    assert gone["rcode"] == "NXDOMAIN" and gone["source"] == "upstream"
    assert guarded["rcode"] == "REFUSED"
    assert guarded["reason"].startswith("rebind: ")


def test_chain(stage, up, d):
    up.add("c.wild.test", "CNAME", "One.example.")
    up.add("One.example", "CNAME", 'tw\\"o.example.')
    up.add('tw\\"o.example', "A", "203.0.113.9")
    stage.client().ask("c.wild.test")
    asked, granted = wait_for(d, 2)
    assert "chain" not in asked
    assert granted["chain"] == ["one.example.", r"tw\034o.example."]


def test_chain_that_is_blocked(stage, up, d):
    up.add("c.wild.test", "CNAME", "bad.test.")
    stage.client().ask("c.wild.test")
    _, blocked = wait_for(d, 2)
    assert blocked["event"] == "bad_answer"
    assert blocked["reason"] == "Answer leads to a blocked name"
    assert blocked["chain"] == ["bad.test."]
    assert blocked["rule_text"] == "10.1.0.2 -| bad.test"


def test_grant_failed(stage, up):
    d = stage.daemon(ACL, log_format="json", set_size=64)
    for n in range(60):
        up.add(f"n{n}.wild.test", "A", f"203.0.113.{n + 1}", ttl=300)
    client = stage.client()
    codes = [rcode(client.ask(f"n{n}.wild.test")) for n in range(60)]
    assert "SERVFAIL" in codes
    failed = [e for e in wait_for(d, 120) if e["event"] == "grant_failed"]
    assert len(failed) == codes.count("SERVFAIL")
    assert failed[0].keys() == QUESTION | RULE | GRANT | END | \
        {"upstream", "reason"}
    assert failed[0]["rcode"] == "SERVFAIL"
    assert failed[0]["reason"] == "Firewall configuration failed"


def test_from_the_cache(stage, up):
    d = stage.daemon(ACL, log_format="json", workers=1, serve_stale=60)
    up.add("short.wild.test", "A", "203.0.113.8", ttl=1)
    client = stage.client()
    for name in ("allowed.test", "allowed.test", "short.wild.test"):
        client.ask(name)
    first, again, _ = [e for e in wait_for(d, 6) if e["event"] == "granted"]
    assert (first["source"], again["source"]) == ("upstream", "cache")
    assert "upstream" not in again
    assert again["rule"] == first["rule"]
    up.silent = True
    time.sleep(1.5)
    client.ask("short.wild.test")
    *_, stale = wait_for(d, 8)
    assert stale["event"] == "granted" and stale["source"] == "stale"


def test_any_name_is_valid(stage, up, d):
    odd = [bytes([byte]) * 3 for byte in range(256)]
    client = stage.client()
    for label in odd:
        message = question("x.test")
        message.question[0].name = type(message.question[0].name)(
            [label, b"test", b""])
        assert rcode(client.send(message)) == "REFUSED"
    for label, event in zip(odd, wait_for(d, len(odd))):
        text = event["name"].removesuffix(".test.")
        raw = bytes(int(text[1:4]) if text[0] == "\\" else ord(text[0])
                    for text in ([text[i:i + 4] for i in range(0, 12, 4)]
                                 if text[0] == "\\" else text))
        assert raw == label, event


def test_rules_after_a_reload(stage, up, d):
    """A rule is named by the policy it belongs to."""
    client = stage.client()
    for line in range(1, 9):
        d.reload("# moved\n" * line + "10.1.0.2 -| bad.test\n")
        client.ask("bad.test")
        *_, last = wait_for(d, line)
        assert last["rule"] == f"{d.acl}:{line + 1}"


def test_hits_only(stage, up):
    d = stage.daemon(ACL, log_format="json", log_hits_only=True)
    client = stage.client()
    for name in ("allowed.test", "dns.test", "bad.test", "fixed.test",
                 "gone.test"):
        client.ask(name)
    client.raw(question("dns.test").to_wire()[:14])
    assert [e["event"] for e in wait_for(d, 4)] == \
        ["blocked", "local", "bad_answer", "bad_query"]


def test_repeated_lines_are_left_out(stage, up):
    d = stage.daemon(ACL, log_format="json", log_suppress=2)
    client = stage.client()
    for _ in range(10):
        client.ask("bad.test")
        client.ask("BAD.test")
    client.ask("fixed.test")
    first, other = wait_for(d, 2)
    assert (first["name"], other["name"]) == ("bad.test.", "fixed.test.")
    assert "repeated" not in first
    assert until(lambda: client.ask("bad.test")
                 and d.out.raw.count(b"\n") == 3, 5, 0.2)
    assert events(d)[2]["repeated"] >= 19
    d.stop()
    d.err.wait(r"^\[INFO \] \d+ repeated access log lines left out")


def test_suppression_keeps_the_text_as_it_is(stage, up):
    d = stage.daemon(ACL, log_suppress=60)
    client = stage.client()
    for number in range(5):
        client.ask("bad.test", id=number)
    client.ask("dns.test", id=7)
    assert until(lambda: d.out.raw.count(b"\n") == 3)
    d.stop()
    assert d.out.raw == (b"10.1.0.2 |> [0] bad.test.\n"
                         b"10.1.0.2 ~> [7] dns.test.\n"
                         b"10.1.0.2 <~ [7] \n")
    d.err.wait(r"^\[INFO \] 4 repeated access log lines left out")
