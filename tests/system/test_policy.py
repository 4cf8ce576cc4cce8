# SPDX-License-Identifier: GPL-2.0-or-later
"""Which rule wins, and what is said of an ACL that is wrong."""

import contextlib
import os
import signal
import socket
import stat
from pathlib import Path

import pytest

from daemon import once
from dnsclient import (REFUSED, addresses, ede, ede_text, question, rcode,
                       until)
from lab import CHAIN, UPSTREAM


def check_acl(directory, text, status=0):
    """--check FILE: what it says on stdout (0) or stderr (1)."""
    path = directory / "checked.acl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o644)
    got, out, err = once("--check", path)
    assert got == status, (out, err)
    return out if status == 0 else err


# --- precedence ---------------------------------------------------------

def test_star_dns_only_switches_no_block_off(stage, up):
    """`~> *` is the least specific rule of its net, no more."""
    up.add("x.ads.test", "A", "203.0.113.90")
    stage.daemon("10.1.0.2 ~> *\n10.1.0.2 -| bad.test\n"
                 "10.1.0.2 -| *.ads.test\n"
                 "10.1.0.2 -| fixed.test = 192.0.2.9\n")
    client = stage.client()
    for name in ("bad.test", "BAD.test", "x.ADS.test"):
        answer = client.ask(name, edns=1232)
        assert rcode(answer) == "REFUSED"
        assert ede(answer) in ([15], [17])
    assert up.count() == 0
    assert rcode(client.ask("dns.test")) == "NOERROR"
    assert stage.lab.grants() == set()


def test_names_match_in_any_case(stage, up):
    stage.daemon("10.1.0.2 -> AlLoWed.test:TCP:443\n"
                 "10.1.0.2 -| Bad.TEST\n10.1.0.2 ~> *\n")
    client = stage.client()
    assert addresses(client.ask("ALLOWED.TeSt")) == ["203.0.113.5"]
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 443, "203.0.113.5")}
    assert rcode(client.ask("bAD.tESt")) == "REFUSED"


def test_longer_domain_wins_inside_a_net(stage, up):
    up.add("good.ads.test", "A", "203.0.113.31")
    up.add("x.ads.test", "A", "203.0.113.32")
    stage.daemon("10.1.0.0/24 -> good.ads.test:TCP:443\n"
                 "10.1.0.0/24 -| *.ads.test\n10.1.0.0/24 ~> *\n")
    client = stage.client()
    assert rcode(client.ask("good.ads.test")) == "NOERROR"
    assert rcode(client.ask("x.ads.test")) == "REFUSED"
    assert rcode(client.ask("x.good.ads.test")) == "REFUSED"


def test_longer_prefix_stands_first(stage, up):
    stage.daemon("10.1.0.0/24 -| allowed.test\n"
                 "10.1.0.2 -> allowed.test:TCP:443\n"
                 "10.1.0.0/16 ~> *\n10.1.0.3 -| *\n")
    assert rcode(stage.client(2).ask("allowed.test")) == "NOERROR"
    assert rcode(stage.client(4).ask("allowed.test")) == "REFUSED"
    assert rcode(stage.client(4).ask("dns.test")) == "NOERROR"
    assert rcode(stage.client(3).ask("dns.test")) == "REFUSED"


def test_allows_add_up_until_a_block(stage, up):
    stage.daemon("10.1.0.2 -> a.wild.test:TCP:443\n"
                 "10.1.0.0/24 -> *.wild.test:TCP:80\n"
                 "10.1.0.0/16 -| wild.test\n10.1.0.0/16 -| *.wild.test\n"
                 "10.0.0.0/8 -> *.test:TCP:22\n")
    client = stage.client()
    client.ask("a.wild.test")
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 443, "203.0.113.20"),
                                  ("10.1.0.2", "tcp", 80, "203.0.113.20")}
    assert rcode(client.ask("wild.test")) == "REFUSED"


def test_wildcards(stage, up):
    stage.daemon("10.1.0.2 ~> *.wild.test\n10.1.0.3 ~> .wild.test\n")
    two, three = stage.client(2), stage.client(3)
    assert rcode(two.ask("wild.test")) == "REFUSED"
    assert rcode(two.ask("b.a.wild.test")) == "NOERROR"
    assert rcode(three.ask("wild.test")) == "NOERROR"
    assert rcode(three.ask("a.wild.test")) == "NOERROR"
    assert rcode(three.ask("xwild.test")) == "REFUSED"


def test_both_arrows_forward_any_type_and_grant(stage, up):
    stage.daemon("10.1.0.2 -> allowed.test:TCP:443\n10.1.0.2 ~> *\n")
    client = stage.client()
    assert rcode(client.ask("allowed.test", "TXT")) == "NOERROR"
    assert client.ask("allowed.test", "TXT").answer
    client.ask("allowed.test")
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 443, "203.0.113.5")}


def test_local_answer(stage, up):
    """`= address` answers the family asked and no other type."""
    stage.daemon("10.1.0.2 -| fixed.test = 192.0.2.9\n"
                 "10.1.0.2 -| six.test = 2001:db8::9\n10.1.0.2 ~> *\n")
    client = stage.client()
    answer = client.ask("fixed.test")
    assert addresses(answer) == ["192.0.2.9"]
    assert answer.answer[0].ttl == 60
    for kind in ("AAAA", "MX", "TXT"):
        answer = client.ask("fixed.test", kind)
        assert rcode(answer) == "NOERROR" and not answer.answer, kind
    assert addresses(client.ask("six.test", "AAAA")) == ["2001:db8::9"]
    assert not client.ask("six.test").answer
    assert stage.lab.grants() == set() and up.count() == 0


def test_empty_acl_refuses_everything(stage, up):
    stage.daemon("# nobody\n\n")
    assert rcode(stage.client().ask("allowed.test")) == "REFUSED"
    assert stage.lab.grants() == set()


def test_stranger_gets_a_bare_refusal(stage, up):
    stage.daemon("10.1.0.0/24 ~> *\n")
    answer = stage.stranger().ask("allowed.test", edns=1232)
    assert rcode(answer) == "REFUSED"
    assert answer.edns == 0 and ede(answer) == []
    assert up.count() == 0


def test_strangers_are_told_five_times_a_second(stage, up):
    stage.daemon("10.1.0.0/24 ~> *\n", workers=1)
    stranger = stage.stranger()
    with stranger.socket(socket.SOCK_DGRAM, 0.3) as s:
        s.connect((stranger.server, stranger.port))
        for _ in range(100):
            s.send(question("allowed.test").to_wire())
        heard = 0
        with contextlib.suppress(TimeoutError):
            while s.recv(512):
                heard += 1
    assert 5 <= heard <= 10


def test_denial_says_why(stage, up):
    stage.daemon("10.1.0.2 -> allowed.test:TCP:443\n10.1.0.2 -| bad.test\n")
    client = stage.client()
    answer = client.ask("other.test", edns=1232)
    assert rcode(answer) == "REFUSED" and ede(answer) == [18]
    assert answer.question[0].name.to_text() == "other.test."
    answer = client.ask("bad.test", edns=1232)
    assert ede(answer) in ([15], [17])
    assert "bad.test" in ede_text(answer) or ":2" in ede_text(answer)
    assert client.ask("other.test").edns == -1


def test_label_with_a_dot_inside_is_one_label(stage, up):
    up.fallback = lambda q: [(q.text, 60, "A", "203.0.113.40")]
    stage.daemon("10.1.0.2 -> *.example.com:TCP:443\n"
                 "10.1.0.2 -> allowed.test:TCP:443\n")
    client = stage.client()
    for name in (r"evil\.example.com", r"allowed\000.test", r"\255.test",
                 r"allowed\.test"):
        assert rcode(client.ask(name)) == "REFUSED", name
    assert up.count() == 0 and stage.lab.grants() == set()
    assert rcode(client.ask(r"a\.b.example.com")) == "NOERROR"


def test_odd_bytes_are_dns_only_where_star_is(stage, up):
    up.fallback = lambda q: [(q.text, 60, "A", "203.0.113.40")]
    d = stage.daemon("10.1.0.2 -> *.example.com:TCP:443\n10.1.0.2 ~> *\n")
    client = stage.client()
    for name, shown in ((r"evil\.example.com", r"evil\046example.com."),
                        (r"allowed\000.test", r"allowed\000.test."),
                        (r"\255.test", r"\255.test.")):
        assert rcode(client.ask(name)) == "NOERROR"
        assert until(lambda s=shown: s in d.out.text), d.out.text
    assert stage.lab.grants() == set()


def test_mapped_clients_are_ipv4_clients(stage, up):
    stage.daemon("10.1.0.2 -> allowed.test:TCP:443\n", bind=["::"])
    client = stage.client()
    assert addresses(client.ask("allowed.test")) == ["203.0.113.5"]
    assert addresses(client.ask("allowed.test", tcp=True)) \
        == ["203.0.113.5"]
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 443, "203.0.113.5")}


# --- the file -----------------------------------------------------------

def test_check_prints_the_canonical_form(directory):
    text = ("# comment\n10.1.2.3/8 -> Example.COM.:tcp:443\r\n\n"
            "::1 ~> *   # any\n2001:DB8::/32 -| *.ads.test = 192.0.2.1\n")
    out = check_acl(directory, text)
    assert "10.0.0.0/8 -> example.com:TCP:443" in out
    again = check_acl(directory, out)
    assert [l for l in again.splitlines() if "warning" not in l] \
        == [l for l in out.splitlines() if "warning" not in l]


def test_byte_order_mark_and_crlf_are_read(directory):
    out = check_acl(directory, b"\xef\xbb\xbf10.1.0.2 -> a.test:TCP:1\r\n")
    assert "a.test:TCP:1" in out


WRONG = [
    ("10.1.0.2 -> allowed.test:TCP:0", 1),
    ("10.1.0.2 -> allowed.test:TCP:65536", 1),
    ("10.1.0.2 -> allowed.test:TCPP:443", 1),
    ("10.1.0.2 -> allowed.test:TCP", 1),
    ("10.1.0.2 -> allowed.test", 1),
    ("\n\n10.1.0.2 ~> *foo.test", 3),
    ("10.1.0.2 ~> a..b", 1),
    ('10.1.0.2 ~> ""', 1),
    ("10.1.0.2 ~> *..", 1),
    ("10.1.0.2 ~> " + ".".join(["a" * 63] * 3 + ["b" * 62]), 1),
    ("10.1.0.2 ~> " + "a" * 64 + ".test", 1),
    ("10.1.0.2/33 ~> a.test", 1),
    ("10.1.0 ~> a.test", 1),
    ("# ok\n10.1.0.2 a.test", 2),
    ("10.1.0.2 ~> a.test\n\ufeff10.1.0.2 ~> b.test", 2),
    ("10.1.0.2 ~> a.te\0st", 1),
    ("10.1.0.2 ~> a.test " + "x" * (1 << 20), 1),
    ("10.1.0.2 -| a.test = nonsense", 1),
    ("10.1.0.2 ~> a.test:TCP:443", 1),
    ("10.1.0.2 => a.test", 1),
    ("10.1.0.2 ~> xn--b\u00fccher.test", 1),
]


@pytest.mark.parametrize("text,line", WRONG, ids=range(len(WRONG)))
def test_wrong_line_is_named(directory, text, line):
    err = check_acl(directory, text + "\n", status=1)
    assert f"checked.acl:{line}:" in err, err
    assert len(err) < 8192
    assert all(c.isprintable() or c == "\n" for c in err), repr(err)


def test_first_line_is_1(directory):
    assert ":1:" in check_acl(directory, "nonsense\n", status=1)


def test_allow_and_block_of_one_name_name_both_lines(directory):
    err = check_acl(directory, "10.1.0.2 -> a.test:TCP:1\n# x\n"
                               "10.1.0.2/32 -| A.test.\n", status=1)
    assert ":3:" in err and "1" in err.partition(":3:")[2]


def test_exact_and_below_are_not_alike(directory):
    check_acl(directory, "10.1.0.2 -> a.test:TCP:1\n10.1.0.2 -| *.a.test\n")


@pytest.mark.parametrize("kind", ["missing", "directory", "unreadable",
                                  "writable", "fifo"])
def test_acl_that_cannot_be_used(stage, directory, kind):
    acl = directory / "acl"
    if kind == "directory":
        acl.mkdir()
    elif kind == "fifo":
        os.mkfifo(acl)
    elif kind != "missing":
        acl.write_text("10.1.0.2 ~> *\n")
        acl.chmod({"unreadable": 0o644, "writable": 0o666}[kind])
    if kind == "unreadable":
        acl.unlink()
        acl.symlink_to("acl")
    status, _, err = once("--acl-file", acl, "--upstream", UPSTREAM,
                          "--firewall", "iptables", "--chain", CHAIN,
                          "--bind", "10.1.0.1", "--control",
                          directory / "c", lab=stage.lab)
    assert status == 1
    assert str(acl) in err
    assert stage.lab.sets() == [] and stage.lab.chain() == []


def test_wrong_acl_at_start_touches_nothing(stage, directory):
    acl = directory / "acl"
    acl.write_text("10.1.0.2 -> a.test:TCP:443\nwrong\n")
    status, _, err = once("--acl-file", acl, "--upstream", UPSTREAM,
                          "--firewall", "iptables", "--chain", CHAIN,
                          "--bind", "10.1.0.1", "--control",
                          directory / "c", lab=stage.lab)
    assert status == 1 and "acl:2:" in err
    assert stage.lab.sets() == [] and stage.lab.chain() == []


# --- reload -------------------------------------------------------------

def test_reload_takes_the_new_policy(stage, up):
    d = stage.daemon("10.1.0.2 ~> dns.test\n")
    client = stage.client()
    assert rcode(client.ask("allowed.test")) == "REFUSED"
    d.reload("10.1.0.2 -> allowed.test:TCP:443\n")
    assert until(lambda: rcode(client.ask("allowed.test")) == "NOERROR", 1)
    assert rcode(client.ask("dns.test")) == "REFUSED"


def test_reload_by_signal(stage, up):
    d = stage.daemon("10.1.0.2 ~> dns.test\n")
    d.write_acl("10.1.0.2 -> allowed.test:TCP:443\n")
    d.signal(signal.SIGHUP)
    client = stage.client()
    assert until(lambda: rcode(client.ask("allowed.test")) == "NOERROR")


@pytest.mark.parametrize("text", ["10.1.0.2 -> allowed.test:TCP:0\n",
                                  "10.1.0.2 wrong\n", None],
                         ids=["port", "arrow", "missing"])
def test_wrong_file_keeps_the_old_policy(stage, up, text):
    d = stage.daemon("10.1.0.2 -> allowed.test:TCP:443\n")
    client = stage.client()
    if text is None:
        d.acl.unlink()
        said = d.reload(ok=False)
    else:
        said = d.reload(text, ok=False)
        assert "acl:1:" in said
    assert "acl" in said
    assert rcode(client.ask("allowed.test")) == "NOERROR"
    assert until(lambda: "acl" in d.err.text)


def test_reload_revokes_what_no_rule_gives(stage, up):
    d = stage.daemon("10.1.0.2 -> allowed.test:TCP:443\n"
                     "10.1.0.2 -> a.wild.test:TCP:443\n")
    client = stage.client()
    client.ask("allowed.test")
    client.ask("a.wild.test")
    assert len(stage.lab.grants()) == 2
    d.reload("10.1.0.2 -> a.wild.test:TCP:443\n")
    left = {("10.1.0.2", "tcp", 443, "203.0.113.20")}
    assert until(lambda: stage.lab.grants() == left, 1.0), stage.lab.grants()
    assert client.connect("203.0.113.5") == REFUSED


def test_thousands_of_rules_cost_no_more(stage, up):
    many = "".join(f"10.1.0.0/24 -> n{i}.many.test:TCP:443\n"
                   for i in range(50000))
    stage.daemon(many + "10.1.0.0/24 -> allowed.test:TCP:443\n")
    assert rcode(stage.client().ask("allowed.test")) == "NOERROR"
    assert rcode(stage.client().ask("n50000.many.test")) == "REFUSED"


def test_acl_is_refused_where_writable_by_others(directory):
    path = directory / "checked.acl"
    path.write_text("10.1.0.2 ~> *\n")
    path.chmod(0o666)
    assert path.stat().st_mode & stat.S_IWOTH
    status, _, err = once("--check", path)
    assert status == 1 and "checked.acl" in err
