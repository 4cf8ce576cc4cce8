# SPDX-License-Identifier: GPL-2.0-or-later
"""A router with grants in its kernel, and eyes on everything at once: what
`status` says, what a client is answered, what the kernel has."""

import contextlib
import re
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))

import dns.message  # noqa: E402

import lab as lab_  # noqa: E402
from dnsclient import OPEN, REFUSED, question, rcode  # noqa: E402

ACL = """\
10.1.0.0/24 -> *.wild.test:TCP:443
fd00:1::/64 -> *.wild.test:TCP:443
localhost -> *.wild.test:TCP:443
"""
MANY, FEW = 200, 10
TTL = 600
KERNEL = {family: lab_.CHAIN + f"-ipv{family}-allow" for family in (4, 6)}


def now():
    """The daemon's clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def zone(q):
    """nN.wild.test leads to an address of its own; nothing else is there."""
    found = re.match(r"n(\d+)\.wild\.test\.$", q.text, re.I)
    if not found:
        return []
    number = int(found[1])
    low = f"{number >> 8}.{number & 255}"
    return [(q.text, TTL, "A", f"45.7.{low}"),
            (q.text, TTL, "AAAA", f"2001:db8:1::{number:x}")]


def state_of(d):
    """The line of `status` that says what is wrong."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as s:
        s.settimeout(2)
        try:
            s.connect(str(d.control))
            s.sendall(b"status\n")
            text = b""
            while part := s.recv(65536):
                text += part
        except OSError as why:
            return f"state unknown: {why}"
    return next((line for line in text.decode().splitlines()
                 if line.startswith("state ")), "state unknown")


def rules_of(lab):
    """Ours in the kernel, each as often as it is there."""
    if lab.uses_nftables():
        # whom it shuts in is written to two sets in turn
        return sorted(re.sub(r"(@clients-ipv\d)-[ab]", r"\1", rule)
                      for rule in lab.chain())
    found = []
    for family in (4, 6):
        try:
            found += lab.chain(family)
        except RuntimeError:  # there is no chain
            found.append(f"-N {family}")
    return found


class Scene:
    """A daemon whose clients were granted something, on a stage."""

    def __init__(self, stage, many=MANY, **options):
        self.lab = stage.lab
        self.up = stage.upstream()
        self.up.fallback = zone
        self.d = stage.daemon(ACL, **options)
        self.client = stage.client()
        self.client6 = stage.client6()
        self.here = stage.here(lab_.ROUTER)
        self.many = many
        for number in range(many):
            self.ask(number)
        for number in range(FEW):
            self.client6.ask(f"n{number}.wild.test", "AAAA")
            self.here.ask(f"n{number}.wild.test")
        self.granted = self.lab.entries()
        self.chains = self.rules()
        assert len(self.granted) == many + 2 * FEW, len(self.granted)

    def ask(self, number, timeout=1.0):
        """Of the answer, or "silence"."""
        asked = question(f"n{number}.wild.test", edns=1232)
        got = self.client.raw(asked.to_wire(), timeout)
        return rcode(dns.message.from_wire(got)) if got else "silence"

    def rules(self):
        return rules_of(self.lab)

    def state(self):
        return state_of(self.d)

    def check_traffic(self):
        """Packets go where they may, and nowhere else."""
        assert self.client.connect("45.7.0.1") == OPEN
        assert self.client6.connect("2001:db8:1::1") == OPEN
        assert self.here.connect("45.7.0.1") == OPEN
        assert self.client.connect("203.0.113.1") == REFUSED

    def difference(self):
        """What the kernel has not of what was granted."""
        there = self.lab.entries()
        lost = [k for k in self.granted if k not in there]
        longer = [k for k, s in there.items()
                  if k in self.granted and s > self.granted[k] + 1]
        extra = [k for k in there if k not in self.granted]
        wrong = []
        if self.rules() != self.chains:
            wrong.append("rules")
        if lost:
            wrong.append(f"{len(lost)} grants lost")
        if extra:
            wrong.append(f"{len(extra)} foreign entries")
        if longer:
            wrong.append(f"{len(longer)} grants longer")
        if 0 in there.values():
            wrong.append("an entry without an end")
        return ", ".join(wrong)
