# SPDX-License-Identifier: GPL-2.0-or-later
"""What the machine itself does to packets and to whoever wants to run."""

import contextlib
import time


def backlog_drops():
    """Packets that found no room on the way from one namespace to another:
    each CPU has one queue for all of them (net.core.netdev_max_backlog)."""
    with open("/proc/net/softnet_stat", encoding="ascii") as f:
        return sum(int(line.split()[1], 16) for line in f)


def waited_us():
    """How long somebody waited for a CPU, since the start of the machine;
    None where the kernel does not say."""
    with contextlib.suppress(OSError), \
            open("/proc/pressure/cpu", encoding="ascii") as f:
        return int(f.readline().rpartition("=")[2])
    return None


class Pressure:
    """The share of a time in which somebody waited for a CPU."""

    def __enter__(self):
        self.since, self.before = time.monotonic(), waited_us()
        self.share = 1.0
        return self

    def __exit__(self, *_):
        if self.before is not None:
            self.share = ((waited_us() - self.before) / 1e6
                          / (time.monotonic() - self.since))
