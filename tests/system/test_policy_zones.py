# SPDX-License-Identifier: GPL-2.0-or-later
"""Policy zones out of zone files."""

import pytest

from dnsclient import OPEN, addresses, rcode
from test_lists import put

ACL = "10.1.0.0/24 -> *.test:TCP:443\n10.1.0.3 ~> *\n"

ZONE = """\
$TTL 60
@ SOA localhost. root.localhost. 7 3600 600 86400 60
@ NS localhost.
bad.test CNAME .
*.bad.test CNAME .
*.wild.test CNAME .
kept.wild.test CNAME rpz-passthru.
a.deep.wild.test CNAME rpz-passthru.
empty.test CNAME *.
garden.test A 203.0.113.5
garden.test TXT "walled"
*.all.test CNAME *.garden.example.
24.0.113.51.198.rpz-ip CNAME .
"""


@pytest.fixture
def zoned(stage, up):
    for n, name in enumerate(("bad", "x.bad", "x.wild", "kept.wild", "wild",
                              "x.kept.wild", "x.deep.wild", "empty",
                              "garden", "other")):
        up.add(f"{name}.test", "A", f"203.0.113.{80 + n}", ttl=300)
    up.add("leads.test", "A", "198.51.113.9", ttl=300)

    def start(*zones, **options):
        lines = []
        for n, (text, rest) in enumerate(zones):
            put(stage.directory / f"{n}.rpz", text)
            lines.append(f"list zone{n} rpz {stage.directory}/{n}.rpz {rest}\n")
        put(stage.directory / "lists", "".join(lines))
        return stage.daemon(ACL, lists=stage.directory / "lists", **options)
    return start


def test_the_closest_encloser_decides(stage, up, zoned):
    """As in any zone: a name that is there hides the wildcard above it from
    all that is below, also where it is there only for names below it."""
    zoned((ZONE, ""))
    client = stage.client()
    for name in ("bad.test", "x.bad.test", "x.wild.test"):
        assert rcode(client.ask(name)) == "NXDOMAIN", name
        assert up.count(name) == 0
    for name in ("wild.test", "kept.wild.test", "x.kept.wild.test",
                 "x.deep.wild.test", "other.test"):
        assert len(addresses(client.ask(name))) == 1, name


def test_what_a_zone_has_clients_told(stage, up, zoned):
    zoned((ZONE, ""))
    client = stage.client()
    answer = client.ask("empty.test")
    assert rcode(answer) == "NOERROR" and addresses(answer) == []
    assert addresses(client.ask("garden.test")) == ["203.0.113.5"]
    assert "walled" in str(stage.client(3).ask("garden.test", "TXT"))
    assert rcode(client.ask("leads.test")) == "NXDOMAIN"
    assert client.connect("203.0.113.5") != OPEN


def test_an_action_of_the_list_overrides_the_zone(stage, up, zoned):
    zoned((ZONE, "action nodata"))
    client = stage.client()
    for name in ("bad.test", "kept.wild.test", "garden.test"):
        answer = client.ask(name)
        assert rcode(answer) == "NOERROR" and addresses(answer) == [], name


def test_the_first_zone_decides(stage, up, zoned):
    zoned(("bad.test CNAME rpz-passthru.\n", "zone one.example"),
          (ZONE, ""))
    client = stage.client()
    assert addresses(client.ask("bad.test")) == ["203.0.113.80"]
    assert rcode(client.ask("x.bad.test")) == "NXDOMAIN"


def test_a_zone_for_some_clients(stage, up, zoned):
    zoned((ZONE, "clients 10.1.0.3"))
    assert addresses(stage.client(2).ask("bad.test")) == ["203.0.113.80"]
    assert rcode(stage.client(3).ask("bad.test")) == "NXDOMAIN"


def test_what_is_wrong_in_a_zone_is_told(stage, up, zoned):
    d = zoned((ZONE + "x.rpz-what CNAME .\nhalf\n", ""))
    d.err.says("zone0")
    d.err.says("0.rpz:15")
    assert rcode(stage.client().ask("bad.test")) == "NXDOMAIN"
    assert d.ctl("lists").startswith("zone0 rpz action=given names=8 ")


def test_an_owner_may_block_what_others_may_not(stage, up, zoned):
    d = zoned(("*.test CNAME .\nco.uk CNAME .\n*.co.uk CNAME .\n", ""))
    told = [line for line in d.err.text.splitlines() if "is yours" in line]
    assert len(told) == 1 and "zone0" in told[0]
    for name in ("bad.test", "other.test"):
        assert rcode(stage.client().ask(name)) == "NXDOMAIN"
