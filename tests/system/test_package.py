# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian package under a systemd of its own: from its installation to its
purge, over the package it replaces, and what an auditor finds in the journal.
"""

import re
import selectors
import socket
import time
from pathlib import Path

import pytest

import machine as machine_
import predecessor
from conftest import Stage
from daemon import SLOW
from dnsclient import Client, OPEN, REFUSED, addresses, question, rcode, until
from lab import CHAIN, ROUTER, UPSTREAM
from machine import need, run

TOP = Path(__file__).resolve().parents[2]
UNIT = TOP / "dist" / "dns-firewall.service"
CONFIG = f"""\
ACL_FILE=/etc/dns-firewall/acl
UPSTREAM={UPSTREAM}
BIND={ROUTER}
BIND_PORT=53
FIREWALL=iptables
CHAIN={CHAIN}
"""
ACL = """\
10.1.0.0/24 -> allowed.test:TCP:443
10.1.0.0/24 -| bad.test
"""
ENTRY = ("10.1.0.2", "tcp", 443, "203.0.113.5")


def test_the_unit_is_shut_in():
    need("systemd-analyze")
    ask = ["systemd-analyze", "security", "--offline=true", UNIT]
    status, said = run(*ask, "--threshold=17")
    assert status == 0, said
    assert run(*ask, "--threshold=5")[0] != 0


def test_apt_get_build_dep_finds_all_installed():
    need("apt-get")
    status, said = run("apt-get", "--simulate", "build-dep", TOP / "dist")
    assert status == 0, said
    assert re.search(r"^0 upgraded, 0 newly installed", said, re.M), said


@pytest.fixture
def machine(request):
    made = machine_.Machine(getattr(request, "param", "nft"))
    yield made
    made.end()


@pytest.fixture
def stage(machine, directory):
    made = Stage(machine.lab, directory)
    up = made.upstream()
    up.add("allowed.test", "A", "203.0.113.5", ttl=300)
    yield made
    made.clear()


def configure(machine, acl=ACL, more=""):
    machine.write("/etc/dns-firewall/acl", acl)
    machine.write("/etc/dns-firewall/config.env", CONFIG + more)


@pytest.fixture
def service(machine, stage):
    """It is installed and runs."""
    machine.install(machine_.package())
    configure(machine)
    machine.service("start")
    return machine


class TestPackage:
    pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("package")]

    def test_lintian_finds_nothing(self):
        need("lintian")
        changes, = machine_.package().parent.glob("*.changes")
        status, said = run("lintian", "--fail-on", "error,warning",
                           "--allow-root", changes)
        assert status == 0, said
        assert not re.search(r"^[EW]: ", said, re.M), said

    def test_its_life(self, machine, stage):
        """Installed, started, seen, reloaded, stopped, removed, purged."""
        machine.install(machine_.package())
        assert machine.show("ActiveState") == "inactive"
        assert machine.service("is-enabled").strip() == "enabled"
        files = machine.run("dpkg", "-L", "dns-firewall").split()
        assert machine.run("readlink", "-f", "/usr/bin/dns-firewall") == \
            "/usr/sbin/dns-firewall\n"

        status, _ = machine.try_run("systemctl", "start", "dns-firewall")
        assert status != 0
        machine.journal_says(r"^\[ERROR\] --chain: nothing is given")
        machine.service("stop")
        machine.service("reset-failed")

        configure(machine)
        machine.service("start")
        client = stage.client()
        assert client.connect("203.0.113.5") == REFUSED
        assert addresses(client.ask("allowed.test", id=7)) == ["203.0.113.5"]
        assert client.connect("203.0.113.5") == OPEN
        assert rcode(client.ask("bad.test", id=8)) == "REFUSED"
        machine.journal_says(r"^\[INFO \] Server started")
        machine.journal_says(r"^10\.1\.0\.2 <- \[7\] allowed\.test\. "
                             r"\[203\.0\.113\.5\]:TCP:443 TTL:300$")
        machine.journal_says(r"^10\.1\.0\.2 \|> \[8\] bad\.test\.$")

        pid = machine.show("MainPID")
        machine.install(machine_.package())  # the same again: an upgrade
        assert machine.show("MainPID") not in (pid, "0")

        machine.write("/etc/dns-firewall/acl",
                      ACL + "10.1.0.2 -| fixed.test = 192.0.2.9\n")
        machine.service("reload")
        assert addresses(client.ask("fixed.test")) == ["192.0.2.9"]
        machine.write("/etc/dns-firewall/acl", "10.1.0.0/24 => x\n")
        assert machine.try_run("systemctl", "reload", "dns-firewall")[0] != 0
        machine.journal_says(r"/etc/dns-firewall/acl:1:\d+: ")
        assert machine.show("ActiveState") == "active"
        configure(machine)
        machine.service("reload")
        assert machine.run("dns-firewallctl", "status")

        assert any("warden" in title for title in machine.titles())
        machine.service("stop")
        assert machine.show("Result") == "success"
        assert not any("dns-firewall" in t for t in machine.titles())
        assert client.connect("203.0.113.5") == OPEN  # flushed nothing

        machine.service("start")
        machine.run("dpkg", "--remove", "dns-firewall")
        assert not any("dns-firewall" in t for t in machine.titles())
        machine.run("dpkg", "--purge", "dns-firewall")
        ours = [name for name in files if "dns-firewall" in name]
        assert len(ours) > 20
        assert [name for name in ours if machine.exists(name)] == []
        assert machine.show("LoadState") == "not-found"

    def test_over_the_rust_package(self, machine, stage, directory):
        machine.install(predecessor.package(directory))
        acl = ACL + "# mine\n"
        configure(machine, acl)
        machine.service("restart")
        assert machine.show("DynamicUser") == "yes"
        assert until(lambda: len(machine.lab.sets()) == 4, 10 * SLOW)
        machine.run("ipset", "add", CHAIN + "-ipv4-allow",
                    "10.1.0.2,tcp:443,203.0.113.5", "timeout", "900",
                    "comment", "allowed.test")
        client = stage.client()
        assert client.connect("203.0.113.5") == OPEN

        said = machine.install(machine_.package())
        assert "keep your current version" in said
        assert machine.read("/etc/dns-firewall/acl") == acl
        assert machine.read("/etc/dns-firewall/config.env") == CONFIG
        assert machine.run("dpkg-query", "-W", "-f", "${Version} ${Status}",
                           "dns-firewall") == "2.0.0-1 install ok installed"
        assert machine.show("ActiveState") == "active"
        assert machine.show("Type") == "notify"
        assert machine.service("is-enabled").strip() == "enabled"

        header = machine.run("ipset", "list", "-t", CHAIN + "-ipv4-allow")
        assert re.search(r"^Header: .*timeout 60 comment", header, re.M)
        assert re.search(r"^References: [1-9]", header, re.M)
        assert 600 < machine.lab.entries()[ENTRY] < 900
        assert 'comment "allowed.test"' in machine.run(
            "ipset", "save", CHAIN + "-ipv4-allow")
        assert client.connect("203.0.113.5") == OPEN
        assert "203.0.113.5" in machine.run("dns-firewallctl", "grants",
                                            "10.1.0.2")
        assert addresses(stage.client(3).ask("allowed.test")) == \
            ["203.0.113.5"]
        assert stage.client(3).connect("203.0.113.5") == OPEN

        machine.write("/etc/systemd/system/dns-firewall.service.d/old.conf",
                      "[Service]\nExecStart=\n"
                      "ExecStart=/usr/bin/dns-firewall\n")
        machine.run("systemctl", "daemon-reload")
        machine.service("restart")
        assert machine.show("ActiveState") == "active"

    def test_the_watchdog(self, service, stage):
        """A supervisor that stands still is replaced; nothing is closed."""
        service.write("/run/systemd/system/dns-firewall.service.d/soon.conf",
                      f"[Service]\nWatchdogSec={4 * SLOW}\n")
        service.run("systemctl", "daemon-reload")
        service.service("restart")
        client = stage.client()
        client.ask("allowed.test")
        left = service.lab.entries()[ENTRY]
        first = int(service.show("MainPID"))
        time.sleep(5 * SLOW)  # it keeps the dog quiet
        assert int(service.show("MainPID")) == first
        service.service("kill", "--kill-whom=main", "--signal=STOP")
        service.journal_says(r"Watchdog timeout", 20)
        assert until(lambda: service.show("NRestarts") == "1"
                     and service.show("ActiveState") == "active",
                     20 * SLOW, 0.1)
        assert int(service.show("MainPID")) != first
        assert client.connect("203.0.113.5") == OPEN
        assert 0 < service.lab.entries()[ENTRY] <= left
        assert addresses(client.ask("allowed.test")) == ["203.0.113.5"]

    @pytest.mark.parametrize("more", ["", "DNSFW_LOG_JOURNAL=yes\n"],
                             ids=["text", "fields"])
    def test_fifty_thousand_lines_in_a_second(self, service, stage, more):
        """All are in the journal, which drops none of this service."""
        configure(service, "10.1.0.0/24 -> burst.test:TCP:443\n", more)
        service.service("restart")
        stage.upstreams[0].add("burst.test", "A", *(
            f"203.0.113.{n}" for n in range(1, 1 + ADDRESSES)), ttl=3600)
        clients = [stage.client(n) for n in range(2, 34)]
        for client in clients:
            client.ask("burst.test", id=0, edns=1232)
        for first in (1, 10001, 20001):
            took = burst(clients, range(first, first + ANSWERS))
            check_lines(service, range(first, first + ANSWERS))
            print(f"{ANSWERS * (1 + ADDRESSES)} lines in {took:.2f} s")
            if took < 1:
                break
        assert "dropped" not in service.journal()


    @pytest.mark.parametrize("machine", ["legacy", "nftables", "enforce"],
                             indirect=True)
    def test_every_firewall(self, machine, stage):
        """What the unit leaves it is enough for each."""
        machine.install(machine_.package())
        configure(machine, more="".join(
            f"{'' if name in ('firewall', 'chain') else 'DNSFW_'}"
            f"{name.upper()}={'yes' if value is True else value}\n"
            for name, value in machine.lab.options().items()))
        machine.service("start")
        client = stage.client()
        assert client.connect("203.0.113.5") == REFUSED
        client.ask("allowed.test")
        assert client.connect("203.0.113.5") == OPEN
        machine.service("restart")
        assert client.connect("203.0.113.5") == OPEN
        assert machine.run("stat", "-c", "%U %G %a", "/run/xtables.lock") \
            == "root dns-firewall 660\n"

    def test_as_autopkgtest_runs_it(self, machine):
        machine.install(machine_.package())
        script = TOP / "dist" / "debian" / "tests" / "service"
        machine.run("sh", "-s", stdin=script.read_text())

    def test_what_an_auditor_asks(self, service, stage):
        """With the commands of README, and its client and names."""
        service.lab.lan.run("ip", "addr", "add", "10.0.0.5/32", "dev", "eth0")
        service.lab.router.run("ip", "route", "add", "10.0.0.0/24", "dev",
                               "lan0")
        configure(service, AUDITED)
        service.service("restart")
        asked_by(stage)
        service.journal_says(r"^10\.0\.0\.5 \|> \[6\]")
        reached, refused = commands("Without fields")
        check_reached(service.run("sh", "-c", reached))
        check_refused(service.run("sh", "-c", refused))

        service.run("journalctl", "--rotate", "--vacuum-time=1s")
        configure(service, AUDITED, "DNSFW_LOG_JOURNAL=yes\n")
        service.service("restart")
        asked_by(stage)
        service.journal_says(r"^10\.0\.0\.5 \|> \[6\]")
        reached, = commands("What did 10.0.0.5 reach?")
        check_reached(service.run("sh", "-c", reached))
        refused, = commands("What was refused today?")
        check_refused(service.run("sh", "-c", refused))
        ruled, = commands("Which rule allowed a.example.com")
        told = service.run("sh", "-c", ruled)
        assert sorted(re.findall(r"DNSFW_CLIENT=(.*)", told)) == \
            ["10.0.0.5", "10.0.0.5", "10.1.0.2"]
        assert sorted(re.findall(r"DNSFW_RULE=(.*)", told)) == \
            ["/etc/dns-firewall/acl:2", "/etc/dns-firewall/acl:3",
             "/etc/dns-firewall/acl:3"]


AUDITED = """\
# the second line is a rule
10.1.0.0/24 -> *.example.com:TCP:443
10.0.0.5 -> a.example.com:TCP:443
10.0.0.5 -| ads.example.com
"""


def asked_by(stage):
    """What the auditor's client asked, and another one."""
    stage.upstreams[0].add("a.example.com", "A", "203.0.113.5")
    stage.upstreams[0].add("b.example.com", "A", "203.0.113.6")
    client, other = Client(stage.lab.lan, "10.0.0.5"), stage.client()
    client.ask("a.example.com", id=1)
    client.ask("A.Example.COM", id=2)
    other.ask("a.example.com", id=3)
    other.ask("b.example.com", id=4)
    client.ask("ads.example.com", id=5)
    client.ask("elsewhere.example", id=6)


def check_reached(told):
    lines = told.splitlines()
    assert len(lines) == 2, told
    for number, line in enumerate(lines, 1):
        assert re.search(rf"10\.0\.0\.5 <- \[{number}\] a\.example\.com\. "
                         r"\[203\.0\.113\.5\]:TCP:443 TTL:", line, re.I), told


def check_refused(told):
    assert re.findall(r": (10\..*)", told) == [
        "10.0.0.5 |> [5] ads.example.com.",
        "10.0.0.5 |> [6] elsewhere.example."]


def commands(words):
    """The journalctl commands that README gives behind those words."""
    _, _, text = (TOP / "README").read_text().partition("\n" + words)
    assert text, words
    block = re.search(r"\n\n((?:    [^\n]*\n)+)", text)[1]
    found = re.sub(r"\\\n", " ", block).splitlines()
    assert all(c.startswith("    journalctl -u dns-firewall") for c in found)
    return found


ADDRESSES, ANSWERS = 32, 1600  # a line for each, and one for the question


def burst(clients, ids):
    """Asks as fast as it is answered; how long that took."""
    left = iter(ids)
    query = question("burst.test", edns=1232, id=0).to_wire()[2:]
    with selectors.DefaultSelector() as ready:
        def ask(s):
            number = next(left, None)
            if number is None:
                ready.unregister(s)
            else:
                s.send(number.to_bytes(2, "big") + query)

        begin = time.monotonic()
        for client in clients:
            s = client.socket(socket.SOCK_DGRAM, 5)
            s.connect((ROUTER, 53))
            ready.register(s, selectors.EVENT_READ)
            ask(s)
        while ready.get_map():
            got = ready.select(10)
            assert got, "questions have no answer"
            for key, _ in got:
                assert key.fileobj.recv(4096)[3] & 15 == 0
                ask(key.fileobj)
        return time.monotonic() - begin


def check_lines(machine, ids):
    wanted = {number: 1 + ADDRESSES for number in ids}
    found = {}

    def all_there():
        found.clear()
        for line in machine.journal().splitlines():
            number = re.match(r"10\.1\.0\.\d+ (?:->|<-) \[(\d+)\] burst", line)
            if number and int(number[1]) in wanted:
                key = int(number[1])
                found[key] = found.get(key, 0) + 1
        return found == wanted
    assert until(all_there, 30 * SLOW, 0.5), (
        f"{sum(found.values())} of {sum(wanted.values())} lines",
        re.findall(r"records_lost.*", machine.run("dns-firewallctl",
                                                  "status")),
        re.findall(r".*(?:dropped|uppressed|issed).*", machine.run(
            "journalctl", "--no-pager", "-q", "-o", "cat", "-b")))
