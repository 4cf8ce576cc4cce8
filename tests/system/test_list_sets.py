# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tool tells of sets of lists: audit, grants, why, lookup."""

import concurrent.futures
import json
import os
import signal
import time

import pytest

from conftest import every_firewall
from daemon import SLOW
from dnsclient import OPEN, until
from test_block_sets import change, held, sets  # noqa: F401 (a fixture)

PEERS = {"peers": ("ips", "203.0.113.80\n203.0.113.84/31\n"),
         "drop": ("ips", "198.51.100.7\n192.0.2.64/28\n", "block-set yes")}


def audit(d):
    return d.ctl("audit", check=False)[:2]


def audit_after(d, act, wait_s):
    """What audit says when it is asked before the warden has seen what was
    done: it is stopped for that."""
    warden = d.by_role("warden")[0].pid
    os.kill(warden, signal.SIGSTOP)
    try:
        act()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            said = pool.submit(audit, d)
            time.sleep(wait_s)  # for its letter to come there
            os.kill(warden, signal.SIGCONT)
            return said.result()
    finally:
        os.kill(warden, signal.SIGCONT)


def is_right(d):
    return audit(d)[0] == 0


def static(lab, address):
    """One that is opened to the client, in the words of the kernel's tools."""
    return (f"{address} . 10.1.0.2 . tcp . 443" if lab.uses_nftables()
            else f"10.1.0.2,tcp:443,{address}")


@every_firewall
@pytest.mark.parametrize("kind", ["block", "static"])
def test_audit_tells_what_differs_in_sets_of_lists(stage, up, sets, kind):
    """One that is missing and one too many: their number is the same."""
    lab, name = stage.lab, f"ipv4-{kind}"
    here = {"block": "198.51.100.7", "static": "203.0.113.80"}[kind]
    spell = (lambda a: a) if kind == "block" else (lambda a: static(lab, a))
    d = sets(PEERS, acl="10.1.0.2 -> @peers:TCP:443\n")
    assert until(lambda: is_right(d), 5 * SLOW), audit(d)
    said = audit(d)[1]
    assert "# list-set ipv4-block: lists 2, kernel 2, differences 0\n" in said
    assert "# list-set ipv4-static: lists 2, kernel 2, differences 0" in said

    def exchange():
        change(lab, "del", name, spell(here))
        change(lab, "add", name, spell("45.9.9.9"))

    client = "" if kind == "block" else " 10.1.0.2"
    port = "" if kind == "block" else " TCP:443"
    for attempt in range(1, 11):
        status, out = audit_after(d, exchange, 0.1 * attempt)
        assert until(lambda: is_right(d), 5 * SLOW), audit(d)
        if status == 1:
            break
    assert out.startswith(
        f"list-set {name}{client} 45.9.9.9{port} lists=none kernel=yes\n"
        f"list-set {name}{client} {here}{port} lists=yes kernel=none\n"), out
    assert f"# list-set {name}: lists 2, kernel 2, differences 2\n" in out
    if kind == "block":
        assert held(lab, name) == {"198.51.100.7", "192.0.2.64/28"}
    else:
        assert stage.client().connect("203.0.113.80") == OPEN


@every_firewall
def test_what_is_open_to_lists_is_told_by_the_rule(stage, up, sets):
    lists = {"peers": ("ips", "203.0.113.80\n203.0.113.84/31\n10.9.0.0/24\n"
                       "198.51.100.0/30\n2001:db8:1::5\n"),
             "drop": ("ips", "198.51.100.2\n")}
    acl = ("10.1.0.2 -> @peers:TCP:443\n10.1.0.0/24 -> @peers:UDP:53,54\n"
           "fd00:1::2 -> @peers:TCP:443\n10.1.0.9 -> *.test:TCP:443\n")
    d = sets(lists, acl=acl)
    assert until(lambda: "ipv4-static stands" in d.ctl("status"), 5 * SLOW)
    stage.client(9).ask("near.test")
    wide = [f"static 10.1.0.0/24 @peers UDP:{p} entries=4 acl:2"
            for p in (53, 54)]
    mine = ["static 10.1.0.2 @peers TCP:443 entries=4 acl:1"]
    six = ["static fd00:1::2 @peers TCP:443 entries=1 acl:3"]
    said = d.ctl("grants").splitlines()
    assert said[0].startswith("10.1.0.9 203.0.113.81 TCP:443 "), said
    assert sorted(said[1:]) == sorted(wide + mine + six), said
    assert sorted(d.ctl("grants", "10.1.0.2").splitlines()) == sorted(
        wide + mine)
    assert d.ctl("grants", "10.1.0.3").splitlines() == wide
    assert d.ctl("grants", "10.2.0.3") == ""
    rows = [json.loads(r)
            for r in d.ctl("grants", "10.1.0.2", "--json").splitlines()]
    assert {"static": True, "client": "10.1.0.2", "list": "peers",
            "protocol": "TCP", "port": 443, "entries": 4,
            "rule": 1} in rows and len(rows) == 3
    tell_of_one_address(d)


def tell_of_one_address(d):
    said = d.ctl("why", "10.1.0.2", "203.0.113.85:443")
    assert "cause OPEN without a question, as its list has it" in said
    assert "-> @peers:TCP:443" in said and "line none is needed" in said
    said = d.ctl("why", "10.1.0.3", "203.0.113.85:443")
    assert "cause WRONG PORT (allowed: UDP:53, UDP:54)" in said
    for address in ("198.51.100.2", "10.9.0.1", "203.0.113.82"):
        assert "NEVER" in d.ctl("why", "10.1.0.2", f"{address}:443"), address
    said = d.ctl("lookup", "203.0.113.80", "for", "10.1.0.2")
    assert "open TCP:443 without a question by rule " in said
    assert said.count("open UDP:") == 2
    said = d.ctl("lookup", "198.51.100.2", "for", "10.1.0.2")
    assert "open " not in said


@every_firewall
def test_more_than_there_may_be_opens_none_and_says_so(stage, up, sets):
    peers = "203.0.113.80\n" + "".join(
        f"45.{n // 256}.{n % 256}.1\n" for n in range(2200))
    acl = "10.1.0.2 -> @peers:TCP:{}\nfd00:1::2 -> @peers:TCP:443\n"
    d = sets({"peers": ("ips", peers)}, acl=acl.format(443))
    client = stage.client()
    assert until(lambda: client.connect("203.0.113.80") == OPEN, 5 * SLOW)
    assert "entries=2201 " in d.ctl("grants")
    d.reload(acl.format("443-692"))
    assert until(lambda: client.connect("203.0.113.80") != OPEN, 5 * SLOW)
    assert "ipv4-static refused: none of its addresses" in d.ctl("status")
    d.err.wait("ipv4-static of lists cannot be kept: .* more than 524288 "
               "entries; none of it is opened", 5 * SLOW)
    status, out = audit(d)
    assert status == 1 and "ipv4-static: refused: none of its addr" in out
    assert d.ctl("grants").endswith(
        "# those of IPv4 are not in the kernel: they are too many\n")
    assert "NEVER" in d.ctl("why", "10.1.0.2", "203.0.113.80:443")
    d.reload(acl.format(443))
    assert until(lambda: client.connect("203.0.113.80") == OPEN, 5 * SLOW)
    assert until(lambda: is_right(d), 5 * SLOW), audit(d)
