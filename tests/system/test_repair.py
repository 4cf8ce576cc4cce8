# SPDX-License-Identifier: GPL-2.0-or-later
"""What a firewall script does to us is noticed, said and repaired. How soon is
measured where nothing else runs, by `make check-faults`; here that is taken
leniently."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from conftest import both_flavours, every_firewall
from daemon import SLOW
from dnsclient import OPEN, REFUSED, addresses, ede, rcode, until
from lab import CHAIN

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))

import flush  # noqa: E402
from scene import Scene, state_of  # noqa: E402

LENIENT = 5 * SLOW
V4 = CHAIN + "-ipv4-allow"
RULE = "10.1.0.0/24 -> allowed.test:TCP:443\n"


def cases():
    for flavour in ("nft", "legacy", "nftables", "enforce"):
        for fault in flush.faults_of(flavour):
            if not fault.slow:
                yield pytest.param(flavour, fault,
                                   id=f"{fault.name}, {flavour}")


@pytest.mark.parametrize("lab,fault", cases(), indirect=["lab"])
def test_fault_is_repaired(stage, fault):
    scene = Scene(stage, many=60)
    done, course = flush.run(scene, fault, patience=20 * SLOW)
    text = f"{course.words} {course.difference}\n{scene.d.err.text}"
    assert done, text
    assert (course.noticed or 0) <= flush.NOTICE_S * LENIENT, text
    assert course.repaired <= flush.REPAIR_S * LENIENT, text
    assert course.early == 0, text
    assert "differences 0" in scene.d.ctl("audit")
    scene.check_traffic()


@pytest.mark.slow
def test_ends_that_another_changed(stage):
    """What counts do not show is found by comparing, every ten seconds."""
    scene = Scene(stage, many=20)
    flush.entry_for_ever(stage.lab)
    assert until(lambda: not scene.difference(), 20 * SLOW)
    scene.d.err.wait("prolonged by others")


@every_firewall
def test_one_entry_is_seen_alone(stage, up):
    """By those who look for lost ones under load."""
    up.add("allowed.test", "A", "203.0.113.5", ttl=100)
    up.add("allowed.test", "AAAA", "2001:db8:1::5", ttl=100)
    stage.daemon(RULE + RULE.replace("10.1.0.0/24", "fd00:1::/64"))
    stage.client().ask("allowed.test")
    stage.client6().ask("allowed.test", "AAAA")
    assert len(stage.lab.grants()) == 2
    for grant, left in stage.lab.entries().items():
        client, protocol, port, to = grant
        assert left - 2 <= stage.lab.seconds_left(grant) <= left
        assert stage.lab.seconds_left((client, protocol, 444, to)) == 0


# --- what status says -----------------------------------------------------

def says(d, text, seconds=2):
    assert until(lambda: text in state_of(d), seconds * SLOW), \
        f"{text!r} is not in {state_of(d)!r}"
    assert state_of(d).startswith("state degraded")


@both_flavours
@pytest.mark.parametrize("words, text", [
    (("-F", CHAIN), "ipv4 rules missing"),
    (("-D", CHAIN, "1"), "ipv4 rules missing"),
    (("-D", CHAIN, "2"), "ipv4 local rules missing"),
])
def test_status_says_which_rules(stage, up, words, text):
    """The supervisor is held, or it would be repaired by then."""
    d = stage.daemon(RULE)
    d.signal(signal.SIGSTOP)
    stage.lab.router.run(stage.lab.tool(), "-w", *words)
    says(d, text)
    assert "ipv6" not in state_of(d)
    answer = stage.client().ask("allowed.test", edns=1232)
    assert rcode(answer) == "SERVFAIL" and ede(answer)
    d.signal(signal.SIGCONT)
    assert until(lambda: state_of(d) == "state ok")


@both_flavours
def test_status_says_that_the_chain_is_gone(stage, up):
    d = stage.daemon(RULE)
    with stage.lab.without_chain(4, 6):
        says(d, "the chain is gone")
    assert until(lambda: state_of(d) == "state ok", 3 * SLOW)


def test_status_says_that_a_set_is_held(stage, up):
    """By a rule that is not in our chain: only its owner can help."""
    d = stage.daemon(RULE)
    run = stage.lab.router.run
    held = [d.pid, d.by_role("warden")[0].pid]
    for pid in held:
        os.kill(pid, signal.SIGSTOP)
    stage.lab.flush_chain()
    run("ipset", "destroy", V4)
    run("ipset", "create", V4, "hash:ip", "timeout", "9")
    run(stage.lab.tool(), "-A", "INPUT", "-m", "set", "--match-set", V4,
        "src", "-j", "RETURN")
    for pid in held:
        os.kill(pid, signal.SIGCONT)
    says(d, "ipv4 set has another type and something refers to it")
    assert rcode(stage.client().ask("allowed.test")) == "SERVFAIL"
    run(stage.lab.tool(), "-F", "INPUT")
    assert until(lambda: state_of(d) == "state ok", 3 * SLOW)
    assert addresses(stage.client().ask("allowed.test"))
    assert stage.client().connect("203.0.113.5") == OPEN


# --- audit ----------------------------------------------------------------

def test_audit_prints_every_difference(stage):
    scene = Scene(stage, many=20)
    run = stage.lab.router.run
    assert "# ledger 40, kernel 40, differences 0" in scene.d.ctl("audit")
    # between two looks of the warden, so that it has not put it right yet
    warden = scene.d.by_role("warden")[0].pid
    os.kill(warden, signal.SIGSTOP)
    gone = flush.delete_entry(stage.lab)
    endless = flush.entry_for_ever(stage.lab)
    run("ipset", "add", V4, "10.1.0.9,tcp:22,45.9.9.9", "timeout", "900")
    os.kill(warden, signal.SIGCONT)
    status, out, err = scene.d.ctl("audit", check=False)
    if status == 0:  # it was as fast as that
        assert until(lambda: not scene.difference(), 20 * SLOW)
        return
    assert status == 1 and err == "", (status, err)
    lines = out.splitlines()
    assert any(line.startswith(f"10.1.0.2 {gone} TCP:443 ledger=")
               and "kernel=none" in line for line in lines), out
    assert any(line.startswith(f"10.1.0.2 {endless} TCP:443 ")
               and "kernel=forever" in line for line in lines), out
    assert any(line.startswith("10.1.0.9 45.9.9.9 TCP:22 ledger=none "
                               "kernel=") for line in lines), out
    assert lines[-1].startswith("# ledger 40, kernel 40, differences 3 ")
    assert until(lambda: not scene.difference(), 3 * SLOW)
    assert "differences 0" in scene.d.ctl("audit")


def test_audit_without_a_warden(stage, up):
    d = stage.daemon(RULE)
    warden = d.by_role("warden")[0].pid
    os.kill(warden, signal.SIGSTOP)
    status, _, err = d.ctl("audit", check=False)
    os.kill(warden, signal.SIGCONT)
    assert status == 1 and "has not answered" in err
    assert until(lambda: "differences 0" in d.ctl("audit", check=False)[1])


# --- what survives ----------------------------------------------------------

def test_flushed_while_the_warden_is_dead(stage):
    """Its successor puts back what the ledger holds."""
    scene = Scene(stage, many=20)
    warden = scene.d.by_role("warden")[0].pid
    os.kill(warden, signal.SIGSTOP)
    stage.lab.router.run("ipset", "flush")
    os.kill(warden, signal.SIGKILL)
    assert until(lambda: not scene.difference(), 3 * SLOW), \
        scene.difference()
    assert until(lambda: scene.ask(1) == "NOERROR", 3 * SLOW)


@both_flavours
def test_all_killed_entries_count_down(stage):
    scene = Scene(stage, many=40)
    d = scene.d
    time.sleep(1.1)
    before = stage.lab.entries()
    pids = [p.pid for p in d.crew()]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    d.popen.wait()
    d.finish(pids)
    assert scene.client.connect("45.7.0.1") == OPEN
    scene.d = stage.daemon(d.acl.read_text())
    after = stage.lab.entries()
    assert set(after) == set(before)
    assert all(after[key] <= before[key] for key in before)
    assert scene.rules() == scene.chains
    assert "differences 0" in scene.d.ctl("audit")
    assert scene.client.connect("45.7.0.1") == OPEN
    assert scene.client.connect("203.0.113.1") == REFUSED
