# SPDX-License-Identifier: GPL-2.0-or-later
"""One lab a process and flavour; each test finds it as new."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest

import lab as lab_
from daemon import Daemon, is_sanitized
from dnsclient import Client
from primaries import House
from upstream import Upstream

FLAVOURS = ("nft", "legacy")
both_flavours = pytest.mark.parametrize("lab", FLAVOURS, indirect=True)
every_firewall = pytest.mark.parametrize(
    "lab", (*FLAVOURS, "nftables", "enforce"), indirect=True)


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: begun first, lasts long")
    config.addinivalue_line("markers", "plain: not with sanitizers")
    if not os.environ.get("PYTEST_XDIST_WORKER"):
        lab_.remove_stale()


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_runtest_setup(item):
    if item.get_closest_marker("plain") and is_sanitized():
        pytest.skip("with sanitizers it would be another")


@pytest.fixture(scope="session")
def labs():
    made = {}
    yield made
    for lab in made.values():
        lab.remove()


@pytest.fixture
def lab(request, labs):
    flavour = getattr(request, "param", os.environ.get("DNSFW_LAB", "nft"))
    if flavour not in labs:
        labs[flavour] = lab_.Lab(flavour)
    yield labs[flavour]
    labs[flavour].reset()


@pytest.fixture
def directory():
    """Where every user may look in."""
    path = Path(tempfile.mkdtemp(prefix="dfw-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


class Stage:
    """What a test puts into the lab; taken away again at its end."""

    def __init__(self, lab, directory):
        self.lab, self.directory = lab, directory
        self.daemons, self.upstreams = [], []
        self._upstream = None

    def upstream(self, address=lab_.UPSTREAM, **options):
        up = Upstream(self.lab.net, address, **options)
        self.upstreams.append(up)
        return up

    def daemon(self, acl, **options):
        d = Daemon(self.lab, self.directory, acl, **options)
        self.daemons.append(d)
        return d

    def client(self, number=2, **options):
        return Client(self.lab.lan, f"10.1.0.{number}", **options)

    def client6(self, number=2, **options):
        return Client(self.lab.lan, f"fd00:1::{number:x}", **options)

    def stranger(self):
        return Client(self.lab.lan, lab_.STRANGER)

    def here(self, address="127.0.0.1", **options):
        """A client that is the router itself."""
        return Client(self.lab.router, address, **options)

    def clear(self):
        with contextlib.ExitStack() as stack:
            for up in self.upstreams:
                stack.callback(up.stop)
            for d in self.daemons:
                stack.callback(d.stop)


@pytest.fixture
def stage(lab, directory):
    made = Stage(lab, directory)
    yield made
    made.clear()


@pytest.fixture
def up(stage):
    """The upstream, with a few names every test knows."""
    upstream = stage.upstream()
    upstream.add("allowed.test", "A", "203.0.113.5", ttl=300)
    upstream.add("allowed.test", "AAAA", "2001:db8:1::5", ttl=300)
    upstream.add("allowed.test", "TXT", '"text"', ttl=300)
    upstream.add("dns.test", "A", "203.0.113.7", ttl=300)
    upstream.add("dns.test", "TXT", '"text"', ttl=300)
    upstream.add("a.wild.test", "A", "203.0.113.20", ttl=300)
    upstream.add("b.a.wild.test", "A", "203.0.113.21", ttl=300)
    upstream.add("wild.test", "A", "203.0.113.22", ttl=300)
    upstream.add("bad.test", "A", "203.0.113.66", ttl=300)
    return upstream


@pytest.fixture
def house(stage, up):
    for n, name in enumerate(("bad", "worse", "fine")):
        up.add(f"{name}.test", "A", f"203.0.113.{90 + n}", ttl=300)
    made = House(stage)
    yield made
    for server in made.servers:
        server.stop()
