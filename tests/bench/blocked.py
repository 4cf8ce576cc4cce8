# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers that block a million names, each in its own way."""

import contextlib
import shutil
import subprocess
import time
from pathlib import Path

import lab as lab_
from dnsclient import Client, question, until

NAMES = 1000000
START_S = 180
PORTS = {"unbound rpz": 5301, "unbound zones": 5302, "dnsmasq": 5303,
         "bind rpz": 5304}

UNBOUND = """\
server:
    interface: {router}@{port}
    username: ""
    chroot: ""
    directory: "/tmp"
    pidfile: ""
    do-daemonize: no
    use-syslog: no
    access-control: 0.0.0.0/0 allow
    num-threads: 2
    module-config: "respip iterator"
    do-not-query-localhost: no
forward-zone:
    name: "."
    forward-addr: {upstream}
"""

NAMED = """\
options {{
    directory "{directory}";
    listen-on port {port} {{ {router}; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    forwarders {{ {upstream}; }};
    forward only;
    dnssec-validation no;
    recursion yes;
    allow-query {{ any; }};
    response-policy {{ zone "rpz.bench"; }} qname-wait-recurse no;
}};
controls {{ }};
zone "rpz.bench" {{ type primary; file "{zone}"; }};
"""

ZONE = """\
$TTL 60
@ SOA localhost. root.localhost. 1 3600 600 86400 60
@ NS localhost.
"""


def name(n):
    """As long as those of feeds are, and in no order."""
    return f"{n * 2654435761 % 2**32:08x}.{'abcdefgh'[n % 8]}ds.test"


def write_names(path, text):
    """A file of all of them, in the form that text() makes of one."""
    with open(path, "w", encoding="ascii") as f:
        for n in range(NAMES):
            f.write(text(name(n)))
    path.chmod(0o644)
    return path


def write_zone(path):
    write_names(path, lambda n: f"{n} CNAME .\n")
    path.write_text(ZONE + path.read_text())
    return path


def unbound_rpz(directory):
    zone = write_zone(directory / "rpz.zone")
    path = directory / "unbound-rpz.conf"
    path.write_text(UNBOUND.format(
        router=lab_.ROUTER, port=PORTS["unbound rpz"],
        upstream=lab_.UPSTREAM) +
        f"rpz:\n    name: rpz.bench\n    zonefile: {zone}\n")
    return ["unbound", "-d", "-c", str(path)]


def unbound_zones(directory):
    zones = write_names(directory / "zones.conf",
                        lambda n: f"local-zone: {n} always_nxdomain\n")
    path = directory / "unbound-zones.conf"
    head, tail = UNBOUND.format(
        router=lab_.ROUTER, port=PORTS["unbound zones"],
        upstream=lab_.UPSTREAM).split("forward-zone")
    path.write_text(f"{head}    include: {zones}\nforward-zone{tail}")
    return ["unbound", "-d", "-c", str(path)]


def dnsmasq(directory):
    path = write_names(directory / "dnsmasq.conf",
                       lambda n: f"address=/{n}/\n")
    return ["dnsmasq", "--no-daemon", f"--conf-file={path}", "--no-hosts",
            "--no-resolv", f"--port={PORTS['dnsmasq']}", "--user=root",
            f"--listen-address={lab_.ROUTER}", "--bind-interfaces",
            "--pid-file=", f"--server={lab_.UPSTREAM}"]


def named(directory):
    zone = write_zone(directory / "named.zone")
    path = directory / "named.conf"
    path.write_text(NAMED.format(
        directory=directory, port=PORTS["bind rpz"], router=lab_.ROUTER,
        upstream=lab_.UPSTREAM, zone=zone))
    return ["named", "-g", "-n", "2", "-c", str(path)]


OTHERS = {"unbound rpz": unbound_rpz, "unbound zones": unbound_zones,
          "dnsmasq": dnsmasq, "bind rpz": named}


def blocks(lab, port):
    asker = Client(lab.lan, "10.1.0.2", server=lab_.ROUTER, port=port)
    answer = asker.raw(question(name(1)).to_wire(), 0.5)
    return answer is not None and answer[3] & 15 == 3


def image_kib(pid):
    """Images that are kept in memory, mapped or not."""
    total = {}
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if "memfd:policy" in str(fd.readlink()):
                total[fd.stat().st_ino] = fd.stat().st_blocks / 2
    return sum(total.values())


def memory_mib(pids):
    """What they have in memory, each page once, as far as it is mapped; and
    the images of the first of them whole."""
    total = image_kib(pids[0])
    for pid in pids:
        with contextlib.suppress(OSError), \
                open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
            total += sum(int(line.split()[1]) for line in f
                         if line.startswith("Pss:"))
    return total / 1024


@contextlib.contextmanager
def others(lab, directory):
    """Those that are installed, one after the other: yields their ports."""
    with contextlib.ExitStack() as stack:
        ports = {}
        for server, make in OTHERS.items():
            command = make(directory)
            if shutil.which(command[0]) is None:
                continue
            begun = time.monotonic()
            with lab.router.entered():
                process = subprocess.Popen(command,
                                           stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL)
            stack.callback(end, process)
            if not until(lambda: blocks(lab, PORTS[server]), START_S):
                print(f"listed   {server:13} does not come up", flush=True)
                continue
            tell(server, begun, [process.pid])
            ports[server] = PORTS[server]
        yield ports


def tell(server, begun, pids):
    print(f"listed   {server:13} {NAMES} names after "
          f"{time.monotonic() - begun:.1f} s, {memory_mib(pids):.0f} MiB",
          flush=True)


def end(process):
    process.terminate()
    process.wait(20)
