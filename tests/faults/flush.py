# SPDX-License-Identifier: GPL-2.0-or-later
"""What a firewall's owner, or his scripts, can do to us."""

import re
from dataclasses import dataclass
from typing import Callable, Optional

from lab import CHAIN
from scene import KERNEL, now

V4, V6, LOCAL4 = KERNEL[4], KERNEL[6], KERNEL[4] + "-local"
NOTICE_S, REPAIR_S = 1.0, 2.0
UNNOTICED_S = 1.5


@dataclass
class Fault:
    name: str
    break_: Callable            # what is done, to a lab
    mend: Optional[Callable] = None  # what the owner does later
    slow: bool = False          # not seen before the next comparison


def ipset(*words):
    return lambda lab: lab.router.run("ipset", *words)


def rules(*words):
    def work(lab):
        for family in (4, 6):
            lab.router.run(lab.tool(family), "-w", *words)
    return work


def in_turn(*works):
    """One after the other; where the daemon was faster and has repaired the
    first before the last, all of it again."""
    def work(lab):
        for _ in range(50):
            try:
                for one in works:
                    one(lab)
                return
            except RuntimeError as why:
                last = why
        raise last
    return work


def delete_rule(which):
    def work(lab):
        for family in (4, 6):
            lab.router.run(lab.tool(family), "-w", "-D", CHAIN, str(which))
    return work


def an_entry(lab, number):
    """One of a client's: as ipset writes it, and its destination."""
    client, protocol, port, to = sorted(
        k for k in lab.entries(V4) if k[0])[number]
    return f"{client},{protocol}:{port},{to}", to


def delete_entry(lab):
    element, to = an_entry(lab, 0)
    lab.router.run("ipset", "del", V4, element)
    return to


def entry_for_ever(lab):
    element, to = an_entry(lab, 1)
    lab.router.run("ipset", "-exist", "add", V4, element, "timeout", "0")
    return to


def shorten_entry(lab):
    element, to = an_entry(lab, 2)
    lab.router.run("ipset", "-exist", "add", V4, element, "timeout", "1")
    return to


def remove_chain(lab):
    for family in (4, 6):
        lab.router.run(lab.tool(family) + "-restore",
                       stdin="*filter\n:FORWARD ACCEPT\nCOMMIT\n")


def clear_other(lab):
    lab.router.run("ipset", "destroy", "other", check=False)


def swap(lab):
    clear_other(lab)
    lab.router.run("ipset", "create", "other", "hash:ip,port,ip", "timeout",
                   "5")
    lab.router.run("ipset", "swap", "other", V4)


def refill_set(family=4, local=False):
    return lambda lab: lab.flush_set(family, local)


def nft(*words):
    """Words of nft; {table}, {chain} and {set} are filled in."""
    def work(lab):
        chain = CHAIN if lab.flavour == "nftables" else "forward"
        lab.router.run("nft", *" ".join(words).format(
            table=" ".join(lab.table()), chain=chain,
            set=lab.set_name()).split())
    return work


def nft_element(lab, number):
    client, protocol, port, to = sorted(
        k for k in lab.entries(lab.set_name()) if k[0])[number]
    return f"{client} . {protocol} . {port} . {to}"


def nft_delete_entry(lab):
    lab.router.run("nft", "delete", "element", *lab.table(), lab.set_name(),
                   "{", *nft_element(lab, 0).split(), "}")


def nft_delete_rule(lab):
    """The first of ours."""
    listed = lab.router.run("nft", "-a", "list", "table", *lab.table())
    chain = None
    for line in listed.splitlines():
        words = line.split()
        if words and words[0] == "chain":
            chain = words[1]
        if 'comment "dns-firewall"' in line:
            lab.router.run("nft", "delete", "rule", *lab.table(), chain,
                           "handle", words[-1])
            return
    raise RuntimeError("no rule of ours")


FLUSH_CHAIN = rules("-F", CHAIN)
EVERYWHERE = (
    Fault("set flushed", refill_set()),
    Fault("set of IPv6 flushed", refill_set(6)),
    Fault("local set flushed", refill_set(local=True)),
    Fault("chain flushed", lambda lab: lab.flush_chain()),
    Fault("all reloaded without our rules", lambda lab: lab.filter()),
)
IPTABLES = (
    Fault("ipset flush", ipset("flush")),
    Fault("chains flushed, sets destroyed",
          in_turn(FLUSH_CHAIN, ipset("destroy"))),
    Fault("both chains flushed", FLUSH_CHAIN),
    Fault("our rule deleted", delete_rule(1)),
    Fault("our local rule deleted", delete_rule(2)),
    Fault("a rule of another inserted",
          rules("-I", CHAIN, "-p", "tcp", "-j", "ACCEPT")),
    Fault("our rule turned round",
          lambda lab: lab.router.run(
              lab.tool(), "-w", "-R", CHAIN, "1", "-m", "set", "--match-set",
              V4, "src,dst,dst", "-j", "REJECT")),
    Fault("chain removed, later made anew", remove_chain,
          mend=lambda lab: lab.filter()),
    Fault("all reloaded, sets destroyed",
          in_turn(lambda lab: lab.filter(), ipset("destroy"))),
    Fault("one entry deleted", delete_entry),
    Fault("one entry without an end", entry_for_ever, slow=True),
    Fault("one entry shortened", shorten_entry, slow=True),
    Fault("a foreign entry",
          ipset("add", V4, "10.1.0.9,tcp:22,45.9.9.9", "timeout", "900")),
    Fault("set of another type",
          in_turn(FLUSH_CHAIN, ipset("destroy", V4),
                  ipset("create", V4, "hash:ip", "timeout", "9"))),
    Fault("set of another type, with a rule",
          in_turn(FLUSH_CHAIN, ipset("destroy", V4),
                  ipset("create", V4, "hash:ip", "timeout", "9"),
                  lambda lab: lab.router.run(
                      lab.tool(), "-w", "-A", CHAIN, "-m", "set",
                      "--match-set", V4, "src", "-j", "ACCEPT"))),
    Fault("set without timeout",
          in_turn(FLUSH_CHAIN, ipset("destroy", V4),
                  ipset("create", V4, "hash:ip,port,ip"))),
    Fault("set swapped", swap),
    Fault("set renamed",
          in_turn(clear_other, FLUSH_CHAIN, ipset("rename", V4, "other"))),
)
NFT = (
    Fault("nft flush ruleset",
          lambda lab: lab.router.run("nft", "flush", "ruleset"),
          mend=lambda lab: None if lab.flavour == "enforce"
          else lab.filter()),
)
NFTABLES = (
    Fault("our rule deleted", nft_delete_rule),
    Fault("a rule of another inserted",
          nft("insert rule {table} {chain} accept")),
    Fault("table deleted, later made anew", nft("delete table {table}"),
          mend=lambda lab: None if lab.flavour == "enforce"
          else lab.filter()),
    Fault("one entry deleted", nft_delete_entry),
    Fault("a foreign entry",
          nft("add element {table} {set} {{ 10.1.0.9 . tcp . 22 . 45.9.9.9 "
              "timeout 15m }}")),
)


def faults_of(flavour):
    if flavour in ("nftables", "enforce"):
        return EVERYWHERE + NFT + NFTABLES
    return EVERYWHERE + IPTABLES + (NFT if flavour == "nft" else ())


class Course:
    """What is seen while it is broken and mended, 20 ms apart."""

    def __init__(self, scene):
        self.scene = scene
        self.start = now()
        self.read = len(scene.d.err.text)
        self.noticed = self.repaired = None
        self.words, self.early, self.turns = [], 0, 0
        self.difference = self.answer = ""

    def look(self):
        state = self.scene.state()
        at = now() - self.start
        if state != "state ok":
            self.noticed = self.noticed or at
            if state not in self.words:
                self.words.append(state)
        difference = self.scene.difference()
        answer = self.scene.ask(self.turns % self.scene.many)
        self.turns += 1
        if answer == "NOERROR" and difference and self.noticed:
            self.early += self.is_early(difference)
        if re.search(r"^\[(ERROR|WARN )\]", self.scene.d.err.text[self.read:],
                     re.M):
            self.noticed = self.noticed or at
        whole = state == "state ok" and not difference \
            and answer == "NOERROR"
        return whole, difference, answer

    def is_early(self, difference):
        """A good answer, and once more, while the same is broken before and
        behind both. (One may have been on its way at the notice.)"""
        again = self.scene.ask(self.turns % self.scene.many)
        return (again == "NOERROR"
                and self.scene.difference() == difference
                and self.scene.state() != "state ok")

    def follow(self, seconds, needs_notice=True):
        """Until all is well again; false: it is not. A client may have asked
        for what was lost, and so have it back, before anybody noticed."""
        self.start = now()
        well = None
        while now() - self.start < seconds:
            whole, self.difference, self.answer = self.look()
            well = (well or now()) if whole else None
            if whole and (self.noticed or not needs_notice
                          or now() - well > UNNOTICED_S):
                self.repaired = max(well - self.start, self.noticed or 0)
                return True
        return False


def run(scene, fault, patience=6):
    patience *= 3 if fault.slow else 1
    course = Course(scene)
    fault.break_(scene.lab)
    done = course.follow(1.5 if fault.mend else patience)
    noticed = course.noticed
    if fault.mend:
        fault.mend(scene.lab)
        done = course.follow(patience, needs_notice=False)
    course.noticed = noticed
    return done, course
