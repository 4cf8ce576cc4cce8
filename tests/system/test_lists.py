# SPDX-License-Identifier: GPL-2.0-or-later
"""Lists of names and addresses, between the access list and the upstream."""

import contextlib
import json
import time
from pathlib import Path

import pytest

from conftest import every_firewall
from daemon import SLOW, once
from dnsclient import (OPEN, REFUSED, addresses, ede, ede_text, question,
                       rcode, until)
from lab import UPSTREAM

ACL = """\
10.1.0.0/24 -> *.test:TCP:443
10.1.0.0/24 -> exact.test:TCP:443
10.1.0.3 ~> *
10.1.0.0/24 -| blocked.test
"""


@pytest.fixture
def listed(stage, up):
    """Starts a daemon with these lists: {name: (form, text, rest)}."""
    for n, name in enumerate(("good", "bad", "x.bad", "exact", "to.bad",
                              "leads", "blocked")):
        up.add(f"{name}.test", "A", f"203.0.113.{80 + n}", ttl=300)
    up.add("alias.test", "CNAME", "bad.test.", ttl=300)
    up.add("many.test", "A", "203.0.113.200", "198.51.100.9", ttl=300)

    def write(lists):
        for name, (_, text, *_) in lists.items():
            put(stage.directory / f"{name}.list", text)
        put(stage.directory / "lists", "".join(
            f"list {name} {form} {stage.directory}/{name}.list "
            f"{' '.join(rest)}\n" for name, (form, _, *rest) in lists.items()))

    def start(lists, acl=ACL, **options):
        write(lists)
        return stage.daemon(acl, lists=stage.directory / "lists", **options)
    start.write = write
    return start


def put(path, text):
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.chmod(0o644)
    fresh.rename(path)


def test_a_listed_name_is_not_asked_upstream(stage, up, listed):
    d = listed({"ads": ("domains", "bad.test\n")})
    client = stage.client()
    answer = client.ask("bad.test", edns=1232)
    assert rcode(answer) == "NXDOMAIN"
    assert ede(answer) == [15] and ede_text(answer) == "list ads"
    assert rcode(client.ask("x.bad.test", "AAAA")) == "NXDOMAIN"
    assert rcode(client.ask("X.Bad.TEST")) == "NXDOMAIN"
    assert up.count("bad.test") == up.count("x.bad.test") == 0
    assert addresses(client.ask("good.test")) == ["203.0.113.80"]
    assert client.connect("203.0.113.80") == OPEN
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 443, "203.0.113.80")}
    d.out.says("|> [")
    d.out.says("bad.test.")
    assert "\nlisted 3\n" in d.ctl("status")


@pytest.mark.parametrize("action,code", [
    ("nxdomain", "NXDOMAIN"), ("nodata", "NOERROR"), ("refused", "REFUSED")])
def test_what_the_client_is_told(stage, up, listed, action, code):
    listed({"ads": ("domains", "bad.test\n", f"action {action}")})
    answer = stage.client().ask("bad.test", edns=1232)
    assert rcode(answer) == code and addresses(answer) == []
    assert ede(answer) == [15]


def test_drop_is_silence(stage, up, listed):
    d = listed({"ads": ("domains", "bad.test\n", "action drop")})
    with pytest.raises((TimeoutError, OSError, AssertionError)):
        stage.client().ask("bad.test", timeout=0.5)
    assert addresses(stage.client().ask("good.test"))
    assert "dropped_blocked 1" in d.ctl("status")


def test_log_and_passthru_answer(stage, up, listed):
    d = listed({"seen": ("domains", "bad.test\n", "action log"),
                "ok": ("domains", "x.bad.test\n", "action passthru"),
                "ads": ("domains", "x.bad.test\n")})
    client = stage.client()
    assert addresses(client.ask("bad.test")) == ["203.0.113.81"]
    assert addresses(client.ask("x.bad.test")) == ["203.0.113.82"]
    assert "listed_logged" in d.ctl("status")


def test_the_access_list_comes_first(stage, up, listed):
    """A name that a rule spells out is not asked of the lists; a wildcard
    does not protect; what a rule blocks stays blocked."""
    listed({"ok": ("domains", "blocked.test\n", "action passthru"),
            "ads": ("domains", "exact.test\nbad.test\n")})
    client = stage.client()
    assert addresses(client.ask("exact.test")) == ["203.0.113.83"]
    assert client.connect("203.0.113.83") == OPEN
    assert rcode(client.ask("bad.test")) == "NXDOMAIN"
    assert rcode(stage.client(3).ask("bad.test")) == "NXDOMAIN"
    assert rcode(client.ask("blocked.test")) == "REFUSED"


def test_an_answer_that_leads_to_a_listed_name(stage, up, listed):
    d = listed({"ads": ("hosts", "0.0.0.0 bad.test\n")})
    assert rcode(stage.client().ask("alias.test")) == "NXDOMAIN"
    assert stage.lab.grants() == set()
    d.out.wait("Answer leads to what a list has", 3)


@every_firewall
def test_one_listed_address_forbids_the_answer(stage, up, listed):
    d = listed({"drop": ("ips", "198.51.100.0/24\n2001:db8::/32\n")})
    answer = stage.client().ask("many.test", edns=1232)
    assert rcode(answer) == "NXDOMAIN" and addresses(answer) == []
    assert ede(answer) == [15] and ede_text(answer) == "list drop"
    assert stage.lab.grants() == set()
    assert rcode(stage.client(3).ask("many.test")) == "NXDOMAIN"
    assert addresses(stage.client().ask("good.test"))
    assert "listed by list drop" in d.ctl("lookup", "198.51.100.77")


@every_firewall
def test_a_new_list_takes_effect_on_answers_kept_and_on_grants(
        stage, up, listed):
    d = listed({"ads": ("domains", "nothing.test\n"),
                "drop": ("ips", "192.0.2.99\n")})
    client, other = stage.client(2), stage.client(3)
    for name in ("good.test", "bad.test", "leads.test", "exact.test"):
        client.ask(name)
    assert client.connect("203.0.113.81") == OPEN
    asked = up.count("bad.test")
    listed.write({"ads": ("domains", "bad.test\nexact.test\n"),
                  "drop": ("ips", "203.0.113.85\n")})
    d.reload()
    assert until(lambda: stage.lab.grants() == {
        ("10.1.0.2", "tcp", 443, "203.0.113.80"),
        ("10.1.0.2", "tcp", 443, "203.0.113.83")}, SLOW), stage.lab.grants()
    assert client.connect("203.0.113.81") == REFUSED
    assert rcode(client.ask("bad.test")) == "NXDOMAIN"
    assert rcode(client.ask("leads.test")) == "NXDOMAIN"
    assert rcode(other.ask("bad.test")) == "NXDOMAIN"
    assert up.count("bad.test") == asked
    listed.write({"ads": ("domains", "nothing.test\n"),
                  "drop": ("ips", "192.0.2.99\n")})
    d.reload()
    assert addresses(client.ask("bad.test")) == ["203.0.113.81"]
    assert client.connect("203.0.113.81") == OPEN


def test_lists_that_are_wrong_change_nothing(stage, up, listed):
    d = listed({"ads": ("domains", "bad.test\n")})
    put(stage.directory / "lists", "list ads domains /nonexistent\n")
    said = d.reload(ok=False)
    assert "lists:1:18: error:" in said and "/nonexistent" in said
    put(stage.directory / "lists", "list ads words /dev/null\n")
    assert "is not a form of lists" in d.reload(ok=False)
    listed.write({"ads": ("domains", "<html>\n<h1>404</h1>\n<p>\n")})
    assert "is not the form of this list" in d.reload(ok=False)
    put(stage.directory / "lists", "list ads domains =bad.test,a..test\n")
    said = d.reload(ok=False)
    assert '"a..test" is left out of list ads; lines of the form domains ' \
        "are NAME, or *.NAME" in said
    assert "lists:1:18: error:" in said and "not of the form" in said
    assert rcode(stage.client().ask("bad.test")) == "NXDOMAIN"


def test_a_short_list_is_no_long_one(stage, up, listed):
    """A line of 80 bytes may stand for hundreds of nets."""
    d = listed({"ads": ("domains", "bad.test\n")})
    line = "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe\n"
    listed.write({"ads": ("ips", line * 100000)})
    assert "has too many entries" in d.reload(ok=False)
    listed.write({"ads": ("ips", line * 100)})
    d.reload()
    assert d.ctl("lookup", "2001:db8::1").startswith("listed by list ads")


def test_without_its_lists_nothing_starts(stage, up, listed):
    put(stage.directory / "acl", ACL)
    status, _, err = once(
        "--acl-file", stage.directory / "acl", "--upstream", UPSTREAM,
        "--bind", "10.1.0.1", "--firewall", "none", "--lists",
        stage.directory / "none", lab=stage.lab)
    assert status == 1 and f"{stage.directory}/none" in err
    status, _, err = once(
        "--check", "--acl-file", stage.directory / "acl", "--upstream",
        UPSTREAM, "--firewall", "none", "--lists", stage.directory / "none",
        lab=stage.lab)
    assert status == 1 and f"{stage.directory}/none" in err


def test_lists_and_lookup(stage, up, listed):
    d = listed({"ok": ("domains", "good.bad.test\n", "action passthru"),
                "ads": ("adblock", "||bad.test^\n@@||fine.bad.test^\n"
                        "##.banner\n||a.test^$script\na.test#@#.ad\n"
                        "/pixel.gif\n||b.test^$popup\n")})
    assert d.ctl("lists").splitlines() == [
        f"ok domains action=passthru names=1 addresses=0 left_out=0 hits=0 "
        f"file={stage.directory}/ok.list",
        f"ads adblock action=nxdomain names=2 addresses=0 left_out=4 hits=0 "
        f"file={stage.directory}/ads.list"]
    assert d.ctl("lookup", "a.b.BAD.test").splitlines() == [
        "listed by list ads, action nxdomain", "entry BAD.test.",
        "list ads qname action=nxdomain entry=BAD.test."]
    assert d.ctl("lookup", "fine.bad.test").splitlines() == ["not listed"]
    assert d.ctl("lookup", "good.bad.test").splitlines()[0] == \
        "let through by list ok, action passthru"
    status, _, err = d.ctl("lookup", "a..b", check=False)
    assert status == 1 and "neither a name nor an address" in err


def test_without_lists_they_are_not_spoken_of(stage, up):
    d = stage.daemon(ACL)
    status, _, err = d.ctl("lists", check=False)
    assert status == 1 and "--lists" in err


def test_the_json_log_names_the_list(stage, up, listed):
    d = listed({"ads": ("domains", "bad.test\n")}, log_format="json")
    stage.client().ask("bad.test")
    stage.client().ask("alias.test")
    assert until(lambda: len(d.out.lines()) >= 2, 3 * SLOW)
    events = [json.loads(line) for line in d.out.lines()]
    named = [e for e in events if e.get("list") == "ads"]
    assert {e["name"] for e in named} >= {"bad.test."}


def test_audit_mode_tells_of_lists_and_passes(stage, up, listed):
    d = listed({"ads": ("domains", "bad.test\n"),
                "drop": ("ips", "203.0.113.80\n")}, mode="audit")
    client = stage.client()
    assert addresses(client.ask("bad.test")) == ["203.0.113.81"]
    assert addresses(client.ask("good.test")) == ["203.0.113.80"]
    assert stage.lab.grants() == set()
    assert "\naudited 2\n" in d.ctl("status")


def test_passthru_grants_no_address_of_another_list(stage, up, listed):
    """The earliest list that has an address decides on the answer; what a
    later one has is not granted all the same."""
    listed({"ok": ("ips", "203.0.113.200\n", "action passthru"),
            "drop": ("ips", "198.51.100.0/24\n203.0.113.200\n")})
    assert addresses(stage.client().ask("many.test")) == ["203.0.113.200"]
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 443, "203.0.113.200")}
    assert addresses(stage.client(3).ask("many.test")) == [
        "198.51.100.9", "203.0.113.200"]


def test_log_counts_what_an_answer_leads_to(stage, up, listed):
    d = listed({"seen": ("ips", "203.0.113.80\n", "action log"),
                "also": ("domains", "bad.test\n", "action log")})
    assert addresses(stage.client().ask("good.test"))
    assert "\nlisted_logged 1\n" in d.ctl("status")
    assert addresses(stage.client().ask("alias.test"))
    assert "\nlisted_logged 2\n" in d.ctl("status")


@pytest.mark.parametrize("form,text,free,kept", [
    ("adblock", "||bad.test^\n@@||bad.test^\n||x.test^\n", "bad.test",
     "x.test"),
    ("dnsmasq", "address=/a.test/#\nserver=/good.test/#\n# x\n", "good.test",
     "a.test"),
    ("ips", "192.0.2.1\n0.0.0.0-255.255.255.255\n", "192.0.2.9",
     "192.0.2.1"),
    ("ips", "198.51.100.0/24\n", "64:ff9b::198.51.101.9",
     "64:ff9b::198.51.100.9"),
])
def test_what_lists_mean(stage, up, listed, form, text, free, kept):
    d = listed({"one": (form, text)})
    assert d.ctl("lookup", free).splitlines() == ["not listed"]
    assert d.ctl("lookup", kept).startswith("listed by list one")


def test_listed_addresses_inside_others(stage, up, listed):
    listed({"drop": ("ips", "198.51.100.0/24\n")})
    up.add("nat.test", "AAAA", "64:ff9b::198.51.100.9", ttl=300)
    up.add("map.test", "AAAA", "::ffff:198.51.100.9", ttl=300)
    for name in ("nat.test", "map.test"):
        assert rcode(stage.client(3).ask(name, "AAAA")) == "NXDOMAIN"


def test_services_that_lead_to_what_is_listed(stage, up, listed):
    up.add("svc.test", "HTTPS", "1 bad.test. ipv4hint=203.0.113.80", ttl=300)
    up.add("hint.test", "HTTPS", "1 . ipv4hint=203.0.113.85,203.0.113.86",
           ttl=300)
    listed({"ads": ("domains", "bad.test\n"),
            "drop": ("ips", "203.0.113.85\n")})
    for client in (stage.client(2), stage.client(3)):
        assert rcode(client.ask("svc.test", "HTTPS")) == "NXDOMAIN"
        text = str(client.ask("hint.test", "HTTPS"))
        assert "203.0.113.86" in text and "203.0.113.85" not in text


def test_explain_and_lookup_know_lists_for_some(stage, up, listed):
    d = listed({"kids": ("domains", "bad.test\n", "clients 10.1.0.3")})
    said = d.ctl("explain", "10.1.0.3", "x.bad.test", "A")
    assert "answer A that of list kids: nxdomain\n" in said, said
    assert "answer A forwarded" in d.ctl("explain", "10.1.0.2", "x.bad.test",
                                         "A")
    assert d.ctl("lookup", "bad.test").splitlines()[-1] == \
        "list kids qname action=nxdomain entry=bad.test. clients=some"
    status, _, err = d.ctl("lookup", "10.0.0.0/8", check=False)
    assert status == 1 and "neither a name nor an address" in err


def test_a_drop_has_no_response_code(stage, up, listed):
    d = listed({"ads": ("domains", "bad.test\n", "action drop")},
               log_format="json")
    assert stage.client().raw(question("x.bad.test").to_wire(), 0.5) is None
    assert until(d.out.lines, 3 * SLOW)
    line, = map(json.loads, d.out.lines())
    assert line["action"] == "drop" and line["event"] == "blocked"
    assert line["source"] == "local" and "rcode" not in line


def test_a_start_from_the_image_of_last_time(stage, up, listed):
    """Text is read only where something has changed; what is wrong in it is
    then told again."""
    told = "is left out of list ads"
    copies = stage.directory / "copies"

    def start(text=None):
        lists = stage.directory / "lists"
        if text is not None:
            put(stage.directory / "ads.list", text)
            put(lists, f"list ads domains {stage.directory}/ads.list\n")
            time.sleep(0.3)     # until the file counts as settled
        return stage.daemon(ACL, lists=lists, lists_dir=copies)

    d = start("bad.test\nnot a name\nx.test\n")
    assert told in d.err.text
    assert until(lambda: (copies / "lists.image").exists(), 5 * SLOW)
    d.stop()
    d = start()
    assert told not in d.err.text
    assert rcode(stage.client().ask("bad.test")) == "NXDOMAIN"
    d.stop()
    d = start("other.test\nnot a name\nx.test\n")
    assert told in d.err.text
    assert addresses(stage.client().ask("bad.test")) == ["203.0.113.81"]
    d.stop()
    with open(copies / "lists.image", "r+b") as f:
        f.seek(-9, 2)
        f.write(b"torn")
    d = start()
    assert told in d.err.text
    assert addresses(stage.client().ask("bad.test")) == ["203.0.113.81"]


def test_an_image_is_let_go_when_all_have_the_next(stage, up, listed):
    """By us, who have time for it; a worker has none."""
    d = listed({"ads": ("domains", "bad.test\n")})

    def images():
        found = set()
        for fd in Path(f"/proc/{d.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if "memfd:policy" in str(fd.readlink()):
                    found.add(fd.stat().st_ino)
        return found

    before = images()
    for _ in range(3):
        d.reload()
    assert until(lambda: len(images()) == len(before) == 1, 10 * SLOW)
    assert images() != before
