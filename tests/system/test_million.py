# SPDX-License-Identifier: GPL-2.0-or-later
"""A million questions at full speed, of 64 clients, with an upstream that
loses, delays and cuts short; behind every answer the kernel is asked."""

import os
import subprocess
import threading
from pathlib import Path

import pytest

from daemon import is_sanitized
from dnsclient import Client, question, until
from lab import CHAIN, ROUTER, UPSTREAM

BUILD = Path(os.environ["DNSFW_BUILD"]) / "tests" / "load"
CLIENTS, FIRST = 64, 64
WINDOW = 16
ACL = """\
10.1.0.0/24 -> *.hot.test:TCP:443
10.1.0.0/24 -> *.wild.test:TCP:443
10.1.0.0/24 ~> *.only.test
"""


def resident(daemon):
    """KiB of each process."""
    sizes = {}
    for process in daemon.processes():
        text = Path(f"/proc/{process.pid}/status").read_text()
        line = next(n for n in text.splitlines() if n.startswith("VmRSS"))
        sizes[process.role] = int(line.split()[1])
    return sizes


class Watch:
    """The sizes of all processes, once a second."""

    def __init__(self, daemon):
        self.seen, self.over = [], threading.Event()
        self.thread = threading.Thread(target=self.look, args=(daemon,))
        self.thread.start()

    def look(self, daemon):
        while not self.over.wait(1):
            self.seen.append(resident(daemon))

    def end(self):
        self.over.set()
        self.thread.join()
        return self.seen


def fields(line):
    return {k: float(v) for k, v in (w.split("=") for w in line.split())}


@pytest.mark.slow
def test_a_million_questions(stage):
    queries = 30000 if is_sanitized() else 1000000
    lab = stage.lab
    lab.lan.run("ip", "-batch", "-", stdin="".join(
        f"addr add 10.1.0.{n}/24 dev eth0\n"
        for n in range(FIRST, FIRST + CLIENTS)))
    d = stage.daemon(ACL, max_client_grants=65536, max_new_grants=65536,
                     set_size=1048576)
    pids = sorted(p.pid for p in d.processes())
    with lab.net.entered():
        flaky = subprocess.Popen([BUILD / "flaky", UPSTREAM])
    try:
        asker = Client(lab.net, UPSTREAM, server=UPSTREAM)
        assert until(lambda: asker.raw(question("n.hot.test").to_wire(), 0.5),
                     10)
        watch = Watch(d)
        with lab.lan.entered():
            done = subprocess.run(
                [BUILD / "asker", ROUTER, f"10.1.0.{FIRST}", str(CLIENTS),
                 str(queries), str(WINDOW),
                 f"/run/netns/{lab.router.name}", CHAIN + "-ipv4-allow"],
                capture_output=True, text=True, timeout=600, check=False)
        sizes = watch.end()
    finally:
        flaky.kill()
        flaky.wait()
    print(done.stdout, sizes[:1], sizes[-1:])
    got = fields(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert got["answered"] == queries and got["unanswered"] == 0
    assert got["slowest_ms"] < 4000
    assert got["checked"] > queries / 2 and got["absent"] == 0
    assert got["cut"] > 0 and got["servfail"] < queries / 1000
    assert pids == sorted(p.pid for p in d.processes()), "one has died"
    middle, last = sizes[len(sizes) // 2], sizes[-1]
    for role, size in last.items():
        assert size < middle[role] * 1.1 + 4096, (role, middle, last)
