# SPDX-License-Identifier: GPL-2.0-or-later
"""What a client hears: types, EDNS, truncation, chains, the address guard."""

import contextlib
import socket
import struct
import time

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from dnsclient import (OPEN, REFUSED, addresses, ede, question, rcode,
                       read_frame, until)

RULE = ("10.1.0.0/24 -> allowed.test:TCP:443\n"
        "fd00:1::/64 -> allowed.test:TCP:443\n")
WILD = "10.1.0.0/24 -> *.wild.test:TCP:443\n"


def test_case_of_the_client_comes_back(stage, up):
    stage.daemon(RULE)
    answer = stage.client().ask("ALLOWED.TeSt")
    assert answer.question[0].name.to_text() == "ALLOWED.TeSt."
    assert answer.answer[0].name.to_text() == "ALLOWED.TeSt."
    assert addresses(answer) == ["203.0.113.5"]


def test_header_of_an_answer(stage, up):
    stage.daemon(RULE)
    query = question("allowed.test", edns=4096)
    query.flags |= dns.flags.CD | dns.flags.AD
    answer = stage.client().send(query)
    assert answer.flags & dns.flags.RA and answer.flags & dns.flags.RD
    assert not answer.flags & (dns.flags.AA | dns.flags.TC)
    assert answer.edns == 0


@pytest.mark.parametrize("kind", ["TXT", "MX", "NS", "SOA", "SRV",
                                  "CNAME", "TYPE65280"])
def test_other_types_are_nodata_under_a_grant_rule(stage, up, kind):
    stage.daemon(RULE)
    answer = stage.client().ask("allowed.test", kind, edns=1232)
    assert rcode(answer) == "NOERROR" and not answer.answer
    assert ede(answer) == [17]
    assert up.count() == 0 and stage.lab.grants() == set()


def test_strict_types_refuse(stage, up):
    stage.daemon(RULE, strict_types=True)
    assert rcode(stage.client().ask("allowed.test", "TXT")) == "REFUSED"


@pytest.mark.parametrize("kind", ["TXT", "MX", "AAAA", "HTTPS"])
def test_any_type_is_forwarded_under_dns_only(stage, up, kind):
    stage.daemon("10.1.0.2 ~> dns.test\n")
    assert rcode(stage.client().ask("dns.test", kind)) == "NOERROR"
    assert up.count("dns.test") == 1


def test_any_under_dns_only_is_asked_by_tcp(stage, up):
    up.script["dns.test"] = lambda q: q.send(q.answer(
        records=[(q.text, 60, "TXT", '"all"')]))
    stage.daemon("10.1.0.2 ~> dns.test\n")
    assert stage.client().ask("dns.test", "ANY", tcp=True).answer
    assert [q.stream for q in up.of("dns.test")] == [True]


def test_nxdomain_is_passed_on(stage, up):
    stage.daemon("10.1.0.2 ~> *\n10.1.0.2 -> *.wild.test:TCP:443\n")
    answer = stage.client().ask("none.test")
    assert rcode(answer) == "NXDOMAIN" and answer.authority
    assert rcode(stage.client().ask("none.wild.test")) == "NXDOMAIN"
    assert stage.lab.grants() == set()


@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED"])
def test_refusals_carry_the_question(stage, up, code):
    if code == "SERVFAIL":
        up.silent = True
    stage.daemon(RULE)
    name = "allowed.test" if code == "SERVFAIL" else "Denied.test"
    answer = stage.client().ask(name, edns=1232)
    assert rcode(answer) == code
    assert [q.name.to_text() for q in answer.question] == [name + "."]
    assert answer.edns == 0


# --- EDNS and size ------------------------------------------------------

def test_options_are_hop_by_hop(stage, up):
    stage.daemon(RULE)
    options = [dns.edns.ECSOption("192.0.2.0", 24),
               dns.edns.GenericOption(10, b"12345678"),
               dns.edns.GenericOption(65001, b"secret")]
    answer = stage.client().ask("allowed.test", options=options)
    assert rcode(answer) == "NOERROR"
    seen = up.of("allowed.test")[0].message
    # A cookie there is ours.
    assert seen.edns == 0 and [o.otype for o in seen.options] == [10]
    assert seen.options[0].data != b"12345678"
    assert b"secret" not in answer.to_wire()


def test_do_is_passed_on(stage, up):
    stage.daemon(RULE)
    stage.client().ask("allowed.test", do=True)
    assert up.of("allowed.test")[-1].message.ednsflags & dns.flags.DO


def big_zone(up, name="big.test", records=60):
    up.add(name, "TXT", *[f'"{n:060}"' for n in range(records)])


@pytest.mark.parametrize("edns,limit", [(None, 512), (512, 512), (100, 512),
                                        (4096, 1232), (1000, 1000)])
def test_large_answer_is_truncated_to_the_client(stage, up, edns, limit):
    big_zone(up)
    stage.daemon("10.1.0.2 ~> *\n")
    client = stage.client()
    got = client.raw(question("big.test", "TXT", edns=edns).to_wire())
    assert len(got) <= limit
    answer = dns.message.from_wire(got)
    assert answer.flags & dns.flags.TC
    full = client.ask("big.test", "TXT", tcp=True, edns=edns)
    assert len(full.answer[0]) == 60
    assert not full.flags & dns.flags.TC


def test_truncated_answer_grants_all_and_once(stage, up):
    up.add("a.wild.test", "A", *[f"203.0.113.{n}" for n in range(1, 33)])
    stage.daemon(WILD)
    client = stage.client()
    got = client.raw(question("a.wild.test").to_wire())
    assert len(got) <= 512
    assert dns.message.from_wire(got).flags & dns.flags.TC
    assert len(stage.lab.grants()) == 32
    assert client.connect("203.0.113.32") == OPEN


def test_many_queries_on_one_connection(stage, up):
    stage.daemon(RULE + "10.1.0.0/24 ~> *\n")
    with stage.client().stream() as s:
        out = b""
        for n in range(50):
            wire = question("allowed.test", id=n).to_wire()
            out += struct.pack("!H", len(wire)) + wire
        s.sendall(out)
        ids = {struct.unpack("!H", read_frame(s)[:2])[0] for _ in range(50)}
    assert ids == set(range(50))


def test_frame_in_single_bytes(stage, up):
    stage.daemon(RULE)
    wire = question("allowed.test").to_wire()
    with stage.client().stream() as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in struct.pack("!H", len(wire)) + wire:
            s.sendall(bytes([byte]))
        assert addresses(dns.message.from_wire(read_frame(s)))


def test_half_closed_connection_gets_its_answer(stage, up):
    up.delay = 0.2
    stage.daemon(RULE)
    wire = question("allowed.test").to_wire()
    with stage.client().stream() as s:
        s.sendall(struct.pack("!H", len(wire)) + wire)
        s.shutdown(socket.SHUT_WR)
        assert addresses(dns.message.from_wire(read_frame(s)))


def test_idle_connections_do_not_stop_udp(stage, up):
    stage.daemon(RULE, max_connections=100)
    client = stage.client()
    held = []
    for number in range(120):
        try:
            held.append(stage.client(2 + number % 8).stream(1))
        except OSError:
            break
    assert addresses(client.ask("allowed.test", timeout=1))
    for s in held:
        s.close()


def test_connections_over_the_limit_are_refused(stage, up):
    stage.daemon(RULE, max_connections=3, workers=1)
    held, shut = [], 0
    for number in range(8):
        with contextlib.suppress(OSError):
            held.append(stage.client(2 + number).stream(1))
    for s in held:
        try:
            shut += s.recv(1) == b""
        except TimeoutError:
            pass
        except OSError:
            shut += 1
    assert len(held) - shut <= 3
    for s in held:
        s.close()
    assert until(lambda: stage.client().ask("allowed.test", tcp=True))


def test_idle_connection_is_closed(stage, up):
    stage.daemon(RULE, timeout=1)
    with stage.client().stream(5) as s:
        begun = time.monotonic()
        s.sendall(b"\0")
        assert s.recv(1) == b""
        assert time.monotonic() - begun < 4


# --- chains -------------------------------------------------------------

def test_chain_in_any_order(stage, up):
    up.script["allowed.test"] = lambda q: q.send(q.answer(records=[
        ("c.test.", 60, "A", "203.0.113.5"),
        ("b.test.", 60, "CNAME", "c.test."),
        (q.text, 60, "CNAME", "b.test.")]))
    stage.daemon(RULE)
    client = stage.client()
    assert addresses(client.ask("allowed.test")) == ["203.0.113.5"]
    assert client.connect("203.0.113.5") == OPEN


def test_unrelated_records_are_removed(stage, up):
    more = [("x.test.", 60, "A", "203.0.113.6")]
    up.script["allowed.test"] = lambda q: q.send(q.answer(
        records=[(q.text, 60, "A", "203.0.113.5"), *more],
        authority=[("test.", 60, "NS", "x.test.")], additional=more))
    stage.daemon(RULE)
    answer = stage.client().ask("allowed.test")
    assert addresses(answer) == ["203.0.113.5"]
    assert "203.0.113.6" not in answer.to_text()
    assert {g[3] for g in stage.lab.grants()} == {"203.0.113.5"}


def chain_of(length):
    def script(q):
        names = [q.text] + [f"c{n}.test." for n in range(length)]
        q.send(q.answer(records=[(a, 60, "CNAME", b)
                                 for a, b in zip(names, names[1:])]
                        + [(names[-1], 60, "A", "203.0.113.5")]))
    return script


@pytest.mark.parametrize("length,code", [(16, "NOERROR"), (17, "SERVFAIL")])
def test_length_of_a_chain(stage, up, length, code):
    up.script["allowed.test"] = chain_of(length)
    stage.daemon(RULE)
    answer = stage.client().ask("allowed.test", edns=1232)
    assert rcode(answer) == code
    assert len(stage.lab.grants()) == (code == "NOERROR")


def test_loop_of_aliases(stage, up):
    up.script["allowed.test"] = lambda q: q.send(q.answer(records=[
        (q.text, 60, "CNAME", "b.test."), ("b.test.", 60, "CNAME", q.text)]))
    stage.daemon(RULE)
    answer = stage.client().ask("allowed.test")
    assert rcode(answer) == "SERVFAIL" and stage.lab.grants() == set()


def test_too_many_records(stage, up):
    up.script["allowed.test"] = lambda q: q.send(q.answer(records=[
        (q.text, 60, "A", *[f"45.0.{n >> 8}.{n & 255}"
                            for n in range(513)])]))
    stage.daemon(RULE)
    assert rcode(stage.client().ask("allowed.test", tcp=True)) == "SERVFAIL"
    assert stage.lab.grants() == set()


def test_blocked_name_on_the_chain_blocks(stage, up):
    up.script["allowed.test"] = lambda q: q.send(q.answer(records=[
        (q.text, 60, "CNAME", "BAD.test."),
        ("BAD.test.", 60, "CNAME", "ok.test."),
        ("ok.test.", 60, "A", "203.0.113.5")]))
    stage.daemon(RULE + "10.1.0.0/24 -| bad.test\n")
    client = stage.client()
    answer = client.ask("allowed.test", edns=1232)
    assert rcode(answer) == "REFUSED" and not addresses(answer)
    assert stage.lab.grants() == set()
    assert client.connect("203.0.113.5") == REFUSED


def test_ports_come_from_the_name_asked(stage, up):
    up.script["allowed.test"] = lambda q: q.send(q.answer(records=[
        (q.text, 60, "CNAME", "b.wild.test."),
        ("b.wild.test.", 60, "A", "203.0.113.5")]))
    stage.daemon(RULE + "10.1.0.0/24 -> *.wild.test:TCP:22\n")
    stage.client().ask("allowed.test")
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 443, "203.0.113.5")}


def test_dname_with_its_alias(stage, up):
    up.script["x.wild.test"] = lambda q: q.send(q.answer(records=[
        ("wild.test.", 60, "DNAME", "tame.test."),
        (q.text, 60, "CNAME", "x.tame.test."),
        ("x.tame.test.", 60, "A", "203.0.113.5")]))
    stage.daemon(WILD)
    client = stage.client()
    assert addresses(client.ask("x.wild.test")) == ["203.0.113.5"]
    assert client.connect("203.0.113.5") == OPEN


# --- the address guard --------------------------------------------------

NEVER = ["127.0.0.1", "0.0.0.0", "169.254.169.254", "224.0.0.1",
         "255.255.255.255", "10.1.0.1", "172.30.0.1", "10.1.0.255"]
NEVER6 = ["::", "::1", "fe80::1", "ff02::1", "::ffff:127.0.0.1",
          "64:ff9b::7f00:1", "2002:7f00:1::1", "fd00:1::1",
          "::ffff:10.1.0.1"]


def test_guarded_addresses_are_stripped(stage, up):
    up.add("allowed.test", "A", "203.0.113.5", *NEVER)
    d = stage.daemon(RULE)
    answer = stage.client().ask("allowed.test")
    assert addresses(answer) == ["203.0.113.5"]
    assert {g[3] for g in stage.lab.grants()} == {"203.0.113.5"}
    assert d.running()


@pytest.mark.parametrize("address", NEVER)
def test_answer_of_a_guarded_address(stage, up, address):
    up.add("allowed.test", "A", address)
    d = stage.daemon(RULE)
    answer = stage.client().ask("allowed.test", edns=1232)
    assert rcode(answer) == "REFUSED" and ede(answer) == [17]
    assert not addresses(answer) and stage.lab.grants() == set()
    d.out.wait("rebind")


def test_guarded_ipv6_addresses(stage, up):
    up.add("allowed.test", "AAAA", "2001:db8:1::5", *NEVER6)
    stage.daemon(RULE)
    answer = stage.client6().ask("allowed.test", "AAAA")
    assert addresses(answer) == ["2001:db8:1::5"]
    assert {g[3] for g in stage.lab.grants()} == {"2001:db8:1::5"}


PRIVATE = ["10.9.0.1", "172.16.9.9", "192.168.3.4", "100.64.1.1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_wildcard_does_not_lead_to_a_private_address(stage, up, address):
    up.add("a.wild.test", "A", address)
    stage.daemon(WILD)
    answer = stage.client().ask("a.wild.test", edns=1232)
    assert rcode(answer) == "REFUSED" and ede(answer) == [17]
    assert stage.lab.grants() == set()


def test_rule_that_spells_the_name_may_be_private(stage, up):
    up.add("a.wild.test", "A", "10.9.0.1")
    stage.daemon(WILD + "10.1.0.2 -> a.wild.test:TCP:22\n")
    client = stage.client()
    assert addresses(client.ask("a.wild.test")) == ["10.9.0.1"]
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 22, "10.9.0.1")}
    assert client.connect("10.9.0.1", 22) == OPEN
    assert client.connect("10.9.0.1", 443) == REFUSED


@pytest.mark.parametrize("options", [{"private_ok": "10.9.0.0/16"},
                                     {"local_zone": "wild.test"}], ids=str)
def test_private_where_permitted(stage, up, options):
    up.add("a.wild.test", "A", "10.9.0.1", "127.0.0.1")
    stage.daemon(WILD, **options)
    client = stage.client()
    assert addresses(client.ask("a.wild.test")) == ["10.9.0.1"]
    assert client.connect("10.9.0.1") == OPEN


def test_dns_only_is_not_guarded(stage, up):
    up.add("dns.test", "A", "127.0.0.2", "10.1.0.1")
    stage.daemon("10.1.0.2 ~> *\n")
    assert addresses(stage.client().ask("dns.test")) \
        == ["10.1.0.1", "127.0.0.2"]


def test_guard_dns_only(stage, up):
    up.add("dns.test", "A", "127.0.0.2", "203.0.113.5")
    stage.daemon("10.1.0.2 ~> *\n", guard_dns_only=True)
    assert addresses(stage.client().ask("dns.test")) == ["203.0.113.5"]


def test_with_both_arrows_only_the_grant_is_withheld(stage, up):
    up.add("allowed.test", "A", "127.0.0.2", "203.0.113.5")
    stage.daemon(RULE + "10.1.0.0/24 ~> *\n")
    assert addresses(stage.client().ask("allowed.test")) \
        == ["127.0.0.2", "203.0.113.5"]
    assert {g[3] for g in stage.lab.grants()} == {"203.0.113.5"}


# --- the other family ---------------------------------------------------

def test_other_family_is_stripped_under_a_grant_rule(stage, up):
    stage.daemon(RULE)
    for client, kind in ((stage.client(), "AAAA"), (stage.client6(), "A")):
        answer = client.ask("allowed.test", kind, edns=1232)
        assert rcode(answer) == "NOERROR" and ede(answer) == [17]
        assert not addresses(answer) and stage.lab.grants() == set()


def test_other_family_is_passed_as_the_rust_program_did(stage, up):
    stage.daemon(RULE, compat="rust")
    answer = stage.client().ask("allowed.test", "AAAA")
    assert addresses(answer) == ["2001:db8:1::5"]
    assert stage.lab.grants() == set()


def test_other_family_is_passed_under_dns_only(stage, up):
    stage.daemon(RULE + "10.1.0.0/24 ~> *\n")
    answer = stage.client().ask("allowed.test", "AAAA")
    assert addresses(answer) == ["2001:db8:1::5"]
    assert stage.lab.grants() == set()


def test_router_itself_knows_no_family(stage, up):
    stage.daemon("127.0.0.1 -> allowed.test:TCP:443\n", bind="127.0.0.1")
    here = stage.here(server="127.0.0.1")
    assert addresses(here.ask("allowed.test", "AAAA")) == ["2001:db8:1::5"]
    assert stage.lab.grants() == {("", "tcp", 443, "2001:db8:1::5")}


def test_new_address_of_the_router_is_guarded_at_once(stage, up):
    up.add("allowed.test", "A", "45.7.7.7")
    stage.daemon(RULE)
    stage.lab.router.run("ip", "addr", "add", "45.7.7.7/32", "dev", "lo")
    try:
        client = stage.client()
        assert until(lambda: rcode(client.ask("allowed.test")) == "REFUSED")
    finally:
        stage.lab.router.run("ip", "addr", "del", "45.7.7.7/32", "dev", "lo")
