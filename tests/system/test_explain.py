# SPDX-License-Identifier: GPL-2.0-or-later
"""What explain says a query comes to is what it comes to."""

import random
import re

import pytest

from dnsclient import ede, question, rcode

CLIENTS = ("any", "10.1.0.0/24", "10.1.0.2", "10.1.0.0/24%lan0",
           "10.1.0.2%lan0")
DOMAINS = ("a.test", "*.a.test", ".a.test", "*.b.a.test", ".test", "*",
           "x.test", ".local", "p.local", "localhost", ".onion")
ANSWERS = ("refused", "nxdomain", "nodata", "null", "= 192.0.2.1",
           "= 2001:db8::1")
NAMES = ("a.test", "b.a.test", "c.b.a.test", "x.test", "_8443._https.a.test",
         "local", "p.local", "localhost", "z.onion", "n.home.arpa",
         "use-application-dns.net", "elsewhere.example")
DATA = {"A": "203.0.113.9", "AAAA": "2001:db8:1::9", "TXT": '"text"'}


def policy(chance):
    """A policy at random, without contradictions: client and domain either
    allow or block, and block once."""
    rules, said = [], {}
    for _ in range(14):
        who, what = chance.choice(CLIENTS), chance.choice(DOMAINS)
        kind = chance.choice(("->", "->", "~>", "-|"))
        before = said.setdefault((who, what), kind)
        if kind == "->" and before in ("->", "~>"):
            rules.append(f"{who} -> {what}:TCP:{chance.randint(1, 999)}")
        elif kind == "~>" and before in ("->", "~>"):
            rules.append(f"{who} ~> {what}")
        elif kind == "-|" and before == kind:
            rules.append(f"{who} -| {what} {chance.choice(ANSWERS)}")
            said[who, what] = "blocked"
    return "\n".join(rules) + "\n"


def code_of(says):
    """The code of an answer that begins so."""
    word = re.split("[, ]", says)[0]
    return word if word in ("REFUSED", "NXDOMAIN") else "NOERROR"


@pytest.mark.parametrize("seed", range(4))
def test_explain_agrees_with_the_answers(stage, up, seed):
    up.fallback = lambda q: (
        [(q.text, 300, q.kind, DATA[q.kind])] if q.kind in DATA else [])
    acl = policy(random.Random(seed))
    d = stage.daemon(acl, workers=1)
    for name in NAMES:
        for kind in ("A", "AAAA", "TXT", "HTTPS", "ANY"):
            says = re.search(r"^answer \S+ (.*)$", d.ctl(
                "explain", "10.1.0.2%lan0", name, kind), re.M)[1]
            got = stage.client().ask(name, kind, edns=1232)
            where = f"{acl}\n{name} {kind}: {says}\n{got}"
            assert rcode(got) == code_of(says), where
            told = re.search(r"EDE (\d+)", says)
            assert not told or ede(got) == [int(told[1])], where
            if says.startswith("NODATA"):
                assert not got.answer, where
            if says.startswith("forwarded"):
                assert not set(ede(got)) & {15, 18, 29}, where


def test_explain_of_a_drop(stage, up):
    d = stage.daemon("10.1.0.0/24 -| a.test drop\n10.1.0.0/24 ~> b.test\n")
    assert "answer A none: the query is dropped\n" in d.ctl(
        "explain", "10.1.0.2", "a.test", "A")
    assert stage.client().raw(question("a.test").to_wire(), 0.5) is None
