# SPDX-License-Identifier: GPL-2.0-or-later
"""Upstreams that are silent, slow, or lie."""

import random
import re
import time

import dns.flags
import dns.message
import dns.opcode
import dns.rdataclass
import pytest

from dnsclient import OPEN, addresses, ede, rcode, until
from lab import UPSTREAM, UPSTREAM_2

RULE = "10.1.0.0/24 -> allowed.test:TCP:443\n"
GOOD, FORGED = "203.0.113.5", "203.0.113.250"
LIE = [("allowed.test.", 300, "A", FORGED)]


def swap_case(text):
    return text.swapcase()


def opcode_of(wire, opcode):
    return wire[:2] + bytes([(wire[2] & 0x87) | opcode << 3]) + wire[3:]


LIES = {
    "id": lambda q: q.answer(id=q.id ^ 0x55, records=LIE),
    "name": lambda q: q.answer(name="other.test.", records=[
        ("other.test.", 300, "A", FORGED)]),
    "case": lambda q: q.answer(name=swap_case(q.text), records=LIE),
    "type": lambda q: q.answer(kind="AAAA", records=LIE),
    "class": lambda q: q.answer(rdclass=dns.rdataclass.CH, records=LIE),
    "no question": lambda q: q.answer(no_question=True, records=LIE),
    "a query": lambda q: q.answer(clear_flags=dns.flags.QR, records=LIE),
    "opcode": lambda q: opcode_of(q.answer(records=LIE),
                                  dns.opcode.NOTIFY),
}


def mismatches(d):
    return int(re.search(r"^upstream_mismatch (\d+)$", d.ctl("status"),
                         re.M)[1])


def lying(lie):
    def script(q):
        if not q.stream:
            q.send(lie(q))
            time.sleep(0.05)
        q.send(q.answer())
    return script


@pytest.mark.parametrize("name", LIES)
def test_answer_that_does_not_match_is_asked_again_by_tcp(stage, up, name):
    up.script["allowed.test"] = lying(LIES[name])
    d = stage.daemon(RULE)
    client = stage.client()
    answer = client.ask("allowed.test")
    assert addresses(answer) == [GOOD]
    assert {g[3] for g in stage.lab.grants()} == {GOOD}
    assert [q.stream for q in up.of("allowed.test")] == [False, True]
    assert client.connect(GOOD) == OPEN
    assert until(lambda: mismatches(d) == 1)


@pytest.mark.parametrize("name", LIES)
def test_without_tcp_a_forged_looking_answer_is_servfail(stage, name):
    up = stage.upstream(tcp=False)
    up.add("allowed.test", "A", GOOD)
    up.script["allowed.test"] = lying(LIES[name])
    d = stage.daemon(RULE)
    answer = stage.client().ask("allowed.test", edns=1232)
    assert rcode(answer) == "SERVFAIL" and not addresses(answer)
    assert stage.lab.grants() == set()
    d.out.wait("--query-case")


def test_upstream_that_loses_the_case(stage, up):
    """Is believed over UDP with --query-case plain only."""
    def script(q):
        q.send(q.answer(name=q.text.lower()))
    up.script["allowed.test"] = script
    stage.daemon(RULE, query_case="plain")
    assert addresses(stage.client().ask("Allowed.test")) == [GOOD]
    assert not any(q.stream for q in up.seen)


def test_random_case_id_and_port(stage, up):
    stage.daemon(RULE + "10.1.0.0/24 ~> *\n", cache_size=0)
    client = stage.client()
    for _ in range(40):
        client.ask("dns.test")
    seen = up.of("dns.test")
    assert len({q.text for q in seen}) > 20
    assert len({q.id for q in seen}) > 35
    assert len({q.peer[1] for q in seen}) > 30
    assert all(q.peer[1] >= 1024 for q in seen)


def garbage(q, how_many, send):
    generator = random.Random(7)
    good = q.answer()
    for n in range(how_many):
        kind = n % 3
        if kind == 0:
            wire = generator.randbytes(generator.randrange(0, 12))
        elif kind == 1:
            wire = generator.randbytes(generator.randrange(12, 200))
        else:
            wire = good[:2] + b"\x01\x00" + good[4:]
        send(wire)


def test_garbage_from_other_addresses_changes_nothing(stage, up):
    def script(q):
        if not q.stream:
            with q.upstream.net.socket() as s:
                s.bind(("172.30.0.3", 53))
                garbage(q, 1000, lambda wire: s.sendto(wire, q.peer))
        q.send(q.answer())
    up.script["allowed.test"] = script
    stage.daemon(RULE)
    assert addresses(stage.client().ask("allowed.test")) == [GOOD]
    assert [q.stream for q in up.of("allowed.test")] == [False]


def test_garbage_from_the_upstreams_own_address(stage, up):
    def script(q):
        if not q.stream:
            garbage(q, 1000, q.send)
        q.send(q.answer())
    up.script["allowed.test"] = script
    stage.daemon(RULE)
    assert addresses(stage.client().ask("allowed.test")) == [GOOD]
    assert any(q.stream for q in up.of("allowed.test"))


def test_garbage_and_no_tcp_is_servfail(stage):
    up = stage.upstream(tcp=False)
    up.add("allowed.test", "A", GOOD)

    def script(q):
        garbage(q, 1000, q.send)
        q.send(q.answer())
    up.script["allowed.test"] = script
    stage.daemon(RULE)
    answer = stage.client().ask("allowed.test")
    assert rcode(answer) == "SERVFAIL" and stage.lab.grants() == set()


def test_answer_from_another_port_is_not_heard(stage, up):
    def script(q):
        if not q.stream:
            q.send_from(UPSTREAM, 5353, q.answer(records=LIE))
            time.sleep(0.05)
        q.send(q.answer())
    up.script["allowed.test"] = script
    d = stage.daemon(RULE)
    assert addresses(stage.client().ask("allowed.test")) == [GOOD]
    assert not any(q.stream for q in up.seen)
    assert mismatches(d) == 0


def test_truncated_answer_is_asked_by_tcp(stage, up):
    def script(q):
        q.send(q.answer() if q.stream
               else q.answer(records=LIE, set_flags=dns.flags.TC))
    up.script["allowed.test"] = script
    stage.daemon(RULE)
    assert addresses(stage.client().ask("allowed.test")) == [GOOD]
    assert {g[3] for g in stage.lab.grants()} == {GOOD}


def test_truncated_and_no_tcp_is_servfail(stage):
    up = stage.upstream(tcp=False)
    up.script["allowed.test"] = lambda q: q.send(
        q.answer(records=LIE, set_flags=dns.flags.TC))
    stage.daemon(RULE)
    begun = time.monotonic()
    answer = stage.client().ask("allowed.test")
    assert rcode(answer) == "SERVFAIL" and not addresses(answer)
    assert time.monotonic() - begun < 4
    assert stage.lab.grants() == set()


def test_silent_upstream_is_servfail_within_4_s(stage, up):
    up.silent = True
    stage.daemon(RULE)
    begun = time.monotonic()
    answer = stage.client().ask("allowed.test", edns=1232)
    assert rcode(answer) == "SERVFAIL" and ede(answer)
    assert 0.5 < time.monotonic() - begun < 4


def test_second_upstream_is_tried(stage, up):
    up.silent = True
    second = stage.upstream(UPSTREAM_2)
    second.add("allowed.test", "A", GOOD)
    stage.daemon(RULE, upstream=[UPSTREAM, UPSTREAM_2])
    begun = time.monotonic()
    answer = stage.client().ask("allowed.test")
    assert addresses(answer) == [GOOD]
    assert time.monotonic() - begun < 3
    assert second.count("allowed.test") >= 1


def test_upstream_that_is_not_there(stage):
    second = stage.upstream(UPSTREAM_2)
    second.add("allowed.test", "A", GOOD)
    stage.daemon(RULE, upstream=[UPSTREAM, UPSTREAM_2])
    begun = time.monotonic()
    assert addresses(stage.client().ask("allowed.test")) == [GOOD]
    assert time.monotonic() - begun < 2


def test_slow_answer_is_late_but_right(stage, up):
    up.delay = 1.5
    stage.daemon(RULE)
    answer = stage.client().ask("allowed.test")
    assert addresses(answer) == [GOOD]


@pytest.mark.parametrize("code", [2, 5])
def test_error_of_the_upstream_grants_nothing(stage, up, code):
    up.script["allowed.test"] = lambda q: q.send(
        q.answer(rcode=code, records=LIE))
    d = stage.daemon(RULE)
    answer = stage.client().ask("allowed.test")
    assert rcode(answer) in ("SERVFAIL", "REFUSED")
    assert not addresses(answer) and stage.lab.grants() == set()
    d.out.wait("Upstream returned error")


POINTER = b"\xc0"


def broken_answers(q):
    head = q.answer(records=[])[:12]
    asked = q.message.to_wire()
    body = asked[12:asked.index(b"\0", 12) + 5]
    head = head[:6] + b"\0\1\0\0\0\0"
    at = 12 + len(body)
    record = b"\0\1\0\1\0\0\1\0\0\4\xcb\0\x71\xfa"
    yield head + body + POINTER + bytes([at]) + record       # to itself
    yield head + body + POINTER + bytes([at + 20]) + record  # forward
    yield head + body + POINTER + b"\4" + record             # into header
    yield head + body + b"\x40abc\0" + record                # length 64
    yield head + body + b"\x80abc\0" + record
    yield head + body + POINTER + b"\x0c" + record[:-2]      # torn
    yield head + body + POINTER + b"\x0c" + record[:8] + b"\xff\xff"
    yield head[:6] + b"\xff\xff\0\0\0\0" + body              # counts
    yield head + body + POINTER + b"\x0c" + record + b"junk"
    # two hundred hops, each one back, kept in the data of a record
    hops = b"".join((0xc000 | at + 12 + 2 * n).to_bytes(2, "big")
                    for n in range(200))
    first = (POINTER + b"\x0c\0\x0a\0\1\0\0\1\0"
             + (len(hops) + 2).to_bytes(2, "big") + b"\0\0" + hops)
    last = (0xc000 | at + 12 + 2 * 200).to_bytes(2, "big")
    yield head[:7] + b"\2\0\0\0\0" + body + first + last + record


def test_malformed_answers_are_survived(stage, up):
    def script(q):
        number = int(q.text[1:q.text.index(".")])
        q.send(list(broken_answers(q))[number])
    for n in range(10):
        up.script[f"m{n}.wild.test"] = script
    d = stage.daemon("10.1.0.0/24 -> *.wild.test:TCP:443\n" + RULE)
    workers = {p.pid for p in d.by_role("worker")}
    for n in range(10):
        answer = stage.client().ask(f"m{n}.wild.test")
        assert rcode(answer) == "SERVFAIL", n
    assert stage.lab.grants() == set()
    assert {p.pid for p in d.by_role("worker")} == workers
    assert addresses(stage.client().ask("allowed.test")) == [GOOD]


def test_duplicate_answers_are_harmless(stage, up):
    def script(q):
        for _ in range(5):
            q.send(q.answer())
    up.script["allowed.test"] = script
    stage.daemon(RULE)
    client = stage.client()
    for _ in range(10):
        assert addresses(client.ask("allowed.test")) == [GOOD]


def test_upstream_over_ipv6(stage):
    up = stage.upstream("fd00:2::2")
    up.add("allowed.test", "A", GOOD)
    stage.daemon(RULE, upstream="fd00:2::2")
    assert addresses(stage.client().ask("allowed.test")) == [GOOD]


def test_upstream_on_another_port(stage):
    up = stage.upstream(port=5301)
    up.add("allowed.test", "A", GOOD)
    stage.daemon(RULE, upstream_port=5301)
    assert addresses(stage.client().ask("allowed.test")) == [GOOD]
