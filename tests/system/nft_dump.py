# SPDX-License-Identifier: GPL-2.0-or-later
"""The elements of a set as the kernel lists them, and each alone.

nft(8) begins anew whenever anything changes meanwhile, which under thousands
of new elements a second is for ever. Here what several lists have together is
the set: the kernel counts how far it came, so that where elements come and go
one list may pass over others.

linux/netfilter/nf_tables.h, linux/netfilter/nfnetlink.h, linux/netlink.h.
"""

import ipaddress
import socket
import struct

NETLINK_NETFILTER = 12
NFPROTO = {"inet": 1, "ip": 2, "ip6": 10}
NEWSETELEM, GETSETELEM = 10 << 8 | 12, 10 << 8 | 13
REQUEST, REQUEST_DUMP = 0x1, 0x1 | 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
INTERRUPTED = 0x10
LISTS = 5  # of a set that changes
LIST_TABLE, LIST_SET, LIST_ELEMENTS = 1, 2, 3
ELEM, ELEM_KEY, ELEM_EXPIRATION, DATA_VALUE = 1, 1, 5, 1
NESTED = 0x8000
GENMSG = 4


def attribute(kind, payload):
    pad = -len(payload) % 4
    return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(pad)


def attributes(data):
    at = 0
    while at + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, at)
        yield kind & 0x3fff, data[at + 4:at + size]
        at += size + -size % 4


def messages(s):
    while True:
        data = s.recv(1 << 20)
        at = 0
        while at < len(data):
            size, kind, flags = struct.unpack_from("=IHH", data, at)
            payload = data[at + 16:at + size]
            at += size + -size % 4
            if kind == NLMSG_DONE:
                return
            if kind == NLMSG_ERROR:
                raise OSError(-struct.unpack_from("=i", payload)[0],
                              "nf_tables: list of elements")
            yield payload, flags & INTERRUPTED


def elements(family, table, name):
    """{fields of 4 or 16 bytes: seconds left}, in this network namespace."""
    found = {}
    for _ in range(LISTS):
        seen, interrupted = one_list(family, table, name)
        found.update(seen)
        if not interrupted:
            return seen
    return found


def one_list(family, table, name):
    seen, interrupted = {}, False
    with asked(REQUEST_DUMP, family, table, name) as s:
        for payload, torn in messages(s):
            interrupted = interrupted or torn
            seen.update(elements_of(payload))
    return seen, interrupted


def seconds_left(where, key):
    """Of one element; 0: it is not there."""
    wanted = attribute(LIST_ELEMENTS | NESTED, attribute(
        ELEM | NESTED, attribute(ELEM_KEY | NESTED,
                                 attribute(DATA_VALUE, key))))
    with asked(REQUEST, *where, wanted) as s:
        try:
            payload, _ = next(messages(s))
        except FileNotFoundError:
            return 0
    return dict(elements_of(payload))[key]


def asked(flags, family, table, name, more=b""):
    """A socket that the answer comes to."""
    body = (struct.pack("=BBH", NFPROTO[family], 0, 0)
            + attribute(LIST_TABLE, table.encode() + b"\0")
            + attribute(LIST_SET, name.encode() + b"\0") + more)
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    s.settimeout(20)
    s.send(struct.pack("=IHHII", 16 + len(body), GETSETELEM, flags, 1, 0)
           + body)
    return s


def elements_of(payload):
    for kind, value in attributes(payload[GENMSG:]):
        if kind == LIST_ELEMENTS:
            for _, element in attributes(value):
                yield read(dict(attributes(element)))


def read(element):
    key = dict(attributes(element[ELEM_KEY]))[DATA_VALUE]
    left = element.get(ELEM_EXPIRATION)
    return key, left and struct.unpack(">Q", left)[0] // 1000


def grant(key, local, width):
    """(client, protocol number, port, destination) of an element's key, with
    addresses of that many bytes."""
    client = ""
    if not local:
        client, key = str(ipaddress.ip_address(key[:width])), key[width:]
    port = struct.unpack_from(">H", key, 4)[0]
    return (client, key[0], port,
            str(ipaddress.ip_address(key[8:8 + width])))


def key_of(client, protocol, port, destination):
    """What grant() reads."""
    parts = [struct.pack(">B3x", protocol), struct.pack(">H2x", port),
             ipaddress.ip_address(destination).packed]
    if client:
        parts.insert(0, ipaddress.ip_address(client).packed)
    return b"".join(parts)
