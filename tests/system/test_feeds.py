# SPDX-License-Identifier: GPL-2.0-or-later
"""Lists that are fetched: by HTTPS, and as addresses of names."""

import pytest

from daemon import SLOW
from dnsclient import addresses, rcode, until
from feeds import ADDRESS, HOST, URL, Authority, Feed, Page

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
    assert until(lambda: is_listed(d, name) == listed, 5 * SLOW), d.err.text


def test_a_feed_is_fetched_and_in_force(stage, up, feed, fetching):
    feed.pages["/ads"] = Page("# ads\nbad.test\n")
    d = fetching(f"list ads domains {URL}/ads")
    wait_listed(d, "bad.test")
    client = stage.client()
    assert rcode(client.ask("bad.test")) == "NXDOMAIN"
    assert addresses(client.ask("good.test")) == ["203.0.113.80"]
    assert feed.seen[0].fields["user-agent"] == "dns-firewall"
    assert "List ads has changed: 1 entries" in d.err.text
