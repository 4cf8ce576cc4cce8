# SPDX-License-Identifier: GPL-2.0-or-later
"""Why the firewall refused: what the witness says of real packets, what
`why` answers, and that a flood of refusals harms nothing."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from conftest import every_firewall
from daemon import Daemon
from dnsclient import OPEN, REFUSED, rcode, until
from test_processes import (NOBODY, as_user, by_role, check_power,
                            children_uid, kinds)

GROUP = 7
ACL = """\
10.1.0.0/24 -> allowed.test:TCP:443
10.1.0.2 -> second.test:TCP:8443
10.1.0.2 ~> dns.test
10.1.0.3 -| blocked.test
10.1.0.2 -> blocked.test:TCP:443
fd00:1::/64 -> allowed.test:TCP:443
"""


def log_refusals(lab, *families):
    """An owner's rule before his REJECT; with --enforce it is ours."""
    if lab.flavour == "enforce":
        return
    if lab.flavour == "nftables":
        listed = lab.router.run("nft", "-a", "list", "chain", "inet",
                                "filter", "forward")
        for line in listed.splitlines():
            if "reject" in line:
                handle = line.rsplit(" ", 1)[1]
                lab.router.run("nft", "insert", "rule", "inet", "filter",
                               "forward", "position", handle, "log", "group",
                               str(GROUP))
                return
        raise AssertionError(listed)
    for family in families or (4, 6):
        lab.router.run(lab.tool(family), "-w", "-I", "FORWARD", "3",
                       "-j", "NFLOG", "--nflog-group", str(GROUP))


@pytest.fixture
def watched(stage, up):
    up.add("second.test", "A", "203.0.113.30", ttl=300)
    up.add("blocked.test", "A", "203.0.113.31", ttl=300)
    up.add("short.test", "A", "203.0.113.40", ttl=1)
    log_refusals(stage.lab)

    def start(acl=ACL, **options):
        return stage.daemon(acl, **{"nflog": GROUP, **options})
    return start


def why(d, *what):
    return dict(line.split(" ", 1) for line in d.ctl("why", *what)
                .splitlines())


@every_firewall
def test_a_line_says_why(stage, watched):
    d = watched(ACL + "10.1.0.2 -> short.test:TCP:443\n",
                min_rule_time=1, grace=0)
    client, other = stage.client(2), stage.client(3)

    assert client.connect("203.0.113.99") == REFUSED
    d.err.wait(r"\[INFO \] Refused 10\.1\.0\.2 -> \[203\.0\.113\.99\]:TCP:443"
               r": NEVER RESOLVED HERE \(hard-coded address or other "
               r"resolver\)$")

    client.ask("allowed.test")
    assert client.connect("203.0.113.5", 80) == REFUSED
    d.err.wait(r"Refused 10\.1\.0\.2 -> \[203\.0\.113\.5\]:TCP:80: WRONG PORT "
               r"\(allowed: TCP:443\) name=allowed\.test\. rule=\S+acl:1 "
               r'line="10\.1\.0\.2 -> allowed\.test:TCP:80"$')

    client.ask("second.test")
    assert other.connect("203.0.113.30", 8443) == REFUSED
    d.err.wait(r"Refused 10\.1\.0\.3 -> \[203\.0\.113\.30\]:TCP:8443: OTHER "
               r"CLIENT \(10\.1\.0\.2 asked for it\) name=second\.test\. "
               r'line="10\.1\.0\.3 -> second\.test:TCP:8443"$')

    client.ask("dns.test")
    assert client.connect("203.0.113.7") == REFUSED
    d.err.wait(r"-> \[203\.0\.113\.7\]:TCP:443: DNS ONLY .* name=dns\.test\. "
               r'rule=\S+acl:3 line="10\.1\.0\.2 -> dns\.test:TCP:443"$')

    client.ask("blocked.test")
    assert other.connect("203.0.113.31") == REFUSED
    d.err.wait(r"10\.1\.0\.3 -> \[203\.0\.113\.31\]:TCP:443: BLOCKED BY "
               r"\S+acl:4 name=blocked\.test\.")

    client.ask("short.test")
    assert until(lambda: client.connect("203.0.113.40") == REFUSED, 10)
    d.err.wait(r"-> \[203\.0\.113\.40\]:TCP:443: EXPIRED \d+ s ago "
               r"name=short\.test\. rule=\S+acl:7$")


def test_why_answers_the_same(stage, watched):
    d = watched()
    client, other = stage.client(2), stage.client(3)
    client.ask("allowed.test")
    client.ask("second.test")
    got = why(d, "10.1.0.2", "203.0.113.5:80")
    assert got["cause"] == "WRONG PORT (allowed: TCP:443)"
    assert got["line"] == "10.1.0.2 -> allowed.test:TCP:80"
    assert got["refused"] == "0 times"
    client.connect("203.0.113.5", 80)
    assert until(lambda: re.match(
        r"1 times, last \d s ago",
        why(d, "10.1.0.2", "203.0.113.5:80")["refused"]))
    assert why(d, "10.1.0.2", "203.0.113.5")["cause"].startswith("OPEN for")
    assert why(d, "10.1.0.2", "203.0.113.5:443")["cause"].startswith("OPEN")
    got = why(d, "10.1.0.2", "10.1.0.1:53")
    assert got["cause"].startswith("NEVER RESOLVED HERE (an address of this "
                                   "host")
    assert "address of this host" in got["line"]
    got = why(d, "10.1.0.3", "203.0.113.5:443")
    assert got["cause"] == ("OTHER CLIENT (10.1.0.2 asked for it; the client "
                            "may, and has not)")
    assert "none is needed" in got["line"]
    got = why(d, "10.1.0.2", "[203.0.113.5]:UDP:443")
    assert got["line"] == "10.1.0.2 -> allowed.test:UDP:443"
    assert why(d, "10.1.0.2", "198.51.100.1:443")["cause"].startswith("NEVER")
    for bad in (("x", "203.0.113.5"), ("10.1.0.2", "203.0.113.5:0"),
                ("10.1.0.2", "allowed.test"), ("10.1.0.2", "1.2.3.4:FOO:1")):
        assert d.ctl("why", *bad, check=False)[0] == 1, bad
    assert other.connect("203.0.113.5") == REFUSED
    assert client.connect("203.0.113.5") == OPEN


def test_a_refusal_is_an_event_with_fields(stage, watched):
    d = watched(log_format="json")
    client = stage.client()
    client.ask("allowed.test")
    assert client.connect("203.0.113.5", 80) == REFUSED
    d.out.wait(r'"event":"refused"')
    event, = [json.loads(line) for line in d.out.lines()
              if '"refused"' in line]
    del event["time"], event["ifindex"]
    assert event.pop("rule").endswith("acl:1")
    assert event == {
        "event": "refused", "client": "10.1.0.2", "name": "allowed.test.",
        "rule_text": "10.1.0.0/24 -> allowed.test:TCP:443",
        "address": "203.0.113.5", "protocol": "TCP", "port": 80,
        "cause": "WRONG PORT", "reason": "WRONG PORT (allowed: TCP:443)",
        "line": "10.1.0.2 -> allowed.test:TCP:80"}
    assert not d.err.has("Refused")
    old = by_role(d, "recorder")
    os.kill(old.pid, signal.SIGKILL)
    assert until(lambda: [p for p in d.by_role("recorder")
                          if p.pid != old.pid])
    assert until(lambda: "recorder 0" in d.ctl("status")
                 and "state ok" in d.ctl("status"))
    assert client.connect("203.0.113.5", 22) == REFUSED
    d.out.wait(r'"port":22,"cause":"WRONG PORT"')


def test_what_the_log_leaves_out_is_remembered(stage, watched):
    d = watched(log_hits_only=True)
    client = stage.client()
    client.ask("allowed.test")
    client.ask("denied.test")
    d.out.wait(r"denied\.test")
    assert why(d, "10.1.0.2", "203.0.113.5:80")["name"].startswith(
        "allowed.test. asked")
    assert not d.out.has("allowed")


def witness(d):
    return by_role(d, "witness")


def test_the_witness_has_no_power(stage, watched):
    """It holds the firewall's log, bound by somebody else, and nothing."""
    d = watched()
    process = witness(d)
    check_power(process, children_uid())
    assert kinds(process) == {"netlink 12"}
    for target in process.descriptors().values():
        assert re.match(r"socket:|/memfd:|pipe:|/dev/null$", target), target
    maps = (process.path / "maps").read_text()
    shared = {line.split()[1] for line in maps.splitlines()
              if "/memfd:" in line and "refusals" not in line}
    assert shared == {"r--s"}, maps


def test_the_witness_of_a_plain_user(stage, watched):
    """With ambient capabilities, as the unit file gives them."""
    os.chown(stage.directory, NOBODY, NOBODY)
    d = watched(prefix=as_user())
    check_power(witness(d), NOBODY, bounding=(1 << 64) - 1)
    assert stage.client().connect("203.0.113.99") == REFUSED
    d.err.wait(r"Refused .*203\.0\.113\.99")


def test_an_alias_that_was_asked_alone(stage, watched, up):
    """It has no rule of its own; the name that led to it has."""
    up.add("led.test", "CNAME", "alias.test.", ttl=1)
    up.add("alias.test", "A", "203.0.113.41", ttl=1)
    d = watched("10.1.0.2 -> led.test:TCP:443\n", min_rule_time=3, grace=0,
                cache_size=0)
    client = stage.client()
    client.ask("led.test")
    up.add("alias.test", "A", "203.0.113.42", ttl=1)
    client.ask("alias.test")
    assert client.connect("203.0.113.42") == OPEN
    assert until(lambda: "EXPIRED" in
                 why(d, "10.1.0.2", "203.0.113.42:443")["cause"], 10)


def test_without_nflog_there_is_no_witness(stage, up):
    d = stage.daemon(ACL)
    assert d.by_role("witness") == []
    client = stage.client()
    client.ask("allowed.test")
    got = why(d, "10.1.0.2", "203.0.113.5:80")
    assert got["cause"] == "WRONG PORT (allowed: TCP:443)"
    assert "without --nflog" in got["refused"]


def test_a_witness_that_dies_goes_on(stage, watched):
    """The supervisor keeps the socket, and so what came meanwhile."""
    d = watched()
    client = stage.client()
    assert client.connect("203.0.113.99") == REFUSED
    d.err.wait(r"Refused .*203\.0\.113\.99")
    old = witness(d)
    os.kill(old.pid, signal.SIGSTOP)
    assert client.connect("203.0.113.98") == REFUSED
    os.kill(old.pid, signal.SIGKILL)
    assert client.connect("203.0.113.97") == REFUSED
    d.err.wait(r"Refused .*203\.0\.113\.98")
    d.err.wait(r"Refused .*203\.0\.113\.97")
    assert why(d, "10.1.0.2", "203.0.113.99")["refused"][0] == "1"
    assert witness(d).pid != old.pid


def test_a_group_that_is_taken_is_said(stage, watched):
    watched()
    second = stage.directory / "second"
    second.mkdir()
    with pytest.raises(AssertionError, match="did not start") as caught:
        Daemon(stage.lab, second, ACL, bind=["10.1.0.1"], bind_port=5353,
               nflog=GROUP)
    assert f"--nflog: group {GROUP} cannot be listened to" in str(caught.value)
    assert "another program has that group" in str(caught.value)


def test_a_reload_reaches_the_witness(stage, watched):
    d = watched()
    client = stage.client()
    client.ask("allowed.test")
    d.reload("10.1.0.0/24 -> allowed.test:TCP:8080\n")
    assert client.connect("203.0.113.5") == REFUSED
    d.err.wait(r"\[203\.0\.113\.5\]:TCP:443: WRONG PORT "
               r"\(allowed: TCP:8080\)")


def test_what_the_internet_tries_is_not_explained(stage, watched):
    """Packets to the router, and of nobody that we know."""
    d = watched()
    stage.lab.router.run(stage.lab.tool(), "-w", "-I", "INPUT", "-p", "tcp",
                         "--dport", "23", "-j", "NFLOG", "--nflog-group",
                         str(GROUP))
    with contextlib.suppress(OSError), \
            stage.lab.net.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.settimeout(1)
        s.bind(("203.0.113.5", 0))
        s.connect(("172.30.0.1", 23))
    assert until(lambda: counter(d, "foreign") > 0)
    assert counter(d, "said") == 0
    stage.lab.router.run(stage.lab.tool(), "-w", "-F", "INPUT")


def counter(d, name):
    line = re.search(r"^witness .*$", d.ctl("status"), re.M)[0]
    return int(re.search(rf" {name}=(\d+)", line)[1])


def test_the_ledger_knows_the_name(stage, watched):
    """What the past has forgotten, because its writer knew nothing yet."""
    d = watched()
    client = stage.client()
    client.ask("allowed.test")
    old = by_role(d, "recorder")
    os.kill(old.pid, signal.SIGSTOP)
    client.ask("second.test")
    got = why(d, "10.1.0.2", "203.0.113.30:80")
    assert got["cause"] == "WRONG PORT (allowed: TCP:8443)"
    assert got["name"] == "second.test."
    assert got["line"] == "10.1.0.2 -> second.test:TCP:80"
    os.kill(old.pid, signal.SIGCONT)
    assert until(lambda: "asked" in why(d, "10.1.0.2",
                                        "203.0.113.30:80")["name"])
    os.kill(old.pid, signal.SIGKILL)
    assert "asked" in why(d, "10.1.0.2", "203.0.113.5:80")["name"]


def test_ipv6_and_the_router_itself(stage, watched):
    d = watched()
    client = stage.client6()
    assert client.connect("2001:db8:1::5") == REFUSED
    d.err.wait(r"Refused fd00:1::2 -> \[2001:db8:1::5\]:TCP:443: NEVER")
    stage.lab.router.run(stage.lab.tool(), "-w", "-I", "OUTPUT", "2", "-d",
                         "203.0.113.0/24", "-j", "NFLOG", "--nflog-group",
                         str(GROUP))
    client = stage.client()
    client.ask("allowed.test")
    assert stage.here("172.30.0.1").connect("203.0.113.5") == REFUSED
    d.err.wait(r"Refused 172\.30\.0\.1 -> \[203\.0\.113\.5\]:TCP:443: OTHER "
               r"CLIENT .* line=\"localhost -> allowed\.test:TCP:443\"")


def test_nftables_rules_are_heard_too(stage, up):
    up.add("second.test", "A", "203.0.113.30", ttl=300)
    stage.lab.router.run("nft", "-f", "-", stdin=f"""\
table inet owner {{
    chain f {{
        type filter hook forward priority -5
        ip daddr 203.0.113.44 log group {GROUP} reject
    }}
}}
""")
    d = stage.daemon(ACL, nflog=GROUP)
    assert stage.client().connect("203.0.113.44") == REFUSED
    d.err.wait(r"Refused 10\.1\.0\.2 -> \[203\.0\.113\.44\]:TCP:443: NEVER")
    stage.lab.router.run("nft", "delete", "table", "inet", "owner")


def pour(lab, clients, seconds):
    """Datagrams to addresses that nobody asked for, from a process of its
    own in the clients' namespace; how many were sent."""
    source = """
import socket, sys, time
ends, sent, n = time.monotonic() + float(sys.argv[1]), 0, 0
sockets = []
for c in range(2, 2 + int(sys.argv[2])):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((f"10.1.0.{c}", 0))
    s.setblocking(False)
    sockets.append(s)
while time.monotonic() < ends:
    for _ in range(500):
        n += 1
        try:
            sockets[n % len(sockets)].sendto(
                b"x", (f"198.51.100.{n % 251 + 1}", 1024 + n % 50000))
            sent += 1
        except OSError:
            pass
print(sent)
"""
    with lab.lan.entered():
        return subprocess.Popen([sys.executable, "-c", source, str(seconds),
                                 str(clients)], stdout=subprocess.PIPE,
                                text=True)


def cpu_s(process):
    fields = (process.path / "stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_flood_of_refusals_is_bounded(stage, watched):
    """As fast as they come: a bounded part is read, the rest is counted, few
    are said, memory stays, and DNS goes on."""
    stage.lab.router.run(stage.lab.tool(), "-w", "-R", "FORWARD", "4", "-j",
                         "DROP")
    d = watched()
    client = stage.client(30)
    assert client.connect("203.0.113.99", timeout=0.3) == "silent"
    assert until(lambda: counter(d, "refused") > 0)
    process = witness(d)
    before = int(process.status()["VmRSS"].split()[0])
    started, spent = time.monotonic(), cpu_s(process)
    floods = [pour(stage.lab, 20, 4) for _ in range(2)]
    answered = 0
    while any(f.poll() is None for f in floods):
        answered += rcode(client.ask("allowed.test")) == "NOERROR"
        time.sleep(0.02)
    took, sent = time.monotonic() - started, 0
    for flood in floods:
        sent += int(flood.communicate()[0])
    assert sent > 20000, "no flood"
    assert answered > 20
    assert client.connect("203.0.113.5") == OPEN

    # The kernel tells of what it lost with the next packet that it sends;
    # some were lost on the way to the firewall.
    def heard():
        client.connect("203.0.113.98", timeout=0.2)
        return counter(d, "refused") + counter(d, "lost") >= sent / 2
    assert until(heard, 10), (sent, d.ctl("status"))
    took_to_read = time.monotonic() - started
    assert counter(d, "refused") <= 20000 * (took_to_read + 1)
    assert counter(d, "said") <= 40 + 10 * (took_to_read + 1)
    assert (cpu_s(process) - spent) / took < 0.5
    after = int(process.status()["VmRSS"].split()[0])
    assert after - before < 6144, (before, after)
    assert witness(d).pid == process.pid
