# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon in the router's namespace, and what it says."""

import contextlib
import os
import re
import signal
import subprocess
import threading
from pathlib import Path

import lab as lab_
from dnsclient import until

BUILD = Path(os.environ.get("DNSFW_BUILD",
                            Path(__file__).resolve().parents[2]))
BINARY = Path(os.environ.get("DNSFW_BINARY", BUILD / "src/dns-firewall"))
CTL = Path(os.environ.get("DNSFW_CTL", BINARY.with_name("dns-firewallctl")))
SANITIZER = re.compile(r"ERROR: \w*Sanitizer|runtime error:|SUMMARY: \w+San")
SLOW = float(os.environ.get("DNSFW_SLOW", "1"))


def is_sanitized():
    return b"__asan_init" in BINARY.read_bytes()


def is_built_with(what):
    """SECCOMP, IDN2: whether configure found it and was not told otherwise."""
    config = BUILD / "config.h"
    return not config.exists() or f"HAVE_{what} 1" in config.read_text()


def environment(extra=None):
    """What the daemon is started with; nothing of the tester's own."""
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    env.setdefault("ASAN_OPTIONS", "detect_leaks=0")
    env.update(extra or {})
    return env


def arguments(options):
    """{"min_rule_time": 1, "bind": [..]} as command line; None: left out."""
    out = []
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        if value is True:
            out.append(option)
        elif value is not None:
            for one in value if isinstance(value, (list, tuple)) else [value]:
                out += [option, str(one)]
    return out


def once(*args, lab=None, env=None, timeout=20, prefix=()):
    """Runs the daemon to its end: (status, stdout, stderr)."""
    inside = lab.router.entered() if lab else contextlib.nullcontext()
    with inside:
        process = subprocess.Popen(
            [*prefix, str(BINARY), *map(str, args)], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment(env))
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"still running:\n{out}\n{err}") from None
    assert not SANITIZER.search(err), err
    return process.returncode, out, err


def run_tool(path, *args, timeout=20):
    """(status, stdout, stderr) of a program that is no daemon."""
    done = subprocess.run([str(path), *map(str, args)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=timeout, check=False, env=environment())
    assert not SANITIZER.search(done.stderr), done.stderr
    return done.returncode, done.stdout, done.stderr


class Lines:
    """What a pipe gave so far; reading can be held."""

    def __init__(self, pipe):
        self.pipe, self.raw = pipe, bytearray()
        self.flowing = threading.Event()
        self.flowing.set()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        while True:
            self.flowing.wait()
            data = os.read(self.pipe.fileno(), 65536)
            if not data:
                return
            self.raw += data

    @property
    def text(self):
        return self.raw.decode("utf-8", "replace")

    def lines(self):
        return self.text.splitlines()

    def has(self, pattern):
        return re.search(pattern, self.text, re.M)

    def wait(self, pattern, seconds=5.0):
        found = until(lambda: self.has(pattern), seconds * SLOW)
        assert found, f"{pattern!r} was never said:\n{self.text}"
        return found

    def says(self, words):
        return self.wait(re.escape(words))


class Process:
    """A process as /proc shows it."""

    def __init__(self, pid):
        self.pid = int(pid)
        self.path = Path(f"/proc/{pid}")

    @property
    def title(self):
        raw = (self.path / "cmdline").read_bytes()
        return raw.split(b"\0")[0].decode()

    @property
    def role(self):
        """"worker 0", "warden" ...; "supervisor" for the first."""
        _, colon, role = self.title.partition(": ")
        return role if colon else "supervisor"

    def has_role(self):
        try:
            return self.role != "supervisor"
        except (FileNotFoundError, ProcessLookupError):
            return False

    def status(self):
        text = (self.path / "status").read_text()
        return dict(line.split(":\t", 1) for line in text.splitlines()
                    if ":\t" in line)

    def descriptors(self):
        found = {}
        for fd in (self.path / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                found[int(fd.name)] = os.readlink(fd)
        return found

    def alive(self):
        try:
            return not (self.path / "stat").read_text().rpartition(")")[2] \
                .split()[0] in "ZX"
        except (FileNotFoundError, ProcessLookupError):
            return False


class Daemon:
    """Started with the options a test names, on top of sensible ones."""

    def __init__(self, lab, directory, acl=None, wait=True, env=None,
                 prefix=(), binary=BINARY, sinks=(None, None), **options):
        self.lab = lab
        self.directory = Path(directory)
        self.control = self.directory / "control"
        self.acl = self.directory / "acl"
        if acl is not None:
            self.write_acl(acl)
        given = {"acl_file": self.acl, "upstream": lab_.UPSTREAM,
                 "bind": [lab_.ROUTER, lab_.ROUTER6], "bind_port": 53,
                 **lab.options(), "control": self.control, "workers": 2}
        given.update(options)
        self.options = given
        with lab.router.entered():
            self.popen = subprocess.Popen(
                [*prefix, str(binary), *arguments(given)],
                stdin=subprocess.DEVNULL, stdout=sinks[0] or subprocess.PIPE,
                stderr=sinks[1] or subprocess.PIPE, env=environment(env))
        # None: what it says there is the test's own business
        self.out, self.err = (pipe and Lines(pipe) for pipe in
                              (self.popen.stdout, self.popen.stderr))
        self.pid = self.popen.pid
        self.ended = False
        if wait:
            self.started()

    def write_acl(self, text):
        """As an editor does: a new file in place of the old."""
        data = text if isinstance(text, bytes) else text.encode()
        fresh = self.acl.with_suffix(".new")
        fresh.write_bytes(data)
        fresh.chmod(0o644)
        fresh.rename(self.acl)

    def started(self):
        ok = until(lambda: self.err.has("Server started")
                   or self.popen.poll() is not None, 10 * SLOW)
        if not ok or self.popen.poll() is not None:
            self.popen.kill()
            self.popen.wait()
            self.err.thread.join(3)
            self.ended = True
            raise AssertionError(f"did not start:\n{self.err.text}")

    def running(self):
        return self.popen.poll() is None

    def children(self):
        """Those that have a role: not the tools that look at rules, nor a
        copy of the supervisor that is about to become either."""
        path = f"/proc/{self.pid}/task/{self.pid}/children"
        try:
            pids = Path(path).read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            return []
        return [p for p in map(Process, pids) if p.alive() and p.has_role()]

    def processes(self):
        return [Process(self.pid), *self.children()]

    def crew(self):
        """Those that stay: not a compiler, nor what is only being started
        or has become another program, and has no title of ours."""
        return [Process(self.pid), *(
            child for child in self.by_role("")
            if child.role not in ("supervisor", "compiler"))]

    def by_role(self, role):
        """Children whose role begins so."""
        found = []
        for child in self.children():
            with contextlib.suppress(OSError):
                if child.role.startswith(role):
                    found.append(child)
        return found

    def ctl(self, *args, check=True, timeout=10):
        """(output of dns-firewallctl); status and stderr where asked."""
        with self.lab.router.entered():
            status, out, err = run_tool(CTL, "--control", self.control,
                                        *args, timeout=timeout)
        if check:
            assert status == 0, (out, err)
            return out
        return status, out, err

    def counters(self):
        """The numbers that status tells, by their names."""
        words = map(str.split, self.ctl("status").splitlines())
        return {w[0]: int(w[1]) for w in words
                if len(w) >= 2 and w[1].isdigit()}

    def reload(self, acl=None, ok=True):
        if acl is not None:
            self.write_acl(acl)
        status, out, err = self.ctl("reload", check=False)
        assert (status == 0) == ok, (status, out, err)
        return out + err

    def signal(self, number):
        os.kill(self.pid, number)

    def leftovers(self, pids):
        return [p.title for p in map(Process, pids) if p.alive()]

    def stop(self):
        """Ends it by SIGTERM; a status but 0, a sanitizer's report or a
        process that stays is a failure."""
        if self.ended:
            return
        pids = [p.pid for p in self.processes()]
        if self.running():
            self.popen.send_signal(signal.SIGTERM)
        try:
            status = self.popen.wait(10 * SLOW)
        except subprocess.TimeoutExpired:
            self.kill(pids)
            raise AssertionError(
                f"does not end on SIGTERM:\n{self.err.text}") from None
        self.finish(pids)
        assert status == 0, f"exit status {status}:\n{self.err.text}"

    def finish(self, pids=()):
        """The supervisor is gone: everything else must be too."""
        self.ended = True
        if self.out:
            self.out.flowing.set()
        left = until(lambda: not self.leftovers(pids), 3 * SLOW)
        names = self.leftovers(pids)
        self.kill(pids)
        for lines in filter(None, (self.out, self.err)):
            lines.thread.join(3)
            lines.pipe.close()
        assert left, f"left behind: {names}"
        self.check_reports()

    def check_reports(self):
        text = self.err.text if self.err else ""
        assert not SANITIZER.search(text), text

    def kill(self, pids):
        self.popen.kill()
        self.popen.wait()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        self.ended = True

    def expect_end(self, seconds=10):
        """It ends by itself: its status."""
        status = self.popen.wait(seconds * SLOW)
        self.finish()
        return status
