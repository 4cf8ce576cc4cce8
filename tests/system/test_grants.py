# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a grant lives, how many there may be, and what survives."""

import contextlib
import os
import select
import signal
import socket
import time

import pytest

from conftest import both_flavours, every_firewall
from dnsclient import (OPEN, REFUSED, addresses, ede, question, rcode,
                       until)
from lab import CHAIN

RULE = "10.1.0.0/24 -> allowed.test:TCP:443\n"
WILD = "10.1.0.0/24 -> *.wild.test:TCP:443\n"
V4 = CHAIN + "-ipv4-allow"
KEY = ("10.1.0.2", "tcp", 443, "203.0.113.5")


def set_ttl(up, ttl, address="203.0.113.5"):
    up.add("allowed.test", "A", address, ttl=ttl)


def wire_ttl(answer):
    return answer.answer[-1].ttl


@every_firewall
@pytest.mark.parametrize("ttl,options,low,high,said", [
    (300, {}, 358, 360, 300),
    (0, {}, 63, 65, 0),
    (3, {}, 63, 65, 3),
    (604800, {"max_rule_time": 3600}, 3658, 3660, 3600),
    (604800, {}, 86458, 86460, 86400),
    (2147483647, {"max_rule_time": 2147483, "grace": 0},
     2147481, 2147483, 2147483),
    (0, {"min_rule_time": 0, "grace": 0}, 1, 1, 0),
    (100, {"grace": 5}, 103, 105, 100),
], ids=str)
def test_time_of_a_grant(stage, up, ttl, options, low, high, said):
    set_ttl(up, ttl)
    stage.daemon(RULE, **options)
    answer = stage.client().ask("allowed.test")
    entries = stage.lab.entries()
    assert low - 1 <= entries[KEY] <= high or high == 1, entries
    assert entries[KEY] <= high
    assert wire_ttl(answer) == said


@every_firewall
def test_ttl_zero_is_never_permanent(stage, up):
    """A kernel timeout of 0 would be a hole for ever."""
    set_ttl(up, 0)
    stage.daemon(RULE, min_rule_time=0, grace=0)
    client = stage.client()
    client.ask("allowed.test")
    assert until(lambda: KEY not in stage.lab.grants(), 3)
    assert client.connect("203.0.113.5") == REFUSED


@every_firewall
def test_ttl_with_the_top_bit_is_0(stage, up):
    def script(q):
        wire = q.answer(records=[(q.text, 0x01020304, "A", "203.0.113.5")])
        q.send(wire.replace(b"\1\2\3\4", b"\xff\xff\xff\xff"))
    up.script["allowed.test"] = script
    stage.daemon(RULE)
    answer = stage.client().ask("allowed.test")
    assert wire_ttl(answer) == 0
    assert 60 <= stage.lab.entries()[KEY] <= 65


@every_firewall
def test_ttl_above_2147483_works(stage, up):
    set_ttl(up, 2147483647)
    stage.daemon(RULE, max_rule_time=2147483)
    assert rcode(stage.client().ask("allowed.test")) == "NOERROR"
    assert 2147400 < stage.lab.entries()[KEY] <= 2147483


@every_firewall
def test_answer_does_not_outlive_the_grant(stage, up):
    set_ttl(up, 90000)
    stage.daemon(RULE, max_rule_time=60, grace=10)
    answer = stage.client().ask("allowed.test")
    assert wire_ttl(answer) <= 60
    assert stage.lab.entries()[KEY] <= 70


@every_firewall
def test_chain_takes_its_lowest_ttl(stage, up):
    up.add("allowed.test", "CNAME", "b.test.", ttl=300)
    del up.zone[next(k for k in up.zone if k[1] == "A"
                     and "allowed" in str(k[0]))]
    up.add("b.test", "CNAME", "c.test.", ttl=20)
    up.add("c.test", "A", "203.0.113.5", ttl=900)
    stage.daemon(RULE)
    answer = stage.client().ask("allowed.test")
    assert addresses(answer) == ["203.0.113.5"]
    assert 77 <= stage.lab.entries()[KEY] <= 80
    assert wire_ttl(answer) <= 20


@every_firewall
def test_shorter_answer_does_not_shorten(stage, up):
    set_ttl(up, 3000)
    stage.daemon(RULE)
    client = stage.client()
    client.ask("allowed.test")
    set_ttl(up, 5)
    client.ask("allowed.test")
    assert stage.lab.entries()[KEY] > 3000


@every_firewall
def test_later_end_is_kept(stage, up):
    set_ttl(up, 5)
    stage.daemon(RULE, cache_size=0)
    client = stage.client()
    client.ask("allowed.test")
    assert stage.lab.entries()[KEY] <= 65
    set_ttl(up, 3000)
    client.ask("allowed.test")
    assert stage.lab.entries()[KEY] > 3000


@every_firewall
def test_repeated_answer_costs_no_letter(stage, up):
    d = stage.daemon(RULE, workers=1)
    client = stage.client()
    for _ in range(20):
        client.ask("allowed.test")
    warden = d.by_role("warden")[0]
    before = (warden.path / "status").read_text()
    assert "voluntary_ctxt_switches" in before
    found = {}
    for line in d.ctl("status").splitlines():
        words = line.replace("=", " ").replace(":", " ").split()
        for at, word in enumerate(words):
            if word == "grant_letters":
                found["letters"] = int(words[at + 1])
    assert found.get("letters") == 1, d.ctl("status")


@every_firewall
def test_33rd_address_is_left_out(stage, up):
    up.add("a.wild.test", "A", *[f"203.0.113.{n}" for n in range(1, 34)])
    stage.daemon(WILD)
    answer = stage.client().ask("a.wild.test", tcp=True)
    assert len(addresses(answer)) == 32
    granted = {g[3] for g in stage.lab.grants()}
    assert granted == set(addresses(answer))


@every_firewall
def test_all_grants_of_one_answer(stage, up):
    up.add("a.wild.test", "A", *[f"203.0.113.{n}" for n in range(1, 25)])
    stage.daemon("".join(f"10.1.0.2 -> a.wild.test:TCP:{port}\n"
                         for port in (22, 80, 443, 8443)))
    client = stage.client()
    client.ask("a.wild.test", tcp=True)
    assert len(stage.lab.grants()) == 24 * 4
    assert client.connect("203.0.113.24", 8443) == OPEN


# --- quotas -------------------------------------------------------------

def wide_zone(up):
    def address(q):
        number = int(q.text[1:].split(".")[0])
        return [(q.text, 300, "A", f"45.0.{number >> 8}.{number & 255}")]
    up.fallback = address


@every_firewall
def test_live_limit_is_the_clients_own(stage, up):
    wide_zone(up)
    d = stage.daemon(WILD, max_client_grants=50)
    client, other = stage.client(2), stage.client(3)
    other.ask("n9999.wild.test")
    for number in range(120):
        assert rcode(client.ask(f"n{number}.wild.test")) == "NOERROR"
    entries = stage.lab.grants()
    assert sum(1 for g in entries if g[0] == "10.1.0.2") == 50
    assert ("10.1.0.2", "tcp", 443, "45.0.0.119") in entries
    assert ("10.1.0.3", "tcp", 443, "45.0.39.15") in entries
    assert rcode(other.ask("n9998.wild.test")) == "NOERROR"
    assert until(lambda: "max-client-grants" in d.err.text
                 or "10.1.0.2" in d.err.text)


@every_firewall
def test_what_was_revoked_is_granted_again(stage, up):
    """Room was made for others: a client that asks again is not answered
    from memory."""
    wide_zone(up)
    stage.daemon(WILD, max_client_grants=4)
    client = stage.client()
    for _ in range(2):
        for number in range(6):
            client.ask(f"n{number}.wild.test")
            assert client.connect(f"45.0.0.{number}") == OPEN, number


def test_a_full_set_refreshes_what_it_holds(stage, up):
    """Another program filled it to the last place before the start."""
    wide_zone(up)
    stage.lab.router.run("ipset", "restore", stdin="".join(
        [f"create {V4} hash:ip,port,ip timeout 300 maxelem 64\n"]
        + [f"add {V4} 10.1.0.2,tcp:443,45.0.0.{n} timeout 200\n"
           for n in range(64)]))
    d = stage.daemon(WILD)
    client = stage.client()
    assert "grants_live 64" in d.ctl("status")
    assert rcode(client.ask("n5.wild.test")) == "NOERROR"
    assert stage.lab.entries()["10.1.0.2", "tcp", 443, "45.0.0.5"] > 300
    assert rcode(client.ask("n100.wild.test")) == "SERVFAIL"
    stage.lab.router.run("ipset", "flush", V4)
    assert until(lambda: d.err.has("is repaired"))
    assert len(stage.lab.entries(V4)) == 64
    assert rcode(client.ask("n5.wild.test")) == "NOERROR"


def test_a_set_made_again_smaller(stage, up):
    wide_zone(up)
    d = stage.daemon(WILD)
    client = stage.client()
    for number in range(40):
        client.ask(f"n{number}.wild.test")
    run = stage.lab.router.run
    run("ipset", "create", "other", "hash:ip,port,ip", "timeout", "5",
        "maxelem", "16")
    run("ipset", "swap", "other", V4)
    assert until(lambda: d.err.has("is smaller than it was"))
    assert until(lambda: len(stage.lab.entries(V4)) <= 16)
    entries = stage.lab.entries(V4)
    assert entries
    held = next(iter(entries))
    number = held[3].split(".")[3]
    assert until(lambda: rcode(client.ask(f"n{number}.wild.test"))
                 == "NOERROR", 2)


@every_firewall
def test_rate_of_new_grants(stage, up):
    wide_zone(up)
    stage.daemon(WILD, max_new_grants=1)
    client, other = stage.client(2), stage.client(3)
    answers = [client.ask(f"n{n}.wild.test", edns=1232)
               for n in range(4300)]
    refused = [a for a in answers if rcode(a) == "SERVFAIL"]
    assert refused and all(len(ede(a)) == 1 for a in refused)
    assert len(answers) - len(refused) >= 4096
    assert rcode(other.ask("n9998.wild.test")) == "NOERROR"
    # the first ones made room for the last
    assert rcode(client.ask("n2000.wild.test")) == "NOERROR"


@every_firewall
def test_set_is_filled_to_three_quarters_only(stage, up):
    wide_zone(up)
    d = stage.daemon(WILD, set_size=64)
    answers = [rcode(stage.client(2 + n % 8).ask(f"n{n}.wild.test",
                                                 edns=1232))
               for n in range(64)]
    assert answers.count("NOERROR") == 48
    assert set(answers[48:]) == {"SERVFAIL"}
    assert rcode(stage.client(2).ask("n0.wild.test")) == "NOERROR"
    assert until(lambda: d.err.has(r"\[(WARN |ERROR)\]"))


# --- what survives ------------------------------------------------------

@every_firewall
def test_killed_whole_and_started_again(stage, up):
    set_ttl(up, 3000)
    d = stage.daemon(RULE)
    client = stage.client()
    client.ask("allowed.test")
    pids = [p.pid for p in d.crew()]
    os.kill(d.pid, signal.SIGKILL)
    d.popen.wait()
    d.finish(pids)
    assert client.connect("203.0.113.5") == OPEN
    before = stage.lab.entries()
    stage.daemon(RULE)
    after = stage.lab.entries()
    assert set(after) == set(before) == {KEY}
    assert after[KEY] > 2900
    assert client.connect("203.0.113.5") == OPEN


def test_entries_of_the_rust_program_are_adopted(stage, up):
    stage.lab.router.run("ipset", "create", V4, "hash:ip,port,ip",
                         "timeout", "0", "family", "inet", "comment",
                         "maxelem", "1000")
    stage.lab.router.run("ipset", "add", V4,
                         "10.1.0.2,tcp:443,203.0.113.77", "timeout", "500")
    stage.lab.router.run("ipset", "add", V4,
                         "10.1.0.2,tcp:25,203.0.113.78", "timeout", "500")
    stage.daemon(RULE)
    client = stage.client()
    assert client.connect("203.0.113.77") == OPEN
    kept = ("10.1.0.2", "tcp", 443, "203.0.113.77")
    assert until(lambda: stage.lab.grants() == {kept}), stage.lab.grants()
    assert 400 < stage.lab.entries()[kept] <= 500


def test_permanent_entries_get_an_end(stage, up):
    """None may stay without a timeout, whoever made it."""
    stage.lab.router.run("ipset", "create", V4, "hash:ip,port,ip",
                         "timeout", "0", "family", "inet")
    stage.lab.router.run("ipset", "add", V4,
                         "10.1.0.2,tcp:443,203.0.113.77", "timeout", "0")
    stage.daemon(RULE)
    assert until(lambda: 0 not in stage.lab.entries().values())


def test_set_of_another_type_is_swapped(stage, up):
    stage.lab.router.run("ipset", "create", V4, "hash:ip", "timeout", "0")
    stage.daemon(RULE)
    client = stage.client()
    client.ask("allowed.test")
    assert client.connect("203.0.113.5") == OPEN


def test_foreign_rules_are_removed_and_said(stage, up):
    stage.lab.router.run(stage.lab.tool(), "-A", CHAIN, "-s", "10.1.0.2",
                         "-j", "ACCEPT")
    d = stage.daemon(RULE)
    assert len(stage.lab.chain()) == 2
    d.err.wait(r"10\.1\.0\.2.*ACCEPT")
    assert stage.client().connect("203.0.113.99") == REFUSED


@both_flavours
def test_flushed_chain_is_put_back(stage, up):
    d = stage.daemon(RULE)
    client = stage.client()
    client.ask("allowed.test")
    stage.lab.flush_chain()
    assert until(lambda: len(stage.lab.chain()) == 2, 3), d.err.text
    time.sleep(0.3)
    assert until(lambda: rcode(client.ask("allowed.test")) == "NOERROR")
    assert client.connect("203.0.113.5") == OPEN


def test_both_chains_flushed_at_once_are_put_back(stage, up):
    d = stage.daemon(RULE)
    stage.client().ask("allowed.test")
    stage.lab.flush_chain()
    stage.lab.flush_chain(6)
    assert until(lambda: len(stage.lab.chain()) == 2
                 and len(stage.lab.chain(6)) == 2, 3), d.err.text


def test_flushed_set_is_granted_again(stage, up):
    """What was remembered is forgotten when entries may have been lost."""
    d = stage.daemon(RULE)
    client = stage.client()
    client.ask("allowed.test")
    stage.lab.router.run("ipset", "flush", V4)
    time.sleep(1.0)

    def asked_and_open():
        return (rcode(client.ask("allowed.test")) == "NOERROR"
                and client.connect("203.0.113.5") == OPEN)
    assert until(asked_and_open, 4), d.err.text
    assert KEY in stage.lab.grants()


def test_destroyed_set_is_made_again(stage, up):
    d = stage.daemon(RULE)
    client = stage.client()
    client.ask("allowed.test")
    stage.lab.flush_chain()
    stage.lab.router.run("ipset", "destroy", V4, check=False)

    def asked_and_open():
        return (rcode(client.ask("allowed.test")) == "NOERROR"
                and client.connect("203.0.113.5") == OPEN)
    assert until(asked_and_open, 5), d.err.text


def test_chain_gone_is_servfail_with_the_log_line(stage, up):
    """What cannot be granted is not answered."""
    d = stage.daemon(RULE)
    client = stage.client()
    with stage.lab.without_chain(4, 6):
        time.sleep(1.0)
        answer = client.ask("allowed.test", edns=1232)
        assert rcode(answer) == "SERVFAIL" and len(ede(answer)) == 1
        assert not answer.answer
        d.out.wait(r"10\.1\.0\.2 <! \[\d+\] allowed\.test\. "
                   r"\[203\.0\.113\.5\]:TCP:443 TTL:300 "
                   r"Firewall configuration failed$")
        assert "state ok" not in d.ctl("status")
    assert until(lambda: rcode(client.ask("allowed.test")) == "NOERROR", 6)
    assert client.connect("203.0.113.5") == OPEN


@every_firewall
def test_warden_that_dies_forgets_nothing(stage, up):
    """The ledger is kept by the supervisor."""
    d = stage.daemon(RULE)
    client = stage.client()
    set_ttl(up, 3000)
    client.ask("allowed.test")
    warden = d.by_role("warden")[0]
    os.kill(warden.pid, signal.SIGKILL)
    assert until(lambda: any(w.pid != warden.pid
                             for w in d.by_role("warden")), 5)
    assert until(lambda: rcode(client.ask("allowed.test")) == "NOERROR", 5)
    assert stage.lab.entries()[KEY] > 2900
    assert client.connect("203.0.113.5") == OPEN


def stop_and_go(d, role):
    """A process of that role that does not run inside the block."""
    process = d.by_role(role)[0]

    @contextlib.contextmanager
    def held():
        os.kill(process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(process.pid, signal.SIGCONT)
    return held()


@every_firewall
def test_no_answer_before_the_kernels_ack(stage, up):
    """A warden that does not answer is a SERVFAIL after one second."""
    d = stage.daemon(RULE)
    client = stage.client()
    with stop_and_go(d, "warden"):
        begun = time.monotonic()
        answer = client.ask("allowed.test", edns=1232)
        assert 0.8 < time.monotonic() - begun < 3
        assert rcode(answer) == "SERVFAIL" and len(ede(answer)) == 1
        assert not answer.answer
        d.out.wait(r"Firewall configuration failed$")
    assert until(lambda: rcode(client.ask("allowed.test")) == "NOERROR")
    assert client.connect("203.0.113.5") == OPEN


@every_firewall
def test_late_ack_is_late_but_right(stage, up):
    d = stage.daemon(RULE)
    client = stage.client()
    with client.socket(socket.SOCK_DGRAM, 3) as s:
        s.connect((client.server, client.port))
        with stop_and_go(d, "warden"):
            s.send(question("allowed.test").to_wire())
            time.sleep(0.4)
            assert KEY not in stage.lab.grants()
            assert select.select([s], [], [], 0)[0] == []
        assert s.recv(512)[3] & 15 == 0
        assert client.connect("203.0.113.5") == OPEN


def test_no_program_is_run_for_a_grant(stage, up):
    """ipset(8) may as well not be there."""
    wide_zone(up)
    hide = ("unshare", "-m", "sh", "-c",
            "mount --bind /dev/null $(command -v ipset) && exec \"$@\"", "sh")
    stage.daemon(WILD, prefix=hide)
    client = stage.client()
    for number in range(50):
        assert rcode(client.ask(f"n{number}.wild.test")) == "NOERROR"
    assert len(stage.lab.grants()) == 50


def test_chain_in_both_flavours_is_a_warning(stage, up):
    other = "iptables-legacy"
    stage.lab.router.run(other, "-N", CHAIN)
    try:
        d = stage.daemon(RULE)
        d.err.wait(rf"\[WARN \].*{CHAIN}")
        d.stop()
    finally:
        stage.lab.router.run(other, "-F", CHAIN)
        stage.lab.router.run(other, "-X", CHAIN)


@every_firewall
def test_entries_are_never_shortened_by_a_restart(stage, up):
    set_ttl(up, 3000)
    d = stage.daemon(RULE)
    client = stage.client()
    client.ask("allowed.test")
    d.stop()
    set_ttl(up, 5)
    stage.daemon(RULE)
    client.ask("allowed.test")
    assert stage.lab.entries()[KEY] > 2900
