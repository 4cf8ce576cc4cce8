# SPDX-License-Identifier: GPL-2.0-or-later
"""Text of zones, read by the daemon and by dnspython: what a client is told
is what the text says, of whatever type, however it is written."""

import random

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest

from dnsclient import rcode
from test_lists import put

RECORDS = 150


def some(chance, length):
    return chance.randbytes(length)


def string(chance):
    text = some(chance, chance.randint(1, 30))
    return bytes([len(text)]) + text


def name(chance):
    labels = [some(chance, chance.randint(1, 12)) if chance.random() < 0.3
              else b"Host%d" % chance.randrange(1000)
              for _ in range(chance.randint(1, 3))]
    return dns.name.Name([*labels, b"Test", b""]).to_wire()


KINDS = {
    "A": lambda c: some(c, 4),
    "AAAA": lambda c: some(c, 16),
    "AFSDB": lambda c: some(c, 2) + name(c),
    "CAA": lambda c: b"\0\5issue" + some(c, 10),
    "HINFO": lambda c: string(c) + string(c),
    "KX": lambda c: some(c, 2) + name(c),
    "MX": lambda c: some(c, 2) + name(c),
    "NAPTR": lambda c: some(c, 4) + string(c) * 3 + name(c),
    "OPENPGPKEY": lambda c: some(c, 20),
    "PTR": name,
    "RP": lambda c: name(c) + name(c),
    "SRV": lambda c: some(c, 6) + name(c),
    "SSHFP": lambda c: b"\1\1" + some(c, 20),
    "TLSA": lambda c: b"\3\1\1" + some(c, 32),
    "TXT": lambda c: string(c) + string(c),
    "TYPE65280": lambda c: some(c, 20),
    "URI": lambda c: some(c, 4) + b"https://x.test/",
}


def spelt(chance, words):
    """The same record, over several lines."""
    if '"' in words or "\\" in words or chance.random() < 0.7:
        return words
    return "( " + ' ; "half (\n\t '.join(words.split(" ")) + " )"


def lines_of(chance, wanted):
    for number in range(RECORDS):
        kind = chance.choice(list(KINDS))
        wire = KINDS[kind](chance)
        rdata = dns.rdata.from_wire(dns.rdataclass.IN,
                                    dns.rdatatype.from_text(kind), wire, 0,
                                    len(wire))
        wanted[f"r{number}.test"] = (kind, rdata)
        ttl = chance.choice(("", "60 ", "1m IN ", "in 60 ", "IN "))
        kind = chance.choice((kind, kind.lower()))
        yield (f"R{number}.test\t{ttl}{kind} "
               f"{spelt(chance, rdata.to_text())}"
               f"{chance.choice(('', ' ', ' ; why (not'))}\n")


@pytest.mark.parametrize("seed", (1, 2))
def test_records_are_what_the_text_says(stage, up, seed):
    wanted = {}
    put(stage.directory / "zone",
        "$TTL 60\n@ SOA ns. root. 1 2 3 4 5\n" +
        "".join(lines_of(random.Random(seed), wanted)))
    put(stage.directory / "lists", f"list z rpz {stage.directory}/zone\n")
    d = stage.daemon("10.1.0.0/24 ~> *\n", lists=stage.directory / "lists")
    assert "warning" not in d.err.text and "WARN" not in d.err.text
    client = stage.client()
    for owner, (kind, rdata) in wanted.items():
        answer = client.ask(owner, kind)
        assert rcode(answer) == "NOERROR", owner
        [rrset] = answer.answer
        assert rrset.ttl == 60 and len(rrset) == 1, owner
        assert rrset[0].to_digestable() == rdata.to_digestable(), owner
