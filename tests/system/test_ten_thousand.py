# SPDX-License-Identifier: GPL-2.0-or-later
"""Ten thousand names, one after the other, each followed at once by a
connection: every first packet passes."""

import pytest

from conftest import both_flavours
from dnsclient import OPEN, addresses, until
from lab import CHAIN
from priority import put_first

NAMES = 10000


def address(number):
    return f"45.3.{number >> 8}.{number & 255}"


@pytest.mark.slow
@both_flavours
def test_ten_thousand_first_packets_pass(stage, up):
    up.fallback = lambda q: [
        (q.text, 600, "A", address(int(q.text[1:].split(".")[0])))]
    d = stage.daemon("10.1.0.2 -> *.many.test:TCP:443\n",
                     max_client_grants=20000, max_new_grants=20000)
    put_first(*d.by_role("warden"))
    client = stage.client()
    client.ask("n0.many.test")

    def count():
        return {p.role: len(p.descriptors()) for p in d.crew()}
    before = count()
    missed = []
    for number in range(NAMES):
        got = addresses(client.ask(f"n{number}.many.test"))
        assert got == [address(number)]
        outcome = client.connect(got[0])
        if outcome != OPEN:
            missed.append((number, outcome))
    assert missed == []
    entries = stage.lab.entries(CHAIN + "-ipv4-allow")
    assert len(entries) == NAMES
    assert min(entries.values()) > 0, "a permanent entry"
    listed = stage.lab.router.run("ipset", "list")
    assert not any(line.endswith(" timeout 0")
                   for line in listed.splitlines() if "," in line)
    assert until(lambda: count() == before), (before, count())
