# SPDX-License-Identifier: GPL-2.0-or-later
"""A client behind the router: asks, and opens connections."""

import contextlib
import errno
import random
import socket
import struct
import time

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

import lab as lab_

OPEN, LATE, REFUSED, SILENT = "open", "late", "refused", "silent"
TOTAL_RETRANS = struct.Struct("100xI")  # in struct tcp_info, linux/tcp.h


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def question(name, kind="A", **extra):
    """A query as message; edns: a payload size, options: EDNS options."""
    edns = extra.pop("edns", None)
    options = extra.pop("options", None)
    do = extra.pop("do", False)
    message = dns.message.make_query(name, kind,
                                     extra.pop("rdclass", "IN"),
                                     id=extra.pop("id", None))
    assert not extra, extra
    if edns is not None or options or do:
        message.use_edns(0, dns.flags.DO if do else 0, edns or 1232,
                         options=options or [])
    return message


def addresses(message):
    """The addresses of the answer section, sorted."""
    return sorted(record.address for rrset in message.answer
                  if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA)
                  for record in rrset)


def ede(message):
    """The EDE codes of an answer."""
    return [int(o.code) for o in message.options
            if o.otype == dns.edns.OptionType.EDE]


def ede_text(message):
    return " ".join(o.text or "" for o in message.options
                    if o.otype == dns.edns.OptionType.EDE)


def rcode(message):
    return dns.rcode.to_text(message.rcode())


class Client:
    """One address in one namespace."""

    def __init__(self, namespace, address, server=None, port=53):
        self.namespace = namespace
        self.address = address
        self.server = server or (lab_.ROUTER6 if ":" in address
                                 else lab_.ROUTER)
        self.port = port

    def socket(self, kind, timeout):
        s = self.namespace.socket(family_of(self.address), kind)
        s.bind((self.address, 0))
        s.settimeout(timeout)
        return s

    # --- asking ---------------------------------------------------------

    def raw(self, wire, timeout=5.0, source_port=None):
        """The datagram that comes back, or None."""
        with self.socket(socket.SOCK_DGRAM, timeout) as s:
            if source_port:
                s.bind((self.address, source_port))
            s.connect((self.server, self.port))
            s.send(wire)
            try:
                return s.recv(65535)
            except (TimeoutError, ConnectionError):
                return None

    def stream(self, timeout=5.0):
        """A connection to the server's TCP port."""
        s = self.socket(socket.SOCK_STREAM, timeout)
        try:
            s.connect((self.server, self.port))
        except OSError:
            s.close()
            raise
        return s

    def raw_tcp(self, wire, timeout=5.0):
        with self.stream(timeout) as s:
            s.sendall(struct.pack("!H", len(wire)) + wire)
            return read_frame(s)

    def ask(self, name, kind="A", tcp=False, timeout=5.0, **extra):
        """The answer to a question, as message; fails where none comes."""
        message = question(name, kind, **extra)
        return self.send(message, tcp, timeout)

    def send(self, message, tcp=False, timeout=5.0):
        wire = message.to_wire()
        got = self.raw_tcp(wire, timeout) if tcp else self.raw(wire, timeout)
        assert got is not None, f"no answer to {message.question}"
        answer = dns.message.from_wire(got)
        assert answer.id == message.id
        return answer

    # --- connecting -----------------------------------------------------

    def connect(self, address, port=443, timeout=2.5):
        """OPEN where the first packet passed, LATE where a later one did,
        REFUSED or SILENT. (Over IPv6 the first rejection comes back while
        the socket is busy sending, and only the second is heard.)"""
        with self.socket(socket.SOCK_STREAM, timeout) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
            try:
                s.connect((address, port))
            except TimeoutError:
                return SILENT
            except OSError as why:
                if why.errno in (errno.ECONNREFUSED, errno.EHOSTUNREACH,
                                 errno.ENETUNREACH, errno.EACCES,
                                 errno.EPERM):
                    return REFUSED
                raise
            info = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO,
                                TOTAL_RETRANS.size)
            again = TOTAL_RETRANS.unpack(info)[0]
            return LATE if again else OPEN

    def reach(self, address, port=443, timeout=0.9):
        """The same with a datagram that is sent back."""
        with self.socket(socket.SOCK_DGRAM, timeout) as s:
            s.connect((address, port))
            token = random.randbytes(8)
            try:
                s.send(token)
                return OPEN if s.recv(64) == token else SILENT
            except TimeoutError:
                return SILENT
            except OSError:
                return REFUSED


def read_exactly(s, size):
    data = b""
    while len(data) < size:
        with contextlib.suppress(ConnectionResetError):
            piece = s.recv(size - len(data))
            if piece:
                data += piece
                continue
        return None
    return data


def read_frame(s):
    """One answer of a TCP connection; None where it was closed."""
    try:
        head = read_exactly(s, 2)
        return head and read_exactly(s, struct.unpack("!H", head)[0])
    except TimeoutError:
        return None


def until(what, seconds=3.0, step=0.02):
    """Waits until what() is true; its last value. Time in which this process
    was to go on and had no CPU does not count."""
    end = time.monotonic() + seconds
    while not (value := what()) and time.monotonic() < end:
        due = time.monotonic() + step
        time.sleep(step)
        end += max(0, time.monotonic() - due - step)
    return value
