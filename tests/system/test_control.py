# SPDX-License-Identifier: GPL-2.0-or-later
"""dns-firewallctl and its socket."""

import os
import re
import socket
import stat
import time

import pytest

from daemon import CTL, once, run_tool
from dnsclient import addresses, rcode, until
from lab import ROUTER, UPSTREAM

ACL = ("10.1.0.2 -> allowed.test:TCP:443\n"
       "10.1.0.0/24 -| *.ads.test\n"
       "10.1.0.0/16 ~> *\n"
       "10.1.0.0/16 -> allowed.test:TCP:22\n"
       "127.0.0.1 -> allowed.test:TCP:443\n")


def value(status, key):
    return int(re.search(rf"^{key} (\d+)$", status, re.M)[1])


def test_status(stage, up):
    d = stage.daemon(ACL)
    client = stage.client()
    client.ask("allowed.test")
    client.ask("x.ads.test")
    client.ask("dns.test")

    def counted():
        text = d.ctl("status")
        return text if value(text, "answers") == 3 else None
    text = until(counted)
    assert text, d.ctl("status")
    assert "version 2.0.0" in text
    assert re.search("^state ok$", text, re.M), text
    assert value(text, "queries_udp") == 3
    assert value(text, "blocked") == 1
    assert value(text, "grants_live") == 2
    for role in ("worker 0", "worker 1", "warden", "recorder", "control"):
        assert f"child {role}" in text


def test_status_never_reports_health_it_does_not_have(stage, up):
    d = stage.daemon(ACL)
    with stage.lab.without_chain(4, 6):
        assert until(lambda: "state degraded" in d.ctl("status"), 1.5), \
            d.ctl("status")
        assert "missing" in d.ctl("status") or "gone" in d.ctl("status")
    assert until(lambda: "state ok" in d.ctl("status"), 6), d.ctl("status")


def test_grants(stage, up):
    d = stage.daemon(ACL)
    stage.client(2).ask("allowed.test")
    stage.client(3).ask("allowed.test")
    assert until(lambda: len(d.ctl("grants").splitlines()) == 3)
    mine = d.ctl("grants", "10.1.0.2").splitlines()
    assert len(mine) == 2
    assert any(re.fullmatch(r"10\.1\.0\.2 203\.0\.113\.5 TCP:443 "
                            r"3\d\ds acl:1 allowed\.test\.", line)
               for line in mine), mine
    assert len(d.ctl("grants", "10.1.0.0/24").splitlines()) == 3
    assert d.ctl("grants", "10.1.0.9") == ""
    status, _, err = d.ctl("grants", "nonsense", check=False)
    assert status != 0 and "nonsense" in err


def test_explain(stage, up):
    d = stage.daemon(ACL)
    text = d.ctl("explain", "10.1.0.2", "allowed.test")
    assert re.search(r"acl:1: 10\.1\.0\.2(/32)? -> allowed\.test:TCP:443 "
                     r"# decides", text), text
    assert re.search(r"acl:4:.* # adds", text), text
    text = d.ctl("explain", "10.1.0.2", "X.ads.test.", "A")
    assert "verdict blocked" in text
    assert re.search(r"acl:2:.*# decides", text)
    assert re.search(r"acl:3:.*# shadowed by \S*acl:2", text), text
    assert "verdict stranger" in d.ctl("explain", "10.66.0.2", "a.test")
    assert up.count() == 0
    for wrong in (("nonsense", "a.test"), ("10.1.0.2", "a..b"),
                  ("10.1.0.2", "a.test", "NOTYPE")):
        status, _, err = d.ctl("explain", *wrong, check=False)
        assert status != 0 and err


def test_query_asks_the_running_proxy(stage, up):
    d = stage.daemon(ACL, bind=["127.0.0.1", ROUTER])
    out = d.ctl("query", "allowed.test")
    assert "203.0.113.5" in out and "NOERROR" in out
    assert "REFUSED" in d.ctl("query", "other.test", "AAAA", check=False)[1]


def test_reload_says_what_is_wrong(stage, up):
    d = stage.daemon(ACL)
    d.write_acl("10.1.0.2 -> a.test:TCP:99999\n")
    status, out, err = d.ctl("reload", check=False)
    assert status != 0 and "acl:1:" in out + err
    assert value(d.ctl("status").replace("reloads done=0 refused=",
                                         "refused "), "refused") == 1


def test_reload_is_over_when_it_says_so(stage, up):
    """The very next query of every client is judged by the new policy, and
    what the new policy does not give is revoked."""
    up.add("allowed.test", "A", "203.0.113.5")
    allow = "10.1.0.0/24 -> allowed.test:TCP:443\n"
    block = "10.1.0.0/24 -| allowed.test\n"
    d = stage.daemon(allow, workers=4)
    clients = [stage.client(2), stage.client(3)]
    for turn in range(20):
        d.write_acl(block if turn % 2 == 0 else allow)
        d.ctl("reload")
        want = "REFUSED" if turn % 2 == 0 else "NOERROR"
        for client in clients:
            assert rcode(client.ask("allowed.test")) == want
        assert bool(stage.lab.grants()) == (want == "NOERROR")


def test_socket_is_for_its_owner(stage, up):
    d = stage.daemon(ACL)
    mode = os.stat(d.control).st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) & 0o007 == 0


def test_dead_socket_is_replaced(stage, up):
    s = socket.socket(socket.AF_UNIX)
    s.bind(str(stage.directory / "control"))
    s.close()
    d = stage.daemon(ACL)
    assert "state ok" in d.ctl("status")


def test_missing_directory_is_made(stage, up):
    path = stage.directory / "new" / "control"
    d = stage.daemon(ACL, control=path)
    d.control = path
    assert "state" in d.ctl("status")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750


def test_explicit_control_in_use_is_fatal(stage, up):
    first = stage.daemon(ACL)
    directory = stage.directory / "b"
    directory.mkdir()
    status, _, err = once(
        "--acl-file", first.acl, "--upstream", UPSTREAM, "--firewall",
        "none", "--bind", "172.30.0.1", "--control", first.control,
        lab=stage.lab)
    assert status == 1 and str(first.control) in err
    assert "state ok" in first.ctl("status")


@pytest.fixture
def private_run():
    """/run of its own for what is started with this prefix."""
    return ("unshare", "-m", "sh", "-c",
            "mount -t tmpfs none /run && exec \"$@\"", "sh")


def test_default_control_is_made(stage, up, private_run):
    d = stage.daemon(ACL, control=None, prefix=private_run)
    path = f"/proc/{d.pid}/root/run/dns-firewall/control"
    assert stat.S_ISSOCK(os.stat(path).st_mode)


def test_default_control_that_fails_is_not_fatal(stage, up):
    prefix = ("unshare", "-m", "sh", "-c",
              "mount -t tmpfs none /run && : >/run/dns-firewall && "
              "exec \"$@\"", "sh")
    d = stage.daemon(ACL, control=None, prefix=prefix)
    d.err.wait(r"\[WARN \].*/run/dns-firewall")
    assert addresses(stage.client().ask("allowed.test"))


def test_odd_requests_are_errors(stage, up):
    d = stage.daemon(ACL)
    for sent in (b"nonsense\n", b"\n", b"status x y z\n", b"\0\0\n",
                 b"explain\n", b"A" * (1 << 20)):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(str(d.control))
            try:
                s.sendall(sent)
                got = s.recv(4096)
            except ConnectionError:
                got = b""
            assert not got or got.startswith(b"error: "), (sent[:20], got)
    assert "state ok" in d.ctl("status")


def test_silent_clients_do_not_keep_others_out(stage, up):
    d = stage.daemon(ACL)
    held = []
    for _ in range(20):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(2)
        try:
            s.connect(str(d.control))
            held.append(s)
        except OSError:
            s.close()
    time.sleep(6)
    assert "state ok" in d.ctl("status")
    for s in held:
        s.close()


def test_tool_without_daemon(directory):
    status, out, err = run_tool(CTL, "--control", directory / "none",
                                "status")
    assert status != 0 and str(directory / "none") in err and not out


def test_tool_help_and_version():
    status, out, _ = run_tool(CTL, "--help")
    assert status == 0
    for command in ("status", "grants", "explain", "query", "reload"):
        assert command in out
    assert "2.0.0" in run_tool(CTL, "--version")[1]
    assert run_tool(CTL, "nonsense")[0] != 0
