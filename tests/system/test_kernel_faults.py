# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls of the warden to the kernel that fail, or take their time
(strace -e inject): no answer without its entry, and all well afterwards."""

import contextlib
import shutil
import signal
import subprocess
import threading
import time

import pytest

from conftest import every_firewall
from daemon import SLOW, Lines
from dnsclient import OPEN, addresses, ede, rcode, until
from machine_load import Pressure

pytestmark = [
    pytest.mark.plain,
    pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")]

RULE = "10.1.0.0/24 -> *.wild.test:TCP:443\n"
FAILURES = [(call, error) for call in ("sendto", "recvfrom")
            for error in ("ENOBUFS", "EAGAIN", "EINTR")]


@pytest.fixture
def scene(stage):
    """A daemon, and an upstream where nN.wild.test is 45.0.0.N."""
    up = stage.upstream()
    up.fallback = lambda q: [
        (q.text, 300, "A", f"45.0.0.{int(q.text[1:].split('.')[0])}")]
    return stage.daemon(RULE, cache_size=0)


@contextlib.contextmanager
def injected(process, call, fault):
    """Its calls of that name are spoilt until the block ends."""
    strace = subprocess.Popen(
        ["strace", "-o", "/dev/null", "-p", str(process.pid), "-e",
         f"trace={call}", "-e", f"inject={call}:{fault}"],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = Lines(strace.stderr)
    try:
        said.wait("attached", 5)
        yield
    finally:
        strace.send_signal(signal.SIGINT)
        strace.wait(20)


def warden(d):
    return d.by_role("warden")[0]


def ask(client, number):
    """"granted" where the first packet passes, "SERVFAIL" where that is said
    with a reason; anything else is a fault of ours."""
    answer = client.ask(f"n{number}.wild.test", edns=1232)
    if rcode(answer) == "SERVFAIL":
        assert len(ede(answer)) == 1 and not addresses(answer)
        return "SERVFAIL"
    assert addresses(answer) == [f"45.0.0.{number}"]
    assert client.connect(f"45.0.0.{number}") == OPEN, number
    return "granted"


def recovers(client, d):
    assert until(lambda: ask(client, 250) == "granted", 8 * SLOW), d.err.text
    assert until(lambda: "state ok" in d.ctl("status"), 8 * SLOW)


@every_firewall
@pytest.mark.parametrize("call,error", FAILURES)
def test_calls_that_fail_now_and_then(stage, scene, call, error):
    """What is lost of the kernel's answers is no answer: the sets are looked
    at again first."""
    client, pid, came = stage.client(), warden(scene).pid, []

    def granted():
        came.append(ask(client, len(came) % 250))
        return came.count("granted") == 10
    with injected(warden(scene), call, f"error={error}:when=7+199"):
        assert until(granted, 20 * SLOW), came
    recovers(client, scene)
    assert warden(scene).pid == pid


@every_firewall
@pytest.mark.parametrize("call", ("sendto", "recvfrom"))
def test_calls_that_always_fail(stage, scene, call):
    client = stage.client()
    ask(client, 1)
    with injected(warden(scene), call, "error=ENOBUFS"):
        came = [ask(client, number) for number in range(2, 5)]
        assert came == ["SERVFAIL"] * 3
        assert until(lambda: "state ok" not in scene.ctl("status"), 3)
    recovers(client, scene)


@every_firewall
@pytest.mark.parametrize("call", ("sendto", "recvfrom"))
def test_half_a_second_is_late_but_right(stage, scene, call):
    client = stage.client()
    with injected(warden(scene), call, "delay_enter=500000:when=1"):
        began = time.monotonic()
        came = [ask(client, number) for number in range(4)]
        took = time.monotonic() - began
    assert came == ["granted"] * 4
    assert took >= 0.2, took
    recovers(client, scene)


@every_firewall
@pytest.mark.parametrize("call", ("sendto", "recvfrom"))
def test_two_seconds_are_servfail_and_over(stage, scene, call):
    client, came = stage.client(), []
    with injected(warden(scene), call, "delay_enter=2000000:when=1"):
        time.sleep(0.3)  # it looks at its sets more often than that
        began = time.monotonic()
        threads = [threading.Thread(
            target=lambda n=n: came.append(ask(stage.client(2 + n), n)))
            for n in range(4)]
        with Pressure() as load:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        took = time.monotonic() - began
        assert came == ["SERVFAIL"] * 4
        assert 0.7 < took < min(1.6 * SLOW + load.share * took,
                                3 * SLOW), (took, load.share)
        time.sleep(2)
    recovers(client, scene)
    # what was asked for meanwhile and given late is no more than was asked
    assert {g[3] for g in stage.lab.grants()} \
        <= {f"45.0.0.{n}" for n in (*range(4), 250)}
