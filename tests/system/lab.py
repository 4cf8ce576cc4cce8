# SPDX-License-Identifier: GPL-2.0-or-later
"""A router with clients on one side and the Internet on the other.

Three network namespaces: `lan` holds the clients, `router` the firewall and
the daemon, `net` answers on every public address a test may name.

    lan (10.1.0.2 ...) --- lan0 router up0 --- net (172.30.0.2 ...)

A thread enters a namespace only while it makes a socket or starts a process;
what was made there stays there. So tests talk from any namespace without
helper processes. Names hold the process id: runs do not meet, and what a
killed run left behind is removed by the next.
"""

import contextlib
import ctypes
import itertools
import json
import os
import re
import socket
import subprocess
import threading

import nft_dump

CHAIN = "DNSALLOWLIST"
ROUTER = "10.1.0.1"
ROUTER6 = "fd00:1::1"
UPSTREAM = "172.30.0.2"
UPSTREAM_2 = "172.30.0.3"
UPSTREAM6 = "fd00:2::2"
STRANGER = "10.66.0.2"
CLIENTS = range(2, 40)

NETS_OF_THE_WORLD = ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24",
                     "100.64.0.0/10", "45.0.0.0/8", "10.9.0.0/16")
NETS6_OF_THE_WORLD = ("2001:db8:1::/48", "2001:db8:2::/48", "fd00:9::/48")
OPEN_PORTS = (22, 80, 443, 8080, 8443)

PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6", 132: "sctp"}
# What the owner of a router with nftables has; nothing, where we enforce.
NFT_TABLE = f"""
table inet filter {{
	chain {CHAIN} {{
	}}
	chain forward {{
		type filter hook forward priority filter; policy accept;
		ct state established,related accept
		jump {CHAIN}
		reject
	}}
	chain output {{
		type filter hook output priority filter; policy accept;
		oifname "up0" tcp dport 443 jump {CHAIN}
		oifname "up0" tcp dport 443 reject
	}}
}}
"""

CLONE_NEWNET = 0x40000000
IP_PKTINFO = 8
IPV6_RECVPKTINFO, IPV6_PKTINFO = 49, 50

libc = ctypes.CDLL(None, use_errno=True)
numbers = itertools.count()


def run(*command, check=True, stdin=None):
    done = subprocess.run(command, input=stdin, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}")
    return done.stdout


def setns(fd):
    if libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


class Namespace:
    """A network namespace, new or of a process, and what can be done in
    it."""

    def __init__(self, name, pid=None):
        self.name = name
        run("ip", "netns", *(("attach", name, str(pid)) if pid
                             else ("add", name)))
        self.fd = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)

    @contextlib.contextmanager
    def entered(self):
        """This thread is inside until the block ends."""
        home = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net",
                       os.O_RDONLY | os.O_CLOEXEC)
        try:
            setns(self.fd)
            yield
        finally:
            setns(home)
            os.close(home)

    def run(self, *command, check=True, stdin=None):
        with self.entered():
            return run(*command, check=check, stdin=stdin)

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_DGRAM, proto=0):
        with self.entered():
            return socket.socket(family, kind, proto)

    def sysctl(self, **values):
        with self.entered():
            for name, value in values.items():
                path = "/proc/sys/net/" + name.replace("__", "/")
                with contextlib.suppress(FileNotFoundError), \
                        open(path, "w", encoding="ascii") as file:
                    file.write(str(value))

    def processes(self):
        return run("ip", "netns", "pids", self.name).split()

    def dropped(self):
        """Datagrams so far that the kernel had no room for."""
        names, values = (line.split() for line in self.run(
            "cat", "/proc/net/snmp").splitlines() if line.startswith("Udp:"))
        full = int(values[names.index("RcvbufErrors")])
        for link in json.loads(self.run("ip", "-s", "-j", "link")):
            full += sum(way["dropped"] for way in link["stats64"].values())
        return full

    def remove(self):
        os.close(self.fd)
        run("ip", "netns", "delete", self.name, check=False)


def remove_stale():
    """Namespaces of runs that were killed."""
    for name in os.listdir("/run/netns") if os.path.isdir("/run/netns") else ():
        found = re.fullmatch(r"dfw(\d+)-\d+-\w+", name)
        if found and not os.path.exists(f"/proc/{found[1]}"):
            run("ip", "netns", "delete", name, check=False)


class World:
    """Listens on every address of the `net` namespace: TCP connections are
    accepted and closed by the other side, datagrams come back from the
    address they were sent to."""

    def __init__(self, net):
        self.sockets = []
        self.stopping = False
        for port in OPEN_PORTS:
            self.serve(net, socket.SOCK_STREAM, port, self.accept)
            self.serve(net, socket.SOCK_DGRAM, port, self.echo)

    def serve(self, net, kind, port, work):
        s = net.socket(socket.AF_INET6, kind)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        s.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
        s.bind(("::", port))
        self.sockets.append(s)
        threading.Thread(target=work, args=(s,), daemon=True).start()

    def accept(self, s):
        s.listen(1024)
        held = []
        while not self.stopping:
            try:
                connection, _ = s.accept()
            except OSError:
                return
            threading.Thread(target=self.reflect, args=(connection,),
                             daemon=True).start()
            held = held[-8:]

    @staticmethod
    def reflect(connection):
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(4096):
                connection.sendall(data)

    def echo(self, s):
        while not self.stopping:
            try:
                data, control, _, peer = s.recvmsg(2048, 256)
                info = [c for c in control if c[1] == IPV6_PKTINFO]
                s.sendmsg([data], [(socket.IPPROTO_IPV6, IPV6_PKTINFO,
                                    c[2][:16] + bytes(4)) for c in info],
                          0, peer)
            except OSError:
                if self.stopping:
                    return

    def stop(self):
        self.stopping = True
        for s in self.sockets:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
            s.close()


class Lab:
    """The three namespaces, joined and filtered. The router's may be that of
    a process."""

    def __init__(self, flavour="nft", router=None):
        self.flavour = flavour
        stem = f"dfw{os.getpid()}-{next(numbers)}-"
        self.made = []
        self.world = None
        try:
            self.lan = self.make(stem + "lan")
            self.router = self.make(stem + "router", router)
            self.net = self.make(stem + "net")
            self.join()
            self.filter()
            self.world = World(self.net)
        except BaseException:
            self.remove()
            raise

    def make(self, name, pid=None):
        namespace = Namespace(name, pid)
        self.made.append(namespace)
        namespace.sysctl(ipv6__conf__all__accept_dad=0,
                         ipv6__conf__default__accept_dad=0,
                         ipv6__conf__all__disable_ipv6=0,
                         ipv4__conf__all__rp_filter=1,
                         ipv4__conf__default__rp_filter=1)
        namespace.run("ip", "link", "set", "lo", "up")
        return namespace

    @staticmethod
    def batch(namespace, text):
        """Lines for ip, each of the family its addresses have."""
        lines = text.splitlines(keepends=True)
        for option, six in (("-4", False), ("-6", True)):
            mine = [line for line in lines if (line.count(":") > 1) == six]
            namespace.run("ip", option, "-batch", "-", stdin="".join(mine))

    def join(self):
        self.router.run("ip", "link", "add", "lan0", "type", "veth", "peer",
                        "eth0", "netns", self.lan.name)
        self.router.run("ip", "link", "add", "up0", "type", "veth", "peer",
                        "eth0", "netns", self.net.name)
        self.router.sysctl(ipv4__ip_forward=1, ipv6__conf__all__forwarding=1,
                           ipv4__icmp_ratelimit=0, ipv6__icmp__ratelimit=0,
                           ipv4__icmp_msgs_per_sec=1000000,
                           ipv4__icmp_msgs_burst=1000000,
                           netfilter__nf_conntrack_tcp_timeout_time_wait=1)
        self.batch(self.lan, "".join(
            [f"addr add 10.1.0.{n}/24 dev eth0\n"
             f"addr add fd00:1::{n:x}/64 dev eth0 nodad\n" for n in CLIENTS]
            + [f"addr add {STRANGER}/32 dev eth0\n", "link set eth0 up\n",
               f"route add default via {ROUTER}\n",
               f"route add default via {ROUTER6}\n"]))
        self.batch(self.router,
                   f"addr add {ROUTER}/24 dev lan0\n"
                   f"addr add {ROUTER6}/64 dev lan0 nodad\n"
                   "addr add 172.30.0.1/24 dev up0\n"
                   "addr add fd00:2::1/64 dev up0 nodad\n"
                   "link set lan0 up\nlink set up0 up\n"
                   "route add 10.66.0.0/24 dev lan0\n"
                   f"route add default via {UPSTREAM}\n"
                   f"route add default via {UPSTREAM6}\n")
        self.batch(self.net,
                   f"addr add {UPSTREAM}/24 dev eth0\n"
                   f"addr add {UPSTREAM_2}/24 dev eth0\n"
                   f"addr add {UPSTREAM6}/64 dev eth0 nodad\n"
                   "link set eth0 up\n"
                   "route add default via 172.30.0.1\n"
                   "route add default via fd00:2::1\n"
                   + "".join(f"route add local {n} dev lo\n"
                             for n in NETS_OF_THE_WORLD
                             + NETS6_OF_THE_WORLD))

    def tool(self, family=4):
        return f"ip{'6' if family == 6 else ''}tables-{self.flavour}"

    def uses_nftables(self):
        return self.flavour in ("nftables", "enforce")

    def options(self):
        """What the daemon is told of this firewall."""
        if self.flavour == "nftables":
            return {"firewall": "nftables", "chain": CHAIN}
        if self.flavour == "enforce":
            return {"firewall": "nftables", "enforce": True,
                    "enforce_output": True}
        return {"firewall": "iptables", "chain": CHAIN}

    def filter(self):
        if self.uses_nftables():
            self.router.run("nft", "-f", "-", stdin="flush ruleset\n" + (
                NFT_TABLE if self.flavour == "nftables" else ""))
            return
        for family in (4, 6):
            self.router.run(self.tool(family) + "-restore", stdin=(
                f"*filter\n:{CHAIN} - [0:0]\n"
                "-A FORWARD -m state --state ESTABLISHED,RELATED -j ACCEPT\n"
                f"-A FORWARD -j {CHAIN}\n-A FORWARD -j REJECT\n"
                f"-A OUTPUT -o up0 -p tcp --dport 443 -j {CHAIN}\n"
                "-A OUTPUT -o up0 -p tcp --dport 443 -j REJECT\nCOMMIT\n"))

    @contextlib.contextmanager
    def without_chain(self, *families):
        """The chain is gone, and all that leads to it, in one step; at the
        end everything is as before."""
        for family in families:
            self.router.run(self.tool(family) + "-restore",
                            stdin="*filter\n:FORWARD ACCEPT\nCOMMIT\n")
        try:
            yield
        finally:
            self.filter()

    def chain(self, family=4):
        """The chain's rules as iptables -S prints them, or ours as nft
        does."""
        if self.uses_nftables():
            text = self.router.run("nft", "list", "ruleset")
            return [line.strip() for line in text.splitlines()
                    if 'comment "dns-firewall"' in line]
        text = self.router.run(self.tool(family), "-w", "-S", CHAIN)
        return [line for line in text.splitlines() if line.startswith("-A")]

    def table(self):
        """Of nftables; nothing with iptables."""
        return {"nftables": ("inet", "filter"),
                "enforce": ("inet", "dns_firewall")}.get(self.flavour, ())

    def flush_chain(self, family=4):
        if self.uses_nftables():
            chain = CHAIN if self.flavour == "nftables" else "forward"
            self.router.run("nft", "flush", "chain", *self.table(), chain)
            return
        self.router.run(self.tool(family), "-w", "-F", CHAIN)

    def set_name(self, family=4, local=False):
        tail = f"ipv{family}-allow" + ("-local" if local else "")
        return tail if self.flavour == "enforce" else f"{CHAIN}-{tail}"

    def flush_set(self, family=4, local=False):
        name = self.set_name(family, local)
        if self.uses_nftables():
            self.router.run("nft", "flush", "set", *self.table(), name)
        else:
            self.router.run("ipset", "flush", name)

    def sets(self):
        if self.uses_nftables():
            return [s["name"] for s in self.nft_sets()
                    if "allow" in s["name"]]
        return self.router.run("ipset", "list", "-n").split()

    def entries(self, name=None):
        """(client, protocol, port, destination) -> remaining seconds, of all
        sets or of one; client "" in the -local sets. The canaries, to
        documentation addresses and port 9, are left out."""
        if self.uses_nftables():
            return self.nft_entries(name)
        found = {}
        text = self.router.run("ipset", "save", *([name] if name else []))
        for line in text.splitlines():
            if not line.startswith("add ") or "allow" not in line:
                continue
            _, _, element, *words = line.split()
            timeout = int(words[words.index("timeout") + 1])
            parts = element.split(",")
            client = parts[0] if len(parts) == 3 else ""
            destination = parts[2] if client else parts[0]
            protocol, _, port = parts[1].partition(":")
            key = (client, protocol, int(port), destination)
            if not is_canary(key):
                found[key] = timeout
        return found

    def nft_sets(self):
        text = self.router.run("nft", "-jnt", "list", "ruleset")
        return [o["set"] for o in json.loads(text)["nftables"] if "set" in o]

    def nft_entries(self, name):
        found = {}
        for a_set in self.nft_sets():
            where = a_set["family"], a_set["table"], a_set["name"]
            if "allow" not in where[2] or name not in (None, where[2]):
                continue
            with self.router.entered():
                listed = nft_dump.elements(*where)
            local, width = "local" in where[2], 16 if "6" in where[2] else 4
            for element, left in listed.items():
                client, protocol, port, to = nft_dump.grant(element, local,
                                                            width)
                key = client, PROTOCOLS[protocol], port, to
                if not is_canary(key):
                    found[key] = left
        return found

    def seconds_left(self, grant):
        """Of one entry; 0: it is not there. What a list of nftables passed
        over is found so."""
        if not self.uses_nftables():
            return self.entries().get(grant, 0)
        client, protocol, port, to = grant
        number = next(n for n, p in PROTOCOLS.items() if p == protocol)
        name = self.set_name(6 if ":" in to else 4, local=not client)
        with self.router.entered():
            return nft_dump.seconds_left(
                (*self.table(), name),
                nft_dump.key_of(client, number, port, to))

    def grants(self):
        """The entries without their times."""
        return set(self.entries())

    def reset(self):
        """As before the first daemon."""
        self.filter()
        if not self.uses_nftables():
            self.router.run("ipset", "destroy")

    def remove(self):
        if self.world:
            self.world.stop()
        for namespace in self.made:
            for pid in namespace.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), 9)
            namespace.remove()


def is_canary(key):
    _, _, port, destination = key
    return port == 9 and (destination == "192.0.2.2"
                          or destination.startswith("2001:db8::"))
