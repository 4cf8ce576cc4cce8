# SPDX-License-Identifier: GPL-2.0-or-later
"""What lists have in the kernel: block-set and allow-set."""

import contextlib
import json

import pytest

from conftest import every_firewall
from daemon import SLOW
from dnsclient import OPEN, addresses, rcode, until
from lab import CHAIN, UPSTREAM
from test_nftables import cleanup
from test_revocation import Talk

ACL = "10.1.0.0/24 -> *.test:TCP:443\n10.1.0.0/24 -> *:TCP:80\n"


def put(path, text):
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.chmod(0o644)
    fresh.rename(path)


@pytest.fixture
def sets(stage, up):
    """Starts a daemon with these lists: {name: (form, text, rest)}."""
    up.add("far.test", "A", "203.0.113.80", ttl=300)
    up.add("near.test", "A", "203.0.113.81", ttl=300)

    def write(lists):
        for name, (_, text, *_) in lists.items():
            put(stage.directory / f"{name}.list", text)
        put(stage.directory / "lists", "".join(
            f"list {name} {form} {stage.directory}/{name}.list "
            f"{' '.join(rest)}\n" for name, (form, _, *rest) in lists.items()))

    def start(lists, acl=ACL, **options):
        write(lists)
        return stage.daemon(acl, lists=stage.directory / "lists",
                            lists_dir=stage.directory / "kept", **options)
    start.write = write
    return start


def held(lab, name):
    """What a set of lists holds, as nets; None: it is not there."""
    if lab.uses_nftables():
        return nft_held(lab, name)
    said = lab.router.run("ipset", "list", f"{CHAIN}-{name}", check=False)
    if "Members:" not in said:
        return None
    return set(said.split("Members:\n")[1].split())


def nft_held(lab, name):
    said = lab.router.run("nft", "-j", "list", "set", *lab.table(),
                          name, check=False)
    if not said.startswith("{"):
        return None
    (made,) = [o["set"] for o in json.loads(said)["nftables"] if "set" in o]
    return {element(e) for e in made.get("elem", ())}


def element(e):
    if isinstance(e, dict) and "prefix" in e:
        return f"{e['prefix']['addr']}/{e['prefix']['len']}"
    return e


@every_firewall
def test_addresses_of_lists_are_in_a_set_of_the_kernel(stage, sets):
    listed = {"drop": ("ips", "203.0.113.64/28\n198.51.100.7\n"
                       "198.51.100.7\n2001:db8:1::/64\n", "block-set yes"),
              "more": ("ips", "203.0.113.70\n45.0.0.0/8\n", "block-set yes"),
              "dns": ("ips", "192.0.2.9\n")}
    d = sets(listed)
    assert until(lambda: held(stage.lab, "ipv4-block") == {
        "203.0.113.64/28", "198.51.100.7", "45.0.0.0/8"}, 5 * SLOW), \
        held(stage.lab, "ipv4-block")
    assert until(lambda: held(stage.lab, "ipv6-block") == {
        "2001:db8:1::/64"}, 5 * SLOW)
    assert held(stage.lab, "ipv4-always") is None
    listed["drop"] = ("ips", "203.0.113.65\n198.51.100.0/25\n",
                      "block-set yes")
    sets.write(listed)
    d.reload()
    assert until(lambda: held(stage.lab, "ipv4-block") == {
        "203.0.113.65", "203.0.113.70", "198.51.100.0/25", "45.0.0.0/8"},
        SLOW), held(stage.lab, "ipv4-block")
    assert until(lambda: held(stage.lab, "ipv6-block") == set(), 5 * SLOW)
    d.stop()
    assert held(stage.lab, "ipv4-block")


@every_firewall
def test_no_list_shuts_out_the_router_or_private_nets(stage, sets):
    sets({"drop": ("ips", f"10.0.0.0/8\n127.0.0.0/8\n{UPSTREAM}\n224.0.0.0/4\n"
                   "203.0.113.0/24\n10.1.0.1\nfd00::/8\nfe80::1\n",
                   "block-set yes")})
    assert until(lambda: held(stage.lab, "ipv4-block") == {
        "203.0.113.0/24"}, 5 * SLOW), held(stage.lab, "ipv4-block")
    assert held(stage.lab, "ipv6-block") == set()


@pytest.mark.parametrize("lab", ["enforce"], indirect=True)
def test_our_own_chain_drops_both_ways_and_lets_through_first(stage, sets):
    """Also what was granted, and connections that stand; what must be
    reached is let through before."""
    listed = {"must": ("ips", "203.0.113.99\n", "allow-set yes"),
              "drop": ("ips", "203.0.113.99\n198.51.100.0/24\n",
                       "block-set yes")}
    d = sets(listed)
    client = stage.client()
    assert until(lambda: client.connect("203.0.113.99") == OPEN, 5 * SLOW)
    assert addresses(client.ask("far.test")) == ["203.0.113.80"]
    assert client.connect("203.0.113.80") == OPEN
    rules = stage.lab.chain()
    first = [r for r in rules if "ct state" in r][0]
    for set_ in ("ipv4-always", "ipv4-block", "ipv6-block"):
        for way in ("saddr", "daddr"):
            rule = [r for r in rules if f"{way} @{set_}" in r][0]
            assert rules.index(rule) < rules.index(first)
            assert ("drop" if "block" in set_ else "accept") in rule
    listed["drop"] = ("ips", "203.0.113.0/24\n", "block-set yes")
    sets.write(listed)
    d.reload()
    assert until(lambda: client.connect("203.0.113.80") != OPEN, SLOW)
    assert client.connect("203.0.113.99") == OPEN
    assert until(lambda: stage.lab.grants() == set(), SLOW)
    sets.write({"must": ("ips", "203.0.113.99\n"),
                "drop": ("ips", "192.0.2.1\n")})
    d.reload()
    assert until(lambda: not any("-block" in r or "-always" in r
                                 for r in stage.lab.chain()), 5 * SLOW)
    assert until(lambda: client.connect("203.0.113.99") != OPEN, 5 * SLOW)


@every_firewall
def test_a_grant_that_becomes_listed_is_gone_at_once(stage, sets):
    listed = {"drop": ("ips", "192.0.2.1\n", "block-set yes")}
    d = sets(listed, cut_flows=True)
    client = stage.client()
    assert addresses(client.ask("far.test")) == ["203.0.113.80"]
    assert addresses(client.ask("near.test")) == ["203.0.113.81"]
    with contextlib.closing(Talk(client, "203.0.113.80")) as flow:
        listed["drop"] = ("ips", "203.0.113.80\n", "block-set yes")
        sets.write(listed)
        d.reload()
        assert until(lambda: stage.lab.grants() == {
            ("10.1.0.2", "tcp", port, "203.0.113.81")
            for port in (80, 443)}, 5 * SLOW)
        assert flow.is_cut() is True
    assert until(lambda: held(stage.lab, "ipv4-block") == {"203.0.113.80"},
                 SLOW), d.err.text
    assert rcode(client.ask("far.test")) == "NXDOMAIN"


@every_firewall
def test_sets_of_lists_are_put_right(stage, sets):
    d = sets({"drop": ("ips", "203.0.113.64/28\n198.51.100.7\n",
                       "block-set yes")})
    whole = {"203.0.113.64/28", "198.51.100.7"}
    assert until(lambda: held(stage.lab, "ipv4-block") == whole, 5 * SLOW)
    change(stage.lab, "del", "ipv4-block", "198.51.100.7")
    assert until(lambda: held(stage.lab, "ipv4-block") == whole, 3 * SLOW)
    change(stage.lab, "add", "ipv4-block", "192.0.2.77")
    assert until(lambda: held(stage.lab, "ipv4-block") == whole, 3 * SLOW)
    if stage.lab.uses_nftables():
        stage.lab.router.run("nft", "flush", "set", *stage.lab.table(),
                             "ipv4-block")
    else:
        stage.lab.router.run("ipset", "destroy", f"{CHAIN}-ipv4-block")
    assert until(lambda: held(stage.lab, "ipv4-block") == whole, 3 * SLOW)
    d.err.wait("of lists .*: it is put right|of lists: 2 entries", 5 * SLOW)


def change(lab, verb, name, what):
    if lab.uses_nftables():
        lab.router.run("nft", {"add": "add", "del": "delete"}[verb],
                       "element", *lab.table(), name, "{", what, "}")
    else:
        lab.router.run("ipset", verb, f"{CHAIN}-{name}", what)


@every_firewall
def test_a_new_daemon_goes_on_with_what_is_there(stage, sets):
    listed = {"drop": ("ips", "203.0.113.64/28\n198.51.100.7\n",
                       "block-set yes")}
    d = sets(listed)
    assert until(lambda: held(stage.lab, "ipv4-block") and
                 len(held(stage.lab, "ipv4-block")) == 2, 5 * SLOW)
    d.stop()
    listed["drop"] = ("ips", "203.0.113.64/27\n198.51.100.7\n",
                      "block-set yes")
    d = sets(listed)
    assert until(lambda: held(stage.lab, "ipv4-block") == {
        "203.0.113.64/27", "198.51.100.7"}, 5 * SLOW)
    d.err.wait("ipv4-block of lists: 1 entries came, 1 went, 2 are in it",
               SLOW)
    d.stop()
    d = sets({"drop": ("ips", "203.0.113.64/27\n")})
    assert until(lambda: held(stage.lab, "ipv4-block") == set(), 5 * SLOW)


@every_firewall
def test_cleanup_takes_the_sets_away(stage, sets):
    d = sets({"drop": ("ips", "203.0.113.64/27\n", "block-set yes"),
              "must": ("ips", "203.0.113.9\n", "allow-set yes")})
    assert until(lambda: held(stage.lab, "ipv4-block"), 5 * SLOW)
    d.stop()
    status, _, err = cleanup(stage)
    assert status == 0, err
    for name in ("block", "always"):
        assert held(stage.lab, f"ipv4-{name}") is None


def owners_rule(lab):
    """What the manual tells the owner of the router to write."""
    if lab.flavour == "enforce":
        return
    for way in ("saddr", "daddr"):
        if lab.uses_nftables():
            lab.router.run("nft", "insert", "rule", *lab.table(), "forward",
                           "ip", way, "@ipv4-block", "drop")
        else:
            lab.router.run(lab.tool(), "-I", "FORWARD", "-m", "set",
                           "--match-set", f"{CHAIN}-ipv4-block",
                           {"saddr": "src", "daddr": "dst"}[way], "-j",
                           "DROP")


def doctor(stage, d):
    with stage.lab.router.entered():
        return d.ctl("doctor", check=False)[1]


@every_firewall
def test_who_looks_after_it_is_told_that_no_rule_drops(stage, sets):
    d = sets({"drop": ("ips", "203.0.113.64/28\n", "block-set yes")})
    assert until(lambda: "firewall list-set ipv4-block stands entries=1" in
                 d.ctl("status"), 5 * SLOW), d.ctl("status")
    client = stage.client()
    client.ask("far.test")
    assert stage.lab.flavour == "enforce" or (
        "ipv4-block, and no rule" in doctor(stage, d).replace(
            " of table inet filter", ""))
    assert "ipv6-block" not in doctor(stage, d)     # it is empty
    assert "list drop action=nxdomain entry=203.0.113.64/28 block-set: " in \
        d.ctl("why", "10.1.0.2", "203.0.113.65:443")
    assert "list drop" not in d.ctl("why", "10.1.0.2", "203.0.113.5:443")
    owners_rule(stage.lab)
    assert "ipv4-block" not in doctor(stage, d)
    if not stage.lab.uses_nftables():
        assert until(lambda: "references=2" in d.ctl("status"), 5 * SLOW)
        stage.lab.router.run(stage.lab.tool(), "-F", "FORWARD")
        assert until(lambda: "references=0: no rule refers to it" in
                     d.ctl("status"), 3 * SLOW)


@every_firewall
def test_the_owners_rule_stops_numeric_connections(stage, sets):
    """Where rules of his own let all pass, too."""
    lab = stage.lab
    listed = {"drop": ("ips", "192.0.2.1\n", "block-set yes")}
    d = sets(listed, acl="10.1.0.0/24 -> far.test:TCP:443\n")
    owners_rule(lab)
    client = stage.client()
    client.ask("far.test")
    assert client.connect("203.0.113.80") == OPEN
    listed["drop"] = ("ips", "203.0.113.0/24\n", "block-set yes")
    sets.write(listed)
    d.reload()
    # The name is spelt out, so its grant stays; the packet is dropped.
    assert until(lambda: client.connect("203.0.113.80", timeout=0.5) != OPEN,
                 SLOW)
    assert ("10.1.0.2", "tcp", 443, "203.0.113.80") in lab.grants()


@pytest.mark.parametrize("lab", ["nft", "legacy", "nftables"], indirect=True)
def test_clients_are_led_to_a_host_that_explains(stage, up, sets):
    """The example of the manual, instead of a drop."""
    lab = stage.lab
    up.add("remedy.test", "A", "203.0.113.9", ttl=300)
    sets({"drop": ("ips", "198.51.100.0/24\n", "block-set yes")},
         acl="10.1.0.0/24 -> remedy.test:TCP:443\n")
    client = stage.client()
    client.ask("remedy.test")
    assert until(lambda: held(lab, "ipv4-block"), 5 * SLOW)
    assert client.connect("198.51.100.7") != OPEN
    if lab.uses_nftables():
        lab.router.run("nft", "add", "chain", *lab.table(), "remedy",
                       "{ type nat hook prerouting priority dstnat; }")
        lab.router.run("nft", "add", "rule", *lab.table(), "remedy",
                       "iifname", "lan0", "meta", "l4proto", "tcp", "ip",
                       "daddr", "@ipv4-block", "dnat", "ip", "to",
                       "203.0.113.9")
    else:
        nat = (lab.tool(), "-t", "nat")
        lab.router.run(*nat, "-I", "PREROUTING", "-i", "lan0", "-p", "tcp",
                       "-m", "set", "--match-set", f"{CHAIN}-ipv4-block",
                       "dst", "-j", "DNAT", "--to-destination",
                       "203.0.113.9")
    try:
        assert client.connect("198.51.100.7") == OPEN
        assert client.connect("203.0.113.81") != OPEN
    finally:
        if not lab.uses_nftables():
            lab.router.run(*nat, "-F")
