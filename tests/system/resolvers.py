# SPDX-License-Identifier: GPL-2.0-or-later
"""Real resolvers, each in a namespace: in front of the daemon as its
clients, behind it as its upstreams.

    with running(NAMES["unbound"], lab.lan, directory, forward=lab.ROUTER):
        ...

Each forwards everything to one address, keeps a cache, and answers on
`listen`; systemd-resolved has its own idea of that, 127.0.0.53.
"""

import contextlib
import os
import shutil
import subprocess
import textwrap
from pathlib import Path

from dnsclient import until

# Where programs lie that this machine must not have installed.
UNPACKED = Path(os.environ["DNSFW_BUILD"]) / "tests" / "unpacked"
PLACES = ["/usr/sbin", "/usr/bin", "/lib/systemd",
          str(UNPACKED / "lib" / "systemd")]


def unbound_with(directory, listen, source, more):
    """unbound; `more` stands behind the first lines of its server clause."""
    path = directory / "unbound.conf"
    path.write_text(textwrap.dedent(f"""\
        server:
            interface: {listen}
            outgoing-interface: {source}
            access-control: 0.0.0.0/0 allow
            username: ""
            chroot: ""
            directory: "{directory}"
            pidfile: ""
            do-daemonize: no
            use-syslog: no
            do-not-query-localhost: no
            module-config: "iterator"
            local-zone: "test." nodefault
        """) + more)
    return ["unbound", "-d", "-c", str(path)]


def unbound(directory, listen, forward, source):
    return unbound_with(directory, listen, source,
                        f"forward-zone:\n    name: \".\"\n"
                        f"    forward-addr: {forward}\n")


def dnsmasq(_directory, listen, forward, source):
    return ["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-hosts",
            "--no-resolv", "--user=root", "--pid-file=", "--bind-interfaces",
            f"--listen-address={listen}", f"--server={forward}@{source}",
            "--no-negcache"]


def dnsdist(directory, listen, forward, source):
    path = directory / "dnsdist.conf"
    path.write_text(textwrap.dedent(f"""\
        setLocal("{listen}:53")
        newServer{{address="{forward}:53", source="{source}",
                   checkInterval=1}}
        setSecurityPollSuffix("")
        cache = newPacketCache(1000)
        getPool(""):setCache(cache)
        setACL("0.0.0.0/0")
        """))
    return ["dnsdist", "--supervised", "--disable-syslog",
            "-C", str(path)]


def resolved(directory, listen, forward, _source):
    """Its home is /run, its settings and its user are in /etc: all of them
    its own here."""
    settings, passwd = directory / "resolved.conf", directory / "passwd"
    extra = "" if listen == "127.0.0.53" else f"DNSStubListenerExtra={listen}"
    settings.write_text(textwrap.dedent(f"""\
        [Resolve]
        DNS={forward}
        Domains=~.
        LLMNR=no
        MulticastDNS=no
        DNSSEC=no
        {extra}
        """))
    passwd.write_text("root:x:0:0::/root:/bin/sh\n"
                      "systemd-resolve:x:65533:65534::/:/bin/false\n")
    return ["unshare", "-m", "sh", "-c",
            "mount -t tmpfs none /run && mkdir /run/systemd && "
            "mount -t tmpfs none /etc/systemd && "
            f"cp {settings} /etc/systemd/resolved.conf && "
            f"mount --bind {passwd} /etc/passwd && "
            f"LD_LIBRARY_PATH={libraries()} "
            f"exec {found('systemd-resolved')}"]


def libraries():
    """Of what is unpacked; nothing where it is installed."""
    return ":".join(map(str, UNPACKED.glob("usr/lib/*/systemd")))


RESOLVERS = {"unbound": unbound, "dnsmasq": dnsmasq, "dnsdist": dnsdist,
             "systemd-resolved": resolved}


def found(name):
    """Its path, or None."""
    return shutil.which(name, path=":".join(PLACES))


@contextlib.contextmanager
def running(command, namespace, is_ready):
    """Runs until the block ends; is_ready() says that it answers."""
    with namespace.entered():
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
    try:
        if not until(lambda: process.poll() is not None or is_ready(), 20):
            raise AssertionError(f"{command[0]} does not answer")
        assert process.poll() is None, process.stdout.read().decode()
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
