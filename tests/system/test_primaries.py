# SPDX-License-Identifier: GPL-2.0-or-later
"""Policy zones that come from primaries: knot, bind9, and worse ones."""

import os
import re
import signal
import time

import pytest

from daemon import SLOW
from dnsclient import OPEN, REFUSED, addresses, rcode, until
from lab import UPSTREAM, UPSTREAM6, UPSTREAM_2
from primaries import (ACL, ALGORITHMS, HEARS, HEARS6, PORT, SECRET, ZONE,
                       Knot, Named, keyring, signed, stream)

KEY = ("key.test", "hmac-sha256", SECRET)


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


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_signs(house, algorithm):
    primary = house.primary(key=("key.test", algorithm, SECRET))
    primary.publish(7, ["bad.test"])
    d = house.start(key=("key.test", algorithm))
    house.becomes(bad=True, fine=False)
    d.err.says("serial 7")


def test_port_53_without_a_key(house):
    primary = house.scripted(port=53)
    primary.records = ["bad.test"]
    house.start([UPSTREAM_2])
    house.becomes(bad=True, fine=False)
    assert primary.asked == [("tcp", "AXFR")]


@pytest.mark.parametrize("tcp", (False, True), ids=("udp", "tcp"))
def test_ipv6_and_news_by_tcp(house, tcp):
    primary = house.scripted(address=UPSTREAM6, keyring=keyring(*KEY))
    primary.records = ["bad.test"]
    house.start([f"{UPSTREAM6}@{PORT}"], key=KEY[:2])
    house.becomes(bad=True, fine=False)
    primary.records, primary.serial = ["fine.test"], 2
    assert primary.notify(HEARS6, key=KEY, tcp=tcp) == 0
    house.becomes(bad=False, fine=True)


def test_another_key_counts_from_the_reload(house):
    primary = house.scripted(keyring=keyring(*KEY))
    primary.records = ["bad.test"]
    d = house.start(key=KEY[:2], secret=OTHER)
    d.err.wait(r"List zone: .*Connection|List zone: .*the connection ended")
    (house.stage.directory / "secret").write_text(SECRET)
    d.ctl("reload")
    d.ctl("lists", "refresh", "zone")
    house.becomes(bad=True, fine=False)


def test_a_key_that_others_may_read_is_refused(house):
    path = house.stage.directory / "secret"
    house.start(key=KEY[:2])
    house.daemon.stop()
    path.chmod(0o640)
    with pytest.raises(AssertionError, match="secret"):
        house.daemon = house.stage.daemon(
            ACL, lists=house.stage.directory / "lists",
            lists_dir=house.stage.directory / "copies")


OTHER = SECRET.replace("AQID", "AQIE")


@pytest.mark.parametrize("kind", (Knot, Named))
@pytest.mark.parametrize("change, said", (
    ({"secret": OTHER}, r"our signature is wrong to it: not the same secret"),
    ({"key": ("other.test", "hmac-sha256")},
     r"it does not know our key or its algorithm"),
    ({"key": None}, r"(not one of this zone, or wants a key|"
                    r"refuses: our address or key may not have it)"),
), ids=("secret", "name", "none"))
def test_a_wrong_key_is_told_apart(house, kind, change, said):
    house.primary(kind).publish(1, ["bad.test"])
    d = house.start(**{"key": ("key.test", "hmac-sha256"), **change})
    d.err.wait(rf"\[WARN \] List zone: 172\.30\.0\.3:5353: .*{said}", 20)
    assert not house.blocked("bad.test")
    assert SECRET[:8] not in d.err.text and OTHER[:8] not in d.err.text


def test_a_second_primary_is_asked_where_the_first_is_down(house):
    second = house.scripted(address=UPSTREAM, port=5300)
    second.records = ["bad.test"]
    d = house.start([f"{UPSTREAM_2}@{PORT}", f"{UPSTREAM}@5300"])
    house.becomes(bad=True, fine=False)
    d.err.wait(r"List zone: 172\.30\.0\.3:5353: Connection refused")


def test_a_restart_needs_no_primary(house):
    primary = house.scripted()
    primary.records = ["bad.test"]
    house.start()
    house.becomes(bad=True, fine=False)
    house.daemon.stop()
    primary.stop()
    d = house.start()
    assert house.blocked("bad.test") and not house.blocked("fine.test")
    assert "has come" not in d.err.text


def change_from(primary, old, new, gone=(), come=()):
    """The records of an answer to IXFR."""
    return [primary.soa(new), primary.soa(old),
            *map(primary.block, gone), primary.soa(new),
            *map(primary.block, come), primary.soa(new)]


def test_changes_that_are_not_to_be_had_are_asked_for_as_a_whole(house):
    primary = house.scripted()
    primary.records = ["bad.test"]
    d = house.start()
    house.becomes(bad=True, worse=False)
    honest = primary.serve

    def refuse(query, how):
        if query.question[0].rdtype == 251:
            reply = primary.reply(query)
            reply.set_rcode(4)
            return [reply]
        return honest(query, how)
    primary.answer = refuse
    primary.records, primary.serial = ["worse.test"], 2
    assert primary.notify(HEARS) == 0
    house.becomes(bad=False, worse=True)
    assert [t for _, t in primary.asked] == ["AXFR", "SOA", "IXFR", "AXFR"]
    d.err.wait(r"changes are not to be had, the whole zone is asked for: "
               r".*\(NOTIMP\)")


def plain_axfr(p, query, *middle, end=None):
    return p.reply(query, p.soa(), *middle, end or p.soa())


def other_id(p, query):
    reply = plain_axfr(p, query, p.block("fine.test"))
    reply.id ^= 1
    return [reply]


def other_end(p, query):
    return [plain_axfr(p, query, p.block("fine.test"), end=p.soa(99))]


def no_soa(p, query):
    return [p.reply(query, p.block("fine.test"))]


def torn(p, query):
    return [plain_axfr(p, query, p.block("fine.test")).to_wire()[:-9]]


def hangs_up(p, query):
    return [p.reply(query, p.soa(), p.block("fine.test")), None]


def behind(p, query):
    return [p.reply(query, p.soa(), p.block("fine.test"), p.soa(),
                    p.block("worse.test"))]


def refuses(p, query):
    reply = p.reply(query)
    reply.set_rcode(5)
    return [reply]


AXFR_TRICKS = {
    other_id: "not an answer to what was asked",
    other_end: "does not end with the SOA it began with",
    no_soa: "does not begin with its SOA",
    torn: "a message is malformed",
    hangs_up: "the connection ended before the zone did",
    behind: "there are records behind the end",
    refuses: "the primary refuses",
}


def test_a_whole_zone_is_right_or_nothing(house):
    """Each trick fails, and the next primary is asked, up to the honest
    one."""
    honest = house.scripted(address=UPSTREAM, port=5300)
    honest.records = ["bad.test"]
    ports = []
    for n, trick in enumerate(AXFR_TRICKS):
        evil = house.scripted(port=5401 + n)
        evil.answer = lambda q, _, e=evil, t=trick: t(e, q)
        ports.append(f"{UPSTREAM_2}@{evil.port}")
    d = house.start([*ports, f"{UPSTREAM}@5300"])
    house.becomes(bad=True, fine=False, worse=False)
    for n, said in enumerate(AXFR_TRICKS.values()):
        assert d.err.has(rf"172\.30\.0\.3:{5401 + n}: .*{said}"), \
            (said, d.err.text)


def zone_in(p, query, count):
    """A zone in so many messages."""
    middle = [p.reply(query, p.block(f"fine{n}.test"))
              for n in range(count - 2)]
    return [p.reply(query, p.soa(), p.block("fine.test")), *middle,
            p.reply(query, p.soa())]


def unsigned(p, query):
    return stream(zone_in(p, query, 3), of=())


def unsigned_at_the_end(p, query):
    return stream(zone_in(p, query, 3), of=(0,))


def unsigned_for_long(p, query):
    return stream(zone_in(p, query, 102), of=(0, -1))


def late(p, query):
    return [signed(plain_axfr(p, query), offset=-310)[0]]


def early(p, query):
    return [signed(plain_axfr(p, query), offset=310)[0]]


def cut(p, query):
    return [signed(plain_axfr(p, query), cut=16)[0]]


def changed(p, query):
    wire = bytearray(signed(plain_axfr(p, query,
                                       p.block("fine.test")))[0])
    wire[wire.index(b"fine")] ^= 2
    return [bytes(wire)]


SIGNED_TRICKS = {
    unsigned: "the answer is not signed",
    unsigned_at_the_end: "the last message is not signed",
    unsigned_for_long: "more than 99 messages in a row are not signed",
    late: r"signed at another time \(our clock is 31\d s ahead\)",
    early: r"signed at another time \(our clock is \d+ s behind\)",
    cut: "does not have the length of its algorithm",
    changed: "the signature is wrong",
}


def test_signatures_hold_a_transfer_together(house):
    honest = house.scripted(address=UPSTREAM, port=5300,
                            keyring=keyring(*KEY))
    honest.records = ["bad.test"]
    honest.answer = lambda q, _: stream(
        [honest.reply(q, honest.soa()),
         *(honest.reply(q, honest.block(n)) for n in ("bad.test", "x.test")),
         honest.reply(q, honest.soa())])
    ports = []
    for n, trick in enumerate(SIGNED_TRICKS):
        evil = house.scripted(port=5401 + n, keyring=keyring(*KEY))
        evil.answer = lambda q, _, e=evil, t=trick: t(e, q)
        ports.append(f"{UPSTREAM_2}@{evil.port}")
    d = house.start([*ports, f"{UPSTREAM}@5300"], key=KEY[:2])
    house.becomes(bad=True, fine=False)
    for n, said in enumerate(SIGNED_TRICKS.values()):
        assert d.err.has(rf"172\.30\.0\.3:{5401 + n}: .*{said}"), \
            (said, d.err.text)
    assert "serial 1" in d.err.text


def wrong_delete(p, query):
    return [p.reply(query, *change_from(p, 1, 2, ["fine.test"]))]


def wrong_add(p, query):
    return [p.reply(query, *change_from(p, 1, 2, [], ["bad.test"]))]


def from_elsewhere(p, query):
    return [p.reply(query, *change_from(p, 7, 8, [], ["fine.test"]))]


def without_end(p, query):
    return [p.reply(query, *change_from(p, 1, 2, [], ["fine.test"])[:-1]),
            None]


def two_ends(p, query):
    return [p.reply(query, *change_from(p, 1, 2, [], ["fine.test"]),
                    p.soa(2))]


def goes_back(p, query):
    return [p.reply(query, *change_from(p, 1, 0, [], ["fine.test"]))]


CHANGE_TRICKS = {
    wrong_delete: "the changes contradict what we have",
    wrong_add: "the changes contradict what we have",
    from_elsewhere: "the changes do not follow from what we have",
    without_end: "the connection ended before the zone did",
    two_ends: "there are records behind the end",
    goes_back: "the zone of the primary is older than ours",
}


def test_changes_are_right_or_nothing(house):
    """What is wrong with changes leads to the whole zone, of a primary who
    does not have it either; then the next is asked."""
    honest = house.scripted(address=UPSTREAM, port=5300)
    honest.records = ["bad.test", "x.test"]
    ports = []
    for n, trick in enumerate(CHANGE_TRICKS):
        evil = house.scripted(port=5401 + n)
        evil.serial = 2
        evil.answer = lambda q, _, e=evil, t=trick: (
            [e.reply(q, e.soa())] if q.question[0].rdtype == 6
            else t(e, q) if q.question[0].rdtype == 251 else [None])
        ports.append(f"{UPSTREAM_2}@{evil.port}")
    d = house.start([f"{UPSTREAM}@5300", *ports])
    house.becomes(bad=True, fine=False, worse=False)
    honest.records, honest.serial = ["bad.test", "worse.test"], 3
    assert evil.notify(HEARS) == 0
    house.becomes(bad=True, fine=False, worse=True)
    text = d.err.text
    for n, said in enumerate(CHANGE_TRICKS.values()):
        assert said in text, (said, text)
        assert f":{5401 + n}: the " in text, text
    assert text.count("changes are not to be had") == 4, text


def test_an_older_zone_is_not_taken(house):
    primary = house.scripted()
    primary.serial, primary.records = 5, ["bad.test"]
    d = house.start()
    house.becomes(bad=True, fine=False)
    primary.serial, primary.records = 4, ["fine.test"]
    assert primary.notify(HEARS) == 0
    d.err.wait(r"its zone \(serial 4\) is older than ours \(5\)", 15)
    assert house.blocked("bad.test") and not house.blocked("fine.test")


def test_what_lies_outside_is_passed_over(house):
    primary = house.scripted()
    primary.answer = lambda q, _: [plain_axfr(
        primary, q, primary.block("bad.test"),
        ("fine.test.", 300, "IN", "CNAME", "."),
        ("fine.test.rpz.test.evil.", 300, "IN", "CNAME", "."),
        ("test.", 300, "IN", "SOA", ". . 1 1 1 1 1"))]
    house.start()
    house.becomes(bad=True, fine=False)


def test_records_of_64_kib(house):
    primary = house.scripted()
    long = " ".join('"' + "x" * 250 + '"' for _ in range(255))
    primary.answer = lambda q, _: [
        primary.reply(q, primary.soa(), primary.block("bad.test")),
        primary.reply(q, (f"big.{ZONE}.", 300, "IN", "TXT", long)),
        primary.reply(q, primary.soa())]
    house.start()
    house.becomes(bad=True, fine=False)


def test_a_stream_without_end_stops_nothing(house):
    """Neither the answers nor the end of the daemon."""
    primary = house.scripted()

    def endless(query, _):
        yield primary.reply(query, primary.soa())
        n = 0
        while True:
            n += 1
            yield primary.reply(query, *(primary.block(f"n{n}-{i}.test")
                                         for i in range(50)))
    primary.answer = endless
    house.start()
    assert until(lambda: primary.asked, 10 * SLOW)
    assert addresses(house.client.ask("fine.test"))
    for _ in range(200):
        assert rcode(house.client.ask("bad.test")) == "NOERROR"
    house.daemon.stop()


def in_pieces(primary):
    """A large zone, as a whole whatever is asked for."""
    def serve(query, how):
        if how == "udp":
            return [primary.reply(query, primary.soa())]
        blocks = [primary.block(n) for n in primary.records]
        return [primary.reply(query, primary.soa()),
                *(primary.reply(query, *blocks[i:i + 500])
                  for i in range(0, len(blocks), 500)),
                primary.reply(query, primary.soa())]
    return serve


def test_a_zone_that_lost_most_is_held_back(house):
    primary = house.scripted()
    honest = [f"n{i}.other.test" for i in range(3000)]

    primary.answer = in_pieces(primary)
    primary.records = [*honest, "bad.test"]
    d = house.start()
    house.becomes(bad=True)
    primary.records, primary.serial = ["fine.test"], 2
    assert primary.notify(HEARS) == 0
    d.err.wait(r"the new copy is held back, it has lost more than half of "
               r"its entries \(1 of 3001 entries\); \"dns-firewallctl lists "
               r"accept zone\" takes it", 15)
    assert house.blocked("bad.test") and not house.blocked("fine.test")


def test_an_empty_zone_is_never_the_first(house):
    primary = house.scripted()
    d = house.start()
    d.err.wait(r"the new copy is held back, nothing is listed in it", 10)
    assert [t for _, t in primary.asked] == ["AXFR"]


def test_who_may_say_that_there_is_news(house):
    primary = house.scripted(keyring=keyring(*KEY))
    other = house.scripted(address=UPSTREAM, port=5300)
    primary.records = ["bad.test"]
    d = house.start(key=KEY[:2])
    house.becomes(bad=True)

    def refused(rcode_, said, who=primary, **how):
        assert who.notify(HEARS, **how) == rcode_
        d.err.wait(rf"NOTIFY from {who.address} about rpz\.test\. is "
                   rf"refused: .*{said}")
        until(lambda: False, 1.1)   # one line a second
    refused(5, "it is not signed")
    refused(9, "it is signed with another key", key=("x.test", *KEY[1:]))
    refused(9, "its signature is wrong", key=(*KEY[:2], OTHER))
    refused(9, "it was signed at another time", key=KEY, offset=-310)
    refused(5, "its sender is no primary of a list", who=other)
    assert [t for _, t in primary.asked] == ["AXFR"]
    assert primary.notify(HEARS, key=KEY) == 0
    assert until(lambda: len(primary.asked) > 1, 10 * SLOW)


def test_a_flood_of_them_costs_one_question_in_five_seconds(house):
    primary = house.scripted()
    primary.records = ["bad.test"]
    house.start()
    house.becomes(bad=True)
    began = time.monotonic()
    assert primary.notify(HEARS) == 0
    while time.monotonic() - began < 6:
        time.sleep(0.3)
        assert primary.notify(HEARS, times=50) == 0
    lasted = time.monotonic() - began
    assert 2 <= len(primary.asked) <= 2 + lasted / 5, primary.asked


def lists_process_ends(d):
    old, = d.by_role("lists")
    os.kill(old.pid, signal.SIGKILL)
    assert until(lambda: [p for p in d.by_role("lists") if p.pid != old.pid],
                 10 * SLOW)


@pytest.mark.parametrize("restarted", (False, True),
                         ids=("same", "restarted"))
def test_what_is_held_back_is_taken_when_its_owner_says_so(house, restarted):
    """It is there, also where its primary no longer is."""
    primary = house.scripted()
    honest = [f"n{i}.other.test" for i in range(2000)]
    primary.records = [*honest, "bad.test"]
    primary.answer = in_pieces(primary)
    d = house.start()
    house.becomes(bad=True, fine=False)
    primary.records, primary.serial = ["fine.test"], 2
    assert primary.notify(HEARS) == 0
    d.err.wait(r"is held back, it has lost more than half", 15)
    asked = [t for _, t in primary.asked]
    assert asked == ["AXFR", "SOA", "IXFR"]
    # the same again is not fetched again
    d.ctl("lists", "refresh", "zone")
    assert until(lambda: len(primary.asked) > len(asked), 10 * SLOW)
    assert re.search(r"^zone rpz .*held", d.ctl("lists"), re.M)
    if restarted:
        lists_process_ends(d)
    primary.stop()
    assert until(lambda: re.search(r"^zone rpz .*held", d.ctl("lists"), re.M),
                 20 * SLOW)
    # the page of the one that is gone may still be there
    assert until(lambda: d.ctl("lists", "accept", "zone", check=False)[0] == 0,
                 10 * SLOW)
    d.err.wait(r"List zone: what was held back is taken: 1 entries")
    house.becomes(bad=False, fine=True)
    assert [t for _, t in primary.asked][len(asked):] == ["SOA"]
    assert "held" not in d.ctl("lists")
    assert not (house.stage.directory / "copies" / "copies" / "zone.held").exists()
    status, _, _ = d.ctl("lists", "accept", "zone", check=False)
    assert status != 0


def test_changes_that_take_most_are_held_back_as_a_whole(house):
    primary = house.primary(notify=HEARS)
    primary.publish(1, [*(f"n{i}.other.test" for i in range(3000)),
                        "bad.test"])
    d = house.start(key=KEY[:2])
    house.becomes(bad=True)
    primary.publish(2, [*(f"n{i}.other.test" for i in range(100)),
                        "fine.test"])
    d.err.wait(r"the whole zone is asked for: much would be gone", 15)
    d.err.wait(r"is held back, it has lost more than half of its entries "
               r"\(101 of 3001 entries\)")
    primary.stop()
    d.ctl("lists", "accept", "zone")
    house.becomes(bad=False, fine=True)


def test_what_is_no_longer_published_is_no_longer_held_back(house):
    primary = house.scripted()
    d = house.start()
    held = house.stage.directory / "copies" / "copies" / "zone.held"
    d.err.wait(r"is held back, nothing is listed in it", 10)
    assert held.exists()
    primary.records, primary.serial = ["bad.test"], 2
    d.ctl("lists", "refresh", "zone")
    house.becomes(bad=True)
    assert until(lambda: "held" not in d.ctl("lists"), 5 * SLOW)
    assert not held.exists()


def test_protection_outlives_its_primary(house):
    """A client has a grant; the primary lists the name: revoked, and its
    packets dropped, within a second of the change; the primary dies, and the
    daemon starts anew without it."""
    primary = house.primary(notify=HEARS)
    primary.publish(1, ["worse.test"])
    d = house.start(key=("key.test", "hmac-sha256"))
    house.becomes(worse=True)
    address, = addresses(house.client.ask("bad.test"))
    assert house.client.connect(address, 443) == OPEN
    time.sleep(5 * SLOW)    # the last question is so long ago
    primary.publish(2, ["worse.test", "bad.test"])
    d.err.wait(r"serial 1 to 2, 1 came, 0 went", 5)
    assert until(lambda: not house.stage.lab.grants(), 1 * SLOW)
    assert house.client.connect(address, 443) == REFUSED
    primary.stop()
    d.ctl("lists", "refresh", "zone")
    d.err.wait(r"List zone: .*: Connection refused")
    assert house.blocked("bad.test")
    d.stop()
    house.start(key=("key.test", "hmac-sha256"))
    assert house.blocked("bad.test") and house.blocked("worse.test")
    assert addresses(house.client.ask("fine.test"))


def test_it_comes_whole_through_a_thousand_messages(house):
    primary = house.primary(Named)
    many = [f"n{i}.other.test" for i in range(60000)]
    primary.publish(1, [*many, "bad.test"])
    house.start(key=("key.test", "hmac-sha256"))
    house.becomes(bad=True, fine=False, seconds=30)
    assert all(house.blocked(n) for n in many[::6000])
