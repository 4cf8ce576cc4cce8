# SPDX-License-Identifier: GPL-2.0-or-later
"""Each process killed, stopped or told to end, at any moment, under load."""

import contextlib
import os
import random
import signal
import time

import load
from daemon import SLOW
from dnsclient import until
from outcome import Outcome
from scene import now, rules_of, state_of

# How long the clients may be without good answers.
GAP_MS = {"worker": 300, "warden": 500, "recorder": 300, "control": 300}
RESTART_MS = 1000  # of all that is killed, or ends
AGAIN_S = 1.1      # before the same process is killed once more
STOPPED_S = 2.0
TICK_MS = 200
NOTICE_S = 0.3 * SLOW
CLOCK_S = 0.002  # one clock may be behind another, in whole milliseconds


def grants_now(lab):
    """Each entry with the earliest and the latest moment it can end: a list
    takes its time."""
    began = now()
    entries = lab.entries()
    return {key: (began + left, now() + left + 1)
            for key, left in entries.items()}


def lost(lab, before):
    """What was there, should be, and is not, or would end early."""
    began, after = now(), grants_now(lab)
    absent = [key for key, (end, _) in before.items()
              if end > now() + 1
              and after.get(key, (0, began))[1] < end - 1]
    return [key for key in absent if ends(lab, key) < before[key][0] - 1
            and before[key][0] > now() + 1]


def ends(lab, key):
    """The latest moment an entry can end, asked for alone."""
    left = lab.seconds_left(key)
    return now() + left + 1


def audit(d):
    """What `audit` says where something differs."""
    for _ in range(3):
        status, out, err = d.ctl("audit", check=False)
        if status == 0:
            return ""
        time.sleep(0.5)  # what it showed is put right by then
    return (out + err).splitlines()[-1]


class Theatre:
    """A daemon under load; `rows` get what was seen at the end."""

    def __init__(self, stage):
        self.stage, self.lab = stage, stage.lab
        self.load = load.Load(stage.lab)
        self.d = stage.daemon(load.ACL)
        self.rules = rules_of(stage.lab)
        self.marks = []  # when, and whose row it is

    def __enter__(self):
        self.load.begin()
        time.sleep(1.5)
        self.before = grants_now(self.lab)
        return self

    def __exit__(self, kind, value, trace):
        self.totals = self.load.end()

    def mark(self, row, at=None):
        self.marks.append((at or now(), row))
        row.times += 1

    def wait_until_whole(self, row):
        if not until(lambda: state_of(self.d) == "state ok", 5 * SLOW, 0.01):
            row.broken.append(state_of(self.d))

    def check_grants(self, row):
        row.lost += len(lost(self.lab, self.before))
        self.before = grants_now(self.lab)

    def settle(self, width=5.0):
        """Gaps to the rows they began in; what no element stood behind."""
        worst = self.load.worst([at for at, _ in self.marks], width)
        for (_, row), ms in zip(self.marks, worst):
            row.gap_ms = max(row.gap_ms, ms)
        if not self.totals.get("good"):
            self.marks[-1][1].broken.append("no good answers at all")
        for seen in self.load.absent:
            rows = [row for when, row in self.marks if when <= seen.looked]
            (rows or [self.marks[0][1]])[-1].absent += 1


def titles(d):
    """Children by what they are called; one that is only being started has
    no title of its own yet."""
    found = {}
    for child in d.children():
        with contextlib.suppress(OSError):
            if child.role not in ("supervisor", "compiler"):
                found[child.title] = child.pid
    return found


class Rotation:
    """Which process is next: each once, in any order, then again."""

    def __init__(self, d, rng):
        self.d, self.rng, self.order, self.last = d, rng, [], {}

    def next(self):
        if not self.order:
            self.order = sorted(titles(self.d))
            self.rng.shuffle(self.order)
        return self.order.pop()

    def kill(self, title):
        """When it was killed."""
        wait = self.last.get(title, 0) + AGAIN_S - now()
        if wait > 0:
            time.sleep(wait)
        pid = until(lambda: titles(self.d).get(title), 5 * SLOW)
        self.last[title] = at = now()
        os.kill(pid, signal.SIGKILL)
        return at


def role_of(title):
    return title.partition(": ")[2].split()[0]


def kill_each(stage, times, seed):
    """Processes but the supervisor, so many kills in all."""
    rng = random.Random(seed)
    rows = {}
    with Theatre(stage) as theatre:
        turn = Rotation(theatre.d, rng)
        for number in range(times):
            time.sleep(rng.uniform(0.02, 0.4))
            title = turn.next()
            role = role_of(title)
            row = rows.setdefault(role, Outcome(
                f"kill -9 {role}", gap_most=GAP_MS.get(role, 300)))
            theatre.mark(row, turn.kill(title))
            # whose successor is not there yet is still said to be
            time.sleep(0.05)
            theatre.wait_until_whole(row)
            if number % 16 == 15:
                theatre.check_grants(row)
        time.sleep(0.7)
        theatre.check_grants(row)
        row.complain(audit(theatre.d))
    theatre.settle()
    return list(rows.values())


def start_again(theatre, row):
    theatre.d = theatre.stage.daemon(load.ACL)
    theatre.wait_until_whole(row)
    if rules_of(theatre.lab) != theatre.rules:
        row.complain("other rules than before")


def kill_supervisor(stage, times, seed):
    """And with it all; started again at once."""
    rng = random.Random(seed)
    row = Outcome("kill -9 supervisor, start", gap_most=RESTART_MS)
    with Theatre(stage) as theatre:
        for _ in range(times):
            time.sleep(rng.uniform(0.3, 1.2))
            d = theatre.d
            pids = [p.pid for p in d.processes()]
            theatre.mark(row)
            os.kill(d.pid, signal.SIGKILL)
            d.popen.wait()
            d.finish(pids)
            start_again(theatre, row)
        time.sleep(0.7)
        theatre.check_grants(row)
        row.complain(audit(theatre.d))
    theatre.settle()
    return [row]


def end_and_start(stage, times, seed):
    """SIGTERM: it drains, says 0, and its successor goes on."""
    rng = random.Random(seed)
    row = Outcome("SIGTERM, start", gap_most=RESTART_MS + 500)
    with Theatre(stage) as theatre:
        for _ in range(times):
            time.sleep(rng.uniform(0.3, 1.2))
            theatre.mark(row)
            theatre.d.stop()  # fails where it is late or the status not 0
            start_again(theatre, row)
        time.sleep(0.7)
        theatre.check_grants(row)
        row.complain(audit(theatre.d))
    theatre.settle()
    return [row]


def check_stop(asked, row, stopped, went_on):
    """Nobody was told anything good in between, but for what was on its way
    after 800 ms, and all are soon after."""
    gaps = [g for g in list(asked.gaps) if g.end >= went_on - CLOCK_S
            and g.start <= stopped + 1.2 * SLOW]
    if len({g.client for g in gaps}) < asked.clients:
        row.complain("good answers while the warden stood still: "
                     + str([(g.client, round(g.start - stopped, 2),
                             round(g.end - went_on, 2)) for g in asked.gaps
                            if g.end > stopped and g.start < went_on][:20]))
    for gap in gaps:
        row.seen(None, gap.end - went_on)


def stop_warden(stage, times, seed):
    """SIGSTOP: failures within a second, none of them late; SIGCONT: all is
    well again, and no acknowledgement is taken for another."""
    rng = random.Random(seed)
    row = Outcome("SIGSTOP warden, SIGCONT", notice_most=1000 + TICK_MS,
                  repair_most=1000)
    stops = []
    with Theatre(stage) as theatre:
        for _ in range(times):
            time.sleep(rng.uniform(0.2, 0.6))
            warden = theatre.d.by_role("warden")[0].pid
            theatre.mark(row)
            os.kill(warden, signal.SIGSTOP)
            stopped = now()
            time.sleep(STOPPED_S)
            if "held up" not in state_of(theatre.d):
                row.complain("stopped, but " + state_of(theatre.d))
            # before it is: its first answers may be faster than we are
            stops.append((stopped, now()))
            os.kill(warden, signal.SIGCONT)
            theatre.wait_until_whole(row)
        time.sleep(1.2)
        theatre.check_grants(row)
        row.complain(audit(theatre.d))
    for stopped, went_on in stops:
        check_stop(theatre.load, row, stopped, went_on)
    row.seen(theatre.totals.get("slowest_ms", 0) / 1000, None)
    theatre.settle()
    return [row]


def flush_under_load(stage, times, seed):
    """Between notice and repair nothing is answered; before the notice an
    answer may be ahead of the repair."""
    rng = random.Random(seed)
    row = Outcome("set flushed under load", gap_most=2000)
    flushes = []
    with Theatre(stage) as theatre:
        for _ in range(times):
            time.sleep(rng.uniform(0.3, 0.9))
            theatre.mark(row)
            began = now()
            stage.lab.flush_set()  # at some time within this
            flushes.append((began, now() + NOTICE_S))
            time.sleep(0.3)
            theatre.wait_until_whole(row)
        time.sleep(1.2)
        theatre.check_grants(row)
        row.complain(audit(theatre.d))
    theatre.load.absent = [
        seen for seen in theatre.load.absent
        if not any(began <= seen.looked + CLOCK_S
                   and seen.came < noticed + CLOCK_S
                   for began, noticed in flushes)]
    theatre.settle()
    return [row]
