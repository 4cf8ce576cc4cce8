# SPDX-License-Identifier: GPL-2.0-or-later
"""dns-firewallctl doctor, in routers that are well and in ones that are not."""

import pytest

from conftest import both_flavours
from daemon import CTL, run_tool
from lab import CHAIN

ACL = "10.1.0.0/24 -> allowed.test:TCP:443\n"


def visit(daemon, status=1):
    got, out, err = daemon.ctl("doctor", check=False)
    assert got == status, (out, err)
    return out


def lines(text, verdict):
    return [line for line in text.splitlines() if line.startswith(verdict)]


@both_flavours
def test_a_router_that_is_well(stage, up):
    told = visit(stage.daemon(ACL), 0)
    assert not lines(told, "FAIL")
    assert "the daemon runs and is in order" in told
    for family in ("IPv4", "IPv6"):
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
    ["-d", "8.8.8.8"], ["-i", "lan0", "-p", "udp"]])
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


def test_without_a_firewall(stage, up):
    d = stage.daemon(ACL, firewall="none", chain=None)
    assert any("without a firewall" in line
               for line in lines(visit(d, 0), "WARN"))


def test_without_a_daemon(directory):
    status, out, _ = run_tool(CTL, "--control", directory / "none", "doctor")
    assert status == 1 and "no daemon answers us" in out
