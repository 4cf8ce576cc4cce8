# SPDX-License-Identifier: GPL-2.0-or-later
"""The access log in a real systemd journal."""

import json
import os
import shutil
import signal

import pytest

from daemon import SLOW, Process
from dnsclient import question, rcode, until
from journal import JOURNALD, Journal
from lab import UPSTREAM
from test_why import GROUP, log_refusals

ACL = """\
10.1.0.2 -> allowed.test:TCP:443
10.1.0.2 ~> dns.test
10.1.0.2 -| bad.test
10.1.0.3 -| bad.test
10.1.0.2 -> many.test:TCP:443
"""

pytestmark = pytest.mark.skipif(
    not JOURNALD.exists() or not shutil.which("journalctl"),
    reason="needs systemd-journald and journalctl")


@pytest.fixture
def journal():
    made = Journal()
    made.start()
    yield made
    made.end()


def daemon(stage, journal, **options):
    return stage.daemon(ACL, log_journal=True, prefix=journal.inside,
                        **options)


def found(journal, count, *match):
    got = []

    def enough():
        got[:] = journal.entries(*match)
        return len(got) >= count
    assert until(enough, 5, 0.1), got
    assert len(got) == count, got
    return got


def test_refused_packets(stage, up, journal):
    """What the firewall refused is found like what the policy did."""
    log_refusals(stage.lab)
    daemon(stage, journal, nflog=GROUP)
    client = stage.client()
    client.ask("allowed.test")
    client.connect("203.0.113.5", 80)
    entry, = found(journal, 1, "DNSFW_VERDICT=refused")
    assert entry["MESSAGE"].startswith(
        "Refused 10.1.0.2 -> [203.0.113.5]:TCP:80: WRONG PORT (allowed: "
        "TCP:443) name=allowed.test.")
    assert entry["DNSFW_CAUSE"] == "WRONG PORT"
    assert entry["DNSFW_LINE"] == "10.1.0.2 -> allowed.test:TCP:80"
    assert entry["DNSFW_NAME"] == "allowed.test."
    assert entry["PRIORITY"] == "5"


def test_fields(stage, up, journal):
    d = daemon(stage, journal)
    stage.client().ask("allowed.test", id=7)
    stage.client(3).ask("bad.test", id=8)
    asked, granted = found(journal, 2, "DNSFW_CLIENT=10.1.0.2")
    assert asked["MESSAGE"] == "10.1.0.2 -> [7] allowed.test."
    assert asked["DNSFW_VERDICT"] == "asked"
    assert granted["MESSAGE"] == \
        "10.1.0.2 <- [7] allowed.test. [203.0.113.5]:TCP:443 TTL:300"
    fields = {key: value for key, value in granted.items()
              if key.startswith("DNSFW_")}
    assert int(fields.pop("DNSFW_LATENCY_US")) > 0
    assert fields == {
        "DNSFW_CLIENT": "10.1.0.2", "DNSFW_NAME": "allowed.test.",
        "DNSFW_TYPE": "A", "DNSFW_VERDICT": "granted",
        "DNSFW_RULE": f"{d.acl}:1", "DNSFW_ADDRESS": "203.0.113.5",
        "DNSFW_PROTOCOL": "TCP", "DNSFW_PORT": "443", "DNSFW_TTL": "300",
        "DNSFW_RCODE": "NOERROR", "DNSFW_SOURCE": "upstream",
        "DNSFW_UPSTREAM": f"{UPSTREAM}:53"}
    assert granted["PRIORITY"] == "6"
    assert granted["SYSLOG_IDENTIFIER"] == "dns-firewall"
    assert granted["_PID"] == str(d.by_role("recorder")[0].pid)
    blocked, = found(journal, 1, "DNSFW_VERDICT=blocked")
    assert blocked["DNSFW_RULE"] == f"{d.acl}:4"
    assert blocked["PRIORITY"] == "5"
    assert journal.entries(f"DNSFW_RULE={d.acl}:4") == [blocked]
    d.stop()
    assert d.out.raw == b""


def test_no_name_makes_a_field(stage, up, journal):
    daemon(stage, journal)
    message = question("x.test")
    message.question[0].name = type(message.question[0].name)(
        [b"a\nDNSFW_CLIENT=6.6.6.6\n\0\xff", b"test", b""])
    assert rcode(stage.client().send(message)) == "REFUSED"
    entry, = found(journal, 1, "DNSFW_CLIENT=10.1.0.2")
    assert entry["DNSFW_NAME"].startswith(r"a\010dnsfw_client\0616\0466")
    assert journal.entries("DNSFW_CLIENT=6.6.6.6") == []


def test_json_as_the_message(stage, up, journal):
    daemon(stage, journal, log_format="json")
    stage.client().ask("bad.test")
    entry, = found(journal, 1, "DNSFW_CLIENT=10.1.0.2")
    assert json.loads(entry["MESSAGE"])["rule"] == entry["DNSFW_RULE"]


def test_a_journal_that_starts_anew(stage, up, journal):
    d = daemon(stage, journal)
    client = stage.client()
    client.ask("bad.test", id=1)
    found(journal, 1, "DNSFW_CLIENT=10.1.0.2")
    journal.kill()
    for number in range(2, 52):
        assert rcode(client.ask("bad.test", id=number)) == "REFUSED"
    d.err.wait(r"^\[WARN \] The journal is gone")
    journal.start()
    d.err.wait(r"^\[INFO \] The journal is back")
    client.ask("bad.test", id=99)
    got = found(journal, 52, "DNSFW_CLIENT=10.1.0.2")
    assert [e["MESSAGE"] for e in got] == [
        f"10.1.0.2 |> [{n}] bad.test." for n in [*range(1, 52), 99]]
    assert not d.err.has("dropped")


def test_what_a_dead_journal_costs_is_said(stage, up, journal):
    up.add("many.test", "A", *(f"203.0.113.{n}" for n in range(1, 33)))
    d = daemon(stage, journal)
    client = stage.client()
    journal.kill()
    for _ in range(3000):
        assert rcode(client.ask("many.test", edns=1232)) == "NOERROR"
    dropped = d.err.wait(r"^\[WARN \] (\d+) access log lines dropped")
    assert int(dropped[1]) > 0
    journal.start()
    d.err.wait(r"^\[INFO \] The journal is back")
    assert until(lambda: len(journal.entries("DNSFW_CLIENT=10.1.0.2")) > 100,
                 5, 0.2)


def test_a_burst_while_the_recorder_has_no_cpu(stage, up, journal):
    """50,000 lines wait for it, and none is lost."""
    up.add("many.test", "A", *(f"203.0.113.{n}" for n in range(1, 33)))
    d = daemon(stage, journal)
    client = stage.client()
    client.ask("many.test", edns=1232)
    recorder, = d.by_role("recorder")
    os.kill(recorder.pid, signal.SIGSTOP)
    for number in range(1, 1601):
        assert rcode(client.ask("many.test", id=number, edns=1232)) == \
            "NOERROR"
    os.kill(recorder.pid, signal.SIGCONT)
    assert until(lambda: journal.count("DNSFW_CLIENT=10.1.0.2") == 1601 * 33,
                 20 * SLOW, 0.5), (d.counters()["records_lost"], d.err.text)
    assert d.counters()["records_lost"] == 0 and not d.err.has("dropped")


def test_without_a_journal_it_does_not_start(stage, up, journal):
    journal.kill()
    d = stage.daemon(ACL, log_journal=True, prefix=journal.inside, wait=False)
    assert d.expect_end() == 1
    d.err.wait(r"^\[ERROR\] --log-journal: no systemd journal is at "
                     r"/run/systemd/journal/socket: ")


def test_the_recorder_has_no_other_socket(stage, up, journal):
    d = daemon(stage, journal)
    recorder, = d.by_role("recorder")
    held = Process(recorder.pid).descriptors().values()
    with open(f"/proc/{recorder.pid}/net/unix", encoding="ascii") as table:
        local = {line.split()[6] for line in table.readlines()[1:]}
    for link in held:
        if link.startswith("socket:"):
            assert link[8:-1] in local, link
