# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian package of this tree, and machines to install it on: a Debian 12
whose systemd is its own, with the router's place in a lab.

What is built for them is kept below the build directory. A machine is a
container that sees the root read-only below a tmpfs, so that each is new.
"""

import contextlib
import fcntl
import functools
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

import lab as lab_
from daemon import BUILD, SLOW, is_sanitized
from dnsclient import until

HOME = BUILD / "tests" / "debian"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
               "DEBIAN_FRONTEND": "noninteractive"}
POWER_OFF = signal.SIGRTMIN + 4  # of systemd(1)


def need(*tools):
    for tool in tools:
        if not shutil.which(tool, path=ENVIRONMENT["PATH"]):
            pytest.skip(f"there is no {tool}")


def run(*command, **options):
    """(status, output)"""
    done = subprocess.run([str(word) for word in command], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **options)
    return done.returncode, done.stdout


@contextlib.contextmanager
def alone():
    """No other process builds here meanwhile."""
    HOME.mkdir(parents=True, exist_ok=True)
    with open(HOME / "lock", "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@functools.cache
def package():
    """The .deb, built once a run. The tests of a package's build are left
    out: they have been run, or are being."""
    if is_sanitized():
        pytest.skip("the package is built without sanitizers")
    need("make", "dh", "dpkg-buildpackage")
    env = {key: value for key, value in os.environ.items()
           if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    env["DEB_BUILD_OPTIONS"] = f"nocheck parallel={os.cpu_count()}"
    with alone():
        status, said = run("make", "-C", BUILD, "deb", env=env)
    assert status == 0, said[-4000:]
    found, = (BUILD / "deb").glob("dns-firewall_*.deb")
    return found


def depends(deb):
    """Names of what it needs, each the first choice."""
    _, text = run("dpkg-deb", "-f", deb, "Depends")
    return {re.match(r"[^ (|]+", one.strip())[0] for one in text.split(",")}


@functools.cache
def root():
    """A Debian 12 with all that the package needs, and not the package."""
    need("mmdebstrap", "systemd-nspawn", "nsenter")
    wanted = ",".join(sorted(depends(package())
                             | {"systemd", "iptables", "ipset",
                                "libnss-systemd"}))
    path = HOME / ("root-" + hashlib.sha256(wanted.encode()).hexdigest()[:8])
    with alone():
        if not path.exists():
            fetch(path, wanted)
    status, said = run("systemd-nspawn", "-q", "--register=no", "--keep-unit",
                       "-D", path, "--volatile=overlay", "--private-network",
                       "--pipe", "/bin/true", stdin=subprocess.DEVNULL)
    if status:
        pytest.skip(f"systemd-nspawn cannot be used here: {said.strip()}")
    return path


def fetch(path, wanted):
    fresh = path.with_suffix(".new")
    for old in HOME.glob("root-*"):
        shutil.rmtree(old, ignore_errors=True)
    status, said = run("mmdebstrap", "--quiet", "--variant=essential",
                       "--include=" + wanted, "bookworm", fresh)
    if status:
        pytest.skip("no Debian root could be made: "
                    + " ".join(said.split()[-30:]))
    fresh.rename(path)


class Machine:
    """Booted, with a lab around it."""

    def __init__(self, flavour="nft"):
        self.log = tempfile.TemporaryFile("w+")
        self.popen = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "systemd-nspawn", "-q",
             "--register=no", "--keep-unit", "-D", str(root()),
             "--volatile=overlay", "--private-network", "--console=passive",
             "-b"], stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=subprocess.STDOUT)
        self.lab = self.pid = None
        try:
            self.pid = until(self.first, 30 * SLOW)
            assert self.pid and until(self.is_up, 60 * SLOW), self.console()
            self.lab = lab_.Lab(flavour, self.pid)
        except BaseException:
            self.end()
            raise

    def console(self):
        self.log.seek(0)
        return self.log.read()

    def first(self):
        """Its process 1, as we see it."""
        for child in offspring(self.popen.pid):
            with contextlib.suppress(OSError), \
                    open(f"/proc/{child}/status", encoding="ascii") as file:
                if re.search(r"^NSpid:.*\t1$", file.read(), re.M):
                    return child
        return None

    def is_up(self):
        _, said = self.try_run("systemctl", "is-system-running", "--wait")
        return said.strip() in ("running", "degraded")

    def try_run(self, *command, stdin=""):
        """(status, output) of a command inside."""
        return run("nsenter", "-t", self.pid, "-m", "-u", "-i", "-n", "-p",
                   *command, env=ENVIRONMENT, input=stdin)

    def run(self, *command, stdin=""):
        status, said = self.try_run(*command, stdin=stdin)
        assert status == 0, (command, status, said)
        return said

    def write(self, path, text):
        self.run("mkdir", "-p", os.path.dirname(path))
        self.run("tee", path, stdin=text)

    def read(self, path):
        return self.run("cat", path)

    def exists(self, path):
        return self.try_run("test", "-e", path)[0] == 0

    def install(self, deb):
        """By dpkg alone, every question answered by its default."""
        name = f"/var/tmp/{Path(deb).name}"
        with open(deb, "rb") as source, \
                open(f"/proc/{self.pid}/root{name}", "wb") as target:
            shutil.copyfileobj(source, target)
        return self.run("dpkg", "-i", name, stdin="\n" * 8)

    def titles(self):
        """Command lines of its processes."""
        found = []
        for pid in offspring(self.pid):
            with contextlib.suppress(OSError):
                raw = Path(f"/proc/{pid}/cmdline").read_bytes()
                found.append(raw.decode(errors="replace").replace("\0", " "))
        return found

    # --- the service ----------------------------------------------------

    def service(self, *words):
        status, said = self.try_run("systemctl", *words, "dns-firewall")
        assert status == 0, (words, said, self.try_run(
            "journalctl", "--no-pager", "-n", "50")[1])
        return said

    def show(self, name):
        return self.service("show", "-P", name).strip()

    def journal(self, *words):
        return self.run("journalctl", "--no-pager", "-q", "-o", "cat", "-u",
                        "dns-firewall", *words)

    def journal_says(self, pattern, seconds=10.0):
        found = until(lambda: re.search(pattern, self.journal(), re.M),
                      seconds * SLOW, 0.1)
        assert found, f"{pattern!r} is not in the journal:\n{self.journal()}"
        return found

    def end(self):
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, POWER_OFF)
        try:
            self.popen.wait(15 * SLOW)
        except subprocess.TimeoutExpired:
            self.popen.terminate()
            self.popen.wait()
        self.log.close()
        if self.lab:
            self.lab.remove()


def offspring(pid):
    """Children of a process, and theirs."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError), \
                open(f"/proc/{parent}/task/{parent}/children",
                     encoding="ascii") as file:
            found += [int(word) for word in file.read().split()]
    return found[1:]
