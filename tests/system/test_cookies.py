# SPDX-License-Identifier: GPL-2.0-or-later
"""Cookies between us and upstreams (RFC 7873): sent, kept, and checked."""

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from dnsclient import addresses

ACL = "10.1.0.0/24 ~> *\n"
SERVER = bytes(range(1, 17))
COOKIE, BADCOOKIE = 10, 23


def cookie_of(query):
    found = [o.data for o in query.message.options if o.otype == COOKIE]
    return found[0] if found else None


def answer(query, cookie, rcode=0, address="203.0.113.5"):
    """The answer as wire, with that cookie (None: none)."""
    message = dns.message.from_wire(query.answer(
        records=[(query.text, 60, "A", address)] if not rcode else []))
    options = []
    if cookie is not None:
        options.append(dns.edns.GenericOption(COOKIE, cookie))
    message.use_edns(0, 0, 1232, options=options)
    message.set_rcode(rcode)
    return message.to_wire()


@pytest.fixture
def good(up):
    """An upstream that wants its own cookie back."""
    def say(query):
        sent = cookie_of(query)
        if sent is None:
            query.send(answer(query, None))
        elif sent[8:] == SERVER:
            query.send(answer(query, sent))
        else:
            query.send(answer(query, sent[:8] + SERVER, BADCOOKIE))
    for name in "abcdef":
        up.script[f"{name}.test"] = say
    return up


def ask(client, name):
    return addresses(client.ask(name, timeout=6))


def test_a_new_cookie_is_learnt(stage, good):
    stage.daemon(ACL, workers=1)
    client = stage.client()
    assert ask(client, "a.test") == ["203.0.113.5"]
    first, second = good.of("a.test")
    assert len(cookie_of(first)) == 8
    assert cookie_of(second) == cookie_of(first) + SERVER
    assert not second.stream
    assert ask(client, "b.test") == ["203.0.113.5"]
    only, = good.of("b.test")
    assert cookie_of(only) == cookie_of(second)


def test_clients_cookies_stay_here(stage, good):
    stage.daemon(ACL, workers=1)
    mine = dns.edns.GenericOption(COOKIE, b"my-cooki")
    got = stage.client().ask("a.test", options=[mine], timeout=6)
    assert addresses(got) == ["203.0.113.5"]
    assert all(cookie_of(q)[:8] != b"my-cooki" for q in good.of("a.test"))
    assert not any(o.otype == COOKIE for o in got.options)


@pytest.mark.parametrize("lie", ["none", "wrong"])
def test_a_forged_answer_is_asked_for_by_tcp(stage, good, lie):
    stage.daemon(ACL, workers=1)
    client = stage.client()
    ask(client, "a.test")
    true = good.script["b.test"]

    def say(query):
        if query.stream:
            true(query)
        else:
            query.send(answer(query, None if lie == "none"
                              else b"forgery!" + SERVER,
                              address="203.0.113.66"))
    good.script["b.test"] = say
    assert ask(client, "b.test") == ["203.0.113.5"]
    assert [q.stream for q in good.of("b.test")] == [False, True]


def test_without_cookies_nothing_is_missed(stage, up):
    up.fallback = lambda q: [(q.text, 60, "A", "203.0.113.5")]
    stage.daemon(ACL, workers=1)
    client = stage.client()
    for name in ("x.test", "y.test"):
        assert ask(client, name) == ["203.0.113.5"]
        assert [q.stream for q in up.of(name)] == [False]


def test_an_upstream_that_chokes(stage, up):
    def say(query):
        if cookie_of(query) is not None:
            query.send(answer(query, None, dns.rcode.FORMERR))
        else:
            query.send(answer(query, None))
    up.script["a.test"] = up.script["b.test"] = say
    stage.daemon(ACL, workers=1)
    client = stage.client()
    assert ask(client, "a.test") == ["203.0.113.5"]
    assert ask(client, "b.test") == ["203.0.113.5"]
    only, = up.of("b.test")
    assert cookie_of(only) is None
    assert only.message.edns == 0


def test_always_bad(stage, up):
    def say(query):
        sent = cookie_of(query)
        if query.stream:
            query.send(answer(query, sent[:8] + SERVER))
        else:
            query.send(answer(query, sent[:8] + SERVER, BADCOOKIE))
    up.script["a.test"] = say
    stage.daemon(ACL, workers=1)
    assert ask(stage.client(), "a.test") == ["203.0.113.5"]
    assert [q.stream for q in up.of("a.test")] == [False, False, True]


def test_switched_off(stage, good):
    stage.daemon(ACL, workers=1, env={"DNSFW_UPSTREAM_COOKIES": "no"})
    assert ask(stage.client(), "a.test") == ["203.0.113.5"]
    assert [cookie_of(q) for q in good.of("a.test")] == [None]
