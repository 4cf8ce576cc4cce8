# SPDX-License-Identifier: GPL-2.0-or-later
"""The same policy zones, the same questions: BIND as a resolver of its own,
and the daemon in front of another. What both have clients told is the same,
but where dns-firewall.lists(5) says that it is not."""

import contextlib
import os
import random
import shutil
import textwrap

import dns.flags
import dns.message
import pytest
from dns.rdatatype import SOA

from authorities import knot, recursive
from daemon import SLOW
from dnsclient import Client, question, rcode, until
from lab import ROUTER, UPSTREAM
from policy_world import AT, AUTHORITIES, NAMES, ROOT, Zones
from resolvers import found, running

SEEDS = int(os.environ.get("DNSFW_AS_BIND_SEEDS", "8"))
FIRST = int(os.environ.get("DNSFW_AS_BIND_FIRST", "1"))
QUESTIONS = 30
PORT = 5300
KINDS = ["A"] * 6 + ["AAAA", "AAAA", "TXT", "MX", "SOA", "HTTPS"]


def named(directory, zones):
    home = directory / "named"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    home.chmod(0o777)
    text = textwrap.dedent(f"""\
        options {{
            directory "{home}"; pid-file none; session-keyfile none;
            lock-file none; listen-on-v6 {{ none; }};
            listen-on port {PORT} {{ {ROUTER}; }};
            recursion yes; allow-query {{ any; }};
            allow-recursion {{ any; }}; dnssec-validation no;
            empty-zones-enable no; qname-minimization off;
            minimal-responses yes; max-cache-size 16m;
            response-policy {{ {" ".join(
                f'zone "{name}.rpz" policy {override};'
                for name, (_, override) in zones.items())}
            }} break-dnssec yes min-ns-dots 1 max-policy-ttl 300;
        }};
        controls {{ }};
        zone "." {{ type hint; file "{directory}/hints"; }};
        """)
    for name, (records, _) in zones.items():
        (home / name).write_text(records)
        text += f'zone "{name}.rpz" {{ type primary; file "{name}"; }};\n'
    (home / "named.conf").write_text(text)
    # Its own copy: a profile of AppArmor goes by the path.
    program = home / "program"
    shutil.copy2("/usr/sbin/named", program)
    return [str(program), "-g", "-n", "1", "-c", str(home / "named.conf")]


def printed(rrset, record):
    """Times only of what a zone says: others have their age in a cache."""
    own = str(record).startswith("198.18.") or rrset.rdtype == SOA
    return f"{rrset.name} {rrset.ttl if own else ''} {record}".lower()


def outcome(client, name, kind, tcp):
    """What a client is told; None: nothing. An answer that is only to be
    asked for again has no code that counts."""
    wire = question(name.title(), kind, do=kind == "AAAA").to_wire()
    got = client.raw_tcp(wire, 1.0) if tcp else client.raw(wire, 1.0)
    if got is None:
        return None
    answer = dns.message.from_wire(got)
    truncated = bool(answer.flags & dns.flags.TC)
    return ("TC" if truncated else rcode(answer),
            bool(answer.flags & dns.flags.AA),
            *(sorted(printed(rrset, record) for rrset in section
                     for record in rrset)
              for section in (answer.answer, answer.additional)))


def ask(client, name, kind, tcp):
    try:
        return outcome(client, name, kind, tcp)
    except (TimeoutError, EOFError, ConnectionError):
        return None


@pytest.fixture
def world(stage):
    for program in ("knotd", "unbound", "named"):
        if not found(program):
            pytest.skip(f"{program} is not installed")

    def answers(address, name):
        client = Client(stage.lab.net, UPSTREAM, server=address)
        got = client.raw(question(name).to_wire(), 0.3)
        return got and rcode(dns.message.from_wire(got)) == "NOERROR"

    with contextlib.ExitStack() as stack:
        for address, served in AT.items():
            stack.enter_context(running(
                knot(stage.directory, address, served), stage.lab.net,
                lambda at=address: answers(at, AUTHORITIES[at])))
        stack.enter_context(running(
            recursive(stage.directory, ROOT), stage.lab.net,
            lambda: answers(UPSTREAM, "a.one.test")))
        yield


class Both:
    def __init__(self, stage, zones):
        self.stage, self.zones = stage, zones
        path = stage.directory
        for name, (records, _) in zones.items():
            (path / f"{name}.zone").write_text(records)
        (path / "lists").write_text("".join(
            f"list {name} rpz {path}/{name}.zone zone {name}.rpz "
            f"ns-levels all {self.action(override)}\n"
            for name, (_, override) in zones.items()))
        self.daemon = stage.daemon(
            "10.1.0.0/24 ~> *\n", lists=path / "lists", private_ok="0.0.0.0/0")

    @staticmethod
    def action(override):
        return "action " + {"disabled": "log"}.get(override, override)

    def clients(self, number):
        address = f"10.1.0.{number}"
        return [Client(self.stage.lab.lan, address, port=port)
                for port in (53, PORT)]

    def ask(self, number, name, kind, tcp):
        return [ask(client, name, kind, tcp)
                for client in self.clients(number)]


def leads_to_itself(told):
    """BIND has an alias told whose target is the name that was hit; here it
    lets that name through."""
    return told is not None and any(
        owner == target for owner, _, target in
        (record.split(" ", 2) for record in told[2]))


def settled(both, number, name, kind, tcp):
    """Both, when they are the same; else as they stay: servers that are not
    found in time are found for the next."""
    got = []

    def same():
        got[:] = both.ask(number, name, kind, tcp)
        return got[0] == got[1]

    until(same, 3 * SLOW, 0.3)
    return got


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_both_tell_the_same(stage, world, seed):
    chance = random.Random(seed)
    zones = Zones(chance).zones
    both = Both(stage, zones)
    with running(named(stage.directory, zones), stage.lab.router,
                 lambda: ask(both.clients(9)[1], "ns.root.", "A", False)):
        differences = []
        for _ in range(QUESTIONS):
            asked = (chance.choice((2, 2, 3)), chance.choice(NAMES),
                     chance.choice(KINDS),
                     chance.random() < 0.2)
            ours, theirs = settled(both, *asked)
            if ours != theirs and not leads_to_itself(theirs):
                differences.append(f"{asked}\n ours   {ours}\n BIND   "
                                   f"{theirs}")
    texts = [f"zone {name} policy {override}\n" +
             "\n".join(records.splitlines()[3:])
             for name, (records, override) in zones.items()]
    assert not differences, "\n".join(texts + differences)
