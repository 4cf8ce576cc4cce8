# SPDX-License-Identifier: GPL-2.0-or-later
"""Logs that nobody takes: full disks, disks that became read-only, pipes
without a reader. DNS goes on; what is lost is counted."""

import contextlib
import os
import re
import shutil
import signal
import subprocess

import pytest

from daemon import SLOW, Lines
from dnsclient import addresses, rcode, until
from lab import run

ACL = """\
10.1.0.0/24 -> allowed.test:TCP:443
10.1.0.0/24 -| fixed.test = 192.0.2.1
"""
WHOLE = re.compile(rb"10\.1\.0\.2 (\|> \[\d+\] fixed\.test\. = 192\.0\.2\.1"
                   rb"|[-<]> \[\d+\] .*|<- \[\d+\] .*)")


def children(d):
    return {(p.role, p.pid) for p in d.children()}


def goes_on(stage, d, before):
    """Everything but the log is as it was."""
    client = stage.client()
    for _ in range(100):
        assert rcode(client.ask("fixed.test", timeout=1)) == "NOERROR"
    assert addresses(client.ask("allowed.test")) == ["203.0.113.5"]
    assert children(d) == before
    assert "state ok" in d.ctl("status")


def test_a_reader_that_is_gone(stage, up):
    reader, writer = os.pipe()
    d = stage.daemon(ACL, sinks=(writer, None))
    os.close(writer)
    before = children(d)
    goes_on(stage, d, before)
    os.close(reader)
    goes_on(stage, d, before)
    d.err.wait(r"^\[WARN \] \d+ access log lines dropped$")
    d.err.wait(r"access log.*(pipe|Broken)")


def test_nobody_reads_either_log(stage, up):
    """Not even the supervisor is ended by it; what dies is replaced."""
    ends = [os.pipe(), os.pipe()]
    d = stage.daemon(ACL, wait=False, sinks=[w for _, w in ends])
    said = b""
    while b"Server started" not in said:
        said += os.read(ends[1][0], 4096)
    for end in (*ends[0], *ends[1]):
        os.close(end)
    before = children(d)
    goes_on(stage, d, before)
    worker = d.by_role("worker")[0]
    os.kill(worker.pid, signal.SIGKILL)
    assert until(lambda: len(d.by_role("worker")) == 2
                 and worker.pid not in {p.pid for p in d.by_role("worker")},
                 5 * SLOW)
    assert until(lambda: "state ok" in d.ctl("status"), 5 * SLOW)
    goes_on(stage, d, children(d))


@pytest.fixture
def disk(directory):
    """A file on a disk of 64 KiB."""
    at = directory / "disk"
    at.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=64k", "none", str(at))
    yield at
    run("umount", "-l", str(at))


def test_a_full_disk(stage, up, disk):
    path = disk / "log"
    with path.open("ab", buffering=0) as sink:
        d = stage.daemon(ACL, sinks=(sink, None))
    before = children(d)
    client = stage.client()
    for _ in range(2500):
        client.ask("fixed.test", timeout=1)
    goes_on(stage, d, before)
    d.err.wait(r"access log.*No space left on device")
    d.err.wait(r"^\[WARN \] \d+ access log lines dropped$")
    with path.open("rb") as f:
        full = f.read()
    path.write_bytes(b"")  # somebody makes room
    assert until(lambda: client.ask("fixed.test") and WHOLE.search(
        path.read_bytes()), 5 * SLOW)
    goes_on(stage, d, before)
    d.stop()
    for line in (full[:full.rindex(b"\n")] + b"\n"
                 + path.read_bytes()).splitlines():
        assert not line.strip(b"\0") or WHOLE.fullmatch(line.strip(b"\0")), \
            line


@contextlib.contextmanager
def failing(process, error):
    strace = subprocess.Popen(
        ["strace", "-o", "/dev/null", "-p", str(process.pid), "-e",
         "trace=write,sendto", "-e", f"inject=write,sendto:error={error}"],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = Lines(strace.stderr)
    try:
        said.wait("attached", 5)
        yield
    finally:
        strace.send_signal(signal.SIGINT)
        strace.wait(20)


@pytest.mark.plain
@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
@pytest.mark.parametrize("error", ("EROFS", "ENOSPC", "EIO", "EPIPE",
                                   "EINTR:when=1+2"))
def test_writes_that_fail(stage, up, error):
    d = stage.daemon(ACL)
    before = children(d)
    with failing(d.by_role("recorder")[0], error):
        goes_on(stage, d, before)
    goes_on(stage, d, before)
    assert until(lambda: d.out.raw.count(b"fixed.test. = ") >= 100, 5 * SLOW)
    if "EINTR" in error:
        assert until(lambda: d.out.raw.count(b"fixed.test. = ") == 200, 5)
    for line in d.out.raw.splitlines():
        assert not line or WHOLE.fullmatch(line), line
