# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that may resolve whatever no list has, with an access list and
without one."""

from daemon import SLOW, environment, once
from dnsclient import OPEN, addresses, rcode, until
from lab import UPSTREAM, UPSTREAM_2
from primaries import PORT, SECRET, ZONE, Knot


def lists(stage, text):
    path = stage.directory / "bad.list"
    path.write_text(text)
    path.chmod(0o644)
    file = stage.directory / "lists"
    file.write_text(f"list bad domains {path}\n")
    file.chmod(0o644)
    return file


def holds(process, what):
    """Whether it has these bytes anywhere in its memory."""
    with open(process.path / "mem", "rb", 0) as memory:
        for line in (process.path / "maps").read_text().splitlines():
            if line.split()[1][0] != "r" or "[v" in line:
                continue
            start, end = (int(n, 16) for n in line.split()[0].split("-"))
            try:
                memory.seek(start)
                if what in memory.read(min(end - start, 64 << 20)):
                    return True
            except (OSError, ValueError, OverflowError):
                continue
    return False


def test_no_access_list_is_needed(stage, up):
    up.add("good.test", "A", "203.0.113.80", ttl=300)
    d = stage.daemon("", acl_file=None, firewall="none", chain=None,
                     trusted="localhost; 10.1.0.0/30;",
                     lists=lists(stage, "bad.test\n"))
    client = stage.client(2)
    assert addresses(client.ask("good.test")) == ["203.0.113.80"]
    assert rcode(client.ask("bad.test")) == "NXDOMAIN"
    assert rcode(stage.client(9).ask("good.test")) == "REFUSED"
    assert stage.lab.grants() == set()
    assert "--trusted" in d.ctl("explain", "10.1.0.2", "good.test")


def test_the_access_list_goes_first(stage, up):
    up.add("good.test", "A", "203.0.113.80", ttl=300)
    up.add("other.test", "A", "203.0.113.81", ttl=300)
    stage.daemon("10.1.0.2 -> good.test:TCP:443\n10.1.0.2 -| no.test\n",
                 trusted="10.1.0.0/24")
    client = stage.client(2)
    assert addresses(client.ask("good.test")) == ["203.0.113.80"]
    assert client.connect("203.0.113.80") == OPEN
    assert rcode(client.ask("no.test")) != "NOERROR"
    assert addresses(client.ask("other.test")) == ["203.0.113.81"]
    assert stage.lab.grants() == {("10.1.0.2", "tcp", 443, "203.0.113.80")}


def test_a_container_s_settings_are_one_file(tmp_path):
    secret = tmp_path / "tsig_key"
    secret.write_text("c2VjcmV0\n")
    secret.chmod(0o600)
    config = tmp_path / "device.conf"
    config.write_text(f"""\
DEVICE_ID=tdid_0001
DNS_POLICY=Basic.rpz.example
MASTER_DNS_IP=192.0.2.1
MASTER_DNS_PORT=5353
TSIG_KEY_FILE={secret}
TSIG_KEY_NAME=key.example
TRUSTED_ACL='localhost; 10.1.0.0/24;'
BIND_MODE=2
FORWARDER_IPS="192.0.2.53; 192.0.2.54;"
NAMED_LOG_SIZE=5M
""")
    config.chmod(0o644)
    status, out, err = once("--config", config, "--check")
    assert status == 0, err
    assert "10.1.0.0/24 ~> *" in out and "c2VjcmV0" not in out + err


def test_a_key_on_the_command_line_is_refused():
    env = environment({"TSIG_KEY_NAME": "k"})
    status, _, err = once("--check", "--tsig-key", "c2VjcmV0", env=env)
    assert status != 0 and "can read a command line" in err



def test_a_publisher_s_zone_needs_one_file(stage, up):
    """What its container is given, and nothing else of ours."""
    up.add("good.test", "A", "203.0.113.80", ttl=300)
    up.add("bad.test", "A", "203.0.113.81", ttl=300)
    key = ("key.test", "hmac-md5", SECRET)
    primary = Knot(stage.lab, stage.directory, key=key)
    config = stage.directory / "device.conf"
    config.write_text(f"""\
DEVICE_ID=tdid_0001
DNS_POLICY={ZONE}
MASTER_DNS_IP={UPSTREAM_2}
MASTER_DNS_PORT={PORT}
TSIG_KEY={SECRET}
TSIG_KEY_NAME=key.test
TRUSTED_ACL="localhost; 10.1.0.0/24;"
BIND_MODE=2
FORWARDER_IPS="{UPSTREAM};"
ROOT_PASSWORD=x
""")
    config.chmod(0o600)
    try:
        primary.publish(4, ["bad.test"])
        d = stage.daemon(None, config=config, acl_file=None, upstream=None,
                         bind=None, bind_port=None, firewall=None, chain=None,
                         lists_dir=stage.directory / "kept")
        client = stage.client()
        assert until(lambda: rcode(client.ask("bad.test")) == "NXDOMAIN",
                     20 * SLOW), d.err.text
    finally:
        primary.stop()
    assert addresses(client.ask("good.test")) == ["203.0.113.80"]
    assert "ROOT_PASSWORD (here: dns-firewallctl)" in d.err.text
    assert SECRET not in d.err.text + d.out.text + d.ctl("status")
    for process in d.crew():
        if process.role not in ("supervisor", "lists"):
            assert holds(process, b"FORWARDER_IPS")
            assert not holds(process, SECRET.encode()), process.role
