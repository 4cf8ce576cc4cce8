# SPDX-License-Identifier: GPL-2.0-or-later
"""Lists under attack: publishers, clients and accidents that would have what
is listed let through."""

import contextlib
import os
import socket
import threading
import time

from daemon import SLOW
from dnsclient import addresses, rcode, until
from feeds import URL, Page
from lab import UPSTREAM
from primaries import HEARS, SECRET, ZONE, keyring
from test_feeds import (authority, fails, feed, fetching, is_listed,  # noqa: F401
                        protected, state, wait_listed)

KEY = ("key.test", "hmac-sha256", SECRET)

# pylint: disable=redefined-outer-name


# ---- copies that are lost ---------------------------------------------------

def copy_of(stage, name):
    return stage.directory / "copies" / "copies" / f"{name}.kept"


def spoil(path):
    """The same length, and no list."""
    whole = path.read_bytes()
    path.write_bytes(whole[:-9] + b"\0\1\2\3<>\n<\n")


def test_a_damaged_copy_takes_nothing_away(stage, feed, fetching):
    """Another list changes meanwhile, and waits until it is whole again."""
    feed.pages["/ads"] = Page("bad.test\n", etag='"one"')
    feed.pages["/more"] = Page("good.test\n")
    d = fetching(f"list ads domains {URL}/ads", f"list more domains {URL}/more")
    wait_listed(d, "bad.test")
    wait_listed(d, "good.test")
    spoil(copy_of(stage, "ads"))
    feed.pages["/more"] = Page("good.test\nworse.test\n")
    d.ctl("lists", "refresh", "more")
    d.err.wait(r'"ads" is not the form of this list: .*; what was fetched of '
               "it before stays in force")
    assert is_listed(d, "bad.test")
    d.err.wait("List ads: the kept copy is damaged; it is fetched again", 20)
    wait_listed(d, "worse.test")
    assert is_listed(d, "bad.test")
    assert state(d, "ads")["fetched"] == "2"


def test_a_lost_copy_is_fetched_again(stage, feed, fetching):
    feed.pages["/ads"] = Page("bad.test\n", etag='"one"')
    d = fetching(f"list ads domains {URL}/ads")
    wait_listed(d, "bad.test")
    copy_of(stage, "ads").unlink()
    d.reload()
    d.err.wait("List ads: the kept copy is damaged; it is fetched again")
    wait_listed(d, "bad.test")
    copy_of(stage, "ads").unlink()
    d.ctl("lists", "refresh", "ads")
    assert until(copy_of(stage, "ads").exists, 20 * SLOW), d.err.text
    assert is_listed(d, "bad.test")


def test_a_lost_zone_is_transferred_again(house, stage):
    primary = house.scripted()
    primary.records = ["bad.test"]
    d = house.start()
    house.becomes(bad=True, fine=False)
    copy_of(stage, "zone").unlink()
    d.ctl("lists", "refresh", "zone")
    d.err.wait("List zone: the kept copy is damaged; it is fetched again")
    assert until(copy_of(stage, "zone").exists, 20 * SLOW), d.err.text
    d.reload()
    assert house.blocked("bad.test")


# ---- a process that fetches and was taken over ------------------------------

def test_an_image_of_another_user_is_not_used(stage, up):
    """Whoever may write copies may not say what the owner's own lists are."""
    lists, entries = (stage.directory / n for n in ("lists", "ads.list"))
    told = "is left out of list ads"
    entries.write_text("bad.test\nnot a name\nx.test\n")
    lists.write_text(f"list ads domains {entries}\n")
    for path in (lists, entries):
        path.chmod(0o644)
    time.sleep(0.3)     # until the files count as settled
    image = stage.directory / "kept" / "lists.image"

    def start():
        return stage.daemon("10.1.0.0/24 -> *:TCP:443\n", lists=lists,
                            lists_dir=image.parent)

    d = start()
    assert told in d.err.text and image.exists()
    d.stop()
    d = start()
    assert told not in d.err.text
    d.stop()
    os.chown(image, 65534, 65534)
    d = start()
    assert told in d.err.text
    assert image.stat().st_uid == 0
    d.stop()
    image.unlink()
    image.symlink_to(entries)
    d = start()
    assert told in d.err.text
    assert not image.is_symlink()
    assert entries.read_text().startswith("bad.test")


def test_a_copy_without_end_does_not_keep_us_from_starting(stage, feed,
                                                            fetching):
    feed.pages["/ads"] = Page("bad.test\n")
    lines = (f"list ads domains {URL}/ads", "list own domains =worse.test")
    d = fetching(*lines)
    wait_listed(d, "bad.test")
    d.stop()
    os.truncate(copy_of(stage, "ads"), 1 << 42)
    (stage.directory / "copies" / "lists.image").unlink(missing_ok=True)
    d = fetching(*lines)
    assert is_listed(d, "worse.test")
    wait_listed(d, "bad.test")
    assert copy_of(stage, "ads").stat().st_size < 8192


# ---- strangers --------------------------------------------------------------

def test_strangers_do_not_drown_a_primary(house, stage):
    """Neither with letters nor with connections."""
    primary = house.scripted(keyring=keyring(*KEY))
    primary.records = ["bad.test"]
    house.start(key=KEY[:2])
    house.becomes(bad=True, fine=False)
    address, _, port = HEARS.partition("@")
    lines = [stage.lab.net.socket(kind=socket.SOCK_STREAM) for _ in range(9)]
    for line in lines:
        line.bind((UPSTREAM, 0))
        line.connect((address, int(port)))
    stranger = stage.lab.net.socket()
    stranger.bind((UPSTREAM, 0))
    stranger.connect((address, int(port)))
    stopping = threading.Event()

    def shout():
        while not stopping.is_set():
            with contextlib.suppress(OSError):
                stranger.send(b"\1\2\x24\0" + bytes(60))
            time.sleep(0.0002)

    thread = threading.Thread(target=shout)
    thread.start()
    try:
        time.sleep(0.5)
        primary.records, primary.serial = ["fine.test"], 2
        assert primary.notify(HEARS, key=KEY) == 0
        assert primary.notify(HEARS, key=KEY, tcp=True) == 0
        house.becomes(bad=False, fine=True)
    finally:
        stopping.set()
        thread.join()
        for line in (*lines, stranger):
            line.close()


# ---- everything -------------------------------------------------------------

def test_half_of_the_internet_is_nobodys_to_list(stage, feed, fetching):
    feed.pages["/ips"] = Page("0.0.0.0/1\n128.0.0.0/1\n203.0.113.81\n"
                              "2000::/3\n")
    d = fetching(f"list ips ips {URL}/ips block-set yes")
    wait_listed(d, "203.0.113.81")
    d.err.wait(r"0\.0\.0\.0/1 is left out of list ips: it is wider than any")
    client = stage.client()
    assert addresses(client.ask("good.test")) == ["203.0.113.80"]
    assert rcode(client.ask("bad.test")) == "NXDOMAIN"
    assert state(d, "ips")["left_out"] == "3"


def test_a_zone_may_not_let_all_pass(house, stage):
    """Before a list of the owner's."""
    entries = stage.directory / "ads.list"
    entries.write_text("bad.test\n")
    entries.chmod(0o644)
    primary = house.scripted()
    primary.answer = lambda query, _: [primary.reply(
        query, primary.soa(), (f"*.{ZONE}.", 300, "IN", "CNAME",
                               "rpz-passthru."),
        primary.block("worse.test"), primary.soa())]
    d = house.start(words=f"\nlist ads domains {entries}")
    house.becomes(worse=True, bad=True, fine=False)
    d.err.wait("left out of list zone: it would let every name pass")


# ---- more than there is room for --------------------------------------------

RANGE = "2001:db8::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe\n"


def test_ranges_that_are_thousands_of_nets(feed, fetching):
    feed.pages["/ips"] = Page("203.0.113.81\n")
    d = fetching(f"list ips ips {URL}/ips")
    wait_listed(d, "203.0.113.81")
    feed.pages["/ips"] = Page("203.0.113.81\n" + RANGE * 700)
    d.ctl("lists", "refresh", "ips")
    fails(d, "ips", "more entries than there is room for")
    assert is_listed(d, "203.0.113.81")
