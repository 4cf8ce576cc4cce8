# SPDX-License-Identifier: GPL-2.0-or-later
"""Publishers of lists on the Internet side, honest and otherwise.

    authority = Authority(directory)
    feed = Feed(lab.net, authority)
    feed.pages["/ads"] = Page("bad.test\\n", etag='"1"')
    ... list ads domains https://feeds.test:4443/ads

A page is text, or a function that is given the request and says anything.
"""

import contextlib
import gzip
import socket
import ssl
import subprocess
import threading

HOST = "feeds.test"
ADDRESS = "203.0.113.250"
PORT = 4443
URL = f"https://{HOST}:{PORT}"


def openssl(directory, *args):
    done = subprocess.run(["openssl", *args], cwd=directory, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout


class Authority:
    """Makes certificates; `ca` is the file of its own."""

    def __init__(self, directory):
        self.directory = directory / "authority"
        self.directory.mkdir()
        self.ca = self.directory / "ca.pem"
        openssl(self.directory, "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
                "/CN=authority of a test", "-keyout", "ca.key", "-out",
                "ca.pem")

    def certificate(self, host=HOST, signed=True, days=30):
        """Of a host, as (certificate, key)."""
        stem = f"{host}.{signed}.{days}"
        sign = ("-CA", "ca.pem", "-CAkey", "ca.key") if signed else ()
        openssl(self.directory, "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", str(days),
                "-subj", f"/CN={host}", "-addext",
                f"subjectAltName=DNS:{host}", "-keyout", f"{stem}.key",
                "-out", f"{stem}.pem", *sign)
        return [self.directory / f"{stem}.{end}" for end in ("pem", "key")]


class Request:
    def __init__(self, connection, head):
        self.connection = connection
        first, *lines = head.split("\r\n")
        self.method, self.path, _ = first.split(" ", 2)
        self.fields = {name.lower(): value.strip() for name, _, value in
                       (line.partition(":") for line in lines if line)}

    def say(self, status, body=b"", **fields):
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}"
                  for name, value in fields.items()]
        self.send("\r\n".join([*lines, "", ""]).encode() + body)

    def send(self, data):
        self.connection.sendall(data)


class Page:
    """A list as an honest publisher has it."""

    def __init__(self, text, etag=None, packed=False, **fields):
        self.body = text if isinstance(text, bytes) else text.encode()
        self.fields = dict(fields)
        if etag:
            self.fields["ETag"] = etag
        if packed:
            self.body = gzip.compress(self.body)
            self.fields["Content_Encoding"] = "gzip"

    def __call__(self, request):
        etag = self.fields.get("ETag")
        if etag and request.fields.get("if-none-match") == etag:
            request.send(b"HTTP/1.1 304 Not Modified\r\n\r\n")
        else:
            request.say(200, self.body, **self.fields)


class Feed:
    """HTTPS on one address; `seen` has every request."""

    def __init__(self, net, authority, address=ADDRESS, port=PORT,
                 certificate=None):
        self.pages, self.seen, self.greeted = {}, [], 0
        self.stopping = False
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*(certificate
                                       or authority.certificate()))
        self.listener = net.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(16)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while not self.stopping:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,),
                             daemon=True).start()

    def talk(self, connection):
        self.greeted += 1
        connection.settimeout(60)
        with contextlib.suppress(OSError), \
                self.context.wrap_socket(connection, True) as secure:
            head = b""
            while b"\r\n\r\n" not in head:
                more = secure.recv(4096)
                if not more:
                    return
                head += more
            request = Request(secure, head.decode())
            self.seen.append(request)
            page = self.pages.get(request.path)
            if page is None:
                request.say(404, b"no such list")
            else:
                page(request)
            secure.unwrap()

    def stop(self):
        self.stopping = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
