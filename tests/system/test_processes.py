# SPDX-License-Identifier: GPL-2.0-or-later
"""What each process may do, as the kernel shows it, and what happens when
one dies."""

import contextlib
import os
import pwd
import re
import signal
import socket
import threading
from pathlib import Path

import pytest

from conftest import both_flavours
from daemon import Daemon, is_built_with
from dnsclient import OPEN, addresses, question, rcode, until

RULE = "10.1.0.0/24 -> allowed.test:TCP:443\n10.1.0.0/24 ~> *\n"
CAP_NET_ADMIN = 1 << 12
ROLES = ["worker 0", "worker 1", "warden", "recorder", "control"]
NOBODY = 64999
CAPS = "net_admin,net_raw,net_bind_service"


def children_uid():
    try:
        return pwd.getpwnam("dns-firewall").pw_uid
    except KeyError:
        return 65534


def by_role(d, role):
    found = d.by_role(role)
    assert len(found) == 1, (role, [p.title for p in d.children()])
    return found[0]


def capabilities(status):
    return {name: int(status[name], 16)
            for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}


def check_power(process, uid, bounding=0):
    status = process.status()
    caps = capabilities(status)
    kept = CAP_NET_ADMIN if process.role.startswith("warden") else 0
    assert caps["CapEff"] == caps["CapPrm"] == kept, process.title
    assert caps["CapInh"] == caps["CapAmb"] == 0, process.title
    assert caps["CapBnd"] & ~bounding == 0, process.title
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == (
        "2" if is_built_with("SECCOMP") else "0")
    assert set(status["Uid"].split()) == {str(uid)}
    assert status["Groups"].split() in ([], [str(uid)])
    # its files in /proc belong to root where a process is not dumpable
    assert (process.path / "mem").stat().st_uid == 0, f"{process.title} is dumpable"
    limits = (process.path / "limits").read_text()
    assert re.search(r"Max core file size\s+0\s+0", limits)


def test_power_when_started_as_root(stage, up):
    d = stage.daemon(RULE)
    assert until(lambda: len(d.children()) == len(ROLES))
    for role in ROLES:
        check_power(by_role(d, role), children_uid())


def test_user_can_be_chosen(stage, up):
    d = stage.daemon(RULE, user=NOBODY)
    for role in ROLES:
        check_power(by_role(d, role), NOBODY)


def as_user(uid=NOBODY):
    caps = ",".join("+" + c for c in CAPS.split(","))
    return ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups",
            f"--inh-caps={caps}", f"--ambient-caps={caps}", "--")


@both_flavours
def test_started_as_a_plain_user(stage, up):
    """With ambient capabilities, as the unit file gives them."""
    os.chown(stage.directory, NOBODY, NOBODY)
    lock = ("unshare", "-m", "sh", "-c",
            "mount -t tmpfs none /run && : >/run/xtables.lock && "
            "chmod 666 /run/xtables.lock && exec \"$@\"", "sh", *as_user())
    stage.daemon(RULE, prefix=lock)
    d = stage.daemons[0]
    full = (1 << 64) - 1
    for role in ROLES:
        check_power(by_role(d, role), NOBODY, bounding=full)
    client = stage.client()
    assert addresses(client.ask("allowed.test")) == ["203.0.113.5"]
    assert client.connect("203.0.113.5") == OPEN


def inodes(process, table):
    """Socket inodes of a table of the process's namespace."""
    lines = (process.path / "net" / table).read_text().splitlines()[1:]
    return {words[-1] if table == "netlink" else words[9]: words
            for words in map(str.split, lines) if len(words) > 9}


def sockets(process):
    return {re.fullmatch(r"socket:\[(\d+)\]", target)[1]
            for target in process.descriptors().values()
            if target.startswith("socket:")}


INTERNET = ("udp", "udp6", "tcp", "tcp6", "raw", "raw6")


def kinds(process):
    """Which sockets a process holds: "inet", "netlink N", "unix"."""
    held, found = sockets(process), set()
    for table in INTERNET:
        if held & set(inodes(process, table)):
            found.add("inet")
    netlink = inodes(process, "netlink")
    found |= {"netlink " + netlink[i][1] for i in held & set(netlink)}
    return found


def test_descriptors(stage, up):
    d = stage.daemon(RULE)
    stage.client().ask("allowed.test")
    for role in ROLES:
        process = by_role(d, role)
        for target in process.descriptors().values():
            assert re.match(r"socket:|anon_inode:|/memfd:|pipe:|/dev/null$",
                            target), (role, target)
    assert kinds(by_role(d, "worker 0")) == {"inet"}
    assert kinds(by_role(d, "warden")) == {"netlink 12"}
    assert kinds(by_role(d, "recorder")) == set()
    assert kinds(by_role(d, "control")) == set()


def test_no_descriptor_leaks(stage, up):
    d = stage.daemon(RULE)
    client = stage.client()
    up.script["tcp.test"] = lambda q: q.send(
        q.answer(set_flags=0 if q.stream else 0x0200))
    client.ask("allowed.test")
    client.ask("tcp.test")

    def count():
        return {p.role: len(p.descriptors()) for p in d.crew()}
    before = count()
    for number in range(300):
        client.ask("allowed.test", tcp=number % 3 == 0)
        client.ask("tcp.test")
        with contextlib.suppress(OSError), client.stream(1) as s:
            s.sendall(b"\0")
    d.reload()
    assert until(lambda: count() == before), (before, count())


def successors(d, old, role):
    return [p for p in d.by_role(role) if p.pid != old.pid]


@pytest.mark.parametrize("role", ROLES)
def test_child_that_dies_is_restarted(stage, up, role):
    d = stage.daemon(RULE, workers=2)
    client = stage.client()
    client.ask("allowed.test")
    old = by_role(d, role)
    others = {p.pid for p in d.children()} - {old.pid}
    os.kill(old.pid, signal.SIGKILL)
    assert until(lambda: successors(d, old, role), 3)

    def served():
        got = client.raw(question("allowed.test").to_wire(), 0.5)
        return got and got[3] & 15 == 0
    assert until(served, 3), d.err.text
    for number in range(3, 9):
        other = stage.client(number)
        assert until(lambda o=other: rcode(o.ask("allowed.test"))
                     == "NOERROR", 3)
        assert other.connect("203.0.113.5") == OPEN
    assert others <= {p.pid for p in d.children()}
    assert until(lambda: "state ok" in d.ctl("status", check=False)[1], 3)
    check_power(by_role(d, role), children_uid())
    d.err.wait(role.split()[0])


def test_grants_survive_every_death(stage, up):
    up.add("allowed.test", "A", "203.0.113.5", ttl=3000)
    d = stage.daemon(RULE)
    client = stage.client()
    client.ask("allowed.test")
    for role in ROLES:
        old = by_role(d, role)
        os.kill(old.pid, signal.SIGKILL)
        assert client.connect("203.0.113.5") == OPEN
        assert until(lambda r=role, o=old: successors(d, o, r), 3)
    key = ("10.1.0.2", "tcp", 443, "203.0.113.5")
    assert stage.lab.entries()[key] > 2900


def test_death_of_the_supervisor_ends_all(stage, up):
    d = stage.daemon(RULE)
    pids = [p.pid for p in d.crew()]
    assert len(pids) == len(ROLES) + 1
    os.kill(d.pid, signal.SIGKILL)
    d.popen.wait()
    assert until(lambda: not d.leftovers(pids), 1)
    d.finish(pids)


def test_children_that_cannot_look_die_with_the_supervisor(stage, up):
    """Not by their own doing: the kernel kills them."""
    d = stage.daemon(RULE)
    pids = [p.pid for p in d.crew()]
    for pid in pids[1:]:
        os.kill(pid, signal.SIGSTOP)
    os.kill(d.pid, signal.SIGKILL)
    d.popen.wait()
    assert until(lambda: not d.leftovers(pids), 1), d.leftovers(pids)
    d.finish(pids)


def test_sigterm_ends_all_and_keeps_the_grants(stage, up):
    d = stage.daemon(RULE)
    client = stage.client()
    client.ask("allowed.test")
    d.stop()
    assert client.connect("203.0.113.5") == OPEN
    assert stage.lab.router.processes() == []


def test_sigterm_answers_what_is_under_way(stage, up):
    up.delay = 0.5
    d = stage.daemon(RULE)
    client = stage.client()
    with client.socket(socket.SOCK_DGRAM, 3) as s:
        s.connect((client.server, 53))
        s.send(question("allowed.test").to_wire())
        assert until(lambda: up.count("allowed.test") == 1)
        ending = threading.Thread(target=d.stop)
        ending.start()
        assert s.recv(4096)[3] & 15 == 0
        ending.join()


@pytest.mark.plain
def test_children_die_alone_rather_than_be_traced(stage, up):
    """Nobody but root can look into a child."""
    d = stage.daemon(RULE)
    for role in ROLES:
        process = by_role(d, role)
        pid = os.fork()
        if pid == 0:
            os.setgid(children_uid())
            os.setuid(children_uid())
            try:
                (process.path / "mem").open("rb").close()
            except PermissionError:
                os._exit(0)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_second_instance_is_refused(stage, up):
    first = stage.daemon(RULE)
    directory = stage.directory / "second"
    directory.mkdir()
    with pytest.raises(AssertionError, match="did not start") as why:
        Daemon(stage.lab, directory, RULE)
    assert "10.1.0.1" in str(why.value)
    assert addresses(stage.client().ask("allowed.test"))
    assert first.running()


def test_a_client_stays_with_its_worker(stage, up):
    """What one client was granted is remembered where it is needed."""
    d = stage.daemon(RULE, workers=4)
    for number in range(2, 10):
        client = stage.client(number)
        for turn in range(8):
            client.ask("allowed.test", tcp=turn % 2 == 1)

    def letters():
        status = d.ctl("status")
        return int(re.search(r"^grant_letters (\d+)$", status, re.M)[1])
    assert until(lambda: letters() == 8), letters()


def test_a_terminals_signal_ends_no_child(stage, up):
    """Control-C goes to the whole group; what is on its way is answered, and
    nobody but the supervisor ends the others."""
    up.add("slow.test", "A", "203.0.113.5")
    d = stage.daemon("10.1.0.0/24 -> *.test:TCP:443\n")
    pids = {p.pid for p in d.children()}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        for pid in pids:
            os.kill(pid, number)
    assert rcode(stage.client().ask("slow.test")) == "NOERROR"
    assert {p.pid for p in d.children()} == pids


def test_few_descriptors_are_enough(stage, up):
    """As many as a container may give: fewer than there may be workers."""
    up.add("allowed.test", "A", "203.0.113.5")
    d = stage.daemon(RULE, prefix=("prlimit", "--nofile=64:64"))
    client = stage.client()
    for _ in range(3):
        assert rcode(client.ask("allowed.test")) == "NOERROR"
    assert {p.role for p in d.children()} == set(ROLES)


def test_children_inherit_no_environment(stage, up):
    """What the owner's shell or service manager holds is not theirs."""
    d = stage.daemon("10.1.0.2 ~> dns.test\n",
                     env={"DEPLOY_TOKEN": "not-for-children"})
    for child in d.children():
        held = Path(f"/proc/{child.pid}/environ").read_bytes()
        assert b"not-for-children" not in held, child.role
        line = Path(f"/proc/{child.pid}/cmdline").read_bytes()
        assert b"not-for-children" not in line
