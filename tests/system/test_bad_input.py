# SPDX-License-Identifier: GPL-2.0-or-later
"""Malformed queries: the right error or silence, and nothing opened."""

import random
import socket
import struct

import dns.message
import dns.opcode
import dns.rcode
import pytest

from dnsclient import addresses, question, rcode, read_frame

ACL = "10.1.0.2 -> allowed.test:TCP:443\n10.1.0.2 ~> *\n"
NAME = b"\7allowed\4test\0"
ASK = NAME + b"\0\1\0\1"
HEAD = struct.Struct("!6H")


def wire(body=ASK, flags=0x0100, qd=1, an=0, ns=0, ar=0):
    return HEAD.pack(0x1234, flags, qd, an, ns, ar) + body


OPT = b"\0\0\x29\4\xd0\0\0\0\0\0\0"


def opt(version=0, length=0, data=b""):
    return b"\0\0\x29\4\xd0\0" + bytes([version]) + b"\0\0" \
        + struct.pack("!H", length) + data


def label_name(size):
    """A name of `size` wire bytes."""
    out, left = b"", size - 1
    while left > 64:
        out += b"\x3f" + b"a" * 63
        left -= 64
    return out + bytes([left - 1]) + b"b" * (left - 1) + b"\0"


ERRORS = {
    "label of 64": (wire(b"\x40" + b"a" * 64 + b"\0\0\1\0\1"), "FORMERR"),
    "label type 0x80": (wire(b"\x80aa\0\0\1\0\1"), "FORMERR"),
    "name of 256": (wire(label_name(256) + b"\0\1\0\1"), "FORMERR"),
    "pointer to itself": (wire(b"\xc0\x0c\0\1\0\1"), "FORMERR"),
    "pointer forward": (wire(b"\xc0\x20\0\1\0\1" + bytes(40)), "FORMERR"),
    "pointer cycle": (wire(b"\1a\xc0\x0c\0\1\0\1"), "FORMERR"),
    "pointer into header": (wire(b"\xc0\x04\0\1\0\1"), "FORMERR"),
    "torn name": (wire(b"\7allo"), "FORMERR"),
    "no type": (wire(NAME + b"\0"), "FORMERR"),
    "two OPT": (wire(ASK + OPT + OPT, ar=2), "FORMERR"),
    "EDNS version 1": (wire(ASK + opt(version=1), ar=1), "BADVERS"),
    "OPT past the end": (wire(ASK + opt(length=99), ar=1), "FORMERR"),
    "option past the OPT": (wire(ASK + opt(0, 4, b"\0\3\0\x09"), ar=1),
                            "FORMERR"),
    "OPT in answer": (wire(ASK + OPT, an=1), "FORMERR"),
    "no question": (wire(b"", qd=0), "FORMERR"),
    "two questions": (wire(ASK + ASK, qd=2), "FORMERR"),
    "an answer inside": (wire(ASK + b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4abcd",
                              an=1), "FORMERR"),
    "trailing bytes": (wire(ASK + b"junk"), "FORMERR"),
    "count of 65535": (wire(ASK, qd=65535), "FORMERR"),
    "additional missing": (wire(ASK, ar=1), "FORMERR"),
    **{f"opcode {n}": (wire(flags=0x0100 | n << 11), "NOTIMP")
       for n in (1, 2, 4, 5, 6)},
    **{f"type {n}": (wire(NAME + struct.pack("!2H", n, 1)), "REFUSED")
       for n in (251, 252, 253, 254)},
    "class CH": (wire(NAME + b"\0\1\0\3"), "REFUSED"),
    "class ANY": (wire(NAME + b"\0\1\0\xff"), "REFUSED"),
}


@pytest.fixture
def daemon(stage, up):
    d = stage.daemon(ACL)
    before = {p.pid for p in d.children()}
    yield d
    assert {p.pid for p in d.children()} == before, "a child died"
    assert addresses(stage.client().ask("allowed.test"))


def code_of(got):
    """The full code of an answer whose head at least can be read."""
    return rcode(dns.message.from_wire(got, ignore_trailing=True)) \
        if got[3] & 15 == 0 else dns.rcode.to_text(got[3] & 15)


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("name", ERRORS)
def test_error(stage, up, daemon, name, tcp):
    sent, code = ERRORS[name]
    client = stage.client()
    got = client.raw_tcp(sent) if tcp else client.raw(sent)
    assert got is not None
    assert got[:2] == b"\x12\x34" and got[2] & 0x80
    assert code_of(got) == code
    assert struct.unpack("!H", got[6:8])[0] == 0
    assert up.count() == 0 and stage.lab.grants() == set()
    assert b"junk" not in got


def test_name_of_255_is_asked(stage, up, daemon):
    got = stage.client().raw(wire(label_name(255) + b"\0\1\0\1"))
    assert code_of(got) == "NXDOMAIN"


@pytest.mark.parametrize("sent", [
    b"", b"\0", b"\x12\x34\1\0\0\1\0\0\0\0\0",
    wire(flags=0x8180), wire(flags=0x8100, qd=0, body=b"")],
    ids=["empty", "one", "eleven", "response", "empty response"])
def test_silence(stage, up, daemon, sent):
    assert stage.client().raw(sent, timeout=0.3) is None
    assert up.count() == 0


@pytest.mark.parametrize("frame", [
    b"\0\0", b"\0\1x", b"\0\x0b" + bytes(11),
    b"\xff\xff" + bytes(65535)], ids=["0", "1", "11", "65535"])
def test_odd_frames(stage, up, daemon, frame):
    with stage.client().stream(1) as s:
        s.sendall(frame)
        read_frame(s)
    assert up.count() == 0


def test_connections_torn_in_the_middle(stage, up, daemon):
    sent = question("allowed.test").to_wire()
    framed = struct.pack("!H", len(sent)) + sent
    for size in range(len(framed)):
        with stage.client().stream(1) as s:
            s.sendall(framed[:size])
    for _ in range(20):
        with stage.client().stream(1) as s:
            s.sendall(framed)


def test_notify_and_update_are_never_forwarded(stage, up, daemon):
    client = stage.client()
    for opcode in (dns.opcode.NOTIFY, dns.opcode.UPDATE):
        message = question("dns.test", "SOA")
        message.set_opcode(opcode)
        got = client.raw(message.to_wire())
        assert got[3] & 15 == 4
    assert up.count() == 0


def mutations(how_many):
    generator = random.Random(4711)
    seeds = [sent for sent, _ in ERRORS.values()]
    seeds += [question("allowed.test", edns=1232).to_wire(),
              question("x.y.z.test", "AAAA", do=True).to_wire()]
    for _ in range(how_many):
        data = bytearray(generator.choice(seeds))
        for _ in range(generator.randrange(1, 5)):
            at = generator.randrange(len(data))
            what = generator.randrange(3)
            if what == 0:
                data[at] = generator.randrange(256)
            elif what == 1:
                del data[at:at + generator.randrange(1, 4)]
            else:
                data[at:at] = generator.randbytes(generator.randrange(1, 4))
            data = data or bytearray(1)
        yield bytes(data)


def test_thousands_of_mutations(stage, up, daemon):
    """Nothing crashes, nothing is opened but what the rule says."""
    client = stage.client()
    with client.socket(socket.SOCK_DGRAM, 1) as s:
        s.connect((client.server, client.port))
        for number, sent in enumerate(mutations(20000)):
            s.send(sent)
            if number % 200 == 0:
                client.ask("dns.test")
    good = {("10.1.0.2", "tcp", 443, "203.0.113.5")}
    assert stage.lab.grants() <= good
