# SPDX-License-Identifier: GPL-2.0-or-later
"""Every example does what it says: its own firewall commands, its own
options and its rules, in the router of the lab, with real connections.

Where an example speaks of other interfaces and addresses, they are those of
the lab here.
"""

import re
import shlex
import zlib
from pathlib import Path

import pytest

from dnsclient import OPEN, REFUSED, SILENT, addresses, rcode, until
from lab import CHAIN

EXAMPLES = Path(__file__).resolve().parents[2] / "acl-examples"
SHUT = (REFUSED, SILENT)
UNRESOLVED = "203.0.113.250"
UNRESOLVED6 = "2001:db8:1::250"

LIBVIRT = """\
*filter
:FORWARD ACCEPT
:LIBVIRT_FWI -
:LIBVIRT_FWO -
:LIBVIRT_FWX -
-A FORWARD -j LIBVIRT_FWX
-A FORWARD -j LIBVIRT_FWI
-A FORWARD -j LIBVIRT_FWO
-A LIBVIRT_FWI -d 10.1.0.0/24 -o lan0 -m conntrack --ctstate RELATED,\
ESTABLISHED -j ACCEPT
-A LIBVIRT_FWI -o lan0 -j REJECT
-A LIBVIRT_FWO -s 10.1.0.0/24 -i lan0 -j ACCEPT
-A LIBVIRT_FWO -i lan0 -j REJECT
-A LIBVIRT_FWX -i lan0 -o lan0 -j ACCEPT
COMMIT
"""
DOCKER = """\
*filter
:FORWARD DROP
:DOCKER -
:DOCKER-ISOLATION-STAGE-1 -
:DOCKER-ISOLATION-STAGE-2 -
:DOCKER-USER -
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o lan0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o lan0 -j DOCKER
-A FORWARD -i lan0 ! -o lan0 -j ACCEPT
-A FORWARD -i lan0 -o lan0 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i lan0 ! -o lan0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o lan0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
"""
both_ways = pytest.mark.parametrize("lab", ["nft", "enforce"], indirect=True)
EMPTY = "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n"
HERE = {"192.168.122.": "10.1.0.", "172.17.0.0/16": "10.1.0.0/24",
        "172.17.0.": "10.1.0.", "virbr0": "lan0", "docker0": "lan0",
        "--uid-owner dns-firewall": "--uid-owner 65534"}


def for_the_lab(text):
    for there, here in HERE.items():
        text = text.replace(there, here)
    return text


def options_of(line):
    """{"bind": "10.1.0.1@53", "enforce": True ...}"""
    words = shlex.split(line)
    return {o[2:].replace("-", "_"):
            v if not v.startswith("--") else True
            for o, v in zip(words, words[1:] + ["--"]) if o.startswith("--")}


class Example:
    """One file: the commands and options in its comments, and its rules.
    What stands behind "nft" is for nftables."""

    def __init__(self, name, way=""):
        self.text = for_the_lab((EXAMPLES / (name + ".acl")).read_text())
        self.commands = re.findall(rf"^#:{way} (.*)$", self.text, re.M)
        line, = re.findall(rf"^#>{way} (.*)$", self.text, re.M)
        self.options = options_of(line)

    def shut(self, lab, commands=None):
        for command in self.commands if commands is None else commands:
            tool, *rest = shlex.split(command)
            if tool == "sysctl":
                lab.router.run(tool, *rest)
                continue
            assert tool in ("iptables", "ip6tables")
            lab.router.run(f"{tool}-{lab.flavour}", "-w", *rest)


@pytest.fixture(autouse=True)
def forwarding(lab):
    """As the lab has it, whatever an example says."""
    yield
    lab.router.sysctl(ipv6__conf__all__forwarding=1)


def address(name, six=False):
    number = zlib.crc32(name.lower().rstrip(".").encode()) % 200 + 1
    return f"2001:db8:1::{number:x}" if six else f"203.0.113.{number}"


def answer(query):
    """Every name has an address of each family of its own."""
    if query.kind == "A":
        return [(query.text, 300, "A", address(query.text))]
    if query.kind == "AAAA":
        return [(query.text, 300, "AAAA", address(query.text, True))]
    return []


class Play:
    """An example in force."""

    def __init__(self, stage, name, before=EMPTY, commands=None):
        self.stage, self.lab = stage, stage.lab
        way = "nft" if self.lab.uses_nftables() else ""
        example = Example(name, way)
        router = self.lab.router
        for tool in ("iptables", "ip6tables"):
            four = tool == "iptables"
            router.run(f"{tool}-{way or self.lab.flavour}-restore",
                       stdin=before if four else EMPTY)
        example.shut(self.lab, commands)
        self.upstream = stage.upstream()
        self.upstream.fallback = answer
        self.daemon = stage.daemon(example.text, **{
            **dict.fromkeys(("bind", "bind_port", *self.lab.options())),
            **example.options})

    def client(self, number):
        return self.stage.client(number)

    def opens(self, client, name, *ports, six=False, udp=False):
        """Resolved, and open at these ports; shut at another, and for
        everybody else."""
        got = client.ask(name, "AAAA" if six else "A")
        assert addresses(got) == [address(name, six)], got.to_text()
        reach = client.reach if udp else client.connect
        for port in ports:
            assert reach(address(name, six), port) == OPEN, (name, port)
        assert client.connect(address(name, six), 8080) in SHUT

    def denies(self, client, name, code="REFUSED"):
        before = self.upstream.count(name)
        got = client.ask(name)
        assert rcode(got) == code, got.to_text()
        assert client.connect(address(name)) in SHUT
        assert self.upstream.count(name) == before

    def is_shut(self, client, six=None):
        """What nobody resolved, and resolvers elsewhere."""
        assert client.connect(UNRESOLVED) in SHUT
        for port in (22, 80, 443):
            assert client.reach(UNRESOLVED, port, 0.3) in SHUT
        if six:
            assert six.connect(UNRESOLVED6) in SHUT


@both_ways
def test_router(stage):
    play = Play(stage, "router")
    client, six = play.client(5), stage.client6(5)
    play.is_shut(client, six)
    play.opens(client, "www.example.com", 443)
    play.opens(client, "deb.debian.org", 80, 443)
    play.opens(six, "deb.debian.org", 80, 443, six=True)
    play.denies(client, "wpad.example.com", "NXDOMAIN")
    play.denies(client, "github.com")
    play.opens(play.client(10), "github.com", 22, 80, 443)
    assert play.client(6).connect(address("github.com")) in SHUT
    assert rcode(client.ask("nas.home.arpa")) == "NOERROR"


@both_ways
def test_iot(stage):
    play = Play(stage, "iot")
    camera, tv, heating = (play.client(n) for n in (20, 21, 22))
    play.opens(camera, "api.camera.example", 443)
    play.denies(camera, "telemetry.camera.example", "NXDOMAIN")
    play.denies(camera, "a.tv.example", "NXDOMAIN")
    play.opens(tv, "a.tv.example", 443)
    assert addresses(tv.ask("x.ads.tv.example")) == ["0.0.0.0"]
    got = heating.ask("broker.heating.example")
    assert heating.connect(address("broker.heating.example"), 8443) == OPEN
    assert got.answer
    assert camera.connect(address("broker.heating.example"), 8443) in SHUT
    play.is_shut(tv, stage.client6(21))


@both_ways
def test_guests(stage):
    play = Play(stage, "guests")
    guest = play.client(30)
    play.opens(guest, "anything.example.org", 80, 443)
    assert guest.reach(address("anything.example.org"), 443) == OPEN
    play.denies(guest, "nas.home.arpa")
    play.denies(guest, "wiki.intra.example.com")
    play.upstream.add("rebind.example.org", "A", "10.9.0.1")
    assert not addresses(guest.ask("rebind.example.org"))
    assert guest.connect("10.9.0.1") in SHUT
    play.is_shut(guest)


@both_ways
def test_updates(stage):
    play = Play(stage, "updates")
    server, six = play.client(8), stage.client6(8)
    play.opens(server, "deb.debian.org", 80, 443)
    play.opens(six, "security.debian.org", 80, 443, six=True)
    play.upstream.add("deb.debian.org", "CNAME", "mirror.example.")
    play.denies(server, "www.example.com")
    play.is_shut(server, six)


@both_ways
def test_build(stage):
    play = Play(stage, "build")
    builder = play.client(11)
    play.opens(builder, "github.com", 22, 443)
    play.opens(builder, "raw.githubusercontent.com", 443)
    play.denies(builder, "gist.githubusercontent.com")
    play.denies(builder, "paste.example")
    play.is_shut(builder)
    assert until(lambda: '"event"' in play.daemon.out.text)


@both_ways
def test_workstation(stage):
    play = Play(stage, "workstation")
    here = stage.here("127.0.0.1", server="127.0.0.53")
    out = stage.here("172.30.0.1")
    assert out.connect(UNRESOLVED) in SHUT
    assert addresses(here.ask("deb.debian.org")) == [
        address("deb.debian.org")]
    assert out.connect(address("deb.debian.org"), 80) == OPEN
    assert out.connect(address("deb.debian.org"), 443) == OPEN
    assert out.connect(address("deb.debian.org"), 22) in SHUT
    assert rcode(here.ask("www.example.org")) == "REFUSED"
    assert out.connect(address("www.example.org")) in SHUT
    six = stage.here("fd00:2::1")
    assert addresses(here.ask("deb.debian.org", "AAAA"))
    assert six.connect(address("deb.debian.org", True), 443) == OPEN
    assert six.connect(UNRESOLVED6, 443) in SHUT


def test_audit(stage):
    play = Play(stage, "audit")
    client = play.client(4)
    assert addresses(client.ask("anything.example"))
    assert client.ask("anything.example", "TXT")
    assert client.connect(UNRESOLVED) == OPEN
    assert stage.lab.sets() == []
    assert until(lambda: '"anything.example."' in play.daemon.out.text)


def vm_host(play):
    play.opens(play.client(10), "api.payment.example", 443)
    play.denies(play.client(12), "api.payment.example")
    play.opens(play.client(20), "a.mail.example")
    play.opens(play.client(30), "github.com", 22, 443)
    play.opens(play.client(12), "deb.debian.org", 80, 443)
    play.is_shut(play.client(12))


@both_ways
def test_vm_host(stage):
    vm_host(Play(stage, "vm-host"))


@both_ways
def test_vm_host_beside_libvirt(stage):
    vm_host(Play(stage, "vm-host", before=LIBVIRT))


def test_vm_host_behind_libvirt_is_open(stage):
    """Why the order matters: theirs accept whatever comes first."""
    late = [c.replace("-I FORWARD 1", "-A FORWARD")
            for c in Example("vm-host").commands]
    play = Play(stage, "vm-host", before=LIBVIRT, commands=late)
    assert play.client(12).connect(UNRESOLVED) == OPEN


def docker_host(play):
    container = play.client(9)
    play.opens(container, "registry.example", 443)
    play.opens(container, "deb.debian.org", 80, 443)
    play.denies(container, "github.com")
    play.upstream.add("queue.example.net", "A", "10.9.0.7")
    assert addresses(container.ask("queue.example.net")) == ["10.9.0.7"]
    assert container.connect("10.9.0.7", 8080) == OPEN
    play.is_shut(container)


def test_docker_host(stage):
    docker_host(Play(stage, "docker-host", before=DOCKER))


def test_docker_host_behind_docker_is_open(stage):
    late = ["iptables -N DNSALLOWLIST",
            "iptables -A FORWARD -i lan0 -j DNSALLOWLIST",
            "iptables -A FORWARD -i lan0 -j REJECT"]
    play = Play(stage, "docker-host", before=DOCKER, commands=late)
    assert play.client(9).connect(UNRESOLVED) == OPEN


def test_each_example_is_played():
    played = set(re.findall(r"Play\(stage, \"([a-z-]+)\"",
                            Path(__file__).read_text()))
    there = {p.stem for p in EXAMPLES.glob("*.acl")
             if "\n#> " in p.read_text()}
    assert played == there
    for name in there - {"docker-host", "audit"}:
        assert Example(name, "nft").options["enforce"]


@pytest.mark.parametrize("name", sorted(p.stem for p in
                                        EXAMPLES.glob("*.acl")))
def test_each_is_valid_as_it_stands(stage, name):
    path = EXAMPLES / (name + ".acl")
    with stage.lab.router.entered():
        from daemon import once  # pylint: disable=import-outside-toplevel
        status, out, err = once("--check", path)
    assert status == 0 and out, err
    assert CHAIN in path.read_text() or name in ("blocking", "seed-rules",
                                                 "audit")
