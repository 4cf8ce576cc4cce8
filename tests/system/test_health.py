# SPDX-License-Identifier: GPL-2.0-or-later
"""Names that show whether all works, and the command that looks at them."""

import os
import signal

from daemon import CTL, run_tool
from dnsclient import addresses, ede_text, rcode, until

BLOCKED, ALLOWED = "blocked.check.test", "ok.check.test"
ACL = "10.1.0.0/24 -> good.test:TCP:443\n"


def health(stage, d):
    with stage.lab.router.entered():
        return run_tool(CTL, "--control", d.control, "health")


def test_names_are_answered_for_every_client(stage, up):
    stage.daemon(ACL, test_blocked=BLOCKED,
                 test_allowed=f"{ALLOWED}=192.0.2.77")
    client = stage.client(2)
    answer = client.ask(BLOCKED, edns=1232)
    assert rcode(answer) == "NXDOMAIN"
    assert ede_text(answer) == "list test-blocked"
    assert addresses(client.ask(ALLOWED)) == ["192.0.2.77"]
    answer = client.ask(ALLOWED, "AAAA")
    assert rcode(answer) == "NOERROR" and addresses(answer) == []
    assert rcode(client.ask("x." + ALLOWED)) == "REFUSED"
    assert rcode(stage.stranger().ask(ALLOWED)) == "REFUSED"
    assert up.count(BLOCKED) == up.count(ALLOWED) == 0
    assert stage.lab.grants() == set()


def test_all_is_well(stage, up):
    d = stage.daemon(ACL, test_blocked=BLOCKED,
                     test_allowed=f"{ALLOWED}=192.0.2.77")
    status, out, err = health(stage, d)
    assert status == 0, out + err
    assert "FAIL" not in out and "WARN" not in out, out
    for line in ("the daemon runs", "upstream 172.30.0.2", BLOCKED, ALLOWED,
                 "the access log is written", "the kernel has what"):
        assert f"PASS  {line}" in out, out


def test_an_upstream_is_silent(stage, up):
    d = stage.daemon(ACL, upstream="192.0.2.250")
    status, out, _ = health(stage, d)
    assert status == 1 and "FAIL  upstream 192.0.2.250" in out
    assert "WARN  whether it is us who answer" in out


def test_this_host_is_no_client(stage, up):
    d = stage.daemon("10.1.0.7 -> good.test:TCP:443\n",
                     test_blocked=BLOCKED)
    status, out, _ = health(stage, d)
    assert status == 1 and f'add "localhost ~> {BLOCKED}."' in out, out


def test_a_list_above_lets_the_test_pass(stage, up):
    lists = stage.directory / "lists"
    lists.write_text("list ours domains =check.test action passthru\n")
    lists.chmod(0o600)
    d = stage.daemon(ACL + "10.1.0.1 ~> *\n", test_blocked=BLOCKED,
                     lists=lists, lists_dir=stage.directory / "kept")
    status, out, _ = health(stage, d)
    assert status == 1 and f"FAIL  {BLOCKED}. is not blocked: " in out, out
    assert "localhost ~>" not in out


def test_the_log_of_hits_is_gone(stage, up):
    log = stage.directory / "hits.log"
    d = stage.daemon(ACL, rpz_log=log)
    assert f"PASS  hits of lists are logged in {log}" in health(stage, d)[1]
    log.unlink()
    status, out, _ = health(stage, d)
    assert status == 1 and f"FAIL  hits of lists are not in {log}" in out


def test_the_warden_stands_still(stage, up):
    d = stage.daemon(ACL)
    warden, = d.by_role("warden")
    os.kill(warden.pid, signal.SIGSTOP)
    try:
        assert until(lambda: health(stage, d)[0] == 1, 10)
        assert "FAIL  the kernel does not have" in health(stage, d)[1]
    finally:
        os.kill(warden.pid, signal.SIGCONT)
    assert until(lambda: health(stage, d)[0] == 0, 10)


def test_nobody_is_there(stage, tmp_path):
    status, out, _ = run_tool(CTL, "--control", tmp_path / "none", "health")
    assert status == 1 and "FAIL  no daemon answers" in out
