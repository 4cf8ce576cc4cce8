# SPDX-License-Identifier: GPL-2.0-or-later
"""What is special to nftables: the owner's table and chain, our own table,
and what others do to them."""

import contextlib
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

from conftest import every_firewall
from daemon import Daemon, SLOW, once
from dnsclient import OPEN, REFUSED, SILENT, addresses, rcode, until
from lab import CHAIN, UPSTREAM

ANEW = "delete table inet dns_firewall\nadd table inet dns_firewall\n"
ACL = "10.1.0.0/24 -> allowed.test:TCP:443\nfd00:1::/64 -> *:TCP:443\n"

owners = pytest.mark.parametrize("lab", ["nftables"], indirect=True)
ours = pytest.mark.parametrize("lab", ["enforce"], indirect=True)
both = pytest.mark.parametrize("lab", ["nftables", "enforce"], indirect=True)


def nft(stage, text):
    stage.lab.router.run("nft", "-f", "-", stdin=text)


def listed(stage):
    return stage.lab.router.run("nft", "list", "ruleset")


def opens(client, seconds=5.0):
    """Asks until the answer opens the firewall; how long it took."""
    begin = time.monotonic()
    ok = until(lambda: addresses(client.ask("allowed.test")) and
               client.connect("203.0.113.5") == OPEN, seconds * SLOW)
    assert ok
    return time.monotonic() - begin


# ---- the owner's table ------------------------------------------------------

@owners
def test_rules_and_sets_stand_in_the_owners_table(stage, up):
    d = stage.daemon(ACL)
    rules = stage.lab.chain()
    assert len(rules) == 8
    assert all("accept comment" in r for r in rules)
    assert sorted(stage.lab.sets()) == sorted(
        f"{CHAIN}-{v}-allow{l}" for v in ("ipv4", "ipv6")
        for l in ("", "-local"))
    assert "firewall nftables table=\"inet filter\" chain=" + CHAIN \
        in d.ctl("status")
    d.stop()
    assert len(stage.lab.chain()) == 8  # stays, as the elements do


@owners
def test_a_saved_ruleset_means_the_same_when_loaded(stage, up):
    """What nft prints of our rules matches what they match: no port may come
    out of what was an ICMP type."""
    d = stage.daemon(ACL)
    stage.client().ask("allowed.test")
    saved = listed(stage)
    d.stop()
    nft(stage, "flush ruleset\n" + saved)
    client = stage.client()
    assert client.connect("203.0.113.5", 443) == OPEN
    assert client.connect("203.0.113.5", 80) == REFUSED
    s = stage.lab.lan.socket(socket.AF_INET, socket.SOCK_STREAM)
    with s:
        s.settimeout(2 * SLOW)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("10.1.0.2", 443))
        with pytest.raises(OSError):
            s.connect(("203.0.113.5", 80))


@owners
def test_foreign_rules_in_the_chain_are_removed_and_said(stage, up):
    nft(stage, f"add rule inet filter {CHAIN} tcp dport 80 accept\n"
               f"add rule inet filter {CHAIN} ip saddr 10.1.0.2 accept\n")
    d = stage.daemon(ACL)
    assert len(stage.lab.chain()) == 8
    assert listed(stage).count("accept") == 8 + 3  # and established, policies
    assert d.err.text.count("Removed a foreign rule") == 2
    assert stage.client().connect("203.0.113.5", 80) == REFUSED


@owners
@pytest.mark.parametrize("change,said", [
    (f"insert rule inet filter {CHAIN} accept", "Removed a foreign rule"),
    (f"flush chain inet filter {CHAIN}", "repaired"),
])
def test_rules_are_put_back_at_once(stage, up, change, said):
    d = stage.daemon(ACL)
    opens(stage.client())
    began = time.monotonic()
    nft(stage, change + "\n")
    d.err.wait("The firewall is repaired", 2)
    assert time.monotonic() - began < 2 * SLOW
    d.err.says(said)
    assert len(stage.lab.chain()) == 8
    assert stage.client().connect("203.0.113.5") == OPEN
    assert stage.client(9).connect("203.0.113.5") == REFUSED


@owners
def test_the_owner_loads_his_file_again(stage, up):
    """flush ruleset, and the same tables anew: grants are back by
    themselves, with the time that was left to them."""
    d = stage.daemon(ACL)
    opens(stage.client())
    before = stage.lab.entries()
    for _ in range(3):
        count = d.err.text.count("The firewall is repaired")
        stage.lab.filter()
        assert until(lambda: d.err.text.count("The firewall is repaired") >
                     count, 2 * SLOW), d.err.text
        after = stage.lab.entries()
        assert set(after) == set(before)
        assert all(after[k] <= before[k] + 1 for k in after)
        assert stage.client().connect("203.0.113.5") == OPEN


@owners
def test_without_table_nothing_is_granted(stage, up):
    d = stage.daemon(ACL)
    opens(stage.client())
    nft(stage, "flush ruleset\n")
    d.err.wait("The chain is gone: make it again with", 2)
    assert rcode(stage.client().ask("allowed.test")) == "SERVFAIL"
    assert "state ok" not in d.ctl("status")
    stage.lab.filter()
    opens(stage.client(), 3)


@owners
@pytest.mark.parametrize("missing,said", [
    ("delete table inet filter\n",
     'There is no table "inet filter" in nftables; make it with "nft add '
     'table inet filter"'),
    (f"flush chain inet filter forward\nflush chain inet filter output\n"
     f"delete chain inet filter {CHAIN}\n",
     f'There is no chain "{CHAIN}" in table "inet filter"; make it with'),
])
def test_where_there_is_no_chain(stage, up, missing, said):
    nft(stage, missing)
    stage.directory.joinpath("acl").write_text(ACL)
    status, _, err = once("--acl-file", stage.directory / "acl",
                          "--upstream", UPSTREAM, "--firewall", "nftables",
                          "--chain", CHAIN, "--bind", "10.1.0.1",
                          "--control", stage.directory / "control",
                          lab=stage.lab)
    assert status == 1 and said in err
    assert stage.lab.sets() == []


@pytest.mark.parametrize("lab", ["nft", "legacy"], indirect=True)
def test_where_iptables_has_no_chain(stage, up):
    stage.directory.joinpath("acl").write_text(ACL)
    status, _, err = once("--acl-file", stage.directory / "acl",
                          "--upstream", UPSTREAM, "--firewall", "iptables",
                          "--chain", "NOWHERE", "--bind", "10.1.0.1",
                          "--control", stage.directory / "control",
                          lab=stage.lab)
    assert status == 1 and ('There is no chain "NOWHERE" in the filter table, '
                            'neither for IPv4 nor for IPv6; make it with '
                            '"iptables -N NOWHERE"') in err
    assert stage.lab.sets() == []


@owners
def test_a_table_of_one_family(stage, up):
    nft(stage, "delete table inet filter\n"
               "table ip mine { chain GRANTS { }; chain forward { type filter "
               "hook forward priority 0; ct state established,related accept;"
               " jump GRANTS; reject; }; }\n")
    d = stage.daemon(ACL, nft_table="ip mine", chain="GRANTS")
    d.err.says("No IPv6 rules will be created")
    opens(stage.client())
    stage.client6().ask("allowed.test", "AAAA")
    assert {key[3] for key in stage.lab.grants()} == {"203.0.113.5"}


@owners
def test_a_set_without_timeout_is_replaced_and_kept(stage, up):
    name = f"{CHAIN}-ipv4-allow"
    nft(stage, f"add set inet filter {name} {{ type ipv4_addr . inet_proto . "
               f"inet_service . ipv4_addr; }}\n"
               f"add element inet filter {name} {{ 10.1.0.2 . tcp . 443 . "
               f"203.0.113.80 }}\n")
    d = stage.daemon(ACL)
    d.err.says(f"Set {name} had another type or no timeout")
    left = stage.lab.entries()[("10.1.0.2", "tcp", 443, "203.0.113.80")]
    assert 0 < left <= 60
    assert stage.client().connect("203.0.113.80") == OPEN


@owners
def test_a_set_that_others_use_is_not_taken_from_them(stage, up):
    name = f"{CHAIN}-ipv4-allow"
    nft(stage, f"add set inet filter {name} {{ type ipv4_addr; }}\n"
               f"insert rule inet filter forward ip saddr @{name} drop\n")
    stage.directory.joinpath("acl").write_text(ACL)
    status, _, err = once("--acl-file", stage.directory / "acl",
                          "--upstream", UPSTREAM, "--firewall", "nftables",
                          "--chain", CHAIN, "--bind", "10.1.0.1",
                          "--control", stage.directory / "control",
                          lab=stage.lab)
    assert status == 1
    assert f"Could not replace set {name}: a rule of others refers" in err


@owners
def test_what_lasts_is_not_said_at_every_try(stage, up):
    d = stage.daemon(ACL)
    name = f"{CHAIN}-ipv4-allow"
    nft(stage, f"flush chain inet filter {CHAIN}\n"
               f"delete set inet filter {name}\n"
               f"add set inet filter {name} {{ type ipv4_addr; }}\n"
               f"add chain inet filter theirs\n"
               f"add rule inet filter theirs ip saddr @{name} drop\n")
    said = rf"Could not replace set {name}: a rule of others refers to it"
    d.err.wait(r"\[ERROR\] " + said, 3)
    time.sleep(2 * SLOW)
    assert len(re.findall(r"\[ERROR\] " + said, d.err.text)) == 1
    nft(stage, "flush chain inet filter theirs\n")
    over = d.err.wait(rf"\[INFO \] It is over: {said} times=(\d+) since=", 3)
    assert int(over[1]) >= 2
    opens(stage.client())


# ---- both ---------------------------------------------------------------------

@both
def test_an_emptied_set_is_filled_at_once(stage, up):
    d = stage.daemon(ACL)
    opens(stage.client())
    stage.lab.flush_set()
    d.err.wait("The firewall is repaired", 2)
    assert stage.client().connect("203.0.113.5") == OPEN


@both
def test_a_deleted_element_comes_back(stage, up):
    d = stage.daemon(ACL)
    opens(stage.client())
    before = stage.lab.entries()
    family, table = stage.lab.table()
    nft(stage, f"delete element {family} {table} {stage.lab.set_name()} "
               "{ 10.1.0.2 . tcp . 443 . 203.0.113.5 }\n")
    assert until(lambda: stage.client().connect("203.0.113.5") == OPEN,
                 2 * SLOW), d.err.text
    after = stage.lab.entries()
    assert set(after) == set(before)
    assert all(abs(after[k] - before[k]) <= 3 for k in after)


@both
def test_an_inserted_element_is_revoked(stage, up):
    """No rule gives it: nobody may open the firewall beside us."""
    d = stage.daemon(ACL)
    family, table = stage.lab.table()
    nft(stage, f"add element {family} {table} {stage.lab.set_name()} "
               "{ 10.1.0.2 . tcp . 22 . 203.0.113.5 timeout 1h }\n")
    assert until(lambda: stage.lab.grants() == set(), 2 * SLOW), d.err.text


@both
def test_grants_survive_a_restart(stage, up):
    d = stage.daemon(ACL)
    opens(stage.client())
    before = stage.lab.entries()
    d.stop()
    assert set(stage.lab.entries()) == set(before)
    stage.daemon(ACL)
    after = stage.lab.entries()
    assert set(after) == set(before)
    assert all(after[k] <= before[k] for k in after)
    assert stage.client().connect("203.0.113.5") == OPEN


@both
def test_icmp_is_echo_alone(stage, up):
    stage.daemon("10.1.0.0/24 -> allowed.test:ICMP\n")
    client = stage.client()
    assert ping(stage, "203.0.113.5") is False
    client.ask("allowed.test")
    assert ping(stage, "203.0.113.5") is True
    assert ping(stage, "203.0.113.5", kind=13) is False
    assert client.connect("203.0.113.5") == REFUSED


def ping(stage, address, kind=8):
    """An ICMP request of that type, answered or not."""
    number = 0x1234
    body = struct.pack("!BBHHH", kind, 0, 0, number, 1) + b"\0" * 12
    total = sum(struct.unpack(f"!{len(body) // 2}H", body))
    total = (total & 0xffff) + (total >> 16)
    total = ~((total & 0xffff) + (total >> 16)) & 0xffff
    body = body[:2] + struct.pack("!H", total) + body[4:]
    s = stage.lab.lan.socket(socket.AF_INET, socket.SOCK_RAW, 1)
    with s:
        s.bind(("10.1.0.2", 0))
        s.settimeout(0.7 * SLOW)
        s.sendto(body, (address, 0))
        with contextlib.suppress(TimeoutError):
            while True:
                data = s.recv(2048)
                if data[20] in (0, 14) and \
                        data[24:26] == struct.pack("!H", number):
                    return True
    return False


@both
def test_a_set_of_another_type_is_replaced_while_we_run(stage, up):
    d = stage.daemon(ACL)
    opens(stage.client())
    family, table = stage.lab.table()
    name, chains = stage.lab.set_name(), ("forward", "output")
    if stage.lab.flavour == "nftables":
        chains = (CHAIN,)
    nft(stage, "".join(f"flush chain {family} {table} {c}\n" for c in chains) +
        f"delete set {family} {table} {name}\n"
        f"add set {family} {table} {name} {{ type ipv4_addr; }}\n")
    d.err.wait("The firewall is repaired", 3)
    assert stage.client().connect("203.0.113.5") == OPEN
    assert stage.client().connect("203.0.113.6") == REFUSED


# ---- our own table ------------------------------------------------------------

@ours
def test_no_rule_of_the_owner_is_needed(stage, up):
    d = stage.daemon("10.1.0.2 -> allowed.test:TCP:443\n"
                     "10.1.0.3 ~> *\n")
    named, other = stage.client(2), stage.client(3)
    assert named.connect("203.0.113.5") == REFUSED
    assert other.connect("203.0.113.5") == OPEN  # not named with ->
    opens(named)
    assert named.connect("203.0.113.5", 80) == REFUSED
    assert named.connect("203.0.113.6") == REFUSED
    assert named.reach("203.0.113.6", 443) == REFUSED
    assert "firewall nftables enforce up" in d.ctl("status")


@ours
def test_who_is_shut_in_follows_the_access_list(stage, up):
    d = stage.daemon("10.1.0.2 -> allowed.test:TCP:443\n")
    assert stage.client(3).connect("203.0.113.6") == OPEN
    d.reload("10.1.0.3 -> allowed.test:TCP:443\n")
    assert stage.client(3).connect("203.0.113.6") == REFUSED
    assert stage.client(2).connect("203.0.113.6") == OPEN


@ours
def test_nobody_slips_out_during_reloads(stage, up):
    d = stage.daemon("10.1.0.0/24 -> allowed.test:TCP:443\n")
    client, slipped = stage.client(), []
    done = threading.Event()

    def knock():
        while not done.is_set():
            outcome = client.connect("203.0.113.6")
            if outcome != REFUSED:
                slipped.append(outcome)

    thread = threading.Thread(target=knock)
    thread.start()
    for i in range(20):
        d.reload("10.1.0.0/24 -> allowed.test:TCP:443\n"
                 f"10.2.{i}.0/24 -> other.test:TCP:443\n")
    done.set()
    thread.join()
    assert slipped == []


@ours
def test_a_thousand_clients_are_named(stage, up):
    """More than fit into one message; nets that meet and overlap."""
    nets = [f"10.{a}.{b}.0/{24 + b % 3}" for a in (1, 7, 9)
            for b in range(0, 255)]
    nets += ["10.7.0.0/16", "192.168.0.0/17", "192.168.128.0/17",
             "255.255.255.0/24", "fd00:1::/64", "ffff::/16"]
    d = stage.daemon("".join(f"{n} -> allowed.test:TCP:443\n" for n in nets))
    text = listed(stage)
    assert "192.168.0.0/17" in text and "192.168.128.0/17" in text
    assert "10.7.0.0/16" in text and "10.7.1.0" not in text
    assert "255.255.255.0/24" in text and "ffff::/16" in text
    assert stage.client().connect("203.0.113.6") == REFUSED
    d.reload("10.66.0.2 -> allowed.test:TCP:443\n")
    assert "10.7.0.0/16" not in listed(stage)


@ours
def test_any_client_is_shut_in(stage, up):
    stage.daemon("any -> allowed.test:TCP:443\n", enforce_output=None)
    assert stage.client(2).connect("203.0.113.6") == REFUSED
    assert stage.client6(2).connect("2001:db8:1::6") == REFUSED
    opens(stage.client(2))


@ours
def test_only_behind_that_interface(stage, up):
    d = stage.daemon("10.1.0.0/24%lan0 -> allowed.test:TCP:443\n")
    assert stage.client().connect("203.0.113.6") == REFUSED
    opens(stage.client())
    d.reload("10.1.0.0/24%up0 -> allowed.test:TCP:443\n")
    assert stage.client().connect("203.0.113.6") == OPEN


@ours
def test_thousands_of_nets_behind_interfaces(stage, up):
    """Not a rule for each: as many as one likes, at start and reload."""
    many = "".join(
        f"10.{20 + i // 250}.{i % 250}.0/24%{('lan0', 'up0')[i % 2]} -> "
        "allowed.test:TCP:443\n" for i in range(4000))
    behind = "10.1.0.0/24%lan0 -> allowed.test:TCP:443\n"
    behind6 = "fd00:1::/64%lan0 -> allowed.test:TCP:443\n"
    d = stage.daemon(behind + many)
    rules = len(stage.lab.chain())
    for acl in (behind + behind6, behind + behind6 + many):
        opens(stage.client())
        assert stage.client().connect("203.0.113.6") == REFUSED
        assert "state ok" in d.ctl("status")
        d.reload(acl)
    assert stage.client6().connect("2001:db8:1::6") == REFUSED
    assert len(stage.lab.chain()) < rules + 8
    d.reload(many)
    assert stage.client().connect("203.0.113.6") == OPEN


@ours
def test_one_net_behind_two_interfaces(stage, up):
    """And in a larger one that any interface may bring."""
    d = stage.daemon("10.1.0.0/24%lan0 -> allowed.test:TCP:443\n"
                     "10.1.0.0/24%up0 -> allowed.test:TCP:443\n"
                     "10.1.0.0/25%lan0 -> other.test:TCP:443\n")
    assert stage.client().connect("203.0.113.6") == REFUSED
    d.reload("10.1.0.2%up0 -> allowed.test:TCP:443\n"
             "10.1.0.0/24 -> allowed.test:TCP:443\n")
    assert stage.client().connect("203.0.113.6") == REFUSED
    opens(stage.client())


@ours
def test_drop_says_nothing(stage, up):
    stage.daemon("10.1.0.2 -> allowed.test:TCP:443\n", enforce_action="drop")
    assert stage.client().connect("203.0.113.6", timeout=0.5) == SILENT
    opens(stage.client())


@ours
def test_this_host_itself(stage, up):
    """Shut in, but for its upstreams, its neighbours and what it may."""
    up.add("allowed.test", "A", "203.0.113.5", ttl=60)
    stage.daemon("10.1.0.1 -> allowed.test:TCP:443\n"
                 "10.1.0.2 -> allowed.test:TCP:443\n")
    here = stage.here("10.1.0.1", server="10.1.0.1")
    out = stage.here("172.30.0.1")
    assert out.connect("203.0.113.5") == REFUSED
    assert addresses(here.ask("allowed.test")) == ["203.0.113.5"]
    assert out.connect("203.0.113.5") == OPEN
    assert out.connect("203.0.113.5", 80) == REFUSED
    opens(stage.client())


@ours
def test_dhcp_is_no_way_out_for_everybody(stage, up):
    stage.daemon("10.1.0.1 -> allowed.test:TCP:443\n")
    for port, works in ((68, True), (0, False)):
        s = stage.lab.router.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with s:
            s.bind(("0.0.0.0", port))
            refused = contextlib.nullcontext() if works else \
                pytest.raises(PermissionError)
            with refused:
                s.sendto(b"x", ("203.0.113.9", 67))


@ours
def test_this_host_is_free_where_nothing_names_it(stage, up):
    stage.daemon("10.1.0.2 -> allowed.test:TCP:443\n")
    assert stage.here("172.30.0.1").connect("203.0.113.9") == OPEN


@ours
@pytest.mark.parametrize("change", [
    "flush ruleset\n", "delete table inet dns_firewall\n",
    "flush chain inet dns_firewall forward\n",
    "insert rule inet dns_firewall forward accept\n",
    "flush set inet dns_firewall CLIENTS\n",
    "delete element inet dns_firewall CLIENTS { 10.1.0.0/24 }\n",
    "add element inet dns_firewall CLIENTS { 192.0.2.0/24 }\n",
    "add table inet dns_firewall { flags dormant; }\n",
    ANEW + "add chain inet dns_firewall forward\n",
    ANEW + "add chain inet dns_firewall forward "
           "{ type filter hook input priority 0; }\n",
    ANEW + "add chain inet dns_firewall forward "
           "{ type filter hook forward priority 0; policy drop; }\n",
    ANEW + """table inet dns_firewall {
    set ipv4-allow { type ipv4_addr; }
    set ipv6-allow { type ipv6_addr; }
    set ipv4-allow-local { type ipv4_addr; }
    chain mine { ip6 saddr @ipv6-allow drop; }
    chain forward { type filter hook forward priority 0; }
    chain output { type filter hook output priority 0;
        ip daddr @ipv4-allow-local drop; }\n}\n""",
])
def test_our_table_is_made_again(stage, up, change):
    d = stage.daemon(ACL)
    opens(stage.client())
    clients = re.findall("set (clients-ipv4-[ab])", listed(stage))[-1]
    nft(stage, change.replace("CLIENTS", clients))
    d.err.wait("The firewall is repaired", 2)
    assert stage.client().connect("203.0.113.5") == OPEN
    assert stage.client().connect("203.0.113.6") == REFUSED


@both
def test_a_set_that_is_full_already(stage, up):
    """There is no room for the entry by which we try out the kernel."""
    family, table = stage.lab.table()
    mine = stage.lab.set_name()
    text = f"add table {family} {table}\n"
    for name, key, element in (
            (mine, "ipv4_addr . inet_proto . inet_service . ipv4_addr",
             "10.1.0.2 . tcp . 443 . 203.0.113.5"),
            (stage.lab.set_name(local=True),
             "inet_proto . inet_service . ipv4_addr",
             "tcp . 443 . 203.0.113.5")):
        text += (f"add set {family} {table} {name} {{ type {key}; flags "
                 "timeout; size 1; }\n"
                 f"add element {family} {table} {name} {{ {element} timeout "
                 "300s }\n")
    nft(stage, text)
    d = stage.daemon("10.1.0.0/24 -> allowed.test:TCP:443\n"
                     "127.0.0.1 -> allowed.test:TCP:443\n")
    opens(stage.client())
    assert rcode(stage.client(9).ask("allowed.test")) == "SERVFAIL"
    assert "ipv4 set is full" in d.ctl("status")


def in_the_way(set_name):
    """A set of another type, and a rule of others that holds it."""
    return (f"flush chain inet dns_firewall forward\n"
            f"flush chain inet dns_firewall output\n"
            f"delete set inet dns_firewall {set_name}\n"
            f"add set inet dns_firewall {set_name} {{ type ipv6_addr; }}\n"
            "add chain inet dns_firewall x\n"
            f"add rule inet dns_firewall x ip6 saddr @{set_name} drop\n")


@ours
@pytest.mark.parametrize("change", [
    "add table inet dns_firewall { flags dormant; }\n",
    in_the_way("ipv6-allow"), in_the_way("ipv6-allow-local"),
    "".join(f"add set inet dns_firewall clients-ipv4-{turn} {{ type ipv4_addr;"
            " flags interval; }\nadd chain inet dns_firewall x\n"
            f"add rule inet dns_firewall x ip saddr @clients-ipv4-{turn} "
            "drop\n" for turn in "ab"),
])
def test_entries_are_kept_where_the_table_is_made_anew(stage, up, change):
    """At a start nothing but the kernel knows them."""
    acl = ACL + "10.1.0.1 -> allowed.test:TCP:443\n"
    d = stage.daemon(acl)
    opens(stage.client())
    stage.here("10.1.0.1", server="10.1.0.1").ask("allowed.test")
    before = stage.lab.entries()
    assert {key[0] for key in before} == {"10.1.0.2", ""}
    d.stop()
    nft(stage, change)
    d = stage.daemon(acl)
    d.err.says("was changed by others and is made anew")
    after = stage.lab.entries()
    assert set(after) == set(before)
    assert all(before[k] - 10 * SLOW < after[k] <= before[k] for k in after)
    assert stage.client().connect("203.0.113.5") == OPEN
    assert stage.client().connect("203.0.113.6") == REFUSED


@both
def test_entries_of_a_set_of_intervals_are_kept(stage, up):
    family, table = stage.lab.table()
    name = stage.lab.set_name()
    nft(stage, f"add table {family} {table}\n"
               f"add set {family} {table} {name} {{ type ipv4_addr . "
               "inet_proto . inet_service . ipv4_addr; flags interval,timeout;"
               " }\n"
               f"add element {family} {table} {name} {{ 10.1.0.2 . tcp . 443 "
               ". 203.0.113.80 timeout 300s, 10.1.0.2 . tcp . 443 . "
               "203.0.113.96/28 timeout 300s }\n")
    d = stage.daemon(ACL)
    d.err.says(f"1 entries of set {name} have another shape")
    assert stage.lab.entries()[("10.1.0.2", "tcp", 443, "203.0.113.80")] > 200
    assert stage.client().connect("203.0.113.80") == OPEN
    assert stage.client().connect("203.0.113.97") == REFUSED


@both
def test_many_entries_of_a_set_that_is_replaced(stage, up):
    """More than the kernel takes at once, and than the set was to hold."""
    family, table = stage.lab.table()
    name = stage.lab.set_name()
    elements = ", ".join(
        f"10.1.0.{2 + i // 10000} . tcp . 443 . 100.{i // 250 % 100}.{i % 250}"
        ".1" for i in range(12000))
    nft(stage, f"add table {family} {table}\n"
               f"add set {family} {table} {name} {{ type ipv4_addr . "
               "inet_proto . inet_service . ipv4_addr; size 20000; }\n"
               f"add element {family} {table} {name} {{ {elements} }}\n")
    stage.daemon("10.1.0.0/24 -> allowed.test:TCP:443\n", set_size=8192,
                 private_ok="100.64.0.0/10")
    assert len(stage.lab.entries(name)) == 12000


@ours
def test_clients_that_rules_of_others_hold(stage, up):
    """What others refer to in our table cannot be replaced: it goes as a
    whole."""
    d = stage.daemon(ACL)
    opens(stage.client())
    for i in range(2):
        name = re.findall("set (clients-ipv4-[ab])", listed(stage))[-1]
        nft(stage, "add chain inet dns_firewall x\n"
                   f"add rule inet dns_firewall x ip saddr @{name} drop\n")
        d.reload()
        assert until(lambda: d.err.text.count("The firewall is repaired") > i,
                     3 * SLOW), d.err.text
    assert stage.client().connect("203.0.113.5") == OPEN
    assert stage.client().connect("203.0.113.6") == REFUSED


@ours
def test_the_table_stays_shut_when_we_are_gone(stage, up):
    d = stage.daemon("10.1.0.2 -> allowed.test:TCP:443\n")
    d.stop()
    assert stage.client().connect("203.0.113.6") == REFUSED


@ours
def test_a_chain_beside_enforce_is_ignored_and_said(stage, up):
    d = stage.daemon(ACL, chain="MINE")
    d.err.says('--chain "MINE" is ignored')


@pytest.mark.parametrize("options,said", [
    (("--firewall", "iptables", "--chain", CHAIN, "--enforce"),
     "needs a table of nftables"),
    (("--firewall", "nftables", "--chain", CHAIN, "--enforce-output"),
     "--enforce-output"),
    (("--firewall", "nftables"), "--chain"),
    (("--firewall", "nftables", "--chain", CHAIN, "--nft-table", "filter"),
     'a family and a name, like "inet filter"'),
    (("--firewall", "nftables", "--enforce", "--enforce-action", "shoot"),
     "reject"),
])
def test_options_that_do_not_fit_together(stage, options, said):
    stage.directory.joinpath("acl").write_text(ACL)
    status, _, err = once("--acl-file", stage.directory / "acl",
                          "--upstream", UPSTREAM, *options, lab=stage.lab)
    assert status == 1 and said in err


# ---- not alone -----------------------------------------------------------------

def second(stage, **options):
    """Another daemon beside the first, which it does not know of."""
    home = stage.directory / "second"
    home.mkdir(exist_ok=True)
    d = Daemon(stage.lab, home, ACL, **{"bind": ["127.0.0.9"], **options})
    stage.daemons.append(d)
    return d


@every_firewall
def test_a_second_daemon_on_the_same_chain(stage, up):
    """They would take each other's rules away, and each other's grants."""
    d = stage.daemon(ACL)
    with pytest.raises(AssertionError, match=r"did not start(.|\n)*--firewall: "
                       rf"another dns-firewall \(pid {d.pid}\) keeps "):
        second(stage)
    opens(stage.client())
    status, _, err = cleanup(stage, "elsewhere")
    assert status == 1 and f"(pid {d.pid}) keeps" in err
    os.kill(d.pid, signal.SIGKILL)
    d.popen.wait()
    d.finish()
    stage.daemon(ACL)
    opens(stage.client())


@pytest.mark.parametrize("lab", ["nft", "nftables"], indirect=True)
def test_two_daemons_with_a_chain_each(stage, up):
    d = stage.daemon(ACL)
    if stage.lab.uses_nftables():
        nft(stage, "add chain inet filter MINE\n")
    else:
        for family in (4, 6):
            stage.lab.router.run(stage.lab.tool(family), "-w", "-N", "MINE")
    with pytest.raises(AssertionError, match=r'keeps the sets "DNSALLOWL'):
        second(stage, chain="MINE", set_prefix=CHAIN)
    other = second(stage, chain="MINE")
    opens(stage.client())
    assert "state ok" in d.ctl("status") and "state ok" in other.ctl("status")


@both
def test_a_stranger_cannot_keep_us_from_starting(stage, up):
    d = stage.daemon(ACL)
    names = set(re.findall(r"@(dns-firewall/[0-9a-f]{16})",
                           stage.lab.router.run("ss", "-xlH")))
    d.stop()
    assert names
    with stage.lab.router.entered():
        stranger = subprocess.Popen(
            ["setpriv", "--reuid", "65534", "--clear-groups",
             "/usr/bin/python3", "-c", "import socket, sys\n"
             "held = [socket.socket(socket.AF_UNIX) for _ in sys.argv[1:]]\n"
             "for s, name in zip(held, sys.argv[1:]):\n"
             "    s.bind('\\0' + name)\n"
             "    s.listen(1)\n"
             "print(flush=True)\n"
             "sys.stdin.read()", *names],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with stranger:
        stranger.stdout.readline()
        stage.daemon(ACL)
        stranger.stdin.close()


# ---- taken away -----------------------------------------------------------------

def cleanup(stage, control="control"):
    options = [f"--{k.replace('_', '-')}" if v is True else
               f"--{k.replace('_', '-')}={v}"
               for k, v in stage.lab.options().items()]
    return once("--cleanup", "--acl-file", "/nonexistent", "--upstream",
                UPSTREAM, "--control", stage.directory / control, *options,
                lab=stage.lab)


@every_firewall
def test_cleanup_leaves_nothing_of_ours(stage, up):
    d = stage.daemon(ACL)
    opens(stage.client())
    status, _, err = cleanup(stage)
    assert status == 1 and "stop it first" in err
    assert stage.client().connect("203.0.113.5") == OPEN
    d.stop()
    status, _, err = cleanup(stage)
    assert status == 0, err
    assert stage.lab.sets() == [] and stage.lab.chain() == []
    if stage.lab.flavour == "enforce":
        assert "dns_firewall" not in listed(stage)
    else:
        assert stage.client().connect("203.0.113.5") == REFUSED
    status, _, err = cleanup(stage)
    assert status == 0, err


@pytest.mark.parametrize("lab", ["nft", "legacy", "nftables"], indirect=True)
def test_cleanup_leaves_a_set_that_others_use(stage, up):
    d = stage.daemon(ACL)
    d.stop()
    name = stage.lab.set_name()
    if stage.lab.uses_nftables():
        nft(stage, f"add rule inet filter output ip saddr . meta l4proto . "
                   f"th dport . ip daddr @{name} accept\n")
    else:
        stage.lab.router.run(stage.lab.tool(), "-w", "-A", "FORWARD", "-m",
                             "set", "--match-set", name, "src,dst,dst", "-j",
                             "ACCEPT")
    status, _, err = cleanup(stage)
    assert status == 1 and re.search(f"{name}: a rule.* refers to it", err)
    assert "the rest is gone" in err
    assert stage.lab.sets() == [name] and stage.lab.chain() == []


@owners
@pytest.mark.parametrize("before", [
    "", "delete table inet filter\n",
    f"flush chain inet filter forward\nflush chain inet filter output\n"
    f"flush chain inet filter {CHAIN}\ndelete chain inet filter {CHAIN}\n"])
def test_cleanup_where_the_owner_has_been(stage, up, before):
    d = stage.daemon(ACL)
    d.stop()
    nft(stage, before)
    status, _, err = cleanup(stage)
    assert status == 0 and "ERROR" not in err
    assert stage.lab.sets() == [] and stage.lab.chain() == []
    assert cleanup(stage)[0] == 0


@pytest.mark.parametrize("lab", ["nft", "legacy"], indirect=True)
def test_cleanup_without_the_chain_takes_the_sets(stage, up):
    d = stage.daemon(ACL)
    opens(stage.client())
    d.stop()
    for rule in ("-D FORWARD -j", "-F", "-X"):
        for tool in stage.lab.tool(), stage.lab.tool(6):
            stage.lab.router.run(tool, "-w", *rule.split(), CHAIN,
                                 check=False)
    status, _, err = cleanup(stage)
    assert status == 0 and "ERROR" not in err, err
    assert stage.lab.sets() == []


@ours
def test_a_table_beside_enforce_is_ignored_and_said(stage, up):
    d = stage.daemon(ACL, nft_table="ip mine")
    assert '--nft-table "ip mine" is ignored' in d.err.text
