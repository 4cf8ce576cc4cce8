# SPDX-License-Identifier: GPL-2.0-or-later
"""dns-firewallctl doctor, in routers that are well and in ones that are not."""

import os
import signal

import pytest

from conftest import every_firewall
from daemon import CTL, SLOW, run_tool
from dnsclient import until
from lab import CHAIN, ROUTER, ROUTER6

ACL = "10.1.0.0/24 -> allowed.test:TCP:443\n"
ACL6 = "fd00:1::/64 -> allowed.test:TCP:443\n"

owners = pytest.mark.parametrize("lab", ["nftables"], indirect=True)
ours = pytest.mark.parametrize("lab", ["enforce"], indirect=True)


def visit(daemon, status=1):
    if status == 0:
        assert until(lambda: "state ok" in daemon.ctl("status"), 5 * SLOW), \
            daemon.err.text
    got, out, err = daemon.ctl("doctor", check=False)
    assert got == status, (out, err)
    return out


def lines(text, verdict):
    return [line for line in text.splitlines() if line.startswith(verdict)]


@every_firewall
def test_a_router_that_is_well(stage, up):
    told = visit(stage.daemon(ACL + ACL6), 0)
    assert not lines(told, "FAIL") and not lines(told, "WARN")
    for well in ("the daemon runs and is in order", "connections are tracked",
                 "each address to answer on is there",
                 "packets with a wrong source are dropped"):
        assert well in told
    for family in ("IPv4", "IPv6"):
        if stage.lab.flavour == "enforce":
            assert f"{family}: what clients named with -> were not " \
                "granted is refused by our own table" in told
            continue
        assert f"{family}: what {CHAIN} does not accept is refused" in told
        assert f"{family}: answers of open connections pass" in told
        assert f"{family}: no rule was seen that opens another resolver" in told


def iptables(stage, *args, family=4):
    stage.lab.router.run(stage.lab.tool(family), "-w", *args)


def test_nothing_refuses(stage, up):
    d = stage.daemon(ACL)
    iptables(stage, "-D", "FORWARD", "-j", "REJECT")
    told, = lines(visit(d), "FAIL")
    assert "IPv4: what" in told and "iptables -A FORWARD -j REJECT" in told
    iptables(stage, "-P", "FORWARD", "DROP")
    visit(d, 0)


def test_a_drop_for_others_is_none(stage, up):
    d = stage.daemon(ACL)
    iptables(stage, "-D", "FORWARD", "-j", "REJECT")
    iptables(stage, "-A", "FORWARD", "-i", "up0", "-j", "DROP")
    told, = lines(visit(d), "FAIL")
    assert "is let through" in told


def test_all_is_accepted_behind(stage, up):
    d = stage.daemon(ACL)
    iptables(stage, "-D", "FORWARD", "-j", "REJECT")
    iptables(stage, "-A", "FORWARD", "-j", "ACCEPT")
    iptables(stage, "-P", "FORWARD", "DROP")
    told, = lines(visit(d), "FAIL")
    assert "is let through" in told


def test_a_chain_between(stage, up):
    """As Docker has it."""
    d = stage.daemon(ACL)
    stage.lab.router.run(stage.lab.tool(4) + "-restore", stdin=(
        "*filter\n:FORWARD ACCEPT\n:USER -\n:" + CHAIN + " -\n"
        "-A FORWARD -j USER\n-A FORWARD -i lan0 ! -o lan0 -j ACCEPT\n"
        "-A USER -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN\n"
        f"-A USER -i lan0 -j {CHAIN}\n-A USER -i lan0 -j REJECT\n"
        "-A USER -j RETURN\nCOMMIT\n"))
    told = d.ctl("doctor", check=False)[1]
    assert f"IPv4: what {CHAIN} does not accept is refused" in told
    iptables(stage, "-D", "USER", "-i", "lan0", "-j", "REJECT")
    told = d.ctl("doctor", check=False)[1]
    assert f"IPv4: what {CHAIN} does not accept is let through" in told


@pytest.mark.parametrize("rule", [
    "-i lan0", "-m conntrack --ctstate NEW,ESTABLISHED",
    "-i lan0 -m state --state NEW"])
def test_all_is_accepted_before(stage, up, rule):
    d = stage.daemon(ACL)
    iptables(stage, "-I", "FORWARD", *rule.split(), "-j", "ACCEPT")
    told, = lines(visit(d), "FAIL")
    assert f"iptables -D FORWARD {rule} -j ACCEPT" in told


def test_what_is_not_new_may_be_accepted_before(stage, up):
    d = stage.daemon(ACL)
    iptables(stage, "-I", "FORWARD", "-m", "conntrack", "!", "--ctstate",
             "NEW", "-j", "ACCEPT")
    assert not lines(visit(d, 0), "FAIL")


def test_nothing_leads_to_the_chain(stage, up):
    d = stage.daemon(ACL)
    iptables(stage, "-D", "FORWARD", "-j", CHAIN, family=6)
    iptables(stage, "-F", "OUTPUT", family=6)
    told = visit(d)
    assert f"ip6tables -I FORWARD -j {CHAIN}" in told


@pytest.mark.parametrize("rule", [
    ["-p", "udp", "--dport", "53"], ["-p", "tcp", "--dport", "853"],
    ["-p", "tcp", "-m", "multiport", "--dports", "80,853"],
    ["-p", "tcp", "--dport", "1:1024"], ["-i", "lan0", "-p", "udp"],
    ["-d", "8.8.8.8"], ["-d", "9.9.9.0/24"]])
def test_another_resolver_is_open(stage, up, rule):
    d = stage.daemon(ACL)
    iptables(stage, "-I", "FORWARD", *rule, "-j", "ACCEPT")
    told = visit(d, 0)
    assert any("other resolvers" in line for line in lines(told, "WARN"))


def test_established_is_missing(stage, up):
    d = stage.daemon(ACL)
    iptables(stage, "-D", "FORWARD", "-m", "state", "--state",
             "ESTABLISHED,RELATED", "-j", "ACCEPT")
    assert any("ESTABLISHED" in line
               for line in lines(visit(d, 0), "WARN"))


def test_the_other_family_is_forwarded(stage, up):
    lab = stage.lab
    with lab.without_chain(6):
        d = stage.daemon(ACL)
        told, = lines(visit(d), "FAIL")
        assert "IPv6: is forwarded past the access list" in told
        lab.router.run(lab.tool(6), "-w", "-P", "FORWARD", "DROP")
        visit(d, 0)
        lab.router.run(lab.tool(6), "-w", "-P", "FORWARD", "ACCEPT")


def test_the_kernel_beside_it(stage, up):
    d = stage.daemon(ACL)
    stage.lab.router.sysctl(ipv4__conf__all__rp_filter=2)
    try:
        told = visit(d, 0)
        assert any("rp_filter=1" in line for line in lines(told, "WARN"))
    finally:
        stage.lab.router.sysctl(ipv4__conf__all__rp_filter=1)


def test_guests_on_a_bridge(stage, up):
    d = stage.daemon(ACL)
    stage.lab.router.run("ip", "link", "add", "br0", "type", "bridge")
    stage.lab.router.sysctl(**{"bridge__bridge-nf-call-ip6tables": 0})
    try:
        told = lines(visit(d, 0), "WARN")
        assert any("net.bridge.bridge-nf-call-ip6tables=1" in line
                   for line in told), told
        stage.lab.router.sysctl(**{"bridge__bridge-nf-call-ip6tables": 1})
    finally:
        stage.lab.router.run("ip", "link", "del", "br0")


def test_an_address_that_is_not_there(stage, up):
    d = stage.daemon(ACL, bind=[ROUTER, "10.1.0.200", ROUTER6])
    told, = lines(visit(d, 0), "WARN")
    assert "10.1.0.200@53" in told
    stage.lab.router.run("ip", "addr", "add", "10.1.0.200/24", "dev", "lan0")
    try:
        assert not lines(visit(d, 0), "WARN")
    finally:
        stage.lab.router.run("ip", "addr", "del", "10.1.0.200/24", "dev",
                             "lan0")


def test_an_address_for_primaries_that_is_not_there(stage, up):
    lists = stage.directory / "lists"
    lists.write_text("list z rpz z.test primary 192.0.2.1\n")
    lists.chmod(0o600)
    d = stage.daemon(ACL, notify_bind="10.1.0.200@5353", lists=lists,
                     lists_dir=stage.directory / "kept")
    told = d.ctl("doctor", check=False)[1]
    assert "nobody is answered on 10.1.0.200@5353" in told
    assert "or change --notify-bind" in told
    assert "each address to answer on" not in told


def test_without_a_firewall(stage, up):
    d = stage.daemon(ACL, firewall="none", chain=None)
    assert any("without a firewall" in line
               for line in lines(visit(d, 0), "WARN"))


def test_without_a_daemon(directory):
    status, out, _ = run_tool(CTL, "--control", directory / "none", "doctor")
    assert status == 1 and "no daemon answers us" in out


# ---- the owner's table of nftables ------------------------------------------

def nft(stage, text):
    return stage.lab.router.run("nft", "-f", "-", stdin=text)


def mend(stage, finding):
    """Does what the doctor says, after the last colon and blank that stand
    before a command."""
    _, _, command = finding.rpartition(": nft ")
    stage.lab.router.run("sh", "-c", "nft " + command.replace(", nft", "; nft"))


def loaded(*rules, family="inet", policy="accept", hook="forward"):
    return (f"table {family} filter {{ chain {CHAIN} {{ }}; chain {hook} {{ "
            f"type filter hook {hook} priority 0; policy {policy};\n"
            + "\n".join(rules) + "\n}\n}\n")


WELL = ("ct state established,related accept", f"jump {CHAIN}", "reject")


def daemon_behind(stage, *rules, **more):
    """The owner has these rules from the start."""
    family = more.get("family", "inet")
    nft(stage, "flush ruleset\n" + loaded(*rules, **more))
    return stage.daemon(ACL, nft_table=f"{family} filter")


@owners
@pytest.mark.parametrize("rules,wrong", [
    (WELL[:2], "is let through: nft add rule inet filter forward reject"),
    ((*WELL[:2], "accept", "drop"), "is let through by: accept"),
    ((*WELL[:2], 'iifname "up0" drop'), "is let through"),
    (('iifname "lan0" accept', *WELL), "before our chain accepts everything"),
    (("ct state new,established accept", *WELL[1:]), "accepts everything"),
    (("ct state != invalid accept", *WELL[1:]), "accepts everything"),
    (WELL[::2], f"nothing leads to {CHAIN}: nft insert rule"),
    (("meta nfproto ipv4 " + WELL[1], WELL[2]), "IPv6: nothing leads to"),
])
def test_a_table_that_is_open(stage, up, rules, wrong):
    """And is shut after what the doctor says was done."""
    d = daemon_behind(stage, *rules)
    found = lines(visit(d), "FAIL")
    assert found and all(wrong in line or "IPv" in line for line in found)
    assert any(wrong in line for line in found), found
    for _ in range(4):
        found = lines(d.ctl("doctor", check=False)[1], "FAIL")
        if not found:
            break
        mend(stage, found[0])
    visit(d, 0)


@owners
@pytest.mark.parametrize("more", [
    {"rules": WELL}, {"rules": WELL[:2], "policy": "drop"},
    {"rules": ("ct state vmap { established : accept, related : accept, "
               "invalid : drop }", f'iifname vmap {{ "lan0" : jump {CHAIN}, '
               f'"up0" : drop }}', 'iifname "lan0" counter reject')},
    {"rules": (WELL[0], f'iifname "lan0" goto {CHAIN}'), "policy": "drop"},
])
def test_a_table_that_is_shut(stage, up, more):
    d = daemon_behind(stage, *more.pop("rules"), **more)
    told = visit(d, 0)
    assert not lines(told, "FAIL") and not lines(told, "WARN")


@owners
def test_a_chain_between_in_a_table(stage, up):
    d = stage.daemon(ACL)
    nft(stage, f"flush chain inet filter forward\n"
               f"add chain inet filter lan\n"
               f"add rule inet filter lan ct state established accept\n"
               f"add rule inet filter lan jump {CHAIN}\n"
               f"add rule inet filter lan reject\n"
               f"add rule inet filter forward iifname lan0 jump lan\n"
               f"add rule inet filter forward iifname lan0 accept\n")
    visit(d, 0)
    nft(stage, f"flush chain inet filter lan\n"
               f"add rule inet filter lan jump {CHAIN}\n")
    told = visit(d)
    assert f"IPv4: what {CHAIN} does not accept is let through by: iifname " \
        '"lan0" accept; delete it: nft delete rule inet filter forward ' \
        "handle" in told
    assert any("ESTABLISHED" in line for line in lines(told, "WARN"))


@owners
@pytest.mark.parametrize("rule", [
    "udp dport 53 accept", "tcp dport { 80, 800-900 } accept",
    "ip daddr 8.8.0.0/16 accept", "meta l4proto { tcp, udp } accept",
    "ip6 daddr 2001:4860:4860::8888 tcp dport 443 accept"])
def test_another_resolver_is_open_in_a_table(stage, up, rule):
    d = stage.daemon(ACL)
    visit(d, 0)
    nft(stage, f"insert rule inet filter forward {rule}\n")
    found = [line for line in lines(visit(d, 0), "WARN")
             if "other resolvers" in line]
    assert found
    mend(stage, found[0])
    assert not lines(visit(d, 0), "WARN")


@owners
def test_a_table_of_one_family_and_the_other(stage, up):
    d = daemon_behind(stage, *WELL, family="ip")
    told, = lines(visit(d), "FAIL")
    assert "IPv6: is forwarded past the access list" in told
    mend(stage, told.replace("or nft", ": nft"))
    assert "IPv6: has no chain, and what is forwarded is refused by policy" \
        in visit(d, 0)


@owners
def test_the_table_is_gone(stage, up):
    d = stage.daemon(ACL)
    nft(stage, "flush ruleset\n")
    d.err.wait("The chain is gone", 2)
    assert "table inet filter is not in the kernel" in visit(d)


@owners
def test_another_table_refuses_what_we_grant(stage, up):
    d = stage.daemon(ACL)
    nft(stage, "table ip docker { chain FORWARD { type filter hook forward "
               "priority 0; policy drop; }; }\n")
    told, = lines(visit(d, 0), "WARN")
    assert "chain FORWARD of table ip docker refuses by its policy" in told


# ---- our own table ------------------------------------------------------------

@ours
def test_nobody_of_a_family_is_named(stage, up):
    """Clients with both families would get out by the other."""
    d = stage.daemon(ACL)
    told, = lines(visit(d), "FAIL")
    assert told.startswith("FAIL  IPv6: is forwarded, and the access list "
                           "names no client of it")
    d.reload(ACL + ACL6)
    visit(d, 0)
    d.reload("any ~> *\n")
    told = visit(d)
    assert len(lines(told, "FAIL")) == 2
    assert any("this host itself is not shut in" in line
               for line in lines(told, "WARN"))


@ours
def test_clients_of_an_interface_are_shut_in(stage, up):
    d = stage.daemon("10.1.0.0/24%lan0 -> allowed.test:TCP:443\n" + ACL6)
    assert "IPv4: what clients named with -> were not granted is refused" \
        in visit(d, 0)


@ours
def test_our_table_is_not_in_the_kernel(stage, up):
    d = stage.daemon(ACL + ACL6)
    warden, = d.by_role("warden")
    os.kill(warden.pid, signal.SIGSTOP)
    try:
        nft(stage, "delete table inet dns_firewall\n")
        told = lines(visit(d), "FAIL")
        assert any("table inet dns_firewall is not in the kernel" in line
                   for line in told), told
    finally:
        os.kill(warden.pid, signal.SIGCONT)


@ours
def test_an_audit_shuts_nobody_in(stage, up):
    d = stage.daemon(ACL + ACL6, mode="audit")
    told, = lines(visit(d, 0), "WARN")
    assert "only watches" in told
