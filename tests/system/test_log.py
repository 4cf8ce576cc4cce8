# SPDX-License-Identifier: GPL-2.0-or-later
"""The access log byte for byte, and readers that do not read."""

import subprocess

from daemon import BINARY, Process, arguments, environment
from dnsclient import question, rcode, until
from lab import CHAIN, ROUTER, UPSTREAM

ACL = """\
10.1.0.2 -> allowed.test:TCP:443
10.1.0.2 -> allowed.test:UDP:53
10.1.0.2 -> *.wild.test:TCP:443
10.1.0.2 ~> dns.test
10.1.0.2 ~> gone.test
10.1.0.2 -| bad.test
10.1.0.2 -| fixed.test = 192.0.2.1
fd00:1::2 -> allowed.test:TCP:443
"""

GOLDEN = b"""\
10.1.0.2 -> [1] Allowed.test.
10.1.0.2 <- [1] Allowed.test. [203.0.113.5]:TCP:443 TTL:20
10.1.0.2 <- [1] Allowed.test. [203.0.113.5]:UDP:53 TTL:20
10.1.0.2 ~> [2] dns.test.
10.1.0.2 <~ [2] \n\
10.1.0.2 |> [3] bad.test.
10.1.0.2 |> [4] fixed.test. = 192.0.2.1
10.1.0.2 |> [5] unknown.test.
10.1.0.2 ~> [6] gone.test.
10.1.0.2 <! [6] Upstream returned error \
(OPCODE StandardQuery, RCODE NameError)
10.1.0.2 !> [7] Unexpected OPCODE Notify (expected StandardQuery)
10.1.0.2 -> [8] a.wild.test.
10.1.0.2 <! [8] rebind: Answer had only guarded addresses
fd00:1::2 -> [9] allowed.test.
fd00:1::2 <- [9] allowed.test. [2001:db8:1::5]:TCP:443 TTL:20
10.66.0.2 |> [10] allowed.test.
"""


def test_golden(stage, up):
    up.add("allowed.test", "A", "203.0.113.5", ttl=20)
    up.add("allowed.test", "AAAA", "2001:db8:1::5", ttl=20)
    up.add("a.wild.test", "A", "192.168.1.1")
    d = stage.daemon(ACL)
    client, client6 = stage.client(), stage.client6()

    def say(who, number, name, kind="A"):
        before = d.out.raw.count(b"\n")
        who.ask(name, kind, id=number)
        assert until(lambda: d.out.raw.count(b"\n") > before)
    say(client, 1, "Allowed.test")
    assert until(lambda: d.out.raw.count(b"\n") == 3)
    say(client, 2, "dns.test")
    assert until(lambda: d.out.raw.count(b"\n") == 5)
    say(client, 3, "bad.test")
    say(client, 4, "fixed.test")
    say(client, 5, "unknown.test")
    say(client, 6, "gone.test")
    assert until(lambda: d.out.raw.count(b"\n") == 10)
    notify = question("dns.test", id=7)
    notify.set_opcode(4)
    client.raw(notify.to_wire())
    assert until(lambda: d.out.raw.count(b"\n") == 11)
    say(client, 8, "a.wild.test")
    assert until(lambda: d.out.raw.count(b"\n") == 13)
    say(client6, 9, "allowed.test", "AAAA")
    assert until(lambda: d.out.raw.count(b"\n") == 15)
    say(stage.stranger(), 10, "allowed.test")
    d.stop()
    assert d.out.raw == GOLDEN


def test_odd_names_are_one_printable_line(stage, up):
    d = stage.daemon("10.1.0.2 ~> nothing.test\n")
    client = stage.client()
    odd = [b"new\nline", b"re\rturn", b"esc\x1b[2J", b'quo"te', b"back\\slash",
           b"\x9b1m", "b\u00fc".encode(), b"=cmd", b"sp ace", b"nul\0nul"]
    for label in odd:
        message = question("x.test")
        message.question[0].name = type(message.question[0].name)(
            [label, b"test", b""])
        assert rcode(client.send(message)) == "REFUSED"
    assert until(lambda: len(d.out.lines()) == len(odd)), d.out.text
    for line in d.out.raw.split(b"\n")[:-1]:
        assert all(0x20 <= byte < 0x7f for byte in line), line
        assert line.startswith(b"10.1.0.2 |> [")
    assert rb"new\010line.test." in d.out.raw
    assert rb"\027" in d.out.raw and rb"\155" in d.out.raw


def test_longest_name_is_one_line(stage, up):
    d = stage.daemon("10.1.0.2 ~> nothing.test\n")
    label = rb"\001" * 60
    message = question("x.test")
    name = type(message.question[0].name)
    message.question[0].name = name([b"\1" * 63] * 3 + [b"\1" * 61, b""])
    assert rcode(stage.client().send(message)) == "REFUSED"
    assert until(lambda: d.out.raw.endswith(b".\n"))
    assert d.out.raw.count(b"\n") == 1 and label in d.out.raw


def test_stalled_reader_does_not_stall_dns(stage, up):
    """What cannot be written is counted and said."""
    d = stage.daemon(ACL)
    client = stage.client()
    d.out.flowing.clear()
    client.ask("dns.test")
    d.out.flowing.clear()
    for _ in range(12000):
        assert rcode(client.ask("fixed.test", timeout=1)) == "NOERROR"
    d.out.flowing.set()
    for _ in range(50):
        client.ask("fixed.test", timeout=1)
    assert until(lambda: d.err.has(r"\[WARN \].*(lost|dropped)"), 5), \
        d.err.text


def test_application_log_has_levels(stage, up):
    d = stage.daemon(ACL)
    for line in d.err.lines():
        assert line.startswith(("[INFO ] ", "[WARN ] ", "[ERROR] ")), line
    d.err.wait(r"^\[INFO \] Server started")


def test_stdout_can_be_a_file(stage, up, directory):
    path = directory / "log"
    (directory / "acl").write_text(ACL)
    with path.open("wb") as sink, stage.lab.router.entered():
        process = subprocess.Popen(
            [str(BINARY), *arguments({
                "acl_file": directory / "acl", "upstream": UPSTREAM,
                "bind": ROUTER, "bind_port": 53, "firewall": "iptables",
                "chain": CHAIN, "control": directory / "c"})],
            stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.PIPE,
            env=environment())
    try:
        for line in process.stderr:
            if b"Server started" in line:
                break
        stage.client().ask("bad.test", id=3)
        assert until(lambda: path.read_bytes()
                     == b"10.1.0.2 |> [3] bad.test.\n")
    finally:
        process.terminate()
        process.communicate(timeout=10)
    assert process.returncode == 0


def test_started_without_standard_descriptors(stage, up):
    """What is opened first must not become standard output or error."""
    closed = ("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh")
    d = stage.daemon(ACL, wait=False, prefix=closed)
    client = stage.client()

    def answered():
        got = client.raw(question("allowed.test").to_wire(), 0.3)
        return got and got[3] & 15 == 0
    assert until(answered, 10)
    recorder, = d.by_role("recorder")
    for process, least in ((recorder, 4), (d, 3)):
        held = Process(process.pid).descriptors()
        assert {held[n] for n in (0, 1, 2)} == {"/dev/null"}, held
        assert list(held.values()).count("/dev/null") >= least, held
