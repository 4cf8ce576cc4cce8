# SPDX-License-Identifier: GPL-2.0-or-later
"""What is kept of fetched policy zones: crashes, disks, and deaths."""

import os
import random
import re
import subprocess
import time

import pytest

from daemon import SLOW
from dnsclient import addresses, until
from primaries import HEARS, Knot, Named
from test_primaries import change_from

HEAD = 4096


@pytest.fixture
def copy(house, stage):
    """A daemon that had bad.test listed by a primary that is gone; it is
    stopped, and this is the file that it left."""
    primary = house.scripted()
    primary.records = ["bad.test"]
    house.start()
    house.becomes(bad=True, worse=False)
    primary.answer = step(primary)
    primary.serial = 2
    assert primary.notify(HEARS) == 0
    house.becomes(bad=True, worse=True)
    house.daemon.stop()
    primary.stop()
    return stage.directory / "copies" / "copies" / "zone.kept"


def step(primary):
    """An answer that knows the change from 1 to 2, and the whole."""
    def answer(query, how):
        if query.question[0].rdtype == 251:
            old = query.authority[0][0].serial
            if old == 2:
                return [primary.reply(query, primary.soa(2))]
            return [primary.reply(query, *change_from(
                primary, 1, 2, (), ["worse.test"]))]
        primary.records = ["bad.test", "worse.test"]
        return primary.serve(query, how)
    return answer


def again(house, serial=2):
    """The same primary, back."""
    primary = house.scripted()
    primary.answer = step(primary)
    primary.serial = serial
    return primary


def test_changes_are_in_force_after_a_restart(house, copy):
    assert copy.stat().st_size > HEAD
    house.start()
    assert house.blocked("bad.test") and house.blocked("worse.test")
    assert not house.blocked("fine.test")


def test_a_change_that_was_not_written_whole(house, copy):
    os.truncate(copy, copy.stat().st_size - 3)
    d = house.start()
    d.err.wait(r"List zone: its last change was not completely written down")
    assert house.blocked("bad.test") and not house.blocked("worse.test")
    primary = again(house)
    assert primary.notify(HEARS) == 0
    house.becomes(bad=True, worse=True)
    d.err.wait("serial 1 to 2, 1 came, 0 went")
    assert [t for _, t in primary.asked] == ["SOA", "IXFR"]


def damage(path, at):
    with open(path, "r+b") as f:
        f.seek(at)
        byte = f.read(1)[0]
        f.seek(at)
        f.write(bytes([byte ^ 1]))


def becomes_whole(house):
    primary = again(house)
    assert primary.notify(HEARS) == 0
    assert until(lambda: ("tcp", "AXFR") in primary.asked, 10 * SLOW)
    house.becomes(bad=True, worse=True, fine=False)


@pytest.mark.parametrize("at", (0, 100))
def test_a_damaged_copy_is_fetched_again(house, copy, at):
    damage(copy, at)
    d = house.start()
    d.err.wait(r"what was fetched of list zone is damaged; it is fetched")
    d.err.wait(r"List zone: the kept copy is damaged; it is fetched again")
    assert addresses(house.client.ask("fine.test"))
    assert not house.blocked("bad.test")
    becomes_whole(house)


def test_what_was_made_of_a_copy_outlives_it(house, copy):
    """Its records are damaged, but they are in the image of last time."""
    damage(copy, HEAD + 10)
    d = house.start()
    d.err.wait(r"List zone: the kept copy is damaged; it is fetched again")
    assert house.blocked("bad.test") and not house.blocked("fine.test")
    becomes_whole(house)


def test_a_full_disk_leaves_what_there_is(house, copy):
    directory = copy.parent
    owner, whole = directory.stat(), copy.read_bytes()
    subprocess.run(["mount", "-t", "tmpfs", "-o",
                    f"size=64k,mode=0700,uid={owner.st_uid}", "none",
                    str(directory)], check=True)
    try:
        copy.write_bytes(whole)
        os.chown(copy, owner.st_uid, owner.st_gid)
        d = house.start()
        house.becomes(bad=True, worse=True)
        primary = again(house, 3)
        primary.answer = primary.serve
        primary.records = ["fine.test"] + [
            f"n{i}.{'x' * 60}.test" for i in range(1000)]
        assert primary.notify(HEARS) == 0
        d.err.wait(r"List zone: .*No space left on device", 10)
        time.sleep(1)
        assert house.blocked("bad.test") and not house.blocked("fine.test")
        assert copy.read_bytes().startswith(whole[:HEAD])
        primary.records = ["bad.test", "fine.test", "worse.test"]
        d.ctl("lists", "refresh", "zone")
        house.becomes(bad=True, worse=True, fine=True)
        d.stop()
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=True)


def test_deaths_lose_no_zone(house):
    """The lists process is killed while changes come, at any moment; what is
    kept is always some state of the zone, and in the end the last."""
    primary = house.primary(notify=HEARS)
    chance = random.Random(5)
    many = [f"n{i}.other.test" for i in range(300)]
    primary.publish(1, [*many, "bad.test"])
    d = house.start(key=("key.test", "hmac-sha256"))
    house.becomes(bad=True, worse=False)
    for serial in range(2, 12):
        many = chance.sample(many, 280) + [
            f"s{serial}n{i}.other.test" for i in range(20)]
        primary.publish(serial, [*many, "bad.test"])
        time.sleep(chance.random() * 0.1)
        for process in d.by_role("lists"):
            os.kill(process.pid, 9)
        assert until(lambda: d.by_role("lists"), 10 * SLOW)
        assert house.blocked("bad.test")
    primary.publish(12, [*many, "worse.test"])
    assert until(lambda: refreshed(d) and house.blocked("worse.test"),
                 30 * SLOW), d.err.text
    house.becomes(bad=False, worse=True)
    assert "damaged" not in d.err.text


def refreshed(d):
    return d.ctl("lists", "refresh", "zone", check=False)


OWNERS = [f"{head}{n}.test" for n in range(12)
          for head in ("a", "b.a", "*.b.a", "c.d.e")]
VALUES = {"A": ["192.0.2.1", "192.0.2.2"], "TXT": ['"x" y', "z"],
          "MX": ["5 Mail.test.", "6 mail.test."]}
ALIASES = [".", "*.", "rpz-drop.", "rpz-passthru.", "*.Garden.test."]


def mutate(chance, zone):
    """One owner is gone, has another alias, or a record more or other."""
    owner = chance.choice(OWNERS)
    if chance.random() < 0.3:
        zone.pop(owner, None)
    elif chance.random() < 0.3:
        zone[owner] = {"CNAME": (60, {chance.choice(ALIASES)})}
    else:
        kind = chance.choice(list(VALUES))
        here = zone.setdefault(owner, {})
        here.pop("CNAME", None)
        here[kind] = (chance.choice((60, 120)),
                      {chance.choice(VALUES[kind])}
                      | here.get(kind, (0, set()))[1])


def written(zone):
    return [f"{owner} {ttl} {kind} {value}" for owner, here in zone.items()
            for kind, (ttl, values) in here.items() for value in values]


def all_known(d):
    """What the lists in force say of every owner, and what is below it."""
    return [re.sub(r" age=\d+s", "", d.ctl("lookup", owner.replace("*", "x")))
            for owner in OWNERS]


@pytest.mark.parametrize("kind", (Knot, Named))
def test_many_changes_are_as_good_as_the_whole(house, kind):
    """Versions come faster than they are asked for, so that one transfer
    has several steps; then the copy is as one that came at once."""
    primary, zone = house.primary(kind, notify=HEARS), {}
    chance = random.Random(11)
    many = [f"n{n}.other.test" for n in range(300)]
    for serial in range(1, 9):
        for _ in range(100 if serial == 1 else 10):
            mutate(chance, zone)
        last = ["worse.test"] if serial == 8 else []
        primary.publish(serial, ["bad.test", *last, *many, *written(zone)])
        if serial == 1:
            d = house.start(key=("key.test", "hmac-sha256"))
            house.becomes(bad=True)
    house.becomes(20, worse=True)
    assert 0 < d.err.text.count("has changed, says") < 7, d.err.text
    changed = all_known(d)
    d.stop()
    (house.stage.directory / "copies" / "copies" / "zone.kept").unlink()
    d = house.start(key=("key.test", "hmac-sha256"))
    house.becomes(worse=True)
    d.err.wait(r"List zone has come from .*: serial 8,")
    assert all_known(d) == changed
