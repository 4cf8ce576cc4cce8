# SPDX-License-Identifier: GPL-2.0-or-later
"""What was given is taken back: entries, and the connections they let in."""

import contextlib
import fcntl
import json
import os
import random
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from conftest import every_firewall
from daemon import BINARY, SLOW
from dnsclient import OPEN, REFUSED, addresses, until

A, B = "203.0.113.5", "203.0.113.7"
A6 = "2001:db8:1::5"
BOTH = ("10.1.0.0/24 -> allowed.test:TCP:443\n"
        "10.1.0.0/24 -> dns.test:TCP:443\n"
        "fd00:1::/64 -> allowed.test:TCP:443\n")
ONLY_B = ("10.1.0.0/24 -> dns.test:TCP:443\n"
          "fd00:1::/64 -> dns.test:TCP:443\n")


class Talk:
    """A connection that stays, to an address that says back what it
    hears."""

    def __init__(self, client, address, port=443, kind=socket.SOCK_STREAM):
        self.socket = client.socket(kind, 5)
        self.socket.connect((address, port))
        assert self.goes_on(5)

    def close(self):
        self.socket.close()

    def goes_on(self, seconds=0.4):
        token = random.randbytes(8)
        self.socket.settimeout(seconds * SLOW)
        heard = b""
        with contextlib.suppress(OSError):
            self.socket.send(token)
            while token not in heard:
                got = self.socket.recv(64)
                if not got:
                    break
                heard += got
        return token in heard

    def is_cut(self, seconds=5.0):
        """It stops soon, and does not begin again. (What is promised is a
        second, of a machine that has one to spare.)"""
        if not until(lambda: not self.goes_on(0.2), seconds * SLOW):
            return "it never stopped"
        return "it began again" if self.goes_on() else True


@every_firewall
@pytest.fixture
def talk():
    """Makes Talks; closes them at the end."""
    with contextlib.ExitStack() as stack:
        def begin(*args, **options):
            made = Talk(*args, **options)
            stack.callback(made.socket.close)
            return made
        yield begin


def test_flows_are_cut_with_their_grant(stage, up, talk):
    d = stage.daemon(BOTH, cut_flows=True)
    mine, other = stage.client(2), stage.client6(2)
    for name in ("allowed.test", "dns.test"):
        assert addresses(mine.ask(name))
    other.ask("allowed.test", "AAAA")
    going, staying = talk(mine, A), talk(mine, B)
    going6 = talk(other, A6)
    d.reload(ONLY_B)
    assert going.is_cut() is True and going6.is_cut() is True
    assert staying.goes_on()
    assert mine.connect(A) == REFUSED and mine.connect(B) == OPEN
    # Those of tests before this one that the kernel still knows go along.
    assert int(re.search(r"^warden_flows_cut (\d+)$", d.ctl("status"),
                         re.M)[1]) >= 2


@every_firewall
def test_flows_go_on_where_that_is_wished(stage, up, talk):
    d = stage.daemon(BOTH)
    client = stage.client()
    client.ask("allowed.test")
    held = talk(client, A)
    d.reload(ONLY_B)
    assert client.connect(A) == REFUSED
    time.sleep(0.5)
    assert held.goes_on()


@every_firewall
def test_flows_of_other_clients_go_on(stage, up, talk):
    """The same address and port, another client; and another port."""
    acl = ("10.1.0.2 -> allowed.test:TCP:443\n"
           "10.1.0.3 -> allowed.test:TCP:443\n"
           "10.1.0.2 -> allowed.test:TCP:22\n")
    d = stage.daemon(acl, cut_flows=True)
    clients = [stage.client(2), stage.client(3)]
    for client in clients:
        client.ask("allowed.test")
    going = talk(clients[0], A)
    stay = [talk(clients[1], A), talk(clients[0], A, port=22)]
    d.reload("".join(acl.splitlines(keepends=True)[1:]))
    assert going.is_cut() is True
    assert all(t.goes_on() for t in stay)


@every_firewall
def test_what_keeps_coming_is_cut(stage, up):
    """The other end sends on: that must not begin the connection anew."""
    def pour():
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                while True:
                    connection.sendall(bytes(1000))
                    time.sleep(0.001)

    listener = stage.lab.net.socket(socket.AF_INET, socket.SOCK_STREAM)
    with listener:
        listener.bind(("0.0.0.0", 8444))
        listener.listen()
        threading.Thread(target=pour, daemon=True).start()
        d = stage.daemon("10.1.0.0/24 -> allowed.test:TCP:8444\n",
                         cut_flows=True)
        stage.client().ask("allowed.test")
        s = stage.client().socket(socket.SOCK_STREAM, 5 * SLOW)
        with s:
            s.connect((A, 8444))
            assert s.recv(1000)
            d.ctl("revoke", "10.1.0.2")
            s.settimeout(SLOW)
            end = time.monotonic() + 10 * SLOW
            with pytest.raises(OSError):
                while s.recv(65536):
                    assert time.monotonic() < end, "it never stopped"


@every_firewall
def test_datagrams_are_cut_too(stage, up, talk):
    acl = "10.1.0.0/24 -> allowed.test:UDP:443\n"
    d = stage.daemon(acl, cut_flows=True)
    client = stage.client()
    client.ask("allowed.test")
    held = talk(client, A, kind=socket.SOCK_DGRAM)
    d.reload(ONLY_B)
    assert held.is_cut() is True


def test_translated_flows_are_cut(stage, up, talk):
    """Behind masquerading, and to a destination that the router moves."""
    nat = ["iptables-nft", "-w", "-t", "nat"]
    rules = [("POSTROUTING", "-o", "up0", "-j", "MASQUERADE"),
             ("PREROUTING", "-d", "198.51.100.9", "-p", "tcp", "--dport",
              "8443", "-j", "DNAT", "--to-destination", A + ":443")]
    d = stage.daemon(BOTH, cut_flows=True)
    client = stage.client()
    client.ask("allowed.test")
    for rule in rules:
        stage.lab.router.run(*nat, "-A", *rule)
    try:
        straight = talk(client, A)
        moved = talk(client, "198.51.100.9", port=8443)
        d.reload(ONLY_B)
        assert straight.is_cut() is True and moved.is_cut() is True
    finally:
        for rule in rules:
            stage.lab.router.run(*nat, "-D", *rule)


def test_a_reload_is_over_when_the_warden_has_taken_it(stage, up):
    """However long that has no CPU: what is revoked is closed by then."""
    d = stage.daemon(BOTH)
    client = stage.client()
    client.ask("allowed.test")
    warden, = d.by_role("warden")
    os.kill(warden.pid, signal.SIGSTOP)
    again = threading.Timer(6, os.kill, (warden.pid, signal.SIGCONT))
    again.start()
    began = time.monotonic()
    d.write_acl(ONLY_B)
    status, out, err = d.ctl("reload", check=False, timeout=40)
    assert status == 0, (out, err)
    assert time.monotonic() - began > 5.9
    assert client.connect(A) == REFUSED
    again.join()


# --- the ledger's reasons -------------------------------------------------

def grants(d, *args):
    return [json.loads(line)
            for line in d.ctl("grants", "--json", *args).splitlines()]


def names(grant):
    return {r.get("name") for r in grant["reasons"]}


def test_grants_say_which_names(stage, up):
    up.add("www.test", "CNAME", "www.cdn.test.")
    up.add("www.cdn.test", "CNAME", "edge.cdn.test.")
    up.add("edge.cdn.test", "A", A)
    d = stage.daemon("10.1.0.0/24 -> *.test:TCP:443\n")
    stage.client().ask("WWW.Test")
    line = d.ctl("grants").strip()
    assert re.fullmatch(r"10\.1\.0\.2 203\.0\.113\.5 TCP:443 \d+s acl:1 "
                        r"www\.test\. via edge\.cdn\.test\.", line)
    (grant,) = grants(d, "10.1.0.2")
    assert (grant["client"], grant["destination"], grant["protocol"],
            grant["port"]) == ("10.1.0.2", A, "TCP", 443)
    (reason,) = grant["reasons"]
    assert reason["rule"] == 1 and 0 < reason["seconds"]
    assert reason["name"] == "www.test."
    assert reason["chain"] == ["www.cdn.test.", "edge.cdn.test."]
    stage.client().ask("edge.cdn.test")
    assert until(lambda: names(grants(d)[0]) == {"www.test.",
                                                 "edge.cdn.test."})
    assert "    also " in d.ctl("grants")


def test_grants_say_which_file(stage, up):
    part = stage.directory / 'a "part".acl'
    part.write_text("10.1.0.0/24 -> dns.test:TCP:443\n")
    part.chmod(0o644)
    d = stage.daemon('include "a*.acl"\n'
                     "10.1.0.0/24 -> allowed.test:TCP:443\n")
    for name in ("allowed.test", "dns.test"):
        stage.client().ask(name)
    said = d.ctl("grants")
    assert f" {part}:1 dns.test." in said and " acl:2 allowed.test." in said
    assert {(g["destination"], g["reasons"][0]["file"], g["reasons"][0]["rule"])
            for g in grants(d)} == {(A, "acl", 2), (B, str(part), 1)}
    d.stop()
    d = stage.daemon("10.1.0.0/24 -> *.test:TCP:443\n")
    assert " acl:unknown\n" in d.ctl("grants")
    assert "file" not in grants(d)[0]["reasons"][0]


def test_odd_names_are_told_safely(stage, up):
    odd = r"a\"b\\c\010d.wild.test"
    up.add(odd, "A", A)
    d = stage.daemon("10.1.0.0/24 -> *.wild.test:TCP:443\n")
    assert addresses(stage.client().ask(odd))
    (grant,) = grants(d)
    assert grant["reasons"][0]["name"] == r"a\034b\092c\010d.wild.test."
    assert r" a\034b\092c\010d.wild.test." in d.ctl("grants")


def test_names_on_one_address_do_not_end_each_other(stage, up):
    """Twelve names lead to one address; rule after rule goes."""
    count = 12
    rules = []
    for i in range(count):
        up.add(f"n{i}.test", "A", A, ttl=300 + 10 * i)
        rules.append(f"10.1.0.0/24 -> n{i}.test:TCP:443\n")
    d = stage.daemon("".join(rules))
    client = stage.client()
    for i in reversed(range(count)):
        client.ask(f"n{i}.test")
    assert until(lambda: len(grants(d)[0]["reasons"]) == count)
    end = stage.lab.entries()
    assert 400 < max(end.values()) <= 360 + 10 * count
    for i in reversed(range(1, count)):
        d.reload("".join(rules[:i]))
        (left,) = stage.lab.entries().values()
        assert 300 + 10 * (i - 1) < left <= 360 + 10 * (i - 1)
    d.reload("10.1.0.0/24 ~> *\n")
    assert not stage.lab.grants()


def test_wildcard_names_are_told_apart(stage, up):
    """One rule, one address, two names: a block of one leaves the other."""
    wild = "10.1.0.0/24 -> *.wild.test:TCP:443\n"
    up.add("long.wild.test", "A", A, ttl=900)
    up.add("short.wild.test", "A", A, ttl=100)
    d = stage.daemon(wild)
    for name in ("long.wild.test", "short.wild.test"):
        stage.client().ask(name)
    assert max(stage.lab.entries().values()) > 900
    d.reload(wild + "10.1.0.0/24 -| long.wild.test\n")
    (left,) = stage.lab.entries().values()
    assert 100 < left <= 160
    assert names(grants(d)[0]) == {"short.wild.test."}
    d.reload(wild + "10.1.0.0/24 -| *.wild.test\n", ok=False)
    d.reload("10.1.0.0/24 -| *.wild.test\n")
    assert not stage.lab.grants()


def test_grants_go_where_the_chain_is_blocked_now(stage, up):
    up.add("www.test", "CNAME", "middle.test.")
    up.add("middle.test", "CNAME", "edge.test.")
    up.add("edge.test", "A", A)
    rule = "10.1.0.0/24 -> www.test:TCP:443\n"
    for blocked in ("middle.test", "edge.test"):
        d = stage.daemon(rule)
        stage.client().ask("www.test")
        d.reload(rule + f"10.1.0.0/24 -| other.{blocked}\n")
        assert len(stage.lab.grants()) == 1
        d.reload(rule + f"10.1.0.0/24 -| {blocked}\n")
        assert not stage.lab.grants()
        d.stop()


@pytest.mark.parametrize("after", [
    "10.1.0.0/24 -> allowed.test:TCP:443\n",
    "10.1.0.0/24%lan0 -> allowed.test:TCP:443\n",
    "10.1.0.2 -> allowed.test:TCP:443\n",
    "10.1.0.0/16 -> *.test:TCP:80,443\n",
    "\n# moved\n\n10.1.0.0/24 -> .test:TCP:440-450\n10.1.0.2 ~> *\n",
    "group lan = 10.1.0.0/24\n@lan -> allowed.test:TCP:443\n",
])
def test_grants_stay_where_the_new_policy_gives_them(stage, up, talk, after):
    d = stage.daemon("10.1.0.0/24 -> allowed.test:TCP:443\n", cut_flows=True)
    client = stage.client()
    client.ask("allowed.test")
    held, before = talk(client, A), stage.lab.entries()
    d.reload(after)
    now = stage.lab.entries()
    assert now.keys() == before.keys()
    assert all(now[key] >= before[key] - 10 * SLOW for key in now)
    assert held.goes_on()
    line = 1 + [i for i, text in enumerate(after.splitlines())
                if "->" in text][0]
    assert grants(d)[0]["reasons"][0]["rule"] == line


@pytest.mark.parametrize("after", [
    "10.1.0.0/24%up0 -> allowed.test:TCP:443\n",
    "10.1.0.3 -> allowed.test:TCP:443\n",
    "10.1.0.0/24 -> allowed.test:TCP:80\n",
    "10.1.0.0/24 -> allowed.test:UDP:443\n",
    "10.1.0.0/24 -> *.allowed.test:TCP:443\n",
    "10.1.0.0/24 ~> allowed.test\n",
    "10.1.0.2 -| allowed.test\n10.1.0.0/24 -> allowed.test:TCP:443\n",
    "10.1.0.2 ~> *\n10.1.0.2 -| .test\n10.1.0.0/16 -> *:TCP:443\n",
])
def test_grants_go_where_the_new_policy_does_not_give_them(stage, up, after):
    d = stage.daemon("10.1.0.0/24 -> allowed.test:TCP:443\n")
    stage.client().ask("allowed.test")
    assert stage.lab.grants()
    d.reload(after)
    assert not stage.lab.grants()


PRIVATE = "10.9.9.9"
ALL = "10.1.0.0/24 -> *:TCP:443\n"


@every_firewall
@pytest.mark.parametrize("when", ["start", "reload"])
@pytest.mark.parametrize("acl,listed,stay", [
    (ALL + "10.1.0.0/24 -> other.test:TCP:443\n", "", {A, B, PRIVATE}),
    (ALL, "", {A, B}),
    (ALL, "203.0.113.4/31\n", {B}),
    (ALL + "10.1.0.2 -| *\n", "", set()),
    (ALL + "10.1.0.2 -| *\n10.1.0.2 -> other.test:TCP:443\n", "",
     {A, B, PRIVATE}),
    ("10.1.0.0/24 -> *:TCP:80\n10.1.0.9 -> *:TCP:443\n", "", set()),
    ("10.1.0.0/24 ~> *\n", "", set()),
])
def test_entries_whose_names_nobody_knows(stage, up, acl, listed, stay, when):
    """Taken over at a start: what can be known of them decides."""
    up.add("corp.test", "A", PRIVATE, ttl=300)
    lists, drop = stage.directory / "lists", stage.directory / "drop"
    for path, text in ((lists, f"list drop ips {drop}\n"), (drop, "")):
        path.write_text(text)
        path.chmod(0o644)
    before = BOTH + "10.1.0.0/24 -> corp.test:TCP:443\n"
    d = stage.daemon(before, lists=lists)
    for name in ("allowed.test", "dns.test", "corp.test"):
        assert addresses(stage.client().ask(name))
    entries = stage.lab.entries()
    assert {key[3] for key in entries} == {A, B, PRIVATE}
    d.stop()
    if when == "reload":
        d = stage.daemon(before, lists=lists)
        assert d.ctl("grants").count("acl:unknown") == 3
        drop.write_text(listed)
        d.reload(acl)
    else:
        drop.write_text(listed)
        d = stage.daemon(acl, lists=lists)
    assert until(lambda: {key[3] for key in stage.lab.grants()} == stay,
                 2 * SLOW), (stage.lab.grants(), d.err.text)
    after = stage.lab.entries()
    assert all(abs(entries[key] - after[key]) < 10 * SLOW for key in after)
    if "->" in acl:  # --enforce shuts in nobody else
        assert (stage.client().connect(B) == OPEN) == (B in stay)
    d.ctl("audit")


def test_private_addresses_need_the_rule_that_allows_them(stage, up):
    up.add("nas.test", "A", "10.9.0.5")
    d = stage.daemon("10.1.0.0/24 -> nas.test:TCP:443\n")
    stage.client().ask("nas.test")
    assert stage.lab.grants()
    d.reload("10.1.0.0/24 -> *.test:TCP:443\n")
    assert not stage.lab.grants()


def test_aliases_keep_what_their_origin_gives(stage, up):
    """An alias that was asked by itself has no rule of its own."""
    up.add("www.test", "CNAME", "edge.other.")
    up.add("edge.other", "A", A, ttl=300)
    rule = "10.1.0.0/24 -> www.test:TCP:443\n"
    d = stage.daemon(rule)
    client = stage.client()
    client.ask("www.test")
    client.ask("edge.other")
    assert until(lambda: len(grants(d)[0]["reasons"]) == 2)
    (alias,) = [r for r in grants(d)[0]["reasons"]
                if r["name"] == "edge.other."]
    assert alias["alias_of"] == "www.test."
    d.reload(rule + "10.1.0.0/24 ~> *\n")
    assert len(grants(d)[0]["reasons"]) == 2
    d.reload("10.1.0.0/24 ~> *\n")
    assert not stage.lab.grants()


def test_an_address_that_becomes_ours(stage, up, talk):
    d = stage.daemon(BOTH, cut_flows=True)
    client = stage.client()
    client.ask("allowed.test")
    client.ask("dns.test")
    assert len(stage.lab.grants()) == 2
    staying = talk(client, B)
    stage.lab.router.run("ip", "addr", "add", A + "/32", "dev", "lo")
    try:
        assert until(lambda: len(stage.lab.grants()) == 1, 5 * SLOW)
        assert {key[3] for key in stage.lab.grants()} == {B}
        assert d.err.wait("Grants revoked that led to an address that is ours now: 1")
        assert staying.goes_on()
    finally:
        stage.lab.router.run("ip", "addr", "del", A + "/32", "dev", "lo")


def test_the_router_s_own_grants(stage, up):
    up.add("other.test", "A", B, ttl=300)
    here = stage.here("127.0.0.1", server="127.0.0.1")
    rules = ("127.0.0.1 -> allowed.test:TCP:443\n"
             "127.0.0.1 -> other.test:TCP:443\n")
    d = stage.daemon(rules, bind=["127.0.0.1"])
    here.ask("allowed.test")
    here.ask("other.test")
    assert {g["client"] for g in grants(d, "local")} == {"local"}
    assert len(stage.lab.grants()) == 2
    d.reload(rules.splitlines()[0] + "\n")
    assert {key[3] for key in stage.lab.grants()} == {A}


def test_reasons_outlive_the_warden(stage, up):
    wild = "10.1.0.0/24 -> *.wild.test:TCP:443\n"
    d = stage.daemon(wild)
    stage.client().ask("a.wild.test")
    stage.client().ask("b.a.wild.test")
    before = d.ctl("grants")
    (warden,) = d.by_role("warden")
    os.kill(warden.pid, 9)
    assert until(lambda: d.by_role("warden")
                 and "state ok" in d.ctl("status"), 5 * SLOW)
    strip = re.compile(r" \d+s ")
    assert strip.sub(" ", d.ctl("grants")) == strip.sub(" ", before)
    d.reload(wild + "10.1.0.0/24 -| a.wild.test\n")
    assert {key[3] for key in stage.lab.grants()} == {"203.0.113.21"}


# --- dns-firewallctl revoke and flush -------------------------------------

def test_revoke_a_client(stage, up, talk):
    d = stage.daemon(BOTH, cut_flows=True)
    mine, other = stage.client(2), stage.client(3)
    for client in (mine, other):
        client.ask("allowed.test")
        client.ask("dns.test")
    going, staying = talk(mine, A), talk(other, A)
    assert d.ctl("revoke", "10.1.0.2") == "grants revoked: 2\n"
    assert {key[0] for key in stage.lab.grants()} == {"10.1.0.3"}
    assert going.is_cut() is True and staying.goes_on()
    assert d.err.wait(r"\[INFO \].* Grants revoked by dns-firewallctl: 2 "
                     r"uid=0 client=10\.1\.0\.2/32 name=all")
    assert mine.connect(A) == REFUSED and other.connect(A) == OPEN
    # The worker has forgotten it too: the next answer opens it again.
    mine.ask("allowed.test")
    assert mine.connect(A) == OPEN
    assert d.ctl("revoke", "10.9.0.0/16") == "grants revoked: 0\n"


def test_revoke_a_name(stage, up):
    up.add("alias.test", "CNAME", "allowed.test.")
    d = stage.daemon(BOTH + "10.1.0.0/24 -> alias.test:TCP:22\n")
    for number in (2, 3):
        for name in ("allowed.test", "dns.test", "alias.test"):
            stage.client(number).ask(name)
    assert len(stage.lab.grants()) == 6
    assert d.ctl("revoke", "10.1.0.0/24", "DNS.test") == \
        "grants revoked: 2\n"
    assert d.ctl("revoke", "10.1.0.2", "alias.test") == \
        "grants revoked: 1\n"
    assert len(stage.lab.grants()) == 3
    # What an alias led to is a name on its way.
    assert d.ctl("revoke", "10.1.0.3", "allowed.test") == \
        "grants revoked: 2\n"
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 443, A)}


def test_revoke_cuts_back_to_what_is_left(stage, up):
    up.add("long.test", "A", A, ttl=900)
    d = stage.daemon("10.1.0.0/24 -> *.test:TCP:443\n")
    stage.client().ask("allowed.test")
    stage.client().ask("long.test")
    d.ctl("revoke", "10.1.0.2", "long.test")
    (left,) = stage.lab.entries().values()
    assert 300 < left <= 360
    assert stage.client().connect(A) == OPEN


def test_flush(stage, up):
    d = stage.daemon(BOTH)
    for number in range(2, 6):
        stage.client(number).ask("allowed.test")
        stage.client6(number).ask("allowed.test", "AAAA")
    assert len(stage.lab.grants()) == 8
    assert d.ctl("flush") == "grants revoked: 8\n"
    assert not stage.lab.grants() and d.ctl("grants") == ""
    d.err.wait("uid=0 client=all name=all")
    stage.client().ask("allowed.test")
    assert stage.client().connect(A) == OPEN


def test_wrong_wishes_are_refused(stage, up):
    d = stage.daemon(BOTH)
    stage.client().ask("allowed.test")
    for wrong in (("revoke",), ("revoke", "nobody"), ("revoke", "10.1.0.2/99"),
                  ("revoke", "10.1.0.2", "a..b"), ("flush", "10.1.0.2"),
                  ("reload", "--confirm"), ("reload", "--confirm", "0"),
                  ("reload", "--confirm", "99999"), ("reload", "now"),
                  ("confirm", "it"), ("confirm",)):
        status, _, err = d.ctl(*wrong, check=False)
        assert status in (1, 2) and err, wrong
    assert stage.lab.grants()


def test_nothing_to_revoke_without_a_firewall(stage, up):
    d = stage.daemon("10.1.0.0/24 ~> *\n", firewall="none", chain=None,
                     enforce=None, enforce_output=None)
    status, _, err = d.ctl("flush", check=False)
    assert status == 1 and "there is no ledger" in err


def test_a_frozen_warden_revokes_later(stage, up):
    """It is not said that it was done before it is."""
    d = stage.daemon(BOTH)
    stage.client().ask("allowed.test")
    (warden,) = d.by_role("warden")
    os.kill(warden.pid, 19)
    asked = threading.Thread(target=d.ctl, args=("flush",),
                             kwargs={"timeout": 30 * SLOW})
    asked.start()
    time.sleep(0.3)
    assert asked.is_alive() and stage.lab.grants()
    os.kill(warden.pid, 18)
    asked.join(10 * SLOW)
    assert not asked.is_alive() and not stage.lab.grants()


# --- reload on trial ------------------------------------------------------

def is_given(stage, name):
    return bool(addresses(stage.client().ask(name)))


def test_an_unconfirmed_policy_is_taken_back(stage, up, talk):
    d = stage.daemon(BOTH, cut_flows=True)
    stage.client().ask("dns.test")
    held = talk(stage.client(), B)
    d.write_acl("10.1.0.0/24 -> *.wild.test:TCP:443\n"
                "10.1.0.0/24 -> dns.test:TCP:443\n")
    out = d.ctl("reload", "--confirm", "2")
    assert re.search(r"generation 2 .*\n.*comes back in 2 s", out)
    assert re.search(r"^trial ends=[12]s$", d.ctl("status"), re.M)
    assert is_given(stage, "a.wild.test") and not is_given(stage, "allowed.test")
    d.err.wait(r"\[WARN \].*Nobody confirmed: .*generation 3", 5)
    assert until(lambda: is_given(stage, "allowed.test"))
    assert not is_given(stage, "a.wild.test")
    # What only the trial gave is gone, what both give was never touched.
    assert until(lambda: {key[3] for key in stage.lab.grants()} == {A, B})
    assert held.goes_on()
    assert "trial" not in d.ctl("status")
    status, _, err = d.ctl("confirm", check=False)
    assert status == 1 and "no policy waits" in err
    # The file is as it was: a reload takes it for good.
    d.reload()
    assert is_given(stage, "a.wild.test")


def test_a_confirmed_policy_stays(stage, up):
    d = stage.daemon(BOTH)
    d.write_acl(ONLY_B)
    d.ctl("reload", "--confirm", "2")
    assert d.ctl("confirm") == "policy generation 2 stays\n"
    assert d.err.wait(r"Policy confirmed \(generation 2\) uid=0")
    time.sleep(2.5)
    assert not is_given(stage, "allowed.test")
    assert "Nobody confirmed" not in d.err.text


def test_no_reload_ends_a_trial(stage, up):
    """Neither another one, nor a signal, nor one that is refused; what comes
    back is what stood before the first."""
    d = stage.daemon(BOTH)
    d.write_acl(ONLY_B)
    d.ctl("reload", "--confirm", "4")
    end = time.monotonic() + 4
    d.write_acl(ONLY_B + "# again\n")
    out = d.ctl("reload")
    assert "comes back in" in out
    d.signal(1)
    d.err.wait(r"Policy reloaded \(generation 4\)")
    d.write_acl("nonsense\n")
    assert d.ctl("reload", check=False)[0] == 1
    assert "trial ends=" in d.ctl("status") or time.monotonic() > end
    d.err.wait("Nobody confirmed", 8)
    assert time.monotonic() > end - 0.5
    assert until(lambda: is_given(stage, "allowed.test"))


def test_a_second_trial_counts_anew(stage, up):
    d = stage.daemon(BOTH)
    d.write_acl(ONLY_B)
    d.ctl("reload", "--confirm", "1")
    d.ctl("reload", "--confirm", "600")
    time.sleep(1.5)
    assert not is_given(stage, "allowed.test")
    d.ctl("reload", "--confirm", "1")
    d.err.wait("Nobody confirmed", 5)
    assert until(lambda: is_given(stage, "allowed.test"))


def test_a_refused_policy_begins_no_trial(stage, up):
    d = stage.daemon(BOTH)
    d.write_acl("nonsense\n")
    status, _, err = d.ctl("reload", "--confirm", "1", check=False)
    assert status == 1 and "acl:1" in err
    assert "trial" not in d.ctl("status")
    time.sleep(1.5)
    assert "Nobody confirmed" not in d.err.text


def test_a_trial_outlives_control_and_workers(stage, up):
    d = stage.daemon(BOTH)
    d.write_acl(ONLY_B)
    d.ctl("reload", "--confirm", "3")
    for role in ("control", "worker", "warden"):
        for child in d.by_role(role):
            os.kill(child.pid, 9)
    d.err.wait("Nobody confirmed", 8)
    assert until(lambda: is_given(stage, "allowed.test"), 5 * SLOW)
    assert until(lambda: d.ctl("status", check=False)[0] == 0, 5 * SLOW)
    d.ctl("reload", "--confirm", "600")
    (control,) = d.by_role("control")
    os.kill(control.pid, 9)
    assert until(lambda: d.ctl("confirm", check=False)[0] == 0, 5 * SLOW)


def test_those_who_ask_for_a_reload_meanwhile_get_their_own(stage, up):
    """Each answer is about a file that was read after it was asked for."""
    d = stage.daemon(BOTH)
    threads = [threading.Thread(target=d.ctl, args=("reload",))
               for _ in range(6)]
    for thread in threads:
        thread.start()
    d.write_acl(ONLY_B)
    d.ctl("reload")
    assert not is_given(stage, "allowed.test")
    for thread in threads:
        thread.join()


# --- dns-firewallctl diff --------------------------------------------------

def diff(d, text):
    """(status, lines) of what would change under that list."""
    other = d.directory / "other"
    other.write_text(text)
    other.chmod(0o644)
    status, out, err = d.ctl("diff", other, check=False)
    assert not err, err
    return status, out.splitlines()


def test_diff_says_what_would_change(stage, up):
    acl = (BOTH + "10.1.0.0/24 -| bad.test\n"
           "10.1.0.0/24 -> *.wild.test:TCP:443\n")
    up.add("allowed.test", "A", A, ttl=300)
    up.add("long.wild.test", "A", A, ttl=900)
    d = stage.daemon(acl)
    client = stage.client()
    for name in ("allowed.test", "long.wild.test", "dns.test", "bad.test",
                 "other.test"):
        client.ask(name)
    assert until(lambda: diff(d, acl) ==
                 (0, ["# 0 of 2 grants, 0 of the last 5 queries"]))
    assert diff(d, "# moved\n" + acl)[0] == 0
    status, lines = diff(d, "10.1.0.0/24 -> allowed.test:TCP:80,443\n"
                            "10.1.0.0/24 -| bad.test nxdomain\n"
                            "10.1.0.0/24 ~> other.test\n")
    assert status == 1
    assert lines[-1] == "# 2 of 2 grants, 5 of the last 5 queries"
    assert any(re.fullmatch(
        r"cut to (29|30|3[0-5])\ds 10\.1\.0\.2 203\.0\.113\.5 "
        r"TCP:443 9\d\ds acl:\d long\.wild\.test\.", x)
        for x in lines), lines
    assert any(x.startswith("    also ") for x in lines)
    assert any(re.fullmatch(r"revoked 10\.1\.0\.2 203\.0\.113\.7 TCP:443 "
                            r"\d+s acl:2 dns\.test\.", x) for x in lines)
    assert {x for x in lines if x.startswith("query")} == {
        "query 10.1.0.2 allowed.test. allowed TCP:443 => "
        "allowed TCP:80 TCP:443",
        "query 10.1.0.2 dns.test. allowed TCP:443 => denied",
        "query 10.1.0.2 long.wild.test. allowed TCP:443 => denied",
        "query 10.1.0.2 bad.test. blocked refused => blocked nxdomain",
        "query 10.1.0.2 other.test. denied => dns-only"}
    # Nothing has changed by that.
    assert len(stage.lab.grants()) == 2
    assert "generation=1" in d.ctl("status")


def test_diff_says_what_a_reload_does(stage, up):
    d = stage.daemon(BOTH)
    for number in (2, 3):
        for name in ("allowed.test", "dns.test"):
            stage.client(number).ask(name)
    after = BOTH.replace("10.1.0.0/24", "10.1.0.3/32", 1)
    status, lines = diff(d, after)
    gone = [x for x in lines if x.startswith("revoked")]
    assert status == 1 and len(gone) == 1
    d.reload(after)
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 443, B),
                                  ("10.1.0.3", "tcp", 443, A),
                                  ("10.1.0.3", "tcp", 443, B)}
    assert diff(d, after)[1][0].startswith("# 0 of 3 grants")


def test_diff_of_a_wrong_list(stage, up):
    d = stage.daemon(BOTH)
    other = d.directory / "other"
    other.write_text("10.1.0.0/24 -> allowed.test:TCP:0\n")
    status, out, err = d.ctl("diff", other, check=False)
    assert status == 1 and not out and "other:1:" in err
    status, out, err = d.ctl("diff", d.directory / "none", check=False)
    assert status == 1 and not out and "none" in err


def test_diff_believes_no_image(stage, up):
    """Whatever comes along instead of one, the daemon goes on."""
    d = stage.daemon(BOTH)
    stage.client().ask("allowed.test")
    image = subprocess.run([BINARY, "--compile", d.acl], check=True,
                           capture_output=True).stdout
    chance = random.Random(3)

    def ask(data, seal):
        fd = os.memfd_create("image", os.MFD_ALLOW_SEALING)
        os.write(fd, data)
        if seal:
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, 2 | 4 | 8)
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10 * SLOW)
            s.connect(str(d.control))
            socket.send_fds(s, [b"diff -\n"], [fd])
            os.close(fd)
            answer = b""
            while piece := s.recv(4096):
                answer += piece
        return answer
    assert ask(image, True).startswith(b"ok\n# 0 of 1 grants")
    assert ask(image, False).startswith(b"error: there is no policy to")
    for data in (b"", b"x", image[:-1], bytes(len(image))):
        assert ask(data, True).startswith(b"error: ")
    for _ in range(300):
        data = bytearray(image)
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] = chance.choice(
                (0, 1, 255, chance.randrange(256)))
        assert ask(bytes(data), True).startswith((b"error: ", b"ok\n",
                                                  b"no\n"))
    status, _, err = d.ctl("grants", check=False)
    assert status == 0, err
    (control,) = d.by_role("control")
    assert len(control.descriptors()) < 40
    assert "ended by signal" not in d.err.text


def test_diff_without_a_firewall(stage, up):
    d = stage.daemon("10.1.0.0/24 ~> dns.test\n", firewall="none",
                     chain=None, enforce=None, enforce_output=None)
    stage.client().ask("allowed.test")
    assert until(lambda: diff(d, "10.1.0.0/24 ~> *.test\n")[1] == [
        "query 10.1.0.2 allowed.test. denied => dns-only",
        "# 0 of 0 grants, 1 of the last 1 queries"])
