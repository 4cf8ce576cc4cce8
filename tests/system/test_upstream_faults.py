# SPDX-License-Identifier: GPL-2.0-or-later
"""Upstreams that fail in the middle: black holes, failures, connections that
are reset, cut short or say nothing. Nobody waits over four seconds, and
nothing is opened that was not answered."""

import contextlib
import socket
import struct
import threading
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from daemon import SLOW
from dnsclient import OPEN, addresses, ede, rcode, read_exactly, until
from lab import UPSTREAM, UPSTREAM_2

RULE = "10.1.0.0/24 -> *.wild.test:TCP:443\n"
FORGED = "203.0.113.250"
RESET = struct.pack("ii", 1, 0)


def answer_to(wire, address=FORGED):
    asked = dns.message.from_wire(wire)
    out = dns.message.make_response(asked)
    out.answer.append(dns.rrset.from_text(asked.question[0].name, 300, "IN",
                                          "A", address))
    return out.to_wire()


def reset_at_once(s, _):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def reset_after_the_query(s, wire):
    wire()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def reset_in_the_answer(s, wire):
    out = answer_to(wire())
    s.sendall(struct.pack("!H", len(out)) + out[:20])
    time.sleep(0.05)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def close_without_a_word(_, wire):
    wire()


def cut_short(s, wire):
    out = answer_to(wire())
    s.sendall(struct.pack("!H", len(out)) + out[:-1])


def length_only(s, wire):
    wire()
    s.sendall(b"\0")
    time.sleep(6 * SLOW)


def say_nothing(_, wire):
    wire()
    time.sleep(6 * SLOW)


def never_ending(s, wire):
    """A byte at a time, slower than anybody waits."""
    out = answer_to(wire())
    for byte in struct.pack("!H", len(out)) + out:
        s.sendall(bytes([byte]))
        time.sleep(0.5)


def nothing_of_length_0(s, wire):
    wire()
    s.sendall(b"\0\0")


DEEDS = (reset_at_once, reset_after_the_query, reset_in_the_answer,
         close_without_a_word, cut_short, length_only, say_nothing,
         never_ending, nothing_of_length_0)


class Rogue:
    """By UDP everything is truncated; by TCP it does its deed."""

    def __init__(self, net, deed, address=UPSTREAM):
        self.deed, self.connections = deed, 0
        self.udp = net.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.tcp = net.socket(socket.AF_INET, socket.SOCK_STREAM)
        for s in (self.udp, self.tcp):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((address, 53))
        self.tcp.listen(64)
        for work in (self.truncate, self.accept):
            threading.Thread(target=work, daemon=True).start()

    def truncate(self):
        with contextlib.suppress(OSError):
            while (got := self.udp.recvfrom(4096))[0]:
                wire, peer = got
                out = dns.message.make_response(dns.message.from_wire(wire))
                out.flags |= dns.flags.TC
                self.udp.sendto(out.to_wire(), peer)

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                s, _ = self.tcp.accept()
                self.connections += 1
                threading.Thread(target=self.serve, args=(s,),
                                 daemon=True).start()

    def serve(self, s):
        def wire():
            head = read_exactly(s, 2)
            return read_exactly(s, struct.unpack("!H", head)[0])
        with s, contextlib.suppress(OSError, TypeError):
            self.deed(s, wire)

    def stop(self):
        for s in (self.udp, self.tcp):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
            s.close()


@pytest.fixture
def rogue(stage, request):
    made = Rogue(stage.lab.net, request.param)
    yield made
    made.stop()


def timed(client, name):
    began = time.monotonic()
    answer = client.ask(name, edns=1232, timeout=6 * SLOW)
    return answer, time.monotonic() - began


@pytest.mark.parametrize("rogue", DEEDS, indirect=True,
                         ids=lambda deed: deed.__name__)
def test_alone_it_is_servfail_in_time(stage, rogue):
    d = stage.daemon(RULE)
    answer, took = timed(stage.client(), "n1.wild.test")
    assert rcode(answer) == "SERVFAIL" and len(ede(answer)) == 1
    assert not answer.answer and took < 4.3 * SLOW, took
    assert stage.lab.grants() == set()
    assert rogue.connections > 0
    assert len(d.by_role("worker")) == 2


@pytest.mark.parametrize("rogue", DEEDS, indirect=True,
                         ids=lambda deed: deed.__name__)
def test_beside_another_it_is_passed_over(stage, rogue):
    other = stage.upstream(UPSTREAM_2)
    other.add("n1.wild.test", "A", "45.0.0.1")
    stage.daemon(RULE, upstream=[UPSTREAM, UPSTREAM_2])
    client = stage.client()
    answer, took = timed(client, "n1.wild.test")
    assert addresses(answer) == ["45.0.0.1"]
    assert took < 4.3 * SLOW, took
    assert client.connect("45.0.0.1") == OPEN
    assert {g[3] for g in stage.lab.grants()} == {"45.0.0.1"}


@pytest.mark.parametrize("code", ("SERVFAIL", "REFUSED", "NOTIMP", "FORMERR"))
def test_who_only_fails_is_passed_over(stage, up, code):
    def script(q):
        q.send(q.answer(rcode=dns.rcode.from_text(code), records=[]))
    other = stage.upstream(UPSTREAM_2)
    for number in range(30):
        name = f"n{number}.wild.test"
        up.script[name] = script
        other.add(name, "A", f"45.0.0.{number}")
    stage.daemon(RULE, workers=1, upstream=[UPSTREAM, UPSTREAM_2])
    client = stage.client()
    for number in range(30):
        answer, took = timed(client, f"n{number}.wild.test")
        assert addresses(answer) == [f"45.0.0.{number}"]
        assert took < 1 * SLOW
    # after ten in a row it is asked second
    assert up.count("n29.wild.test") == 0


@pytest.mark.slow
def test_a_black_hole_and_its_return(stage, up):
    """One of two: nobody notices after a while; both: SERVFAIL in 4 s; and
    when one returns, it is asked within 2 s."""
    other = stage.upstream(UPSTREAM_2)
    for upstream in (up, other):
        upstream.fallback = lambda q: [
            (q.text, 300, "A", f"45.0.0.{int(q.text[1:].split('.')[0])}")]
    stage.daemon(RULE, workers=1, upstream=[UPSTREAM, UPSTREAM_2])
    client = stage.client()
    up.silent = True
    for number in range(5):
        timed(client, f"n{number}.wild.test")
    slow = [took for number in range(10, 60)
            if (took := timed(client, f"n{number}.wild.test")[1]) > 0.5]
    assert len(slow) <= 1 * SLOW, slow
    other.silent = True
    answer, took = timed(client, "n70.wild.test")
    assert rcode(answer) == "SERVFAIL" and took < 4.3 * SLOW
    other.silent = False
    began = time.monotonic()
    assert until(lambda: rcode(timed(client, "n71.wild.test")[0])
                 == "NOERROR", 8 * SLOW)
    assert time.monotonic() - began < 2.5 * SLOW
