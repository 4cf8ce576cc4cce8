# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that may resolve whatever no list has, with an access list and
without one."""

from daemon import environment, once
from dnsclient import OPEN, addresses, rcode


def lists(stage, text):
    path = stage.directory / "bad.list"
    path.write_text(text)
    path.chmod(0o644)
    file = stage.directory / "lists"
    file.write_text(f"list bad domains {path}\n")
    file.chmod(0o644)
    return file


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
TRUSTED_ACL="localhost; 10.1.0.0/24;"
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

