# SPDX-License-Identifier: GPL-2.0-or-later
"""A resolver that says what a test wants it to say, true or not.

    up.add("allowed.test", "A", "203.0.113.5", ttl=300)
    up.script["lie.test"] = lambda q: q.send(q.answer(id=q.id ^ 1))

What has no script is answered from the zone, CNAMEs followed; a name that
is not there is NXDOMAIN. `seen` holds every query as it came.
"""

import contextlib
import socket
import struct
import threading
import time

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from dnsclient import family_of, read_exactly


class Query:
    """One query that arrived, and the way back."""

    def __init__(self, upstream, wire, stream, reply):
        self.upstream = upstream
        self.wire = wire
        self.stream = stream
        self.reply = reply
        self.peer = None
        self.message = dns.message.from_wire(wire, keyring=upstream.keys)
        self.id = self.message.id
        asked = self.message.question[0]
        self.name = asked.name
        self.text = asked.name.to_text()  # as it was spelt
        self.kind = dns.rdatatype.to_text(asked.rdtype)
        self.rdclass = asked.rdclass
        self.at = time.monotonic()

    def answer(self, **change):
        """The true answer as wire, then changed: id, flags, name, kind,
        rdclass, records ((owner, ttl, type, data) ...), rcode, sections."""
        records = change.pop("records", None)
        message = self.upstream.answer(self, records)
        message.id = change.pop("id", message.id)
        if "rcode" in change:
            message.set_rcode(change.pop("rcode"))
        asked = message.question[0]
        asked.name = dns.name.from_text(change.pop("name", self.text))
        asked.rdtype = dns.rdatatype.from_text(change.pop("kind", self.kind))
        asked.rdclass = change.pop("rdclass", asked.rdclass)
        for section in ("authority", "additional"):
            for r in change.pop(section, ()):
                getattr(message, section).append(rrset(*r))
        if change.pop("no_question", False):
            message.question = []
        message.flags |= change.pop("set_flags", 0)
        message.flags &= ~change.pop("clear_flags", 0)
        assert not change, change
        return message.to_wire(max_size=65535)

    def send(self, wire):
        with contextlib.suppress(OSError):
            self.reply(wire)

    def send_from(self, address, port, wire):
        """From another address of the same namespace."""
        with self.upstream.net.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((address, port))
            s.sendto(wire, self.peer)


def rrset(owner, ttl, kind, *data):
    return dns.rrset.from_text(owner, ttl, "IN", kind, *data)


class Upstream:
    """UDP and TCP on one address of the `net` namespace."""

    def __init__(self, net, address, port=53, tcp=True):
        self.net, self.address, self.port = net, address, port
        self.zone, self.script, self.seen = {}, {}, []
        self.keys = None  # of signed queries that are understood
        self.fallback = None  # f(Query) -> records, where the zone is silent
        self.delay = 0.0
        self.silent = False
        self.stopping = False
        self.lock = threading.Lock()
        self.udp = self.bound(socket.SOCK_DGRAM)
        self.tcp = self.bound(socket.SOCK_STREAM) if tcp else None
        self.start(self.serve_udp)
        if tcp:
            self.tcp.listen(256)
            self.start(self.serve_tcp)

    def bound(self, kind):
        s = self.net.socket(family_of(self.address), kind)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        s.bind((self.address, self.port))
        return s

    @staticmethod
    def start(work, *args):
        threading.Thread(target=work, args=args, daemon=True).start()

    # --- the zone -------------------------------------------------------

    def add(self, name, kind, *data, ttl=300):
        key = dns.name.from_text(name).canonicalize(), kind
        self.zone[key] = (ttl, data)

    def records(self, name, kind):
        """(owner, ttl, type, data...) along the chain, or None."""
        found, owner = [], name
        for _ in range(64):
            key = dns.name.from_text(owner).canonicalize()
            if (key, kind) in self.zone:
                ttl, data = self.zone[key, kind]
                return found + [(owner, ttl, kind, *data)]
            if (key, "CNAME") not in self.zone:
                break
            ttl, data = self.zone[key, "CNAME"]
            found.append((owner, ttl, "CNAME", data[0]))
            owner = data[0]
        known = any(key[0] == dns.name.from_text(owner).canonicalize()
                    for key in self.zone)
        return found or ([] if known else None)

    def answer(self, query, records=None):
        message = dns.message.make_response(query.message,
                                            recursion_available=True,
                                            our_payload=1232)
        if records is None:
            records = self.records(query.text, query.kind)
        if records is None and self.fallback:
            records = self.fallback(query)
        if records is None:
            message.set_rcode(dns.rcode.NXDOMAIN)
        if not records:
            message.authority.append(rrset(
                "test.", 60, "SOA", "ns.test. host.test. 1 60 60 60 60"))
        for r in records or ():
            message.answer.append(rrset(*r))
        return message

    # --- the service ----------------------------------------------------

    def count(self, name=None):
        wanted = name and dns.name.from_text(name)
        with self.lock:
            return sum(1 for q in self.seen if not name or q.name == wanted)

    def of(self, name):
        wanted = dns.name.from_text(name)
        with self.lock:
            return [q for q in self.seen if q.name == wanted]

    def take(self, wire, stream, reply, peer):
        try:
            query = Query(self, wire, stream, reply)
        except Exception:  # pylint: disable=broad-except
            return
        query.peer = peer
        with self.lock:
            self.seen.append(query)
        script = self.script.get(query.text.lower().rstrip("."))
        if script:
            self.start(script, query)
        elif self.silent:
            return
        elif self.delay:
            self.start(self.answer_late, query)
        else:
            self.say(query)

    def answer_late(self, query):
        time.sleep(self.delay)
        self.say(query)

    @staticmethod
    def say(query):
        wire = query.answer()
        if not query.stream and len(wire) > 1232:
            message = dns.message.make_response(query.message)
            message.flags |= dns.flags.TC
            wire = message.to_wire()
        query.send(wire)

    def serve_udp(self):
        while not self.stopping:
            try:
                wire, peer = self.udp.recvfrom(65535)
            except OSError:
                if self.stopping:
                    return
                continue
            self.take(wire, False,
                      lambda out, to=peer: self.udp.sendto(out, to), peer)

    def serve_tcp(self):
        while not self.stopping:
            try:
                connection, peer = self.tcp.accept()
            except OSError:
                return
            self.start(self.serve_stream, connection, peer)

    def serve_stream(self, connection, peer):
        lock = threading.Lock()

        def reply(wire):
            with lock:
                connection.sendall(struct.pack("!H", len(wire)) + wire)

        with connection, contextlib.suppress(OSError):
            while not self.stopping:
                head = read_exactly(connection, 2)
                wire = head and read_exactly(connection,
                                             struct.unpack("!H", head)[0])
                if not wire:
                    return
                self.take(wire, True, reply, peer)

    def stop(self):
        self.stopping = True
        for s in filter(None, (self.udp, self.tcp)):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
            s.close()
