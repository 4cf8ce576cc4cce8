# SPDX-License-Identifier: GPL-2.0-or-later
"""A million questions at full speed, of 64 clients, with an upstream that
loses, delays and cuts short; behind every answer the kernel is asked."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from daemon import is_sanitized
from dnsclient import Client, question, until
from lab import ROUTER, UPSTREAM
from machine_load import backlog_drops
from priority import put_first

BUILD = Path(os.environ["DNSFW_BUILD"]) / "tests" / "load"
CLIENTS, FIRST = 64, 64
WINDOW = 16
ACL = """\
10.1.0.0/24 -> *.hot.test:TCP:443
10.1.0.0/24 -> *.wild.test:TCP:443
10.1.0.0/24 ~> *.only.test
"""


MORE = """\
group all = any
@all ~> more.test
localnets ~> x.test
10.1.0.0/24%lan0 -> other.test:TCP:80-90
"""
ROOM = {"max_client_grants": 65536, "max_new_grants": 65536,
        "set_size": 1048576}


def resident(processes):
    """KiB of each."""
    sizes = {}
    for process in processes:
        text = Path(f"/proc/{process.pid}/status").read_text()
        line = next(n for n in text.splitlines() if n.startswith("VmRSS"))
        sizes[process.role] = int(line.split()[1])
    return sizes


def pids_of(daemon):
    return sorted(p.pid for p in daemon.crew())


class Watch:
    """The sizes of all processes, once a second."""

    def __init__(self, daemon):
        self.seen, self.over = [], threading.Event()
        self.crew = daemon.crew()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()

    def look(self):
        while not self.over.wait(1):
            self.seen.append(resident(self.crew))

    def end(self):
        self.over.set()
        self.thread.join()
        return self.seen or [resident(self.crew)]


def fields(line):
    return {k: float(v) for k, v in (w.split("=") for w in line.split())}


def losses(d):
    """Why it did not answer something: the counters of what it dropped."""
    return {name: number for name, number in d.counters().items()
            if number and name.startswith(("dropped_", "tcp_refused",
                                           "duplicates"))}


class Drops:
    """What the kernel drops where a buffer is full is asked for again, and is
    not the daemon's; all else that has no answer is."""

    def __init__(self, lab):
        self.lab, self.before = lab, self.now(lab)

    @staticmethod
    def now(lab):
        return lab.lan.dropped() + lab.router.dropped() + backlog_drops()

    def check(self, got, d):
        kernel = self.now(self.lab) - self.before
        lost, counted = int(got["lost"]), losses(d)
        print(f"{lost} without an answer, {kernel} dropped by the kernel, "
              f"by the daemon {counted}")
        assert kernel < got["answered"] / 100 and \
            got["again"] - lost < got["answered"] / 1000, got
        # what is still on its way is not asked for twice
        kernel += counted.pop("duplicates", 0)
        counted.pop("dropped_kernel", 0)
        assert lost <= kernel and not counted, (got, kernel, counted)


def add_clients(lab):
    lab.lan.run("ip", "-batch", "-", stdin="".join(
        f"addr replace 10.1.0.{n}/24 dev eth0\n"
        for n in range(FIRST, FIRST + CLIENTS)))


def asker(lab, queries):
    """The command; to be started in the clients' namespace."""
    return [BUILD / "asker", ROUTER, f"10.1.0.{FIRST}", str(CLIENTS),
            str(queries), str(WINDOW), f"/run/netns/{lab.router.name}",
            lab.set_name(), *lab.table()[1:]]


@pytest.fixture
def flaky(lab):
    with lab.net.entered():
        process = subprocess.Popen([BUILD / "flaky", UPSTREAM])
    try:
        client = Client(lab.net, UPSTREAM, server=UPSTREAM)
        assert until(lambda: client.raw(question("n.hot.test").to_wire(),
                                        0.5), 10)
        yield process
    finally:
        process.kill()
        process.wait()


def on(**counts):
    """Questions, and with sanitizers less, by the firewall; few enough that
    two of them seldom run at one time are not slow."""
    return pytest.mark.parametrize("lab,queries", [pytest.param(
        name, min(count, 30000) if is_sanitized() else count,
        marks=[pytest.mark.slow] if count > 100000 else [])
        for name, count in counts.items()], indirect=["lab"])


@on(nft=1000000, nftables=60000)
def test_a_million_questions(stage, flaky, queries):
    add_clients(stage.lab)
    d = stage.daemon(ACL, **ROOM)
    put_first(*d.by_role("warden"))
    pids = pids_of(d)
    watch, drops = Watch(d), Drops(stage.lab)
    with stage.lab.lan.entered():
        done = subprocess.run(asker(stage.lab, queries), text=True,
                              capture_output=True, timeout=600, check=False)
    sizes = watch.end()
    print(done.stdout, sizes[:1], sizes[-1:])
    got = fields(done.stdout)
    assert done.returncode == 0, (done.stdout, losses(d), d.err.text)
    assert got["answered"] == queries and got["unanswered"] == 0
    assert got["slowest_ms"] < 4000 + got["held_up_ms"]
    drops.check(got, d)
    assert got["checked"] > queries / 2 and got["absent"] == 0
    assert got["cut"] > 0 and got["servfail"] < queries / 1000
    assert pids == pids_of(d), "one has died"
    middle, last = sizes[len(sizes) // 2], sizes[-1]
    for role, size in last.items():
        assert size < middle[role] * 1.1 + 4096, (role, middle, last)


@on(nft=300000, enforce=40000)
def test_everything_changes_meanwhile(stage, flaky, queries):
    """Policies, addresses and the cache come and go; the rules that give
    stay, and so does what they gave."""
    add_clients(stage.lab)
    d = stage.daemon(ACL, serve_stale=60, cache_size=1, **ROOM)
    put_first(*d.by_role("warden"))
    pids, drops = pids_of(d), Drops(stage.lab)
    turns = 0
    with stage.lab.lan.entered():
        process = subprocess.Popen(asker(stage.lab, queries), text=True,
                                   stdout=subprocess.PIPE)
    while process.poll() is None:
        time.sleep(0.1)
        turns += 1
        d.write_acl(ACL + (MORE if turns % 2 else ""))
        d.signal(signal.SIGHUP)
        if turns % 3 == 0:
            stage.lab.router.run("ip", "addr", "replace",
                                 f"10.77.{turns % 250}.1/24", "dev", "up0")
        if turns % 5 == 0:
            d.ctl("cache", *["dump"] if turns % 2 else ["flush", "--all"])
    got = fields(process.stdout.read())
    print(got)
    stage.lab.router.run("sh", "-c", "ip addr show dev up0 | sed -n "
                         "'s/.*inet \\(10.77[^ ]*\\).*/\\1/p' | while read a; "
                         "do ip addr del $a dev up0; done")
    assert process.returncode == 0 and got["answered"] == queries, (
        got, d.ctl("status"), d.err.text)
    assert got["absent"] == 0, got
    assert got["slowest_ms"] < 4000 + got["held_up_ms"], got
    drops.check(got, d)
    assert got["servfail"] < queries / 200, got
    assert pids == pids_of(d), "one has died"
