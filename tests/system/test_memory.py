# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory of workers and warden: made at the start, stated, never more."""

import re
import socket

import pytest

from dnsclient import question, until

ACL = """\
10.1.0.0/24 -> *.wild.test:TCP:443
10.1.0.0/24 ~> *.only.test
"""
MIB = 1024  # KiB
SLACK = 4 * MIB
LINE = re.compile(r"^memory (\w+ \d+) resident=(\d+)KiB most=(\d+)KiB$", re.M)


def kib(process, name):
    return int(process.status()[name].split()[0])


def stated(d):
    """role and number -> (resident, most), as status has it."""
    return {who: (int(resident), int(most))
            for who, resident, most in LINE.findall(d.ctl("status"))}


def all_stated(d):
    return until(lambda: (s := stated(d)) and len(s) == len(d.children())
                 and s, 5)


def bound(process):
    """KiB of private memory that the kernel gives it."""
    text = (process.path / "limits").read_text()
    return int(re.search(r"^Max data size +(\d+) +(\d+)", text, re.M)[2]) \
        // 1024


def wide_zone(up):
    def address(q):
        number = int(q.text[1:].split(".")[0])
        return [(q.text, 300, "A", f"45.0.{number >> 8}.{number & 255}")]
    up.fallback = address


def ask_much(stage, numbers):
    client = stage.client()
    with client.socket(socket.SOCK_DGRAM, 5) as s:
        s.connect((client.server, client.port))
        for number in numbers:
            for zone in ("wild", "only"):
                s.send(question(f"n{number}.{zone}.test").to_wire())
            if number % 20 == 0:
                assert client.ask(f"n{number}.wild.test")


@pytest.mark.plain
def test_memory_is_stated_and_stays(stage, up):
    wide_zone(up)
    d = stage.daemon(ACL)
    before = all_stated(d)
    mine = {p.role if p.role != "warden" else "warden 0": p
            for p in d.by_role("w")}
    assert sorted(mine) == ["warden 0", "worker 0", "worker 1"]
    data = {who: kib(p, "VmData") for who, p in mine.items()}
    for who, process in mine.items():
        assert data[who] < bound(process) <= data[who] + SLACK + MIB, who
        assert before[who][1] >= kib(process, "VmSize"), who
    ask_much(stage, range(4000))
    after = all_stated(d)
    for who, process in mine.items():
        assert process.alive(), who
        assert kib(process, "VmData") <= data[who] + MIB, who
        assert after[who][1] == before[who][1], who
        assert kib(process, "VmHWM") <= after[who][1], who
    assert until(lambda: stated(d)["warden 0"][0] > before["warden 0"][0], 3)


@pytest.mark.plain
@pytest.mark.parametrize("set_size", (64, 65536, 262144))
def test_memory_is_within_what_the_manual_says(stage, up, set_size):
    d = stage.daemon(ACL, workers=1, set_size=set_size, cache_size=8)
    worker, warden = d.by_role("worker")[0], d.by_role("warden")[0]
    assert kib(worker, "VmData") <= (64 + 8) * MIB
    assert kib(warden, "VmSize") <= 12 * MIB + 2 * set_size
    assert kib(warden, "VmRSS") <= 8 * MIB + set_size // 4
