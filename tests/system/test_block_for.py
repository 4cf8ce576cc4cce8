# SPDX-License-Identifier: GPL-2.0-or-later
"""Sets of the kernel of lists that are for some clients alone."""

import pytest

from conftest import every_firewall
from daemon import SLOW
from dnsclient import OPEN, until
from lab import CHAIN
from test_block_sets import change, doctor, held, sets  # noqa: F401
from test_list_sets import audit, is_right

ACL = "10.1.0.0/24 -> *:TCP:443\nfd00:1::/64 -> *:TCP:443\n"


def pairs(lab, name):
    """What is in the set, as {(client, address)}."""
    if not lab.uses_nftables():
        got = held(lab, name)
        return got if got is None else {tuple(e.split(",")) for e in got}
    said = lab.router.run("nft", "list", "set", *lab.table(), name,
                          check=False)
    if "elements" not in said:
        return set() if "set " in said else None
    inner = said.split("elements = {")[1].split("}")[0]
    return {tuple(reversed(e.strip().split(" . ")))
            for e in inner.replace("\n", " ").split(",")}


def owners_rules(lab, verdict="drop", name="ipv4-block-for"):
    """What the manual tells the owner of the router to write."""
    if lab.flavour == "enforce":
        return
    for ways in (("daddr", "saddr"), ("saddr", "daddr")):
        if lab.uses_nftables():
            lab.router.run("nft", "insert", "rule", *lab.table(), "forward",
                           "ip", ways[0], ".", "ip", ways[1], f"@{name}",
                           verdict)
        else:
            lab.router.run(lab.tool(), "-I", "FORWARD", "-m", "set",
                           "--match-set", f"{CHAIN}-{name}",
                           "src,dst" if ways[0] == "daddr" else "dst,src",
                           "-j", verdict.upper())


def can_pair(lab):
    """The kernel has the sets for it."""
    return lab.uses_nftables() or not lab.router.run(
        "sh", "-c", "ipset create pairs hash:net,net && ipset destroy pairs "
        "|| echo no", check=False).endswith("no\n")


@pytest.fixture
def paired(stage):
    if not can_pair(stage.lab):
        pytest.skip("the kernel has no sets of type hash:net,net")


@pytest.mark.parametrize("lab", ["nft", "legacy"], indirect=True)
def test_a_kernel_without_pairs_blocks_for_all_and_says_so(stage, up, sets):
    if can_pair(stage.lab):
        pytest.skip("the kernel has them")
    d = sets({"drop": ("ips", "203.0.113.80\n",
                       "block-set yes clients 10.1.0.2"),
              "must": ("ips", "203.0.113.81\n",
                       "allow-set yes clients 10.1.0.2")}, acl=ACL)
    assert until(lambda: held(stage.lab, "ipv4-block") == {"203.0.113.80"},
                 SLOW), d.err.text
    assert held(stage.lab, "ipv4-always") in (None, set())
    for name, what in (("block", "is blocked for everybody"),
                       ("always", "none of it is opened")):
        d.err.wait(f"ipv4-{name}-for of lists cannot be kept: the kernel has "
                   f"no sets of type hash:net,net .*{what}", 5 * SLOW)
    said = d.ctl("status")
    assert "ipv4-block-for refused: its addresses are blocked for every" in said
    assert "ipv4-always-for refused: none of its addresses is opened" in said
    status, out = audit(d)
    assert status == 1 and "# list-set ipv4-block-for: refused" in out
    assert "FAIL  list-set ipv4-block-for refused: its addr" in doctor(stage,
                                                                       d)


@every_firewall
def test_a_list_for_some_is_dropped_for_those_alone(stage, up, paired, sets):
    lab = stage.lab
    lists = {"drop": ("ips", "203.0.113.80\n198.51.100.0/24\n10.0.0.0/8\n"
                      "2001:db8:9::/48\n", "block-set yes action log "
                      "clients 10.1.0.2,10.1.0.16/28,fd00:1::2"),
             "more": ("ips", "192.0.2.9\n", "block-set yes action log")}
    d = sets(lists, acl=ACL)
    whole = {(c, a) for c in ("10.1.0.2", "10.1.0.16/28")
             for a in ("203.0.113.80", "198.51.100.0/24")}
    assert until(lambda: pairs(lab, "ipv4-block-for") == whole, 5 * SLOW), \
        (pairs(lab, "ipv4-block-for"), d.err.text)
    assert until(lambda: pairs(lab, "ipv6-block-for") == {
        ("fd00:1::2", "2001:db8:9::/48")}, 5 * SLOW)
    assert held(lab, "ipv4-block") == {"192.0.2.9"}
    assert until(lambda: is_right(d), 5 * SLOW), audit(d)
    assert lab.flavour == "enforce" or "ipv4-block-for" in doctor(stage, d)
    owners_rules(lab)
    assert "ipv4-block-for" not in doctor(stage, d)
    mine, other = stage.client(2), stage.client(3)
    for client in (mine, other):
        client.ask("far.test")
        client.ask("near.test")
    assert mine.connect("203.0.113.81") == OPEN
    assert other.connect("203.0.113.80") == OPEN
    assert mine.connect("203.0.113.80", timeout=0.5) != OPEN
    lists["drop"] = ("ips", "203.0.113.81\n", "block-set yes action log "
                     "clients 10.1.0.3")
    sets.write(lists)
    d.reload()
    assert until(lambda: pairs(lab, "ipv4-block-for") == {
        ("10.1.0.3", "203.0.113.81")}, 5 * SLOW), pairs(lab, "ipv4-block-for")
    assert until(lambda: mine.connect("203.0.113.80") == OPEN, 5 * SLOW)
    assert other.connect("203.0.113.81", timeout=0.5) != OPEN


@every_firewall
def test_an_allow_set_for_some_lets_those_alone_pass(stage, up, paired, sets):
    lists = {"must": ("ips", "203.0.113.80\n", "allow-set yes action log "
                      "clients 10.1.0.2")}
    sets(lists, acl="10.1.0.0/24 -> other.test:TCP:443\n")
    assert until(lambda: pairs(stage.lab, "ipv4-always-for") == {
        ("10.1.0.2", "203.0.113.80")}, 5 * SLOW)
    assert held(stage.lab, "ipv4-always") is None
    owners_rules(stage.lab, "accept", "ipv4-always-for")
    assert until(lambda: stage.client(2).connect("203.0.113.80") == OPEN,
                 SLOW)
    assert stage.client(3).connect("203.0.113.80") != OPEN


@every_firewall
def test_pairs_are_put_right(stage, up, paired, sets):
    lab = stage.lab
    d = sets({"drop": ("ips", "203.0.113.80\n", "block-set yes "
                       "clients 10.1.0.2,10.1.0.0/24")}, acl=ACL)
    whole = {("10.1.0.0/24", "203.0.113.80")}  # who is in it has it so
    assert until(lambda: pairs(lab, "ipv4-block-for") == whole, 5 * SLOW)
    spell = ("203.0.113.80 . 10.1.0.0/24" if lab.uses_nftables()
             else "10.1.0.0/24,203.0.113.80")
    change(lab, "del", "ipv4-block-for", spell)
    assert until(lambda: pairs(lab, "ipv4-block-for") == whole, 5 * SLOW)
    assert until(lambda: is_right(d), 5 * SLOW), audit(d)


@pytest.mark.parametrize("lab", ["nftables", "enforce"], indirect=True)
def test_of_too_many_pairs_all_have_them_blocked(stage, up, sets):
    clients = ",".join(f"10.1.0.{n}" for n in range(10, 26))
    many = "".join(f"45.{n // 256}.{n % 256}.1\n" for n in range(33000))
    lists = {"drop": ("ips", f"203.0.113.80\n{many}",
                      f"block-set yes action log clients {clients}")}
    d = sets(lists, acl=ACL)
    assert until(lambda: "ipv4-block stands entries=33001" in
                 d.ctl("status"), 3 * SLOW), d.ctl("status")
    assert "ipv4-block-for refused" in d.ctl("status")
    d.err.wait("ipv4-block-for .*blocked for everybody", 5 * SLOW)
    assert audit(d)[0] == 1
    lists["drop"] = ("ips", "203.0.113.80\n",
                     f"block-set yes action log clients {clients}")
    sets.write(lists)
    d.reload()
    assert until(lambda: "ipv4-block-for stands entries=16" in
                 d.ctl("status"), 3 * SLOW), d.ctl("status")
    assert until(lambda: held(stage.lab, "ipv4-block") == set(), 5 * SLOW)
    assert until(lambda: is_right(d), 5 * SLOW), audit(d)
