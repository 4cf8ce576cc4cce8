# SPDX-License-Identifier: GPL-2.0-or-later
"""Primaries of policy zones: knot and bind9 in the `net` namespace, and one
that does whatever a test has it do."""

import base64
import contextlib
import shutil
import socket
import struct
import subprocess
import textwrap
import threading
import time

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.renderer
import dns.rrset
import dns.tsig
import dns.tsigkeyring
import pytest

from daemon import SLOW
from dnsclient import rcode, until
from lab import UPSTREAM_2

ZONE = "rpz.test"
PORT = 5353
ACL = "10.1.0.0/24 -> *.test:TCP:443\n"
HEARS, HEARS6 = "172.30.0.1@5353", "fd00:2::1@5353"
SECRET = base64.b64encode(bytes(range(1, 33))).decode()
ALGORITHMS = ("hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256",
              "hmac-sha384", "hmac-sha512")


def soa_text(serial, refresh=3600, retry=600, expire=86400):
    return (f"ns.{ZONE}. Root.{ZONE}. {serial} {refresh} {retry} {expire} 60")


def zone_text(serial, names, **times):
    """A policy zone that denies these names; an entry may be a whole line."""
    head = (f"$TTL 300\n@ IN SOA {soa_text(serial, **times)}\n"
            "@ NS ns.test.\n")
    return head + "".join(f"{n} CNAME .\n" if " " not in n else n + "\n"
                          for n in names)


class Server:
    """One that is a process; the zone's file is its master copy."""

    program = None

    def __init__(self, lab, directory, **options):
        self.lab, self.home = lab, directory / type(self).__name__.lower()
        self.home.mkdir()
        self.address = options.get("address", UPSTREAM_2)
        self.port = options.get("port", PORT)
        self.key = options.get("key", ("key.test", "hmac-sha256", SECRET))
        self.notify = options.get("notify")
        self.serial, self.process = 0, None
        self.log = self.home / "log"

    def publish(self, serial, names, **times):
        self.serial = serial
        fresh = self.home / "zone.new"
        fresh.write_text(zone_text(serial, names, **times))
        fresh.rename(self.home / "zone")
        if self.process:
            self.reload()
        else:
            self.start()
        assert until(lambda: self.says(serial), 20 * SLOW), \
            self.log.read_text()

    def says(self, serial):
        """It answers with that serial number."""
        query = dns.message.make_query(ZONE, "SOA")
        query.use_tsig(keyring(*self.key))
        with self.lab.net.socket() as s:
            s.settimeout(1)
            s.bind((self.address, 0))
            s.connect((self.address, self.port))
            try:
                s.send(query.to_wire())
                answer = dns.message.from_wire(
                    s.recv(4096), keyring=query.keyring,
                    request_mac=query.mac)
            except (OSError, dns.exception.DNSException):
                return False
        found = [r for rrset in answer.answer for r in rrset
                 if r.rdtype == dns.rdatatype.SOA]
        return bool(found) and found[0].serial == serial

    def start(self):
        with self.lab.net.entered(), open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


def signed(message, offset=0, ctx=None, cut=None):
    """(bytes, MAC, context of a stream) of a message that has a key: signed
    so many seconds from now; cut: bytes of the MAC that are left. Where ctx
    is given, or False, it is of a stream."""
    tsig, message.tsig = message.tsig, None
    wire = message.to_wire(max_size=65535)
    multi = ctx is not None
    rdata, after = dns.tsig.sign(wire, message.keyring, tsig[0],
                                 int(time.time()) + offset,
                                 message.request_mac, ctx or None, multi)
    if cut is not None:
        rdata = rdata.replace(mac=rdata.mac[:cut])
    data = rdata.to_wire()
    count = struct.unpack("!H", wire[10:12])[0] + 1
    return (wire[:10] + struct.pack("!H", count) + wire[12:]
            + message.keyring.name.to_wire()
            + struct.pack("!HHIH", 250, 255, 0, len(data)) + data,
            rdata.mac, after)


def stream(messages, of=(0, -1)):
    """The messages of one answer; those of these numbers are signed."""
    marks = {n % len(messages) for n in of}
    ctx = False
    for n, message in enumerate(messages):
        if n in marks:
            wire, _, ctx = signed(message, ctx=ctx)
        else:
            message.tsig = None
            wire = message.to_wire(max_size=65535)
            if ctx:
                ctx.update(wire)
        yield wire


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def keyring(name, algorithm, secret):
    if algorithm == "hmac-md5":
        algorithm = "hmac-md5.sig-alg.reg.int"
    return dns.tsigkeyring.from_text({name: (algorithm, secret)})


class Knot(Server):
    program = "knotd"

    def command(self):
        name, algorithm, secret = self.key
        notify = f"notify: [{self.notify and 'us'}]" if self.notify else ""
        remote = textwrap.dedent(f"""\
            remote:
              - id: us
                address: {self.notify}
                key: {name}
                via: {self.address}
            """) if self.notify else ""
        (self.home / "knot.conf").write_text(textwrap.dedent(f"""\
            server:
                rundir: {self.home}
                listen: {self.address}@{self.port}
            database:
                storage: {self.home}
            key:
              - id: {name}
                algorithm: {algorithm}
                secret: {secret}
            """) + remote + textwrap.dedent(f"""\
            acl:
              - id: us
                key: {name}
                action: transfer
            template:
              - id: default
                zonefile-load: difference
                zonefile-sync: -1
                journal-content: changes
            zone:
              - domain: {ZONE}
                file: {self.home}/zone
                acl: us
                {notify}
            log:
              - target: stderr
                any: info
            """))
        return ["knotd", "-c", str(self.home / "knot.conf")]

    def reload(self):
        with self.lab.net.entered():
            subprocess.run(["knotc", "-c", str(self.home / "knot.conf"),
                            "zone-reload", ZONE], check=True,
                           stdout=subprocess.DEVNULL)


class Named(Server):
    program = "named"

    def command(self):
        name, algorithm, secret = self.key
        notify = ""
        if self.notify:
            address, _, port = self.notify.partition("@")
            notify = (f"notify explicit; also-notify {{ {address} port "
                      f"{port or 53} key {name}; }}; "
                      f"notify-source {self.address}; notify-delay 0;")
        self.home.chmod(0o777)
        (self.home / "named.conf").write_text(textwrap.dedent(f"""\
            options {{
                directory "{self.home}";
                pid-file none; session-keyfile none; lock-file none;
                listen-on port {self.port} {{ {self.address}; }};
                listen-on-v6 {{ none; }};
                recursion no; dnssec-validation no;
                minimal-responses yes;
                allow-transfer {{ key {name}; }};
            }};
            controls {{ }};
            key {name} {{ algorithm {algorithm}; secret "{secret}"; }};
            zone "{ZONE}" {{
                type master; file "{self.home}/zone";
                ixfr-from-differences yes; {notify}
                check-names ignore; check-integrity no;
            }};
            """))
        # Its own copy: a profile of AppArmor goes by the path.
        program = self.home / "named"
        shutil.copy2("/usr/sbin/named", program)
        return [str(program), "-g", "-n", "1", "-c",
                str(self.home / "named.conf")]

    def reload(self):
        self.process.send_signal(1)


class Scripted:
    """One that says what `answer` gives: a list of messages, each an object
    of dnspython or bytes, for a query that came by "udp" or "tcp". A number
    among them is a pause in seconds; None closes the connection."""

    def __init__(self, lab, answer=None, **options):
        self.lab = lab
        self.address = options.get("address", UPSTREAM_2)
        self.port = options.get("port", PORT)
        self.keyring = options.get("keyring")
        self.answer = answer or self.serve
        self.records, self.serial = [], 1
        self.asked = []
        self.stopping = False
        self.sockets = []
        self.open(socket.SOCK_DGRAM, self.hear_udp)
        self.open(socket.SOCK_STREAM, self.hear_tcp)

    def open(self, kind, work):
        s = self.lab.net.socket(family_of(self.address), kind)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((self.address, self.port))
        if kind == socket.SOCK_STREAM:
            s.listen(64)
        self.sockets.append(s)
        threading.Thread(target=work, args=(s,), daemon=True).start()

    def hear_udp(self, s):
        while not self.stopping:
            with contextlib.suppress(OSError, dns.exception.DNSException):
                wire, peer = s.recvfrom(65535)
                for message in self.say(wire, "udp"):
                    s.sendto(message, peer)

    def hear_tcp(self, s):
        while not self.stopping:
            try:
                connection, _ = s.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,),
                             daemon=True).start()

    def talk(self, connection):
        with connection, contextlib.suppress(OSError,
                                             dns.exception.DNSException):
            head = connection.recv(2, socket.MSG_WAITALL)
            wire = connection.recv(struct.unpack("!H", head)[0],
                                   socket.MSG_WAITALL)
            for message in self.say(wire, "tcp"):
                connection.sendall(struct.pack("!H", len(message)) + message)
            connection.recv(1)

    def say(self, wire, how):
        query = dns.message.from_wire(wire, keyring=self.keyring)
        self.asked.append((how, dns.rdatatype.to_text(
            query.question[0].rdtype)))
        for message in self.answer(query, how):
            if self.stopping or message is None:
                raise ConnectionError
            if isinstance(message, (int, float)):
                time.sleep(message)
            else:
                yield message if isinstance(message, bytes) \
                    else message.to_wire(max_size=65535)

    def soa(self, serial=None):
        return (f"{ZONE}.", 300, "IN", "SOA",
                soa_text(self.serial if serial is None else serial))

    def reply(self, query, *records):
        """A message with these records, in this order."""
        message = dns.message.make_response(query)
        message.flags |= dns.flags.AA
        for record in records:
            message.answer.append(dns.rrset.from_text(*record))
        return message

    @staticmethod
    def block(name):
        return (f"{name}.{ZONE}.", 300, "IN", "CNAME", ".")

    def serve(self, query, _how):
        """What an honest one says."""
        if query.question[0].rdtype == dns.rdatatype.SOA:
            return [self.reply(query, self.soa())]
        return [self.reply(query, self.soa(),
                           *(self.block(n) for n in self.records),
                           self.soa())]

    def news(self, zone=ZONE):
        """A message that says that the zone has changed."""
        message = dns.message.make_query(zone, "SOA")
        message.flags = dns.flags.AA
        message.set_opcode(dns.opcode.NOTIFY)
        message.answer.append(dns.rrset.from_text(*self.soa()))
        return message

    def notify(self, to, key=None, offset=0, times=1, tcp=False, zone=ZONE):
        """Says that the zone has changed, from this address, so many times:
        the response code of the first, whose signature is right where it is
        0. key: (name, algorithm, secret)"""
        message = self.news(zone)
        wire, mac = message.to_wire(), b""
        if key:
            message.use_tsig(keyring(*key))
            wire, mac = signed(message, offset)[:2]
        address, _, port = to.partition("@")
        kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
        head = struct.pack("!H", len(wire)) if tcp else b""
        with self.lab.net.socket(family_of(address), kind) as s:
            s.settimeout(5 * SLOW)
            s.bind((self.address, 0))
            s.connect((address, int(port)))
            for _ in range(times):
                s.send(head + wire)
            reply = s.recv(4096)[len(head):]
        if reply[3] & 15 == 0:
            dns.message.from_wire(reply, keyring=message.keyring,
                                  request_mac=mac)
        return reply[3] & 15

    def stop(self):
        self.stopping = True
        for s in self.sockets:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
            s.close()


class House:
    """What a test needs: primaries, and a daemon that has their zone."""

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
            **{"notify_bind": [HEARS, HEARS6], **options})
        return self.daemon

    def blocked(self, name):
        return rcode(self.client.ask(name)) == "NXDOMAIN"

    def becomes(self, seconds=20, **names):
        """bad=True, fine=False: blocked, and not."""
        def all_so():
            return all(self.blocked(f"{name}.test") is so
                       for name, so in names.items())
        assert until(all_so, seconds * SLOW), self.daemon.err.text
