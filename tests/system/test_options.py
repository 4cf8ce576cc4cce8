# SPDX-License-Identifier: GPL-2.0-or-later
"""Options, where they may stand, and what is refused."""

import contextlib
import re
from pathlib import Path

import pytest

from daemon import once
from dnsclient import addresses, rcode, until
from lab import CHAIN, ROUTER, UPSTREAM

ACL = "10.1.0.2 -> allowed.test:TCP:443\n"
RUST = {  # option: default of the Rust program (None: required or none)
    "acl-file": None, "upstream": None, "upstream-port": "53",
    "bind": "127.0.0.53", "bind-port": "537", "max-connections": "100",
    "timeout": "10", "min-rule-time": "5", "max-rule-time": None,
    "firewall": None, "chain": None}
OURS = ["workers", "user", "grace", "private-ok", "local-zone",
        "max-addresses", "max-client-grants", "max-new-grants", "set-size",
        "iptables", "query-case", "control", "compat", "strict-types",
        "guard-dns-only"]


@pytest.fixture
def acl(directory):
    path = directory / "acl"
    path.write_text(ACL)
    return path


@pytest.fixture
def check(acl):
    """--check with what is needed, and more: (status, text)."""
    def run(*more, env=None, base=True):
        given = ["--acl-file", acl, "--upstream", UPSTREAM, "--firewall",
                 "none"] if base else []
        status, out, err = once("--check", *given, *more, env=env)
        return status, out + err
    return run


def test_help_names_everything():
    status, out, _ = once("--help")
    assert status == 0
    for name, default in RUST.items():
        assert f"--{name}" in out
        assert name.upper().replace("-", "_") in out
        if default:
            entry = out[out.index(f" --{name} <"):]
            assert default in entry[:700], name
    for name in OURS:
        assert f"--{name}" in out


def test_version():
    status, out, _ = once("--version")
    assert status == 0 and "2.0.0" in out


def test_check_accepts(check):
    assert check()[0] == 0


@pytest.mark.parametrize("missing", ["acl-file", "upstream", "firewall"])
def test_required_options(acl, missing):
    given = {"acl-file": acl, "upstream": UPSTREAM, "firewall": "none"}
    del given[missing]
    args = [word for k, v in given.items() for word in (f"--{k}", v)]
    status, out, err = once("--check", *args)
    assert status == 1 and missing in out + err


WRONG = [
    ("upstream", "nonsense"), ("upstream-port", "0"),
    ("upstream-port", "65536"), ("bind", "10.1.0.256"), ("bind-port", "x"),
    ("max-connections", "-1"), ("timeout", "1s"), ("min-rule-time", "-5"),
    ("min-rule-time", "99999999999999999999"), ("max-rule-time", "0"),
    ("max-rule-time", "2147484"), ("firewall", "pf"), ("grace", "x"),
    ("workers", "65"), ("user", "0"), ("user", "root"),
    ("user", "no-such-user"), ("private-ok", "10.0.0.0/33"),
    ("local-zone", "a..b"), ("set-size", "1"), ("iptables", "new"),
    ("query-case", "upper"), ("compat", "c"), ("max-addresses", "0"),
    ("chain", "a" * 32), ("chain", "with space"), ("chain", "x;y"),
]


@pytest.mark.parametrize("name,value", WRONG,
                         ids=[f"{n}={v[:12]}" for n, v in WRONG])
def test_refusal_names_option_value_and_what_is_accepted(check, name, value):
    base = name not in ("upstream", "firewall")
    more = [] if base else ["--acl-file", "x", *(
        ["--firewall", "none"] if name == "upstream"
        else ["--upstream", UPSTREAM])]
    status, text = check(*more, f"--{name}", value, base=base)
    assert status == 1
    assert name in text and value[:30] in text
    assert len(text.strip()) > len(name) + len(value) + 10


def test_min_above_max_is_refused(check):
    status, text = check("--min-rule-time", "100", "--max-rule-time", "50")
    assert status == 1 and "min-rule-time" in text


def test_zero_times_are_valid(check):
    assert check("--min-rule-time", "0", "--grace", "0")[0] == 0


def test_unknown_option_is_refused(check):
    status, text = check("--min-rule-tiem", "5")
    assert status == 1 and "min-rule-tiem" in text
    assert "min-rule-time" in text  # what was meant


def test_chain_longer_than_14_needs_a_set_prefix(stage, acl, check):
    chain = "ALONGCHAINNAMEOF22CHAR"
    base = ["--acl-file", acl, "--upstream", UPSTREAM, "--firewall",
            "iptables"]
    status, text = check(*base, "--chain", chain, base=False)
    assert status == 1 and "set-prefix" in text
    assert check(*base, "--chain", chain, "--set-prefix", "SHORT",
                 base=False)[0] == 0


def test_long_chain_works_with_a_set_prefix(stage, up):
    chain = "ALONGCHAINNAMEOF22CHAR"
    for family in (4, 6):
        tool = stage.lab.tool(family)
        stage.lab.router.run(tool, "-N", chain)
    try:
        d = stage.daemon(ACL, chain=chain, set_prefix="SHORT")
        stage.client().ask("allowed.test")
        assert "SHORT-ipv4-allow" in stage.lab.sets()
        assert len(stage.lab.entries("SHORT-ipv4-allow")) == 1
        d.stop()
    finally:
        for family in (4, 6):
            tool = stage.lab.tool(family)
            stage.lab.router.run(tool, "-F", chain)
            stage.lab.router.run(tool, "-X", chain)


# --- where settings may stand -------------------------------------------

def settings(acl, **more):
    return {"ACL_FILE": str(acl), "UPSTREAM": UPSTREAM, "BIND": ROUTER,
            "BIND_PORT": "53", "FIREWALL": "IPTables", "CHAIN": CHAIN,
            **more}


NO_OPTIONS = dict.fromkeys(("acl_file", "upstream", "bind", "bind_port",
                            "firewall", "chain"))


def test_environment(stage, up):
    env = settings(stage.directory / "acl", DNSFW_GRACE="7")
    stage.daemon(ACL, env=env, **NO_OPTIONS)
    assert addresses(stage.client().ask("allowed.test"))
    assert 300 <= max(stage.lab.entries().values()) <= 307


def test_lower_case_environment(stage, up):
    env = {k.lower(): v for k, v in
           settings(stage.directory / "acl").items()}
    stage.daemon(ACL, env=env, **NO_OPTIONS)
    assert addresses(stage.client().ask("allowed.test"))


def test_name_file_forms(stage, up, directory):
    (directory / "up").write_text(UPSTREAM + "\n")
    env = settings(directory / "acl")
    del env["UPSTREAM"]
    env["UPSTREAM_FILE"] = str(directory / "up")
    stage.daemon(ACL, env=env, **NO_OPTIONS)
    assert addresses(stage.client().ask("allowed.test"))


def test_command_line_beats_environment(stage, up):
    env = settings(stage.directory / "acl", UPSTREAM="192.0.2.250")
    stage.daemon(ACL, env=env, **{**NO_OPTIONS, "upstream": UPSTREAM})
    assert addresses(stage.client().ask("allowed.test"))


def test_empty_value_is_unset(check):
    assert check(env={"TIMEOUT": "", "DNSFW_GRACE": ""})[0] == 0


def test_bad_environment_is_named(check):
    status, text = check(env={"TIMEOUT": "soon"})
    assert status == 1 and "TIMEOUT" in text.upper() and "soon" in text


def test_config_directory_is_read_in_order(stage, up, directory):
    conf = directory / "conf.d"
    conf.mkdir()
    (conf / "10-first.conf").write_text(
        f"# comment\nUPSTREAM={UPSTREAM}\nDNSFW_GRACE=1\n")
    (conf / "20-second.conf").write_text("DNSFW_GRACE=9\n\n")
    (conf / "30-not-read.txt").write_text("DNSFW_GRACE=500\n")
    stage.daemon(ACL, upstream=None, config=conf)
    stage.client().ask("allowed.test")
    assert 302 < max(stage.lab.entries().values()) <= 309


def test_wrong_config_file_names_file_and_line(check, directory):
    conf = directory / "bad.conf"
    conf.write_text("\nTIMEOUT=5\nTIMEOOT=6\n")
    status, text = check("--config", conf)
    assert status == 1 and "bad.conf:3" in text and "TIMEOOT" in text


def test_several_binds_and_upstreams(stage, up):
    second = stage.upstream(port=5353)
    second.add("allowed.test", "A", "203.0.113.5")
    stage.daemon(ACL, bind=[f"{ROUTER}@53", "172.30.0.1@5354"],
                 bind_port=None, upstream=[f"{UPSTREAM}@5353", UPSTREAM])
    assert addresses(stage.client().ask("allowed.test"))
    other = stage.client(server="172.30.0.1", port=5354)
    assert addresses(other.ask("allowed.test"))
    assert second.count() >= 1


# --- conflicts ----------------------------------------------------------

def test_upstream_equal_to_listener_is_refused(check):
    status, text = check("--upstream-port", "5300", "--bind", UPSTREAM,
                         "--bind-port", "5300")
    assert status == 1 and UPSTREAM in text


def test_rust_packages_config_starts(check, acl):
    """127.0.0.53 for both, port 53 and port 537."""
    status, text = check(
        base=False, env={"ACL_FILE": str(acl), "upstream": "127.0.0.53",
                         "upstream_port": "53", "bind": "127.0.0.53",
                         "bind_port": "537", "firewall": "none"})
    assert status == 0, text


def test_iptables_needs_a_chain(check, acl):
    status, text = check("--acl-file", acl, "--upstream", UPSTREAM,
                         "--firewall", "iptables", base=False)
    assert status == 1 and "chain" in text


@pytest.mark.parametrize("lab", ["nft", "legacy"], indirect=True)
def test_chain_that_is_nowhere_is_fatal(stage, acl):
    status, _, err = once(
        "--acl-file", acl, "--upstream", UPSTREAM, "--bind", ROUTER,
        "--firewall", "iptables", "--chain", "NOSUCH", "--control",
        stage.directory / "c", lab=stage.lab)
    assert status == 1 and "NOSUCH" in err
    assert stage.lab.sets() == []


@pytest.mark.parametrize("lab", ["nft", "legacy"], indirect=True)
def test_flavour_can_be_forced(stage, up, acl):
    flavour = stage.lab.flavour
    other = {"nft": "legacy", "legacy": "nft"}[flavour]
    status, _, err = once(
        "--acl-file", acl, "--upstream", UPSTREAM, "--bind", ROUTER,
        "--firewall", "iptables", "--chain", CHAIN, "--iptables", other,
        "--control", stage.directory / "c", lab=stage.lab)
    assert status == 1 and CHAIN in err
    stage.daemon(ACL, iptables=flavour)
    assert rcode(stage.client().ask("allowed.test")) == "NOERROR"
    assert len(stage.lab.chain()) == 2


def test_address_that_cannot_be_bound_is_named(stage, acl):
    with stage.lab.router.socket() as taken:
        taken.bind((ROUTER, 53))
        status, _, err = once(
            "--acl-file", acl, "--upstream", UPSTREAM, "--bind", ROUTER,
            "--bind-port", "53", "--firewall", "none", "--control",
            stage.directory / "c", lab=stage.lab)
    assert status == 1 and ROUTER in err


def answered(client):
    with contextlib.suppress(AssertionError):
        return rcode(client.ask("allowed.test", timeout=1)) == "NOERROR"
    return False


def test_address_that_comes_later(stage, up):
    """A router starts before its addresses are there, and says so."""
    d = stage.daemon(ACL, bind=["10.1.0.250", ROUTER])
    d.err.says("10.1.0.250 is not an address of this machine yet")
    assert f"{ROUTER} is not" not in d.err.text
    up.add("allowed.test", "A", "203.0.113.5")
    stage.lab.router.run("ip", "addr", "add", "10.1.0.250/24", "dev", "lan0")
    try:
        client = stage.client(server="10.1.0.250")
        assert until(lambda: answered(client), 5), d.ctl("status")
    finally:
        stage.lab.router.run("ip", "addr", "del", "10.1.0.250/24", "dev", "lan0")


def test_status_shows_the_settings(stage, up):
    d = stage.daemon(ACL, grace=17)
    assert re.search(r"^DNSFW_GRACE=17$", d.ctl("status"), re.M)


def settings_of(path):
    """NAME=value lines, as systemd reads them."""
    found = {}
    for line in path.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[name.strip()] = value.strip().strip("\"'")
    return found


def test_shipped_settings_are_accepted(check, acl):
    """With what its comments tell the owner to fill in."""
    shipped = settings_of(Path(__file__).resolve().parents[2]
                          / "dist" / "config.env")
    shipped.update({"ACL_FILE": str(acl), "UPSTREAM": UPSTREAM,
                    "CHAIN": CHAIN})
    for name in ("acl_file", "upstream", "chain"):
        shipped.pop(name, None)
    status, text = check(base=False, env=shipped)
    assert status == 0, text
