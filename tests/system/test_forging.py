# SPDX-License-Identifier: GPL-2.0-or-later
"""Strangers who answer in an upstream's name, and upstreams that only look
as if they did."""

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from daemon import SLOW
from dnsclient import OPEN, addresses, rcode, until
from lab import UPSTREAM, UPSTREAM_2

FORGER = Path(os.environ["DNSFW_BUILD"]) / "tests" / "load" / "forger"
RULE = ("10.1.0.0/24 -> *.wild.test:TCP:443\n"
        "10.1.0.0/24 -> allowed.test:TCP:443\n")
RATE = 100000
FORGED = "203.0.113.250"


class Forger:
    """Writes to the port of each query it hears of, with all ids but the
    right one."""

    def __init__(self, lab, rate=RATE):
        with lab.net.entered():
            self.process = subprocess.Popen(
                [FORGER, UPSTREAM, "172.30.0.1", str(rate)], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def aim(self, query):
        lie = query.answer(records=[(query.text, 300, "A", FORGED)])
        self.process.stdin.write(f"{query.peer[1]} {lie.hex()}\n")
        self.process.stdin.flush()

    def end(self):
        """How many it has sent."""
        out, _ = self.process.communicate(timeout=10 * SLOW)
        return int(out)


def forge_against(stage, up, forger, queries, late):
    """So many questions, each under fire for a while before the truth
    comes: (answers, seconds)."""
    up.fallback = lambda q: [
        (q.text, 300, "A", f"45.0.1.{int(q.text[1:].split('.')[0]) % 250}")]

    def script(q):
        if not q.stream:
            forger.aim(q)
            time.sleep(late)
        q.send(q.answer())
    for number in range(queries):
        up.script[f"n{number}.wild.test"] = script
    client, answers = stage.client(), []
    began = time.monotonic()
    for number in range(queries):
        answers.append(client.ask(f"n{number}.wild.test"))
    return answers, time.monotonic() - began


@pytest.mark.slow
def test_a_hundred_thousand_forged_answers_a_second(stage, up):
    """All is right about them but the id: none is believed, and after the
    first of them only a connection is."""
    d = stage.daemon(RULE)
    forger = Forger(stage.lab)
    queries = 150
    try:
        answers, took = forge_against(stage, up, forger, queries, 0.1)
    finally:
        sent = forger.end()
    assert sent > RATE * took / 50, (sent, took)
    for number, answer in enumerate(answers):
        assert rcode(answer) == "NOERROR"
        assert addresses(answer) == [f"45.0.1.{number}"]
    # but for those where the truth was sooner
    by_tcp = [[q.stream for q in up.of(f"n{number}.wild.test")]
              == [False, True] for number in range(queries)]
    assert sum(by_tcp) > queries * 0.8, by_tcp
    assert FORGED not in {g[3] for g in stage.lab.grants()}
    assert d.counters()["upstream_mismatch"] >= sum(by_tcp)
    assert stage.client().connect("45.0.1.7") == OPEN


# --- upstreams that lose the case ----------------------------------------

# So many letters that hardly ever all of them are lower case by chance.
NAME = "n%d-of-those-whose-letters-are-many.wild.test"
SAID = r"^\[WARN \] Upstream 172\.30\.0\.2:53 does not keep the case of names"


def in_lower_case(query):
    query.send(query.answer(name=query.text.lower()))


def names_of_it(up, script, count=12):
    for number in range(count):
        up.add(NAME % number, "A", f"45.0.1.{number}")
        up.script[NAME % number] = script


def ask_each(stage, numbers):
    client = stage.client()
    for number in numbers:
        answer = client.ask(NAME % number)
        assert addresses(answer) == [f"45.0.1.{number}"], number


def streams(up, number):
    return [q.stream for q in up.of(NAME % number)]


def test_an_upstream_that_loses_the_case_is_understood(stage, up):
    """After TCP has said the same three times; said once."""
    names_of_it(up, in_lower_case)
    d = stage.daemon(RULE, workers=1)
    ask_each(stage, range(12))
    for number in range(12):
        assert streams(up, number) == ([False, True] if number < 3
                                       else [False])
    d.err.wait(SAID)
    assert len(re.findall(SAID, d.err.text, re.M)) == 1
    # the others are still asked in a mixture of cases
    assert any(q.text != q.text.lower() for q in up.seen[:6])


def test_one_that_says_something_else_by_tcp_proves_nothing(stage, up):
    def script(q):
        lie = [(q.text, 300, "A", FORGED)]
        q.send(q.answer() if q.stream
               else q.answer(name=q.text.lower(), records=lie))
    names_of_it(up, script)
    d = stage.daemon(RULE, workers=1)
    ask_each(stage, range(12))
    assert all(streams(up, n) == [False, True] for n in range(12))
    assert FORGED not in {g[3] for g in stage.lab.grants()}
    assert not d.err.has(SAID)


def test_one_that_kept_the_case_meanwhile_proves_nothing(stage, up):
    """A stranger's wrong guesses between answers that are right."""
    names_of_it(up, in_lower_case)
    for number in range(2, 12, 3):
        del up.script[NAME % number]
    d = stage.daemon(RULE, workers=1)
    ask_each(stage, range(12))
    assert all(streams(up, n) == ([False] if n % 3 == 2 else [False, True])
               for n in range(12))
    assert not d.err.has(SAID)


def test_only_that_one_is_free(stage, up):
    names_of_it(up, in_lower_case)
    other = stage.upstream(UPSTREAM_2)
    names_of_it(other, in_lower_case)
    d = stage.daemon(RULE, workers=1, upstream=[UPSTREAM, UPSTREAM_2])
    ask_each(stage, range(4))
    d.err.wait(SAID)
    up.stop()
    assert until(lambda: rcode(stage.client().ask(NAME % 5))
                 == "NOERROR", 5 * SLOW)
    assert streams(other, 5)[:2] == [False, True]
