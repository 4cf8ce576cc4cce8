# SPDX-License-Identifier: GPL-2.0-or-later
"""The access list's language beyond the three arrows."""

import os

import dns.message
import pytest

from daemon import is_built_with, once
from dnsclient import (OPEN, REFUSED, SILENT, addresses, ede_text, question,
                       rcode, until)
from lab import ROUTER

SHUT = (REFUSED, SILENT)
NAME = "allowed.test"
ADDRESS = "203.0.113.5"


def check(directory, text, status=0, lab=None):
    """--check of a file, in the router where its interfaces matter."""
    acl = directory / "checked.acl"
    acl.write_text(text)
    acl.chmod(0o644)
    got, out, err = once("--check", acl, lab=lab)
    assert got == status, (out, err)
    return err if status else out


# --- groups ---------------------------------------------------------------

def test_group(stage, up):
    stage.daemon("10.1.0.9 ~> *\n"
                 f"@lan -> {NAME}:TCP:443\n"
                 "group lan = 10.1.0.2, @more, fd00:1::2\n"
                 "group more = 10.1.0.4/31\n")
    for number in (2, 4, 5):
        client = stage.client(number)
        assert addresses(client.ask(NAME)) == [ADDRESS]
        assert client.connect(ADDRESS) == OPEN
    assert rcode(stage.client(6).ask(NAME)) == "REFUSED"
    client = stage.client6(2)
    assert addresses(client.ask(NAME, "AAAA")) == ["2001:db8:1::5"]
    assert client.connect("2001:db8:1::5") == OPEN


GROUPS = [
    ("@lan ~> a.test\n", "1:1: ", "not a group"),
    ("group a = @b\ngroup b = @c\ngroup c = @a\n@a ~> x.test\n", "3:11: ",
     "a b c"),
    ("group a = @b\nany ~> x.test\n", "1:11: ", "not a group"),
    ("".join(f"group g{n} = @g{n + 1}\n" for n in range(20))
     + "group g20 = 10.0.0.1\n", "16:13: ", "more than 16"),
    ("group a = 10.0.0.1\ngroup a = 10.0.0.2\n", "2:7: ", "already"),
    ("group a = 10.0.0.1 10.0.0.2\n", "1:20: ", "comma"),
    ("group a = \n", "1:11: ", "empty"),
    ("group a! = 10.0.0.1\n", "1:7: ", "letters"),
    ("group a = 10.0.0.300\n", "1:11: ", "not an address"),
    ("group a = @a\n@a ~> x.test\n", "1:11: ", "itself"),
]


@pytest.mark.parametrize("text,place,why", GROUPS, ids=range(len(GROUPS)))
def test_bad_group(directory, text, place, why):
    err = check(directory, text, status=1)
    assert f"checked.acl:{place}" in err and why in err, err


@pytest.mark.plain
def test_groups_without_end(directory):
    """Even rules without ports are counted. (With sanitizers the millions
    that are allowed take longer than a compiler may.)"""
    text = "".join(f"group g{n} = " + ",".join([f"@g{n + 1}"] * 500) + "\n"
                   for n in range(6))
    text += "group g6 = 10.0.0.1\n@g0 ~> a.test\n"
    assert "room for" in check(directory, text, status=1)


def test_a_contradiction_is_told_once(directory):
    err = check(directory, "any -> a.test:TCP:80\nany -| a.test\n", 1)
    assert err.count("allow and block") == 1


def test_groups_are_written_out(directory):
    out = check(directory, "group g = 10.0.0.1, 10.0.0.2\n"
                           "@g -> a.test:TCP:80,443,8000-8002\n")
    assert out == ("10.0.0.1 -> a.test:TCP:80,443,8000-8002\n"
                   "10.0.0.2 -> a.test:TCP:80,443,8000-8002\n")
    assert check(directory, out) == out


# --- services -------------------------------------------------------------

def test_port_lists_and_ranges(stage, up):
    stage.daemon(f"10.1.0.2 -> {NAME}:TCP:80,8080\n"
                 f"10.1.0.2 -> {NAME}:UDP:8440-8445\n")
    client = stage.client()
    assert addresses(client.ask(NAME)) == [ADDRESS]
    assert client.connect(ADDRESS, 80) == OPEN
    assert client.connect(ADDRESS, 8080) == OPEN
    assert client.connect(ADDRESS, 443) in SHUT
    assert client.reach(ADDRESS, 8443) == OPEN
    assert client.reach(ADDRESS, 80) in SHUT
    grants = stage.lab.grants()
    assert len(grants) == 8


def ping(client, address):
    with client.namespace.entered():
        return os.spawnlp(os.P_WAIT, "ping", "ping", "-q", "-c", "1", "-W",
                          "1", "-I", client.address, address) == 0


@pytest.fixture
def pinger():
    if os.spawnlp(os.P_WAIT, "sh", "sh", "-c", "command -v ping >/dev/null"):
        pytest.skip("there is no ping")


def test_ping(stage, up, pinger):
    stage.daemon(f"any -> {NAME}:ICMP\n")
    client, other = stage.client(), stage.client(3)
    six = stage.client6()
    assert not ping(client, ADDRESS)
    assert addresses(client.ask(NAME)) == [ADDRESS]
    assert ping(client, ADDRESS)
    assert not ping(other, ADDRESS)
    assert client.connect(ADDRESS) in SHUT
    assert not ping(six, "2001:db8:1::5")
    six.ask(NAME, "AAAA")
    assert ping(six, "2001:db8:1::5")
    assert until(lambda: "ICMP:8 " in stage.daemons[0].out.text)
    assert "ICMP" in stage.daemons[0].ctl("grants")


def test_sctp_is_an_element(stage, up):
    d = stage.daemon(f"10.1.0.2 -> {NAME}:SCTP:5060\n")
    stage.client().ask(NAME)
    assert stage.lab.grants() == {("10.1.0.2", "sctp", 5060, ADDRESS)}
    assert until(lambda: f"[{ADDRESS}]:SCTP:5060 " in d.out.text)


def test_most_ports(directory):
    check(directory, "10.0.0.1 -> a.test:TCP:1-256\n")
    err = check(directory, "10.0.0.1 -> a.test:TCP:1-200,300-356\n", 1)
    assert ":1:24: " in err and "256" in err


# --- clients --------------------------------------------------------------

def test_any(stage, up):
    stage.daemon(f"any -> {NAME}:TCP:443\n")
    assert addresses(stage.client(7).ask(NAME)) == [ADDRESS]
    got = stage.client6(7).ask(NAME, "AAAA")
    assert addresses(got) == ["2001:db8:1::5"]


def test_localhost(stage, up):
    stage.daemon(f"localhost -> {NAME}:TCP:443\n")
    here = stage.here(ROUTER)
    assert addresses(here.ask(NAME)) == [ADDRESS]
    assert here.connect(ADDRESS) == OPEN
    assert rcode(stage.client().ask(NAME)) == "REFUSED"


def test_localnets_follow_the_addresses(stage, up):
    d = stage.daemon(f"localnets ~> {NAME}\n")
    assert addresses(stage.client().ask(NAME)) == [ADDRESS]
    stranger = stage.stranger()
    assert rcode(stranger.ask(NAME)) == "REFUSED"
    query = question(NAME).to_wire()

    def is_known():
        """Strangers that ask often are not answered at all."""
        got = stranger.raw(query, 0.3)
        return got and rcode(dns.message.from_wire(got)) == "NOERROR"

    stage.lab.router.run("ip", "addr", "add", "10.66.0.1/24", "dev", "lan0")
    try:
        assert until(is_known, 10)
        assert until(lambda: "made anew" in d.err.text)
    finally:
        stage.lab.router.run("ip", "addr", "del", "10.66.0.1/24", "dev",
                             "lan0")
        stage.lab.router.run("ip", "route", "replace", "10.66.0.0/24", "dev",
                             "lan0")


@pytest.mark.parametrize("tcp", [False, True])
def test_interface(stage, up, tcp):
    stage.daemon(f"10.1.0.0/24%lan0 -> {NAME}:TCP:443\n"
                 "10.1.0.0/24%up0 ~> dns.test\n"
                 "any%lan0 ~> wild.test\n")
    client = stage.client()
    assert addresses(client.ask(NAME, tcp=tcp)) == [ADDRESS]
    assert client.connect(ADDRESS) == OPEN
    assert rcode(client.ask("dns.test", tcp=tcp)) == "REFUSED"
    assert rcode(client.ask("wild.test", tcp=tcp)) == "NOERROR"


def test_interface_that_is_made_again(stage, up):
    router = stage.lab.router
    router.run("ip", "link", "add", "dmz0", "type", "veth", "peer",
               "dmz1")
    try:
        d = stage.daemon(f"10.1.0.0/24%lan0 ~> {NAME}\nany%dmz0 ~> *\n")
        router.run("ip", "link", "del", "dmz0")
        router.run("ip", "link", "add", "dmz0", "type", "veth", "peer",
                   "dmz1")
        assert rcode(stage.client().ask(NAME)) == "NOERROR"
        assert until(lambda: "allowed" in d.ctl(
            "explain", "10.9.9.9%dmz0", "x.test"), 3)
    finally:
        router.run("ip", "link", "del", "dmz0")


def test_unknown_interface(stage, directory):
    err = check(directory, "# one\n10.0.0.0/8%nosuch0 ~> a.test\n", 1,
                lab=stage.lab)
    assert "checked.acl:2:12: " in err and "lan0" in err, err


def test_interface_stands_before_none(stage, up):
    stage.daemon("10.1.0.0/24%lan0 -| dns.test\n"
                 "10.1.0.0/24 ~> dns.test\n"
                 "10.1.0.0/24%lan0 ~> *\n")
    assert rcode(stage.client().ask("dns.test")) == "REFUSED"


# --- blocks ---------------------------------------------------------------

def test_block_answers(stage, up):
    d = stage.daemon("10.1.0.2 -| no.test nxdomain\n"
                     "10.1.0.2 -| empty.test nodata\n"
                     "10.1.0.2 -| quiet.test drop\n"
                     "10.1.0.2 -| zero.test null\n"
                     "10.1.0.2 -| plain.test refused\n"
                     "10.1.0.2 -| both.test = 192.0.2.1,2001:db8::1\n"
                     "10.1.0.2 ~> *\n")
    client = stage.client()
    got = client.ask("no.test", edns=1232)
    assert rcode(got) == "NXDOMAIN" and "acl:1" in ede_text(got)
    got = client.ask("empty.test")
    assert rcode(got) == "NOERROR" and not got.answer
    assert client.raw(question("quiet.test").to_wire(), 0.5) is None
    assert addresses(client.ask("zero.test")) == ["0.0.0.0"]
    assert addresses(client.ask("zero.test", "AAAA")) == ["::"]
    assert not client.ask("zero.test", "TXT").answer
    assert rcode(client.ask("plain.test")) == "REFUSED"
    assert addresses(client.ask("both.test")) == ["192.0.2.1"]
    assert addresses(client.ask("both.test", "AAAA")) == ["2001:db8::1"]
    assert until(lambda: "zero.test. = 0.0.0.0\n" in d.out.text)
    assert until(lambda: "quiet.test.\n" in d.out.text)
    assert up.count() == 0


@pytest.mark.parametrize("word,code", [("nxdomain", "NXDOMAIN"),
                                       ("nodata", "NOERROR"),
                                       ("null", "REFUSED"),
                                       ("drop", None)])
def test_block_on_the_chain(stage, up, word, code):
    up.add("way.wild.test", "CNAME", "bad.test.")
    stage.daemon("10.1.0.2 -> *.wild.test:TCP:443\n"
                 f"10.1.0.2 -| bad.test {word}\n")
    client = stage.client()
    if code is None:
        wire = question("way.wild.test").to_wire()
        assert client.raw(wire, 0.5) is None
    else:
        got = client.ask("way.wild.test")
        assert rcode(got) == code and not got.answer
    assert stage.lab.grants() == set()


# --- names ----------------------------------------------------------------

@pytest.mark.skipif(not is_built_with("IDN2"), reason="without libidn2")
def test_internationalized_name(stage, up):
    up.add("xn--bcher-kva.test", "A", ADDRESS)
    d = stage.daemon("10.1.0.2 -> b\u00fccher.test:TCP:443\n"
                     "10.1.0.2 ~> *.B\u00dcCHER.test\n")
    assert addresses(stage.client().ask("xn--bcher-kva.test")) == [ADDRESS]
    assert until(lambda: "xn--bcher-kva.test" in d.err.text)


# --- files ----------------------------------------------------------------

def write(path, text):
    path.write_text(text)
    path.chmod(0o644)
    return path


def test_include(stage, up, directory):
    parts = directory / "parts"
    parts.mkdir(mode=0o755)
    write(parts / "10-allow.acl", f"@lan -> {NAME}:TCP:443\n")
    write(parts / "20-more.acl", "include \"../deep\"\n")
    write(parts / "30-other.txt", "nonsense\n")
    write(directory / "deep", "10.1.0.2 ~> dns.test\n")
    d = stage.daemon("include \"parts/*.acl\"\ngroup lan = 10.1.0.2\n")
    client = stage.client()
    assert addresses(client.ask(NAME)) == [ADDRESS]
    assert client.connect(ADDRESS) == OPEN
    assert rcode(client.ask("dns.test")) == "NOERROR"
    told = d.ctl("explain", "10.1.0.2", NAME)
    assert "parts/10-allow.acl:1" in told
    write(directory / "deep", "10.1.0.2 ~> a..b\n")
    assert "deep:1:15: " in d.reload(ok=False)
    assert rcode(client.ask("dns.test")) == "NOERROR"
    write(parts / "40-new.acl", "10.1.0.2 ~> bad.test\n")
    write(directory / "deep", "")
    d.reload()
    assert rcode(client.ask("bad.test")) == "NOERROR"
    assert rcode(client.ask("dns.test")) == "REFUSED"


def test_directory(stage, up, directory):
    home = directory / "acl.d"
    home.mkdir(mode=0o755)
    write(home / "a.acl", f"10.1.0.2 -> {NAME}:TCP:443\n")
    write(home / "b.acl", "10.1.0.2 ~> dns.test\n")
    d = stage.daemon(None, acl_file=home)
    assert addresses(stage.client().ask(NAME)) == [ADDRESS]
    write(home / "c.acl", "10.1.0.2 ~> bad.test\n")
    d.reload()
    assert rcode(stage.client().ask("bad.test")) == "NOERROR"
    status, out, _ = once("--check", home)
    assert status == 0 and len(out.splitlines()) == 3


def test_allow_and_block_in_two_files(directory):
    write(directory / "one.acl", "10.1.0.2 ~> a.test\n")
    err = check(directory, "include \"one.acl\"\n10.1.0.2 -| a.test\n", 1)
    assert "checked.acl:2:" in err or "one.acl:1:" in err
    assert "checked.acl" in err and "one.acl" in err


def test_file_includes_itself(directory):
    err = check(directory, "include \"checked.acl\"\n", 1)
    assert "checked.acl:1:10: " in err and "includes" in err
    write(directory / "b", "include \"checked.acl\"\n")
    assert "/b:1:10: " in check(directory, "include \"b\"\n", 1)


def test_a_file_by_another_name_is_the_same(directory):
    for name in ("./checked.acl", f"../{directory.name}/checked.acl"):
        err = check(directory, f"include \"{name}\"\n", 1)
        assert "checked.acl:1:10: " in err and "includes" in err
    write(directory / "part", "group g = 10.0.0.1\n")
    (directory / "link").symlink_to("part")
    out = check(directory, "include \"part\"\ninclude \"./link\"\n"
                           "@g ~> a.test\n")
    assert out == "10.0.0.1 ~> a.test\n"


def test_a_directory_is_no_pattern(directory):
    home = directory / "a[1]*"
    home.mkdir(mode=0o755)
    write(home / "part", "10.0.0.1 ~> a.test\n")
    assert check(home, "include \"part\"\n") == "10.0.0.1 ~> a.test\n"
    assert "missing" in check(home, "include \"missing\"\n", 1)


def test_deep_includes(directory):
    for n in range(12):
        write(directory / f"f{n}", f"include \"f{n + 1}\"\n")
    write(directory / "f12", "10.0.0.1 ~> a.test\n")
    assert "deep" in check(directory, "include \"f0\"\n", 1)
    check(directory, "include \"f6\"\n")


@pytest.mark.parametrize("kind", ["missing", "directory", "fifo", "writable",
                                  "device"])
def test_include_that_cannot_be(directory, kind):
    path = directory / "part"
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/null")
    elif kind == "writable":
        path.write_text("")
        path.chmod(0o666)
    err = check(directory, "# x\ninclude \"part\"\n", 1)
    assert "checked.acl:2:10: " in err and "part" in err, err


def test_include_is_no_way_to_read_what_is_secret(directory):
    """Where somebody else than root owns the access list."""
    write(directory / "secret", "10.0.0.1 ~> secret.test\n")
    (directory / "secret").chmod(0o600)
    acl = directory / "checked.acl"
    write(acl, "include \"secret\"\n")
    assert once("--check", acl)[0] == 0
    os.chown(acl, 65534, 65534)
    status, out, err = once("--check", acl)
    assert status == 1 and "not for the owner" in err
    assert "secret.test" not in out + err
    (directory / "secret").chmod(0o644)
    assert once("--check", acl)[0] == 0


def test_pattern_that_matches_nothing(directory):
    out = check(directory, "include \"none/*.acl\"\n10.0.0.1 ~> a.test\n")
    assert out == "10.0.0.1 ~> a.test\n"


def test_empty_directory(directory):
    home = directory / "acl.d"
    home.mkdir(mode=0o755)
    status, _, err = once("--check", home)
    assert status == 1 and ".acl" in err and str(home) in err


def test_too_many_files(directory):
    for n in range(300):
        write(directory / f"{n}.part", "")
    assert "256" in check(directory, "include \"*.part\"\n", 1)


def test_canonical_form_says_the_same(stage, directory):
    text = ("10.1.0.0/24%lan0 -> a.test:TCP:80,443\n"
            "any ~> b.test\n10.1.0.2 -| c.test nodata\n"
            "10.1.0.2 -| d.test null\n::1 -> e.test:ICMP\n")
    out = check(directory, text, lab=stage.lab)
    assert check(directory, out, lab=stage.lab) == out
    assert "10.1.0.0/24%lan0 -> a.test:TCP:80,443\n" in out
    assert "::/0 ~> b.test\n" in out and ":ICMP\n" in out
    assert "10.1.0.2 -| c.test nodata\n" in out
