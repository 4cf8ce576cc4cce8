# SPDX-License-Identifier: GPL-2.0-or-later
"""Policy zones that come from primaries: knot, bind9, and worse ones."""

import shutil

import pytest

from daemon import SLOW
from dnsclient import addresses, rcode, until
from lab import UPSTREAM, UPSTREAM_2
from primaries import (ALGORITHMS, PORT, SECRET, ZONE, Knot, Named, Scripted)

ACL = "10.1.0.0/24 -> *.test:TCP:443\n"
HEARS = "172.30.0.1@5353"


@pytest.fixture
def house(stage, up):
    """What a test needs: primaries, and a daemon that has their zone."""
    for n, name in enumerate(("bad", "worse", "fine")):
        up.add(f"{name}.test", "A", f"203.0.113.{90 + n}", ttl=300)
    made = House(stage)
    yield made
    for server in made.servers:
        server.stop()


class House:
    def __init__(self, stage):
        self.stage, self.servers, self.daemon = stage, [], None
        self.client = stage.client()

    def server(self, kind, *args, **options):
        made = kind(self.stage.lab, *args, **options)
        self.servers.append(made)
        return made

    def primary(self, kind=Knot, **options):
        if not shutil.which(kind.program, path="/usr/sbin"):
            pytest.skip(f"{kind.program} is not here")
        return self.server(kind, self.stage.directory, **options)

    def scripted(self, *args, **options):
        return self.server(Scripted, *args, **options)

    def start(self, primaries=(f"{UPSTREAM_2}@{PORT}",), key=None,
              secret=SECRET, words="", **options):
        directory = self.stage.directory
        line = f"list zone rpz {ZONE} primary {','.join(primaries)}"
        text = ""
        if key:
            name, algorithm = key
            (directory / "secret").write_text(secret + "\n")
            (directory / "secret").chmod(0o600)
            text = f"key {name} {algorithm} {directory}/secret\n"
            line += f" key {name}"
        (directory / "lists").write_text(f"{text}{line} {words}\n")
        (directory / "lists").chmod(0o644)
        self.daemon = self.stage.daemon(
            ACL, lists=directory / "lists", lists_dir=directory / "copies",
            notify_bind=HEARS, **options)
        return self.daemon

    def blocked(self, name):
        return rcode(self.client.ask(name)) == "NXDOMAIN"

    def becomes(self, seconds=10, **names):
        """bad=True, fine=False: blocked, and not."""
        def all_so():
            return all(self.blocked(f"{name}.test") is so
                       for name, so in names.items())
        assert until(all_so, seconds * SLOW), self.daemon.err.text


@pytest.mark.parametrize("kind", (Knot, Named))
def test_a_zone_comes_and_changes(house, kind):
    primary = house.primary(kind, notify=HEARS)
    many = [f"n{i}.other.test" for i in range(50)]
    primary.publish(1, [*many, "bad.test"])
    d = house.start(key=("key.test", "hmac-sha256"))
    house.becomes(bad=True, worse=False)
    d.err.wait(r"List zone has come from 172\.30\.0\.3:5353: serial 1,")
    primary.publish(2, [*many, "worse.test"])
    house.becomes(bad=False, worse=True)
    d.err.wait(r"List zone has changed, says .*: serial 1 to 2, 1 came, "
               "1 went")
