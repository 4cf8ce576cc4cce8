# SPDX-License-Identifier: GPL-2.0-or-later
"""dns-firewallctl stats, cache and check; and who stands in our way."""

import re
import socket

import pytest

from daemon import CTL, once, run_tool

from lab import ROUTER
from resolvers import RESOLVERS, found, running

RULE = "10.1.0.0/24 -> allowed.test:TCP:443\n10.1.0.0/24 ~> *\n"

def stats(daemon):
    found_ = {}
    for line in daemon.ctl("stats").splitlines():
        name, value, sign, _ = line.split(maxsplit=3)
        assert sign == "#"
        found_[name] = int(value)
    return found_

def test_stats(stage, up):
    d = stage.daemon(RULE)
    before = stats(d)
    stage.client().ask("allowed.test")
    stage.client().ask("allowed.test")
    stage.client(3).ask("none.test")
    after = stats(d)
    assert after["queries_udp"] == before["queries_udp"] + 3
    assert after["cache_hits"] == before["cache_hits"] + 1
    assert after["cache_misses"] == before["cache_misses"] + 2
    assert after["grants_live"] == 1
    assert all(after[n] >= before[n] for n in before)
    assert any(n.startswith("dropped_") for n in after)

def test_top(stage, up):
    d = stage.daemon(RULE)
    told = d.ctl("top", "1")
    assert "grants_live 0" in told and "queries_udp " in told and "/s" in told
    assert d.ctl("top", "x", check=False)[0] == 2


def test_cache_dump_and_flush(stage, up):
    up.add("www.wild.test", "A", "203.0.113.31")
    d = stage.daemon(RULE)
    clients = [stage.client(n) for n in range(2, 12)]
    for client in clients:
        client.ask("allowed.test")
        client.ask("www.wild.test")
    told = d.ctl("cache", "dump")
    assert re.search(r"^allowed\.test\. A (2\d\d|300) NOERROR \d+ \d+$", told,
                     re.M), told
    assert "www.wild.test. A" in told
    assert "allowed" not in d.ctl("cache", "dump", "wild.test")
    asked = up.count("allowed.test")
    assert re.search(r"\d answers forgotten", d.ctl("cache", "flush", "TEST"))
    assert "test." not in d.ctl("cache", "dump")
    clients[0].ask("allowed.test")
    assert up.count("allowed.test") == asked + 1
    d.ctl("cache", "flush", "--all")
    assert "test." not in d.ctl("cache", "dump")

def test_cache_refusals(stage, up):
    d = stage.daemon(RULE)
    for args in (["cache"], ["cache", "flush"], ["cache", "burn"],
                 ["cache", "dump", "a..b"]):
        status, _, err = d.ctl(*args, check=False)
        assert status != 0 and err, args

def test_cache_while_a_worker_is_away(stage, up):
    d = stage.daemon(RULE)
    d.by_role("worker")[0].kill() if hasattr(
        d.by_role("worker")[0], "kill") else None
    assert "NAME" in d.ctl("cache", "dump")

def test_check(directory):
    acl = directory / "acl"
    acl.write_text("10.0.0.1 -> a.test:TCP:80,443\n")
    acl.chmod(0o644)
    status, out, _ = run_tool(CTL, "check", acl)
    assert status == 0 and out == "10.0.0.1 -> a.test:TCP:80,443\n"
    acl.write_text("10.0.0.1 -> a.test:TCP:0\n")
    status, _, err = run_tool(CTL, "check", acl)
    assert status == 1 and "acl:1:24: " in err

def refused(lab, directory):
    acl = directory / "acl"
    acl.write_text(RULE)
    acl.chmod(0o644)
    status, _, err = once("--acl-file", acl, "--upstream", "172.30.0.2",
                          "--firewall", "none", "--bind", ROUTER,
                          "--bind-port", 53, "--control", directory / "c",
                          lab=lab)
    assert status == 1
    return err

@pytest.mark.parametrize("name,remedy", [("dnsmasq", "bind-interfaces"),
                                         ("unbound", "interface:"),
                                         ("dnsdist", "stop it")])
def test_who_holds_the_port(lab, directory, name, remedy):
    if not found(name):
        pytest.skip(f"{name} is not to be had")
    command = RESOLVERS[name](directory, ROUTER, "172.30.0.2", ROUTER)

    def listens():
        return ":53 " in lab.router.run("ss", "-lntH")
    with running(command, lab.router, listens) as process:
        err = refused(lab, directory)
        assert f"held by {name} (pid {process.pid}" in err, err
        assert remedy in err and f"{ROUTER}:53" in err

def test_who_holds_it_on_all_addresses(lab, directory):
    with lab.router.socket(socket.AF_INET6, socket.SOCK_STREAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("::", 53))
        s.listen()
        err = refused(lab, directory)
        assert "held by" in err and "TCP" in err, err

def test_another_of_us(stage, up, directory):
    stage.daemon(RULE)
    home = directory / "second"
    home.mkdir(mode=0o755)
    assert "another dns-firewall" in refused(stage.lab, home)

