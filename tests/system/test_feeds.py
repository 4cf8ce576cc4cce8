# SPDX-License-Identifier: GPL-2.0-or-later
"""Lists that are fetched: by HTTPS, and as addresses of names."""

import base64
import gzip
import os
import random
import re
import time
import zlib

import dns.tsigkeyring
import pytest

from daemon import SLOW
from dnsclient import addresses, rcode, until
from feeds import ADDRESS, HOST, URL, Authority, Feed, Page
from primaries import SECRET, Named

ACL = "10.1.0.0/24 -> *:TCP:443\n"


@pytest.fixture
def authority(directory):
    return Authority(directory)


@pytest.fixture
def feed(stage, up, authority):
    """A publisher that the upstream knows, and two names to be listed."""
    up.add(HOST, "A", ADDRESS, ttl=300)
    for n, name in enumerate(("good", "bad", "worse")):
        up.add(f"{name}.test", "A", f"203.0.113.{80 + n}", ttl=300)
    made = Feed(stage.lab.net, authority)
    yield made
    made.stop()


@pytest.fixture
def fetching(stage, feed, authority):
    """Starts a daemon that fetches: lines of the lists file."""
    def start(*lines, **options):
        path = stage.directory / "lists"
        path.write_text("".join(line + "\n" for line in lines))
        path.chmod(0o644)
        return stage.daemon(
            ACL, lists=path, lists_dir=stage.directory / "copies",
            feed_ca=authority.ca, **options)
    return start


def is_listed(d, name):
    return d.ctl("lookup", name).startswith("listed")


def wait_listed(d, name, listed=True):
    assert until(lambda: is_listed(d, name) == listed, 20 * SLOW), d.err.text


def test_a_feed_is_fetched_and_in_force(stage, up, feed, fetching):
    feed.pages["/ads"] = Page("# ads\nbad.test\n")
    d = fetching(f"list ads domains {URL}/ads")
    wait_listed(d, "bad.test")
    client = stage.client()
    assert rcode(client.ask("bad.test")) == "NXDOMAIN"
    assert addresses(client.ask("good.test")) == ["203.0.113.80"]
    assert feed.seen[0].fields["user-agent"] == "dns-firewall"
    d.err.says("List ads has changed: 1 entries")


def state(d, name):
    """Of a list that is fetched: its words, as `lists` prints them."""
    for line in d.ctl("lists").splitlines():
        if line.startswith(name + " "):
            return dict(re.findall(r"(\w+)=(.*?)(?= \w+=|$)", line))
    raise AssertionError(f"no list {name}")


def refresh(d, name):
    """Fetches it now, and waits until that is over: its state."""
    def count():
        now = state(d, name)
        return int(now["fetched"]) + int(now["failed"]), now["checked"]
    was, seen = count()[0], len(d.err.text)
    d.ctl("lists", "refresh", name)
    assert until(lambda: count()[0] > was or
                 state(d, name)["state"] == "fresh", 60 * SLOW), \
        d.err.text[seen:]
    return state(d, name)


def fails(d, name, why):
    """It cannot be fetched, and what was in force stays."""
    assert until(lambda: why in state(d, name).get("error", ""), 60 * SLOW), \
        (state(d, name), d.err.text)
    assert state(d, name)["state"] == "failing"
    kind = ("state degraded:" if state(d, name)["checked"] == "-"
            else "notice")
    assert any(line.startswith(f"{kind} list {name}: ") and why in line
               for line in d.ctl("status").splitlines())
    assert 0 <= int(state(d, name)["next"].rstrip("s")) <= 34


@pytest.fixture
def protected(feed, fetching, request):
    """A daemon with a list that was fetched, and later is another."""
    feed.pages["/ads"] = Page("bad.test\n")
    d = fetching(f"list ads domains {URL}/ads",
                 feed_timeout=getattr(request, "param", 300))
    wait_listed(d, "bad.test")

    def later(page):
        feed.pages["/ads"] = page
        d.ctl("lists", "refresh", "ads")
        return d
    later.daemon = d
    return later


# ---- as it should be -------------------------------------------------------

def test_what_has_not_changed_is_not_sent_again(feed, fetching):
    feed.pages["/ads"] = Page("bad.test\n", etag='"one"')
    d = fetching(f"list ads domains {URL}/ads")
    wait_listed(d, "bad.test")
    assert refresh(d, "ads")["state"] == "fresh"
    assert feed.seen[1].fields["if-none-match"] == '"one"'
    assert state(d, "ads")["fetched"] == "1"
    feed.pages["/ads"] = Page("worse.test\n", etag='"two"')
    refresh(d, "ads")
    wait_listed(d, "worse.test")
    assert not is_listed(d, "bad.test")
    feed.pages["/ads"] = Page("worse.test\n", Last_Modified="yesterday")
    refresh(d, "ads")
    refresh(d, "ads")
    assert until(lambda: feed.seen[-1].fields.get("if-modified-since")
                 == "yesterday", 20 * SLOW)
    assert d.err.text.count("Lists have changed") == 2


@pytest.mark.parametrize("form,text,entry", [
    ("hosts", "127.0.0.1 localhost\n0.0.0.0 bad.test\n", "bad.test"),
    ("adblock", "[Adblock Plus]\n! title\n||bad.test^\n", "a.bad.test"),
    ("dnsmasq", "address=/bad.test/\n", "bad.test"),
    ("ips", "203.0.113.81\n2001:db8::/32\n", "203.0.113.81"),
    ("ips", "# a\r\n203.0.113.81 ; b\r\n", "203.0.113.81")])
def test_every_form_is_fetched(stage, feed, fetching, form, text, entry):
    feed.pages["/list"] = Page(text, packed=True)
    d = fetching(f"list one {form} {URL}/list")
    wait_listed(d, entry)
    assert rcode(stage.client().ask("bad.test")) == "NXDOMAIN"
    assert feed.seen[0].fields["accept-encoding"] == "gzip"


TEXT = "".join(f"{n}.other.test\n" for n in range(20000)) + "bad.test\n"


def whole(text):
    return [gzip.compress(text)]


def in_members(text):
    return [gzip.compress(text[:5000]) + gzip.compress(b"")
            + gzip.compress(text[5000:])]


def in_pieces(text):
    data = gzip.compress(text)
    return [data[:1], data[1:7], data[7:], b"\0" * 100]


@pytest.mark.parametrize("kind", (whole, in_members, in_pieces))
@pytest.mark.parametrize("encoded", (False, True), ids=("", "encoded"))
def test_a_file_of_gzip_is_unpacked(feed, fetching, kind, encoded):
    """Whatever the server calls it, and where it packs it once more."""
    def say(request):
        pieces = kind(TEXT.encode())
        if encoded:
            pieces = [gzip.compress(b"".join(pieces))]
        request.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/gzip\r\n"
                     + b"Content-Encoding: gzip\r\n" * encoded
                     + b"Content-Length: %d\r\n\r\n"
                     % sum(map(len, pieces)))
        for piece in pieces:
            request.send(piece)
            time.sleep(0.05)
    feed.pages["/list.gz"] = say
    d = fetching(f"list one domains {URL}/list.gz")
    wait_listed(d, "bad.test")
    assert is_listed(d, "0.other.test")
    assert state(d, "one")["entries"] == "20001"


def test_a_column_of_a_table_is_fetched(feed, fetching):
    feed.pages["/t"] = Page('id,ip\n1,"203.0.113.81"\n')
    d = fetching(f"list one ips {URL}/t column 2")
    wait_listed(d, "203.0.113.81")


def test_redirects_lead_on(up, feed, fetching, authority, stage):
    up.add("other.test", "A", "203.0.113.251", ttl=300)
    other = Feed(stage.lab.net, authority, "203.0.113.251",
                 certificate=authority.certificate("other.test"))
    try:
        feed.pages["/ads"] = lambda r: r.say(302, Location="/again")
        feed.pages["/again"] = lambda r: r.say(
            301, Location="https://other.test:4443/ads")
        other.pages["/ads"] = Page("bad.test\n")
        d = fetching(f"list ads domains {URL}/ads")
        wait_listed(d, "bad.test")
        assert other.seen[0].fields["host"] == "other.test:4443"
    finally:
        other.stop()


def test_what_a_feed_may_not_list(stage, up, feed, fetching):
    feed.pages["/ads"] = Page("co.uk\ngood.test\nbad.test\n*.example\n")
    d = fetching(f"list ads domains {URL}/ads", never_block="www.good.test")
    wait_listed(d, "bad.test")
    for name in ("x.co.uk", "good.test", "www.good.test", "x.example",
                 URL.split("/")[2].split(":")[0]):
        assert not is_listed(d, name), name
    told = [line for line in d.err.text.splitlines() if "left out" in line]
    assert "co.uk. is left out of list ads: it is a public suffix" in \
        "".join(told)


def test_a_restart_needs_no_network(stage, up, feed, fetching):
    feed.pages["/ads"] = Page("bad.test\n")
    d = fetching(f"list ads domains {URL}/ads")
    wait_listed(d, "bad.test")
    d.stop()
    feed.stop()
    up.stop()
    d = fetching(f"list ads domains {URL}/ads")
    assert is_listed(d, "bad.test")
    assert rcode(stage.client().ask("bad.test")) == "NXDOMAIN"
    now = state(d, "ads")
    assert now["entries"] == "1" and now["state"] in ("fresh", "busy")
    d.ctl("lists", "refresh", "ads")
    fails(d, "ads", "Connection refused")
    assert is_listed(d, "bad.test")


def test_a_restart_of_the_process_alone(feed, fetching):
    feed.pages["/ads"] = Page("bad.test\n")
    d = fetching(f"list ads domains {URL}/ads")
    wait_listed(d, "bad.test")
    process = d.by_role("lists")[0]
    os.kill(process.pid, 9)
    assert until(lambda: any(p.pid != process.pid
                             for p in d.by_role("lists")), 20 * SLOW)
    assert until(lambda: state(d, "ads")["entries"] == "1", 20 * SLOW)
    assert len(feed.seen) == 1
    assert is_listed(d, "bad.test")


def test_another_url_is_another_list(stage, feed, fetching):
    feed.pages["/one"] = Page("bad.test\n", etag='"x"')
    feed.pages["/two"] = Page("worse.test\n", etag='"x"')
    d = fetching(f"list ads domains {URL}/one")
    wait_listed(d, "bad.test")
    (stage.directory / "lists").write_text(f"list ads domains {URL}/two\n")
    d.reload()
    wait_listed(d, "worse.test")
    assert "if-none-match" not in feed.seen[1].fields
    assert not is_listed(d, "bad.test")


def test_another_form_is_another_list(stage, feed, fetching):
    feed.pages["/ads"] = Page("0.0.0.0 bad.test\n", etag='"x"')
    d = fetching(f"list ads domains {URL}/ads")
    fails(d, "ads", "most of its lines are not understood")
    (stage.directory / "lists").write_text(f"list ads hosts {URL}/ads\n")
    d.reload()
    wait_listed(d, "bad.test")
    (stage.directory / "lists").write_text(f"list ads domains {URL}/ads\n")
    d.reload()
    fails(d, "ads", "most of its lines are not understood")
    assert all("if-none-match" not in r.fields for r in feed.seen)


def test_a_list_of_real_size(stage, feed, fetching):
    """200,000 lines, as hosts, packed."""
    names = [f"n{n}.{n % 977}.bad.test" for n in range(200000)]
    feed.pages["/big"] = Page("".join(f"0.0.0.0 {n}\n" for n in names),
                              packed=True)
    d = fetching(f"list big hosts {URL}/big")
    assert until(lambda: is_listed(d, names[-1]), 30 * SLOW), d.err.text
    assert state(d, "big")["entries"] == "200000"
    assert rcode(stage.client().ask(names[77])) == "NXDOMAIN"
    assert addresses(stage.client().ask("good.test"))


# ---- as it should not be ---------------------------------------------------

def test_only_https_is_fetched(stage, feed, fetching):
    with pytest.raises(AssertionError) as told:
        fetching("list ads domains http://feeds.test/ads")
    assert "is not fetched: anybody on the way could change it" \
        in str(told.value)


REDIRECTS = {
    "http": ("http://feeds.test/ads", "no URL of https"),
    "file": ("file:///etc/passwd", "no URL of https"),
    "loopback": ("https://127.0.0.1:4443/", "--private-ok"),
    "loopback6": ("https://[::1]/", "--private-ok"),
    "private": ("https://10.1.0.1/", "--private-ok"),
    "router": ("https://172.30.0.1/", "--private-ok"),
    "itself": ("/ads", "redirects more than 3 times"),
    "nobody": ("https://nobody.test/", "NXDOMAIN"),
}


@pytest.mark.parametrize("kind", REDIRECTS)
def test_redirects_that_are_not_followed(protected, feed, kind):
    to, why = REDIRECTS[kind]
    d = protected(lambda r: r.say(302, Location=to))
    fails(d, "ads", why)
    assert is_listed(d, "bad.test")


def endless(text):
    def say(request):
        request.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            request.send(text)
    return say


def slow(request):
    request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        request.send(b"bad.test\n")
        time.sleep(0.5)


def cut(request):
    request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbad.test\n")


def packed(piece, count, encoding=b"Content-Encoding: gzip\r\n"):
    """A body that unpacks to much more."""
    def say(request):
        packer = zlib.compressobj(wbits=31)
        request.send(b"HTTP/1.1 200 OK\r\n" + encoding +
                     b"Connection: close\r\n\r\n")
        for _ in range(count):
            request.send(packer.compress(piece))
        request.send(packer.flush())
    return say


WRONG = {
    "page": (Page("<!DOCTYPE html>\n<title>Oops</title>\n"),
             "it is a web page"),
    "bytes": (Page(b"\x7f\x8b\x08\0\0\0\n" * 9), "it is not text"),
    "gzip": (Page(b"\x1f\x8b\x08\0\0\0\n" * 9), "its gzip is damaged"),
    "gzip-sum": (Page(gzip.compress(b"a.test\n" * 9)[:-8] + bytes(8)),
                 "its gzip is damaged"),
    "gzip-cut": (Page(gzip.compress(b"a.test\n" * 9)[:-4]),
                 "its gzip is cut off"),
    "encoded-cut": (Page(gzip.compress(b"a.test\n" * 9)[:-4],
                         Content_Encoding="gzip"), "its gzip is cut off"),
    "encoded-half": (Page(gzip.compress(
        b"".join(b"a%d.test\n" % n for n in range(9999)))[:9999],
        Content_Encoding="gzip"), "its gzip is cut off"),
    "encoded-file-cut": (Page(gzip.compress(gzip.compress(
        b"a.test\n" * 9)[:-4]), Content_Encoding="gzip"),
        "its gzip is cut off"),
    "gzip-page": (Page(gzip.compress(b"<html>\n")), "it is a web page"),
    "gzip-bomb": (packed(b"a.test\n" * 65536, 100, b""),
                  "unpacks to more than 200 times its size"),
    "gzip-line": (packed(b"x" * 1_000_000, 500, b""),
                  "a line has more than 4096"),
    "gzip-twice": (lambda r: r.say(200, gzip.compress(gzip.compress(
        b"a.test\n" * 10_000_000)), Content_Encoding="gzip"),
                   "unpacks to more than 200 times its size"),
    "form": (Page("||a.test^\n||b.test^\n"), "are not understood"),
    "missing": (lambda r: r.say(404, b"a.test\n"), "the server answers 404"),
    "failing": (lambda r: r.say(503, b"a.test\n"), "the server answers 503"),
    "partial": (lambda r: r.say(206, b"a.test\n"), "the server answers 206"),
    "unasked": (lambda r: r.say(304), "the server answers 304"),
    "cut": (cut, "transfer closed with"),
    "bomb": (packed(b"a.test\n" * 65536, 100),
             "unpacks to more than 200 times its size"),
    "line": (packed(b"x" * 1_000_000, 500), "a line has more than 4096"),
    "endless": (endless(b"a.test\n" * 4096), "more than 64 MiB"),
    "long": (endless(b"x" * 65536), "a line has more than 4096"),
    "nonsense": (lambda r: r.send(b"\0" * 100000), "HTTP"),
    "headers": (lambda r: r.send(b"HTTP/1.1 200 OK\r\n"
                                 + b"X-A: b\r\n" * 200000), "eader"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_comes_wrong_changes_nothing(protected, kind):
    page, why = WRONG[kind]
    d = protected(page)
    fails(d, "ads", why)
    assert is_listed(d, "bad.test")
    assert not is_listed(d, "a.test")


@pytest.mark.parametrize("protected", [2], indirect=True)
def test_what_comes_slowly_comes_to_its_end(protected):
    d = protected(slow)
    fails(d, "ads", "it takes longer than 2 s")
    assert is_listed(d, "bad.test")


@pytest.mark.parametrize("kind,why", [
    ("self-signed", "self-signed certificate; an authority of your own is "
     "named by --feed-ca"),
    ("other name", "subject name matches"),
    ("not TLS", "SSL")])
def test_who_is_not_who_he_says(stage, up, feed, fetching, authority, kind,
                                why):
    certificate = {
        "self-signed": authority.certificate(signed=False),
        "other name": authority.certificate("else.test")}.get(kind)
    up.add("false.test", "A", "203.0.113.252", ttl=300)
    false = Feed(stage.lab.net, authority, "203.0.113.252",
                 certificate=certificate)
    if kind == "not TLS":
        false.talk = lambda c: (c.recv(100), c.sendall(b"HTTP/1.1 200 OK\r\n"
                                                       b"\r\n"), c.close())
    false.pages["/ads"] = Page("bad.test\n")
    try:
        d = fetching("list ads domains https://false.test:4443/ads")
        fails(d, "ads", why)
        assert not is_listed(d, "bad.test") and not false.seen
    finally:
        false.stop()


def test_a_private_publisher_needs_a_word(up, feed, fetching, stage,
                                          authority):
    up.add("inside.test", "A", "10.9.0.5", ttl=300)
    inside = Feed(stage.lab.net, authority, "10.9.0.5",
                  certificate=authority.certificate("inside.test"))
    inside.pages["/ads"] = Page("bad.test\n")
    try:
        line = "list ads domains https://inside.test:4443/ads"
        d = fetching(line)
        fails(d, "ads", "--private-ok")
        assert inside.greeted == 0
        d.stop()
        d = fetching(line, private_ok="10.9.0.0/24")
        wait_listed(d, "bad.test")
    finally:
        inside.stop()


def age_copy(stage, name, seconds):
    """Its publisher confirmed it so much longer ago."""
    path = stage.directory / "copies" / "copies" / f"{name}.kept"
    data = path.read_bytes()
    said = re.search(rb" checked (\d+)", data)
    older = b"%d" % (int(said[1]) - seconds)
    path.write_bytes(data[:said.start(1)] + older + data[said.end(1):])


@pytest.mark.parametrize("age,grave", ((10200, False), (11400, True)))
def test_what_fails_is_noticed_first_and_grave_later(stage, feed, fetching,
                                                     age, grave):
    """Three times its interval later."""
    feed.pages["/ads"] = Page("bad.test\n")
    d = fetching(f"list ads domains {URL}/ads")
    wait_listed(d, "bad.test")
    d.stop()
    age_copy(stage, "ads", age)
    feed.pages["/ads"] = lambda r: r.say(404)
    d = fetching(f"list ads domains {URL}/ads")
    assert until(lambda: "answers 404" in state(d, "ads").get("error", ""),
                 20 * SLOW), state(d, "ads")
    said = d.ctl("status").splitlines()
    why = "list ads: feeds.test: the server answers 404"
    assert (f"state degraded: {why}" in said) == grave, said
    assert (f"notice {why}" in said) != grave
    assert ("state ok" in said) != grave
    assert is_listed(d, "bad.test")
    feed.pages["/ads"] = Page("bad.test\n")
    refresh(d, "ads")
    assert until(lambda: "state ok" in d.ctl("status").splitlines())
    assert "notice" not in d.ctl("status")


def test_a_list_that_comes_back_still_has_its_copy(stage, feed, fetching):
    """In the first month; then it is removed."""
    feed.pages["/ads"] = feed.pages["/old"] = Page("bad.test\n")
    lines = [f"list {n} domains {URL}/{n}" for n in ("ads", "old")]
    d = fetching(*lines)
    wait_listed(d, "bad.test")
    copies = stage.directory / "copies" / "copies"
    ads, old = (copies / f"{n}.kept" for n in ("ads", "old"))
    assert until(lambda: ads.exists() and old.exists(), 20 * SLOW)
    d.stop()
    month_ago = time.time() - 31 * 86400
    os.utime(old, (month_ago, month_ago))
    feed.stop()
    d = fetching("list mine domains =worse.test")
    d.err.says("old.kept is removed: no list of that name")
    assert ads.exists() and not old.exists()
    assert not is_listed(d, "bad.test")
    (stage.directory / "lists").write_text(lines[0] + "\n")
    d.reload()
    assert is_listed(d, "bad.test")


# ---- doubts ----------------------------------------------------------------

@pytest.mark.parametrize("after,why", [
    (0, "nothing is listed in it"),
    (900, "it has lost more than half")])
def test_a_list_that_shrinks_waits_for_a_word(feed, fetching, after, why):
    text = "".join(f"n{n}.bad.test\n" for n in range(2000))
    feed.pages["/ads"] = Page(text)
    d = fetching(f"list ads domains {URL}/ads")
    wait_listed(d, "n1999.bad.test")
    feed.pages["/ads"] = Page("# news\n" + "".join(
        text.splitlines(True)[:after]))
    d.ctl("lists", "refresh", "ads")
    assert until(lambda: state(d, "ads")["state"] == "held", 20 * SLOW)
    said = state(d, "ads")["error"]
    assert why in said and f"({after} instead of 2000)" in said
    assert "lists accept ads" in said
    assert "degraded" in d.ctl("status") and is_listed(d, "n1999.bad.test")
    d.stop()
    d = fetching(f"list ads domains {URL}/ads")
    assert until(lambda: state(d, "ads")["state"] == "held", 20 * SLOW)
    assert is_listed(d, "n1999.bad.test")
    assert "is taken" in d.ctl("lists", "accept", "ads")
    wait_listed(d, "n1999.bad.test", False)
    assert is_listed(d, "n1.bad.test") == (after > 0)
    assert state(d, "ads")["entries"] == str(after)
    assert "\nstate ok\n" in d.ctl("status")
    status, _, err = d.ctl("lists", "accept", "ads", check=False)
    assert status == 1 and "no copy of that list is held back" in err


def test_what_was_held_back_may_be_taken_back(feed, fetching):
    text = "".join(f"n{n}.bad.test\n" for n in range(2000))
    feed.pages["/ads"] = Page(text)
    d = fetching(f"list ads domains {URL}/ads")
    wait_listed(d, "n1999.bad.test")
    feed.pages["/ads"] = Page("n1.bad.test\n")
    d.ctl("lists", "refresh", "ads")
    assert until(lambda: state(d, "ads")["state"] == "held", 20 * SLOW)
    feed.pages["/ads"] = Page(text)
    d.ctl("lists", "refresh", "ads")
    assert until(lambda: state(d, "ads")["state"] == "fresh", 20 * SLOW)
    status, _, err = d.ctl("lists", "accept", "ads", check=False)
    assert status == 1 and "no copy of that list is held back" in err
    assert d.err.text.count("Lists have changed") == 1


def test_the_first_copy_may_not_be_empty(feed, fetching):
    feed.pages["/ads"] = Page("# soon\n")
    d = fetching(f"list ads domains {URL}/ads")
    assert until(lambda: state(d, "ads")["state"] == "held", 20 * SLOW)
    feed.pages["/ads"] = Page("bad.test\n")
    refresh(d, "ads")
    wait_listed(d, "bad.test")
    assert state(d, "ads")["state"] == "fresh"


def test_commands_that_are_wrong(feed, fetching):
    feed.pages["/ads"] = Page("bad.test\n")
    d = fetching(f"list ads domains {URL}/ads")
    for words, why in ((("refresh", "none"), 'no list of the name "none"'),
                       (("refresh",), "write lists, lists refresh NAME"),
                       (("forget", "ads"), "write lists, lists refresh")):
        status, _, err = d.ctl("lists", *words, check=False)
        assert status == 1 and why in err


# ---- addresses of names ----------------------------------------------------

def put_addresses(up, name, count, ttl=300, family=4):
    rng = random.Random(count)
    if family == 4:
        up.add(name, "A", *(f"45.0.{n // 250}.{n % 250 + 1}"
                            for n in rng.sample(range(count), count)),
               ttl=ttl)
    else:
        up.add(name, "AAAA", *(f"2001:db8:2::{n:x}" for n in range(count)),
               ttl=ttl)


def test_addresses_of_names_are_a_list(stage, up, feed, fetching):
    put_addresses(up, "drop.list.test", 4000)
    put_addresses(up, "six.list.test", 2000, family=6)
    up.add("a.test", "A", "45.0.15.250", ttl=300)
    d = fetching("list drop dns drop.list.test,six.list.test")
    wait_listed(d, "45.0.15.250")
    assert is_listed(d, "2001:db8:2::7cf")
    assert state(d, "drop")["entries"] == "6000"
    assert rcode(stage.client().ask("a.test")) == "NXDOMAIN"
    assert all(q.stream for q in up.of("drop.list.test"))


def test_addresses_come_from_a_server_of_their_own(stage, up, feed, fetching):
    other = stage.upstream("172.30.0.3", port=5353)
    put_addresses(other, "drop.list.test", 10)
    d = fetching("list drop dns drop.list.test server 172.30.0.3@5353")
    wait_listed(d, "45.0.0.10")
    assert up.count("drop.list.test") == 0
    put_addresses(other, "drop.list.test", 11)
    refresh(d, "drop")
    wait_listed(d, "45.0.0.11")
    other.stop()
    d.ctl("lists", "refresh", "drop")
    fails(d, "drop", "172.30.0.3:5353 about drop.list.test. A")
    assert is_listed(d, "45.0.0.11")


def test_the_same_addresses_are_no_news(up, feed, fetching):
    put_addresses(up, "drop.list.test", 50)
    d = fetching("list drop dns drop.list.test")
    wait_listed(d, "45.0.0.10")
    for key in list(up.zone):
        if key[0].to_text() == "drop.list.test.":
            ttl, data = up.zone[key]
            up.zone[key] = (ttl, tuple(reversed(data)))
    refresh(d, "drop")
    assert until(lambda: up.count("drop.list.test") == 4, 20 * SLOW)
    assert d.err.text.count("Lists have changed") == 1
    next_s = int(state(d, "drop")["next"].rstrip("s"))
    assert 260 <= next_s <= 330


def test_addresses_that_are_gone_stay_in_force(up, feed, fetching):
    put_addresses(up, "drop.list.test", 50)
    d = fetching("list drop dns drop.list.test")
    wait_listed(d, "45.0.0.10")
    up.script["drop.list.test"] = lambda q: q.send(
        q.answer(records=[], rcode=3))
    d.ctl("lists", "refresh", "drop")
    fails(d, "drop", "NXDOMAIN")
    assert is_listed(d, "45.0.0.10")


def test_addresses_may_be_signed(stage, lab, feed, fetching):
    named = Named(lab, stage.directory)
    try:
        named.publish(1, [f"drop A 45.0.0.{n}" for n in range(1, 91)])
        key = stage.directory / "key"
        line = ("list drop dns drop.rpz.test server "
                f"{named.address}@{named.port} key key.test")

        def start(secret, name="key.test"):
            key.write_text(secret + "\n")
            key.chmod(0o600)
            return fetching(f"key {name} hmac-sha256 {key}",
                            line.replace("key.test", name))
        d = start(base64.b64encode(b"of somebody else").decode())
        fails(d, "drop", "about drop.rpz.test. A: ")
        assert not is_listed(d, "45.0.0.90")
        d.stop()
        d = start(SECRET, "other.test")
        fails(d, "drop", "about drop.rpz.test. A: ")
        d.stop()
        d = start(SECRET)
        wait_listed(d, "45.0.0.90")
        assert state(d, "drop")["entries"] == "90"
    finally:
        named.stop()


def test_unsigned_addresses_are_not_believed(stage, up, feed, fetching):
    up.add("drop.list.test", "A", "45.0.0.1", ttl=300)
    key = stage.directory / "key"
    key.write_text(SECRET + "\n")
    key.chmod(0o600)

    def say(query):
        message = up.answer(query)
        message.tsig = None
        query.send(message.to_wire())
    up.script["drop.list.test"] = say
    up.keys = dns.tsigkeyring.from_text({"key.test": ("hmac-sha256", SECRET)})
    d = fetching(f"key key.test hmac-sha256 {key}",
                 "list drop dns drop.list.test server 172.30.0.2 key key.test")
    fails(d, "drop", "not signed")
    assert not is_listed(d, "45.0.0.1")


# ---- lookup ----------------------------------------------------------------

def test_lookup_tells_all(stage, up, feed, fetching):
    feed.pages["/ads"] = Page("bad.test\n")
    own = stage.directory / "own.list"
    own.write_text("x.bad.test\n")
    own.chmod(0o644)
    d = fetching(f"list own domains {own} action log",
                 f"list ads domains {URL}/ads nickname \"Ads of all\"",
                 f"list more domains {own} action refused clients 10.1.0.9")
    wait_listed(d, "bad.test")
    said = d.ctl("lookup", "x.bad.test").splitlines()
    assert said[:3] == ["logged by list own, action log",
                        "listed by list ads, action nxdomain",
                        "entry bad.test."]
    assert "list own qname action=log entry=x.bad.test." in said
    assert any(re.fullmatch(r"list ads qname action=nxdomain entry=bad\.test\. "
                            r"age=\d+s nickname=\"Ads of all\"", line)
               for line in said), said
    said = d.ctl("lookup", "good.test", "for", "10.1.0.2").splitlines()
    assert said[0] == "for 10.1.0.2:"
    assert said[1].startswith("allowed by the access list: 10.1.0.0/24 ->")
    said = d.ctl("lookup", "x.bad.test", "for", "10.1.0.2").splitlines()
    assert "listed by list ads, action nxdomain" in said
    said = d.ctl("lookup", "good.test", "for", "10.2.0.2").splitlines()
    assert said[1] == "refused: no rule of the access list allows it"
    status, _, err = d.ctl("lookup", "a.test", "of", "10.1.0.2", check=False)
    assert status == 1 and "for CLIENT" in err
