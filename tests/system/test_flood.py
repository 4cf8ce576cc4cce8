# SPDX-License-Identifier: GPL-2.0-or-later
"""One client at 200,000 queries a second, and another at a hundred, both on
one worker."""

import os
import subprocess
from pathlib import Path

import pytest

from daemon import SLOW
from dnsclient import rcode
from lab import ROUTER
from machine_load import Pressure

FLOOD = Path(os.environ["DNSFW_BUILD"]) / "tests" / "load" / "flood"
RATE = 200000
ACL = """\
10.1.0.0/24 -> *.hot.test:TCP:443
10.1.0.0/24 -> *.wild.test:TCP:443
10.1.0.0/24 ~> *.only.test
"""
KINDS = ("denied", "fixed", "permitted", "granting", "garbage")
MS = 1000
MOST_PRESSURE = 0.1


def address(query):
    number = int(query.text.split(".")[0][1:])
    return [(query.text, 300, "A", f"45.0.{number >> 8 & 255}.{number & 255}")]


def flood(stage, kind, seconds, rate=RATE):
    with stage.lab.lan.entered(), Pressure() as pressure:
        done = subprocess.run(
            [FLOOD, ROUTER, "10.1.0.2", "10.1.0.3", str(rate), str(seconds),
             kind], text=True, capture_output=True, timeout=seconds + 30,
            check=True)
    return {"pressure": pressure.share,
            **{k: int(v) for k, v in (w.split("=")
                                      for w in done.stdout.split())}}


def most_added_ms():
    """Where others keep this machine busy, time is theirs too."""
    return 5 if os.getloadavg()[0] < os.cpu_count() else 300


def is_fair(got):
    """99.9 % of the answers, and 5 ms more for all but 1 % of them; where
    there are more to run than CPUs for a good part of the time, their turns
    come on top."""
    busy = got["pressure"] > MOST_PRESSURE
    more = (300 if busy else most_added_ms()) * MS * SLOW
    return (got["answered"] >= 0.999 * got["asked"]
            and got["p99_us"] <= got["quiet_p99_us"] + more)


def measure(stage, kind, seconds, attempts=3):
    """What came of it; again where the machine had no time for both."""
    seen = []
    while not seen or (not is_fair(seen[-1]) and len(seen) < attempts):
        seen.append(flood(stage, kind, seconds))
    return seen


@pytest.mark.slow
@pytest.mark.plain
@pytest.mark.parametrize("kind", ("denied", "granting", "garbage"))
def test_a_flood_is_at_nobody_elses_cost(stage, up, kind):
    up.fallback = address
    d = stage.daemon(ACL, workers=1)
    assert rcode(stage.client(3).ask("n1.hot.test")) == "NOERROR"
    seen = measure(stage, kind, 3)
    assert is_fair(seen[-1]), (seen, d.ctl("status"))
    assert seen[-1]["sent"] > RATE / 4, seen
