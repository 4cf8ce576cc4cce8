# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes killed, stopped and started under load: no grant is lost, and no
answer is ahead of its element. How long clients may wait is measured where
nothing else runs, by `make check-faults`; here that is taken leniently."""

import sys
from pathlib import Path

import pytest

from daemon import SLOW
from priority import foremost

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))

import kills  # noqa: E402

SEED = 4
LENIENT = 6

firewalls = pytest.mark.parametrize(
    "lab", ["nft", "legacy", "nftables", "enforce"], indirect=True)


@pytest.fixture(autouse=True)
def rate(monkeypatch):
    monkeypatch.setattr(kills.load, "RATE", 400 if SLOW > 1 else 1500)
    with foremost():
        yield


def assert_kept(rows):
    for row in rows:
        for name, most in row.limits.items():
            row.limits[name] = most and most * LENIENT
        assert row.times > 0 and row.verdict() == "", vars(row)


@pytest.mark.slow
@firewalls
def test_each_process_killed(stage):
    rows = kills.kill_each(stage, 10, SEED)
    assert {row.fault.split()[-1] for row in rows} == set(kills.GAP_MS)
    assert_kept(rows)


@pytest.mark.slow
@firewalls
def test_all_killed_and_started(stage):
    assert_kept(kills.kill_supervisor(stage, 1, SEED))


@pytest.mark.slow
@pytest.mark.parametrize("lab", ["nft", "nftables"], indirect=True)
@pytest.mark.parametrize("fault", [kills.end_and_start, kills.stop_warden,
                                   kills.flush_under_load])
def test_under_load(stage, fault):
    assert_kept(fault(stage, 2, SEED))
