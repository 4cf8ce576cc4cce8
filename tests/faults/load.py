# SPDX-License-Identifier: GPL-2.0-or-later
"""Five thousand questions a second, and what came of them."""

import bisect
import subprocess
import threading

from daemon import BUILD, is_sanitized
from dnsclient import Client, question, until
from lab import CHAIN, ROUTER, UPSTREAM


PROGRAMS = BUILD / "tests" / "load"
FIRST, CLIENTS, NAMES = 64, 12, 500
RATE = 500 if is_sanitized() else 5000
ACL = """\
10.1.0.0/24 -> *.hot.test:TCP:443
10.1.0.0/24 -> *.wild.test:TCP:443
"""


def kernel_of(lab):
    """Where `steady` finds the sets."""
    kind = lab.flavour if lab.uses_nftables() else "ipset"
    return kind, CHAIN


class Gap:
    def __init__(self, words):
        self.start, self.end = int(words[1]) / 1000, int(words[2]) / 1000
        self.late_ms, self.asked, self.failed = map(int, words[3:6])
        self.client = words[6]

    @property
    def ms(self):
        """Without the time that the client let pass without asking."""
        return round((self.end - self.start) * 1000) - self.late_ms


class Absent:
    """A good answer: when it came, when there was no element for it."""

    def __init__(self, words):
        self.came, self.looked = int(words[1]) / 1000, int(words[2]) / 1000
        self.client, self.to = words[3], words[4]


class Load:
    """A calm upstream, and clients that ask at one rate until the end."""

    def __init__(self, lab, clients=CLIENTS, names=NAMES):
        self.gaps, self.absent, self.totals = [], [], {}
        lab.lan.run("ip", "-batch", "-", stdin="".join(
            f"addr replace 10.1.0.{FIRST + n}/24 dev eth0\n"
            for n in range(clients)))
        self.upstream = self.start(lab.net, "flaky", UPSTREAM, "calm")
        client = Client(lab.net, UPSTREAM, server=UPSTREAM)
        assert until(lambda: client.raw(question("n.hot.test").to_wire(),
                                        0.5), 10)
        self.lab, self.clients = lab, clients
        self.shape = (str(clients), str(RATE), str(names))
        self.steady = None

    @staticmethod
    def start(namespace, program, *words):
        with namespace.entered():
            return subprocess.Popen([PROGRAMS / program, *words], text=True,
                                    stdout=subprocess.PIPE)

    def begin(self):
        """When a daemon answers."""
        self.steady = self.start(
            self.lab.lan, "steady", ROUTER, f"10.1.0.{FIRST}", *self.shape,
            f"/run/netns/{self.lab.router.name}",
            *kernel_of(self.lab))
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.steady.stdout:
            words = line.split()
            if words[0] == "gap":
                self.gaps.append(Gap(words))
            elif words[0] == "absent":
                self.absent.append(Absent(words))
            elif words[0] == "end":
                self.totals = {k: int(v) for k, v in
                               (w.split("=") for w in words[1:])}

    def end(self):
        if self.steady:
            self.steady.terminate()
            self.thread.join(10)
            self.steady.wait()
            self.steady = None
        self.upstream.kill()
        self.upstream.wait()
        return self.totals

    def worst(self, times, width=5.0):
        """The longest gap that began no more than `width` seconds behind
        each of those times, in ms; 0 where there was none."""
        times, worst = sorted(times), [0] * len(times)
        for gap in list(self.gaps):
            # what it was answered last may be a little older
            at = bisect.bisect_right(times, gap.start + 0.1) - 1
            if at >= 0 and gap.start - times[at] < width:
                worst[at] = max(worst[at], gap.ms)
        return worst
