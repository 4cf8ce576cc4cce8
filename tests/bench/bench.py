#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Queries a second, beside dnsmasq with ipset, in namespaces.

Needs root and the Debian packages dnsperf, dnsmasq-base and unbound. Loads
last SECONDS each; rounds of the two servers alternate, so that what else the
machine does falls on both.

    refused   a name that no rule allows
    forward   a name under ~>, asked upstream each time
    grant     a new name under -> each time: every answer waits for the kernel
    repeat    one name under ->: what is already granted is remembered
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))

import lab as lab_  # noqa: E402
from daemon import Daemon  # noqa: E402
from dnsclient import Client, question, until  # noqa: E402

PORT_OURS, PORT_DNSMASQ = 53, 5353
GRANTS = 60000  # new names a round
ACL = ("10.1.0.0/24 -> *.grant.test:TCP:443\n"
       "10.1.0.0/24 -> repeat.test:TCP:443\n"
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
    if load == "grant":
        return grant_names(turn)
    if load == "forward":
        return [f"n{n}.forward.test" for n in range(1000)]
    return ["repeat.test" if load == "repeat" else "refused.example"]


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


def start_dnsmasq(lab):
    lab.router.run("ipset", "create", "bench", "hash:ip", "timeout", "360",
                   "maxelem", "1048576")
    with lab.router.entered():
        return subprocess.Popen(
            ["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-hosts",
             "--no-resolv", "--cache-size=0", f"--port={PORT_DNSMASQ}",
             f"--listen-address={lab_.ROUTER}", "--bind-interfaces",
             "--dns-forward-max=2000", "--user=root", "--pid-file=",
             f"--server=/test/{lab_.UPSTREAM}", "--address=/example/",
             "--ipset=/grant.test/repeat.test/bench"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def start_unbound(lab, directory, rounds):
    path = directory / "unbound.conf"
    path.write_text(UNBOUND + "".join(
        f'    local-data: "{name} 300 A {address(name)}"\n'
        for turn in range(rounds) for name in grant_names(turn)))
    with lab.net.entered():
        return subprocess.Popen(["unbound", "-d", "-c", str(path)],
                                stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)


def measure(lab, directory, options):
    servers = {"dns-firewall": PORT_OURS, "dnsmasq": PORT_DNSMASQ}
    results = {}
    for load in options.load:
        for turn in range(options.rounds):
            path = directory / f"{load}-{turn}"
            path.write_text("".join(f"{n} A\n" for n in names(load, turn)))
            for server, port in servers.items():
                results.setdefault((load, server), []).append(
                    dnsperf(lab, port, path, options.seconds,
                            load == "grant"))
    return results


def table(results, loads):
    print(f"{'load':8} {'server':13} {'answers/s':>10} {'latency us':>11} "
          f"{'lost':>6} {'ratio':>6}")
    for load in loads:
        middle = {s: statistics.median(r[0] for r in results[load, s])
                  for s in ("dns-firewall", "dnsmasq")}
        for server, rate in middle.items():
            rounds = results[load, server]
            latency = statistics.median(r[1] for r in rounds)
            lost = sum(r[2] for r in rounds)
            ratio = f"{rate / middle['dnsmasq']:6.2f}"
            print(f"{load:8} {server:13} {rate:10.0f} {latency:11.0f} "
                  f"{lost:6} {ratio}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("load", nargs="*",
                        default=["refused", "forward", "grant", "repeat"])
    options = parser.parse_args()
    lab = lab_.Lab()
    helpers = []
    try:
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            directory.chmod(0o755)
            helpers += [start_unbound(lab, directory, options.rounds),
                        start_dnsmasq(lab)]
            daemon = Daemon(lab, directory, ACL, workers=options.workers,
                            max_new_grants=1000000,
                            max_client_grants=1000000, set_size=1048576)
            asker = Client(lab.router, "172.30.0.1", server=lab_.UPSTREAM)
            until(lambda: asker.raw(question("repeat.test").to_wire(), 0.5),
                  20)
            results = measure(lab, directory, options)
            daemon.stop()
            table(results, options.load)
    finally:
        for process in helpers:
            process.terminate()
        until(lambda: all(p.poll() is not None for p in helpers))
        lab.remove()


if __name__ == "__main__":
    main()
