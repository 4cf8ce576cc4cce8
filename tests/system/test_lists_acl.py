# SPDX-License-Identifier: GPL-2.0-or-later
"""Lists as domains of the access list: @NAME."""

import pytest

from conftest import every_firewall
from daemon import SLOW, once
from dnsclient import OPEN, REFUSED, addresses, rcode, until
from lab import CHAIN, UPSTREAM


@pytest.fixture
def named(stage, up):
    """Starts a daemon with an access list and lists: {name: (form, text)}."""
    for n, name in enumerate(("get", "cdn.get", "bad", "mid", "free")):
        up.add(f"{name}.test", "A", f"203.0.113.{80 + n}", ttl=300)
    up.add("to.test", "CNAME", "bad.test.", ttl=300)
    up.add("inner.test", "A", "10.77.0.1", ttl=300)
    up.add("six.test", "HTTPS", "1 . ipv4hint=203.0.113.83,203.0.113.84",
           ttl=300)

    def write(lists):
        for name, (_, text, *_) in lists.items():
            put(stage.directory / f"{name}.list", text)
        put(stage.directory / "lists", "".join(
            f"list {name} {form} {stage.directory}/{name}.list "
            f"{' '.join(rest)}\n" for name, (form, _, *rest) in lists.items()))

    def start(acl, lists, **options):
        write(lists)
        return stage.daemon(acl, lists=stage.directory / "lists",
                            lists_dir=stage.directory / "kept", **options)
    start.write = write
    return start


def put(path, text):
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.chmod(0o644)
    fresh.rename(path)


@every_firewall
def test_a_list_opens_its_names_and_no_others(stage, up, named):
    d = named("10.1.0.2 -> @updates:TCP:443\n10.1.0.3 ~> *\n",
              {"updates": ("domains", "get.test\ninner.test\n")})
    client, other = stage.client(2), stage.client(3)
    assert addresses(client.ask("get.test")) == ["203.0.113.80"]
    assert addresses(client.ask("cdn.GET.test")) == ["203.0.113.81"]
    assert client.connect("203.0.113.80") == OPEN
    assert rcode(client.ask("bad.test")) == "REFUSED"
    # Like a wildcard it does not lead into private nets.
    assert rcode(client.ask("inner.test")) == "REFUSED"
    # Others have it blocked by what the list says.
    assert rcode(other.ask("get.test")) == "NXDOMAIN"
    assert "-> @updates:TCP:443" in d.ctl("explain", "10.1.0.2", "get.test")
    named.write({"updates": ("domains", "cdn.get.test\n")})
    d.reload()
    assert until(lambda: stage.lab.grants() == {
        ("10.1.0.2", "tcp", 443, "203.0.113.81")}, 5 * SLOW), \
        stage.lab.grants()
    assert client.connect("203.0.113.80") == REFUSED
    assert rcode(client.ask("get.test")) == "REFUSED"


@every_firewall
def test_a_blocked_list_blocks_names_and_addresses(stage, up, named):
    lists = {"ok": ("domains", "bad.test\n", "action passthru"),
             "ads": ("domains", "bad.test\n", "action log"),
             "drop": ("ips", "203.0.113.83\n", "action log")}
    d = named("10.1.0.2 -| @ads nxdomain\n10.1.0.2 -| @drop\n"
              "10.1.0.0/24 -> *:TCP:443\n", lists)
    client, other = stage.client(2), stage.client(3)
    assert rcode(client.ask("bad.test")) == "NXDOMAIN"
    assert rcode(client.ask("to.test")) == "NXDOMAIN"
    assert rcode(client.ask("mid.test")) == "REFUSED"
    assert stage.lab.grants() == set()
    text = str(client.ask("six.test", "HTTPS"))
    assert "203.0.113.84" in text and "203.0.113.83" not in text
    for name in ("bad.test", "to.test", "mid.test"):
        assert rcode(other.ask(name)) == "NOERROR"
    assert addresses(client.ask("free.test")) == ["203.0.113.84"]
    assert client.connect("203.0.113.84") == OPEN
    said = d.ctl("explain", "10.1.0.2", "bad.test")
    assert "verdict blocked" in said and "-| @ads nxdomain" in said
    lists["drop"] = ("ips", "203.0.113.84\n", "action log")
    named.write(lists)
    d.reload()
    assert until(lambda: client.connect("203.0.113.84") == REFUSED, 5 * SLOW)
    assert addresses(client.ask("mid.test")) == ["203.0.113.83"]
    assert not any(g[0] == "10.1.0.2" and g[3] == "203.0.113.84"
                   for g in stage.lab.grants())


def test_a_name_that_is_spelt_out_stands_before_lists(stage, up, named):
    named("10.1.0.0/24 -> bad.test:TCP:443\n10.1.0.0/24 -| @ads\n"
          "10.1.0.0/24 -| @drop\n10.1.0.3 -| @ads\n10.1.0.0/24 ~> *.test\n",
          {"ads": ("domains", "bad.test\nget.test\n", "action log"),
           "drop": ("ips", "203.0.113.82\n", "action log")})
    assert addresses(stage.client(2).ask("bad.test")) == ["203.0.113.82"]
    assert rcode(stage.client(3).ask("bad.test")) == "REFUSED"
    assert rcode(stage.client(2).ask("get.test")) == "REFUSED"


def check(stage, *more):
    return once("--check", "--acl-file", stage.directory / "acl",
                "--upstream", UPSTREAM, "--firewall", "none", *more,
                lab=stage.lab)


def test_lists_that_are_not_there_are_told(stage, up):
    put(stage.directory / "acl", "10.1.0.2 ~> *\n10.1.0.2  -> @up:TCP:1\n")
    put(stage.directory / "a.list", "get.test\n")
    put(stage.directory / "lists",
        f"list updates domains {stage.directory}/a.list\n"
        f"list Ads domains {stage.directory}/a.list\n")
    status, _, err = check(stage, "--lists", stage.directory / "lists")
    assert status == 1
    assert (f'{stage.directory}/acl:2:14: error: "up" is no list; the lists '
            f'file {stage.directory}/lists has no such name; its names: '
            f'updates, Ads\n') in err
    status, _, err = check(stage)
    assert status == 1 and "name a lists file with --lists" in err
    put(stage.directory / "acl", "10.1.0.2 -> @UPDATES:TCP:1\n"
                                 "10.1.0.2 -| @ads\n")
    status, _, err = check(stage, "--lists", stage.directory / "lists")
    assert status == 0, err


def test_addresses_of_a_list_are_not_opened_by_interface(stage, up):
    """Names of one are."""
    put(stage.directory / "acl",
        "10.1.0.2 ~> *\n10.1.0.0/24%lan0 -> @peers:TCP:80,443\n"
        "10.1.0.0/24%lan0 -> @names:TCP:80\n"
        "10.1.0.0/24%lan0 -| @drop\n")
    put(stage.directory / "a.list", "203.0.113.80\n")
    put(stage.directory / "n.list", "get.test\n")
    put(stage.directory / "lists",
        f"list peers ips {stage.directory}/a.list\n"
        f"list names domains {stage.directory}/n.list\n"
        f"list drop ips {stage.directory}/a.list\n")
    status, _, err = check(stage, "--lists", stage.directory / "lists")
    assert status == 1
    assert (f'{stage.directory}/acl:2:1: error: "peers" is a list of '
            "addresses, which is not opened by interface; name the clients "
            "by their nets alone, or open names") in err
    assert err.count("error: ") == 1, err
    put(stage.directory / "acl", "10.1.0.0/24 -> @peers:TCP:80,443\n"
                                 "10.1.0.0/24%lan0 -> @names:TCP:80\n")
    status, _, err = check(stage, "--lists", stage.directory / "lists")
    assert status == 0, err


def test_diff_and_reload_know_lists(stage, up, named):
    d = named("10.1.0.2 -> @updates:TCP:443\n",
              {"updates": ("domains", "get.test\n"),
               "ads": ("domains", "bad.test\n")})
    client = stage.client(2)
    client.ask("get.test")
    put(stage.directory / "new", "10.1.0.2 -> @ads:TCP:443\n")
    status, out, err = d.ctl("diff", stage.directory / "new", check=False)
    assert status == 1 and "revoked" in out and "get.test" in out, err
    d.write_acl("10.1.0.2 -> @none:TCP:443\n")
    assert '"none" is no list' in d.reload(ok=False)
    assert addresses(client.ask("get.test"))


def statics(stage, d):
    return sorted(line for line in d.ctl("status").splitlines()
                  if "-static" in line)


@every_firewall
def test_a_list_of_addresses_is_open_without_a_question(stage, up, named):
    """To that client, protocol and port, and not to what the guard, another
    list or a block shuts."""
    lists = {"peers": ("ips", "203.0.113.80\n203.0.113.84/31\n10.9.0.0/24\n"
                       "198.51.100.0/24\n10.1.0.1\n2001:db8:1::5\n"),
             "drop": ("ips", "198.51.100.7\n"),
             "bad": ("ips", "203.0.113.85\n", "action log")}
    d = named("10.1.0.2 -> @peers:TCP:443\n10.1.0.0/24 -> @peers:TCP:80\n"
              "10.1.0.0/24 -| @bad\nfd00:1::2 -> @peers:TCP:443\n", lists)
    client, other, six = stage.client(2), stage.client(3), stage.client6(2)
    assert until(lambda: client.connect("203.0.113.80") == OPEN, 5 * SLOW), \
        d.err.text
    assert client.connect("198.51.100.8") == OPEN
    assert client.connect("203.0.113.84", port=80) == OPEN
    assert other.connect("203.0.113.80", port=80) == OPEN
    assert until(lambda: six.connect("2001:db8:1::5") == OPEN, 5 * SLOW)
    for who, address, port in (
            (other, "203.0.113.80", 443), (client, "203.0.113.80", 22),
            (client, "198.51.100.7", 443), (client, "203.0.113.85", 443),
            (client, "10.9.0.7", 443), (client, "203.0.113.81", 443),
            (six, "2001:db8:1::6", 443)):
        assert who.connect(address, port=port) == REFUSED, (address, port)
    assert "ipv4-static stands" in statics(stage, d)[0]
    lists["peers"] = ("ips", "203.0.113.81\n")
    named.write(lists)
    d.reload()
    assert until(lambda: client.connect("203.0.113.81") == OPEN, 5 * SLOW)
    # what came is open before what went is shut
    assert until(lambda: client.connect("203.0.113.80") == REFUSED, 5 * SLOW)
    d.reload("10.1.0.2 -> @peers:TCP:22\n")
    assert until(lambda: client.connect("203.0.113.81", port=22) == OPEN,
                 5 * SLOW)
    assert until(lambda: client.connect("203.0.113.81") == REFUSED, 5 * SLOW)
    d.reload("10.1.0.2 -> @bad:UDP:9\n")
    assert until(lambda: client.connect("203.0.113.81", port=22) != OPEN,
                 5 * SLOW)
    d.reload("10.1.0.0/24 -> @peers:TCP:443\n10.1.0.2 -> @peers:TCP:443\n")
    assert until(lambda: client.connect("203.0.113.81") == OPEN, 5 * SLOW)
    assert until(lambda: other.connect("203.0.113.81") == OPEN, 5 * SLOW)


@every_firewall
def test_open_lists_are_put_right(stage, up, named):
    d = named("10.1.0.2 -> @peers:TCP:443\n",
              {"peers": ("ips", "203.0.113.80\n203.0.113.84/31\n")})
    client = stage.client(2)
    assert until(lambda: client.connect("203.0.113.80") == OPEN, 5 * SLOW)
    if stage.lab.uses_nftables():
        stage.lab.router.run("nft", "flush", "set", *stage.lab.table(),
                             "ipv4-static")
    else:
        stage.lab.router.run("ipset", "flush", f"{CHAIN}-ipv4-static")
    stage.lab.flush_chain()
    assert until(lambda: client.connect("203.0.113.80") == OPEN, 5 * SLOW), \
        d.err.text
