# SPDX-License-Identifier: GPL-2.0-or-later
"""Name servers of zones, and a resolver that follows delegations to them."""

from lab import UPSTREAM
from resolvers import unbound_with


def knot(directory, address, served):
    home = directory / f"knot-{address}"
    home.mkdir()
    config = (f'server:\n  listen: "{address}@53"\n  rundir: "{home}"\n'
              "log:\n  - target: stderr\n    any: error\n"
              f'database:\n  storage: "{home}"\n'
              f'template:\n  - id: default\n    storage: "{home}"\nzone:\n')
    for number, (zone, text) in enumerate(served.items()):
        (home / f"{number}.zone").write_text(f"$TTL 60\n{text}")
        config += f'  - domain: "{zone}"\n    file: "{number}.zone"\n'
    (home / "knot.conf").write_text(config)
    return ["knotd", "-c", str(home / "knot.conf")]


def recursive(directory, root):
    """unbound, at the address of the upstream."""
    (directory / "hints").write_text(f". 60 NS ns.root.\nns.root. 60 A {root}"
                                     "\n")
    return unbound_with(directory, UPSTREAM, UPSTREAM,
                        "    do-ip6: no\n"
                        f"    root-hints: \"{directory}/hints\"\n")
