# SPDX-License-Identifier: GPL-2.0-or-later
"""A small Internet with delegations, aliases and wildcards, and random
policy zones about it."""

ROOT, ONE, TWO, THREE = ("198.51.100.53", "203.0.113.53", "203.0.113.54",
                         "203.0.113.55")
HEAD = "@ SOA a. b. 1 60 60 60 60\n"
SERVED = {
    ".": f"@ NS ns.root.\nns.root. A {ROOT}\ntest. NS ns.root.\n",
    "test.": f"""\
@ NS ns.root.
one NS ns1.one
one NS ns2.two
two NS ns2.two
three NS ns3.three
ns1.one A {ONE}
ns2.two A {TWO}
ns3.three A {THREE}
shared NS ns1.one
""",
    "one.test.": f"""\
@ NS ns1
@ NS ns2.two.test.
@ A 203.0.113.1
ns1 A {ONE}
a A 203.0.113.1
a A 203.0.113.2
a AAAA 2001:db8:1::1
b A 203.0.113.130
b.a A 203.0.113.3
c TXT "only text"
to-two CNAME a.two.test.
to-three CNAME to-two.three.test.
to-none CNAME none.two.test.
to-deep CNAME a.deep
*.wild A 203.0.113.4
deep NS ns3.three.test.
""",
    "deep.one.test.": """\
@ NS ns3.three.test.
a A 203.0.113.5
a AAAA 2001:db8:1::5
b.a A 203.0.113.6
to-shared CNAME a.shared.test.
""",
    "two.test.": f"""\
@ NS ns2
@ A 203.0.113.7
ns2 A {TWO}
a A 203.0.113.8
a AAAA 2001:db8:2::8
b A 198.51.100.9
garden A 203.0.113.90
garden AAAA 2001:db8:9::9
to-one CNAME a.one.test.
*.fill A 203.0.113.91
""",
    "three.test.": f"""\
@ NS ns3
ns3 A {THREE}
a A 203.0.113.10
to-two CNAME to-one.two.test.
loop CNAME loop2
loop2 A 203.0.113.11
""",
    "shared.test.": """\
@ NS ns1.one.test.
a A 203.0.113.12
a TXT text
b A 203.0.113.129
b A 203.0.113.13
""",
}
AT = {address: {zone: HEAD + SERVED[zone] for zone in zones}
      for address, zones in {
          ROOT: (".", "test."), ONE: ("one.test.", "shared.test."),
          TWO: ("two.test.", "one.test."),
          THREE: ("three.test.", "deep.one.test.")}.items()}
# A name that each of them knows.
AUTHORITIES = {ROOT: "ns.root.", ONE: "a.one.test", TWO: "a.two.test",
               THREE: "a.three.test"}
NAMES = ["one.test", "a.one.test", "b.one.test", "b.a.one.test", "c.one.test",
         "x.one.test", "to-two.one.test", "to-three.one.test",
         "to-none.one.test", "to-deep.one.test", "x.wild.one.test",
         "garden.two.test",
         "a.deep.one.test", "b.a.deep.one.test", "x.deep.one.test",
         "to-shared.deep.one.test", "two.test", "a.two.test", "b.two.test",
         "to-one.two.test", "x.fill.two.test", "a.three.test",
         "to-two.three.test", "loop.three.test", "a.shared.test",
         "b.shared.test", "x.y.shared.test"]
SERVERS = ["ns1.one.test", "ns2.two.test", "ns3.three.test"]
PREFIXES = {"203.0.113.1": (32, 31, 29, 24, 16), "203.0.113.8": (32, 30, 28),
            "203.0.113.128": (25, 31), "203.0.113.4": (32, 30),
            "198.51.100.9": (32, 24), "203.0.113.12": (32, 31, 30)}
NETS6 = ("128.1.zz.1.db8.2001", "48.zz.1.db8.2001", "32.zz.db8.2001",
         "128.8.zz.2.db8.2001")
CLIENTS = {"10.1.0.2": (32, 31), "10.1.0.0": (24,), "10.1.0.3": (32,)}


# --- policy zones ------------------------------------------------------------

def owner(address, bits):
    value = int.from_bytes(bytes(map(int, address.split("."))), "big")
    value &= -1 << 32 - bits & 0xffffffff
    parts = value.to_bytes(4, "big")
    return ".".join(str(n) for n in (bits, *reversed(parts)))


class Zones:
    """zones: {name: (text, what BIND calls its policy)}."""

    ACTIONS = (["CNAME ."] * 4 + ["CNAME *."] * 4 +
               ["CNAME rpz-passthru."] * 4 + ["CNAME rpz-tcp-only."] +
               ["CNAME garden.two.test."] * 2 + ["itself"] +
               ["CNAME *.fill.two.test.", "elsewhere"] +
               ["records"] * 8)
    OVERRIDES = (["given"] * 12 + ["disabled"] * 2 +
                 ["passthru", "nxdomain", "nodata",
                  "cname garden.two.test", "cname *.fill.two.test"])

    def __init__(self, chance):
        self.chance = chance
        self.zones = {}
        for number in range(chance.randint(1, 5)):
            override = chance.choice(self.OVERRIDES)
            self.zones[f"z{number}"] = (self.text(number, override), override)

    def text(self, number, override):
        rules = {}
        kinds = self.chance.choice((
            (self.name, self.address, self.server, self.server_address),
            (self.name,), (self.address, self.name), (self.server,),
            (self.server, self.server_address),
            (self.client, self.name, self.address)))
        if override == "disabled":
            # BIND lets its nets hide those of later zones.
            kinds = (self.name, self.server)
        for _ in range(self.chance.randint(1, 8)):
            rules.setdefault(self.chance.choice(kinds)(), None)
        return ("$TTL 60\n@ SOA a. b. 1 60 60 60 60\n@ NS localhost.\n" +
                "".join(self.rule(owner, number, i)
                        for i, owner in enumerate(rules)))

    def rule(self, owner, number, i):
        action = self.chance.choice(self.ACTIONS)
        if self.chance.random() < 0.02:
            action = "CNAME rpz-drop."
        if action == "itself":
            action = ("CNAME rpz-passthru." if "rpz-" in owner or "*" in owner
                      else f"CNAME {owner}.")
        if action == "elsewhere":
            action = f"CNAME {self.chance.choice(NAMES)}."
        if action == "records":
            own = (f"A 198.18.{number}.{i}", f"A 198.18.{number}.1{i}",
                   "TXT told", f"AAAA 2001:db8:{number}:{i}::1")
            return "".join(f"{owner} {record}\n" for record in self.chance
                           .sample(own, self.chance.choice((1, 1, 1, 2))))
        return f"{owner} {action}\n"

    def some_name(self, names):
        """One of them, one above or below, or what is below one above."""
        name = self.chance.choice(names)
        labels = name.split(".")
        up = self.chance.choice((0, 0, 0, 1, 1, 2))
        above = ".".join(labels[min(up, len(labels) - 1):])
        if up == 0:
            return self.chance.choice((name, name, name, f"*.{name}"))
        return self.chance.choice((above, f"*.{above}", f"*.{above}"))

    def name(self):
        return self.some_name(NAMES) if self.chance.random() < 0.95 else "*"

    def server(self):
        return self.some_name(SERVERS) + ".rpz-nsdname"

    def prefix(self, table):
        address = self.chance.choice(list(table))
        return owner(address, self.chance.choice(table[address]))

    def address(self):
        if self.chance.random() < 0.2:
            return self.chance.choice(NETS6) + ".rpz-ip"
        return self.prefix(PREFIXES) + ".rpz-ip"

    def server_address(self):
        return self.prefix({ONE: (32, 24), TWO: (32, 31), THREE: (32, 30),
                            ROOT: (32,)}) + ".rpz-nsip"

    def client(self):
        return self.prefix(CLIENTS) + ".rpz-client-ip"
