# SPDX-License-Identifier: GPL-2.0-or-later
"""Floods, forgers, a hostile worker, calls and allocations that fail: the
long forms of what the system tests do shortly."""

import random
import shutil
import time

import test_flood
import test_hostile
import test_kernel_faults
import test_overload
import test_shaken
from daemon import SLOW
from dnsclient import rcode
from kills import Theatre, audit
from outcome import Outcome
from test_forging import FORGED, RATE, RULE, Forger, forge_against

FAULT_S = 1.5
FAULTS = [(f"{call} {error}", call, f"error={error}:when=3+17", 2000)
          for call in ("sendto", "recvfrom")
          for error in ("ENOBUFS", "EAGAIN", "EINTR")]
FAULTS += [(f"{call} late by {ms} ms", call,
            f"delay_enter={ms}000:when=1", gap)
           for call in ("sendto", "recvfrom")
           for ms, gap in ((500, 1500), (2000, 3500))]


def zone(stage):
    """nN.wild.test and the like lead to an address of their own."""
    up = stage.upstream()
    up.fallback = test_flood.address
    return up


def in_row(row, work, *args):
    """What the work complains of belongs to the row."""
    row.times += 1
    try:
        return work(*args)
    except AssertionError as why:
        text = str(why).strip().splitlines() or ["it failed"]
        row.complain(text[0][:200])
        return None


def floods(stage, seconds, _):
    """One worker, one flood of each kind; the gap is what it adds to all but
    1 % of another client's answers."""
    rows = []
    zone(stage)
    d = stage.daemon(test_flood.ACL, workers=1)
    assert rcode(stage.client(3).ask("n1.hot.test")) == "NOERROR"
    for kind in test_flood.KINDS:
        row = Outcome(f"flood of {kind}, 200,000/s", gap_most=test_flood.most_added_ms())
        seen = test_flood.measure(stage, kind, seconds)
        got = seen[-1]
        row.times = len(seen)
        row.gap_ms = round(
            max(0, got["p99_us"] - got["quiet_p99_us"]) / 1000, 1)
        if got["answered"] < 0.999 * got["asked"]:
            row.complain(f"{got['answered']} of {got['asked']} answers")
        rows.append(row)
    rows[-1].complain(audit(d))
    return rows


def crowds(stage, _, __):
    """Sets that are full, connections that say nothing."""
    rows = [Outcome("set full"), Outcome("5,000 connections of one client")]
    up = zone(stage)
    in_row(rows[0], test_overload.test_a_full_set_is_told_and_renewed,
           stage, up)
    for d in stage.daemons:
        d.stop()
    stage.lab.reset()
    in_row(rows[1], test_overload.test_five_thousand_of_one_client, stage, up)
    return rows


def forged_answers(stage, seconds, _):
    row = Outcome("answers forged, 100,000/s")
    up = zone(stage)
    d = stage.daemon(RULE)
    forger = Forger(stage.lab)
    end = time.monotonic() + seconds
    sent = 0
    try:
        while time.monotonic() < end:
            answers, _ = forge_against(stage, up, forger, 150, 0.1)
            row.times += len(answers)
            row.absent += sum(a.rcode() != 0 for a in answers)
            d.ctl("cache", "flush", "--all")
    finally:
        sent = forger.end()
    if sent < RATE * seconds / 10:
        row.complain(f"only {sent} were sent")
    if FORGED in {g[3] for g in stage.lab.grants()}:
        row.complain("one was believed")
    row.complain(audit(d))
    return [row]


def hostile_worker(stage, times, seed):
    """Every forgery in any order, again and again."""
    row = Outcome("letters of a hostile worker")
    rng = random.Random(seed)
    up = stage.upstream()
    up.add("allowed.test", "A", "203.0.113.5")
    d = stage.daemon(test_hostile.ACL, binary=test_hostile.HOSTILE)
    attacker = test_hostile.Attacker(stage, d)
    names = [*test_hostile.ANSWERS, *test_hostile.BREAKS, "good", "pad"]
    warden = d.by_role("warden")[0].pid
    for _ in range(times):
        row.times += 1
        attacker.order(rng.choice(names), 0.2)
        if {g[3] for g in stage.lab.grants()} - {"203.0.113.5"}:
            row.complain("a forged grant stands")
        answer = attacker.honest.ask("allowed.test")
        row.absent += rcode(answer) != "NOERROR"
    if d.by_role("warden")[0].pid != warden:
        row.complain("the warden has died")
    row.complain(audit(d))
    return [row]


def kernel_calls(stage, times, seed):
    """The warden's own, spoilt while many clients ask."""
    rng = random.Random(seed)
    rows = []
    with Theatre(stage) as theatre:
        for title, call, fault, gap in FAULTS:
            row = Outcome(title, gap_most=gap)
            rows.append(row)
            for _ in range(times):
                theatre.mark(row)
                with test_kernel_faults.injected(
                        theatre.d.by_role("warden")[0], call, fault):
                    time.sleep(FAULT_S + rng.uniform(0, 0.3))
                time.sleep(2.2 if "late" in title else 0.3)
                theatre.wait_until_whole(row)
            theatre.check_grants(row)
        rows[-1].complain(audit(theatre.d))
    theatre.settle(6 * SLOW)
    return rows


def allocations(stage, _, __):
    """Each of each role in turn."""
    rows = []
    zone(stage)
    ground = test_shaken.Ground(stage.directory)
    for role in test_shaken.ROLES:
        row = Outcome(f"no memory for the {role}")
        came = in_row(row, test_shaken.campaign, stage, ground, role, 10000)
        row.times = len(came or [])
        rows.append(row)
        for d in stage.daemons:
            if not d.ended:
                d.kill([p.pid for p in d.processes()])
    return rows


def works(scale):
    """(title, work, how many times or seconds); scale: of a long run, 300."""
    few = max(1, scale // 100)
    found = [("flood", floods, max(3, scale // 15)),
             ("set full, connections", crowds, 1),
             ("answers forged", forged_answers, max(3, scale // 5)),
             ("hostile worker", hostile_worker, max(20, scale)),
             ("no memory", allocations, 1)]
    if shutil.which("strace"):
        found.append(("calls of the warden", kernel_calls, few))
    return found
