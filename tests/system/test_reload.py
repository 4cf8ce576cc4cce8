# SPDX-License-Identifier: GPL-2.0-or-later
"""Another policy at any moment: no question is lost, none is answered by
half of two, and a wrong one changes nothing.

DNSFW_RELOADS: how many reloads under load (make check-reload: 10000).
"""

import os
import random
import re
import select
import socket
import struct
import threading
import time

import pytest

from daemon import SLOW, Process, is_sanitized
from dnsclient import addresses, question, rcode, until
from machine_load import backlog_drops
from priority import put_first

RELOADS = int(os.environ.get("DNSFW_RELOADS", 300 / SLOW))
RATE = 400  # questions a second and client
# Of one client: a machine that is away for a moment drops none of them, since
# they find room in the queue of the socket.
OPEN = 50

# Each of the two answers a.test in a way of its own, and what the other one
# says of the name that it is an alias of would give a third answer. The
# ports of p.test have nothing in common.
FIRST = """\
10.1.0.0/24 -> a.test:TCP:443
10.1.0.0/24 -| c.test nxdomain
10.1.0.0/24 -> p.test:TCP:80,443
10.1.0.0/24 -> same.test:TCP:443
"""
SECOND = """\
# another line for every rule
10.1.0.0/24 -> same.test:TCP:443
10.1.0.0/24 -> p.test:TCP:22
10.1.0.0/24 -> p.test:UDP:53
10.1.0.0/24 -> c.test:TCP:443
10.1.0.0/24 -| a.test = 192.0.2.9
"""
PORTS = ({"TCP:80", "TCP:443"}, {"TCP:22", "UDP:53"})
REAL, OURS = socket.inet_aton("203.0.113.5"), socket.inet_aton("192.0.2.9")
P, SAME = "203.0.113.7", "203.0.113.8"
NOERROR, NXDOMAIN = 0, 3
LONGEST = 4.0


def is_right(name, answer):
    code, address = answer[3] & 15, answer[-4:]
    if name == "a.test":
        return code == NXDOMAIN or (code == NOERROR and address == OURS)
    if name == "p.test":
        return code == NOERROR and address == socket.inet_aton(P)
    return code == NOERROR and address == socket.inet_aton(SAME)


class Asker(threading.Thread):
    """Asks at a steady pace until it is told to stop; looks at every
    answer."""

    def __init__(self, client):
        super().__init__()
        self.socket = client.socket(socket.SOCK_DGRAM, 0)
        self.socket.connect((client.server, client.port))
        self.wires = {name: question(name).to_wire()[2:]
                      for name in ("a.test", "p.test", "same.test")}
        self.open, self.wrong, self.late = {}, [], []
        self.asked = self.refused = 0
        self.seen = set()
        self.stopping = False

    def ask(self):
        name = random.choice(list(self.wires))
        number = self.asked & 0xffff
        self.open[number] = (name, time.monotonic())
        self.asked += 1
        self.socket.send(struct.pack("!H", number) + self.wires[name])

    def hear(self):
        answer = self.socket.recv(4096)
        name, asked = self.open.pop(struct.unpack("!H", answer[:2])[0],
                                    (None, 0))
        if name and not is_right(name, answer):
            self.wrong.append((name, answer.hex()))
        if time.monotonic() - asked > LONGEST * SLOW and name:
            self.late.append(name)
        if name == "a.test":
            self.seen.add(answer[3] & 15)

    def run(self):
        start = time.monotonic()
        while not self.stopping or self.open:
            now = time.monotonic()
            due = start + self.asked / RATE
            may = not self.stopping and len(self.open) < OPEN
            if may and now >= due:
                self.ask()
                continue
            wait = max(0, min(due - now, 0.2)) if may else 0.2
            if select.select([self.socket], [], [], wait)[0]:
                self.hear()
            elif self.stopping and self.open and all(now - at > LONGEST * SLOW
                                       for _, at in self.open.values()):
                break
        self.socket.close()


class Control:
    """Reloads without a program of its own for each."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.files = []
        for number, text in enumerate((FIRST, SECOND)):
            path = daemon.acl.with_suffix(f".{number}")
            path.write_text(text)
            path.chmod(0o644)
            self.files.append(path)

    def reload(self, which):
        fresh = self.daemon.acl.with_suffix(".link")
        os.link(self.files[which], fresh)
        fresh.rename(self.daemon.acl)
        if fresh.exists():
            fresh.unlink()  # it was the same file already
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(30 * SLOW)
            s.connect(str(self.daemon.control))
            s.sendall(b"reload\n")
            got = b""
            while piece := s.recv(4096):
                got += piece
        assert got.startswith(b"ok\n"), got


def kernel_drops(lab):
    """What found no room on its way is nobody's fault here."""
    return lab.lan.dropped() + lab.router.dropped() + backlog_drops()


def memory(daemon):
    """What its processes have of their own, in KiB; not the tool that looks
    at the rules now and then."""
    roles = ("worker", "warden", "recorder", "control")
    ours = [Process(daemon.pid), *(p for role in roles
                                   for p in daemon.by_role(role))]
    return sum(int(p.status()["RssAnon"].split()[0]) for p in ours)


def mixed_grants(text):
    """Answers whose grants are of both policies."""
    line = re.compile(r"^(\S+) <- \[(\d+)\] p\.test\. \[\S+\]:(\S+) ", re.M)
    last, found = {}, []
    for client, number, port in line.findall(text):
        at, ports = last.get(client, (None, set()))
        ports = ports | {port} if at == number else {port}
        last[client] = (number, ports)
        if ports & PORTS[0] and ports & PORTS[1]:
            found.append((client, number, ports))
    return found


@pytest.mark.slow
def test_reloads_under_load(stage):
    up = stage.upstream()
    up.add("a.test", "CNAME", "c.test.", ttl=300)
    up.add("c.test", "A", "203.0.113.5", ttl=300)
    up.add("p.test", "A", P, ttl=300)
    up.add("same.test", "A", SAME, ttl=300)
    d = stage.daemon(FIRST, cut_flows=True)
    put_first(*d.by_role("warden"))
    control = Control(d)
    askers = [Asker(stage.client(number)) for number in (2, 3, 4)]
    for asker in askers:
        asker.start()
    settled, kernel = None, kernel_drops(stage.lab)
    for number in range(1, RELOADS + 1):
        control.reload(number % 2)
        if number == RELOADS // 2:
            settled = memory(d)
    end = memory(d)
    for asker in askers:
        asker.stopping = True
    for asker in askers:
        asker.join(30 * SLOW)
    asked = sum(a.asked for a in askers)
    print(f"{RELOADS} reloads, {asked} questions, {settled} then {end} KiB")
    kernel = kernel_drops(stage.lab) - kernel
    assert sum(len(a.open) for a in askers) <= kernel, \
        (kernel, [a.open for a in askers], d.ctl("stats"))
    for asker in askers:
        assert not asker.wrong, asker.wrong[:5]
        assert not asker.late
        assert asker.seen == {NOERROR, NXDOMAIN}
    assert not mixed_grants(d.out.text)
    # In half of them every page was met that is ever used; sanitizers keep
    # what is freed.
    assert is_sanitized() or end <= settled * 1.01 + 256, (settled, end)
    assert f"reloads done={RELOADS} refused=0" in d.ctl("status")
    # What both policies give was never touched.
    assert until(lambda: any(key[3] == SAME for key in stage.lab.grants()))
    assert not re.search(r"^\[ERROR\]", d.err.text, re.M), d.err.text[-2000:]


def test_what_both_give_is_never_interrupted(stage):
    """The entry is there at every moment, whichever line gives it."""
    up = stage.upstream()
    up.add("same.test", "A", SAME, ttl=300)
    d = stage.daemon(FIRST)
    control = Control(d)
    assert addresses(stage.client().ask("same.test"))
    before = d.ctl("status")
    for number in range(1, 41):
        control.reload(number % 2)
        assert {key[3] for key in stage.lab.grants()} == {SAME}
    counter = re.compile(r"^warden_(granted|refreshed|revoked) \d+$", re.M)
    assert counter.findall(before)
    after = d.ctl("status")
    assert [m[0] for m in counter.finditer(before)] == \
        [m[0] for m in counter.finditer(after)]


# --- files that are wrong --------------------------------------------------

GOOD = """\
# clients of the office
group office = 10.1.0.0/24, fd00:1::/64
@office -> allowed.test:TCP:443
10.1.0.2 -> *.wild.test:TCP:80,443
10.1.0.0/16 ~> dns.test
10.1.0.0/16 -| bad.test = 192.0.2.1
10.1.0.3 -> n.test:UDP:8000-8010
"""
RULES = [i for i, line in enumerate(GOOD.splitlines())
         if not line.startswith(("#", "group"))]


def swap(old, new):
    return lambda line: line.replace(old, new, 1) if old in line else None


# What each does to a line makes it wrong; None: it has no such part.
WRONG = {
    "arrow": lambda line: re.sub(r"->|~>|-\|", "=>", line, count=1),
    "no arrow": lambda line: re.sub(r" (->|~>|-\|) ", " ", line, count=1),
    "two arrows": lambda line: re.sub(r"(->|~>|-\|)", r"\1 \1", line, count=1),
    "no client": lambda line: line.split(" ", 1)[1],
    "no domain": lambda line: re.match(r"\S+ (->|~>|-\|)", line)[0],
    "client": lambda line: "10.1.0.300" + line[line.index(" "):],
    "net": lambda line: "10.1.0.0/33" + line[line.index(" "):],
    "net6": lambda line: "fd00::/129" + line[line.index(" "):],
    "group": lambda line: "@nobody" + line[line.index(" "):],
    "interface": lambda line: "10.1.0.0/24%" + line[line.index(" "):],
    "empty label": lambda line: line.replace(".test", "..test", 1),
    "long label": lambda line: line.replace(".test", "." + "x" * 64, 1),
    "long name": lambda line: line.replace(".test", ".abcdefg" * 32, 1),
    "star inside": lambda line: line.replace(".test", ".*.test", 1),
    "escape": lambda line: line.replace(".test", ".\\999test", 1),
    "port 0": lambda line: re.sub(r":(\d+)", ":0", line)
    if re.search(r":(TCP|UDP):", line) else None,
    "port 65536": lambda line: re.sub(r"P:\d+", "P:65536", line)
    if re.search(r":(TCP|UDP):", line) else None,
    "port word": lambda line: re.sub(r"P:\d+", "P:https", line)
    if re.search(r":(TCP|UDP):", line) else None,
    "no port": lambda line: re.sub(r"P:.*", "P:", line)
    if re.search(r":(TCP|UDP):", line) else None,
    "protocol": lambda line: re.sub(r":(TCP|UDP):", ":TCPP:", line)
    if re.search(r":(TCP|UDP):", line) else None,
    "no protocol": lambda line: re.sub(r":(TCP|UDP):.*", "", line)
    if re.search(r":(TCP|UDP):", line) else None,
    "range": lambda line: re.sub(r"P:.*", "P:9-8", line)
    if re.search(r":(TCP|UDP):", line) else None,
    "wide range": lambda line: re.sub(r"P:.*", "P:1-1000", line)
    if re.search(r":(TCP|UDP):", line) else None,
    "answer": swap("192.0.2.1", "192.0.2.256"),
    "answer word": swap("= 192.0.2.1", "nowhere"),
    "port at dns": swap("dns.test", "dns.test:TCP:53"),
    "tail": lambda line: line + " and more",
    "nul": lambda line: line[:8] + "\0" + line[8:],
    "escape char": lambda line: line[:5] + "\x1b[2J" + line[5:],
    "latin": lambda line: line.replace("test", "t\udce4st", 1),
    "bom inside": lambda line: "\ufeff" + line,
    "half": lambda line: re.match(r"\S+ [-~]", line)[0],
    "slash": lambda line: "10.1.0.0/" + line[line.index(" "):],
    "short address": lambda line: "10.1.0" + line[line.index(" "):],
    "two clients": lambda line: "10.1.0.2,10.1.0.3" + line[line.index(" "):],
    "name as client": lambda line: "pc.test" + line[line.index(" "):],
    "two domains": lambda line: line.replace(".test", ".test,b.test", 1),
    "dots": lambda line: line.replace(".test", ".test..", 1),
    "quote": lambda line: line.replace(".test", ".te\"st", 1),
    "bar": lambda line: line.replace(".test", ".te|st", 1),
    "blank": lambda line: line.replace(".test", " .test", 1),
    "colon": lambda line: line.replace(".test", ".test::", 1),
    "arrow backwards": lambda line: re.sub(r"->|~>|-\|", "<-", line, count=1),
    "long": lambda line: line + " " * 10 + "x" * 100000,
    "twice": lambda line: line + "\n" + re.sub(r"(->|~>).*", lambda m:
             "-| " + re.sub(r":(TCP|UDP):.*", "", m[0][3:]), line)
    if "-|" not in line else None,
}


def mutations():
    """(what, text, number of the line that is wrong)"""
    lines = GOOD.splitlines()
    for at in RULES:
        for what, change in WRONG.items():
            worse = change(lines[at])
            if worse is None or worse == lines[at]:
                continue
            text = "\n".join(lines[:at] + [worse] + lines[at + 1:]) + "\n"
            yield what, text, (at + 1, at + 1 + worse.count("\n"))
    for what, text, at in (
            ("group itself", GOOD.replace("fd00:1::/64", "@office"), 2),
            ("group twice", GOOD.replace("10.1.0.2", "group office = any", 1),
             4),
            ("group empty", GOOD.replace("= 10.1.0.0/24, fd00:1::/64", "="),
             2),
            ("include", GOOD + 'include "/nowhere/at/all"\n', 8),
            ("include open", GOOD + 'include "/etc/hosts\n', 8),
            ("word", GOOD + "wrong\n", 8),
            ("html", "<html>\n" + GOOD, 1)):
        yield what, text, (at, at)


def test_there_are_enough_mutations():
    made = list(mutations())
    assert len(made) >= 200 and len({text for _, text, _ in made}) == len(made)


def garbage():
    """Files that no editor would write."""
    chance = random.Random(7)
    for number in range(60):
        data = bytearray(GOOD.encode())
        for _ in range(1 + number % 8):
            data[chance.randrange(len(data))] = chance.choice(
                b"\0\x01\x7f\xff\xc3@%=|>")
        yield bytes(data)


def test_a_wrong_file_changes_nothing(stage, up):
    d = stage.daemon(GOOD)
    client = stage.client()
    assert addresses(client.ask("allowed.test"))
    before, tried = stage.lab.entries(), 0
    for what, text, (first, last) in mutations():
        d.write_acl(text.encode("utf-8", "surrogateescape"))
        status, out, err = d.ctl("reload", check=False)
        assert status == 1 and not out, (what, text, out, err)
        assert "generation 1 stays in force" in err, (what, err)
        said = {int(n) for n in re.findall(r"acl:(\d+):\d+: error", err)}
        assert said & {first, last}, (what, first, err)
        assert all(c == "\n" or " " <= c <= "~" for c in err), err
        tried += 1
    assert tried >= 200
    assert stage.lab.entries().keys() == before.keys()
    assert rcode(client.ask("allowed.test")) == "NOERROR"
    assert rcode(client.ask("other.test")) == "REFUSED"
    assert f"reloads done=0 refused={tried}" in d.ctl("status")
    d.reload(GOOD)


def test_a_broken_file_is_wrong_or_right_as_a_whole(stage, up):
    """Random bytes: what is refused changes nothing, and what is taken is
    what `check` says of it."""
    d = stage.daemon(GOOD)
    generation = 1
    for data in garbage():
        d.write_acl(data)
        checked = d.ctl("check", str(d.acl), check=False)
        status, _, err = d.ctl("reload", check=False)
        assert (status == 0) == (checked[0] == 0), (data, err, checked)
        generation += status == 0
        if status:
            assert re.search(r"acl:\d+:\d+: error", err), err
            assert f"generation {generation} stays" in err
    assert generation < 50
    d.reload(GOOD)
    assert rcode(stage.client().ask("allowed.test")) == "NOERROR"


@pytest.mark.parametrize("how", ["gone", "empty directory", "fifo", "unread",
                                 "open to all", "loop"])
def test_a_file_that_cannot_be_read_changes_nothing(stage, up, how):
    d = stage.daemon(GOOD)
    d.acl.unlink()
    if how == "fifo":
        os.mkfifo(d.acl)
    elif how == "open to all":
        d.acl.write_text("10.1.0.0/16 ~> *\n")
        d.acl.chmod(0o666)
    elif how == "loop":
        d.acl.symlink_to(d.acl)
    elif how == "unread":
        d.acl.symlink_to("/dev/full")
    elif how == "empty directory":
        d.acl.mkdir(0o777)
        d.acl.chmod(0o777)
    status, _, err = d.ctl("reload", check=False)
    assert status == 1 and "acl" in err
    assert rcode(stage.client().ask("allowed.test")) == "NOERROR"
    assert rcode(stage.client().ask("other.test")) == "REFUSED"
