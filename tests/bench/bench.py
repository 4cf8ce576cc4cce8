#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Queries a second, beside dnsmasq with ipset, in namespaces.

Needs root and the Debian packages dnsperf, dnsmasq-base and unbound. Loads
last SECONDS each; rounds of the two servers alternate, so that what else the
machine does falls on both, and the ratio of the medians is what counts.

    refused   a name that no rule allows
    forward   a name under ~>, asked upstream each time: no cache in either
    grant     a new name under -> each time: every answer waits for the kernel
    nft       grant again, by us alone: on nftables beside ipset
    hot       one name under ->, from the cache of both; ours grants each time
    rules     refused again, by us alone: beside an access list of ten rules
              one of 100,000, which should cost a query the same
    lists     one name under a wildcard, from the cache, by us alone: beside no
              list one of a million names, which should cost a query the same
    listed    names out of that list, beside unbound with them in a policy
              zone and as local zones, dnsmasq and BIND, where installed
"""

import argparse
import contextlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))

import blocked  # noqa: E402
import lab as lab_  # noqa: E402
from daemon import Daemon  # noqa: E402
from dnsclient import Client, question, until  # noqa: E402

PORT_OURS, PORT_OTHER = 53, 5353
NFT_TABLE = "add table inet bench\nadd chain inet bench GRANTS\n"
RULES = 100000
GRANTS = 60000  # new names a round
ACL = ("10.1.0.0/24 -> *.grant.test:TCP:443\n"
       "10.1.0.0/24 -> hot.test:TCP:443\n"
       "10.1.0.0/24 -> *.warm.test:TCP:443\n"
       "10.1.0.0/24 ~> *.test\n"
       "10.1.0.0/24 ~> *.forward.test\n")
UNBOUND = f"""\
server:
    interface: {lab_.UPSTREAM}
    username: ""
    chroot: ""
    directory: "/tmp"
    pidfile: ""
    do-daemonize: no
    use-syslog: no
    access-control: 0.0.0.0/0 allow
    num-threads: 2
    local-zone: test. redirect
    local-data: "test. 300 A 203.0.113.5"
    local-zone: grant.test. static
"""


def grant_names(turn):
    return [f"n{n}.grant.test"
            for n in range(turn * GRANTS, (turn + 1) * GRANTS)]


def address(name):
    number = int(name[1:].split(".")[0])
    return f"45.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def names(load, turn):
    if load in ("grant", "nft"):
        return grant_names(turn)
    if load == "forward":
        return [f"n{n}.forward.test" for n in range(1000)]
    if load == "hot":
        return ["hot.test"]
    if load == "lists":
        return ["www.warm.test"]
    if load == "listed":
        return [blocked.name(n * 997) for n in range(1000)]
    return [f"n{n}.refused.example" for n in range(1000)]


def dnsperf(lab, port, path, seconds, once):
    """(answers a second, mean latency in us, lost) of one load."""
    out = lab.lan.run("dnsperf", "-s", lab_.ROUTER, "-p", str(port),
                      "-d", str(path), "-l", str(seconds), "-c", "8",
                      "-T", "2", "-q", "200", "-a", "10.1.0.2",
                      *(["-n", "1"] if once else []))
    rate = re.search(r"Queries per second:\s+([\d.]+)", out)
    mean = re.search(r"Average Latency \(s\):\s+([\d.]+)", out)
    lost = re.search(r"Queries lost:\s+(\d+)", out)
    return (float(rate[1]), float(mean[1]) * 1e6 if mean else 0,
            int(lost[1]) if lost else 0)


def dnsmasq(lab, load):
    lab.router.run("ipset", "-exist", "create", "bench", "hash:ip", "timeout",
                   "360", "maxelem", "1048576")
    with lab.router.entered():
        return subprocess.Popen(
            ["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-hosts",
             "--no-resolv", f"--cache-size={1000 if load == 'hot' else 0}",
             f"--port={PORT_OTHER}", f"--listen-address={lab_.ROUTER}",
             "--bind-interfaces", "--dns-forward-max=2000", "--user=root",
             "--pid-file=", f"--server=/test/{lab_.UPSTREAM}",
             "--address=/example/", "--ipset=/grant.test/hot.test/bench"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def rules(count):
    return "".join(f"10.1.{n % 200}.0/24 -> n{n}.rules.test:TCP:443\n"
                   for n in range(count))


@contextlib.contextmanager
def ours(lab, directory, acl, **options):
    home = Path(tempfile.mkdtemp(dir=directory))
    home.chmod(0o755)
    daemon = Daemon(lab, home, acl, max_new_grants=1000000,
                    max_client_grants=1000000, set_size=1048576, **options)
    yield daemon
    daemon.stop()


@contextlib.contextmanager
def with_list(lab, directory, **options):
    names = blocked.write_names(directory / "names.list", "{}\n".format)
    lists = directory / "lists"
    lists.write_text(f"list all domains {names}\n")
    lists.chmod(0o644)
    begun = time.monotonic()
    with ours(lab, directory, ACL, lists=lists,
              lists_dir=directory / "copies", **options) as daemon:
        blocked.tell("dns-firewall", begun,
                     [daemon.pid] + [c.pid for c in daemon.children()])
        yield


@contextlib.contextmanager
def two_servers(lab, directory, load, workers):
    """Their names and ports, the second is what the first is compared
    with."""
    with contextlib.ExitStack() as stack:
        if load == "rules":
            stack.enter_context(ours(lab, directory, rules(RULES),
                                     workers=workers))
            stack.enter_context(ours(lab, directory, rules(10),
                                     workers=workers, firewall="none",
                                     bind_port=PORT_OTHER))
            yield {"100,000 rules": PORT_OURS, "10 rules": PORT_OTHER}
            return
        if load == "lists":
            stack.enter_context(with_list(lab, directory, workers=workers,
                                          firewall="none"))
            stack.enter_context(ours(lab, directory, ACL, workers=workers,
                                     firewall="none", bind_port=PORT_OTHER))
            yield {"with a list": PORT_OURS, "without": PORT_OTHER}
            return
        if load == "listed":
            stack.enter_context(with_list(lab, directory, workers=workers))
            yield {"dns-firewall": PORT_OURS,
                   **stack.enter_context(blocked.others(lab, directory))}
            return
        if load == "nft":
            lab.router.run("nft", "-f", "-", stdin=NFT_TABLE)
            stack.enter_context(ours(lab, directory, ACL, workers=workers,
                                     cache_size=0, firewall="nftables",
                                     nft_table="inet bench", chain="GRANTS"))
            stack.enter_context(ours(lab, directory, ACL, workers=workers,
                                     cache_size=0, bind_port=PORT_OTHER))
            yield {"on nftables": PORT_OURS, "on ipset": PORT_OTHER}
            return
        stack.enter_context(ours(lab, directory, ACL, workers=workers,
                                 **({} if load == "hot"
                                    else {"cache_size": 0})))
        process = dnsmasq(lab, load)
        stack.callback(end, process)
        yield {"dns-firewall": PORT_OURS, "dnsmasq": PORT_OTHER}


def end(process):
    process.terminate()
    process.wait(10)


def start_unbound(lab, directory, rounds):
    path = directory / "unbound.conf"
    path.write_text(UNBOUND + "".join(
        f'    local-data: "{name} 300 A {address(name)}"\n'
        for turn in range(rounds) for name in grant_names(turn)))
    with lab.net.entered():
        return subprocess.Popen(["unbound", "-d", "-c", str(path)],
                                stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)


def measure(lab, directory, options, load):
    results = {}
    with two_servers(lab, directory, load, options.workers) as servers:
        for turn in range(options.rounds):
            path = directory / f"{load}-{turn}"
            path.write_text("".join(f"{n} A\n" for n in names(load, turn)))
            # Who comes first in a round is slower, whoever it is.
            for server, port in list(servers.items())[::1 - turn % 2 * 2]:
                results.setdefault(server, []).append(
                    dnsperf(lab, port, path, options.seconds,
                            load in ("grant", "nft")))
    return results


def report(load, results):
    middle = {s: statistics.median(r[0] for r in rounds)
              for s, rounds in results.items()}
    beside = list(middle.values())[-1]
    for server, rounds in results.items():
        latency = statistics.median(r[1] for r in rounds)
        lost = sum(r[2] for r in rounds)
        print(f"{load:8} {server:13} {middle[server]:10.0f} {latency:11.0f} "
              f"{lost:6} {middle[server] / beside:6.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("load", nargs="*",
                        default=["refused", "forward", "grant", "nft", "hot",
                                 "rules", "lists", "listed"])
    options = parser.parse_args()
    lab = lab_.Lab()
    try:
        with tempfile.TemporaryDirectory() as name, \
                contextlib.ExitStack() as stack:
            directory = Path(name)
            directory.chmod(0o755)
            upstream = start_unbound(lab, directory, options.rounds)
            stack.callback(end, upstream)
            asker = Client(lab.router, "172.30.0.1", server=lab_.UPSTREAM)
            until(lambda: asker.raw(question("hot.test").to_wire(), 0.5), 20)
            print(f"{'load':8} {'server':13} {'answers/s':>10} "
                  f"{'latency us':>11} {'lost':>6} {'ratio':>6}")
            for load in options.load:
                report(load, measure(lab, directory, options, load))
    finally:
        lab.remove()


if __name__ == "__main__":
    main()
