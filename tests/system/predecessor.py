# SPDX-License-Identifier: GPL-2.0-or-later
"""A stand-in for the package of the Rust program 1.2: its files, its unit,
its settings and its sets, with a shell script for a program."""

import subprocess

PROGRAM = """\
#!/bin/sh
set -e
PATH=/usr/sbin:/usr/bin:/sbin:/bin
for family in 4 6; do
	tool=iptables inet=inet
	[ $family = 4 ] || tool=ip6tables inet=inet6
	$tool -F "$CHAIN"
	ipset create "$CHAIN-ipv$family-allow" hash:ip,port,ip \\
		family $inet timeout 60 comment -exist
	ipset create "$CHAIN-ipv$family-allow-local" hash:ip,port \\
		family $inet timeout 60 comment -exist
	$tool -A "$CHAIN" -m set --match-set "$CHAIN-ipv$family-allow" \\
		src,dst,dst -j ACCEPT
	$tool -A "$CHAIN" -m addrtype --src-type local -m set \\
		--match-set "$CHAIN-ipv$family-allow-local" dst,dst -j ACCEPT
done
echo '[INFO ] Server started!' >&2
exec sleep infinity
"""
UNIT = """\
[Unit]
Description=dns-firewall
After=network.target

[Service]
Type=simple
EnvironmentFile=/etc/dns-firewall/config.env
DynamicUser=true
User=dns-firewall-u
Group=dns-firewall-g
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE
AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE
ExecStartPre=+/usr/bin/touch /run/xtables.lock
ExecStartPre=+/usr/bin/chown :dns-firewall-g /run/xtables.lock
ExecStartPre=+/usr/bin/chmod g+rw /run/xtables.lock
ExecStart=/usr/bin/dns-firewall
ExecStopPost=+/usr/bin/chown :root /run/xtables.lock

[Install]
WantedBy=multi-user.target
"""
FILES = {
    "DEBIAN/control": """\
Package: dns-firewall
Version: 1.2.3
Architecture: all
Section: net
Priority: optional
Maintainer: nobody <nobody@localhost>
Description: stand-in for the Rust program
""",
    "DEBIAN/conffiles": """\
/etc/dns-firewall/acl
/etc/dns-firewall/config.env
""",
    "DEBIAN/postinst": """\
#!/bin/sh
set -e
deb-systemd-helper enable dns-firewall.service >/dev/null
systemctl --system daemon-reload
deb-systemd-invoke start dns-firewall.service >/dev/null || true
""",
    "DEBIAN/prerm": """\
#!/bin/sh
set -e
[ "$1" != remove ] || deb-systemd-invoke stop dns-firewall.service
""",
    "usr/bin/dns-firewall": PROGRAM,
    "lib/systemd/system/dns-firewall.service": UNIT,
    "etc/dns-firewall/acl": "# [client] -> [domain]:[protocol]:[port]\n",
    "etc/dns-firewall/config.env": """\
ACL_FILE=/etc/dns-firewall/acl
FIREWALL=iptables
CHAIN=
UPSTREAM=127.0.0.53
BIND=127.0.0.53
""",
}
PROGRAMS = ("DEBIAN/postinst", "DEBIAN/prerm", "usr/bin/dns-firewall")


def package(directory):
    """The .deb, made below the directory."""
    top = directory / "predecessor"
    for name, text in FILES.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if name in PROGRAMS else 0o644)
    deb = directory / "dns-firewall_1.2.3_all.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", top, deb],
                   check=True, stdout=subprocess.DEVNULL)
    return deb
